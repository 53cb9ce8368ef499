"""Socket Mode: slack_sdk's own client against a small stand-in for Slack's end of the socket.

No emulator of it exists. Messages are those of https://docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from httpx import ASGITransport, AsyncClient

from bot.app import composed, listen
from bot.settings import Settings


class SocketModeEnd:
    """Slack's end: hands out an address, sends envelopes, and keeps what comes back."""

    def __init__(self) -> None:
        self.opened_with: list[str] = []
        self.acknowledged: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.connected = asyncio.Event()
        self.socket: web.WebSocketResponse | None = None
        self.url = ""

    async def open(self, request: web.Request) -> web.Response:
        self.opened_with.append(request.headers["Authorization"])
        return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws')}/socket"})

    async def identify(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "team_id": "T1", "user_id": "U0", "bot_id": "B0", "team": "Acme"})

    async def respond(self, request: web.Request) -> web.Response:
        self.responses.append(await request.json())
        return web.Response(text="ok")

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        self.socket = socket
        self.connected.set()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.acknowledged.append(json.loads(message.data))
        return socket


@pytest.fixture
async def slack() -> AsyncIterator[SocketModeEnd]:
    end = SocketModeEnd()
    app = web.Application()
    app.router.add_post("/api/apps.connections.open", end.open)
    app.router.add_post("/api/auth.test", end.identify)
    app.router.add_post("/respond", end.respond)
    app.router.add_get("/socket", end.talk)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    end.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield end
    await runner.cleanup()


def configured(slack: SocketModeEnd, database_url: str) -> Settings:
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        database_url=database_url,
        slack_bot_token="xoxb-1",  # pyright: ignore[reportArgumentType]
        slack_app_token="xapp-1",  # pyright: ignore[reportArgumentType]
        slack_api_url=f"{slack.url}/api/",
    )


async def test_a_command_over_socket_mode_is_acknowledged_and_answered(slack: SocketModeEnd, database_url: str):
    async with composed(configured(slack, database_url)) as app, AsyncExitStack() as listening, asyncio.timeout(10):
        await listen(app, listening)
        await slack.connected.wait()
        assert slack.opened_with == ["Bearer xapp-1"]
        assert slack.socket is not None
        command = {
            "command": "/dynamo-digest", "text": "help", "team_id": "T1", "channel_id": "C1", "user_id": "U1",
            "response_url": f"{slack.url}/respond", "trigger_id": "1", "api_app_id": "A1",
        }  # fmt: skip
        await slack.socket.send_json({"type": "slash_commands", "envelope_id": "E1", "payload": command})
        while not (slack.responses and slack.acknowledged):
            await asyncio.sleep(0.01)
    assert slack.acknowledged == [{"envelope_id": "E1"}]
    assert slack.responses[0]["response_type"] == "ephemeral"
    assert "/dynamo-digest" in json.dumps(slack.responses[0]["blocks"])


async def test_the_bot_is_ready_while_its_socket_is_connected(slack: SocketModeEnd, database_url: str):
    async with composed(configured(slack, database_url)) as app, AsyncExitStack() as listening, asyncio.timeout(10):
        transport = ASGITransport(await listen(app, listening))
        await slack.connected.wait()
        assert await readiness(transport) == (200, "ok\n")
        await listening.aclose()
        assert await readiness(transport) == (503, "Slack's socket is not connected.\n")


async def readiness(transport: ASGITransport) -> tuple[int, str]:
    async with AsyncClient(transport=transport, base_url="http://bot") as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.text
