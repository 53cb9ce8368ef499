"""What people write to us: a mention in a channel or a thread, and direct messages."""

import asyncio
import html
import re
from typing import Final

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.answering import Failure, Teller, Waiting, attempted, language_of, said, told
from bot.core.asker import Asker
from bot.core.errors import NotUnderstood
from bot.core.grammar import parse
from bot.core.language import N_, _, speaking
from bot.core.replies import Notice
from handlers.slack.asker import Body, asker_of_event
from handlers.slack.services import Services
from handlers.slack.telling import PostingTeller, WhisperingTeller

#: Seconds after which a question that is still being answered gets a sign of life. That no digest of ours stands
#: there is known long before.
SIGN_OF_LIFE_AFTER: Final = 1.5
_THINKING: Final = N_("Looking it up…")
_OPENING: Final = " \t\n:：,，"

log = structlog.get_logger()


def register(app: AsyncApp, services: Services) -> None:
    @app.event("app_mention")
    async def answer_mention(body: Body) -> None:
        event = body["event"]
        if not is_from_person(event):
            return
        asker, thread = asker_of_event(body), event.get("thread_ts")
        whispering = WhisperingTeller(services.slack, asker, thread=thread)
        with speaking(await services.language(asker)):
            await _answer(services, _text(body), asker, thread, whispering)

    @app.event("message")
    async def answer_direct_message(body: Body) -> None:
        event = body["event"]
        if event.get("channel_type") != "im" or not is_from_person(event):
            return
        asker, thread = asker_of_event(body), event.get("thread_ts")
        posting = PostingTeller(services.slack, asker, thread=thread)
        with speaking(await services.language(asker)):
            await _answer(services, _text(body), asker, thread, posting)


async def _answer(services: Services, text: str, asker: Asker, thread: str | None, teller: Teller) -> None:
    """A command by the teller; what is none may be a question about the digest whose thread this is."""
    try:
        command = parse(text, host=services.host)
    except NotUnderstood as error:
        if thread is None or not await _answered_in_thread(services, text, asker, thread):
            await teller.answer(told(error))
        return
    with speaking(language_of(command)):
        async with Waiting(teller) as observe:
            reply = await said(lambda: services.answer(command, asker, observe))
        await teller.answer(reply)


async def _answered_in_thread(services: Services, text: str, asker: Asker, thread: str) -> bool:
    """Whether it was a question about a digest of ours; then all see the answer below it."""
    posting = PostingTeller(services.slack, asker, thread=thread)
    async with Waiting(posting) as observe:
        asking = asyncio.ensure_future(attempted(lambda: services.desk.ask(text, thread, asker, observe)))
        await asyncio.wait([asking], timeout=SIGN_OF_LIFE_AFTER)
        if not asking.done():
            await posting.progress(Notice(text=_(_THINKING)))
        reply = await asking
    if reply is None:
        return False
    await posting.answer(reply.notice if isinstance(reply, Failure) else reply)
    return True


def is_from_person(event: Body) -> bool:
    """No bot, no edit, nothing that Slack says by itself. A file or a broadcast is a message like any other."""
    return bool(event.get("user")) and not event.get("bot_id") and event.get("subtype") in _MESSAGES


_MESSAGES: Final = {None, "", "file_share", "thread_broadcast"}


def _text(body: Body) -> str:
    """What was written, without our name: https://docs.slack.dev/reference/events/app_mention"""
    authorizations: list[Body] = body.get("authorizations") or []
    us = "|".join(re.escape(each["user_id"]) for each in authorizations if each.get("user_id")) or "[UW][A-Z0-9]+"
    unnamed = re.sub(rf"<@({us})(\|[^<>]*)?>", " ", body["event"].get("text") or "")
    return html.unescape(unnamed).strip(_OPENING)
