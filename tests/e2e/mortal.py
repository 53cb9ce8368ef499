"""The bot in a process of its own that is killed, as `kill -9` kills, right after a step that it is told.

Such a process is forked from a server that has loaded what it needs, and has no thread and no loop yet: it lives after
milliseconds instead of seconds. https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
"""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import bot.adapters.feishu.messenger
import bot.adapters.git
import bot.adapters.openai.model
import bot.adapters.slack.messenger  # noqa: F401 - what a process needs, loaded before it is forked
from bot.app import composed
from bot.core.metering import Unmetered
from bot.core.steps import Step
from bot.settings import Settings
from tests.e2e.side_effects import SideEffects
from tests.fakes import FakeClock

#: Longer than any lease: after so long, what a dead process held is free.
FREE_AFTER: Final = timedelta(minutes=11)
MOMENT: Final = timedelta(seconds=5)
#: Seconds. Only what hangs takes so long.
PATIENCE: Final = 60

_PROCESSES: Final = get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    after: Step
    #: The how-manieth time that it takes the step, from 1.
    time: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What a process does: the clock ticks at these instants, unless they have passed when it begins."""

    settings: Settings
    ticks: Sequence[datetime]
    #: The instant at which the clocks of all processes stand is written there.
    clock: Path
    death: Death | None = None
    #: Where it leaves what it did, if it is to be observed.
    observed: Path | None = None


async def lived(life: Life) -> int | None:
    """Has a process live that life; its exit code, which is negative for a signal that it died of."""
    process = _PROCESSES.Process(target=_live, args=(life,))
    process.start()
    await asyncio.to_thread(process.join, PATIENCE)
    if process.is_alive():
        process.kill()
    return process.exitcode


class _Mortal(Unmetered):
    """Implements `Meter`."""

    def __init__(self, death: Death | None, side_effects: SideEffects | None) -> None:
        self._death = death
        self._side_effects = side_effects
        self._times = dict.fromkeys(Step, 0)

    def reached(self, step: Step) -> None:
        self._times[step] += 1
        if self._death == Death(after=step, time=self._times[step]):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._side_effects is not None:
            self._side_effects.reached(step)


def _live(life: Life) -> None:
    asyncio.run(_lived(life))


async def _lived(life: Life) -> None:
    side_effects = SideEffects() if life.observed else None
    clock = FakeClock()
    async with composed(life.settings, now=clock, meter=_Mortal(life.death, side_effects)) as app:
        if side_effects is not None:
            side_effects.watch()
        for instant in _instants(life):
            life.clock.write_text(instant.isoformat())
            clock.now = instant
            await app.rounds.tick()
            await app.rounds.finish()
    if side_effects is not None and life.observed is not None:
        life.observed.write_text(side_effects.report())


def _instants(life: Life) -> Iterator[datetime]:
    """Those that are left; who begins where another one has died waits until what that one held is free."""
    died_at = datetime.fromisoformat(life.clock.read_text()) if life.clock.exists() else None
    if died_at is None:
        yield from life.ticks
        return
    yield died_at + MOMENT
    for number in (1, 2, 3):
        yield died_at + number * FREE_AFTER
        yield died_at + number * FREE_AFTER + MOMENT
    yield from (tick for tick in life.ticks if tick > died_at + 4 * FREE_AFTER)
