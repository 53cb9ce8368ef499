"""The truth of deliveries: one row per subscription and local day, held under a lease and written under a fence."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    join,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import posts, repositories
from bot.adapters.database import subscriptions as subscription_rows
from bot.adapters.database.columns import Instant
from bot.adapters.database.engine import for_writing
from bot.adapters.database.group_commit import GroupCommit
from bot.adapters.database.schema import deliveries, subscriptions
from bot.adapters.database.upserts import insert
from bot.core.jobs import Collect, Deliver, Job
from bot.core.language import Language
from bot.core.ports import Planning
from bot.core.schedule import LOOK_AGAIN, Plan
from bot.core.subscriptions import Delivery, DeliveryState, Platform, Post, Readers, Run, Subscription

_KEY: Final = (deliveries.c.subscription_id, deliveries.c.day)
_OF_SUBSCRIPTIONS: Final = join(deliveries, subscriptions)
_IS_ACTIVE: Final = subscriptions.c.broken == ""
#: Seconds that a delivery waits for others before it is noted with them: less than a workspace's posts are apart.
_GATHER: Final = 0.03

#: Enqueues jobs in the transaction of a connection.
Enqueue = Callable[[AsyncConnection, Sequence[Job]], Awaitable[None]]


async def left_to_the_next_tick(_connection: AsyncConnection, _jobs: Sequence[Job]) -> None:
    """Within one process, jobs are no more than what `waiting` tells."""


class DatabaseLedger:
    """Implements `bot.core.ports.Ledger`."""

    def __init__(self, engine: AsyncEngine, enqueue: Enqueue = left_to_the_next_tick) -> None:
        self._reads = engine
        self._writes = for_writing(engine)
        self._enqueue = enqueue
        self._begun = GroupCommit(self._writes, _note_begun, gather=_GATHER)
        self._arrived = GroupCommit(self._writes, _note_arrived, gather=_GATHER)

    async def schedule(self, subscription: Subscription, first_day: date, day: date, scheduled_at: datetime) -> bool:
        row = _row(subscription, first_day, day, scheduled_at)
        # What comes back tells who won; a row count would not with every driver.
        statement = insert(deliveries).values(row).on_conflict_do_nothing().returning(deliveries.c.day)
        async with self._writes.begin() as connection:
            still_there = select(subscriptions.c.id).where(subscriptions.c.id == subscription.id)
            still_there = still_there.with_for_update(read=True, key_share=True)  # until the delivery refers to it
            if (await connection.execute(still_there)).first() is None:
                return False
            return (await connection.execute(statement)).first() is not None

    async def look(self, now: datetime, limit: int, plan: Planning) -> int:
        async with self._writes.begin() as connection:
            looked_at = await subscription_rows.all_of(connection, _to_look_at(now, limit))
            if not looked_at:
                return 0
            foreseen = await _foreseen(connection, looked_at)
            told = await _told(connection, looked_at)
            plans = [(each, plan(each, told.get(each.id), now, was_foreseen=each.id in foreseen)) for each in looked_at]
            await self._add(connection, plans)
            await connection.execute(
                update(subscriptions)
                .where(subscriptions.c.id == bindparam("its_id"))
                .values(look_again_at=bindparam("its_time")),
                [{"its_id": each.id, "its_time": planned.look_again_at} for each, planned in plans],
            )
        return len(looked_at)

    async def _add(self, connection: AsyncConnection, plans: Sequence[tuple[Subscription, Plan]]) -> None:
        """The rows that are due, and in the same transaction the jobs that make what they tell of."""
        due = [(each.terms, each, planned.occurrence) for each, planned in plans if planned.occurrence is not None]
        if not due:
            return
        rows = [_row(each, one.first_day, one.day, one.scheduled_at) for _terms, each, one in due]
        await connection.execute(insert(deliveries).values(rows).on_conflict_do_nothing())
        jobs = {
            Collect(repo=terms.repo, zone=terms.zone, first=one.first_day, last=one.day): None
            for terms, _each, one in due
        }
        await self._enqueue(connection, list(jobs))

    async def waiting(self, now: datetime) -> Sequence[Collect | Deliver]:
        unprepared = (
            select(*repositories.NAMES, subscriptions.c.zone, deliveries.c.first_day, deliveries.c.day)
            .select_from(_OF_SUBSCRIPTIONS.join(repositories.TABLE))
            .where(_due(now), ~deliveries.c.prepared, _IS_ACTIVE)
            .distinct()
        )
        to_deliver = (
            select(subscriptions.c.platform, subscriptions.c.workspace)
            .select_from(_OF_SUBSCRIPTIONS)
            .where(or_(and_(_due(now), deliveries.c.prepared), _abandoned(now)), _IS_ACTIVE)
            .distinct()
        )
        async with self._reads.connect() as connection:
            collect = [_collect(row) for row in await connection.execute(unprepared)]
            return [*collect, *(_deliver(row) for row in await connection.execute(to_deliver))]

    async def readers(self, collect: Collect, now: datetime) -> Sequence[Readers]:
        query = (
            select(subscriptions.c.platform, subscriptions.c.workspace, subscriptions.c.language)
            .select_from(_OF_SUBSCRIPTIONS)
            .where(_unprepared(collect, now))
            .distinct()
        )
        async with self._reads.connect() as connection:
            return [
                Readers(platform=Platform(row.platform), workspace=row.workspace, language=Language(row.language))
                for row in await connection.execute(query)
            ]

    async def prepared(self, collect: Collect, now: datetime) -> Sequence[Deliver]:
        waiting = _unprepared(collect, now)
        workspaces = (
            select(subscriptions.c.platform, subscriptions.c.workspace)
            .select_from(_OF_SUBSCRIPTIONS)
            .where(waiting)
            .distinct()
        )
        theirs = tuple_(*_KEY).in_(unclaimed(select(*_KEY).join(subscriptions).where(waiting)))
        async with self._writes.begin() as connection:
            deliver = [_deliver(row) for row in await connection.execute(workspaces)]
            await connection.execute(update(deliveries).where(theirs).values(prepared=True))
        return deliver

    async def claim(self, deliver: Deliver, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        theirs = subscription_rows.in_workspace(deliver.platform, deliver.workspace)
        ready = or_(and_(_due(now), deliveries.c.prepared), _abandoned(now))
        return await self._claim(and_(theirs, ready, _IS_ACTIVE), lease_until, limit)

    async def claim_unprepared(
        self, collect: Collect, language: Language, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Delivery]:
        theirs = subscriptions.c.language == language.value
        return await self._claim(and_(_unprepared(collect, now), theirs), lease_until, limit)

    async def _claim(self, condition: ColumnElement[bool], lease_until: datetime, limit: int) -> Sequence[Delivery]:
        oldest = select(*_KEY).join(subscriptions).where(condition).order_by(deliveries.c.due_at).limit(limit)
        taken = (
            update(deliveries)
            .where(tuple_(*_KEY).in_(unclaimed(oldest)))
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
            "prepared": False,
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
        return await self._begun.write(_Begun(delivery, now, lease_until))

    async def sent(self, delivery: Delivery, post: Post, at: datetime) -> bool:
        return await self._arrived.write(_Arrived(delivery, post, at))

    async def retry(self, delivery: Delivery, error: str, due_at: datetime, *, refused: bool) -> bool:
        forget = {"sending_since": None} if refused else {}
        return await self._write(
            delivery, state=DeliveryState.DUE, due_at=due_at, prepared=False, last_error=error, **forget
        )

    async def uncertain(self, delivery: Delivery, error: str) -> bool:
        return await self._write(delivery, state=DeliveryState.UNCERTAIN, last_error=error)

    async def failed(self, delivery: Delivery, error: str, *, breaks_at: datetime | None = None) -> bool:
        async with self._writes.begin() as connection:
            # In the order in which whoever unsubscribes locks them, too.
            await subscription_rows.hold(connection, delivery.subscription)
            written = _written(delivery, state=DeliveryState.FAILED, last_error=error)
            is_mine = (await connection.execute(written)).rowcount == 1
            if is_mine and breaks_at:
                await subscription_rows.mark_broken(connection, delivery.subscription, error, breaks_at)
        return is_mine

    async def skipped(self, delivery: Delivery) -> bool:
        return await self._write(delivery, state=DeliveryState.SKIPPED)

    async def _write(self, delivery: Delivery, *, state: DeliveryState, **values: Any) -> bool:
        async with self._writes.begin() as connection:
            return (await connection.execute(_written(delivery, state=state, **values))).rowcount == 1


def _written(delivery: Delivery, *, state: DeliveryState, **values: Any) -> Update:
    """Writes the row if the delivery's holder still holds it."""
    return update(deliveries).where(_held([delivery])).values(state=state.value, **values)


