"""The one way in: keeps what Slack tells us before it is acknowledged, so that it is answered once, whatever happens.

Slack repeats an event that was not acknowledged, and nothing else. https://docs.slack.dev/apis/events-api#retries
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from slack_bolt.async_app import AsyncApp, AsyncRespond
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.core.inbound import Inbound, NotKept
from bot.core.language import N_, _, speaking
from bot.core.ports import Clock, Inbox, Received
from bot.core.replies import Notice
from bot.core.subscriptions import Platform
from bot.core.underway import GRACE, Underway
from handlers.slack.asker import Body, asker_of
from handlers.slack.services import Services
from handlers.slack.telling import PrivateTeller, ResponseUrl

#: Where a request carries what was kept of it.
_RECEIVED: Final = "received"
#: A click again is what people can do; a second one that they did not do would share or change something twice, in a
#: window that has closed meanwhile.
_INTERRUPTED: Final = N_("I was interrupted before that was done. Please look whether it has happened, or do it again.")

log = structlog.get_logger()


class Receiver(AsyncListenerStartHandler):
    """Between Bolt, which has verified a request by then, and what listens to it, over HTTP as in Socket Mode."""

    def __init__(self, app: AsyncApp, services: Services, *, inbox: Inbox, now: Clock) -> None:
        self._app = app
        self._services = services
        self._underway = Underway()
        self._inbound = Inbound(inbox, Platform.SLACK, take_up=self._take_up, underway=self._underway, now=now)
        app.middleware(self._keep)
        app.listener_runner.listener_start_handler = self

    async def start(self) -> None:
        """Begins to deal with what other processes have received and not dealt with."""
        await self._inbound.start()

    async def finish(self, within: float = GRACE) -> None:
        """Waits for what is under way, but not for long; what is left is taken up by another process."""
        await self._inbound.finish(within)

    async def _keep(self, request: AsyncBoltRequest, next: Callable[[], Awaitable[Any]]) -> Any:  # noqa: A002 - Bolt's
        key = _key(request.body)
        if key and _RECEIVED not in request.context:
            with speaking(self._services.desk.default_language):
                try:
                    received = await self._inbound.keep([key], json.dumps(request.body))
                except NotKept as error:
                    return self._refused(request.body, error)
            if received is None:
                return BoltResponse(status=200)
            request.context[_RECEIVED] = received
        return await next()

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        """Bolt starts a task for each listener and forgets it; this runs in it, before the listener does."""
        task = asyncio.current_task()
        if task is None:
            return
        if _RECEIVED in request.context:
            self._inbound.hold(request.context[_RECEIVED], task)
        else:
            self._underway.add(task)

    async def _take_up(self, received: Received) -> None:
        body: Body = json.loads(received.payload)
        if _is_interaction(body):
            with speaking(self._services.desk.default_language):
                await self._tell(body, _(_INTERRUPTED))
            await self._inbound.settle(received)
            return
        # As Socket Mode has it: parsed, and verified before.
        request = AsyncBoltRequest(mode="socket_mode", body=body, context={_RECEIVED: received})
        response = await self._app.async_dispatch(request)
        if response.status == 404:  # nobody listens to it
            await self._inbound.settle(received)

    def _refused(self, body: Body, error: NotKept) -> BoltResponse:
        """Slack repeats an event; to whoever types, clicks or submits it is said."""
        if "event" in body:
            return BoltResponse(status=500)
        if "command" in body:
            return BoltResponse(status=200, body=str(error))
        if body["type"] == "view_submission":
            return BoltResponse(status=200, body={"response_action": "errors", "errors": _blamed(body, str(error))})
        self._underway.add(asyncio.create_task(self._tell(body, str(error))))
        return BoltResponse(status=200)

    async def _tell(self, body: Body, sentence: str) -> None:
        url = ResponseUrl(AsyncRespond(response_url=body.get("response_url")))
        await PrivateTeller(url, self._services.slack, asker_of(body)).answer(Notice(text=sentence))


def _key(body: Body) -> str:
    """By what all that Slack sends of the same thing is known; empty for what asks for nothing."""
    if "event" in body:
        return f"event {body['event_id']}"
    return f"interaction {body['trigger_id']}" if body.get("trigger_id") else ""


def _is_interaction(body: Body) -> bool:
    return "event" not in body and "command" not in body


def _blamed(body: Body, sentence: str) -> dict[str, str]:
    """At the first field of the form, which stays as it was filled in."""
    fields = [block["block_id"] for block in body["view"]["blocks"] if block["type"] == "input"]
    return dict.fromkeys(fields[:1], sentence)
