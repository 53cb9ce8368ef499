"""What people do with us, from its arrival until all of its answer is there: counted once, wherever it leads.

Doors to the outside say what arrives. Who answers says what came of it, and knows neither doors nor counters: which
interaction is being answered is a context variable, so that each task has its own.
"""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

from bot.core.metering import Interaction, Meter, Outcome
from bot.core.pacing import Stopwatch
from bot.core.subscriptions import Platform

#: From what is good to what is worst, which is what counts.
_WORSE: Final = tuple(Outcome)


class _Running:
    """Ends when nothing goes on with it any more, and is told then."""

    def __init__(self, platform: Platform, kind: Interaction, meter: Meter, clock: Stopwatch) -> None:
        self.kind = kind
        self._platform = platform
        self._meter = meter
        self._clock = clock
        self._began = clock()
        self._parts = 1
        self._outcome: Outcome | None = None
        self._is_over = False

    def acknowledged(self) -> None:
        self._meter.acknowledged(self._platform, self.kind, self._elapsed())

    def came_to(self, outcome: Outcome) -> None:
        self._outcome = max(outcome, self._outcome or outcome, key=_WORSE.index)

    def enter(self) -> None:
        self._parts += 1

    def leave(self) -> None:
        """What begins after the end is no part of it."""
        self._parts -= 1
        if self._parts == 0 and self._outcome is not None and not self._is_over:
            self._is_over = True
            self._meter.answered(self._platform, self.kind, self._outcome, self._elapsed())

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=self._clock() - self._began)


_running: ContextVar[_Running | None] = ContextVar("interaction", default=None)


@contextmanager
def arriving(
    platform: Platform, kind: Interaction | None, meter: Meter, clock: Stopwatch = time.monotonic
) -> Generator[None]:
    """Leaving the block acknowledges it, unless by an error. None is nothing that a person does."""
    if kind is None:
        yield
        return
    running = _Running(platform, kind, meter, clock)
    token = _running.set(running)
    try:
        yield
        running.acknowledged()
    except Exception:
        running.came_to(Outcome.CRASHED)
        raise
    finally:
        _running.reset(token)
        running.leave()


def goes_on_in(task: asyncio.Task[object]) -> None:
    """The answer is there when this task has ended, too."""
    if (running := _running.get()) is not None:
        running.enter()
        task.add_done_callback(lambda _task: running.leave())


def is_kind(kind: Interaction) -> None:
    """It turned out to be this, which was not known when it arrived."""
    if (running := _running.get()) is not None:
        running.kind = kind


def came_to(outcome: Outcome) -> None:
    """The worst of what it came to counts; what comes to nothing, such as what was received before, is not counted."""
    if (running := _running.get()) is not None:
        running.came_to(outcome)
