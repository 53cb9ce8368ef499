"""Slack's and Feishu's ways to post, as fast as Python can answer and with their limits, in a process of its own; and a

model that always says the same.

Spoken over asyncio's own streams of bytes, because whatever parses HTTP properly takes longer than the bot's posts do.
It counts what arrives, where, and when; `GET /counts` tells. Run it as `python -m bench.platforms PORT LATENCY`.
"""

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable
from typing import Any, Final

from bench.stage import ANALYSIS, LEAD

#: What the platforms allow: so many of one key within so many seconds, in any span of that length.
#: https://docs.slack.dev/apis/web-api/rate-limits, where several hundred a minute are taken to be three
SLACK_CHANNEL: Final = (1, 1.0)
SLACK_WORKSPACE: Final = (300, 60.0)
#: https://open.feishu.cn/document/ukTMukTMukTM/uUzN04SN3QjL1cDN
FEISHU_CHAT: Final = (5, 1.0)
FEISHU_SECOND: Final = (50, 1.0)
FEISHU_MINUTE: Final = (1000, 60.0)

Answer = tuple[int, dict[str, Any], dict[str, str]]


class Limit:
    """Refuses what comes too early, to the millisecond."""

    def __init__(self, most: int, seconds: float) -> None:
        self._seconds = seconds
        self._taken: defaultdict[Hashable, deque[float]] = defaultdict(lambda: deque(maxlen=most))
        self._most = most

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until one more is taken; zero if it is."""
        taken = self._taken[key]
        return max(0.0, taken[0] + self._seconds - now) if len(taken) == self._most else 0.0

    def take(self, key: Hashable, now: float) -> None:
        self._taken[key].append(now)


class Limits:
    def __init__(self, *limits: tuple[int, float]) -> None:
        self._limits = [Limit(*limit) for limit in limits]

    def refused_for(self, *keys: Hashable) -> float:
        """Seconds; zero if it is taken. There is one key for each limit."""
        now = time.monotonic()
        if wait := max(limit.wait(key, now) for limit, key in zip(self._limits, keys, strict=True)):
            return wait
        for limit, key in zip(self._limits, keys, strict=True):
            limit.take(key, now)
        return 0.0


class Counts:
    """What arrived at one platform."""

    def __init__(self) -> None:
        self.posts: Counter[str] = Counter()
        #: Messages by what their sender calls them.
        self.named: Counter[str] = Counter()
        self.refused = 0
        #: When each was taken, in seconds since the epoch.
        self.at: list[float] = []

    def took(self, place: str, name: str) -> str:
        self.posts[place] += 1
        self.named[name] += 1
        self.at.append(time.time())
        return str(len(self.at))

    def told(self) -> dict[str, Any]:
        return {
            "posts": len(self.at),
            "places": len(self.posts),
            "twice": sum(times - 1 for times in self.named.values()),
            "refused": self.refused,
            "at": self.at,
        }


class Slack:
    """`chat.postMessage`; the token is the workspace."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._limits = Limits(SLACK_CHANNEL, SLACK_WORKSPACE)

    def post(self, headers: bytes, body: dict[str, Any]) -> Answer:
        workspace, channel = body.get("token") or _header(headers, b"authorization"), body["channel"]
        place = f"{workspace}/{channel}"
        if wait := self._limits.refused_for(place, workspace):
            self.counts.refused += 1
            return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(int(wait) + 1)}
        ts = self.counts.took(place, f"{place}/{body['metadata']['event_payload']['key']}")
        return 200, {"ok": True, "channel": channel, "ts": f"1700000000.{ts:0>6}"}, {}


