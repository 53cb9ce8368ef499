"""What was made a moment ago and would be made alike now."""

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.core.ports import Clock

T = TypeVar("T")


class Recent(Generic[T]):
    """Keeps at most `most` values, each for so long; the oldest makes room."""

    def __init__(self, *, now: Clock, kept: timedelta, most: int) -> None:
        self._now = now
        self._kept = kept
        self._most = most
        self._values: dict[Hashable, tuple[datetime, T]] = {}

    def get(self, key: Hashable) -> T | None:
        known = self._values.get(key)
        if known is None:
            return None
        at, value = known
        return value if at <= self._now() < at + self._kept else None

    def keep(self, key: Hashable, value: T) -> None:
        self._values.pop(key, None)
        self._values[key] = (self._now(), value)
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]
