"""Files that are not what they should be: one sentence each, and nothing has changed."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.workspaces import OWNED
from bot.core.belongings import ExportInvalid
from tests.database.test_belongings import OURS, export, forget, take_in
from tests.database.test_workspaces import Stores
from tests.fakes import CHANNEL


@pytest.fixture
async def lines(engine: AsyncEngine) -> list[bytes]:
    await Stores(engine).fill(CHANNEL)
    return await export(engine)


#: Their lines.
FOLLOWING, SUBSCRIPTION, DELIVERY, FEEDBACK = 1, 2, 3, 5
#: A pattern that names what is subscribed and is not followed.
THEIRS = {"host": "github.com", "owner": "octo", "names": "*"}

Change = Callable[[list[bytes]], list[bytes]]


def changed(number: int, **members: object) -> Change:
    """A line with other members."""

    def change(lines: list[bytes]) -> list[bytes]:
        line = json.dumps({**json.loads(lines[number]), **members}).encode()
        return [*lines[:number], line + b"\n", *lines[number + 1 :]]

    return change


def without(number: int) -> Change:
    """One row fewer, and an end that says so."""

    def change(lines: list[bytes]) -> list[bytes]:
        end = json.dumps({"kind": "end", "rows": len(lines) - 3}).encode()
        return [*lines[:number], *lines[number + 1 : -1], end]

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _lines: [], "That is not a whole export of a workspace."),
        (lambda _lines: [b"\x00\xff\n"], "That is not a whole export of a workspace."),
        (lambda _lines: [b"[" * 100_000], "That is not a whole export of a workspace."),
        (lambda lines: lines[1:], "The export is of version None, and not 1."),
        (changed(0, version=2), "The export is of version 2, and not 1."),
        (changed(0, version="1" * 10**5), "The export is of version 11111111111111111111, and not 1."),
        (changed(0, platform="irc"), "Line 1 of the export cannot be read: platform: Input should be "),
        (lambda lines: lines[:-1], "The export is not complete: it ends after 5 rows."),
        (lambda lines: [*lines[:3], lines[-1]], "The export is not complete: it has 2 of 5 rows."),
        (lambda lines: [*lines, lines[1]], "Line 8 of the export cannot be read: nothing may follow the end."),
        (lambda lines: [*lines[:-1], lines[-1][:9]], "Line 7 of the export cannot be read: Invalid JSON: "),
        (lambda lines: [lines[0], *lines[:0:-1]], "The export is not complete: it has 0 of 5 rows."),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "Line 3 of the export cannot be read: it is not in"),
        (without(SUBSCRIPTION), "The export has a delivery of something that is not subscribed."),
        (changed(SUBSCRIPTION, workspace="T2"), "Line 3 of the export cannot be read: workspace: Extra inputs"),
        (
            changed(SUBSCRIPTION, kind="tokens"),
            "Line 3 of the export cannot be read: Input tag 'tokens' found using 'kind'",
        ),
        (changed(SUBSCRIPTION, at="9 o'clock"), "Line 3 of the export cannot be read: at: String should match"),
        (
            changed(SUBSCRIPTION, zone="Mars/Base"),
            "Line 3 of the export cannot be read: zone: “Mars/Base” is not a time zone",
        ),
        (changed(SUBSCRIPTION, in_thread="yes"), "Line 3 of the export cannot be read: in_thread: Input should be a"),
        (changed(SUBSCRIPTION, created_at="0001-01-01T00:00:00+23:00"), "created_at: Input should be greater"),
        (changed(SUBSCRIPTION, created_at="2026-01-01T00:00:00"), "created_at: Input should have timezone info"),
        (changed(SUBSCRIPTION, channel="C" * 101), "channel: String should have at most 100 characters"),
        (changed(SUBSCRIPTION, selection={"secret": 1}), "selection.secret: Unexpected keyword argument"),
        (
            changed(SUBSCRIPTION, selection={"paths": ["a"] * 1_001}),
            "selection: has too many conditions",
        ),
        (changed(SUBSCRIPTION, repo={"host": "", "owner": "o", "name": "../x", "branches": ""}), "is not a repository"),
        (changed(SUBSCRIPTION, broken="x" * 2 * 10**6), "Line 3 of the export cannot be read: it is too long."),
        (changed(FOLLOWING, names="tool"), "Line 2 of the export cannot be read: names: is not a pattern of names."),
        (changed(FOLLOWING, names="*a*b*"), "Line 2 of the export cannot be read: names: “acme/*a*b*” is no pattern"),
        (changed(FOLLOWING, names="*/*"), "Line 2 of the export cannot be read: names: “acme/*/*” does not say whose"),
        (changed(FOLLOWING, owner="https://git.example/acme"), "names: is not a pattern of names."),
        (changed(FOLLOWING, excluded=["*a*b*"]), "excluded: has something that is not a pattern of names."),
        (changed(FOLLOWING, excluded=["a"] * 1_001), "excluded: Tuple should have at most 1000 items"),
        (changed(FOLLOWING, days="7"), "Line 2 of the export cannot be read: days: String should match pattern"),
        (changed(FOLLOWING, error="x"), "Line 2 of the export cannot be read: error: Extra inputs"),
        (changed(SUBSCRIPTION, following=THEIRS), "The export has a subscription of a pattern that is not followed."),
        (changed(SUBSCRIPTION, following={**THEIRS, "names": "hello"}), "following.names: is not a pattern of names."),
        (changed(SUBSCRIPTION, following={**THEIRS, "names": "x*"}), "following: is not a pattern that names the"),
        (changed(SUBSCRIPTION, following={**THEIRS, "host": "git.example"}), "following: is not a pattern that names"),
        (changed(DELIVERY, state="sending"), "state: Input should be 'due', 'sent'"),
        (changed(DELIVERY, attempts=1.5), "attempts: Input should be a valid integer"),
        (changed(FEEDBACK, sha="x"), "sha: String should match pattern"),
    ],
)
async def test_a_bad_file_gets_a_sentence_and_changes_nothing(
    engine: AsyncEngine, lines: list[bytes], change: Change, sentence: str
):
    await forget(engine)
    with pytest.raises(ExportInvalid) as refusal:
        await take_in(engine, change(lines))
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)
    async with engine.connect() as connection:
        for table in OWNED:
            theirs = select(func.count()).select_from(table).where(table.c.workspace == OURS.workspace)
            assert (await connection.execute(theirs)).scalar_one() == 0
