"""App Home: published when somebody looks at it, and again after each of its buttons."""

import re
from typing import Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.core.answering import said
from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import ShowHome
from bot.core.errors import BotError
from bot.core.language import speaking
from bot.core.replies import Notice
from formatters.slack import render_home
from handlers.slack.asker import Body, asker_of, asker_of_event
from handlers.slack.clicks import shown_in_window, value
from handlers.slack.services import Services

_OPENS: Final = re.compile(r"^home\.(settings|new)$")
_TURNS: Final = re.compile(r"^home\.page\.(previous|next)$")
_FIRST_PAGE: Final = ShowHome()
_ACTS: Final = re.compile(r"^home\.(pause|resume|send|unsubscribe)$")

log = structlog.get_logger()


def register(app: AsyncApp, services: Services) -> None:
    @app.event("app_home_opened")
    async def show(body: Body) -> None:
        if body["event"].get("tab") != "home":
            return
        asker = asker_of_event(body)
        with speaking(await services.language(asker)):
            await publish(services, asker)

    @app.action(_OPENS)
    async def open_form(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker = asker_of(body)
        with speaking(await services.language(asker)):
            await shown_in_window(services, body, asker, respond)

    @app.action(_TURNS)
    async def turn(ack: AsyncAck, body: Body) -> None:
        await ack()
        asker = asker_of(body)
        with speaking(await services.language(asker)):
            question = decode(value(body))
            await publish(services, asker, question=question if isinstance(question, ShowHome) else _FIRST_PAGE)

    @app.action(_ACTS)
    async def act(ack: AsyncAck, body: Body) -> None:
        await ack()
        asker = asker_of(body)
        with speaking(await services.language(asker)):
            reply = await said(lambda: services.answer(decode(value(body)), asker))
            await publish(services, asker, note=reply if isinstance(reply, Notice) else None)


async def publish(
    services: Services, asker: Asker, *, question: ShowHome = _FIRST_PAGE, note: Notice | None = None
) -> None:
    """For that person, with what has become of their click above it."""
    reply = await said(lambda: services.answer(question, asker))
    try:
        await services.slack.publish_home(asker.channel.workspace, asker.user, render_home(reply, note=note))
    except BotError as error:
        log.warning("slack.home_not_published", error=str(error))
