"""What has been received a moment ago, so that it is not taken for something new."""

import time
from collections import OrderedDict


class Recent:
    """Remembers keys for so many seconds, and at most so many of them: the newest."""

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._forget_at: OrderedDict[str, float] = OrderedDict()

    def add(self, key: str) -> bool:
        """False if it is remembered already."""
        now = time.monotonic()
        while self._forget_at and next(iter(self._forget_at.values())) <= now:
            self._forget_at.popitem(last=False)
        if key in self._forget_at:
            return False
        self._forget_at[key] = now + self._seconds
        if len(self._forget_at) > self._most:
            self._forget_at.popitem(last=False)
        return True

    def discard(self, key: str) -> None:
        self._forget_at.pop(key, None)
