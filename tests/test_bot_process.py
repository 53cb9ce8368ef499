"""The bot as a process of its own, as an operator starts and stops it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import ClientError, ClientSession

from tests.counterparts import slack
from tests.counterparts.collector import KEY, Collector, collecting
from tests.counterparts.processes import free_port
from tests.counterparts.slack import SlackProxy
from tests.pings import Pings
from tests.sample_day import build
from tests.slack_people import People, buttons, eventually, texts

COMMAND = Path(sys.executable).with_name("dynamo-digest")


@contextmanager
def started(folder: Path, role: str = "run", **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [COMMAND, role],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/digest.db",
            **environment,
        },
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


def lines(log: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.splitlines()]


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def is_up(session: ClientSession, address: str) -> bool:
    try:
        async with session.get(f"{address}/healthz") as answer:
            return answer.status == 200
    except ClientError:
        return False


async def has_pinged(pings: Pings) -> bool:
    return pings.received == ["GET /hush"]


async def is_ready(session: ClientSession, address: str) -> bool:
    async with session.get(f"{address}/readyz") as answer:
        return answer.status == 200


async def figures(session: ClientSession, address: str) -> list[str]:
    async with session.get(f"{address}/metrics") as answer:
        return (await answer.text()).splitlines()


async def has_answered(session: ClientSession, address: str, *, commands: int) -> bool:
    counter = 'dynamo_digest_interactions_total{kind="command",outcome="answered",platform="slack"}'
    return f"{counter} {commands}.0" in await figures(session, address)


async def test_the_bot_answers_in_slack_posts_when_due_and_stops_when_told(
    emulated_slack: SlackProxy, pings: Pings, collector: Collector, session: ClientSession, tmp_path: Path
):
    port = free_port()
    configuration = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={quote(KEY)}",
        "PING_URL": pings.url,
        "PORT": str(port),
        "DIGEST_GIT_DIR": str(build(tmp_path / "dynamo").path),
        "DIGEST_DEFAULT_REPO": "ai-dynamo/dynamo",
        "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": slack.SIGNING_SECRET,
        "SLACK_API_URL": emulated_slack.api,
    }
    with started(tmp_path, **configuration) as process:
        address = f"http://127.0.0.1:{port}"
        await eventually(lambda: is_up(session, address))
        people = People(emulated_slack, session, address)
        (answer,) = await people.type("2026-01-21")
        assert len(buttons(answer["blocks"], "commit.open")) == 12
        (answer,) = await people.type("subscribe ai-dynamo/dynamo at 09:00")
        assert "every day at 09:00" in "\n".join(texts(answer["blocks"]))
        await eventually(lambda: is_ready(session, address))
        await eventually(lambda: has_pinged(pings))
        told = await figures(session, address)
        assert 'dynamo_digest_subscriptions{platform="slack",standing="active"} 1.0' in told
        assert any(line.startswith('dynamo_digest_ticks_total{outcome="ok"}') for line in told)
        await eventually(lambda: has_answered(session, address, commands=2))
        process.send_signal(signal.SIGTERM)
        _, log = await asyncio.to_thread(process.communicate, timeout=20)  # while the collector takes the last spans
    assert {"answer", "digest", "digest.list", "digest.read", "digest.analyse", "tick"} <= collector.names
    assert {line["event"] for line in lines(log) if "trace_id" in line} >= {"digest.made"}
    assert process.returncode == 0
    assert [event for event in ("bot.started", "bot.stopped") if event not in log] == []
    assert slack.BOT_TOKEN not in log
    assert "hush" not in log
    assert "Traceback" not in log


async def test_a_bot_whose_configuration_is_wrong_does_not_start(tmp_path: Path):
    with started(tmp_path, SLACK_BOT_TOKEN="xoxb-hush", DIGEST_TIMEZONE="Mars/Base") as process:
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "DIGEST_TIMEZONE: Value error, “Mars/Base” is not a time zone" in complaint
    assert "hush" not in complaint


async def test_a_bot_without_git_does_not_start_and_says_why(tmp_path: Path):
    environment = {"PATH": str(tmp_path), "SLACK_BOT_TOKEN": "xoxb-hush", "SLACK_SIGNING_SECRET": "hush"}
    with started(tmp_path, **environment) as process:
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "The git program is not installed where the bot runs." in complaint


@pytest.mark.parametrize("role", ["web", "worker", "clock"])
async def test_processes_that_share_work_need_a_database_that_can_be_shared(tmp_path: Path, role: str):
    with started(tmp_path, role) as process:
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 2
    assert complaint.splitlines()[-1] == (
        f"Error: DATABASE_URL: {role} needs postgresql://…, which processes share; with SQLite, `run` does it all."
    )


@pytest.mark.parametrize("role", ["run", "web", "worker", "clock"])
async def test_every_role_stops_when_told(
    postgres: AbstractContextManager[str], session: ClientSession, tmp_path: Path, role: str
):
    port = free_port()
    configuration = {
        "PORT": str(port),
        "DIGEST_GIT_DIR": str(build(tmp_path / "dynamo").path),
        "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": slack.SIGNING_SECRET,
    }
    with postgres as url, started(tmp_path, role, **configuration, DATABASE_URL=url) as process:
        assert process.stderr is not None
        log = [await asyncio.to_thread(process.stderr.readline)]
        while "bot.started" not in log[-1]:
            assert log[-1], log
            log.append(await asyncio.to_thread(process.stderr.readline))
        if role in {"run", "web"}:
            await eventually(lambda: is_up(session, f"http://127.0.0.1:{port}"))
        else:
            assert not await is_up(session, f"http://127.0.0.1:{port}"), "it has nothing to say"
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "bot.stopped" in rest
    assert "Traceback" not in "".join(log) + rest
