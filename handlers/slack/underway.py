"""What Slack sent and Bolt acknowledged, while it is being answered."""

import asyncio

from slack_bolt.async_app import AsyncApp
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.core import underway


class Underway(underway.Underway, AsyncListenerStartHandler):
    """Bolt starts a task for each request and forgets it; these are remembered until they have ended."""

    def watch(self, app: AsyncApp) -> None:
        app.listener_runner.listener_start_handler = self

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        task = asyncio.current_task()
        if task is not None:
            self.add(task)
