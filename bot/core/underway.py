"""Answers that are still being made after their questions were acknowledged."""

import asyncio
from typing import Final

import structlog

from bot.core import interactions
from bot.core.metering import Outcome

#: Seconds that a process which is told to stop goes on answering.
GRACE: Final = 10

log = structlog.get_logger()


class Underway:
    """Remembers tasks until they have ended."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def add(self, task: asyncio.Task[object]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        interactions.goes_on_in(task)

    def _ended(self, task: asyncio.Task[object]) -> None:
        """Nobody waits for what it returns, and so nobody else would hear of a crash."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            interactions.came_to(Outcome.CRASHED)
            log.error("answer.crashed", exc_info=error)

    async def finish(self, within: float = GRACE) -> None:
        """Waits for those that are under way and those that they begin, but not for long."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + within
        while (left := self._left()) and loop.time() < ends:
            await asyncio.wait(left, timeout=ends - loop.time())
        if left := self._left():
            log.warning("answers.left", number=len(left))

    def _left(self) -> list[asyncio.Task[object]]:
        return [task for task in self._tasks if not task.done()]
