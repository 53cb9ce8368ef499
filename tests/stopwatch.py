import asyncio
from asyncio import SelectorEventLoop
from collections.abc import Callable, Coroutine
from datetime import timedelta
from selectors import DefaultSelector, SelectorKey
from typing import Any, TypeVar

from bot.core.pacing import RateLimit

Result = TypeVar("Result")


class Watch:
    """A stopwatch that goes on while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Heard(list[tuple[str, float]]):
    """What somebody was told of waits: why, and for how many seconds."""

    def __call__(self, limit: RateLimit, span: timedelta) -> None:
        self.append((limit.value, round(span.total_seconds(), 1)))


class _Hastened(DefaultSelector):
    """Waits for nothing: what was to be waited is added to the time."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        assert timeout is not None, "nothing more will ever happen"
        self.waited += max(0.0, timeout)
        return super().select(0)


class Hastened(SelectorEventLoop):
    """A loop on which many sleep side by side and no time passes but theirs. Nothing else can be waited for."""

    def __init__(self) -> None:
        self._hastened = _Hastened()
        super().__init__(self._hastened)

    def time(self) -> float:
        return self._hastened.waited


def hastened(scene: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """What the scene returns. The loop's `time` is its stopwatch and begins at 0; `asyncio.sleep` is its sleep."""
    with asyncio.Runner(loop_factory=Hastened) as runner:
        return runner.run(scene())
