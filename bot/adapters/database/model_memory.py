"""What is known of models and their hosts, and every call to them."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import model_calls, model_hosts
from bot.adapters.database.upserts import insert
from bot.core.ports import ModelCall, ModelTraits, Spending


class DatabaseModelMemory:
    """Implements `bot.core.ports.ModelMemory`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def recall(self, endpoint: str, model: str) -> ModelTraits | None:
        query = select(model_hosts.c.rung, model_hosts.c.bytes_per_token).where(
            model_hosts.c.endpoint == endpoint, model_hosts.c.model == model
        )
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return ModelTraits(rung=row.rung, bytes_per_token=row.bytes_per_token) if row else None

    async def remember(self, endpoint: str, model: str, traits: ModelTraits, at: datetime) -> None:
        known = {"rung": traits.rung, "bytes_per_token": traits.bytes_per_token, "updated_at": at}
        statement = insert(model_hosts).values(endpoint=endpoint, model=model, **known)
        async with self._writes.begin() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["endpoint", "model"], set_=known))

    async def record(self, call: ModelCall) -> None:
        async with self._writes.begin() as connection:
            await connection.execute(insert(model_calls).values(**asdict(call)))

    async def spent(self, since: datetime) -> Spending:
        query = select(
            func.coalesce(func.sum(model_calls.c.prompt_tokens + model_calls.c.completion_tokens), 0).label("tokens"),
            func.coalesce(func.sum(model_calls.c.price), 0.0).label("price"),
        ).where(model_calls.c.at >= since)
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one()
        return Spending(tokens=row.tokens, price=row.price)
