"""Writers that want the same rows of Postgres wait for each other in one order, so that none waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import corrections
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.engine import open_database
from bot.adapters.database.orphans import batches
from bot.adapters.database.schema import deliveries, digest_commits, subscriptions
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.database.workspaces import DatabaseWorkspaces
from bot.core.subscriptions import DeliveryState, Platform, SubscriptionTerms
from tests.fakes import CHANNEL, NOW, REPO

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

ZONE = ZoneInfo("Asia/Shanghai")
#: By the commits that they tell of, in the order in which deleting a subscription finds their deliveries.
DAYS = {f"{number}" * 40: date(2026, 1, number) for number in (1, 2, 3)}
FIRST, SECOND, THIRD = DAYS

Ending = Callable[[AsyncEngine], Awaitable[object]]


async def unsubscribing_from_one(engine: AsyncEngine) -> object:
    return await DatabaseSubscriptions(engine).unsubscribe(CHANNEL, REPO)


async def unsubscribing_from_all(engine: AsyncEngine) -> object:
    return await DatabaseSubscriptions(engine).unsubscribe(CHANNEL, None)


async def uninstalling(engine: AsyncEngine) -> object:
    return await DatabaseWorkspaces(engine).forget(Platform.SLACK, CHANNEL.workspace)


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The connections of another process."""
    engine = open_database(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def posted(engine: AsyncEngine) -> None:
    """Three digests of one subscription, which stand in its channel."""
    terms = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=ZONE, subscriber="U1")
    subscription, _is_new = await DatabaseSubscriptions(engine).subscribe(terms, NOW)
    sent = {"state": DeliveryState.SENT.value, "message": "1.0", "scheduled_at": NOW, "due_at": NOW, "sent_at": NOW}
    async with engine.begin() as connection:
        repository = (await connection.execute(select(subscriptions.c.repository_id))).scalar_one()
        for sha, day in DAYS.items():
            told = {"subscription_id": subscription.id, "day": day, "first_day": day} | sent
            await connection.execute(insert(deliveries).values(told))
            stands = {"repository_id": repository, "zone": ZONE.key, "sha": sha, "day": day}
            await connection.execute(insert(digest_commits).values(stands))


async def waiting(engine: AsyncEngine, number: int) -> None:
    """Until so many transactions of this database wait for another one."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while True:
            async with engine.connect() as connection:
                if (await connection.execute(query)).scalar_one() >= number:
                    return
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("posted")
@pytest.mark.parametrize("ending", [unsubscribing_from_one, unsubscribing_from_all, uninstalling])
async def test_who_unsubscribes_while_digests_become_stale_waits_for_that(
    engine: AsyncEngine, other: AsyncEngine, ending: Ending, monkeypatch: pytest.MonkeyPatch
):
    """Without an order, the one has the second digest and wants the first, and the other one has the first."""
    monkeypatch.setattr(corrections, "batches", partial(batches, size=1))
    async with asyncio.timeout(20):
        async with other.begin() as holding:
            third = select(deliveries).where(deliveries.c.day == DAYS[THIRD]).with_for_update()
            await holding.execute(third)
            marking = asyncio.create_task(DatabaseCorrections(engine).mark(REPO, [SECOND, THIRD, FIRST], NOW))
            await waiting(other, 1)
            leaving = asyncio.create_task(ending(other))
            await waiting(other, 2)
        assert await marking == len(DAYS)
        await leaving
    later = NOW + timedelta(days=1)
    assert list(await DatabaseCorrections(engine).claim(later, later, 10)) == []
