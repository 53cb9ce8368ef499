"""Whether the clock ticks."""

from datetime import timedelta
from typing import Final

from bot.core.pacing import Stopwatch

#: A clock that has not ticked for longer has stopped.
STOPPED: Final = timedelta(minutes=1)


class Pulse:
    """On a stopwatch, since what people set their clocks to says nothing of ours."""

    def __init__(self, clock: Stopwatch) -> None:
        self._clock = clock
        self._last: float | None = None

    def beat(self) -> None:
        """A tick went well."""
        self._last = self._clock()

    async def trouble(self) -> str:
        """What is wrong, in one line; empty if nothing is."""
        if self._last is None:
            return "The clock has not ticked yet."
        silent = timedelta(seconds=self._clock() - self._last)
        return f"The clock has not ticked for {silent.total_seconds():.0f} s." if silent > STOPPED else ""
