"""The bot as a process of its own, as an operator starts and stops it."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession

from tests.counterparts import slack
from tests.counterparts.processes import free_port
from tests.counterparts.slack import SlackProxy
from tests.pings import Pings
from tests.sample_day import build
from tests.slack_people import People, buttons, eventually, texts

COMMAND = Path(sys.executable).with_name("dynamo-digest")


@contextmanager
def started(folder: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [COMMAND, "run"],
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


async def test_the_bot_answers_in_slack_posts_when_due_and_stops_when_told(
    emulated_slack: SlackProxy, pings: Pings, session: ClientSession, tmp_path: Path
):
    port = free_port()
    configuration = {
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
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
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
