"""Deletes what is old, some rows at a time."""

from datetime import datetime
from typing import Final

from sqlalchemy import Executable, and_, delete, exists, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.ledger import unclaimed
from bot.adapters.database.schema import analyses, commits, deliveries, inbox, model_calls, posts
from bot.core.retention import Forgettable
from bot.core.subscriptions import DeliveryState

_KEY: Final = (deliveries.c.subscription_id, deliveries.c.day)
_ENDED: Final = (DeliveryState.SENT.value, DeliveryState.FAILED.value, DeliveryState.SKIPPED.value)


class DatabaseForgetting:
    """Implements `bot.core.retention.Forgetting`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writes = for_writing(engine)

    async def forget(self, what: Forgettable, before: datetime, limit: int) -> int:
        async with self._writes.begin() as connection:
            forgotten = await connection.execute(_STATEMENTS[what](before, limit))
            return len(forgotten.all())  # a row count is not what every driver tells


def _deliveries(before: datetime, limit: int) -> Executable:
    newer = deliveries.alias("newer")
    has_newer = exists().where(newer.c.subscription_id == deliveries.c.subscription_id, newer.c.day > deliveries.c.day)
    old = (
        select(*_KEY)
        .where(deliveries.c.state.in_(_ENDED), deliveries.c.due_at < before, deliveries.c.stale_since.is_(None))
        .where(has_newer)
        .limit(limit)
    )
    return delete(deliveries).where(tuple_(*_KEY).in_(unclaimed(old))).returning(*_KEY)


def _posts(before: datetime, limit: int) -> Executable:
    key = tuple(posts.primary_key)
    old = select(*key).where(posts.c.posted_at < before).limit(limit)
    return delete(posts).where(tuple_(*key).in_(old)).returning(*key)


def _model_calls(before: datetime, limit: int) -> Executable:
    old = select(model_calls.c.id).where(model_calls.c.at < before).limit(limit)
    return delete(model_calls).where(model_calls.c.id.in_(old)).returning(model_calls.c.id)


def _diffs(before: datetime, limit: int) -> Executable:
    key = (commits.c.repository_id, commits.c.sha)
    is_analysed = exists().where(
        and_(analyses.c.repository_id == commits.c.repository_id, analyses.c.sha == commits.c.sha)
    )
    old = select(*key).where(commits.c.first_seen_at < before, commits.c.patches.is_not(None), is_analysed)
    return update(commits).where(tuple_(*key).in_(old.limit(limit))).values(patches=None).returning(*key)


def _inbox(before: datetime, limit: int) -> Executable:
    old = select(inbox.c.id).where(inbox.c.received_at < before).limit(limit)
    return delete(inbox).where(inbox.c.id.in_(old)).returning(inbox.c.id)


_STATEMENTS: Final = {
    Forgettable.DELIVERIES: _deliveries,
    Forgettable.POSTS: _posts,
    Forgettable.MODEL_CALLS: _model_calls,
    Forgettable.DIFFS: _diffs,
    Forgettable.INBOX: _inbox,
}
