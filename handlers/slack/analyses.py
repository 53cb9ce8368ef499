"""What can be done in a window with an analysis: turn to others, deepen, share, say what one thinks of it."""

import asyncio
import re
from dataclasses import replace
from typing import Final

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from bot.core.answering import said, told
from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import GiveFeedback
from bot.core.errors import BotError, NotFound
from bot.core.language import speaking
from bot.core.replies import AnalysisView, Notice, Reply
from formatters.fields import REASON
from formatters.slack.forms import FEEDBACK, VALUE
from handlers.slack.asker import Body, asker_of, in_window
from handlers.slack.clicks import shown_in_window, value
from handlers.slack.services import Services
from handlers.slack.telling import PrivateTeller, ResponseUrl
from handlers.slack.windows import SETTLES_WITHIN, Window, Windows, loading

COMMIT_DEEPEN: Final = "commit.deepen"
COMMIT_SHARE: Final = "commit.share"
FEEDBACK_UP: Final = "feedback.up"
FEEDBACK_DOWN: Final = "feedback.down"
#: In one block no two buttons may have the same name.
_TURNS: Final = re.compile(r"^(index\.turn|commit\.(turn|page)\.\w+)$")


log = structlog.get_logger()


def register(app: AsyncApp, services: Services) -> None:
    analyses = _Analyses(services)
    app.action(_TURNS)(analyses.turn)
    app.action(COMMIT_DEEPEN)(analyses.deepen)
    app.action(COMMIT_SHARE)(analyses.share)
    app.action(FEEDBACK_UP)(analyses.praise)
    app.action(FEEDBACK_DOWN)(analyses.ask_for_reason)
    app.view(FEEDBACK)(analyses.keep_reason)


class _Analyses:
    def __init__(self, services: Services) -> None:
        self._services = services
        self._windows = Windows(services.slack)

    async def turn(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        asker, window = asker_of(body), Window.of(body).showing(value(body))
        with speaking(await self._services.language(asker)):
            await self._windows.fill(window, await self._asked(body, asker))

    async def deepen(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker = asker_of(body)
        with speaking(await self._services.language(asker)):
            if not in_window(body):
                await shown_in_window(self._services, body, asker, respond)
                return
            try:
                window = await self._windows.reload(Window.of(body))
            except BotError as error:  # closed meanwhile, or clicked twice
                log.warning("slack.view_not_updated", error=str(error))
                return
            await self._windows.fill(window, await self._asked(body, asker))

    async def share(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        asker, window = asker_of(body), Window.of(body)
        with speaking(await self._services.language(asker)):
            thread = window.origin.message or None
            notice = await said(lambda: self._services.share(value(body), asker, thread=thread))
            await self._go_on(window, asker, notice)

    async def praise(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        asker, window = asker_of(body), Window.of(body)
        with speaking(await self._services.language(asker)):
            await self._go_on(window, asker, await self._asked(body, asker))

    async def ask_for_reason(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker, below = asker_of(body), Window.of(body)
        with speaking(await self._services.language(asker)):
            try:
                window = await self._windows.open(body, shows=below.origin.shows)
            except BotError as error:
                await PrivateTeller(ResponseUrl(respond), self._services.slack, asker).answer(told(error))
                return
            await self._windows.fill(window, await self._asked(body, asker))

    async def keep_reason(self, ack: AsyncAck, body: Body) -> None:
        """The form closes and uncovers the analysis, or, where it took its place, becomes the analysis again."""
        asker, form = asker_of(body), Window.of(body)
        with speaking(form.origin.language or self._services.desk.default_language):
            if form.origin.in_place:
                await ack(response_action="update", view=loading(form.origin))
                await asyncio.sleep(SETTLES_WITHIN)
            else:
                await ack()
            given = await said(lambda: self._services.answer(_reasoned(body), asker))
            await self._go_on(_analysis(body), asker, given)

    async def _asked(self, body: Body, asker: Asker) -> Reply:
        return await said(lambda: self._services.answer(decode(value(body)), asker))

    async def _go_on(self, window: Window, asker: Asker, done: Reply) -> None:
        """Shows the analysis again as it is now, and above it what has been done."""
        reply = await said(lambda: self._services.answer(decode(window.origin.shows), asker))
        if isinstance(reply, AnalysisView):
            await self._windows.fill(window, reply, done if isinstance(done, Notice) else None)
        else:
            await self._windows.fill(window, done)


def _reasoned(body: Body) -> GiveFeedback:
    """Raises NotUnderstood for a form of another version."""
    question = decode(Window.of(body).origin.about)
    if not isinstance(question, GiveFeedback):
        raise NotFound
    entered = body["view"]["state"]["values"][REASON][VALUE].get("value") or ""
    return GiveFeedback(repo=question.repo, sha=question.sha, verdict=question.verdict, reason=entered)


def _analysis(body: Body) -> Window:
    """The window that shows the analysis once the form is submitted; whatever has become of it since."""
    form = Window.of(body)
    shown = form.showing(form.origin.shows)
    if form.origin.in_place:
        return replace(shown, hash=None)
    below = replace(shown.origin, depth=shown.origin.depth - 1)
    return replace(shown, id=body["view"]["previous_view_id"], hash=None, origin=below)
