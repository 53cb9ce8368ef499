"""Slack's requests over HTTP. Bolt verifies their signature, age and shape."""

import re
from typing import Final

from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from bot.core.recent import Recent

PATH: Final = "/slack/events"
#: Seconds for which a signature is valid: https://docs.slack.dev/authentication/verifying-requests-from-slack
SIGNATURE_SECONDS: Final = 300
#: What Bolt can make a number of; it answers 500 to anything else, also to one of thousands of digits.
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
#: Bytes of a request: many times what Slack sends with the largest window.
BODY_MAX: Final = 5_000_000
#: Signatures that are remembered; more than one workspace clicks in that time.
SIGNATURES_MAX: Final = 50_000


def route(app: AsyncApp) -> Route:
    handler = AsyncSlackRequestHandler(app)
    # A timestamp may also lie as far in the future.
    received = Recent(seconds=2 * SIGNATURE_SECONDS, most=SIGNATURES_MAX)

    async def receive(request: Request) -> Response:
        if _SECONDS.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "")) is None:
            return Response(status_code=401)
        whole = await _read(request)
        if whole is None:
            return Response(status_code=413)
        if _is_event(whole):
            return await handler.handle(whole)
        signature = request.headers.get("X-Slack-Signature", "")
        if not received.add(signature):
            return Response(status_code=401)  # somebody sends what Slack has sent
        response = await handler.handle(whole)
        if response.status_code == 401:
            received.discard(signature)  # only what Slack has signed may fill the memory
        return response

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


def _is_event(request: Request) -> bool:
    """Slack repeats events itself, perhaps with the same signature; they are told apart by their id."""
    return request.headers.get("Content-Type", "").startswith("application/json")
