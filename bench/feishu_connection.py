"""What Feishu's long connection costs: until it is there, in memory, and until an event is acknowledged."""

import asyncio
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from aiohttp import ClientSession

from bench.figures import Figure
from bench.processes import bot, resident
from bench.stage import staged
from handlers.feishu_connection.connection import LongConnection
from tests.counterparts.feishu import FakeFeishu
from tests.slack_people import People

#: Clicks one after the other, and then at the same time.
IN_TURN = 200
AT_ONCE = 50


async def alone(_folder: Path) -> Sequence[Figure]:
    """The connection over a receiver that has nothing to do."""
    async with FakeFeishu() as feishu:
        app = {"app_id": feishu.app_id, "app_secret": feishu.app_secret, "base_url": feishu.url}
        began = perf_counter()
        async with LongConnection(_answer, **app, environment={}) as connection:
            await connection.connected.wait()
            ready = perf_counter() - began
            assert connection.pid is not None
            seconds = [await _acknowledged(feishu, number) for number in range(IN_TURN)]
            seconds += await asyncio.gather(*(_acknowledged(feishu, IN_TURN + number) for number in range(AT_ONCE)))
            megabytes = resident(connection.pid)
    return [
        Figure(name="Feishu's long connection is there after", value=ready, unit="s", limit=2.5),
        Figure(name="  the process that holds it", value=megabytes, unit="MB", limit=120),
        Figure(
            name="  acknowledgement, 99 of 100", value=statistics.quantiles(seconds, n=100)[98], unit="s", limit=0.5
        ),
    ]


async def beside_slack(folder: Path) -> Sequence[Figure]:
    """The bot as it runs for both platforms: Slack is not kept waiting, and both processes fit together."""
    async with FakeFeishu() as feishu, staged(folder, 1) as stage, ClientSession() as session:
        began = perf_counter()
        async with bot(stage, **_environment(feishu)) as (process, address, ready):
            await feishu.connections.wait_for_connection()
            connected = perf_counter() - began
            await People(stage.slack, session, address).type("help")
            await asyncio.sleep(1)
            own, held = resident(process.pid), sum(resident(child) for child in _children(process.pid))
    return [
        Figure(name="the bot with Slack and Feishu answers after", value=ready, unit="s", limit=2.5),
        Figure(name="  and is connected with Feishu after", value=connected, unit="s", limit=12),
        Figure(name="the idle bot with Slack and Feishu", value=own, unit="MB"),
        Figure(name="  with the process of the long connection", value=own + held, unit="MB", limit=300),
    ]


async def _answer(_event: Mapping[str, Any]) -> dict[str, Any]:
    return {"toast": {"type": "info", "content": "ok"}}


async def _acknowledged(feishu: FakeFeishu, number: int) -> float:
    header = {"event_id": f"e{number}", "event_type": "card.action.trigger"}
    ack = await feishu.connections.push({"schema": "2.0", "header": header, "event": {}})
    assert ack is not None and ack.code == 200
    return ack.seconds


def _environment(feishu: FakeFeishu) -> dict[str, str]:
    return {"FEISHU_APP_ID": feishu.app_id, "FEISHU_APP_SECRET": feishu.app_secret, "FEISHU_DOMAIN": feishu.url}


def _children(pid: int) -> Sequence[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], check=True, capture_output=True, text=True)
    return [int(child) for child in listed.stdout.split()]
