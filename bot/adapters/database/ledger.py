"""The truth of deliveries: one row per subscription and local day, held under a lease and written under a fence."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, case, func, null, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import subscriptions as subscription_rows
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import deliveries, subscriptions
from bot.adapters.database.upserts import insert
from bot.core.subscriptions import Delivery, DeliveryState, Run, Subscription


class DatabaseLedger:
    """Implements `bot.core.ports.Ledger`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def schedule(self, subscription: Subscription, first_day: date, day: date, scheduled_at: datetime) -> bool:
        row = {
            "subscription_id": subscription.id,
            "day": day,
            "first_day": first_day,
            "state": DeliveryState.DUE.value,
            "scheduled_at": scheduled_at,
            "due_at": scheduled_at,
        }
        # What comes back tells who won; a row count would not with every driver.
        statement = insert(deliveries).values(row).on_conflict_do_nothing().returning(deliveries.c.day)
        async with self._writes.begin() as connection:
            still_there = select(subscriptions.c.id).where(subscriptions.c.id == subscription.id)
            still_there = still_there.with_for_update(read=True, key_share=True)  # until the delivery refers to it
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
            .where(tuple_(*key).in_(unclaimed(oldest)))
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
        return [delivery(row, holders[row.subscription_id]) for row in rows]

    async def again(self, subscription: Subscription, day: date, now: datetime) -> bool:
        ended = [DeliveryState.FAILED.value, DeliveryState.UNCERTAIN.value, DeliveryState.SKIPPED.value]
        mine = and_(deliveries.c.subscription_id == subscription.id, deliveries.c.day == day)
        waits = and_(mine, deliveries.c.state.in_([*ended, DeliveryState.DUE.value]))
        uncertain = deliveries.c.state == DeliveryState.UNCERTAIN.value
        due = {
            "state": DeliveryState.DUE.value,
            "due_at": now,
            "scheduled_at": now,
            "attempts": 0,
            "sending_since": case((uncertain, null()), else_=deliveries.c.sending_since),
        }
        async with self._writes.begin() as connection:
            return (await connection.execute(update(deliveries).where(waits).values(due))).rowcount == 1

    async def runs(self, subscriptions: Collection[Subscription]) -> Mapping[int, Run]:
        ids = [subscription.id for subscription in subscriptions]
        newest = (
            select(deliveries.c.subscription_id, func.max(deliveries.c.day).label("day"))
            .where(deliveries.c.subscription_id.in_(ids))
            .group_by(deliveries.c.subscription_id)
            .subquery()
        )
        same = and_(deliveries.c.subscription_id == newest.c.subscription_id, deliveries.c.day == newest.c.day)
        async with self._reads.connect() as connection:
            rows = (await connection.execute(select(deliveries).join(newest, same))).all()
        return {row.subscription_id: _run(row) for row in rows}

    async def sending(self, delivery: Delivery, now: datetime, lease_until: datetime) -> bool:
        # From the first attempt on that may have arrived: platforms forget, and it is from then on that they do.
        since = delivery.sending_since or now
        return await self._write(
            delivery, state=DeliveryState.SENDING, sending_since=since, lease_until=lease_until, last_error=""
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


def unclaimed(keys: Select[int, date]) -> Select[Any]:
    """The keys of deliveries that nobody else is claiming at this moment, locked once, however the query is planned."""
    locked = keys.with_for_update(of=deliveries, skip_locked=True).cte("unclaimed")
    return select(locked)


def delivery(row: Row[Any], subscription: Subscription) -> Delivery:
    """A row of `deliveries` as a value."""
    return Delivery(
        subscription=subscription,
        day=row.day,
        first_day=row.first_day,
        scheduled_at=row.scheduled_at,
        fence=row.fence,
        attempts=row.attempts,
        sending_since=row.sending_since,
    )


def _run(row: Row[Any]) -> Run:
    state = DeliveryState(row.state)
    sent = state is DeliveryState.SENT
    error = "" if sent else row.last_error
    return Run(day=row.day, state=state, at=(row.sent_at if sent else None) or row.scheduled_at, error=error)
