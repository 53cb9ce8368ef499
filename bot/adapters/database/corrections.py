"""Posted digests that are not true any more: rows of the ledger, held under the same lease and fence."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, case, literal, null, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database import subscriptions as subscription_rows
from bot.adapters.database.columns import Instant
from bot.adapters.database.engine import for_writing
from bot.adapters.database.ledger import delivery, unclaimed
from bot.adapters.database.orphans import batches
from bot.adapters.database.schema import deliveries, digest_commits, subscriptions
from bot.core.model import Repo
from bot.core.subscriptions import Correction, DeliveryState

_KEY: Final = (deliveries.c.subscription_id, deliveries.c.day)


class DatabaseCorrections:
    """Implements `bot.core.ports.Corrections`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def mark(self, repo: Repo, shas: Collection[str], at: datetime) -> int:
        # What is prepared may be posted as it was composed a moment ago.
        under_way = or_(
            deliveries.c.state.in_([DeliveryState.CLAIMED.value, DeliveryState.SENDING.value]),
            and_(deliveries.c.state == DeliveryState.DUE.value, deliveries.c.prepared),
        )
        posted = and_(deliveries.c.state == DeliveryState.SENT.value, deliveries.c.message != "")
        marked = 0
        async with self._writes.begin() as connection:
            await repositories.hold(connection, repo)
            for some in batches(shas):
                theirs = tuple_(*_KEY).in_(_in_which_stand(repo, some))
                await connection.execute(update(deliveries).where(theirs, under_way).values(stale_since=at))
                # Whoever corrects it at this moment keeps the lease, so that two never write one message at a time.
                stale = update(deliveries).where(theirs, posted).values(stale_since=at, due_at=at, attempts=0)
                marked += len((await connection.execute(stale.returning(deliveries.c.day))).all())
        return marked

    async def are_due(self, now: datetime) -> bool:
        async with self._reads.connect() as connection:
            return (await connection.execute(_due(now).limit(1))).first() is not None

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Correction]:
        oldest = _due(now).order_by(deliveries.c.stale_since).limit(limit)
        taken = (
            update(deliveries)
            .where(tuple_(*_KEY).in_(unclaimed(oldest)))
            .values(lease_until=lease_until, fence=deliveries.c.fence + 1, attempts=deliveries.c.attempts + 1)
            .returning(deliveries)
        )
        async with self._writes.begin() as connection:
            rows = (await connection.execute(taken)).all()
            query = subscription_rows.selected().where(subscriptions.c.id.in_({row.subscription_id for row in rows}))
            holders = {row.id: subscription_rows.from_row(row) for row in await connection.execute(query)}
        return [
            Correction(
                delivery=delivery(row, holders[row.subscription_id]),
                message=row.message,
                stale_since=row.stale_since,
            )
            for row in rows
        ]

    async def done(self, correction: Correction) -> bool:
        as_seen = deliveries.c.stale_since == correction.stale_since
        left = case((as_seen, null()), else_=deliveries.c.stale_since)
        return await self._write(correction, stale_since=left, last_error="")

    async def retry(self, correction: Correction, error: str, due_at: datetime) -> bool:
        as_seen = deliveries.c.stale_since == correction.stale_since
        later = case((as_seen, literal(due_at, Instant)), else_=deliveries.c.due_at)
        return await self._write(correction, due_at=later, last_error=error)

    async def give_up(self, correction: Correction, error: str) -> bool:
        return await self._write(correction, stale_since=None, last_error=error)

    async def _write(self, correction: Correction, **values: Any) -> bool:
        mine = and_(
            deliveries.c.subscription_id == correction.delivery.subscription.id,
            deliveries.c.day == correction.delivery.day,
            deliveries.c.fence == correction.delivery.fence,
            deliveries.c.state == DeliveryState.SENT.value,
        )
        statement = update(deliveries).where(mine).values(lease_until=None, **values)
        async with self._writes.begin() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _due(now: datetime) -> Select[Any, Any]:
    """The keys of posted digests that are to be corrected now."""
    return (
        select(*_KEY)
        .join(subscriptions)
        # By `sent_at`: with the state, SQLite would take the index of states, and that is nearly all rows.
        .where(deliveries.c.stale_since <= now, deliveries.c.sent_at.is_not(None))
        .where(deliveries.c.due_at <= now, deliveries.c.message != "", subscriptions.c.broken == "")
        .where(or_(deliveries.c.lease_until.is_(None), deliveries.c.lease_until <= now))
    )


def _in_which_stand(repo: Repo, shas: Collection[str]) -> Any:
    """The keys of the deliveries whose digest, of whatever branches, has one of these commits."""
    return (
        select(*_KEY)
        .join(subscriptions)
        .join(
            digest_commits,
            and_(
                digest_commits.c.repository_id == subscriptions.c.repository_id,
                digest_commits.c.zone == subscriptions.c.zone,
                digest_commits.c.day.between(deliveries.c.first_day, deliveries.c.day),
            ),
        )
        .where(digest_commits.c.repository_id.in_(repositories.ids_of_all(repo)), digest_commits.c.sha.in_(shas))
    )
