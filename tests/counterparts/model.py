"""A model behind the OpenAI API, which answers what a test tells it to.

The server is the npm package `@copilotkit/aimock` 1.43.0, read and tried: it checks the API key, validates requests,
and gives `/v1/chat/completions` its real shape with ids, usage and finish reason; errors get OpenAI's envelope, a 429
its `Retry-After` and `x-ratelimit-*`. Without a fixture it answers 404 `no_fixture_match`. Its own control interface
(`/__aimock/fixtures|error|chaos|journal|reset`) takes JSON only, so no functions; `latency` of a fixture does nothing
unless the answer is streamed (`chaos.latencyMs` does, up to 30 s); empty content is refused; it measures no
concurrency and sends no HTML.

`ModelProxy` asks the test what to answer, hands that to aimock as a fixture for this one request (`X-AIMock-Context`),
and does the rest itself: latency, hanging, resets, HTML, broken JSON, empty content, counting.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiohttp import web

from tests.counterparts import node, processes
from tests.counterparts.faults import Answer, Fault, Hang, Reset
from tests.counterparts.proxies import Proxy, Upstream, sendable

API_KEY = "sk-counterpart"
_CHAT = "/v1/chat/completions"
# aimock refuses empty content; the proxy takes this out again.
_NOTHING = "(nothing)"


@dataclass(frozen=True, slots=True)
class Chat:
    """A request for a chat completion, as it was sent."""

    body: Mapping[str, Any]

    @property
    def system(self) -> str:
        return self._said_by("system")

    @property
    def user(self) -> str:
        return self._said_by("user")

    @property
    def response_format(self) -> str | None:
        """`json_schema`, `json_object`, or None."""
        return (self.body.get("response_format") or {}).get("type")

    def _said_by(self, role: str) -> str:
        contents = [message["content"] for message in self.body["messages"] if message["role"] == role]
        return "\n".join(text if isinstance(text, str) else json.dumps(text, ensure_ascii=False) for text in contents)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What the model says. Without `usage`, aimock guesses it from the lengths."""

    content: str
    finish_reason: str = "stop"
    model: str | None = None
    #: `prompt_tokens` and `completion_tokens`, and their `*_details` if wanted.
    usage: Mapping[str, Any] | None = None


Reply = str | Mapping[str, Any] | Completion | Fault
Condition = str | Callable[[Chat], bool]


@dataclass(slots=True, kw_only=True)
class Call:
    """One request: `status` is None while it is being answered, and when it never was."""

    chat: Chat
    headers: Mapping[str, str]
    status: int | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    holds: Callable[[Chat], bool]
    reply: Callable[[Chat], Reply]


