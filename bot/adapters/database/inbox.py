"""What platforms send us, until it is dealt with, and by what it was known, some time longer."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import inbox, inbox_keys
from bot.adapters.database.upserts import insert
from bot.core.ports import Received
from bot.core.subscriptions import Platform


class DatabaseInbox:
    """Implements `bot.core.ports.Inbox`, for all processes that share the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def receive(self, platform: Platform, keys: Collection[str], payload: str, at: datetime) -> Received | None:
        async with self._writes.connect() as connection:  # what is not committed is forgotten
            values = {"platform": platform.value, "payload": payload, "received_at": at}
            number = (await connection.execute(insert(inbox).values(values).returning(inbox.c.id))).scalar_one()
            # In the same order by everybody, so that two that receive the same never wait for each other.
            rows = [{"platform": platform.value, "key": key, "inbox_id": number} for key in sorted(set(keys))]
            if rows:
                # Whoever has a key that is being received waits until it is, and then knows it.
                new = insert(inbox_keys).values(rows).on_conflict_do_nothing().returning(inbox_keys.c.key)
                if len((await connection.execute(new)).all()) < len(rows):
                    return None
            await connection.commit()
        return Received(id=number, payload=payload, received_at=at)

    async def done(self, received: Received) -> None:
        async with self._writes.begin() as connection:
            await connection.execute(update(inbox).where(inbox.c.id == received.id).values(payload=None))

    async def unfinished(self, platform: Platform, since: datetime) -> Sequence[Received]:
        left = and_(inbox.c.platform == platform.value, inbox.c.payload.is_not(None), inbox.c.received_at >= since)
        query = select(inbox).where(left).order_by(inbox.c.received_at, inbox.c.id)
        async with self._reads.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [Received(id=row.id, payload=row.payload, received_at=row.received_at) for row in rows]

    async def forget(self, before: datetime) -> None:
        async with self._writes.begin() as connection:
            await connection.execute(delete(inbox).where(inbox.c.received_at < before))
