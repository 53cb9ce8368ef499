"""Feishu's events and clicks over HTTP, instead of by long connection: signed, encrypted, and none of them twice.

https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/request-url-configuration-case
"""

import asyncio
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.core.ports import Clock
from bot.core.underway import Underway
from handlers.feishu.encryption import Undecipherable, decrypted, is_signed
from handlers.feishu.events import type_of

PATH: Final = "/feishu/events"
#: Seconds for which a signature is valid, before and after its time.
SIGNATURE_SECONDS: Final = 300
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
#: Bytes of a request: several times the longest message, encrypted.
BODY_MAX: Final = 1_000_000
#: Seconds after which Feishu, which waits for 3, is told that it has to repeat the event.
ANSWER_WITHIN: Final = 2.5

log = structlog.get_logger()


class Receiver(Protocol):
    """`handlers.feishu.Receiver`, as far as it is told here."""

    async def receive(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer to a click. Raises if the event could not be kept."""
        ...


class _Refused(Exception):
    """Feishu would not send that; the status says why, and the body nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def route(receiver: Receiver, *, encrypt_key: str, verification_token: str, now: Clock) -> Route:
    """`verification_token` may be empty: whoever knows the key to encrypt with is known already."""
    door = _Door(encrypt_key=encrypt_key, verification_token=verification_token, now=now)
    receiving = Underway()

    async def receive(request: Request) -> Response:
        try:
            event = await door.admit(request)
        except _Refused as refused:
            log.info("feishu.request_refused", status=refused.status)
            return Response(status_code=refused.status)
        if event.get("type") == "url_verification":
            return _json({"challenge": event.get("challenge")})
        return await _received(receiver, event, receiving)

    return Route(PATH, receive, methods=["POST"])


async def _received(receiver: Receiver, event: Mapping[str, Any], receiving: Underway) -> Response:
    """What takes too long goes on: the event that Feishu then repeats may have been kept."""
    task = asyncio.create_task(_answered(receiver, event))
    receiving.add(task)
    await asyncio.wait([task], timeout=ANSWER_WITHIN)
    if not task.done():
        log.warning("feishu.receiving_slow", type=type_of(event))
        return Response(status_code=500)
    return task.result()


async def _answered(receiver: Receiver, event: Mapping[str, Any]) -> Response:
    try:
        return _json(await receiver.receive(event) or {})
    except Exception:
        log.exception("feishu.not_received", type=type_of(event))
        return Response(status_code=500)


def _json(answer: Mapping[str, Any]) -> Response:
    """In ASCII, which also has what is no character alone."""
    return Response(json.dumps(answer), media_type="application/json")


class _Door:
    def __init__(self, *, encrypt_key: str, verification_token: str, now: Clock) -> None:
        self._key = encrypt_key
        self._token = verification_token
        self._now = now

    async def admit(self, request: Request) -> dict[str, Any]:
        """The event, which may have come before. Raises _Refused for what does not come from Feishu, or not now."""
        body = await _read(request)
        has_signature = self._checked(request, body)
        event = self._opened(body)
        is_verification = event.get("type") == "url_verification"
        if not has_signature and not is_verification:  # which is the only one that Feishu does not sign
            raise _Refused(401)
        self._check_token(event.get("token") if is_verification else _header(event).get("token"))
        return event

    def _checked(self, request: Request, body: bytes) -> bool:
        """Whether it is signed. Raises _Refused for what is signed wrongly."""
        signature = request.headers.get("X-Lark-Signature", "")
        if not signature:
            return False
        timestamp = request.headers.get("X-Lark-Request-Timestamp", "")
        nonce = request.headers.get("X-Lark-Request-Nonce", "")
        if _SECONDS.fullmatch(timestamp) is None:
            raise _Refused(401)
        if abs(self._now().timestamp() - int(timestamp)) > SIGNATURE_SECONDS:
            raise _Refused(401)
        if not is_signed(body, signature, timestamp=timestamp, nonce=nonce, key=self._key):
            raise _Refused(401)
        return True

    def _opened(self, body: bytes) -> dict[str, Any]:
        encrypted = _parsed(body).get("encrypt")
        if not isinstance(encrypted, str):
            raise _Refused(400)
        try:
            return _parsed(decrypted(encrypted, self._key))
        except Undecipherable:
            raise _Refused(400) from None

    def _check_token(self, token: object) -> None:
        if not self._token:
            return
        if not isinstance(token, str) or not hmac.compare_digest(_bytes(token), _bytes(self._token)):
            raise _Refused(401)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _header(event: Mapping[str, Any]) -> Mapping[str, Any]:
    header = event.get("header")
    return header if isinstance(header, Mapping) else {}


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_MAX:
                raise _Refused(413)
    except ClientDisconnect:
        raise _Refused(400) from None
    return bytes(body)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        parsed: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise _Refused(400) from None
    if not isinstance(parsed, dict):
        raise _Refused(400)
    return parsed
