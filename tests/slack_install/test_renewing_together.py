"""Several processes, which need Postgres, renew a token once: a refresh token is good for one use."""

import asyncio

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import CONNECTIONS
from tests.counterparts import slack
from tests.counterparts.slack_grid import install
from tests.slack_install.conftest import Stage
from tests.slack_install.test_renewing import TEAM, another_process, expiring

__all__ = ["expiring"]

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


async def test_many_posts_at_once_in_two_processes_renew_once(stage: Stage, engine: AsyncEngine, expiring: str):
    processes = [stage.oauth.installations, another_process(stage, engine)]
    tokens = await asyncio.gather(*(process.token(TEAM) for process in processes * 20))
    assert len(stage.one.calls_of("oauth.v2.access")) == 1
    assert set(tokens) == {await stage.oauth.installations.token(TEAM)}
    assert expiring not in tokens


async def test_a_token_that_slack_rejects_is_renewed_once_for_all_processes(stage: Stage, engine: AsyncEngine):
    """The loser finds the new token instead of a refresh token that was used, and does not call the app dead."""
    stage.one.installing.rotation = slack.ROTATION_SECONDS
    await install(stage.one, stage.address)
    processes = [stage.oauth.installations, another_process(stage, engine)]
    rejected = await processes[0].token(TEAM)
    stage.one.calls.clear()
    renewed = await asyncio.gather(*(process.renewed(TEAM, rejected) for process in processes * 3))
    assert len(stage.one.calls_of("oauth.v2.access")) == 1
    assert set(renewed) == {await processes[1].token(TEAM)}
    assert rejected not in renewed


async def test_more_workspaces_than_connections_change_their_tokens_at_once(stage: Stage):
    store, inside = stage.oauth.store, 0

    async def change(workspace: str) -> None:
        nonlocal inside
        async with store.changing(workspace), store.engine.connect() as connection:
            await connection.execute(select(1))
            inside += 1

    async with asyncio.timeout(20):
        await asyncio.gather(*(change(f"T{number}") for number in range(3 * CONNECTIONS)))
    assert inside == 3 * CONNECTIONS
