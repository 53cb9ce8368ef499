"""How an answer reaches people in Feishu who have to wait for it."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from bot.core.asker import Asker
from bot.core.errors import BotError, MessageGone, MessageRejected
from bot.core.language import N_, _
from bot.core.ports import Attachment
from bot.core.replies import Notice, Reply, Report
from formatters.markdown.attachment import attached
from handlers.feishu.services import Services

#: Seconds after which a question that is still being answered gets a sign of life, where it may get none else.
SIGN_OF_LIFE_AFTER: Final = 1.5
_THINKING: Final = N_("Looking it up…")

log = structlog.get_logger()


class Place(Protocol):
    """Where answers go."""

    async def post(self, reply: Reply, *, key: str) -> str: ...

    async def send(self, attachment: Attachment, *, key: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """As an answer to a message, where all in the chat see it."""

    services: Services
    #: Its id.
    message: str
    #: The id of the channel that it stands in.
    chat: str
    #: Opens a topic below it, if it stands in none.
    in_thread: bool = False

    async def post(self, reply: Reply, *, key: str) -> str:
        answer = self.services.feishu.reply
        return await answer(self.message, reply, chat=self.chat, key=key, in_thread=self.in_thread)

    async def send(self, attachment: Attachment, *, key: str) -> None:
        answer = self.services.feishu.reply_with_file
        await answer(self.message, attachment, chat=self.chat, key=key, in_thread=self.in_thread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directly:
    """Into the conversation with one person."""

    services: Services
    asker: Asker

    async def post(self, reply: Reply, *, key: str) -> str:
        return await self.services.feishu.write(self.asker.user, reply, key=key)

    async def send(self, attachment: Attachment, *, key: str) -> None:
        await self.services.messenger.send(self.asker.channel, self.asker.user, attachment)


class FeishuTeller:
    """As one message, which all in the chat see and which changes until it is the answer."""

    def __init__(self, services: Services, asker: Asker, place: Place, *, key: str, begins: str = "") -> None:
        """`key` names the answer to Feishu. `begins` is the message that begins the conversation, if the answer may

        become what it is about.
        """
        self._services = services
        self._asker = asker
        self._place = place
        self._key = key
        self._begins = begins
        self._told: str | None = None
        # Whoever tells next changes the message instead of making another one.
        self._telling = asyncio.Lock()

    @property
    def has_told(self) -> bool:
        return self._told is not None

    async def progress(self, reply: Reply) -> None:
        try:
            async with self._telling:
                self._told = await self._shown(reply, f"{self._key}, meanwhile")
        except BotError as error:
            log.warning("feishu.progress_not_told", error=str(error))

    async def answer(self, reply: Reply, *, key: str = "") -> None:
        """`key` where this answer is to have another one."""
        try:
            async with self._telling:
                if isinstance(reply, Report):
                    await self._send(attached(reply))
                    return
                message = await self._shown(reply, key or self._key)
        except BotError as error:
            log.warning("feishu.not_told", error=str(error))
            return
        for about in filter(None, (message, self._begins)):
            await self._services.desk.note(reply, about, self._asker)

    async def _shown(self, reply: Reply, key: str) -> str:
        """The id of the message that shows it; another one if the one before is gone or cannot become it."""
        if self._told is not None:
            try:
                await self._services.feishu.update(self._told, reply, key=key)
            except (MessageGone, MessageRejected) as error:
                log.info("feishu.told_anew", error=str(error))
            else:
                return self._told
        return await self._place.post(reply, key=key)

    async def _send(self, attachment: Attachment) -> None:
        await self._place.send(attachment, key=self._key)
        if self._told is not None:
            here = Notice(text=_("Here is {file}.", file=attachment.name))
            await self._services.feishu.update(self._told, here, key=self._key)


async def alive(answering: asyncio.Future[Any], teller: FeishuTeller) -> None:
    """Says that it takes time, if it does and nobody has said so yet."""
    await asyncio.wait([answering], timeout=SIGN_OF_LIFE_AFTER)
    if not answering.done() and not teller.has_told:
        await teller.progress(Notice(text=_(_THINKING)))
