"""A model's host on this machine: real HTTP, and answers that a test has written down."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(
    content: str | None,
    *,
    finish_reason: str = "stop",
    usage: Mapping[str, Any] | None = None,
    tier: str | None = None,
    **message: Any,
) -> Respond:
    """A chat completion of this content: https://platform.openai.com/docs/api-reference/chat/object"""
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "small-2026",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
        "usage": usage or {"prompt_tokens": 1234, "completion_tokens": 56, "total_tokens": 1290},
        **({"service_tier": tier} if tier else {}),
    }
    return sends(json.dumps(completion), x_request_id="req_1")


def calls(arguments: str) -> Respond:
    """The answer as the arguments of a call."""
    function = {"name": "answer", "arguments": arguments}
    return says(None, finish_reason="stop", tool_calls=[{"id": "1", "type": "function", "function": function}])


def sends(body: str, *, status: int = 200, content_type: str = "application/json", **headers: str) -> Respond:
    async def respond(request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(text=body, status=status, content_type=content_type, headers=named)

    return respond


def fails(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Respond:
    body = {"error": {"message": message, "type": None, "code": code}}
    return sends(json.dumps(body), status=status, x_request_id="req_2", **headers)


def waits(seconds: float, then: Respond) -> Respond:
    async def respond(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await then(request)

    return respond


async def breaks_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@dataclass(slots=True, kw_only=True)
class ModelServer:
    url: str = ""
    #: What comes next; the last one is repeated.
    script: list[Respond] = field(default_factory=list[Respond])
    requests: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    keys: set[str | None] = field(default_factory=set[str | None])
    busy: int = 0
    #: The most requests that were under way at one moment.
    busiest: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        self.keys.add(request.headers.get("Authorization"))
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            respond = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            return await respond(request)
        finally:
            self.busy -= 1

    def said(self, role: str, number: int = 0) -> str:
        """What request `number` says in the part of `role`."""
        return "".join(part["content"] for part in self.requests[number]["messages"] if part["role"] == role)

    @property
    def forms(self) -> list[str]:
        """Of answer, that were asked for: json_schema, json_object, tool, text."""
        return [
            request["response_format"]["type"]
            if "response_format" in request
            else "tool"
            if "tools" in request
            else "text"
            for request in self.requests
        ]
