"""Spaces calls that the other side counts, on a stopwatch and with a sleep that are given."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Generator, Hashable
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar
from weakref import WeakValueDictionary

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


_gives_way: ContextVar[bool] = ContextVar("gives_way", default=False)


@contextmanager
def giving_way() -> Generator[None]:
    """What takes turns meanwhile lets others go first, also in tasks that begin meanwhile.

    So the clock's posts, of which a thousand may be due at once, keep nobody waiting who has asked something.
    """
    token = _gives_way.set(True)
    try:
        yield
    finally:
        _gives_way.reset(token)


def gives_way() -> bool:
    return _gives_way.get()


class Pace:
    """Hands out turns: at most `limit` of one key within any `span`.

    Who gives way waits in a line until a turn is free. All others book the next one at once, past that line; so only
    they can keep it waiting, by using up the limit alone. Both come in the order in which they asked.
    """

    def __init__(self, limit: int, span: timedelta, *, clock: Stopwatch, sleep: Sleep) -> None:
        self._limit = limit
        self._span = span.total_seconds()
        self._clock = clock
        self._sleep = sleep
        #: When the last `limit` turns of a key are, in their order; some may be to come.
        self._turns: OrderedDict[Hashable, deque[float]] = OrderedDict()
        self._lines: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def turn(self, key: Hashable) -> None:
        """Returns when it is this caller's turn."""
        self._forget()
        if gives_way():
            async with self._lines.setdefault(key, asyncio.Lock()):
                await self._free_turn(key)
        else:
            mine = self._next(key, self._clock())
            self._take(key, mine)
            await self._sleep_until(mine)

    async def _free_turn(self, key: Hashable) -> None:
        """It counts from when it was free, not from when we woke, so that what is slept too long does not add up."""
        mine = self._next(key, self._clock())
        while mine > self._clock():
            await self._sleep_until(mine)
            mine = self._next(key, mine)
        self._take(key, mine)

    def _next(self, key: Hashable, asked: float) -> float:
        """When the first turn is that nobody has, at `asked` or later."""
        turns = self._turns.get(key)
        if turns is None or len(turns) < self._limit:
            return asked
        return max(asked, turns[-1], turns[0] + self._span)

    def _take(self, key: Hashable, at: float) -> None:
        self._turns.setdefault(key, deque(maxlen=self._limit)).append(at)

    async def _sleep_until(self, at: float) -> None:
        if (left := at - self._clock()) > 0:
            await self._sleep(left)

    def _forget(self) -> None:
        now = self._clock()
        _drop(self._turns, lambda turns: turns[-1] + self._span <= now)


class Rest:
    """Remembers until when the other side does not want to be asked."""

    def __init__(self, *, clock: Stopwatch) -> None:
        self._clock = clock
        self._until: OrderedDict[Hashable, float] = OrderedDict()

    def begin(self, key: Hashable, span: timedelta) -> None:
        now = self._clock()
        _drop(self._until, lambda at: at <= now)
        self._until[key] = now + span.total_seconds()

    def left(self, key: Hashable) -> timedelta:
        """How much longer; zero when it is over."""
        return timedelta(seconds=max(0.0, self._until.get(key, 0.0) - self._clock()))


Kept = TypeVar("Kept")

#: Entries that are looked at for each that may be added, so that more go than come, however many there are.
_LOOKED_AT: Final = 2


def _drop(entries: OrderedDict[Hashable, Kept], is_over: Callable[[Kept], bool]) -> None:
    """Forgets what is over among the entries that were not looked at for the longest time."""
    for _entry in range(min(_LOOKED_AT, len(entries))):
        key, kept = entries.popitem(last=False)
        if not is_over(kept):
            entries[key] = kept