class EmulatedModel:
    """The server process. Everything is done through a `ModelProxy`."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self.url = f"http://127.0.0.1:{announced['port']}"
        self._port: int = announced["port"]

    def reset(self) -> None:
        """No fixtures, no journal."""
        processes.post(self._port, "/__aimock/reset", headers=_KEY)


@contextmanager
def serving() -> Iterator[EmulatedModel]:
    with processes.running([node.binary(), "model_server.mjs", API_KEY], cwd=node.HERE) as announced:
        yield EmulatedModel(announced)


class ModelProxy(Proxy):
    """`AsyncOpenAI(api_key=API_KEY, base_url=proxy.api)` talks here."""

    def __init__(self, model: EmulatedModel) -> None:
        super().__init__(model.url)
        #: Seconds that every answer takes.
        self.latency = 0.0
        self.calls: list[Call] = []
        #: The most requests that were being answered at one moment.
        self.max_concurrency = 0
        self._rules: list[_Rule] = []
        self._now = 0
        self._numbers = count(1)

    @property
    def api(self) -> str:
        """The `base_url` for openai."""
        return f"{self.url}/v1"

    def answer(self, reply: Reply | Callable[[Chat], Reply], *, when: Condition = "") -> None:
        """What is said to a request; the newest rule that holds is used, and none means 404 `no_fixture_match`.

        A mapping is sent as JSON text. `when` is a text in the user's message, or a predicate.
        """
        holds = when if callable(when) else _user_says(when)
        self._rules.insert(0, _Rule(holds, reply if callable(reply) else _always(reply)))

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        """The next `times` chat completions meet this fault, before any rule."""
        self.faults.plan(_CHAT, fault, times)

    async def journal(self) -> list[dict[str, Any]]:
        """What aimock itself saw and answered, oldest first."""
        return json.loads((await self.ask("GET", "/__aimock/journal", headers=_KEY)).body)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path != _CHAT:
            return (await self._pass_on(request, {})).response()
        call = Call(chat=Chat(await request.json()), headers=dict(request.headers))
        self.calls.append(call)
        self._now += 1
        self.max_concurrency = max(self.max_concurrency, self._now)
        try:
            await asyncio.sleep(self.latency)
            answer = await self._answer(request, call.chat)
        finally:
            self._now -= 1
        call.status = answer.status
        return answer

    async def _answer(self, request: web.Request, chat: Chat) -> web.Response:
        reply = self.faults.take(_CHAT) or self._reply(chat)
        if isinstance(reply, Answer | Hang | Reset):
            return await self.act_out(reply, request)
        if reply is None:
            return (await self._pass_on(request, {})).response()
        return (await self._say(request, _completion(reply))).response()

    def _reply(self, chat: Chat) -> Reply | None:
        return next((rule.reply(chat) for rule in self._rules if rule.holds(chat)), None)

    async def _say(self, request: web.Request, completion: Completion) -> Upstream:
        mark = f"request-{next(self._numbers)}"
        fixture = {"match": {"context": mark}, "response": _fixture(completion)}
        await self.ask("POST", "/__aimock/fixtures", headers=_KEY, json={"fixtures": [fixture]})
        answer = await self._pass_on(request, {"X-AIMock-Context": mark})
        if answer.status == 200 and not completion.content:
            return _emptied(answer)
        return answer

    async def _pass_on(self, request: web.Request, more: Mapping[str, str]) -> Upstream:
        headers = {**sendable(request), **more}
        headers.pop("Accept-Encoding", None)
        return await self.ask(request.method, request.path_qs, headers=headers, data=await request.read() or None)


# What goes wrong at a provider. https://platform.openai.com/docs/guides/error-codes


def rate_limited(retry_after: float | None = 1) -> Answer:
    """429 that passes, with Retry-After in seconds or without."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    body = _error("Rate limit reached.", "rate_limit_error", "rate_limit_exceeded")
    return Answer(status=429, body=body, headers=headers)


def quota_exhausted() -> Answer:
    """429 that does not pass."""
    body = _error("You exceeded your current quota.", "insufficient_quota", "insufficient_quota")
    return Answer(status=429, body=body)


def server_error(status: int = 500) -> Answer:
    return Answer(status=status, body=_error("The server had an error.", "server_error", None))


def unsupported(parameter: str = "response_format") -> Answer:
    """400 of a server that does not know a parameter."""
    message = f"Unsupported parameter: '{parameter}' is not supported with this model."
    return Answer(status=400, body=_error(message, "invalid_request_error", "unsupported_parameter", parameter))


def html_page(status: int = 200) -> Answer:
    """What a gateway in between may answer."""
    page = "<!doctype html><html><body><h1>Bad gateway</h1></body></html>"
    return Answer(status=status, body=page, headers={"Content-Type": "text/html"})


def malformed_json() -> Answer:
    """An answer that is cut off in the middle."""
    return Answer(status=200, body='{"id": "chatcmpl-1", "choi', headers={"Content-Type": "application/json"})


_KEY = {"Authorization": f"Bearer {API_KEY}"}


def _error(message: str, kind: str, code: str | None, parameter: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": parameter, "code": code}}


def _user_says(text: str) -> Callable[[Chat], bool]:
    return lambda chat: text in chat.user


def _always(reply: Reply) -> Callable[[Chat], Reply]:
    return lambda _: reply


def _completion(reply: str | Mapping[str, Any] | Completion) -> Completion:
    match reply:
        case Completion():
            return reply
        case str():
            return Completion(content=reply)
        case _:
            return Completion(content=json.dumps(reply, ensure_ascii=False))


def _fixture(completion: Completion) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "content": completion.content or _NOTHING,
        "finishReason": completion.finish_reason,
    }
    if completion.model is not None:
        shape["model"] = completion.model
    if completion.usage is not None:
        shape["usage"] = dict(completion.usage)
    return shape


def _emptied(answer: Upstream) -> Upstream:
    body = json.loads(answer.body)
    body["choices"][0]["message"]["content"] = ""
    return Upstream(status=answer.status, headers=answer.headers, body=json.dumps(body).encode())
