"""The clock: APScheduler ticks, and the ledger decides what is due. It sweeps, too, so that old things go."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.core.rounds import Rounds
from bot.core.tracing import Work, span

#: Seconds. A delivery begins at most this long after its minute.
TICK: Final = 5
#: Ticks are counted from here, so that there is one at the beginning of each minute, when most deliveries are due.
_A_MINUTE: Final = datetime(2026, 1, 1, tzinfo=UTC)
#: Seconds. Whoever sweeps decides whether it is time to.
SWEEP: Final = 600


#: Is told of each tick whether it went well.
Ticked = Callable[[bool], None]
#: `Sweeping.tick`
Sweep = Callable[[], Awaitable[None]]


def unwatched(_went_well: bool) -> None:
    """Nobody wants to know."""


def start(
    rounds: Rounds,
    *,
    every: float = TICK,
    ticked: Ticked = unwatched,
    sweep: Sweep | None = None,
    sweep_every: float = SWEEP,
) -> AsyncIOScheduler:
    """Starts to tick on the running loop, `every` so many seconds; `shutdown()` on what is returned ends it.

    Neither waits for the other, and one that fails is logged and comes again.
    """

    async def tick() -> None:
        try:
            with span(Work.TICK):
                await rounds.tick()
        except asyncio.CancelledError:
            return  # by the scheduler as it shuts down; the tick goes on to its end, for which `Rounds.finish` waits
        except Exception:
            ticked(False)
            raise  # APScheduler logs it
        ticked(True)

    # A late tick still counts, and one stands for all that were missed.
    once = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    scheduler = AsyncIOScheduler(timezone="UTC", job_defaults=once)
    scheduler.add_job(tick, "interval", seconds=every, start_date=_A_MINUTE)
    if sweep is not None:
        scheduler.add_job(_until_shutdown, "interval", [sweep], seconds=sweep_every)
    scheduler.start()
    return scheduler


async def _until_shutdown(sweep: Sweep) -> None:
    with suppress(asyncio.CancelledError):  # what was begun is rolled back, and swept by the next process
        await sweep()
