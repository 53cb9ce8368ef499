"""Slack's requests over HTTP. Bolt verifies their signature, age and shape."""

import re
from typing import Final

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

PATH: Final = "/slack/events"
#: What Bolt can make a number of; it answers 500 to anything else, also to one of thousands of digits.
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
#: Bytes of a request: many times what Slack sends with the largest window.
BODY_MAX: Final = 5_000_000


def route(app: AsyncApp) -> Route:
    handler = AsyncSlackRequestHandler(app)

    async def receive(request: Request) -> Response:
        if _SECONDS.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "")) is None:
            return Response(status_code=401)
        whole = await _read(request)
        if whole is None:
            return Response(status_code=413)
        return await handler.handle(whole)

    return Route(PATH, receive, methods=["POST"])


async def _read(request: Request) -> Request | None:
    """The same with its body in memory, since a signature is of the whole; None for one that nobody should keep."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > BODY_MAX:
            return None

    async def receive() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return Request(request.scope, receive)
