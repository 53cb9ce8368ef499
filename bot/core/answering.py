"""What handlers make of a question, on whichever platform: the reply, or what went wrong in words for people."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import structlog

from bot.core import interactions
from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import Command, Question, Subscribe
from bot.core.digests import Observer
from bot.core.errors import BotError, NotUnderstood
from bot.core.language import Language, spoken
from bot.core.metering import Outcome
from bot.core.replies import Answer, Notice, Progress, Reply

#: Seconds that a click may wait for knowing the channel's language; platforms give up after 3.
LANGUAGE_WITHIN: Final = 1
#: Seconds after a question at which a waiting person is told how far we are.
PROGRESS_AFTER: Final = (2, 15, 60)

log = structlog.get_logger()

T = TypeVar("T")


class Desk(Protocol):
    """`bot.core.desk.Desk`, as far as handlers ask it."""

    default_language: Language

    async def language(self, asker: Asker, question: Question | None = None) -> Language: ...

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply: ...

    async def share(self, question: Question, asker: Asker, *, thread: str | None) -> Notice: ...

    async def note(self, reply: Reply, message: str, asker: Asker) -> None: ...

    async def ask(
        self, text: str, message: str, asker: Asker, observer: Observer | None = None
    ) -> Answer | Notice | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What went wrong, in words for the person who asked."""

    notice: Notice
    error: Exception


async def attempted(work: Callable[[], Awaitable[T]]) -> T | Failure:
    try:
        made = await work()
    except BotError as error:
        return Failure(notice=told(error), error=error)
    except Exception as error:
        interactions.came_to(Outcome.CRASHED)
        log.exception("answer.crashed")
        return Failure(notice=Notice(text=str(BotError())), error=error)
    if made is not None:  # nothing of ours stood where it was asked
        interactions.came_to(Outcome.ANSWERED)
    return made


async def said(answer: Callable[[], Awaitable[Reply]]) -> Reply:
    """The reply, or what went wrong."""
    reply = await attempted(answer)
    return reply.notice if isinstance(reply, Failure) else reply


def told(error: BotError) -> Notice:
    if isinstance(error, NotUnderstood):
        interactions.came_to(Outcome.NOT_UNDERSTOOD)
        return Notice(text=str(error), example=error.example)
    interactions.came_to(Outcome.REFUSED)
    log.warning("answer.refused", error=str(error))
    return Notice(text=str(error))


async def language(desk: Desk, asker: Asker, button: str = "") -> Language:
    """In which to answer, what the button asks if there is one.

    What is not known in time is no reason not to answer.
    """
    try:
        async with asyncio.timeout(LANGUAGE_WITHIN):
            return await desk.language(asker, _question(button))
    except Exception:
        log.exception("answer.language_unknown")
        return desk.default_language


def language_of(command: Command) -> Language:
    """The one that a command chooses for its channel is spoken at once."""
    return (command.language if isinstance(command, Subscribe) else None) or spoken()


def _question(button: str) -> Question | None:
    try:
        return decode(button)
    except BotError:
        return None


# Who has to wait


class Teller(Protocol):
    """How an answer reaches a person: what is said meanwhile, and the answer at last."""

    async def progress(self, reply: Progress) -> None: ...

    async def answer(self, reply: Reply) -> None: ...


class Waiting:
    """`async with Waiting(teller) as observe`: says how far the work is, a few times at most."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._latest: Progress | None = None
        self._is_over = asyncio.Event()

    async def __aenter__(self) -> Callable[[Progress], None]:
        self._telling = asyncio.create_task(self._tell())
        return self._observe

    async def __aexit__(self, *_exception: object) -> None:
        """What is just being told is told to its end, so that the answer comes after it."""
        self._is_over.set()
        await asyncio.wait([self._telling])

    def _observe(self, progress: Progress) -> None:
        self._latest = progress

    async def _tell(self) -> None:
        waited = 0
        for moment in PROGRESS_AFTER:
            with suppress(TimeoutError):
                async with asyncio.timeout(moment - waited):
                    await self._is_over.wait()
                return
            waited = moment
            if self._latest is not None:
                await self._teller.progress(self._latest)
