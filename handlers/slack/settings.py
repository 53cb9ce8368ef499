"""The form of a subscription: preview, save, pause, resume, unsubscribe."""

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Final, Self

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.core.answering import Failure, attempted, said, told
from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import Elsewhere, OpenSettings, Preview, Subscribe
from bot.core.errors import BotError, ChannelGone, NotInChannel, RepositoryNotFound, TooManyRepositories
from bot.core.form import Invalid, as_entered
from bot.core.language import _, speaking
from bot.core.patterns import Followed
from bot.core.replies import Notice, Reply, SettingsForm
from formatters.fields import REPO
from formatters.slack.forms import CHANNEL, SETTINGS
from handlers.slack.asker import Body, asker_of
from handlers.slack.clicks import value
from handlers.slack.entered import channel, entered
from handlers.slack.home import publish
from handlers.slack.services import Services
from handlers.slack.telling import PrivateTeller, ResponseUrl
from handlers.slack.windows import SETTLES_WITHIN, Window, Windows, drawn, loading

#: Seconds for which an acknowledgement waits for the outcome; Slack waits for 3, people for less.
ACKNOWLEDGE_WITHIN: Final = 0.4

PREVIEW: Final = "settings.preview"
UNSUBSCRIBE: Final = "settings.unsubscribe"
_ACTS: Final = re.compile(r"^settings\.(pause|resume)$")


def register(app: AsyncApp, services: Services) -> None:
    form = _Form(services)
    app.view(SETTINGS)(form.save)
    app.action(PREVIEW)(form.preview)
    app.action(_ACTS)(form.act)
    app.action(UNSUBSCRIBE)(form.unsubscribe)


class _Form:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._windows = Windows(services.slack)

    async def save(self, ack: AsyncAck, body: Body) -> None:
        window = Window.of(body)
        with speaking(window.origin.language or self._services.desk.default_language):
            try:
                submitted = _Submitted.of(body, self._services.host)
            except Invalid as invalid:
                await ack(response_action="errors", errors=invalid.errors)
            except BotError as error:  # a form of another version
                await ack(response_action="update", view=drawn(window.origin, told(error)))
            else:
                await self._save(ack, submitted)
                await self._publish_home(window, asker_of(body))

    async def _save(self, ack: AsyncAck, submitted: "_Submitted") -> None:
        """Acknowledges with the outcome if it is known soon enough, else with a window that waits for it."""
        window = submitted.window
        saving = asyncio.ensure_future(attempted(lambda: self._subscribed(submitted)))
        await asyncio.wait([saving], timeout=ACKNOWLEDGE_WITHIN)
        if not saving.done():
            await ack(response_action="update", view=loading(window.origin))
            result, _settled = await asyncio.gather(saving, asyncio.sleep(SETTLES_WITHIN))
            await self._windows.fill(window, *await self._outcome(submitted, result))
        elif field := submitted.to_blame(saving.result()):
            await ack(response_action="errors", errors=field)
        else:
            view = drawn(window.origin, *await self._outcome(submitted, saving.result()))
            await ack(response_action="update", view=view)

    async def _subscribed(self, submitted: "_Submitted") -> Reply:
        """A channel that was chosen is no place where they are known to be."""
        asker = submitted.asker
        if submitted.is_chosen and not await self._services.messenger.admits(asker.channel, asker.user):
            raise NotInChannel
        return await self._services.answer(submitted.command, asker)

    async def _outcome(self, submitted: "_Submitted", result: Reply | Failure) -> tuple[Reply, Notice | None]:
        """What the window shows then: the reply, or the form as it was submitted, and above it what is wrong."""
        if not isinstance(result, Failure):
            return result, None
        form = await self._form(submitted.window, submitted.opener)
        if isinstance(form, SettingsForm):
            form = replace(form, terms=as_entered(form.terms, submitted.entered))
        return form, result.notice

    async def preview(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker = asker_of(body)
        with speaking(await self._services.language(asker)):
            try:
                window = await self._windows.open(body)
            except BotError as error:
                await PrivateTeller(ResponseUrl(respond), self._services.slack, asker).answer(told(error))
                return
            await self._windows.fill(window, await said(lambda: self._previewed(body, asker)))

    async def _previewed(self, body: Body, asker: Asker) -> Reply:
        try:
            subscribe = entered(_values(body)).subscribe(_repo(Window.of(body)), host=self._services.host)
        except Invalid as invalid:
            return Notice(text=" ".join(invalid.errors.values()))
        return await self._services.answer(Preview(subscribe=subscribe), asker)

    async def act(self, ack: AsyncAck, body: Body) -> None:
        """Pauses or resumes, and the form stays."""
        await ack()
        asker, window = asker_of(body), Window.of(body)
        with speaking(await self._services.language(asker)):
            done = await said(lambda: self._services.answer(decode(value(body)), asker))
            form = await self._form(window, asker)
            await self._windows.fill(window, form, done if isinstance(done, Notice) else None)
            await self._publish_home(window, asker)

    async def unsubscribe(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        asker, window = asker_of(body), Window.of(body)
        with speaking(await self._services.language(asker)):
            await self._windows.fill(window, await said(lambda: self._services.answer(decode(value(body)), asker)))
            await self._publish_home(window, asker)

    async def _form(self, window: Window, asker: Asker) -> Reply:
        return await said(lambda: self._services.answer(decode(window.origin.shows), asker))

    async def _publish_home(self, window: Window, asker: Asker) -> None:
        """What stands in App Home has changed, if the form was opened there."""
        if not window.origin.channel:
            await publish(self._services, asker)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submitted:
    #: Whatever the acknowledgement makes of it.
    window: Window
    #: Who asks for it, where the window was opened, and where it is to happen.
    opener: Asker
    asker: Asker
    command: Subscribe | Elsewhere
    entered: Subscribe
    #: The channel is not the one in which the window was opened.
    is_chosen: bool
    #: The names of its inputs.
    fields: frozenset[str]

    @classmethod
    def of(cls, body: Body, host: str) -> Self:
        """Raises Invalid, NotUnderstood."""
        window = replace(Window.of(body), hash=None)
        subscribe = entered(_values(body)).subscribe(_repo(window), host=host)
        opener, chosen, opened = asker_of(body), channel(_values(body)), decode(window.origin.shows)
        command = replace(opened, command=subscribe) if isinstance(opened, Elsewhere) else subscribe
        if command is subscribe and not (opener.channel.id or chosen):
            raise Invalid({CHANNEL: _("Choose a channel.")})
        return cls(
            window=window,
            opener=opener,
            asker=replace(opener, channel=replace(opener.channel, id=chosen)) if chosen else opener,
            command=command,
            entered=subscribe,
            is_chosen=bool(chosen),
            fields=frozenset(block["block_id"] for block in body["view"]["blocks"] if block["type"] == "input"),
        )

    def to_blame(self, result: Reply | Failure) -> dict[str, str]:
        """What is wrong by the field that it is wrong in, if the form has that."""
        match result:
            case Failure(error=RepositoryNotFound() | TooManyRepositories()) if REPO in self.fields:
                return {REPO: result.notice.text}
            case Failure(error=ChannelGone() | NotInChannel()) if CHANNEL in self.fields:
                return {CHANNEL: result.notice.text}
            case _:
                return {}


def _values(body: Body) -> Body:
    return body["view"]["state"]["values"]


def _repo(window: Window) -> Followed | None:
    """The repository of a subscription that there is. Raises NotUnderstood."""
    about = decode(window.origin.about)
    return about.repo if isinstance(about, OpenSettings) else None
