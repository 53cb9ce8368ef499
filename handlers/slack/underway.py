"""Answers that are still being made after their questions were acknowledged."""

import asyncio
from typing import Final

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

#: Seconds that a process which is told to stop goes on answering.
GRACE: Final = 10

log = structlog.get_logger()


class Underway(AsyncListenerStartHandler):
    """Bolt starts a task for each request and forgets it; these are remembered until they have ended."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def watch(self, app: AsyncApp) -> None:
        app.listener_runner.listener_start_handler = self

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self, within: float = GRACE) -> None:
        """Waits for those that are under way, but not for long."""
        if not self._tasks:
            return
        _done, left = await asyncio.wait(self._tasks, timeout=within)
        if left:
            log.warning("slack.answers_left", number=len(left))
