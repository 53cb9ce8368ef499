"""Postgres is started anew while everything is under way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.queue.queue import PgQueue, opened
from bot.core.replies import Reply
from bot.core.service import Service
from bot.core.subscriptions import Channel, Platform
from handlers.jobs import Worker
from tests.core.test_rounds import NINE, TERMS
from tests.counterparts.postgres import Postgres
from tests.fakes import FakeAnalyst, FakeClock, FakeMessenger, FakeSource, commit, service
from tests.queue.work import NotedWork, analyses
from tests.slack_people import eventually

WORKSPACES = 5
CHANNELS = 40


async def is_empty(queue: PgQueue) -> bool:
    return not await queue.depth()


async def test_a_worker_goes_on_with_what_there_is_to_do(queue: PgQueue, postgres_server: Postgres):
    work = NotedWork(0.05)
    worker = Worker(queue, work)
    await queue.enqueue(analyses(300))
    worker.start()
    await work.begun.wait()
    await asyncio.to_thread(postgres_server.restart)
    await eventually(lambda: is_empty(queue), 60)
    await worker.stop(within=10)
    assert set(work.done) == set(analyses(300))


async def test_who_waits_for_a_job_hears_of_its_end(queue: PgQueue, database_url: str, postgres_server: Postgres):
    work = NotedWork(1.5)
    async with opened(database_url) as another:
        worker = Worker(another, work)
        worker.start()
        waiting = asyncio.create_task(queue.perform(analyses(1)[0]))
        await work.begun.wait()
        await asyncio.to_thread(postgres_server.restart)
        async with asyncio.timeout(60):
            await waiting
        await worker.stop(within=10)
    assert set(work.done) == set(analyses(1))


class SlowMessenger(FakeMessenger):
    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        await asyncio.sleep(0.02)
        return await super().post(channel, reply, key=key, thread=thread)


class Stage:
    """Processes that share a database, with everything else outside faked."""

    def __init__(self, url: str) -> None:
        self.clock = FakeClock(NINE)
        self.messenger = SlowMessenger()
        self._url = url
        self._source = FakeSource([commit("feat: greet", "2026-01-21T08:00:00+00:00")])

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Service]:
        """One that is worker and clock."""
        engine = open_database(self._url)
        async with opened(self._url) as queue:
            made = self._service(engine, queue)
            worker = Worker(queue, made.work)
            worker.start()
            ticking = asyncio.create_task(self._tick(made))
            try:
                yield made
            finally:
                ticking.cancel()
                await made.rounds.finish()
                await worker.stop(within=10)
        await engine.dispose()

    def _service(self, engine: AsyncEngine, queue: PgQueue) -> Service:
        return service(
            source=self._source,
            analyst=FakeAnalyst(),
            archive=DatabaseArchive(engine),
            now=self.clock,
            subscriptions=DatabaseSubscriptions(engine),
            ledger=DatabaseLedger(engine, queue.enqueue_within),
            messengers={Platform.SLACK: self.messenger},
            posts=DatabasePosts(engine),
            queue=queue,
        )

    async def _tick(self, made: Service) -> None:
        """As a clock does; what it holds by now it holds by leases, which end as time goes by."""
        while True:
            with suppress(Exception):
                await made.rounds.tick()
            await asyncio.sleep(0.5)

    async def has_posted(self, number: int) -> bool:
        return len(self.messenger.posted) >= number

    async def is_done(self, ledger: DatabaseLedger) -> bool:
        self.clock.now += timedelta(seconds=10)
        return await self.has_posted(CHANNELS) and not await ledger.waiting(self.clock.now + timedelta(hours=1))


async def test_every_channel_gets_its_digest_once(database_url: str, engine: AsyncEngine, postgres_server: Postgres):
    stage = Stage(database_url)
    channels = [
        replace(TERMS.channel, workspace=f"T{number % WORKSPACES}", id=f"C{number}") for number in range(CHANNELS)
    ]
    for channel in channels:
        terms = replace(TERMS, channel=channel)
        await DatabaseSubscriptions(engine).subscribe(terms, NINE - timedelta(hours=1))
    async with stage.process(), stage.process():
        await eventually(lambda: stage.has_posted(1), 60)
        await asyncio.to_thread(postgres_server.restart)
        await eventually(lambda: stage.is_done(DatabaseLedger(engine)), 120)
    assert Counter(channel for channel, _, _ in stage.messenger.posted) == dict.fromkeys(channels, 1)
