"""Processes behind one address, of which one is killed in the middle of an answer, as an operator runs them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.schema import inbox
from tests.counterparts import model, slack
from tests.counterparts.model import ModelProxy
from tests.counterparts.processes import START_SECONDS, free_port
from tests.counterparts.slack import SlackProxy
from tests.sample_day import build
from tests.slack_people import People, buttons
from tests.test_bot_process import is_up, started

#: Seconds; longer than any test.
FOR_EVER = 3_600.0


@pytest.mark.both_databases
async def test_a_command_whose_process_is_killed_is_answered_by_another_one(
    emulated_slack: SlackProxy, emulated_model: ModelProxy, engine: AsyncEngine, database_url: str, tmp_path: Path
):
    configuration = {
        "DATABASE_URL": database_url,
        "DIGEST_GIT_DIR": str(build(tmp_path / "dynamo").path),
        "DIGEST_DEFAULT_REPO": "ai-dynamo/dynamo",
        "OPENAI_API_KEY": model.API_KEY,
        "OPENAI_BASE_URL": emulated_model.api,
        "OPENAI_MODEL": "counterpart-1",
        "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
        "SLACK_SIGNING_SECRET": slack.SIGNING_SECRET,
        "SLACK_API_URL": emulated_slack.api,
    }
    ports = [str(free_port()) for _ in range(2)]
    with started(tmp_path, **configuration, PORT=ports[0]) as one, started(tmp_path, **configuration, PORT=ports[1]):
        async with ClientSession() as session:
            addresses = [f"http://127.0.0.1:{port}" for port in ports]
            for address in addresses:
                await patiently(lambda address=address: is_up(session, address))
            emulated_model.latency = FOR_EVER
            people, url = People(emulated_slack, session, addresses[0]), emulated_slack.response_url()
            await people.send(await people.typed("2026-01-21", url=url))
            await patiently(lambda: is_asked(emulated_model))
            one.kill()
            one.wait()
            emulated_model.latency = 0.0
            await lapse(engine)
            answer = await patiently(lambda: answered(emulated_slack, url))
            assert len(buttons(answer["blocks"], "commit.open")) == 12
            await patiently(lambda: is_dealt_with(engine))


async def patiently(look: Callable[[], Awaitable[Any]]) -> Any:
    """What `look` finds, once it finds something; processes start slowly on a busy machine."""
    async with asyncio.timeout(START_SECONDS):
        while not (found := await look()):
            await asyncio.sleep(0.05)
    return found


async def is_asked(mind: ModelProxy) -> bool:
    return bool(mind.calls)


async def answered(workspace: SlackProxy, url: str) -> dict[str, object] | None:
    """The digest, after what is said meanwhile."""
    return next((said for said in workspace.responses(url) if buttons(said.get("blocks"), "commit.open")), None)


async def lapse(engine: AsyncEngine) -> None:
    """The lease of the process that was killed ends."""
    async with engine.begin() as connection:
        await connection.execute(update(inbox).values(lease_until=inbox.c.received_at))


async def is_dealt_with(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        return (await connection.execute(select(inbox.c.payload))).scalars().all() == [None]
