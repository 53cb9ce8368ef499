"""A worker: PgQueuer hands us jobs, whoever has enqueued them."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from pgqueuer.models import Job as Taken
from pgqueuer.qm import QueueManager

from bot.adapters.queue.connection import Share
from bot.adapters.queue.payloads import Row, Unreadable, kind_of, load
from bot.adapters.queue.queue import TAKEN_OVER_AFTER, PgQueue
from bot.adapters.queue.tables import watched
from bot.core.jobs import Job
from bot.core.rounds import Work
from bot.core.working import AT_ONCE

#: How often a worker asks for jobs when it hears of none: those of one that died are there without a notification.
ASK: Final = timedelta(seconds=5)
#: Which part of what a worker does at once it takes at a time, so that others get their share.
SHARE: Final = 8
#: Seconds before a loop that broke is begun anew.
PAUSE: Final = 5.0
#: Seconds between times that what ended long ago is forgotten.
TIDY: Final = 600.0

log = structlog.get_logger()


def unwatched() -> None:
    """Nobody wants to know."""


class Worker:
    """Works on jobs of every kind, each kind in a loop of its own: digests wait for analyses, which must get on."""

    def __init__(self, queue: PgQueue, work: Work, *, asked: Callable[[], None] = unwatched) -> None:
        """`asked` is told whenever the queue has been asked for jobs."""
        self._queue = queue
        self._work = work
        self._asked = asked
        self._stopping = asyncio.Event()
        self._managers: dict[type[Job], QueueManager] = {}
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._lasting(kind)) for kind in AT_ONCE]
        self._loops.append(asyncio.create_task(self._tidying()))

    async def stop(self, within: float) -> None:
        """Takes no more jobs, and waits `within` so many seconds for those under way; what is left, others do."""
        self._stopping.set()
        for manager in self._managers.values():
            manager.shutdown.set()
        _ended, left = await asyncio.wait(self._loops, timeout=within)
        if left:
            log.warning("worker.stopped_early", seconds=within)
        for loop in left:
            loop.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _lasting(self, kind: type[Job]) -> None:
        while not self._stopping.is_set():
            manager = self._managers[kind] = self._manager(kind)
            try:
                await _run(manager, AT_ONCE[kind])
            except Exception:
                log.exception("worker.crashed", job=kind_of(kind))
                await self._pause(PAUSE)

    def _manager(self, kind: type[Job]) -> QueueManager:
        manager = QueueManager(watched(Share(self._queue.connection), self._asked))
        manager.entrypoint(kind_of(kind))(self._do)
        return manager

    async def _do(self, taken: Taken) -> None:
        """What fails here is done again when the clock finds in the ledger that it was not."""
        try:
            job = load(Row(taken.entrypoint, taken.payload or b""))
        except Unreadable as error:
            log.warning("job.unreadable", job=taken.entrypoint, reason=str(error))
            return
        try:
            await self._queue.enqueue(await self._work.perform(job))
        except Exception:
            log.exception("job.crashed", job=taken.entrypoint)

    async def _tidying(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._queue.forget()
            except Exception:
                log.exception("queue.not_tidied")
            await self._pause(TIDY)

    async def _pause(self, seconds: float) -> None:
        """Or less, if the worker is to stop."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


async def _run(manager: QueueManager, at_once: int) -> None:
    share = max(1, at_once // SHARE)
    await manager.run(
        dequeue_timeout=ASK,
        batch_size=share,
        max_concurrent_tasks=max(at_once, 2 * share),  # PgQueuer takes no less
        heartbeat_timeout=TAKEN_OVER_AFTER,
        log_aggregation_interval=timedelta(0),
    )