def _held(some: Collection[Delivery]) -> ColumnElement[bool]:
    held = tuple_(*_KEY, deliveries.c.fence).in_([(each.subscription.id, each.day, each.fence) for each in some])
    return and_(held, deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.SENDING.value]))


@dataclass(frozen=True, slots=True)
class _Begun:
    delivery: Delivery
    at: datetime
    lease_until: datetime


async def _note_begun(connection: AsyncConnection, begun: Sequence[_Begun]) -> Sequence[bool]:
    # From the first attempt on that may have arrived: platforms forget, and it is from then on that they do.
    since = func.coalesce(deliveries.c.sending_since, literal(min(each.at for each in begun), Instant))
    written = (
        update(deliveries)
        .where(_held([each.delivery for each in begun]))
        .values(
            state=DeliveryState.SENDING.value,
            sending_since=since,
            lease_until=max(each.lease_until for each in begun),
            last_error="",
        )
        .returning(*_KEY)
    )
    held = {(row.subscription_id, row.day) for row in await connection.execute(written)}
    return [(each.delivery.subscription.id, each.delivery.day) in held for each in begun]


@dataclass(frozen=True, slots=True)
class _Arrived:
    delivery: Delivery
    post: Post
    at: datetime


async def _note_arrived(connection: AsyncConnection, arrived: Sequence[_Arrived]) -> Sequence[bool]:
    query = select(*_KEY).where(_held([each.delivery for each in arrived])).with_for_update()
    held = {(row.subscription_id, row.day) for row in await connection.execute(query)}
    are_held = [(each.delivery.subscription.id, each.delivery.day) in held for each in arrived]
    theirs = [each for each, is_held in zip(arrived, are_held, strict=True) if is_held]
    if theirs:
        await connection.execute(_SENT, [_sent(each) for each in theirs])
        await posts.record(connection, [(each.post, each.at) for each in theirs])
    return are_held


