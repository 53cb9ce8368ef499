"""How much there is, counted when somebody asks."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database.schema import deliveries, subscriptions
from bot.core.metering import Census, Standing
from bot.core.subscriptions import DeliveryState, Platform

#: Seconds after which the database counts as one that does not answer.
PATIENCE: Final = 5
T = TypeVar("T")

_WORKED_ON: Final = [DeliveryState.CLAIMED.value, DeliveryState.SENDING.value]


class DatabaseCensus:
    """Implements `bot.core.metering.Censuses`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine

    async def taken(self, now: datetime) -> Census | None:
        return await self._answer(lambda connection: _census(connection, now))

    async def is_possible(self) -> bool:
        return await self._answer(_asked) is not None

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


async def _census(connection: AsyncConnection, now: datetime) -> Census:
    standing = await connection.execute(_subscriptions(now))
    waiting = await connection.execute(_deliveries(now))
    return Census(
        subscriptions={(Platform(row.platform), Standing(row.standing)): row.number for row in standing},
        deliveries={DeliveryState(row.state): row.number for row in waiting},
    )


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
