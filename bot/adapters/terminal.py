"""A channel for people without any chat platform: digests are written to a stream."""

from datetime import datetime
from typing import TextIO

from bot.core.model import Channel
from bot.core.replies import Reply
from formatters.terminal import render


class TerminalMessenger:
    """Implements `bot.core.ports.Messenger`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    async def post(self, channel: Channel, reply: Reply, *, key: str) -> str:
        self._stream.write(render(reply, color=self._stream.isatty()))
        self._stream.flush()
        return key

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        """What was written stays written."""

    async def check(self, channel: Channel) -> None:
        """A terminal is always there."""

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        """What scrolled by cannot be looked up; showing it again does no harm."""
        return None
