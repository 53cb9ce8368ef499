"""A process that is killed at any step loses nothing and says nothing twice: the next one goes on from there."""

import json
import re
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.oauth.installation_store import Bot
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import deliveries
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.slack.encryption import cipher
from bot.adapters.slack.stores import InstallationStore
from bot.core.language import Language
from bot.core.model import Repo
from bot.core.steps import Step
from bot.core.subscriptions import Channel, Platform, Selection, SubscriptionTerms
from bot.settings import Settings
from tests.counterparts import slack
from tests.counterparts.feishu import FakeFeishu
from tests.counterparts.histories import History
from tests.counterparts.model import ModelProxy
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_grid import SlackGrid
from tests.e2e.configuration import configured, read_from_clone, understood_by
from tests.e2e.mortal import FREE_AFTER, MOMENT, Death, Life, lived
from tests.e2e.test_two_workspaces import answer
from tests.slack_people import texts

pytestmark = pytest.mark.both_databases

UTC_ZONE = ZoneInfo("UTC")
NINE = datetime(2026, 1, 22, 9, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = (date(2026, 1, 21), date(2026, 1, 22))
#: Each morning: what is due, what that digest has found, and what had to wait.
TICKS = [NINE + day * DAY + later for day in (0, 1) for later in (timedelta(), MOMENT, FREE_AFTER)]
#: Who dies here has asked the model for a commit, or for the one beside it, and stored no answer yet.
ASKED_IN_VAIN = {Step.READ, Step.UNDERSTOOD, Step.ANALYSED}
#: At these steps of one delivery, another one is about to tell somebody why it failed.
WHILE_POSTING = {Step.SENDING, Step.POSTED, Step.RECORDED, Step.GIVEN_BACK, Step.TOLD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    settings: Settings
    engine: AsyncEngine
    grid: SlackGrid
    feishu: FakeFeishu
    model: ModelProxy
    group: str
    folder: Path

    def life(self, death: Death | None = None) -> Life:
        return Life(settings=self.settings, ticks=TICKS, clock=self.folder / "clock", death=death)

    async def delivered(self) -> dict[str, list[str]]:
        """The days that each place was told of, in order, by the keys with which they were posted."""
        one, other = self.grid.workspaces
        return {
            "everything": await self._days(one, "general"),
            "filtered": await self._days(one, "random"),
            "silent": await self._days(other, "general"),
            "threads": await self._days(other, "random"),
            "Feishu": [_day(json.dumps(posted.content["header"])) for posted in self.feishu.in_chat(self.group)],
        }

    async def _days(self, workspace: SlackProxy, channel: str) -> list[str]:
        messages = [each for each in await workspace.history(channel) if "metadata" in each]
        return sorted(_day(each["metadata"]["event_payload"]["key"]) for each in messages)

    async def corrected(self) -> dict[str, bool]:
        """Whether what was posted first says by now what became of its commit."""
        one, _ = self.grid.workspaces
        first = {
            "everything": _shown((await one.history("general"))[-1]),
            "filtered": _shown((await one.history("random"))[-1]),
            "Feishu": json.dumps(self.feishu.in_chat(self.group)[0].content, ensure_ascii=False),
        }
        return {place: "↩" in text for place, text in first.items()}

    async def complaints(self) -> list[str]:
        """What the one whose channel is gone was told."""
        _, other = self.grid.workspaces
        messages = await other.history(await other.direct_channel("alice"))
        return [_shown(message) for message in messages]

    async def states(self) -> Counter[str]:
        async with self.engine.connect() as connection:
            rows = (await connection.execute(select(deliveries.c.state, deliveries.c.stale_since))).all()
        return Counter(row.state + (" stale" if row.stale_since else "") for row in rows)

    def questions(self) -> Counter[str]:
        """How often the model was asked for an analysis, by the commit's subject."""
        asked = [call.chat.user for call in self.model.calls if "=== " in call.chat.user]
        return Counter(found[1] for text in asked if (found := re.search(r"(#\d)\)", text)))


def _day(named: str) -> str:
    """By the only date in it."""
    (day,) = set(re.findall(r"2026-01-(\d\d)", named))
    return day


def _shown(message: Any) -> str:
    return "\n".join(texts(message["blocks"]))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Two days, the second of which takes back a commit of the first."""
    morning = datetime(2026, 1, 21, 6, tzinfo=UTC)
    history = History.start(tmp_path_factory.mktemp("history") / "hello")
    history.commit("feat: begin (#1)", {"README.md": "Hello\n"}, at=morning)
    wave = history.commit("feat: wave (#2)", {"wave.py": "print('wave')\n"}, at=morning + timedelta(hours=1))
    history.commit("fix: begin (#3)", {"README.md": "Hello!\n"}, at=morning + DAY)
    revert = f"revert: wave (#4)\n\nThis reverts commit {wave}."
    history.commit(revert, {"wave.py": None}, at=morning + DAY + timedelta(hours=1))
    return history


@pytest.fixture
async def story(
    history: History,
    slack_grid: SlackGrid,
    feishu: FakeFeishu,
    emulated_model: ModelProxy,
    engine: AsyncEngine,
    database_url: str,
    tmp_path: Path,
) -> Story:
    emulated_model.answer(answer)
    group = feishu.chat("runtime", members=["alice"])
    settings = configured(
        database_url,
        read_from_clone(history.path),
        understood_by(emulated_model),
        {
            "slack_client_id": slack.CLIENT_ID,
            "slack_client_secret": slack.CLIENT_SECRET,
            "slack_signing_secret": slack.SIGNING_SECRET,
            "slack_api_url": slack_grid.api,
            "public_url": "https://digest.example.com",
            "feishu_app_id": feishu.app_id,
            "feishu_app_secret": feishu.app_secret,
            "feishu_domain": feishu.url,
        },
    )
    await install(engine, settings, slack_grid)
    subscriptions = DatabaseSubscriptions(engine)
    for terms in subscribed(slack_grid, Channel(platform=Platform.FEISHU, workspace=feishu.tenant, id=group)):
        await subscriptions.subscribe(terms, NINE - timedelta(hours=1))
    return Story(
        settings=settings,
        engine=engine,
        grid=slack_grid,
        feishu=feishu,
        model=emulated_model,
        group=group,
        folder=tmp_path,
    )


async def install(engine: AsyncEngine, settings: Settings, grid: SlackGrid) -> None:
    writing = for_writing(engine)
    store = InstallationStore(slack.CLIENT_ID, reading=engine, writing=writing, cipher=cipher(settings.encryption_keys))
    for workspace in grid.workspaces:
        of = workspace.tenant
        bot = Bot(
            app_id=slack.APP_ID,
            team_id=of.team_id,
            bot_token=of.bot_token,
            bot_id=of.bot_id,
            bot_user_id=of.bot_user_id,
            installed_at=NINE.timestamp(),
        )
        await store.async_save_bot(bot)


def subscribed(grid: SlackGrid, group: Channel) -> Sequence[SubscriptionTerms]:
    one, other = grid.workspaces
    everything = SubscriptionTerms(
        channel=group,
        repo=Repo(owner="octo", name="hello"),
        at=time(9),
        zone=UTC_ZONE,
        subscriber=other.workspace.users["alice"],
    )

    def to(workspace: SlackProxy, channel: str, **changes: Any) -> SubscriptionTerms:
        place = Channel(
            platform=Platform.SLACK, workspace=workspace.tenant.team_id, id=workspace.workspace.channels[channel]
        )
        return replace(everything, channel=place, **changes)

    return [
        to(one, "general"),
        to(one, "random", selection=Selection(paths=("wave.py",))),
        to(other, "general", selection=Selection(authors=("nobody",))),
        to(other, "random", in_thread=True),
        to(other, slack.ATTIC),
        replace(everything, language=Language.ZH),
    ]


BOTH = ["21", "22"]
DELIVERED = {"everything": BOTH, "filtered": BOTH, "silent": [], "threads": BOTH, "Feishu": BOTH}
ONCE = {"#1": 1, "#2": 1, "#3": 1, "#4": 1}


#: Where a process may die between two things and no step says so: each with the reason why that is no harm.
WITHOUT_A_STEP = {
    (first, second): reason
    for reason, pairs in {
        "A message has arrived, and its thread stays incomplete: neither is posted again.": [
            ("POST /api/chat.postMessage", "POST /api/chat.postMessage"),
        ],
        "The question is not counted among what was paid for, and is asked again.": [
            ("POST /v1/chat/completions", "insert model_calls"),
        ],
        "What the model's host does not understand is found out again.": [("insert model_calls", "insert model_hosts")],
        "The lead is asked for again.": [("insert model_calls", "insert leads")],
        "Whether everybody may read a repository is learnt again.": [
            ("update repositories", "POST /v1/chat/completions"),
        ],
        "Commits are related once more, since that they are is noted last.": [
            ("insert mentions, insert relations", "update deliveries"),
            ("update deliveries", "update commits"),
        ],
    }.items()
    for first, second in pairs
}


@pytest.mark.parametrize("step", Step)
async def test_a_process_that_is_killed_after_a_step_is_gone_on_for(story: Story, step: Step):
    assert await lived(story.life(Death(after=step))) == -signal.SIGKILL
    assert await lived(story.life()) == 0
    assert await story.delivered() == DELIVERED
    assert all((await story.corrected()).values())
    assert await story.states() == {"sent": 8, "skipped": 2, "failed": 1}
    if step in ASKED_IN_VAIN:
        assert story.questions() <= Counter(dict.fromkeys(ONCE, 2))
    else:
        assert story.questions() == ONCE
    # Who dies between telling and noting it has told it twice, which is better than never.
    assert len(await story.complaints()) in {1, 2 if step in WHILE_POSTING else 1}


async def test_processes_of_which_each_dies_one_step_later_deliver_once_all_the_same(story: Story):
    for step in Step:
        await lived(story.life(Death(after=step)))
    assert await lived(story.life()) == 0
    assert await story.delivered() == DELIVERED
    assert await story.states() == {"sent": 8, "skipped": 2, "failed": 1}


async def test_every_step_is_taken_and_one_lies_between_any_two_things_that_others_see(story: Story):
    observed = story.folder / "observed"
    assert await lived(replace(story.life(), observed=observed)) == 0
    assert await story.delivered() == DELIVERED
    seen = json.loads(observed.read_text())
    assert seen["steps"] == sorted(Step)
    assert {tuple(pair) for pair in seen["unguarded"]} - set(WITHOUT_A_STEP) == set()
