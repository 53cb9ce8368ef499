"""lark-oapi's client of the long connection, with what it does not do: wait for answers, and say that it has given up.

Read at lark-oapi 1.7.5, `lark_oapi/ws/client.py`, whose private methods are overridden here. Import `sdk.load` first.
"""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from http import HTTPStatus
from time import monotonic
from typing import Any, Final

import lark_oapi.ws.client as ws
from lark_oapi.core.enum import LogLevel
from lark_oapi.ws.exception import ClientException, ServerException

#: Frames of both types are answered; lark-oapi drops cards: https://github.com/larksuite/oapi-sdk-python/issues/126
_ANSWERED: Final = frozenset({"event", "card"})
#: Pings without a pong, or anything else, after which nothing is at the other end.
_SILENT_PINGS: Final = 3
#: Seconds in which answers are sent that are there when we leave.
_SENT_WITHIN: Final = 0.5
#: Seconds between pings, where the server named none.
_PING: Final = 120.0
_METHODS: Final = (
    "_combine", "_connect", "_disconnect", "_handle_data_frame", "_handle_message", "_reconnect", "_write_message",
)  # fmt: skip
_ATTRIBUTES: Final = ("_conn", "_ping_interval", "_reconnect_nonce")


class SDKChanged(Exception):
    """The client is not the one that was built upon."""


#: The kind and the payload of a frame; the code to acknowledge it with, and the callback's answer.
Ask = Callable[[str, str], Awaitable[tuple[int, dict[str, Any] | None]]]


class Client(ws.Client):
    """A connection on the running thread's own event loop, which `start` blocks.

    `ask` answers frames, many at a time; `changed` is called when the connection is made or lost, or not to be had;
    `failed`, with a reason and what was said, when it will not come back. All are called on the connection's thread.
    """

    def __init__(
        self,
        app_id: str,
        app_secret: str,
        *,
        base_url: str,
        patience: float,
        ask: Ask,
        changed: Callable[[], None],
        failed: Callable[[str, str], None],
    ) -> None:
        # The SDK keeps its loop in a global of the module, taken when it was imported.
        ws.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(ws.loop)
        super().__init__(app_id, app_secret, domain=base_url, log_level=LogLevel.CRITICAL)
        _check(self)
        self._patience = patience
        self._ask = ask
        self._changed = changed
        self._failed = failed
        #: Why there is no connection; empty while there is one.
        self.trouble = ""
        #: What is being answered.
        self._frames: set[asyncio.Task[Any] | None] = set()
        #: When the last frame came, or the connection was made.
        self.heard = self._lost = monotonic()

    @property
    def condition(self) -> dict[str, Any]:
        """As a sign of life tells of it; `heard` is how many seconds ago."""
        return {"connected": self.connected, "heard": monotonic() - self.heard, "trouble": self.trouble}

    @property
    def connected(self) -> bool:
        return self._conn is not None

    @property
    def verdict(self) -> str:
        """Empty while there is hope: else `silent` if nothing is at the other end, `unreachable` if none was found.

        After a loss, the SDK waits up to ReconnectNonce before it tries again.
        """
        now = monotonic()
        if self.connected:
            return "silent" if now - self.heard > _SILENT_PINGS * (self._ping_interval or _PING) else ""
        return "unreachable" if now - self._lost > (self._reconnect_nonce or 0) + self._patience else ""

    def run(self) -> None:
        """Connects, and stays so until it has failed; blocks for as long."""
        try:
            self.start()
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is not held any more
            self._give_up(error)

    def close(self) -> Future[None]:
        """Takes leave of the server, once all answers are sent. May be called from another thread."""
        return asyncio.run_coroutine_threadsafe(self._leave(), ws.loop)

    async def _leave(self) -> None:
        frames = {task for task in self._frames if task is not None}
        if frames:
            await asyncio.wait(frames, timeout=_SENT_WITHIN)
        await self._disconnect()

    async def _connect(self) -> None:
        if self.connected:
            return  # the SDK would, too, but keep its lock
        try:
            await super()._connect()
        except Exception as error:
            self.trouble = _described(error)
            self._changed()
            raise
        self.trouble = ""
        self.heard = monotonic()
        self._changed()

    async def _reconnect(self) -> None:
        self._lost = monotonic()
        self._changed()
        try:
            await super()._reconnect()
        except Exception as error:  # noqa: BLE001 - nobody waits for the task in which this runs
            self._give_up(error)

    async def _handle_message(self, msg: bytes) -> None:
        self.heard = monotonic()
        await super()._handle_message(msg)

    async def _handle_data_frame(self, frame: Any) -> None:
        """Runs in a task of its own for each frame, and so may wait."""
        headers = {header.key: header.value for header in frame.headers}
        payload = self._whole(headers, frame.payload)
        if payload is None or headers["type"] not in _ANSWERED:
            return
        task = asyncio.current_task()
        self._frames.add(task)
        try:
            await self._answer(frame, headers["type"], payload)
        finally:
            self._frames.discard(task)

    async def _answer(self, frame: Any, kind: str, payload: bytes) -> None:
        began = monotonic()
        code, answer = await self._ask(kind, payload.decode(errors="replace"))
        frame.headers.add(key="biz_rt", value=str(round((monotonic() - began) * 1000)))
        frame.payload = _acknowledgement(code, answer)
        await self._write_message(frame.SerializeToString())

    def _give_up(self, error: Exception) -> None:
        self._failed("refused" if isinstance(error, ClientException) else "broken", _described(error))

    def _whole(self, headers: dict[str, str], part: bytes) -> bytes | None:
        """The payload, once all its parts have come."""
        parts = int(headers["sum"])
        return part if parts <= 1 else self._combine(headers["message_id"], parts, int(headers["seq"]), part)


def _described(error: Exception) -> str:
    """What may be shown of it: the texts of network errors name addresses, and those hold an access key."""
    return str(error) if isinstance(error, (ClientException, ServerException)) else type(error).__name__


def _acknowledgement(code: int, answer: dict[str, Any] | None) -> bytes:
    response: dict[str, Any] = {"code": code}
    if code == HTTPStatus.OK and answer is not None:
        text = json.dumps(answer, ensure_ascii=False).encode(errors="replace")
        response["data"] = base64.b64encode(text).decode()
    return json.dumps(response).encode()


def _check(client: ws.Client) -> None:
    missing = [name for name in _METHODS if not hasattr(ws.Client, name)]
    missing += [name for name in _ATTRIBUTES if not hasattr(client, name)]
    if missing:
        raise SDKChanged(f"lark-oapi's ws.Client has no {', '.join(missing)} any more; install lark-oapi 1.7.5")
