"""The clock: APScheduler ticks, and the ledger decides what is due."""

from collections.abc import Callable
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.core.rounds import Rounds

#: Seconds. A delivery begins at most this long after its minute.
TICK: Final = 5


#: Is told of each tick whether it went well.
Ticked = Callable[[bool], None]


def unwatched(_went_well: bool) -> None:
    """Nobody wants to know."""


def start(rounds: Rounds, *, every: float = TICK, ticked: Ticked = unwatched) -> AsyncIOScheduler:
    """Starts to tick on the running loop, `every` so many seconds; `shutdown()` on what is returned ends it."""

    async def tick() -> None:
        try:
            await rounds.tick()
        except Exception:
            ticked(False)
            raise  # APScheduler logs it
        ticked(True)

    scheduler = AsyncIOScheduler(timezone="UTC")
    # A late tick still counts, and one stands for all that were missed.
    scheduler.add_job(tick, "interval", seconds=every, misfire_grace_time=None, coalesce=True, max_instances=1)
    scheduler.start()
    return scheduler