_SENT: Final = (
    update(deliveries)
    .where(deliveries.c.subscription_id == bindparam("its_subscription"), deliveries.c.day == bindparam("its_day"))
    .values(state=DeliveryState.SENT.value, message=bindparam("its_message"), sent_at=bindparam("its_time"))
)


def _sent(arrived: _Arrived) -> dict[str, Any]:
    return {
        "its_subscription": arrived.delivery.subscription.id,
        "its_day": arrived.delivery.day,
        "its_message": arrived.post.message,
        "its_time": arrived.at,
    }


# Subscriptions that are to be looked at


def _to_look_at(now: datetime, limit: int) -> Select[Any]:
    """Those whose time has come, and those that a clock which went wrong has put off for too long."""
    at = subscriptions.c.look_again_at
    is_time = or_(at.is_(None), at <= now, at > now + 2 * LOOK_AGAIN)
    query = subscription_rows.selected().where(_IS_ACTIVE, is_time).limit(limit)
    return query.with_for_update(of=subscriptions, skip_locked=True)


async def _foreseen(connection: AsyncConnection, looked_at: Sequence[Subscription]) -> frozenset[int]:
    """Those whose terms nobody has changed since they were looked at."""
    ids = [subscription.id for subscription in looked_at]
    query = select(subscriptions.c.id).where(subscriptions.c.id.in_(ids), subscriptions.c.look_again_at.is_not(None))
    return frozenset((await connection.execute(query)).scalars())


async def _told(connection: AsyncConnection, looked_at: Sequence[Subscription]) -> Mapping[int, date]:
    """The newest day of each that is in the ledger."""
    number = deliveries.c.subscription_id
    query = select(number, func.max(deliveries.c.day)).where(number.in_([each.id for each in looked_at]))
    return {row[0]: row[1] for row in await connection.execute(query.group_by(number))}


def _row(subscription: Subscription, first_day: date, day: date, scheduled_at: datetime) -> dict[str, Any]:
    return {
        "subscription_id": subscription.id,
        "day": day,
        "first_day": first_day,
        "state": DeliveryState.DUE.value,
        "scheduled_at": scheduled_at,
        "due_at": scheduled_at,
    }


# Deliveries that are to be worked on


def _due(now: datetime) -> ColumnElement[bool]:
    return and_(deliveries.c.state == DeliveryState.DUE.value, deliveries.c.due_at <= now)


def _abandoned(now: datetime) -> ColumnElement[bool]:
    worked_on = deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.SENDING.value])
    return and_(worked_on, deliveries.c.lease_until <= now)


def _unprepared(collect: Collect, now: datetime) -> ColumnElement[bool]:
    return and_(
        _due(now),
        ~deliveries.c.prepared,
        _IS_ACTIVE,
        deliveries.c.first_day == collect.first,
        deliveries.c.day == collect.last,
        subscriptions.c.zone == collect.zone.key,
        subscriptions.c.repository_id == repositories.id_of(collect.repo).scalar_subquery(),
    )


def _collect(row: Row[*tuple[Any, ...]]) -> Collect:
    zone = ZoneInfo(row.zone)
    return Collect(repo=repositories.from_row(row), zone=zone, first=row.first_day, last=row.day)


def _deliver(row: Row[*tuple[Any, ...]]) -> Deliver:
    return Deliver(platform=Platform(row.platform), workspace=row.workspace)


def unclaimed(keys: Select[Any, Any]) -> Select[Any]:
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
