"""A digest that was posted is corrected where it stands when the next day takes a commit back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App, composed
from bot.core.desk import Asker
from bot.core.grammar import parse
from bot.core.subscriptions import Channel, Platform
from tests.counterparts import slack
from tests.counterparts.histories import History, git
from tests.counterparts.slack import SlackProxy
from tests.e2e.configuration import configured, posted_to, read_from_clone
from tests.fakes import FakeClock
from tests.slack_people import buttons, texts

NINE = datetime(2026, 1, 22, 9, tzinfo=UTC)
MORNING = datetime(2026, 1, 21, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History.start(tmp_path / "hello")
    history.commit("feat: begin (#1)", {"README.md": "Hello\n"}, at=MORNING)
    history.commit("feat: wave to everybody (#2)", {"wave.py": "print('wave')\n"}, at=MORNING + timedelta(hours=1))
    return history


@pytest.fixture
async def app(history: History, emulated_slack: SlackProxy, database_url: str) -> AsyncIterator[App]:
    settings = configured(database_url, read_from_clone(history.path), posted_to(emulated_slack))
    async with composed(settings, now=FakeClock(NINE - timedelta(hours=1))) as app:
        yield app


async def tick(app: App, at: datetime) -> None:
    """A morning's digest, and the tick after it, which has seen what that digest found."""
    assert isinstance(app.now, FakeClock)
    for seconds in (0, 5):
        app.now.now = at + timedelta(seconds=seconds)
        await app.rounds.tick()
        await app.rounds.finish()


def shown(message: dict[str, object]) -> str:
    return "\n".join(texts(message["blocks"]))


async def test_a_revert_corrects_the_digest_that_was_posted_the_day_before(
    app: App, history: History, emulated_slack: SlackProxy
):
    where = Channel(platform=Platform.SLACK, workspace="T000000001", id=emulated_slack.workspace.channels["general"])
    await app.desk.answer(parse("subscribe at 09:00 tz UTC"), Asker(channel=where, user="U1"))
    await tick(app, NINE)
    (first,) = await emulated_slack.history()
    assert "↩" not in shown(first)

    wave = history.head()
    message = f'Revert "feat: wave to everybody (#2)" (#3)\n\nThis reverts commit {wave}.'
    revert = history.commit(message, {"wave.py": None}, at=MORNING + DAY)
    await tick(app, NINE + DAY)
    second, corrected = await emulated_slack.history()
    assert corrected["ts"] == first["ts"]
    assert corrected["metadata"] == first["metadata"]
    assert "Corrected 2026-01-23: 1 commit was reverted since." in shown(corrected)
    assert f"reverted by {revert[:7]} (#3) on 2026-01-22" in shown(corrected)
    assert shown(corrected).count("reverted by") == 1
    assert len(buttons(corrected["blocks"], "commit.open")) == 2
    assert f"reverts {wave[:7]} (#2)" in shown(second)

    await tick(app, NINE + DAY + timedelta(hours=1))
    assert len(await emulated_slack.history()) == 2
    assert len(emulated_slack.calls_of("chat.update")) == 1
    assert git(history.path, "rev-parse", "HEAD").decode().strip() == revert


async def test_a_message_that_was_deleted_is_not_posted_again(app: App, history: History, emulated_slack: SlackProxy):
    where = Channel(platform=Platform.SLACK, workspace="T000000001", id=emulated_slack.workspace.channels["general"])
    await app.desk.answer(parse("subscribe at 09:00 tz UTC"), Asker(channel=where, user="U1"))
    await tick(app, NINE)
    history.commit('Revert "feat: wave to everybody (#2)" (#3)', {"wave.py": None}, at=MORNING + DAY)
    emulated_slack.fail("chat.update", slack.error("message_not_found"))
    await tick(app, NINE + DAY)
    await tick(app, NINE + DAY + timedelta(hours=2))
    assert len(await emulated_slack.history()) == 2
    assert len(emulated_slack.calls_of("chat.update")) == 1
