"""What a workspace owns goes from one database to another, as a whole or not at all."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.belongings import LEFT_OUT, TABLES, DatabaseBelongings
from bot.adapters.database.engine import open_database
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.schema import deliveries, metadata
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.database.workspaces import OWNED, DatabaseWorkspaces
from bot.core import belongings as format_
from bot.core.belongings import Belongings, ExportInvalid, Owner, exported, imported
from bot.core.model import Importance, Repo
from bot.core.patterns import RepoPattern
from bot.core.subscriptions import Channel, DeliveryState, Pause, Platform, QuietDays, Selection, SubscriptionTerms
from tests.database.test_workspaces import ABROAD, PATTERN, TERMS, Stores
from tests.fakes import CHANNEL, NOW, REPO

pytestmark = pytest.mark.both_databases

OURS = Owner(platform=CHANNEL.platform, workspace=CHANNEL.workspace)
THEIRS = Owner(platform=ABROAD.platform, workspace=ABROAD.workspace)
ROWS = ("following", "subscription", "delivery", "post", "feedback")
#: What both a following and a subscription choose.
ASKED = {
    "channel": "C1",
    "at": "09:00",
    "zone": "Asia/Shanghai",
    "subscriber": "U1",
    "language": "en",
    "created_at": "2026-01-22T01:30:00Z",
    "broken": "",
    "broken_since": None,
    "days": "01234",
    "selection": {
        "minimum": 2,
        "paths": ["lib/**"],
        "not_paths": [],
        "authors": [],
        "not_authors": ["*[bot]"],
        "no_bots": True,
    },
    "quiet": "line",
    "in_thread": True,
    "paused_since": None,
    "paused_until": None,
}
TOOL = Repo(owner="acme", name="tool")
SITE = Repo(owner="acme", name="Site")
_port: type[Belongings] = DatabaseBelongings


async def export(engine: AsyncEngine, owner: Owner = OURS) -> list[bytes]:
    return [line.encode() async for line in exported(owner, DatabaseBelongings(engine))]


async def take_in(engine: AsyncEngine, lines: Sequence[bytes], workspace: str | None = None) -> dict[str, int]:
    _owner, added = await imported(lines, DatabaseBelongings(engine), workspace)
    return dict(added)


async def forget(engine: AsyncEngine) -> None:
    await DatabaseWorkspaces(engine).forget(OURS.platform, OURS.workspace)


@pytest.fixture
async def lines(engine: AsyncEngine) -> list[bytes]:
    stores = Stores(engine)
    await stores.fill(CHANNEL)
    await stores.fill(ABROAD)
    return await export(engine)


def test_every_table_with_a_workspace_is_forgotten_and_exported():
    owned = {table for table in metadata.tables.values() if "workspace" in table.c}
    assert owned == set(OWNED)
    assert owned | {deliveries} == set(TABLES.values())


def test_every_column_is_exported_or_left_out_on_purpose():
    for kind, table in TABLES.items():
        assert {column.name for column in table.c} - LEFT_OUT <= set(kind.model_fields), table.name


async def test_an_export_names_its_owner_once_and_ends_with_a_count(lines: list[bytes]):
    rows = [json.loads(line) for line in lines]
    assert rows[0] == {
        "kind": "workspace",
        "version": 1,
        "platform": "slack",
        "workspace": "T1",
        "left_out": "Tokens and installations, which only installing the app gives, and messages not answered yet.",
    }
    assert [row["kind"] for row in rows[1:]] == ["following", "subscription", "delivery", "post", "feedback", "end"]
    assert rows[1] == {
        "host": "github.com",
        "owner": "acme",
        "names": "*",
        "kind": "following",
        "excluded": ["legacy-*"],
        **ASKED,
    }
    assert rows[2] == {
        "repo": {"host": "github.com", "owner": "octo", "name": "hello", "branches": ""},
        "kind": "subscription",
        "following": None,
        **ASKED,
    }
    assert rows[-1] == {"kind": "end", "rows": 5}


async def test_what_was_forgotten_comes_back_and_others_keep_theirs(engine: AsyncEngine, lines: list[bytes]):
    theirs = await export(engine, THEIRS)
    await forget(engine)
    assert len(await export(engine)) == 2
    assert await take_in(engine, lines) == dict.fromkeys(ROWS, 1)
    assert await export(engine) == lines
    assert await export(engine, THEIRS) == theirs


async def test_importing_twice_changes_nothing(engine: AsyncEngine, lines: list[bytes]):
    assert await take_in(engine, lines) == dict.fromkeys(ROWS, 0)
    changed = replace(TERMS, at=time(18))
    await DatabaseSubscriptions(engine).subscribe(changed, NOW)
    await take_in(engine, lines)
    (stored,) = await DatabaseSubscriptions(engine).of_channel(CHANNEL)
    assert stored.terms == changed


async def test_what_a_pattern_has_brought_still_belongs_to_it(engine: AsyncEngine, lines: list[bytes]):
    followings, subscriptions = DatabaseFollowings(engine), DatabaseSubscriptions(engine)
    (following,) = await followings.of_channel(CHANNEL)
    await followings.expand(following, [TOOL, SITE], NOW)
    before = await export(engine)
    assert [json.loads(line)["following"] for line in before if b'"subscription"' in line] == [
        {"host": "github.com", "owner": "acme", "names": "*"},
        {"host": "github.com", "owner": "acme", "names": "*"},
        None,
    ]
    await forget(engine)
    for added in (1, 0):
        assert await take_in(engine, before) == dict.fromkeys(ROWS, added) | {"subscription": 3 * added}
        assert await export(engine) == before
    (again,) = await followings.of_channel(CHANNEL)
    assert again == replace(following, id=again.id, checked_at=None), "its repositories are looked for at once"
    await followings.unfollow(CHANNEL, PATTERN)
    assert [each.terms.repo for each in await subscriptions.of_channel(CHANNEL)] == [REPO]


async def test_who_asked_for_a_repository_meanwhile_keeps_it_as_it_is(engine: AsyncEngine, lines: list[bytes]):
    followings, subscriptions = DatabaseFollowings(engine), DatabaseSubscriptions(engine)
    (following,) = await followings.of_channel(CHANNEL)
    await followings.expand(following, [TOOL], NOW)
    before = await export(engine)
    own, _is_new = await subscriptions.subscribe(replace(TERMS, repo=TOOL, at=time(18)), NOW)
    await take_in(engine, before)
    assert await subscriptions.by_id(OURS.platform, OURS.workspace, own.id) == own


async def test_it_becomes_another_workspace_s_only_if_that_is_named(engine: AsyncEngine, lines: list[bytes]):
    await take_in(engine, lines, "T3")
    assert (await export(engine, replace(OURS, workspace="T3")))[1:] == lines[1:]
    assert await export(engine) == lines


async def test_what_somebody_works_on_is_exported_as_nobody_s(engine: AsyncEngine):
    subscription, _ = await DatabaseSubscriptions(engine).subscribe(TERMS, NOW)
    under_way = {"scheduled_at": NOW, "due_at": NOW, "lease_until": NOW, "fence": 3, "attempts": 1}
    for number, (state, since) in enumerate(
        [("due", None), ("due", NOW), ("claimed", None), ("claimed", NOW), ("sending", NOW), ("sent", NOW)]
    ):
        day = date(2026, 1, 1) + timedelta(days=number)
        row = {"subscription_id": subscription.id, "day": day, "first_day": day, "state": state, "sending_since": since}
        async with engine.begin() as connection:
            await connection.execute(insert(deliveries).values(row | under_way))
    before = await export(engine)
    states = [json.loads(line)["state"] for line in before if b'"delivery"' in line]
    assert states == ["due", "uncertain", "due", "uncertain", "uncertain", "sent"]
    await forget(engine)
    await take_in(engine, before)
    assert await export(engine) == before


# Whatever there is comes back

_INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
_WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
_PATTERNS = st.tuples() | st.tuples(_WORDS)
_SELECTIONS = st.builds(
    Selection, minimum=st.sampled_from(Importance), paths=_PATTERNS, not_authors=_PATTERNS, no_bots=st.booleans()
)
_TERMS = st.builds(
    replace,
    st.just(TERMS),
    channel=st.builds(replace, st.just(CHANNEL), id=st.sampled_from(["C1", "c1", "频道", "C-2"])),
    repo=st.sampled_from([REPO, replace(REPO, branches="release/*"), Repo(owner="octo", name="b", host="git.example")]),
    at=st.times(max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
    selection=_SELECTIONS,
    quiet=st.sampled_from(QuietDays),
    in_thread=st.booleans(),
    subscriber=_WORDS,
)
_DELIVERY = st.fixed_dictionaries(
    {
        "first_day": _DAYS,
        "state": st.sampled_from([state.value for state in DeliveryState]),
        "scheduled_at": _INSTANTS,
        "due_at": _INSTANTS,
        "attempts": st.integers(0, 9),
        "fence": st.integers(0, 9),
        "message": _WORDS,
        "last_error": _WORDS,
    },
    optional={"sending_since": _INSTANTS, "sent_at": _INSTANTS, "stale_since": _INSTANTS, "lease_until": _INSTANTS},
)
_OWNED = st.lists(
    st.tuples(_TERMS, st.none() | _WORDS, st.none() | _INSTANTS, st.dictionaries(_DAYS, _DELIVERY, max_size=3)),
    max_size=5,
)
_NAMES = st.sampled_from(["hello", "Hello-2", "b", "dyn.o", "any"])
_FOLLOWED = st.lists(
    st.tuples(
        st.builds(
            SubscriptionTerms.of_pattern,
            _TERMS,
            st.builds(
                RepoPattern,
                owner=st.just("octo"),
                names=st.sampled_from(["*", "h*", "H*", "*b*"]),
                host=st.sampled_from(["github.com", "git.example"]),
            ),
            st.lists(_NAMES | st.just("dyn*"), max_size=2).map(tuple),
        ),
        st.none() | _WORDS,
        st.none() | _INSTANTS,
        st.lists(_NAMES),
    ),
    max_size=3,
)


async def follow(engine: AsyncEngine, followed: Sequence[Any]) -> None:
    followings, subscriptions = DatabaseFollowings(engine), DatabaseSubscriptions(engine)
    for terms, broken, paused, names in followed:
        following, _ = await followings.follow(terms, NOW)
        repos = [Repo(owner=terms.pattern.owner, name=name, host=terms.pattern.host) for name in names]
        await followings.expand(following, [repo for repo in repos if repo in terms.pattern], NOW)
        children = [each for each in await subscriptions.of_channel(terms.channel) if each.membership]
        if broken and children:
            await subscriptions.mark_broken(children[0], broken, NOW)
        if paused:
            await followings.pause(following, until=None, at=paused)


async def own(engine: AsyncEngine, owned: Sequence[Any]) -> None:
    subscriptions = DatabaseSubscriptions(engine)
    for terms, broken, paused, rows in owned:
        subscription, _ = await subscriptions.subscribe(terms, NOW)
        if broken:
            await subscriptions.mark_broken(subscription, broken, NOW)
        if paused:
            await subscriptions.set_pause(subscription, Pause(since=paused))
        async with engine.begin() as connection:
            known = await connection.scalars(
                select(deliveries.c.day).where(deliveries.c.subscription_id == subscription.id)
            )
            days = rows.keys() - set(known)
            for day, row in ((day, rows[day]) for day in days):
                await connection.execute(insert(deliveries).values(subscription_id=subscription.id, day=day, **row))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
)
@given(followed=_FOLLOWED, owned=_OWNED)
async def test_exported_forgotten_and_imported_it_is_the_same_to_the_byte(
    engine: AsyncEngine, followed: Sequence[Any], owned: Sequence[Any]
):
    await forget(engine)
    await follow(engine, followed)
    await own(engine, owned)
    before = await export(engine)
    await forget(engine)
    await take_in(engine, before)
    assert await export(engine) == before


@pytest.fixture
def other_url(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """Of a database of the other kind."""
    with request.getfixturevalue("postgres" if database_url.startswith("sqlite") else "sqlite") as url:
        yield url


@pytest.fixture
async def elsewhere(other_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_database(other_url)
    yield opened
    await opened.dispose()


async def test_one_kind_of_database_takes_in_what_the_other_has_exported(
    engine: AsyncEngine, elsewhere: AsyncEngine, lines: list[bytes]
):
    await take_in(elsewhere, lines)
    assert await export(elsewhere) == lines


async def test_many_rows_go_in_batches(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(format_, "BATCH", 3)
    stores = Stores(engine)
    for number in range(8):
        await stores.fill(replace(CHANNEL, id=f"C{number}"))
    lines = await export(engine)
    await forget(engine)
    assert (await take_in(engine, lines))["delivery"] == 8
    assert await export(engine) == lines


async def test_nothing_of_another_platform_s_workspace_of_the_same_name_is_exported(
    engine: AsyncEngine, lines: list[bytes]
):
    there = Channel(platform=Platform.FEISHU, workspace=OURS.workspace, id="oc_1")
    await Stores(engine).fill(there)
    assert await export(engine) == lines


async def test_of_a_file_that_ends_too_early_nothing_is_taken_in(engine: AsyncEngine, lines: list[bytes]):
    await forget(engine)
    with pytest.raises(ExportInvalid, match="not complete: it ends after 5 rows"):
        await take_in(engine, lines[:-1])
    assert len(await export(engine)) == 2
