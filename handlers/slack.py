"""What Slack sends us: slash commands and clicks. Each is acknowledged first, then answered from the desk."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.core.commands import decode, parse
from bot.core.desk import Asker, Desk
from bot.core.errors import BotError, NotUnderstood
from bot.core.language import N_, Language, _, speaking
from bot.core.model import Channel, Platform
from bot.core.replies import DigestView, Notice, Progress, Reply
from formatters.slack import render, render_view

COMMIT_OPEN: Final = "commit.open"
COMMIT_DEEPEN: Final = "commit.deepen"
DIGEST_RETRY: Final = "digest.retry"
#: Several days stand in one block, where no two buttons may have the same name.
_DIGEST_DAY: Final = re.compile(r"digest\.day\.\d+")
DIGEST_INDEX: Final = "digest.index"
INDEX_TURN: Final = "index.turn"
COMMAND: Final = "/dynamo-digest"
PATH: Final = "/slack/events"
#: Seconds after the command at which a waiting person is told how far we are. A response_url takes five messages:
#: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
PROGRESS_AFTER: Final = (2, 15, 60)
#: Seconds that a click may wait for knowing the channel's language; a window has to open within 3.
LANGUAGE_WITHIN: Final = 1
_LOADING: Final = N_("One moment…")
_TOO_LATE: Final = N_("Slack could not open a window in time. Please click again.")

log = structlog.get_logger()

Body = dict[str, Any]


def register(app: AsyncApp, desk: Desk, *, host: str) -> None:
    """Answers our command and our buttons; `host` is where `owner/name` lives."""

    @app.command(COMMAND)
    async def answer_command(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()  # Slack gives up after 3 s
        asker = _asker(body)
        with speaking(await _language(desk, asker)):
            async with _ToldProgress(respond) as progress:
                reply = await _said(lambda: desk.answer(parse(body["text"], host=host), asker, progress.observe))
            await _respond(respond, reply)

    @app.action(COMMIT_OPEN)
    @app.action(DIGEST_INDEX)
    async def open_view(ack: AsyncAck, body: Body, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await ack()
        asker = _asker(body)
        with speaking(await _language(desk, asker)):
            view = await _opened(client, body)
            if view is not None:
                await _fill(client, view, await _said(lambda: desk.answer(decode(_value(body)), asker)))
            elif "response_url" in body:
                await _respond(respond, Notice(text=_(_TOO_LATE)))

    @app.action(INDEX_TURN)
    async def turn_page(ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        await ack()
        asker = _asker(body)
        with speaking(await _language(desk, asker)):
            await _fill(client, body["view"], await _said(lambda: desk.answer(decode(_value(body)), asker)))

    @app.action(COMMIT_DEEPEN)
    async def deepen(ack: AsyncAck, body: Body, client: AsyncWebClient, respond: AsyncRespond) -> None:
        await ack()
        asker = _asker(body)
        with speaking(await _language(desk, asker)):
            view = await (_reloading(client, body["view"]) if "view" in body else _opened(client, body))
            if view is not None:
                await _fill(client, view, await _said(lambda: desk.answer(decode(_value(body)), asker)))
            elif "response_url" in body:
                await _respond(respond, Notice(text=_(_TOO_LATE)))

    @app.action(_DIGEST_DAY)
    async def show_day(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker = _asker(body)
        with speaking(await _language(desk, asker)):
            await _respond(respond, await _told(desk, body, asker, respond))

    @app.action(DIGEST_RETRY)
    async def retry(ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        await ack()
        asker = _asker(body)
        with speaking(await _language(desk, asker)):
            reply = await _told(desk, body, asker, respond)
            if isinstance(reply, DigestView):
                await respond(**render(reply), replace_original=True)
            else:
                await _respond(respond, reply)

    @app.action({"type": "block_actions"})
    async def follow_link(ack: AsyncAck) -> None:
        await ack()  # Slack opens a link button's address itself, but wants to know that we know


def route(app: AsyncApp) -> Route:
    """Slack's requests over HTTP; Bolt verifies their signature, age and shape."""
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        if not request.headers.get("X-Slack-Request-Timestamp", "").isdecimal():
            return Response(status_code=401)  # Bolt would answer 500 to a time that is no number
        return await handler.handle(request)

    return Route(PATH, receive, methods=["POST"])


