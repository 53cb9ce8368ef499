"""What platforms send us, until it is dealt with, and by what it was known, some time longer."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy import insert as insert_rows
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.group_commit import GroupCommit
from bot.adapters.database.schema import inbox, inbox_keys
from bot.adapters.database.upserts import insert
from bot.core.ports import Received
from bot.core.subscriptions import Platform

#: Processes that get one, of which each has ended before it was done with it.
ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    platform: Platform
    keys: frozenset[str]
    payload: str | None
    at: datetime
    lease_until: datetime

    def row(self) -> dict[str, Any]:
        lease = None if self.payload is None else self.lease_until
        return {"platform": self.platform.value, "payload": self.payload, "received_at": self.at, "lease_until": lease}

    def received(self, number: int) -> Received:
        return Received(id=number, payload=self.payload or "", received_at=self.at)


class DatabaseInbox:
    """Implements `bot.core.ports.Inbox`, for all processes that share the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writes = for_writing(engine)
        self._arrivals = GroupCommit(self._writes, _receive)
        self._settled = GroupCommit(self._writes, _settle)

    async def receive(
        self, platform: Platform, keys: Collection[str], payload: str | None, at: datetime, *, lease_until: datetime
    ) -> Received | None:
        arrival = _Arrival(platform=platform, keys=frozenset(keys), payload=payload, at=at, lease_until=lease_until)
        return await self._arrivals.write(arrival)

    async def done(self, received: Received) -> None:
        await self._settled.write(received.id)

    async def take(
        self, platform: Platform, now: datetime, lease_until: datetime, *, since: datetime, limit: int
    ) -> Sequence[Received]:
        left = (
            select(inbox.c.id)
            .where(inbox.c.platform == platform.value, inbox.c.lease_until <= now)
            .where(inbox.c.received_at >= since, inbox.c.attempts < ATTEMPTS)
            .order_by(inbox.c.received_at, inbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("left_behind")
        )
        taken = (
            update(inbox)
            .where(inbox.c.id.in_(select(left.c.id)))
            .values(lease_until=lease_until, attempts=inbox.c.attempts + 1)
            .returning(inbox)
        )
        async with self._writes.begin() as connection:
            rows = (await connection.execute(taken)).all()
        oldest_first = sorted(rows, key=lambda row: (row.received_at, row.id))
        return [Received(id=row.id, payload=row.payload, received_at=row.received_at) for row in oldest_first]

    async def lease(self, numbers: Collection[int], until: datetime) -> None:
        unfinished = inbox.c.id.in_(numbers) & inbox.c.payload.is_not(None)
        async with self._writes.begin() as connection:
            await connection.execute(update(inbox).where(unfinished).values(lease_until=until))


async def _receive(connection: AsyncConnection, arrivals: Sequence[_Arrival]) -> Sequence[Received | None]:
    new = insert_rows(inbox).returning(inbox.c.id, sort_by_parameter_order=True)
    numbers = (await connection.execute(new, [arrival.row() for arrival in arrivals])).scalars().all()
    known = await _known(connection, dict(zip(numbers, arrivals, strict=True)))
    if known:
        await connection.execute(delete(inbox).where(inbox.c.id.in_(known)))
    return [
        None if number in known else arrival.received(number) for number, arrival in zip(numbers, arrivals, strict=True)
    ]


async def _settle(connection: AsyncConnection, numbers: Sequence[int]) -> Sequence[None]:
    theirs = update(inbox).where(inbox.c.id.in_(numbers))
    await connection.execute(theirs.values(payload=None, lease_until=None))
    return [None] * len(numbers)


async def _known(connection: AsyncConnection, arrivals: Mapping[int, _Arrival]) -> set[int]:
    """Those, by their number, of which somebody has a key already; the others have all of theirs now."""
    rows = [
        {"platform": arrival.platform.value, "key": key, "inbox_id": number}
        for number, arrival in arrivals.items()
        for key in arrival.keys
    ]
    if not rows:
        return set()
    # In the same order by everybody, so that two that receive the same never wait for each other.
    rows.sort(key=lambda row: (row["platform"], row["key"], row["inbox_id"]))
    # Whoever has a key that is being received waits until it is, and then knows it.
    new = insert(inbox_keys).values(rows).on_conflict_do_nothing().returning(inbox_keys.c.inbox_id)
    own = Counter((await connection.execute(new)).scalars())
    return {number for number, arrival in arrivals.items() if own[number] < len(arrival.keys)}
