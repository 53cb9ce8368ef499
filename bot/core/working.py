"""Jobs within one process, each a task."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

import structlog

from bot.core.jobs import Analyse, Collect, Correct, Deliver, Follow, Job

#: How many of a kind are done at a time. Digests wait for a model, deliveries for a platform: neither costs much.
AT_ONCE: Final[Mapping[type[Job], int]] = {Collect: 16, Analyse: 64, Deliver: 256, Correct: 1, Follow: 4}

#: Does a job and returns what is to be done next.
Perform = Callable[[Job], Awaitable[Collection[Job]]]

log = structlog.get_logger()


class Working:
    """Implements `bot.core.jobs.Jobs` within one process; the next one finds in the ledger what ended with it."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._places = {kind: asyncio.Semaphore(number) for kind, number in AT_ONCE.items()}
        self._tasks: dict[Job, asyncio.Task[None]] = {}
        #: Jobs that were asked for once more while they were being done: there may be more to do since.
        self._again: set[Job] = set()

    async def enqueue(self, jobs: Collection[Job]) -> None:
        for job in jobs:
            if job in self._tasks:
                self._again.add(job)
            else:
                self._start(job)

    def _start(self, job: Job) -> None:
        task = self._tasks[job] = asyncio.create_task(self._done(job))
        task.add_done_callback(lambda _task: self._ended(job))

    async def _done(self, job: Job) -> None:
        async with self._places[type(job)]:
            self._again.discard(job)
            try:
                await self.enqueue(await self._perform(job))
            except Exception:
                log.exception("job.crashed", job=type(job).__name__.lower())

    def _ended(self, job: Job) -> None:
        del self._tasks[job]
        if job in self._again:
            self._again.discard(job)
            self._start(job)

    async def finish(self) -> None:
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
