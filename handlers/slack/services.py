"""What all handlers are given, and what they do with a question: the reply, or what went wrong in words for people."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog

from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import Command, Question, Subscribe
from bot.core.digests import Observer
from bot.core.errors import BotError, NotFound, NotUnderstood
from bot.core.language import Language, _, spoken
from bot.core.ports import Messenger
from bot.core.replies import Notice, Reply, Report
from handlers.slack.ports import Desk, Slack
from handlers.slack.reports import send

#: Seconds that a click may wait for knowing the channel's language; a window has to open within 3.
LANGUAGE_WITHIN: Final = 1

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    desk: Desk
    slack: Slack
    messenger: Messenger
    #: Where `owner/name` lives.
    host: str

    async def language(self, asker: Asker, button: str = "") -> Language:
        """In which to answer, what the button asks if there is one.

        What is not known in time is no reason not to answer.
        """
        try:
            async with asyncio.timeout(LANGUAGE_WITHIN):
                return await self.desk.language(asker, _question(button))
        except Exception:
            log.exception("slack.language_unknown")
            return self.desk.default_language

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        """The desk's reply; a report is sent, and the reply tells where it went. Raises BotError."""
        reply = await self.desk.answer(command, asker, observer)
        return await send(self.messenger, asker, reply) if isinstance(reply, Report) else reply

    async def share(self, button: str, asker: Asker, *, thread: str | None) -> Notice:
        """Answers what the button asks in the channel, for all to see. Raises BotError."""
        if not asker.channel.id:
            raise NotFound(_("This was not opened from a channel, so there is none to share it in."))
        return await self.desk.share(decode(button), asker, thread=thread)


def _question(button: str) -> Question | None:
    try:
        return decode(button)
    except BotError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong, in words for the person who asked."""

    notice: Notice
    error: Exception


def language_of(command: Command) -> Language:
    """The one that a command chooses for its channel is spoken at once."""
    return (command.language if isinstance(command, Subscribe) else None) or spoken()


async def attempted(work: Callable[[], Awaitable[T]]) -> T | Failure:
    try:
        return await work()
    except BotError as error:
        return Failure(notice=told(error), error=error)
    except Exception as error:
        log.exception("slack.crashed")
        return Failure(notice=Notice(text=str(BotError())), error=error)


async def said(answer: Callable[[], Awaitable[Reply]]) -> Reply:
    """The reply, or what went wrong."""
    reply = await attempted(answer)
    return reply.notice if isinstance(reply, Failure) else reply


def told(error: BotError) -> Notice:
    if isinstance(error, NotUnderstood):
        return Notice(text=str(error), example=error.example)
    log.warning("slack.not_answered", error=str(error))
    return Notice(text=str(error))
