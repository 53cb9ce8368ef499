"""How an answer reaches a person in Slack who has to wait for it."""

import time
from dataclasses import replace
from typing import Any, Final

import structlog
from aiohttp import ClientError
from slack_bolt.async_app import AsyncRespond

from bot.core.asker import Asker
from bot.core.errors import BotError, ChannelGone
from bot.core.replies import DigestView, Progress, RangeView, Reply
from formatters.slack import SlackMessage, render
from handlers.slack.ports import Slack

#: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
RESPONSE_URL_USES: Final = 5
RESPONSE_URL_SECONDS: Final = 30 * 60

log = structlog.get_logger()


class ResponseUrl:
    """Counts its uses, all of them through one object; a click in a window comes without one."""

    def __init__(self, respond: AsyncRespond) -> None:
        self._respond = respond
        self._expires_at = time.monotonic() + RESPONSE_URL_SECONDS
        self._left = RESPONSE_URL_USES if respond.response_url else 0

    @property
    def left(self) -> int:
        return 0 if time.monotonic() >= self._expires_at else self._left

    async def send(self, message: SlackMessage | None, **how: Any) -> bool:
        """Whether Slack took it. https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
        if not self.left:
            return False
        self._left -= 1
        try:
            response = await self._respond(**(message or {}), **how)
        except (ClientError, TimeoutError, OSError):
            log.warning("slack.response_url_broke")
            return False
        if response.status_code != 200:
            log.warning("slack.response_url_refused", status=response.status_code)
            self._left = 0
        return response.status_code == 200


class PrivateTeller:
    """By the response_url of a command or a click, for one person to see; where that is used up, by other ways."""

    def __init__(self, url: ResponseUrl, slack: Slack, asker: Asker, *, replaces: bool = False) -> None:
        self._url = url
        self._slack = slack
        self._asker = asker
        #: After a command, each answer takes the place of the one before; after a click that would be the message
        #: clicked in.
        self._replaces = replaces
        self._told = False

    async def progress(self, reply: Progress) -> None:
        if self._url.left > 1:
            await self._send(reply)

    async def answer(self, reply: Reply) -> None:
        if not await self._send(reply):
            await whisper(self._slack, self._asker, reply)

    async def _send(self, reply: Reply) -> bool:
        replaces = self._replaces and self._told
        self._told = True
        return await self._url.send(render(reply), response_type="ephemeral", replace_original=replaces)


async def whisper(slack: Slack, asker: Asker, reply: Reply, *, thread: str | None = None) -> None:
    """To one person in the channel, else as a direct message; what cannot be told is logged."""
    workspace, channel, user = asker.channel.workspace, asker.channel.id, asker.user
    try:
        if channel:
            try:
                await slack.post_privately(workspace, channel, user, reply, thread=thread)
                return
            except ChannelGone:
                pass
        await slack.post(workspace, user, reply)
    except BotError as error:
        log.warning("slack.not_told", error=str(error))


class WhisperingTeller:
    """To one person of a channel, in a thread if it was asked there. Such messages cannot be changed, so one says

    that it takes time, and the answer is another one.
    """

    def __init__(self, slack: Slack, asker: Asker, *, thread: str | None) -> None:
        self._slack = slack
        self._asker = asker
        self._thread = thread
        self._told = False

    async def progress(self, reply: Progress) -> None:
        if not self._told:
            self._told = True
            await whisper(self._slack, self._asker, reply, thread=self._thread)

    async def answer(self, reply: Reply) -> None:
        await whisper(self._slack, self._asker, reply, thread=self._thread)


class PostingTeller:
    """As one message, which all in the channel see and which changes until it is the answer."""

    def __init__(self, slack: Slack, asker: Asker, *, thread: str | None) -> None:
        self._slack = slack
        self._channel = asker.channel
        self._thread = thread
        self._posted: str | None = None

    async def progress(self, reply: Reply) -> None:
        await self._tell(reply)

    async def answer(self, reply: Reply) -> None:
        if isinstance(reply, DigestView | RangeView):  # all see it already, so that there is nobody to share it with
            reply = replace(reply, framing=replace(reply.framing, is_private=False))
        await self._tell(reply)

    async def _tell(self, reply: Reply) -> None:
        workspace, channel = self._channel.workspace, self._channel.id
        try:
            if self._posted is None:
                self._posted = await self._slack.post(workspace, channel, reply, thread=self._thread)
            else:
                await self._slack.update(workspace, channel, self._posted, reply)
        except BotError as error:
            log.warning("slack.not_told", error=str(error))
