"""The clock: APScheduler ticks, and the ledger decides what is due."""

from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.core.rounds import Rounds

#: Seconds. A delivery begins at most this long after its minute.
TICK: Final = 5


def start(rounds: Rounds, *, every: float = TICK) -> AsyncIOScheduler:
    """Starts to tick on the running loop, `every` so many seconds; `shutdown()` on what is returned ends it."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    # A late tick still counts, and one stands for all that were missed.
    scheduler.add_job(rounds.tick, "interval", seconds=every, misfire_grace_time=None, coalesce=True, max_instances=1)
    scheduler.start()
    return scheduler
