"""What is kept of a model's host, and what its calls cost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.schema import model_calls
from bot.core.ports import ModelCall, ModelMemory, ModelTraits, Spending
from tests.fakes import NOW

pytestmark = pytest.mark.both_databases

HOST = "https://model.example/v1"
CALL = ModelCall(
    at=NOW,
    purpose="analysis",
    endpoint=HOST,
    model="small",
    rung="json_schema",
    service_tier="flex",
    request_id="req_1",
    seconds=1.5,
    prompt_tokens=1_000,
    cached_tokens=400,
    completion_tokens=100,
    price=0.25,
)


async def test_what_was_learned_of_a_host_is_known_after_a_restart(engine: AsyncEngine):
    memory: ModelMemory = DatabaseModelMemory(engine)
    assert await memory.recall(HOST, "small") is None
    await memory.remember(HOST, "small", ModelTraits(rung="json_schema"), NOW)
    learned = ModelTraits(rung="tool", bytes_per_token=3.7)
    await memory.remember(HOST, "small", learned, NOW)
    again = DatabaseModelMemory(engine)
    assert await again.recall(HOST, "small") == learned
    assert await again.recall(HOST, "large") is None
    assert await again.recall("https://other.example/v1", "small") is None


async def test_every_call_is_one_row(engine: AsyncEngine):
    memory = DatabaseModelMemory(engine)
    await memory.record(CALL)
    await memory.record(replace(CALL, prompt_tokens=0, completion_tokens=0, price=None, error="AnalystTimeout"))
    async with engine.connect() as connection:
        rows = (await connection.execute(select(model_calls).order_by(model_calls.c.id))).mappings().all()
    assert [row["error"] for row in rows] == ["", "AnalystTimeout"]
    assert ModelCall(**{name: value for name, value in rows[0].items() if name != "id"}) == CALL


async def test_what_was_spent_counts_from_an_instant_on(engine: AsyncEngine):
    memory = DatabaseModelMemory(engine)
    assert await memory.spent(NOW) == Spending(tokens=0, price=0)
    await memory.record(replace(CALL, at=NOW - timedelta(seconds=1)))
    await memory.record(CALL)
    await memory.record(replace(CALL, model="large", price=None))
    assert await memory.spent(NOW) == Spending(tokens=2_200, price=0.25)
