"""Whatever happens to the connection, its process or the bot, there is a connection afterwards, or nothing is left."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from handlers.feishu_connection.connection import End, Pace
from tests.counterparts.feishu import FakeFeishu
from tests.handlers.feishu_connection.conftest import (
    BRISK,
    PATIENCE,
    Receiver,
    connected,
    connection,
    event,
    gone,
    logged,
)

_BOT = """
import asyncio, sys, structlog
from handlers.feishu_connection.connection import LongConnection

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def main():
    _, base_url, app_id, app_secret = sys.argv
    async with LongConnection(None, app_id=app_id, app_secret=app_secret, base_url=base_url, environment={}) as held:
        await held.connected.wait()
        print(held.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""

_NOISE_ONCE = """
from pathlib import Path

once = Path(__file__).with_name("once")
if not once.exists():
    once.touch()
    print("noise", flush=True)
"""
_NOISE_OF_A_LIBRARY = """
import sys

class Noise:
    def find_spec(self, name, path=None, target=None):
        if name == "lark_oapi.ws.client":
            print("noise", flush=True)

sys.meta_path.insert(0, Noise())
"""


async def is_heard(feishu: FakeFeishu) -> bool:
    ack = await feishu.connections.push(event("e-afterwards"))
    return ack is not None and ack.code == 200


def reasons(log: list[Any]) -> list[tuple[str, str]]:
    """Why processes ended."""
    return [(line["reason"], line["said"]) for line in log if "reason" in line]


async def test_a_connection_is_not_made_before_its_time(feishu: FakeFeishu, receiver: Receiver):
    answering = asyncio.Event()
    held = connection(feishu, receiver)
    held.start(after=answering)
    await asyncio.sleep(0)
    assert held.pid is None
    answering.set()
    async with asyncio.timeout(PATIENCE):
        await held.connected.wait()
    await held.stop()


async def test_a_connection_that_never_began_can_be_stopped(feishu: FakeFeishu, receiver: Receiver):
    held = connection(feishu, receiver)
    held.start(after=asyncio.Event())
    await held.stop()
    assert feishu.connections.asked == 0


async def test_a_connection_that_breaks_is_made_again(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async with connected(feishu, receiver) as held:
        pid = held.pid
        await feishu.connections.drop()
        await logged(log, "feishu.connected", times=2)
        assert await is_heard(feishu)
        assert held.pid == pid
    assert [line["event"] for line in log] == ["feishu.connected", "feishu.connection_lost", "feishu.connected"]


async def test_a_server_that_is_busy_is_asked_again(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    feishu.connections.client_config["ReconnectInterval"] = 0
    async with connected(feishu, receiver):
        feishu.connections.endpoint_code = 1
        await feishu.connections.drop()
        (line,) = await logged(log, "feishu.not_connected")
        assert line["error"] == "1: system busy"
        feishu.connections.endpoint_code = 0
        await logged(log, "feishu.connected", times=2)
        assert await is_heard(feishu)
    assert reasons(log) == []


async def test_a_client_that_would_stay_deaf_is_replaced(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    """lark-oapi gives up without a word where the endpoint refuses while it reconnects."""
    async with connected(feishu, receiver) as held:
        pid = held.pid
        feishu.connections.endpoint_code = 10003
        await feishu.connections.drop()
        await logged(log, "feishu.connection_refused")
        feishu.connections.endpoint_code = 0
        await logged(log, "feishu.connected", times=2)
        assert await is_heard(feishu)
        assert held.pid != pid
    assert set(reasons(log)) == {("refused", "10003: refused")}


async def test_a_connection_without_anybody_at_its_other_end_is_replaced(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any]
):
    feishu.connections.client_config |= {"PingInterval": 0.3}  # pyright: ignore[reportOperatorIssue]
    async with connected(feishu, receiver):
        assert await is_heard(feishu)
        feishu.connections.make_deaf()
        await logged(log, "feishu.connection_ended")
        feishu.connections.make_deaf(False)
        await logged(log, "feishu.connected", times=2)
        async with asyncio.timeout(PATIENCE):
            while not await is_heard(feishu):  # events go to any connection, and the broken one may still be there
                await asyncio.sleep(0.01)
    assert set(reasons(log)) == {("silent", "")}


async def test_an_endpoint_that_never_answers_is_not_waited_for(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    """lark-oapi would, without a time limit."""
    async with connected(feishu, receiver, pace=replace(BRISK, patience=1)):
        feishu.connections.endpoint_delay = 600
        await feishu.connections.drop()
        await logged(log, "feishu.connection_ended")
        feishu.connections.endpoint_delay = 0
        await logged(log, "feishu.connected", times=2)
    assert {reason for reason, _ in reasons(log)} == {"unreachable"}


async def test_a_process_that_is_killed_is_replaced(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async with connected(feishu, receiver) as held:
        assert held.pid is not None
        os.kill(held.pid, signal.SIGKILL)
        await logged(log, "feishu.connected", times=2)
        assert await is_heard(feishu)
    assert reasons(log) == [("died", "exit code -9")]


async def test_a_process_that_hangs_is_killed_and_replaced(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async with connected(feishu, receiver, pace=replace(BRISK, silence=3)) as held:
        assert held.pid is not None
        hung = held.pid
        os.kill(hung, signal.SIGSTOP)
        await logged(log, "feishu.connected", times=2)
        await gone(hung)
        assert await is_heard(feishu)
    assert set(reasons(log)) == {("hung", "")}


async def test_a_process_that_says_something_else_is_replaced(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any], tmp_path: Path
):
    (tmp_path / "sitecustomize.py").write_text(_NOISE_ONCE)
    async with connected(feishu, receiver, environment={"PYTHONPATH": str(tmp_path)}):
        assert await is_heard(feishu)
    assert reasons(log) == [("garbled", "")]


async def test_what_a_library_prints_disturbs_nothing(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "sitecustomize.py").write_text(_NOISE_OF_A_LIBRARY)
    async with connected(feishu, receiver, environment={"PYTHONPATH": str(tmp_path)}):
        assert await is_heard(feishu)
    assert reasons(log) == []
    assert capfd.readouterr().err == "noise\n"


async def test_a_process_that_cannot_be_started_is_tried_again(
    feishu: FakeFeishu, receiver: Receiver, log: list[Any], monkeypatch: pytest.MonkeyPatch
):
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    async with connection(feishu, receiver) as held:
        await logged(log, "feishu.connection_crashed", times=2)
        monkeypatch.setattr(sys, "executable", python)
        async with asyncio.timeout(PATIENCE):
            await held.connected.wait()
    assert set(reasons(log)) == {("died", "FileNotFoundError")}


async def test_only_the_bot_ends_the_process(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    """What stops all processes of a service, or of a terminal, would cut off what the bot still answers."""
    async with connected(feishu, receiver) as held:
        assert held.pid is not None
        os.kill(held.pid, signal.SIGTERM)
        os.kill(held.pid, signal.SIGINT)
        assert await is_heard(feishu)
        pid = held.pid
    await gone(pid)
    assert reasons(log) == []


async def test_a_bot_that_is_killed_leaves_nothing_behind(feishu: FakeFeishu):
    arguments = (feishu.url, feishu.app_id, feishu.app_secret)
    bot = await asyncio.create_subprocess_exec(sys.executable, "-c", _BOT, *arguments, stdout=subprocess.PIPE)
    assert bot.stdout is not None
    async with asyncio.timeout(PATIENCE):
        pid = int(await bot.stdout.readline())
        assert feishu.connections.count == 1
        bot.kill()
        await bot.wait()
        await gone(pid)
        while feishu.connections.count:
            await asyncio.sleep(0.01)


async def test_a_process_that_does_not_end_when_it_is_told_to_is_killed(feishu: FakeFeishu, receiver: Receiver):
    async with connected(feishu, receiver, pace=Pace(ending=0.2)) as held:
        assert held.pid is not None
        pid = held.pid
        os.kill(pid, signal.SIGSTOP)
    await gone(pid)


async def test_wrong_credentials_are_said_and_tried_again(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async with connection(feishu, receiver, app_secret="wrong-secret") as held:
        first, *_ = await logged(log, "feishu.connection_refused", times=2)
        assert not held.connected.is_set()
    assert first["log_level"] == "error"
    assert first["said"] == "1000040344: invalid app_id or app_secret"
    assert first["advice"].startswith("Check FEISHU_APP_ID, FEISHU_APP_SECRET and FEISHU_DOMAIN")
    assert "wrong-secret" not in str(log)


async def test_one_connection_too_many_is_said_so(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    async with AsyncExitStack() as others, ClientSession() as session:
        credentials = {"AppID": feishu.app_id, "AppSecret": feishu.app_secret}
        for _ in range(50):
            answer = await (await session.post(f"{feishu.url}/callback/ws/endpoint", json=credentials)).json()
            await others.enter_async_context(session.ws_connect(answer["data"]["URL"]))
        async with connection(feishu, receiver):
            first, *_ = await logged(log, "feishu.connection_refused")
    assert first["said"] == "514: the number of connections exceeded the limit"


async def test_a_bot_without_network_goes_on_trying(feishu: FakeFeishu, receiver: Receiver, log: list[Any]):
    pace = replace(BRISK, patience=-30)  # which lark-oapi waits by itself
    async with connection(feishu, receiver, pace=pace, base_url="http://127.0.0.1:9"):
        await logged(log, "feishu.connection_ended", times=2)
    assert set(reasons(log)) <= {("unreachable", "ConnectionError"), ("unreachable", "")}


@pytest.mark.parametrize(
    ("reason", "failures", "seconds"),
    [
        ("died", 1, 1),
        ("hung", 2, 2),
        ("silent", 4, 8),
        ("unreachable", 500, 60),
        ("refused", 1, 300),
        ("broken", 3, 300),
    ],
)
def test_the_next_process_waits_longer_each_time_and_longest_where_somebody_has_to_act(
    reason: str, failures: int, seconds: float
):
    waits = [Pace().before_restart(End(reason=reason), failures=failures, chance=chance) for chance in (0.0, 0.5, 1.0)]
    assert waits == [seconds / 2, seconds, seconds * 1.5]


def test_an_answer_is_due_before_feishu_gives_up():
    assert Pace().answer < 3
    assert BRISK.answer == Pace().answer