def _asker(body: Body) -> Asker:
    """Who asks, from the verified request: https://docs.slack.dev/interactivity/implementing-slash-commands"""
    if "command" in body:
        workspace, channel, user = body["team_id"], body["channel_id"], body["user_id"]
    else:  # a click; one in a window has no channel
        workspace, channel, user = body["team"]["id"], (body.get("channel") or {}).get("id", ""), body["user"]["id"]
    here = Channel(platform=Platform.SLACK, workspace=workspace, id=channel)
    return Asker(channel=here, user=user, language=_language_of_window(body))


def _language_of_window(body: Body) -> Language | None:
    """A window goes on in the language that it was drawn in."""
    said = (body.get("view") or {}).get("private_metadata")
    return next((language for language in Language if language.value == said), None)


async def _language(desk: Desk, asker: Asker) -> Language:
    """In which to answer; what is not known in time is no reason not to answer."""
    try:
        async with asyncio.timeout(LANGUAGE_WITHIN):
            return await desk.language(asker)
    except Exception:
        log.exception("slack.language_unknown")
        return desk.default_language


async def _told(desk: Desk, body: Body, asker: Asker, respond: AsyncRespond) -> Reply:
    """The answer to a click, with word of how far we are until it is there."""
    async with _ToldProgress(respond) as progress:
        return await _said(lambda: desk.answer(decode(_value(body)), asker, progress.observe))


def _value(body: Body) -> str:
    return str(body["actions"][0].get("value", ""))


async def _said(answer: Callable[[], Awaitable[Reply]]) -> Reply:
    """The reply, or what went wrong in words for the person who asked."""
    try:
        return await answer()
    except NotUnderstood as error:
        return Notice(text=str(error), example=error.example)
    except BotError as error:
        log.warning("slack.not_answered", error=str(error))
        return Notice(text=str(error))
    except Exception:
        log.exception("slack.crashed")
        return Notice(text=str(BotError()))


async def _respond(respond: AsyncRespond, reply: Reply) -> None:
    await respond(**render(reply), response_type="ephemeral", replace_original=False)


async def _opened(client: AsyncWebClient, body: Body) -> Body | None:
    """A window that says that it loads: a trigger lives for 3 s, so it opens before anything is looked up."""
    loading = render_view(Notice(text=_(_LOADING)))
    open_or_push = client.views_push if body["container"]["type"] == "view" else client.views_open
    try:
        return (await open_or_push(trigger_id=body["trigger_id"], view=loading))["view"]
    except SlackApiError as error:
        log.warning("slack.view_not_opened", error=error.response["error"])
        return None


async def _reloading(client: AsyncWebClient, view: Body) -> Body | None:
    """The same window, which says that it loads: what is asked of it takes longer than a click."""
    loading = render_view(Notice(text=_(_LOADING)))
    try:
        return (await client.views_update(view_id=view["id"], hash=view["hash"], view=loading))["view"]
    except SlackApiError as error:  # closed meanwhile, or clicked twice
        log.warning("slack.view_not_updated", error=error.response["error"])
        return None


async def _fill(client: AsyncWebClient, view: Body, reply: Reply) -> None:
    try:
        await client.views_update(view_id=view["id"], hash=view["hash"], view=render_view(reply))
    except SlackApiError as error:  # closed meanwhile, or turned twice
        log.warning("slack.view_not_updated", error=error.response["error"])


class _ToldProgress:
    """Tells a person who has to wait how far we are, a few times at most."""

    def __init__(self, respond: AsyncRespond) -> None:
        self._respond = respond
        self._latest: Progress | None = None

    def observe(self, progress: Progress) -> None:
        self._latest = progress

    async def __aenter__(self) -> "_ToldProgress":
        self._task = asyncio.create_task(self._tell())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _tell(self) -> None:
        waited = 0
        for moment in PROGRESS_AFTER:
            await asyncio.sleep(moment - waited)
            waited = moment
            if self._latest is not None:
                await _respond(self._respond, self._latest)
