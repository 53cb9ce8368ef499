"""Buttons: answered at once with what is known by then, and in the thread of their card with what takes longer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from bot.core.answering import Failure, Waiting, attempted, told
from bot.core.asker import Asker
from bot.core.buttons import decode, unknown_button
from bot.core.commands import GiveFeedback, Question, Retry, ShowCommit, ShowIndex
from bot.core.errors import BotError
from bot.core.inbound import Inbound
from bot.core.language import N_, _, speaking
from bot.core.replies import DigestView, Notice, RangeView, Reply
from bot.core.underway import Underway
from formatters.feishu.values import Act, Pressed
from handlers.feishu.asker import asker_of
from handlers.feishu.events import Click, decode_click
from handlers.feishu.messages import GUEST
from handlers.feishu.services import Services
from handlers.feishu.settings import Forms
from handlers.feishu.telling import Below, FeishuTeller, alive
from handlers.feishu.toasts import ANSWER_WITHIN, FOLLOWS, SETTLES_WITHIN, toast

#: Seconds after an answer within which the same person's next click on the same button is the same click.
SAME_WITHIN: Final = 5
#: What there is to know of these does not change, so that all who ask within the hour find one answer.
_LASTING: Final = (ShowCommit, ShowIndex)
_RENEWED: Final = N_("The digest above is made anew.")

log = structlog.get_logger()

#: A card, who clicks, and what the button asks.
_Button = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A question that is being answered, in the thread of its card."""

    question: Question
    #: Of the click.
    event: str
    card: str
    teller: FeishuTeller
    answering: asyncio.Task[Reply | Failure]


class Clicks:
    def __init__(self, services: Services, inbound: Inbound, underway: Underway) -> None:
        self._services = services
        self._inbound = inbound
        self._underway = underway
        self._forms = Forms(services, underway)
        self._asked: dict[_Button, _Asked] = {}
        #: The answers to events that are being made.
        self._answering: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The callback's answer, well within 3 s; empty for a malformed one, and for one that was answered already."""
        click = decode_click(event)
        if click is None:
            return {}
        if click.event not in self._answering:
            answering = asyncio.create_task(self._answer_once(click))
            answering.add_done_callback(lambda _done: self._answering.pop(click.event, None))
            self._answering[click.event] = answering
        return await asyncio.shield(self._answering[click.event])

    async def _answer_once(self, click: Click) -> dict[str, Any]:
        """Whoever clicked sees whether it was answered, so that nobody takes it up."""
        with speaking(self._services.desk.default_language):
            if click.is_guest:
                return toast("error", _(GUEST))
            try:
                if await self._inbound.keep([f"click {click.event}"], payload=None) is None:
                    return {}
                asker = await asker_of(click, self._services.feishu)
            except BotError as error:
                return toast("error", told(error).text)
        button = click.pressed.question if click.pressed else ""
        with speaking(await self._services.language(asker, button)):
            try:
                return await self._answered(click, asker)
            except BotError as error:
                return toast("error", told(error).text)

    async def _answered(self, click: Click, asker: Asker) -> dict[str, Any]:
        """Raises BotError."""
        if click.pressed is None:
            raise unknown_button()
        question = decode(click.pressed.question)
        if click.pressed.act is Act.ASK:
            return await self._ask(question, click, click.pressed, asker)
        return await self._forms.answer(question, click.pressed, click, asker)

    async def _ask(self, question: Question, click: Click, pressed: Pressed, asker: Asker) -> dict[str, Any]:
        button = (click.message, click.person, pressed.question)
        is_new = button not in self._asked
        asked = self._asked.get(button) or self._begun(question, click, pressed, asker)
        if is_new:
            self._asked[button] = asked
            asked.answering.add_done_callback(lambda _done: self._forget(button, asked))
        await asyncio.wait([asked.answering], timeout=ANSWER_WITHIN)
        result = asked.answering.result() if asked.answering.done() else None
        match result:
            case Failure(notice=notice):
                self._drop(button, asked)
                return toast("error", notice.text)
            case Notice(text=text) if isinstance(question, GiveFeedback):
                return toast("success", text)
            case _:
                if is_new:
                    self._underway.add(asyncio.create_task(self._told(asked)))
                return toast("info", _(FOLLOWS))

    def _forget(self, button: _Button, asked: _Asked) -> None:
        asyncio.get_running_loop().call_later(SAME_WITHIN, self._drop, button, asked)

    def _drop(self, button: _Button, asked: _Asked) -> None:
        """Unless it was asked anew since."""
        if self._asked.get(button) is asked:
            del self._asked[button]

    def _begun(self, question: Question, click: Click, pressed: Pressed, asker: Asker) -> _Asked:
        below = Below(services=self._services, message=click.message, chat=asker.channel.id, in_thread=True)
        key = pressed.question if isinstance(question, _LASTING) else click.event
        teller = FeishuTeller(self._services, asker, below, key=key)
        answering = asyncio.create_task(self._answer(question, asker, teller))
        self._underway.add(answering)
        return _Asked(question=question, event=click.event, card=click.message, teller=teller, answering=answering)

    async def _answer(self, question: Question, asker: Asker, teller: FeishuTeller) -> Reply | Failure:
        async with Waiting(teller) as observe:
            return await attempted(lambda: self._services.answer(question, asker, observe))

    async def _told(self, asked: _Asked) -> None:
        await alive(asked.answering, asked.teller)
        result = await asked.answering
        if isinstance(result, Failure):  # which is not what there is to know, so that it must not bar the way to that
            await asked.teller.answer(result.notice, key=asked.event)
            return
        reply = result
        if isinstance(asked.question, Retry) and await self._is_renewed(asked.card, reply):
            reply = Notice(text=_(_RENEWED))
            if not asked.teller.has_told:
                return
        await asked.teller.answer(reply)

    async def _is_renewed(self, card: str, reply: Reply) -> bool:
        """Whether the digest that was clicked in is now what the reply says."""
        if not isinstance(reply, DigestView | RangeView):
            return False
        await asyncio.sleep(SETTLES_WITHIN)
        try:
            await self._services.feishu.update(card, reply)
        except BotError as error:
            log.info("feishu.told_anew", error=str(error))
            return False
        return True
