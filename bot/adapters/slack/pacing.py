"""Spaces calls that a platform counts: https://docs.slack.dev/apis/web-api/rate-limits"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Final

#: Seconds on a clock that only goes forward.
Stopwatch = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

#: Slack takes about one post per second and channel.
POST_INTERVAL: Final = timedelta(seconds=1.1)


class Pace:
    """Hands out turns: those of one key are at least an interval apart, in the order in which they were asked for."""

    def __init__(
        self, interval: timedelta = POST_INTERVAL, *, clock: Stopwatch = time.monotonic, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._interval = interval.total_seconds()
        self._clock = clock
        self._sleep = sleep
        #: When the next turn of a key may be; one that is over by now is forgotten.
        self._next: dict[Hashable, float] = {}

    async def turn(self, key: Hashable) -> None:
        """Returns when it is this caller's turn."""
        now = self._clock()
        self._next = {other: at for other, at in self._next.items() if at > now}
        mine = self._next.get(key, now)
        self._next[key] = mine + self._interval
        if mine > now:
            await self._sleep(mine - now)


class Rest:
    """Remembers until when the other side does not want to be asked."""

    def __init__(self, *, clock: Stopwatch = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[Hashable, float] = {}

    def begin(self, key: Hashable, span: timedelta) -> None:
        now = self._clock()
        self._until = {other: at for other, at in self._until.items() if at > now}
        self._until[key] = now + span.total_seconds()

    def left(self, key: Hashable) -> timedelta:
        """How much longer; zero when it is over."""
        return timedelta(seconds=max(0.0, self._until.get(key, 0.0) - self._clock()))
