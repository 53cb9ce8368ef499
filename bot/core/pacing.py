"""Spaces calls that the other side counts, on a stopwatch and with a sleep that are given."""

from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from enum import StrEnum

#: Seconds on a clock that only goes forward.
Stopwatch = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class RateLimit(StrEnum):
    """Why a call waits."""

    #: So that a limit of the other side is not exceeded.
    KEPT = "kept"
    #: The other side refused it, and said for how long it wants to be left alone.
    HIT = "hit"


#: Is told why something waits and for how long.
Waits = Callable[[RateLimit, timedelta], None]


def unnoticed(_limit: RateLimit, _span: timedelta) -> None:
    """Nobody wants to know."""


def noticed(sleep: Sleep, waits: Waits) -> Sleep:
    """The same sleep, which tells before that a limit is kept."""

    async def sleep_noticed(seconds: float) -> None:
        waits(RateLimit.KEPT, timedelta(seconds=seconds))
        await sleep(seconds)

    return sleep_noticed


class Pace:
    """Hands out turns: at most `limit` of one key within any `span`, in the order in which they were asked for."""

    def __init__(self, limit: int, span: timedelta, *, clock: Stopwatch, sleep: Sleep) -> None:
        self._limit = limit
        self._span = span.total_seconds()
        self._clock = clock
        self._sleep = sleep
        #: The last `limit` turns of a key; those of one that none of them holds up any more are forgotten.
        self._turns: dict[Hashable, deque[float]] = {}

    async def turn(self, key: Hashable) -> None:
        """Returns when it is this caller's turn."""
        now = self._clock()
        self._turns = {other: turns for other, turns in self._turns.items() if turns[-1] + self._span > now}
        turns = self._turns.setdefault(key, deque(maxlen=self._limit))
        mine = now if len(turns) < self._limit else max(now, turns[0] + self._span)
        turns.append(mine)
        if mine > now:
            await self._sleep(mine - now)


class Rest:
    """Remembers until when the other side does not want to be asked."""

    def __init__(self, *, clock: Stopwatch) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def begin(self, key: Hashable, span: timedelta) -> None:
        now = self._clock()
        self._until = {other: at for other, at in self._until.items() if at > now}
        self._until[key] = now + span.total_seconds()

    def left(self, key: Hashable) -> timedelta:
        """How much longer; zero when it is over."""
        return timedelta(seconds=max(0.0, self._until.get(key, 0.0) - self._clock()))
