"""Counts, for those who keep the bot going, what becomes of everybody's subscriptions."""

import math
from collections import Counter
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Float, Select, and_, case, extract, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from bot.adapters.database.census import census
from bot.adapters.database.engine import newest_version, version
from bot.adapters.database.schema import deliveries, followings, model_calls, subscriptions
from bot.core.days import Day
from bot.core.outlook import (
    SHOWN,
    Backlog,
    BrokenWorkspace,
    DatabaseKind,
    Delivered,
    ModelUse,
    NextDue,
    Outlook,
    Patterns,
    PatternTrouble,
    Punctuality,
    Schema,
    Subscribed,
    Trouble,
)
from bot.core.ranges import Weekday
from bot.core.schedule import Hours, next_occurrence
from bot.core.subscriptions import DeliveryState, Platform
from bot.core.timing import ON_TIME

#: Characters of a reason.
REASON_MAX: Final = 200
_SPANS: Final = (timedelta(days=1), timedelta(days=7))
_WORKED_ON: Final = (DeliveryState.CLAIMED.value, DeliveryState.SENDING.value)
_UTC: Final = ZoneInfo("UTC")


class _Lateness(GenericFunction[float]):
    """Seconds from the hour of a delivery until it arrived."""

    type = Float()
    inherit_cache = True
    name = "lateness"


@compiles(_Lateness, "postgresql")
def _of_postgres(element: _Lateness, compiler: SQLCompiler, **options: Any) -> str:
    until, since = element.clauses
    return compiler.process(extract("epoch", until - since), **options)


@compiles(_Lateness, "sqlite")
def _of_sqlite(element: _Lateness, compiler: SQLCompiler, **options: Any) -> str:
    until, since = element.clauses
    days = func.julianday(until, type_=Float()) - func.julianday(since, type_=Float())
    return compiler.process(days * 86_400, **options)


class DatabaseOutlooks:
    """Implements `bot.core.outlook.Outlooks`."""

    def __init__(self, engine: AsyncEngine, backlog: Backlog | None = None) -> None:
        self._reads = engine
        self._backlog = backlog

    async def taken(self, now: datetime) -> Outlook:
        kind = DatabaseKind(self._reads.dialect.name)
        schema = Schema(kind=kind, version=await version(self._reads), newest=newest_version())
        if schema.version != schema.newest:
            return Outlook(at=now, schema=schema)
        async with self._reads.connect() as connection:
            counted = await census(connection, now)
            due_now, oldest_due = (await connection.execute(_due(now))).one()
            return Outlook(
                at=now,
                schema=schema,
                subscriptions=tuple(
                    Subscribed(platform=platform, standing=standing, number=number)
                    for (platform, standing), number in sorted(counted.subscriptions.items())
                ),
                patterns=await _patterns(connection),
                deliveries=await _deliveries(connection, now),
                due_now=due_now,
                oldest_due=oldest_due,
                worked_on=sum(counted.deliveries.get(DeliveryState(state), 0) for state in _WORKED_ON),
                troubles=await _troubles(connection, now),
                punctuality=await _punctuality(connection, now),
                broken=await _broken(connection),
                next_due=await _next_due(connection, now),
                model=await _model(connection, now),
                backlog=await self._backlog.waiting() if self._backlog is not None else None,
            )


def _due(now: datetime) -> Select[Any, Any]:
    is_due = and_(deliveries.c.state == DeliveryState.DUE.value, deliveries.c.due_at <= now)
    is_active = subscriptions.c.broken == ""  # nobody makes what is not, however long it has been due
    query = select(func.count(), func.min(deliveries.c.due_at)).join_from(deliveries, subscriptions)
    return query.where(is_due, is_active)


def _since(since: datetime, now: datetime) -> ColumnElement[bool]:
    """The second condition has an index, and is never later than the first."""
    return and_(deliveries.c.scheduled_at > since, deliveries.c.due_at > since, deliveries.c.scheduled_at <= now)


async def _patterns(connection: AsyncConnection) -> Patterns:
    total = (await connection.execute(select(func.count()).select_from(followings))).scalar_one()
    reason = func.substr(followings.c.error, 1, REASON_MAX).label("reason")
    number = func.count().label("number")
    query = select(reason, number).where(followings.c.error != "").group_by(reason).order_by(number.desc(), reason)
    rows = await connection.execute(query.limit(SHOWN))
    return Patterns(number=total, troubles=tuple(PatternTrouble(reason=row.reason, number=row.number) for row in rows))


async def _deliveries(connection: AsyncConnection, now: datetime) -> tuple[Delivered, ...]:
    state = deliveries.c.state
    query = select(state, func.count().label("number")).where(_since(now - _SPANS[0], now)).group_by(state)
    numbers = {DeliveryState(row.state): row.number for row in await connection.execute(query)}
    return tuple(Delivered(state=state, number=numbers[state]) for state in DeliveryState if state in numbers)


