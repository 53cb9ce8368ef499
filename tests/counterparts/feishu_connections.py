"""The long connections over which Feishu sends events: the endpoint that gives the address, the frames, and the acks.

https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/event-subscription-guide/long-connection-mode; what is on the
wire is written in no document, but in the published SDKs.
"""

import asyncio
import base64
import json
import random
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tests.counterparts import feishu_frames
from tests.counterparts.feishu_frames import CONTROL, DATA, Frame
from tests.counterparts.feishu_tenant import Tenant

PATH = "/ws/v2"
CONNECTIONS_MAX = 50
SERVICE_ID = 33554678
# https://github.com/larksuite/oapi-sdk-python: lark_oapi/ws/const.py
_AUTH_FAILED = 514
_TOO_MANY = 1000040350
#: Seconds. Feishu's own are 120 s and 30 s; tests have less time.
CLIENT_CONFIG = {"ReconnectCount": -1, "ReconnectInterval": 1, "ReconnectNonce": 0, "PingInterval": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What a client said to an event or a callback."""

    code: int
    #: The callback's answer; None where it has none.
    data: Any
    headers: Mapping[str, str]
    #: Since the event, or its last part, was sent.
    seconds: float


@dataclass(slots=True, kw_only=True, eq=False)
class Connection:
    socket: web.WebSocketResponse
    request: web.Request
    #: Of its address: `device_id`, `service_id`, `access_key`, `ticket`.
    query: Mapping[str, str]
    pings: int = 0


@dataclass(slots=True)
class _Awaited:
    ack: asyncio.Future[Ack]
    sent: float = field(default_factory=time.perf_counter)


class LongConnections:
    """Of one app; every event goes to one of them, by chance."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.open: list[Connection] = []
        #: How many there ever were.
        self.made = 0
        #: How often the address was asked for.
        self.asked = 0
        #: Every ack, oldest first.
        self.acks: list[Ack] = []
        #: What the endpoint answers with instead of an address: 1 and 1000040343 are passing, all others are not.
        self.endpoint_code = 0
        #: Seconds until the endpoint answers.
        self.endpoint_delay = 0.0
        self.client_config: dict[str, int] = dict(CLIENT_CONFIG)
        #: The client config that a pong carries, once it is set.
        self.config_of_pong: dict[str, int] | None = None
        #: Seconds within which an event has to be acked; https://open.feishu.cn/document/ukTMukTMukTM/uUTNz4SN1MjL1UzM
        self.patience = 3.0
        self._deaf = False
        self._keys: dict[str, str] = {}
        self._awaited: dict[str, _Awaited] = {}
        self._numbers = count(1)
        self._changed = asyncio.Condition()

    @property
    def count(self) -> int:
        return len(self.open)

    async def wait_for_connection(self, number: int = 1, timeout: float = 15.0) -> None:
        """Until so many are open at once; raises TimeoutError."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: self.count >= number)

    async def wait_for_acks(self, number: int, timeout: float = 15.0) -> list[Ack]:
        """Until there were so many in all; raises TimeoutError."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: len(self.acks) >= number)
        return self.acks

    async def drop(self) -> None:
        """All of them break, without a goodbye."""
        broken = list(self.open)
        for connection in broken:
            if connection.request.transport is not None:
                connection.request.transport.abort()
        async with asyncio.timeout(5), self._changed:
            # Others may be open by then, since clients come back.
            await self._changed.wait_for(lambda: not any(connection in self.open for connection in broken))

    def make_deaf(self, deaf: bool = True) -> None:
        """They stay open, and frames are taken, but nothing comes any more: no pongs, no events."""
        self._deaf = deaf

    async def push(
        self,
        payload: Mapping[str, Any] | bytes,
        *,
        kind: str = "event",
        parts: int = 1,
        withhold: int = 0,
        message_id: str | None = None,
    ) -> Ack | None:
        """Sends what may be no event at all to one of the connections, by chance, in so many frames.

        The ack; None if none came in time, or nobody listens. `kind` is `event` or `card`; of the parts, the last ones
        may be withheld.
        """
        if not self.open:
            return None
        data = payload if isinstance(payload, bytes) else compact(payload)
        message = message_id or secrets.token_hex(16)
        awaited = _Awaited(asyncio.get_running_loop().create_future())
        self._awaited[message] = awaited
        connection = random.choice(self.open)
        size = -(-len(data) // parts)
        try:
            for number in range(parts - withhold):
                headers = {
                    "type": kind,
                    "message_id": message,
                    "sum": str(parts),
                    "seq": str(number),
                    "trace_id": secrets.token_hex(16),
                }
                await self._send(connection, DATA, headers, data[number * size : (number + 1) * size])
            awaited.sent = time.perf_counter()
            return await asyncio.wait_for(awaited.ack, self.patience)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            del self._awaited[message]

    # What the server does.

    async def endpoint(self, url: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of an answer to POST /callback/ws/endpoint; `url` is the address of this server."""
        self.asked += 1
        await asyncio.sleep(self.endpoint_delay)
        if self.endpoint_code:
            return {"code": self.endpoint_code, "msg": "refused", "data": None}
        if body.get("AppID") != self._tenant.app_id or body.get("AppSecret") != self._tenant.app_secret:
            return {"code": 1000040344, "msg": "invalid app_id or app_secret", "data": None}
        key = secrets.token_hex(16)
        self._keys[key] = secrets.token_hex(16)
        address = (
            f"{url.replace('http', 'ws', 1)}{PATH}?fpid=493&aid=552564&device_id={secrets.randbits(60)}"
            f"&access_key={key}&service_id={SERVICE_ID}&ticket={self._keys[key]}"
        )
        return {"code": 0, "msg": "", "data": {"URL": address, "ClientConfig": self.client_config}}

    async def accept(self, request: web.Request) -> web.StreamResponse:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(socket=socket, request=request, query=dict(request.query))
        self.open.append(connection)
        self.made += 1
        await self._notify()
        try:
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    await self._received(connection, feishu_frames.decode(message.data))
        finally:
            self.open.remove(connection)
            await self._notify()
        return socket

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._keys.get(request.query.get("access_key", "")) != request.query.get("ticket"):
            return _handshake(_AUTH_FAILED, "auth failed", 1000040346)
        if self.count >= CONNECTIONS_MAX:
            return _handshake(_AUTH_FAILED, "the number of connections exceeded the limit", _TOO_MANY)
        return None

    async def _received(self, connection: Connection, frame: Frame) -> None:
        if frame.method == CONTROL:
            connection.pings += frame.headers.get("type") == "ping"
            config = b"" if self.config_of_pong is None else json.dumps(self.config_of_pong).encode()
            await self._send(connection, CONTROL, {"type": "pong"}, config)
            await self._notify()
            return
        said = json.loads(frame.payload or b"{}")
        awaited = self._awaited.get(frame.headers.get("message_id", ""))
        ack = Ack(
            code=said.get("code"),
            data=json.loads(base64.b64decode(said["data"])) if said.get("data") else None,
            headers=frame.headers,
            seconds=time.perf_counter() - (awaited.sent if awaited else time.perf_counter()),
        )
        self.acks.append(ack)
        if awaited is not None and not awaited.ack.done():
            awaited.ack.set_result(ack)
        await self._notify()

    async def _send(self, connection: Connection, method: int, headers: Mapping[str, str], payload: bytes) -> None:
        if self._deaf:
            return
        frame = Frame(
            seq_id=next(self._numbers),
            log_id=secrets.randbits(62),
            service=SERVICE_ID,
            method=method,
            headers=headers,
            payload=payload,
        )
        await connection.socket.send_bytes(feishu_frames.encode(frame))

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def compact(said: Mapping[str, Any]) -> bytes:
    """JSON without spaces: there is a client that checks signatures over what it has parsed and written again."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _handshake(status: int, why: str, code: int) -> web.Response:
    headers = {"handshake-status": str(status), "handshake-msg": why, "handshake-autherrcode": str(code)}
    return web.Response(status=403, headers=headers)
