"""Since when deliveries wait, as whoever watches them asks."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.census import DatabaseCensus
from bot.adapters.database.schema import deliveries
from bot.core.metering import Waiting
from bot.core.schedule import plan
from tests.core.test_rounds import NINE, TERMS, Stage

pytestmark = pytest.mark.both_databases
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("row", "waiting"),
    [
        ({}, Waiting(to_be_made=NINE, to_be_posted=None)),
        ({"prepared": True}, Waiting(to_be_made=None, to_be_posted=NINE)),
        ({"due_at": NINE + 2 * HOUR}, Waiting(to_be_made=None, to_be_posted=None)),
        ({"state": "claimed", "lease_until": NINE + 2 * HOUR}, Waiting(to_be_made=None, to_be_posted=None)),
        ({"state": "sending", "lease_until": NINE + HOUR}, Waiting(to_be_made=None, to_be_posted=NINE + HOUR)),
        ({"state": "sent"}, Waiting(to_be_made=None, to_be_posted=None)),
    ],
    ids=["unmade", "unposted", "postponed", "held", "abandoned", "sent"],
)
async def test_a_delivery_waits_until_somebody_works_on_it(
    row: dict[str, object], waiting: Waiting, engine: AsyncEngine
):
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, NINE - HOUR)
    await stage.ledger.look(NINE, 10, plan)
    async with engine.begin() as connection:
        await connection.execute(update(deliveries).values({"due_at": NINE, **row}))
    assert await DatabaseCensus(engine).waiting(NINE + HOUR) == waiting
