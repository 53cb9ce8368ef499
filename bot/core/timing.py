"""When to try again, and what is late: decisions that wait for nothing themselves."""

from datetime import datetime, timedelta
from typing import Final

from bot.core.errors import BotError

#: A delivery is on time within this span of its scheduled minute.
ON_TIME: Final = timedelta(seconds=60)

_FIRST_RETRY: Final = timedelta(minutes=1)
_LONGEST_RETRY: Final = timedelta(hours=1)


def retry_delay(error: BotError, *, attempt: int) -> timedelta | None:
    """How long to wait before the next attempt, doubling from a minute to an hour; None: trying again cannot help.

    `attempt` is the one that failed, from 1. What the other side asked for is the least to wait.
    """
    if not error.retry or error.permanent:
        return None
    doubled = min(_FIRST_RETRY * 2 ** min(attempt - 1, 10), _LONGEST_RETRY)
    return max(doubled, error.retry_after or timedelta())


def lateness(scheduled_at: datetime, posted_at: datetime) -> timedelta:
    """By how many whole minutes a digest comes too late, so that many look alike; zero for one that is on time."""
    late_by = posted_at - scheduled_at
    return late_by - late_by % timedelta(minutes=1) if late_by > ON_TIME else timedelta()