async def _troubles(connection: AsyncConnection, now: datetime) -> tuple[Trouble, ...]:
    troubled = deliveries.c.state.in_([DeliveryState.FAILED.value, DeliveryState.UNCERTAIN.value])
    reason = func.substr(deliveries.c.last_error, 1, REASON_MAX).label("reason")
    number = func.count().label("number")
    query = (
        select(deliveries.c.state, reason, number)
        .where(troubled, _since(now - _SPANS[0], now))
        .group_by(deliveries.c.state, reason)
        .order_by(number.desc(), deliveries.c.state, reason)
        .limit(SHOWN)
    )
    rows = await connection.execute(query)
    return tuple(Trouble(state=DeliveryState(row.state), reason=row.reason, number=row.number) for row in rows)


async def _punctuality(connection: AsyncConnection, now: datetime) -> tuple[Punctuality, ...]:
    found = [await _over(connection, span, now) for span in _SPANS]
    return tuple(one for one in found if one is not None)


async def _over(connection: AsyncConnection, span: timedelta, now: datetime) -> Punctuality | None:
    late = _Lateness(deliveries.c.sent_at, deliveries.c.scheduled_at)
    arrived = and_(
        deliveries.c.state == DeliveryState.SENT.value, deliveries.c.sent_at.is_not(None), _since(now - span, now)
    )
    is_on_time = case((late <= ON_TIME.total_seconds(), 1), else_=0)
    number, on_time = (await connection.execute(select(func.count(), func.sum(is_on_time)).where(arrived))).one()
    if not number:
        return None
    nearest_rank = [math.ceil(number * share) - 1 for share in (0.5, 0.99)]
    ranked = select(late).where(arrived).order_by(late).limit(1)
    p50, p99 = [(await connection.execute(ranked.offset(rank))).scalar_one() for rank in nearest_rank]
    return Punctuality(
        span=span,
        number=number,
        p50=timedelta(seconds=round(float(p50), 3)),
        p99=timedelta(seconds=round(float(p99), 3)),
        on_time=on_time / number,
    )


async def _broken(connection: AsyncConnection) -> tuple[BrokenWorkspace, ...]:
    """Those of which every subscription is."""
    where = (subscriptions.c.platform, subscriptions.c.workspace)
    number = func.count().label("number")
    since = func.min(subscriptions.c.broken_since).label("since")
    reason = func.substr(func.max(subscriptions.c.broken), 1, REASON_MAX).label("reason")
    all_broken = func.min(case((subscriptions.c.broken == "", 0), else_=1)) == 1
    query = select(*where, reason, since, number).group_by(*where).having(all_broken).order_by(since, *where)
    return tuple(
        BrokenWorkspace(
            platform=Platform(row.platform),
            workspace=row.workspace,
            reason=row.reason,
            since=row.since,
            subscriptions=row.number,
        )
        for row in await connection.execute(query.limit(SHOWN))
    )


async def _next_due(connection: AsyncConnection, now: datetime) -> tuple[NextDue, ...]:
    """Of many subscriptions, few have a timetable of their own. One that is paused comes up when it goes on."""
    hours = (subscriptions.c.at, subscriptions.c.zone, subscriptions.c.days)
    is_over = or_(subscriptions.c.paused_since.is_(None), subscriptions.c.paused_until <= now)
    query = select(*hours, func.count().label("number")).where(subscriptions.c.broken == "", is_over).group_by(*hours)
    due: Counter[datetime] = Counter()
    for row in await connection.execute(query):
        days = frozenset(Weekday(int(day)) for day in row.days)
        wanted = Hours(at=time.fromisoformat(row.at), zone=ZoneInfo(row.zone), days=days)
        due[next_occurrence(wanted, now)] += row.number
    return tuple(NextDue(at=at, subscriptions=due[at]) for at in sorted(due)[:SHOWN])


async def _model(connection: AsyncConnection, now: datetime) -> ModelUse:
    query = select(
        func.count().label("calls"),
        func.coalesce(func.sum(case((model_calls.c.error != "", 1), else_=0)), 0).label("failed"),
        func.coalesce(func.sum(model_calls.c.prompt_tokens + model_calls.c.completion_tokens), 0).label("tokens"),
        func.coalesce(func.sum(model_calls.c.price), 0.0).label("price"),
    ).where(model_calls.c.at >= Day.containing(now, _UTC).window().since)
    row = (await connection.execute(query)).one()
    return ModelUse(calls=row.calls, failed=row.failed, tokens=row.tokens, price=row.price)
