"""Jobs that several processes share, in a real Postgres."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot import operating
from bot.adapters.database.census import DatabaseCensus
from bot.adapters.database.engine import downgrade, migrate
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.queue.queue import PgQueue, opened
from bot.adapters.queue.tables import install, uninstall
from bot.core.jobs import Analyse, Collect, Correct, Deliver, Job
from bot.core.metering import Census
from bot.core.outlook import Waiting
from bot.core.rounds import Work
from bot.core.schedule import plan
from bot.core.subscriptions import Platform
from bot.settings import Settings
from handlers.jobs import Worker
from tests.core.test_rounds import NINE, TERMS
from tests.queue.work import NotedWork, analyses
from tests.slack_people import eventually

DELIVER = Deliver(platform=Platform.SLACK, workspace="T1")


@asynccontextmanager
async def working(queue: PgQueue, work: NotedWork | Work) -> AsyncIterator[Worker]:
    worker = Worker(queue, work)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop(within=10)


async def is_empty(queue: PgQueue) -> bool:
    return not await queue.depth()


# Enqueueing


async def test_a_tick_that_commits_leaves_a_row_and_the_job_that_makes_it(engine: AsyncEngine, queue: PgQueue):
    ledger = DatabaseLedger(engine, queue.enqueue_within)
    await DatabaseSubscriptions(engine).subscribe(TERMS, NINE - timedelta(hours=1))
    await ledger.look(NINE, 10, plan)
    (waiting,) = await ledger.waiting(NINE)
    assert isinstance(waiting, Collect)
    assert await queue.depth() == {("collect", "queued"): 1}
    await queue.enqueue([waiting])
    assert await queue.depth() == {("collect", "queued"): 1}, "the same job"


async def test_a_tick_that_breaks_off_leaves_neither(engine: AsyncEngine, queue: PgQueue):
    async def enqueue_and_break_off(connection: AsyncConnection, jobs: Sequence[Job]) -> None:
        await queue.enqueue_within(connection, jobs)
        raise ConnectionError("the power is gone")

    ledger = DatabaseLedger(engine, enqueue_and_break_off)
    await DatabaseSubscriptions(engine).subscribe(TERMS, NINE - timedelta(hours=1))
    with pytest.raises(ConnectionError, match="the power is gone"):
        await ledger.look(NINE, 10, plan)
    assert await ledger.waiting(NINE) == []
    assert await queue.depth() == {}


async def test_a_job_waits_once_whoever_enqueues_it(queue: PgQueue, database_url: str):
    async with opened(database_url) as another:
        await asyncio.gather(*(each.enqueue([*analyses(20), DELIVER, DELIVER]) for each in (queue, another) * 5))
    assert await queue.depth() == {("analyse", "queued"): 20, ("deliver", "queued"): 1}


async def test_a_job_that_was_done_can_be_asked_for_again(queue: PgQueue):
    work = NotedWork()
    async with working(queue, work):
        for _ in range(2):
            await queue.perform(DELIVER)
    assert work.done == {DELIVER: 2}


# Working


async def test_two_workers_share_the_work_and_do_each_job_once(queue: PgQueue, database_url: str):
    mine, theirs = NotedWork(0.02), NotedWork(0.02)
    await queue.enqueue(analyses(200))
    async with opened(database_url) as another, working(queue, mine), working(another, theirs):
        await eventually(lambda: is_empty(queue), 60)
    assert mine.done + theirs.done == dict.fromkeys(analyses(200), 1)
    assert mine.done
    assert theirs.done


async def test_what_follows_from_a_job_is_done_next(queue: PgQueue):
    work = NotedWork()
    (analysis,) = analyses(1)
    work.next[analysis] = [DELIVER, Correct()]
    await queue.enqueue([analysis])
    async with working(queue, work):
        await eventually(lambda: is_empty(queue))
    assert work.done == {analysis: 1, DELIVER: 1, Correct(): 1}


async def test_jobs_that_wait_for_others_do_not_keep_them_from_being_done(queue: PgQueue):
    """Even if there are more of them than are done at a time."""

    class Waiting(NotedWork):
        async def perform(self, job: object) -> tuple[()]:
            if isinstance(job, Collect):
                await queue.perform(analyses(1)[0])
            return await super().perform(job)  # pyright: ignore

    work = Waiting()
    collect = Collect(repo=TERMS.repo, zone=TERMS.zone, first=NINE.date(), last=NINE.date())
    jobs = [
        Collect(repo=collect.repo, zone=collect.zone, first=collect.first, last=collect.last + timedelta(days=number))
        for number in range(40)
    ]
    await queue.enqueue(jobs)
    async with working(queue, work):
        await eventually(lambda: is_empty(queue), 60)
    assert set(jobs) <= set(work.done)


async def test_a_job_that_breaks_is_logged_and_leaves_the_worker_at_work(
    queue: PgQueue, caplog: pytest.LogCaptureFixture
):
    work = NotedWork()
    broken, whole = analyses(2)
    work.breaks[broken] = ZeroDivisionError("of our own")
    async with working(queue, work):
        await queue.enqueue([broken, whole])
        await eventually(lambda: is_empty(queue))
    assert work.done == {whole: 1}


async def test_a_job_of_another_version_is_dropped(queue: PgQueue, engine: AsyncEngine):
    await queue.enqueue([DELIVER])
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE pgqueuer.pgqueuer SET payload = '{}'"))
    work = NotedWork()
    async with working(queue, work):
        await eventually(lambda: is_empty(queue))
    assert work.done == {}


async def test_a_worker_that_stops_ends_what_it_has_begun(queue: PgQueue):
    work = NotedWork(0.3)
    await queue.enqueue([DELIVER])
    async with working(queue, work):
        await work.begun.wait()
    assert work.done == {DELIVER: 1}
    assert await queue.depth() == {}


async def test_what_a_worker_has_no_time_to_end_is_left_to_be_asked_for_again(queue: PgQueue):
    work = NotedWork(600)
    await queue.enqueue([DELIVER])
    worker = Worker(queue, work)
    worker.start()
    await work.begun.wait()
    await worker.stop(within=0.1)
    await queue.enqueue([DELIVER])
    async with working(queue, again := NotedWork()):
        await eventually(lambda: is_empty(queue), 60)
    assert again.done == {DELIVER: 1}


async def test_a_worker_shows_that_it_asks_for_jobs(queue: PgQueue):
    asked = asyncio.Event()
    worker = Worker(queue, NotedWork(), asked=asked.set)
    worker.start()
    async with asyncio.timeout(10):
        await asked.wait()
    await worker.stop(within=10)


async def test_operators_see_how_many_jobs_there_are(queue: PgQueue, engine: AsyncEngine):
    await queue.enqueue([*analyses(3), DELIVER])
    census = await DatabaseCensus(engine, queue.depth).taken(NINE)
    assert census == Census(subscriptions={}, deliveries={}, jobs={("analyse", "queued"): 3, ("deliver", "queued"): 1})


async def test_operators_see_which_jobs_wait_for_a_worker(queue: PgQueue, engine: AsyncEngine, database_url: str):
    class Held(NotedWork):
        ends = asyncio.Event()

        async def perform(self, job: object) -> tuple[()]:
            self.begun.set()
            await self.ends.wait()
            return ()

    work = Held()
    settings = Settings(_env_file=None, database_url=database_url)  # pyright: ignore[reportCallIssue]
    outlooks = operating.compose(settings, engine, lambda: NINE).outlooks
    await queue.enqueue([Correct()])
    async with working(queue, work):
        await work.begun.wait()
        assert (await outlooks.taken(NINE)).backlog == ()
        work.ends.set()
    await queue.enqueue([*analyses(3), DELIVER])
    waiting = (Waiting(job="analyse", number=3), Waiting(job="deliver", number=1))
    assert (await outlooks.taken(NINE)).backlog == waiting
    await uninstall(engine)
    assert (await outlooks.taken(NINE)).backlog == (), "nobody has shared any work yet"


# Having a job done


async def test_who_has_a_job_done_waits_until_it_has_ended_well_or_not(queue: PgQueue, database_url: str):
    work = NotedWork(0.1)
    good, bad = analyses(2)
    work.breaks[bad] = ZeroDivisionError("of our own")
    async with opened(database_url) as worker, working(worker, work):
        await asyncio.gather(*(queue.perform(job) for job in (good, good, bad)))
    assert work.done == {good: 1}
    assert await queue.depth() == {}


async def test_who_waits_where_there_is_no_worker_does_without(database_url: str):
    async with opened(database_url, patience=0.2) as queue:
        await asyncio.gather(*(queue.perform(job) for job in analyses(5)))
        waited = await queue.depth()
        await queue.perform(Analyse(repo=TERMS.repo, sha="f" * 40))
        assert await queue.depth() == waited, "nobody is asked again for a while"


async def test_who_waits_for_a_busy_worker_goes_on_waiting(queue: PgQueue, database_url: str):
    work = NotedWork(0.5)
    async with opened(database_url, patience=0.1) as hasty, working(queue, work):
        await queue.enqueue(analyses(150))
        await work.begun.wait()
        await hasty.perform(analyses(150)[-1])
    assert work.done[analyses(150)[-1]] == 1


# Its tables


async def test_what_has_ended_is_remembered_for_an_hour_only(queue: PgQueue, engine: AsyncEngine):
    async with working(queue, NotedWork()):
        await queue.perform(DELIVER)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE pgqueuer.pgqueuer_log SET created = created - interval '61 minutes'"))
    await queue.forget()
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM pgqueuer.pgqueuer_log"))).scalar() == 0


async def test_its_tables_go_with_the_others_and_come_back(engine: AsyncEngine):
    async def exist() -> bool:
        async with engine.connect() as connection:
            tables = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'pgqueuer'"))
            return tables.first() is not None

    assert await exist()
    await downgrade(engine, then=uninstall)
    assert not await exist()
    await asyncio.gather(*(migrate(engine, install) for _ in range(3)))
    assert await exist()
