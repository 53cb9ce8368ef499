"""What can go wrong on the way to a service, as values that the proxies act out.

With `processed`, the service has done what it was asked before it goes wrong, so nobody can tell from outside.
"""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """This answer instead of the service's own. A body that is not a string is sent as JSON."""

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    processed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The connection breaks without an answer."""

    processed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Nothing comes for so many seconds, then the connection breaks."""

    seconds: float = 60.0
    processed: bool = False


Fault = Answer | Reset | Hang


@dataclass(slots=True)
class _Planned:
    pattern: str
    fault: Fault
    left: int | None


class Faults:
    """A plan of faults; the first that matches is taken, and used up after its `times`."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def plan(self, pattern: str, fault: Fault, times: int | None = 1) -> None:
        """`pattern` is matched like a file name (`*`, `?`); `times` None means until `clear`."""
        self._planned.append(_Planned(pattern, fault, times))

    def clear(self) -> None:
        self._planned.clear()

    def take(self, key: str) -> Fault | None:
        for planned in self._planned:
            if not fnmatchcase(key, planned.pattern):
                continue
            if planned.left is not None:
                planned.left -= 1
                if planned.left == 0:
                    self._planned.remove(planned)
            return planned.fault
        return None


def response(answer: Answer) -> web.Response:
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    kind = "text/plain" if isinstance(answer.body, str) else "application/json"
    headers = {"Content-Type": f"{kind}; charset=utf-8", **answer.headers}
    return web.Response(status=answer.status, body=text.encode(), headers=headers)


async def hang(request: web.Request, fault: Hang) -> web.Response:
    await asyncio.sleep(fault.seconds)
    return await break_connection(request)


async def break_connection(request: web.Request) -> web.Response:
    """Tear the connection down with RST, so that the client sees a reset and not an end. What is returned is lost."""
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await asyncio.sleep(0)
    return web.Response(status=500)
