"""As little of Feishu's open API as it takes to see what the gateway sends, and what it makes of any answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiohttp import web

from tests.counterparts.faults import Answer, Fault
from tests.counterparts.proxies import Proxy

APP_ID = "cli_0123456789abcdef"
APP_SECRET = "a-secret-of-the-app"
TOKEN = "POST /open-apis/auth/v3/tenant_access_token/internal"
LIFE = 7200


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    #: `POST /open-apis/im/v1/messages`, without the query.
    method: str
    query: Mapping[str, str]
    body: Any
    token: str


def refused(code: int, msg: str = "", *, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status=status, body={"code": code, "msg": msg}, headers=headers or {})


class ScriptedFeishu(Proxy):
    """Answers everything with success, a message with its id, unless it is told to `fail`."""

    def __init__(self) -> None:
        super().__init__("")
        self.calls: list[Call] = []
        #: Ids of messages, by their uuid.
        self.messages: dict[str, str] = {}
        #: What they say, by the same.
        self.taken: dict[str, dict[str, Any]] = {}
        #: Seconds that the next token lives.
        self.life = LIFE
        self._numbers = count(1)

    def fail(self, method: str, fault: Fault, times: int | None = 1) -> None:
        self.faults.plan(method, fault, times)

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = f"{request.method} {request.path}"
        raw = await request.read()
        body = json.loads(raw) if request.content_type == "application/json" and raw else raw
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append(Call(method=method, query=dict(request.query), body=body, token=token))
        fault = self.faults.take(method)
        answer = self._answer(method, body) if fault is None or fault.processed else {}
        return web.json_response(answer) if fault is None else await self.act_out(fault, request)

    def _answer(self, method: str, body: Any) -> dict[str, Any]:
        if method == TOKEN:
            return {"code": 0, "msg": "ok", "tenant_access_token": f"t-{next(self._numbers)}", "expire": self.life}
        data: dict[str, Any] = {"file_key": "file_1"}
        if isinstance(body, dict) and "uuid" in body:
            self.taken.setdefault(body["uuid"], body)
            data["message_id"] = self.messages.setdefault(body["uuid"], f"om_{len(self.messages) + 1}")
        return {"code": 0, "msg": "success", "data": data}
