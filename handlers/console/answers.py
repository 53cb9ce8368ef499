"""What people type and press in the console, answered where it was asked."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from bot.core import interactions
from bot.core.answering import Desk, Failure, attempted, language_of, said, told
from bot.core.asker import Asker
from bot.core.buttons import decode, unknown_button
from bot.core.commands import (
    Command,
    Elsewhere,
    GiveFeedback,
    ListSubscriptions,
    OpenSettings,
    Preview,
    Question,
    ShowHome,
    Subscribe,
    Unsubscribe,
)
from bot.core.conversations import DIRECT, PERSON, Conversations, Said, Utterance, channel
from bot.core.errors import BotError, NotUnderstood
from bot.core.form import Invalid, as_entered
from bot.core.grammar import parse
from bot.core.language import Language, speaking
from bot.core.metering import Interaction, Meter
from bot.core.ports import Clock, Messenger
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    Notice,
    Progress,
    RangeView,
    Reply,
    Report,
    SettingsForm,
)
from bot.core.subscriptions import Platform
from bot.core.underway import Underway
from formatters import fields, labels
from formatters.html.console import Line
from formatters.markdown.attachment import attached
from handlers.console.requests import Sent, entered

#: Seconds that a browser waits for an answer; a page without it says how far it is.
ANSWER_WITHIN: Final = 1.0
#: What a button does with its question, or with that of the form around it.
ACTS: Final = ("ask", "share", "save", "preview", "in-form", "feedback")


class Console(Messenger, Protocol):
    """`bot.adapters.console.ConsoleMessenger`."""

    async def show(self, channel: str, reply: Reply, *, is_private: bool, thread: int | None = None) -> Said: ...

    async def put(self, place: Said, reply: Reply, *, note: Notice | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    desk: Desk
    console: Console
    conversations: Conversations
    #: Where `owner/name` lives.
    host: str
    now: Clock
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pressed:
    """A button of a message, and what stands in the form around it."""

    act: str
    question: Question
    place: Said
    form: Sent
    asker: Asker


@dataclass
class _Waiting:
    channel: str
    line: Line

    def observe(self, progress: Progress) -> None:
        self.line = replace(self.line, progress=progress)


class Answers:
    """Answers go on being made when the request that asked has been answered."""

    def __init__(self, services: Services, underway: Underway) -> None:
        self._services = services
        self._underway = underway
        self._waiting: list[_Waiting] = []

    def underway(self, channel: str) -> Sequence[Line]:
        """What is being answered there, the oldest first."""
        return [waiting.line for waiting in self._waiting if waiting.channel == channel]

    async def typed(self, name: str, text: str, language: Language | None, *, about: int | None = None) -> None:
        """Returns when it is answered, or soon."""
        is_direct = name == DIRECT
        kind = Interaction.MESSAGE if is_direct else Interaction.COMMAND
        with interactions.arriving(Platform.CONSOLE, kind, self._services.meter):
            utterance = Utterance(author=PERSON, text=text, thread=about)
            await self._services.conversations.say(name, utterance, self._services.now())
            waiting = _Waiting(name, Line(text=text))
            await self._soon(waiting, self._answer(text, about, _asker(name, language), waiting))

    async def pressed(self, name: str, form: Sent, language: Language | None) -> None:
        """Returns when it is done, or soon. Raises BotError for a button that is none of ours."""
        number = form.number("message")
        place = await self._services.conversations.by_id(name, number) if number is not None else None
        if place is None:
            raise unknown_button()
        act = next((each for each in ACTS if each in form.fields), "")
        question = decode(form.one(act) or place.utterance.drawing.shows)
        pressed = _Pressed(act=act, question=question, place=place, form=form, asker=_asker(name, language))
        kind = Interaction.BUTTON if act in {"ask", "share", "in-form"} else Interaction.FORM
        with interactions.arriving(Platform.CONSOLE, kind, self._services.meter):
            waiting = _Waiting(name, Line(text="…"))
            await self._soon(waiting, self._do(pressed, waiting))

    async def _soon(self, waiting: _Waiting, answering: Awaitable[None]) -> None:
        self._waiting.append(waiting)
        task = asyncio.ensure_future(self._answered(waiting, answering))
        self._underway.add(task)
        await asyncio.wait([task], timeout=ANSWER_WITHIN)

    async def _answered(self, waiting: _Waiting, answering: Awaitable[None]) -> None:
        try:
            await answering
        finally:
            self._waiting.remove(waiting)

    # What is typed

    async def _answer(self, text: str, about: int | None, asker: Asker, waiting: _Waiting) -> None:
        is_private = _is_command(text) and asker.channel.id != DIRECT
        with speaking(await self._language(asker)):
            try:
                command = self._meant(parse(_command(text), host=self._services.host), asker)
            except NotUnderstood as error:
                reply = await self._about(text, about, asker, waiting) or told(error)
                await self._show(reply, asker, is_private=is_private, thread=about)
                return
            with speaking(language_of(command)):
                reply = await said(lambda: self._services.desk.answer(command, asker, waiting.observe))
                await self._show(reply, asker, is_private=is_private, thread=about)

    def _meant(self, command: Command, asker: Asker) -> Command:
        """Who asks the bot alone what is followed sees all of it."""
        is_alone = asker.channel.id == DIRECT
        return ShowHome() if is_alone and isinstance(command, ListSubscriptions) else command

    async def _about(self, text: str, about: int | None, asker: Asker, waiting: _Waiting) -> Reply | None:
        if about is None:
            return None
        answer = await attempted(lambda: self._services.desk.ask(text, str(about), asker, waiting.observe))
        return answer.notice if isinstance(answer, Failure) else answer

    async def _show(
        self, reply: Reply, asker: Asker, *, is_private: bool, thread: int | None = None
    ) -> None:  # fmt: skip
        """A digest that all see needs not be shared, and can be asked about like one that was posted."""
        if isinstance(reply, Report):
            await self._services.console.send(asker.channel, asker.user, attached(reply))
            return
        if isinstance(reply, DigestView | RangeView) and not is_private:
            reply = replace(reply, framing=replace(reply.framing, is_private=False))
        shown = await self._services.console.show(asker.channel.id, reply, is_private=is_private, thread=thread)
        await self._services.desk.note(reply, str(shown.id), asker)

    async def _language(self, asker: Asker, question: Question | None = None) -> Language:
        return await self._services.desk.language(asker, question)

    # What is pressed

    async def _do(self, pressed: _Pressed, waiting: _Waiting) -> None:
        with speaking(await self._language(pressed.asker, pressed.question)):
            try:
                await self._deed(pressed)(pressed, waiting)
            except BotError as error:
                await self._tell(told(error), pressed)

    def _deed(self, pressed: _Pressed) -> Callable[[_Pressed, _Waiting], Awaitable[None]]:
        match pressed.act, pressed.question:
            case "ask", _:
                return self._ask
            case "share", _:
                return self._share
            case "save", OpenSettings() | Elsewhere(command=OpenSettings()):
                return self._save
            case "preview", OpenSettings() | Elsewhere(command=OpenSettings()):
                return self._preview
            case "in-form", _:
                return self._in_form
            case "feedback", _:
                return self._feedback
            case _:
                raise unknown_button()

    async def _ask(self, pressed: _Pressed, waiting: _Waiting) -> None:
        """What is asked in a window takes its place, if it opens in one of the same kind."""
        answer = self._services.desk.answer
        reply = await said(lambda: answer(pressed.question, pressed.asker, waiting.observe))
        if pressed.place.utterance.drawing.is_window and isinstance(reply, AnalysisView | CommitIndex):
            await self._services.console.put(pressed.place, reply)
            return
        await self._tell(reply, pressed)

    async def _share(self, pressed: _Pressed, _waiting: _Waiting) -> None:
        await self._services.desk.share(pressed.question, pressed.asker, thread=None)

    async def _save(self, pressed: _Pressed, _waiting: _Waiting) -> None:
        subscribe = await self._read(pressed)
        if subscribe is None:
            return
        question = pressed.question
        command = replace(question, command=subscribe) if isinstance(question, Elsewhere) else subscribe
        saved = await attempted(lambda: self._services.desk.answer(command, pressed.asker))
        if isinstance(saved, Failure):
            await self._again(pressed, subscribe, saved.notice)
        else:
            await self._services.console.put(pressed.place, saved)

    async def _preview(self, pressed: _Pressed, waiting: _Waiting) -> None:
        """The form stays as it was filled in."""
        subscribe = await self._read(pressed)
        if subscribe is None:
            return
        form = await self._again(pressed, subscribe, None)
        if isinstance(form, SettingsForm):  # which also knows the repository of a subscription that there is
            preview = Preview(subscribe=replace(subscribe, repo=form.terms.followed))
            await self._tell(
                await said(lambda: self._services.desk.answer(preview, pressed.asker, waiting.observe)), pressed
            )

    async def _read(self, pressed: _Pressed) -> Subscribe | None:
        """None for what is wrong, which the form then says."""
        repo = pressed.question.repo if isinstance(pressed.question, OpenSettings) else None
        try:
            return entered(pressed.form).subscribe(repo, host=self._services.host)
        except Invalid as invalid:
            await self._again(pressed, invalid.entered, Notice(text=" ".join(invalid.errors.values())))
            return None

    async def _again(self, pressed: _Pressed, subscribe: Subscribe, note: Notice | None) -> Reply:
        """The form as it was filled in. Raises BotError."""
        form = await self._services.desk.answer(pressed.question, pressed.asker)
        if isinstance(form, SettingsForm):
            form = replace(form, terms=as_entered(form.terms, subscribe))
        await self._services.console.put(pressed.place, form, note=note)
        return form

    async def _in_form(self, pressed: _Pressed, _waiting: _Waiting) -> None:
        """Pauses or resumes, and the form stays; what is unsubscribed has none."""
        done = await self._services.desk.answer(pressed.question, pressed.asker)
        is_over = isinstance(pressed.question, Elsewhere) and isinstance(pressed.question.command, Unsubscribe)
        if is_over or not pressed.place.utterance.drawing.shows:
            await self._services.console.put(pressed.place, done)
            return
        shows = decode(pressed.place.utterance.drawing.shows)
        form = await said(lambda: self._services.desk.answer(shows, pressed.asker))
        await self._services.console.put(pressed.place, form, note=done if isinstance(done, Notice) else None)

    async def _feedback(self, pressed: _Pressed, _waiting: _Waiting) -> None:
        if not isinstance(pressed.question, GiveFeedback):
            raise unknown_button()
        reason = pressed.form.one(fields.REASON).strip()
        given = await self._services.desk.answer(replace(pressed.question, reason=reason), pressed.asker)
        await self._services.console.put(pressed.place, given)

    async def _tell(self, reply: Reply, pressed: _Pressed) -> None:
        await self._show(reply, pressed.asker, is_private=pressed.asker.channel.id != DIRECT)


def _asker(name: str, language: Language | None) -> Asker:
    return Asker(channel=channel(name), user=PERSON, language=language)


def _is_command(text: str) -> bool:
    """As on Slack, what a slash command answers is seen by whoever typed it."""
    return text.startswith(labels.COMMAND)


def _command(text: str) -> str:
    for name in (labels.COMMAND, f"@{labels.PRODUCT}"):
        if text.casefold().startswith(name.casefold()):
            return text[len(name) :].strip()
    return text