class Feishu:
    """Tokens, and messages of which one `uuid` makes one."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._limits = Limits(FEISHU_CHAT, FEISHU_SECOND, FEISHU_MINUTE)
        self._ids: dict[str, str] = {}

    def token(self, _headers: bytes, _body: dict[str, Any]) -> Answer:
        return 200, {"code": 0, "msg": "ok", "tenant_access_token": "t-1", "expire": 7200}, {}

    def send(self, _headers: bytes, body: dict[str, Any]) -> Answer:
        chat, uuid = body["receive_id"], body["uuid"]
        if wait := self._limits.refused_for(chat, "second", "minute"):
            self.counts.refused += 1
            reset = {"x-ogw-ratelimit-limit": "1000", "x-ogw-ratelimit-reset": str(int(wait) + 1)}
            return 429, {"code": 99991400, "msg": "request trigger frequency limit"}, reset
        if uuid not in self._ids:
            self._ids[uuid] = f"om_{self.counts.took(chat, uuid)}"
        return 200, {"code": 0, "msg": "success", "data": {"message_id": self._ids[uuid]}}, {}


class Model:
    """`chat/completions`."""

    def __init__(self) -> None:
        self.analyses = 0
        self.leads = 0

    def complete(self, _headers: bytes, body: dict[str, Any]) -> Answer:
        is_lead = "themes" in json.dumps(body.get("response_format"))
        self.leads += is_lead
        self.analyses += not is_lead
        message = {"role": "assistant", "content": json.dumps(LEAD if is_lead else ANALYSIS)}
        completion = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
        }
        return 200, completion, {}


class Platforms:
    """All of them, behind one address, and how much of its time the process has worked."""

    def __init__(self) -> None:
        self._slack, self._feishu, self._model = Slack(), Feishu(), Model()
        self._began = time.monotonic()
        self._routes: dict[bytes, Callable[[bytes, dict[str, Any]], Answer]] = {
            b"POST /api/chat.postMessage": self._slack.post,
            b"POST /open-apis/auth/v3/tenant_access_token/internal": self._feishu.token,
            b"POST /open-apis/im/v1/messages": self._feishu.send,
            b"POST /v1/chat/completions": self._model.complete,
            b"GET /counts": self._counts,
            b"GET /progress": self._progress,
        }

    def answer(self, head: bytes, body: bytes) -> Answer:
        route = head.partition(b" HTTP/")[0].partition(b"?")[0]
        return self._routes[route](head, json.loads(body) if body else {})

    def _counts(self, _headers: bytes, _body: dict[str, Any]) -> Answer:
        told = {
            "slack": self._slack.counts.told(),
            "feishu": self._feishu.counts.told(),
            "model": {"analyses": self._model.analyses, "leads": self._model.leads},
            "busy": time.process_time() / (time.monotonic() - self._began),
        }
        return 200, told, {}

    def _progress(self, _headers: bytes, _body: dict[str, Any]) -> Answer:
        told = {"slack": {"posts": len(self._slack.counts.at)}, "feishu": {"posts": len(self._feishu.counts.at)}}
        return 200, {**told, "busy": 0.0}, {}


class Connection(asyncio.Protocol):
    """Speaks as much HTTP/1.1 as the bot's clients do: bodies with a length, one request after another."""

    def __init__(self, platforms: Platforms, latency: float) -> None:
        self._platforms = platforms
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end])
        length = int(_header(head, b"content-length") or 0)
        if len(self._received) < end + 4 + length:
            return
        body = bytes(self._received[end + 4 : end + 4 + length])
        del self._received[: end + 4 + length]
        self._loop.call_later(self._latency, self._write, _response(*self._platforms.answer(head, body)))

    def _write(self, response: bytes) -> None:
        self._transport.write(response)


def _header(head: bytes, name: bytes) -> str:
    """Its value; empty without one."""
    found = head.lower().find(b"\r\n" + name + b":")
    if found < 0:
        return ""
    return head[found + len(name) + 3 :].partition(b"\r\n")[0].strip().decode()


def _response(status: int, body: dict[str, Any], headers: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Too Many Requests'}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


async def _serve(port: int, latency: float) -> None:
    platforms = Platforms()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(platforms, latency), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
