"""What the clock does: a due subscription becomes a row of the ledger, and what waits there becomes jobs."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.core.correcting import Correcting
from bot.core.delivering import Delivering
from bot.core.following import Follower
from bot.core.jobs import Analyse, Collect, Correct, Deliver, Follow, Job, Jobs
from bot.core.metering import Meter
from bot.core.pacing import giving_way
from bot.core.ports import Clock, Ledger
from bot.core.preparing import Preparing
from bot.core.schedule import plan
from bot.core.steps import Step
from bot.core.understanding import Understanding

#: Subscriptions that one transaction looks at; when they have all come due, the next one follows at once.
LOOKED_AT_ONCE: Final = 500


class Work:
    """Does jobs, whoever hands them out."""

    def __init__(
        self,
        *,
        preparing: Preparing,
        understanding: Understanding,
        delivering: Delivering,
        correcting: Correcting,
        follower: Follower,
    ) -> None:
        self._preparing = preparing
        self._understanding = understanding
        self._delivering = delivering
        self._correcting = correcting
        self._follower = follower

    async def perform(self, job: Job) -> Sequence[Job]:
        """Returns what is to be done next. Doing a job again does what is left of it.

        Raises nothing that the ledger knows how to deal with. What it posts gives way to what people wait for.
        """
        with giving_way():
            return await self._performed(job)

    async def _performed(self, job: Job) -> Sequence[Job]:
        match job:
            case Collect():
                return await self._preparing.prepare(job)
            case Analyse(repo=repo, sha=sha):
                await self._understanding.analyse_stored(repo, sha)
            case Deliver():
                await self._delivering.deliver(job)
            case Correct():
                await self._correcting.correct_all()
            case Follow(following=number):
                await self._follower.look(number)
        return ()


class Rounds:
    """Sees to it that every (subscription, local day) is delivered once. Any number of processes may make rounds."""

    def __init__(
        self, *, ledger: Ledger, correcting: Correcting, follower: Follower, jobs: Jobs, now: Clock, meter: Meter
    ) -> None:
        self._ledger = ledger
        self._correcting = correcting
        self._follower = follower
        self._jobs = jobs
        self._now = now
        self._meter = meter
        self._ticks: set[asyncio.Task[None]] = set()

    async def tick(self) -> None:
        """Adds what has become due and has it delivered, waiting for nothing slow. Call it every few seconds.

        A tick that is cancelled goes on to its end, for which `finish` waits: it may be in the middle of a transaction.
        """
        tick = asyncio.create_task(self._tick())
        self._ticks.add(tick)
        tick.add_done_callback(self._ticked)
        await asyncio.shield(tick)

    def _ticked(self, tick: asyncio.Task[None]) -> None:
        self._ticks.discard(tick)
        if not tick.cancelled():
            tick.exception()  # seen, even when whoever called has left

    async def _tick(self) -> None:
        now = self._now()
        while await self._ledger.look(now, LOOKED_AT_ONCE, plan) == LOOKED_AT_ONCE:
            self._meter.reached(Step.SCHEDULED)
        self._meter.reached(Step.SCHEDULED)
        await self._jobs.enqueue(await self._ledger.waiting(now))
        if await self._correcting.is_due():
            await self._jobs.enqueue([Correct()])
        await self._jobs.enqueue([Follow(following=number) for number in await self._follower.due()])

    async def finish(self) -> None:
        """Waits until everything that was begun here has ended."""
        while self._ticks:
            await asyncio.wait(self._ticks)
        await self._jobs.finish()
