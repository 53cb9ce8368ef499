"""Buttons: what they ask decides what happens, as it did when they were made, months ago perhaps."""

import re
from dataclasses import replace
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.core.answering import Failure, Waiting, attempted, said, told
from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import DeepenCommit, Elsewhere, OpenSettings, Question, ShowCommit, ShowIndex
from bot.core.errors import BotError
from bot.core.language import speaking
from bot.core.replies import DigestView, RangeView, Reply
from formatters.slack import render
from handlers.slack.asker import Body, Origin, asker_of, in_window
from handlers.slack.services import Services
from handlers.slack.telling import PrivateTeller, ResponseUrl
from handlers.slack.windows import Windows

DIGEST_RETRY: Final = "digest.retry"
DIGEST_SHARE: Final = "digest.share"
#: These have always opened a window, also to say that they are not understood any more.
_OPENS: Final = re.compile(r"^(commit\.open|digest\.index|digest\.settings)$")

_ANYTHING: Final = re.compile("")


def register(app: AsyncApp, services: Services) -> None:
    """Registers last: it answers all buttons that nobody else does."""

    @app.action(DIGEST_RETRY)
    async def retry(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker, url = asker_of(body), ResponseUrl(respond)
        teller = PrivateTeller(url, services.slack, asker)
        with speaking(await services.language(asker)):
            if in_window(body):
                await shown_in_window(services, body, asker, respond)
                return
            async with Waiting(teller) as observe:
                reply = await said(lambda: services.answer(decode(value(body)), asker, observe))
            shown = _as_before(reply, body)
            if shown is None or not await url.send(render(shown), replace_original=True):
                await teller.answer(reply)

    @app.action(DIGEST_SHARE)
    async def share(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker, url, origin = asker_of(body), ResponseUrl(respond), Origin.of_click(body, shows="")
        with speaking(await services.language(asker)):
            thread = origin.message or None
            shared = await attempted(lambda: services.share(value(body), asker, thread=thread))
            notice = shared.notice if isinstance(shared, Failure) else shared
            # What only one person saw has had its time once all see it.
            replaced = notice is shared and await url.send(render(notice), replace_original=True)
            if not replaced:
                await PrivateTeller(url, services.slack, asker).answer(notice)

    @app.action(_OPENS)
    async def open_window(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker = asker_of(body)
        with speaking(await services.language(asker)):
            await shown_in_window(services, body, asker, respond)

    @app.action(_ANYTHING)
    async def answer_click(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()  # Slack opens a link button's address itself, but wants to know that we know
        if not value(body):
            return
        asker = asker_of(body)
        with speaking(await services.language(asker, value(body))):
            if in_window(body) or _is_for_window(value(body)):
                await shown_in_window(services, body, asker, respond)
                return
            teller = PrivateTeller(ResponseUrl(respond), services.slack, asker)
            async with Waiting(teller) as observe:
                reply = await said(lambda: services.answer(decode(value(body)), asker, observe))
            await teller.answer(reply)


async def shown_in_window(services: Services, body: Body, asker: Asker, respond: AsyncRespond) -> None:
    """Opens a window before anything is looked up, and fills it with the answer."""
    windows = Windows(services.slack)
    try:
        window = await windows.open(body, shows=value(body))
    except BotError as error:  # there is no window to say it in
        await PrivateTeller(ResponseUrl(respond), services.slack, asker).answer(told(error))
        return
    await windows.fill(window, await said(lambda: services.answer(decode(value(body)), asker)))


def value(body: Body) -> str:
    """The question in the button that was clicked; empty in a link."""
    return str(body["actions"][0].get("value") or "")


def _is_for_window(button: str) -> bool:
    try:
        question = decode(button)
    except BotError:
        return False
    return _opens(question)


def _opens(question: Question) -> bool:
    if isinstance(question, Elsewhere):
        return isinstance(question.command, OpenSettings)
    return isinstance(question, ShowCommit | DeepenCommit | ShowIndex | OpenSettings)


def _as_before(reply: Reply, body: Body) -> Reply | None:
    """A digest for those who see the message now, whose place it takes; None if the reply is something else."""
    if not isinstance(reply, DigestView | RangeView):
        return None
    is_private = bool((body.get("container") or {}).get("is_ephemeral"))
    return replace(reply, framing=replace(reply.framing, is_private=is_private))
