"""Forms in a card: the settings of a subscription, and what is wrong with an analysis.

A card is seen by all, so whoever submits a form does so for themselves, and the card shows what has become of it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from bot.core.answering import Failure, Waiting, attempted, said
from bot.core.asker import Asker
from bot.core.buttons import decode, unknown_button
from bot.core.commands import Elsewhere, GiveFeedback, OpenSettings, Preview, Question, Subscribe, Unsubscribe
from bot.core.errors import BotError
from bot.core.form import Invalid, as_entered
from bot.core.interactions import is_kind
from bot.core.language import N_, _
from bot.core.metering import Interaction
from bot.core.replies import Notice, Reply, SettingsForm
from bot.core.underway import Underway
from formatters.feishu.values import Act, Pressed
from formatters.fields import REASON
from handlers.feishu.entered import entered, text
from handlers.feishu.events import Click
from handlers.feishu.services import Services
from handlers.feishu.telling import Below, FeishuTeller
from handlers.feishu.toasts import FOLLOWS, ONE_MOMENT, OUTCOME_WITHIN, SETTLES_WITHIN, Kind, toast

_DONE: Final = N_("Done.")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What the person who submitted is told, and what the card shows from then on; None: what it shows already."""

    kind: Kind
    text: str
    shown: Reply | None = None
    note: Notice | None = None


class Forms:
    def __init__(self, services: Services, underway: Underway) -> None:
        self._services = services
        self._underway = underway

    async def answer(self, question: Question, pressed: Pressed, click: Click, asker: Asker) -> dict[str, Any]:
        """The callback's answer with the outcome if that is known soon enough; else the card shows it later."""
        if pressed.act is not Act.IN_FORM:
            is_kind(Interaction.FORM)
        making = asyncio.ensure_future(attempted(self._outcome(question, pressed, click, asker)))
        await asyncio.wait([making], timeout=OUTCOME_WITHIN)
        if not making.done():
            self._underway.add(asyncio.create_task(self._later(making, click, asker)))
            return toast("info", _(ONE_MOMENT))
        made = making.result()
        if isinstance(made, Failure):
            return toast("error", made.notice.text)
        return toast(made.kind, made.text, made.shown, note=made.note)

    def _outcome(
        self, question: Question, pressed: Pressed, click: Click, asker: Asker
    ) -> Callable[[], Awaitable[_Outcome]]:
        match pressed.act, question:
            case Act.SAVE, OpenSettings() | Elsewhere():
                return lambda: self._saved(question, click, asker)
            case Act.PREVIEW, OpenSettings() | Elsewhere():
                return lambda: self._previewed(question, click, asker)
            case Act.IN_FORM, _:
                return lambda: self._done(question, pressed, asker)
            case Act.FEEDBACK, GiveFeedback():
                return lambda: self._reasoned(question, click, asker)
            case _:
                raise unknown_button()

    async def _later(self, making: asyncio.Future[_Outcome | Failure], click: Click, asker: Asker) -> None:
        """A card that changes before its click is answered would be put back by the answer."""
        made, _settled = await asyncio.gather(making, asyncio.sleep(SETTLES_WITHIN))
        shown = made.notice if isinstance(made, Failure) else made.shown or Notice(text=made.text)
        if isinstance(made, _Outcome) and made.shown is not None:
            try:
                await self._services.feishu.update(click.message, made.shown, note=made.note)
            except BotError as error:
                log.info("feishu.told_anew", error=str(error))
            else:
                return
        await self._teller(click, asker).answer(shown)

    async def _saved(self, question: OpenSettings | Elsewhere, click: Click, asker: Asker) -> _Outcome:
        try:
            subscribe = self._read(question, click)
        except Invalid as invalid:
            return await self._wrong(question, asker, invalid)
        command = replace(question, command=subscribe) if isinstance(question, Elsewhere) else subscribe
        saved = await attempted(lambda: self._services.answer(command, asker))
        if isinstance(saved, Failure):
            form = await self._form(question, asker, subscribe)
            return _Outcome(kind="error", text=saved.notice.text, shown=form, note=saved.notice)
        return _Outcome(kind="success", text=_(_DONE), shown=saved)

    async def _previewed(self, question: OpenSettings | Elsewhere, click: Click, asker: Asker) -> _Outcome:
        """The form stays as it was filled in."""
        try:
            subscribe = self._read(question, click)
        except Invalid as invalid:
            return await self._wrong(question, asker, invalid)
        form = await self._form(question, asker, subscribe)
        if isinstance(form, SettingsForm):  # which also knows the repository of a subscription that there is
            subscribe = replace(subscribe, repo=form.terms.followed)
            self._underway.add(asyncio.create_task(self._preview(subscribe, click, asker)))
        return _Outcome(kind="info", text=_(FOLLOWS), shown=form)

    async def _preview(self, subscribe: Subscribe, click: Click, asker: Asker) -> None:
        teller = self._teller(click, asker)
        async with Waiting(teller) as observe:
            reply = await said(lambda: self._services.answer(Preview(subscribe=subscribe), asker, observe))
        await teller.answer(reply)

    async def _done(self, question: Question, pressed: Pressed, asker: Asker) -> _Outcome:
        """Pauses or resumes, and the form stays; what is unsubscribed has none. Raises BotError."""
        done = await self._services.answer(question, asker)
        note = done if isinstance(done, Notice) else None
        if isinstance(question, Elsewhere) and isinstance(question.command, Unsubscribe):
            return _Outcome(kind="success", text=_(_DONE), shown=done)
        form = await said(lambda: self._services.answer(decode(pressed.shows), asker))
        return _Outcome(kind="success", text=_(_DONE), shown=form, note=note)

    async def _reasoned(self, question: GiveFeedback, click: Click, asker: Asker) -> _Outcome:
        """Raises BotError."""
        given = await self._services.answer(replace(question, reason=text(click.values, REASON)), asker)
        return _Outcome(kind="success", text=_(_DONE), shown=given)

    def _read(self, question: OpenSettings | Elsewhere, click: Click) -> Subscribe:
        """Raises Invalid."""
        repo = question.repo if isinstance(question, OpenSettings) else None
        return entered(click.values).subscribe(repo, host=self._services.host)

    async def _wrong(self, question: OpenSettings | Elsewhere, asker: Asker, invalid: Invalid) -> _Outcome:
        problems = Notice(text=" ".join(invalid.errors.values()))
        form = await self._form(question, asker, invalid.entered)
        return _Outcome(kind="error", text=problems.text, shown=form, note=problems)

    async def _form(self, question: OpenSettings | Elsewhere, asker: Asker, subscribe: Subscribe) -> Reply:
        """As it was filled in. Raises BotError."""
        form = await self._services.answer(question, asker)
        if isinstance(form, SettingsForm):
            return replace(form, terms=as_entered(form.terms, subscribe))
        return form

    def _teller(self, click: Click, asker: Asker) -> FeishuTeller:
        below = Below(services=self._services, message=click.message, chat=asker.channel.id, in_thread=True)
        return FeishuTeller(self._services, asker, below, key=click.event)
