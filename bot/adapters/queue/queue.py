"""The queue as the core knows it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from itertools import chain
from typing import Final

import structlog
from pgqueuer.core.completion import CompletionWatcher
from pgqueuer.queries import Queries
from pgqueuer.types import JobId
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.queue.connection import LastingConnection
from bot.adapters.queue.payloads import Row, dump
from bot.adapters.queue.tables import queries, queries_within, settings
from bot.core.jobs import Job

#: A job whose worker has been silent for longer is taken over.
TAKEN_OVER_AFTER: Final = timedelta(seconds=15)
#: Seconds that a job may wait before somebody who waits for it looks whether there is any worker: people wait, too.
PATIENCE: Final = 5.0
#: Seconds for which nobody is waited for once there was no worker.
ALONE: Final = 60.0
#: How often somebody who waits for a job looks by himself whether it has ended, should a notification be lost.
LOOK: Final = timedelta(seconds=5)
#: What has ended is remembered for those who wait for it, who look far more often.
REMEMBERED_FOR: Final = timedelta(hours=1)

#: Seconds that a last question to the database may take when everything stops.
FAREWELL: Final = 1.0

#: Of PgQueuer, larger is sooner.
BACKGROUND: Final = 0
FOR_SOMEBODY: Final = 1

log = structlog.get_logger()


class PgQueue:
    """Implements `bot.core.jobs.Queue`."""

    def __init__(
        self, connection: LastingConnection, watcher: CompletionWatcher, *, priority: int, patience: float
    ) -> None:
        self.connection = connection
        self._queries = queries(connection)
        self._watcher = watcher
        self._priority = priority
        self._patience = patience
        self._alone_until = 0.0

    async def enqueue(self, jobs: Collection[Job]) -> None:
        await _add(self._queries, jobs)

    async def enqueue_within(self, connection: AsyncConnection, jobs: Sequence[Job]) -> None:
        """In the transaction of `connection`, which has begun."""
        await _add(await queries_within(connection), jobs)

    async def finish(self) -> None:
        """What was enqueued is not begun here."""

    # Having a job done

    async def perform(self, job: Job) -> None:
        """Returns, too, when there is nobody to do it, so that whoever asks can do without."""
        now = asyncio.get_running_loop().time
        if now() < self._alone_until:
            return
        row = dump(job)
        try:
            await self._performed(row)
        except TimeoutError:
            self._alone_until = now() + ALONE
            log.warning("queue.unattended", job=row.kind, seconds=ALONE)

    async def _performed(self, row: Row) -> None:
        """Raises TimeoutError when there is nobody to do it."""
        async with asyncio.timeout(self._patience):
            number = await self._number(row)
        ended = self._watcher.wait_for(number)
        try:
            while not (await asyncio.wait([ended], timeout=self._patience))[0]:
                async with asyncio.timeout(self._patience):
                    if await self._queries.queue_job_by_id(number) is None:
                        return
                    await self._check_that_somebody_works(row.kind)
        finally:
            ended.cancel()

    async def _number(self, row: Row) -> JobId:
        """Of the job, or of the same one that is there already."""
        (number,) = await self._queries.enqueue(
            row.kind, row.payload, self._priority, dedupe_key=row.key, on_conflict="update_priority"
        )
        return number

    async def _check_that_somebody_works(self, kind: str) -> None:
        """On any job of the kind: while there is a worker and a job waits, some other one is under way."""
        table = settings().qualified.queue_table
        (row,) = await self.connection.fetch(
            f"SELECT EXISTS (SELECT FROM {table}"  # noqa: S608 - a name of ours
            " WHERE entrypoint = $1 AND status = 'picked' AND heartbeat > now() - $2::interval) AS somebody",
            kind,
            TAKEN_OVER_AFTER,
        )
        if not row["somebody"]:
            raise TimeoutError

    # What there is

    async def depth(self) -> Mapping[tuple[str, str], int]:
        """How many jobs there are by kind (`analyse` …) and by state: `queued`, or `picked` by a worker."""
        depth: Counter[tuple[str, str]] = Counter()
        for counted in await self._queries.queue_size():
            depth[counted.entrypoint, counted.status] += counted.count
        return depth

    async def forget(self) -> None:
        """Takes away what PgQueuer notes of jobs that have ended long ago."""
        log_table = settings().qualified.queue_table_log
        await self.connection.execute(
            f"DELETE FROM {log_table} WHERE created < now() - $1::interval",  # noqa: S608 - a name of ours
            REMEMBERED_FOR,
        )


async def _add(queries: Queries, jobs: Collection[Job]) -> None:
    """Each unless it is there already; in one order, so that those who add the same never wait for each other."""
    rows = sorted({row.key: row for row in map(dump, jobs)}.items())
    if not rows:
        return
    await queries.enqueue(
        [row.kind for _key, row in rows],
        [row.payload for _key, row in rows],
        [BACKGROUND] * len(rows),
        dedupe_key=[key for key, _row in rows],
        on_conflict="skip",
    )


@asynccontextmanager
async def opened(url: str, *, priority: int = BACKGROUND, patience: float = PATIENCE) -> AsyncGenerator[PgQueue]:
    """The queue in a database that is migrated; `priority` is that of jobs that are waited for."""
    connection = LastingConnection(url)
    watcher = CompletionWatcher(connection, queries=queries(connection), refresh_interval=LOOK)
    await watcher.__aenter__()
    try:
        yield PgQueue(connection, watcher, priority=priority, patience=patience)
    finally:
        await _close(connection, watcher)


async def _close(connection: LastingConnection, watcher: CompletionWatcher) -> None:
    """Nobody who still waits is waited for, nor a database that does not answer."""
    for waiting in chain.from_iterable(watcher.waiters.values()):
        waiting.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL):
            await watcher.__aexit__(None)
    await connection.close()
