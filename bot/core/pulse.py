"""Whether what has to happen again and again does happen."""

from datetime import datetime, timedelta
from typing import Final

from bot.core.metering import Censuses
from bot.core.pacing import Stopwatch
from bot.core.ports import Clock

#: What has not happened for longer has stopped.
STOPPED: Final = timedelta(minutes=1)
#: A digest that is made already waits no longer until somebody begins to post it.
UNPOSTED: Final = timedelta(minutes=15)
#: Making a digest takes no longer, however slow the model is.
UNMADE: Final = timedelta(hours=2)


class Pulse:
    """On a stopwatch, since what people set their clocks to says nothing of ours."""

    def __init__(self, clock: Stopwatch, *, whose: str = "The clock", beats: str = "ticked") -> None:
        """`whose` and what it does, as in “The clock has not ticked”."""
        self._clock = clock
        self._silence = f"{whose} has not {beats}"
        self._last: float | None = None

    def beat(self) -> None:
        """It went well once more."""
        self._last = self._clock()

    async def trouble(self) -> str:
        """What is wrong, in one line; empty if nothing is."""
        if self._last is None:
            return f"{self._silence} yet."
        silent = timedelta(seconds=self._clock() - self._last)
        return f"{self._silence} for {silent.total_seconds():.0f} s." if silent > STOPPED else ""


class Backlog:
    """Whether deliveries get on. One that waits for its next attempt is not due."""

    def __init__(self, censuses: Censuses, now: Clock) -> None:
        self._censuses = censuses
        self._now = now

    async def trouble(self) -> str:
        """What is wrong, in one line; empty if nothing is, and if the database does not say."""
        now = self._now()
        waiting = await self._censuses.waiting(now)
        if waiting is None:
            return ""
        if waiting.to_be_posted is not None and now - waiting.to_be_posted > UNPOSTED:
            return f"Deliveries are due since {_minute(waiting.to_be_posted)}, and none is being worked on."
        if waiting.to_be_made is not None and now - waiting.to_be_made > UNMADE:
            return f"Digests are due since {_minute(waiting.to_be_made)}, and are not made."
        return ""


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
