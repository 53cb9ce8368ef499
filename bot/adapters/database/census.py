"""How much there is, counted when somebody asks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database.schema import deliveries, subscriptions
from bot.core.metering import Census, Standing, Waiting
from bot.core.subscriptions import DeliveryState, Platform

#: Seconds after which the database counts as one that does not answer.
PATIENCE: Final = 5
T = TypeVar("T")

_WORKED_ON: Final = [DeliveryState.CLAIMED.value, DeliveryState.SENDING.value]


#: How many jobs there are, as `Census.jobs` has them.
Depth = Callable[[], Awaitable[Mapping[tuple[str, str], int]]]


async def without_queue() -> Mapping[tuple[str, str], int]:
    return {}


class DatabaseCensus:
    """Implements `bot.core.metering.Censuses`."""

    def __init__(self, engine: AsyncEngine, depth: Depth = without_queue) -> None:
        self._reads = engine
        self._depth = depth

    async def taken(self, now: datetime) -> Census | None:
        async def take(connection: AsyncConnection) -> Census:
            return replace(await census(connection, now), jobs=await self._depth())

        return await self._answer(take)

    async def is_possible(self) -> bool:
        return await self._answer(_asked) is not None

    async def waiting(self, now: datetime) -> Waiting | None:
        return await self._answer(lambda connection: _waiting(connection, now))

    async def _answer(self, ask: Callable[[AsyncConnection], Awaitable[T]]) -> T | None:
        try:
            async with asyncio.timeout(PATIENCE), self._reads.connect() as connection:
                return await ask(connection)
        except (SQLAlchemyError, OSError):  # a TimeoutError is one
            return None


async def _asked(connection: AsyncConnection) -> bool:
    """Of a table of ours, since SQLite says nothing of its file while it needs nothing from it."""
    await connection.execute(select(deliveries.c.day).limit(1))
    return True


async def census(connection: AsyncConnection, now: datetime) -> Census:
    """What is counted, by a connection that is open already."""
    standing = await connection.execute(_subscriptions(now))
    waiting = await connection.execute(_deliveries(now))
    return Census(
        subscriptions={(Platform(row.platform), Standing(row.standing)): row.number for row in standing},
        deliveries={DeliveryState(row.state): row.number for row in waiting},
    )


async def _waiting(connection: AsyncConnection, now: datetime) -> Waiting:
    is_due = and_(deliveries.c.state == DeliveryState.DUE.value, deliveries.c.due_at <= now)
    is_worked_on = deliveries.c.state.in_(_WORKED_ON)
    is_held = and_(is_worked_on, deliveries.c.lease_until > now)
    unmade = await connection.execute(_oldest(deliveries.c.due_at, and_(is_due, ~deliveries.c.prepared)))
    made = await connection.execute(_oldest(deliveries.c.due_at, and_(is_due, deliveries.c.prepared)))
    left = await connection.execute(_oldest(deliveries.c.lease_until, and_(is_worked_on, ~is_held)))
    held = await connection.execute(select(deliveries.c.day).where(is_held).limit(1))
    to_be_posted = None if held.first() else min(filter(None, (made.scalar(), left.scalar())), default=None)
    return Waiting(to_be_made=unmade.scalar(), to_be_posted=to_be_posted)


def _oldest(since: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    """What is broken waits for people."""
    return select(func.min(since)).join(subscriptions).where(condition, subscriptions.c.broken == "")


def _subscriptions(now: datetime) -> Select[Any, Any, int]:
    is_paused = and_(
        subscriptions.c.paused_since <= now,
        or_(subscriptions.c.paused_until.is_(None), subscriptions.c.paused_until > now),
    )
    standing = case(
        (subscriptions.c.broken != "", Standing.BROKEN.value),
        (is_paused, Standing.PAUSED.value),
        else_=Standing.ACTIVE.value,
    ).label("standing")
    platform = subscriptions.c.platform
    return select(platform, standing, func.count().label("number")).group_by(platform, standing)


def _deliveries(now: datetime) -> Select[Any, int]:
    is_due = and_(deliveries.c.state == DeliveryState.DUE.value, deliveries.c.due_at <= now)
    counted = or_(is_due, deliveries.c.state.in_(_WORKED_ON))
    state = deliveries.c.state
    return select(state, func.count().label("number")).where(counted).group_by(state)
