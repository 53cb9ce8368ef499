"""The truth of deliveries: one row per subscription and local day, held under a lease and written under a fence."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import subscriptions as subscription_rows
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import deliveries, subscriptions
from bot.core.model import Delivery, DeliveryState, Subscription


class DatabaseLedger:
    """Implements `bot.core.ports.Ledger`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writes = for_writing(engine)

    async def schedule(self, subscription: Subscription, day: date, scheduled_at: datetime) -> bool:
        row = {
            "subscription_id": subscription.id,
            "day": day,
            "state": DeliveryState.DUE.value,
            "scheduled_at": scheduled_at,
            "due_at": scheduled_at,
        }
        # What comes back tells who won; a row count would not with every driver.
        statement = insert(deliveries).values(row).on_conflict_do_nothing().returning(deliveries.c.day)
        async with self._writes.begin() as connection:
            still_there = select(subscriptions.c.id).where(subscriptions.c.id == subscription.id)
            if (await connection.execute(still_there)).first() is None:
                return False
            return (await connection.execute(statement)).first() is not None

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        due = and_(deliveries.c.state == DeliveryState.DUE.value, deliveries.c.due_at <= now)
        abandoned = and_(
            deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.SENDING.value]),
            deliveries.c.lease_until <= now,
        )
        key = (deliveries.c.subscription_id, deliveries.c.day)
        oldest = (
            select(*key)
            .join(subscriptions)
            .where(or_(due, abandoned), subscriptions.c.broken == "")
            .order_by(deliveries.c.due_at)
            .limit(limit)
        )
        taken = (
            update(deliveries)
            .where(tuple_(*key).in_(oldest))
            .values(
                state=DeliveryState.CLAIMED.value,
                lease_until=lease_until,
                fence=deliveries.c.fence + 1,
                attempts=deliveries.c.attempts + 1,
            )
            .returning(deliveries)
        )
        async with self._writes.begin() as connection:
            rows = (await connection.execute(taken)).all()
            query = subscription_rows.selected().where(subscriptions.c.id.in_({row.subscription_id for row in rows}))
            holders = {row.id: subscription_rows.from_row(row) for row in await connection.execute(query)}
        return [
            Delivery(
                subscription=holders[row.subscription_id],
                day=row.day,
                scheduled_at=row.scheduled_at,
                fence=row.fence,
                attempts=row.attempts,
                sending_since=row.sending_since,
            )
            for row in rows
        ]

    async def sending(self, delivery: Delivery, now: datetime, lease_until: datetime) -> bool:
        return await self._write(
            delivery, state=DeliveryState.SENDING, sending_since=now, lease_until=lease_until, last_error=""
        )

    async def sent(self, delivery: Delivery, message: str, at: datetime) -> bool:
        return await self._write(delivery, state=DeliveryState.SENT, message=message, sent_at=at)

    async def retry(self, delivery: Delivery, error: str, due_at: datetime, *, refused: bool) -> bool:
        forget = {"sending_since": None} if refused else {}
        return await self._write(delivery, state=DeliveryState.DUE, due_at=due_at, last_error=error, **forget)

    async def uncertain(self, delivery: Delivery, error: str) -> bool:
        return await self._write(delivery, state=DeliveryState.UNCERTAIN, last_error=error)

    async def failed(self, delivery: Delivery, error: str) -> bool:
        return await self._write(delivery, state=DeliveryState.FAILED, last_error=error)

    async def skipped(self, delivery: Delivery) -> bool:
        return await self._write(delivery, state=DeliveryState.SKIPPED)

    async def _write(self, delivery: Delivery, *, state: DeliveryState, **values: Any) -> bool:
        mine = and_(
            deliveries.c.subscription_id == delivery.subscription.id,
            deliveries.c.day == delivery.day,
            deliveries.c.fence == delivery.fence,
            deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.SENDING.value]),
        )
        statement = update(deliveries).where(mine).values(state=state.value, **values)
        async with self._writes.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1
