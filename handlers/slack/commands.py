"""The slash command: acknowledged, answered by its response_url for one person to see."""

import html
from typing import Final

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.core.answering import Waiting, language_of, said, told
from bot.core.asker import Asker
from bot.core.commands import Command, OpenSettings
from bot.core.errors import BotError, ViewConflict, ViewExpired
from bot.core.grammar import parse
from bot.core.language import speaking
from handlers.slack.asker import Body, asker_of
from handlers.slack.services import Services
from handlers.slack.telling import PrivateTeller, ResponseUrl
from handlers.slack.windows import Windows

COMMAND: Final = "/dynamo-digest"


def register(app: AsyncApp, services: Services) -> None:
    windows = Windows(services.slack)

    @app.command(COMMAND)
    async def answer_command(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()  # Slack gives up after 3 s
        asker = asker_of(body)
        teller = PrivateTeller(ResponseUrl(respond), services.slack, asker, replaces=True)
        with speaking(await services.language(asker)):
            try:
                command = parse(html.unescape(body["text"]), host=services.host)
                if isinstance(command, OpenSettings) and await _opened(command, body, asker):
                    return
            except BotError as error:
                await teller.answer(told(error))
                return
            with speaking(language_of(command)):
                async with Waiting(teller) as observe:
                    reply = await said(lambda: services.answer(command, asker, observe))
                await teller.answer(reply)

    async def _opened(command: Command, body: Body, asker: Asker) -> bool:
        """Whether the answer is a window; without one, it is the button that opens it."""
        try:
            window = await windows.open(body)
        except (ViewExpired, ViewConflict):
            return False
        await windows.fill(window, await said(lambda: services.answer(command, asker)))
        return True
