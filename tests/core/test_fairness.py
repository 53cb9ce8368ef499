"""What is slow delays nothing but itself."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.model import Repo
from bot.core.ports import BranchListing
from bot.core.replies import Reply
from bot.core.rounds import Rounds
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from tests.fakes import REPO, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, commit, service

pytestmark = pytest.mark.both_databases

NINE = datetime(2026, 1, 22, 9, tzinfo=UTC)
HERE = Channel(platform=Platform.SLACK, workspace="T1", id="C1")
BESIDE = replace(HERE, id="C2")
ELSEWHERE = Channel(platform=Platform.SLACK, workspace="T2", id="C3")
TERMS = SubscriptionTerms(channel=HERE, repo=REPO, at=time(9), zone=ZoneInfo("UTC"), subscriber="U1")
SLOW = Repo(owner="octo", name="slow")
#: Seconds. Only what hangs takes so long.
PATIENCE = 20


class Hanging(FakeMessenger):
    """Takes no message for some channels until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.hung: set[Channel] = set()
        self.hangs, self.released = asyncio.Event(), asyncio.Event()
        self.changed = asyncio.Condition()

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        if channel in self.hung:
            self.hangs.set()
            await self.released.wait()
        posted = await super().post(channel, reply, key=key)
        async with self.changed:
            self.changed.notify_all()
        return posted

    async def wait_for(self, *channels: Channel) -> None:
        """Until each of them has got its first message. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: {channel for channel, _, _ in self.posted} == set(channels))


class Slow(FakeSource):
    """Does not answer for one repository until it is released."""

    def __init__(self) -> None:
        super().__init__([commit("feat: greet", "2026-01-21T08:00:00+00:00")])
        self.released = asyncio.Event()

    async def recent(self, repo: Repo, since: datetime, tip: str | None) -> BranchListing:
        if repo == SLOW:
            await self.released.wait()
        return await super().recent(repo, since, tip)


class Stage:
    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = FakeClock(NINE - timedelta(hours=1))
        self.messenger, self.source = Hanging(), Slow()
        self.subscriptions = DatabaseSubscriptions(engine)
        self.rounds: Rounds = service(
            source=self.source,
            analyst=FakeAnalyst(),
            archive=DatabaseArchive(engine),
            now=self.clock,
            subscriptions=self.subscriptions,
            ledger=DatabaseLedger(engine),
            messengers={Platform.SLACK: self.messenger},
        ).rounds

    async def tick(self, at: datetime) -> None:
        self.clock.now = at
        await self.rounds.tick()


@pytest.fixture
async def stage(engine: AsyncEngine) -> AsyncIterator[Stage]:
    stage = Stage(engine)
    yield stage
    stage.messenger.released.set()
    stage.source.released.set()
    await stage.rounds.finish()


async def test_a_workspace_that_takes_nothing_delays_no_other(stage: Stage):
    for channel in (HERE, BESIDE, ELSEWHERE):
        await stage.subscriptions.subscribe(replace(TERMS, channel=channel), stage.clock.now)
    stage.messenger.hung = {HERE, BESIDE}
    await stage.tick(NINE)
    await stage.messenger.wait_for(ELSEWHERE)


async def test_a_repository_that_does_not_answer_delays_no_other_of_the_same_workspace(stage: Stage):
    await stage.subscriptions.subscribe(replace(TERMS, repo=SLOW), stage.clock.now)
    await stage.subscriptions.subscribe(replace(TERMS, channel=BESIDE), stage.clock.now)
    await stage.tick(NINE)
    await stage.messenger.wait_for(BESIDE)


async def test_a_message_that_is_not_taken_does_not_delay_what_is_made_later(stage: Stage):
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
    await stage.subscriptions.subscribe(replace(TERMS, channel=BESIDE, at=time(9, 1)), stage.clock.now)
    stage.messenger.hung = {HERE}
    await stage.tick(NINE)
    await stage.messenger.hangs.wait()
    await stage.tick(NINE + timedelta(minutes=1))
    await stage.messenger.wait_for(BESIDE)
