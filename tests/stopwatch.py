from datetime import timedelta

from bot.core.pacing import RateLimit


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
