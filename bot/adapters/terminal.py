"""A channel for people without any chat platform: digests are written to a stream."""

from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

from bot.core.ports import Attachment
from bot.core.replies import Reply
from bot.core.subscriptions import Channel
from formatters.terminal import render


class TerminalMessenger:
    """Implements `bot.core.ports.Messenger`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        self._stream.write(render(reply, color=self._stream.isatty()))
        self._stream.flush()
        return key

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        """What was written stays written."""

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        """Whoever sits at the terminal is told."""
        await self.post(channel, reply, key="")

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        self._stream.write(attachment.text)
        self._stream.flush()

    def is_direct(self, channel: Channel) -> bool:
        return True

    async def admits(self, channel: Channel, user: str) -> bool:
        """Whoever sits at the terminal owns it."""
        return True

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        """Nobody has said."""
        return None

    async def check(self, channel: Channel, user: str = "") -> None:
        """A terminal is always there."""

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        """What scrolled by cannot be looked up; showing it again does no harm."""
        return None
