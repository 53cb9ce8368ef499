"""Who wants which repository where, and at what hour."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import repositories as repository_table
from bot.adapters.database.schema import subscriptions
from bot.core.model import Channel, Language, Platform, Repo, Subscription, SubscriptionTerms


class DatabaseSubscriptions:
    """Implements `bot.core.ports.Subscriptions`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def subscribe(self, terms: SubscriptionTerms, at: datetime) -> tuple[Subscription, bool]:
        async with self._writes.begin() as connection:
            repository_id = await repositories.ensure(connection, terms.repo)
            changeable = {
                "at": terms.at.strftime("%H:%M"),
                "zone": terms.zone.key,
                "subscriber": terms.subscriber,
                "language": terms.language.value,
                "broken": "",
            }
            mine = in_channel(terms.channel) & (subscriptions.c.repository_id == repository_id)
            known = (await connection.execute(update(subscriptions).where(mine).values(changeable))).rowcount
            if not known:
                row = changeable | _channel(terms.channel) | {"repository_id": repository_id, "created_at": at}
                await connection.execute(insert(subscriptions).values(row))
            (stored,) = await _all(connection, selected().where(mine))
        return stored, not known

    async def unsubscribe(self, channel: Channel, repo: Repo | None) -> Sequence[Subscription]:
        mine = in_channel(channel)
        if repo is not None:
            mine &= subscriptions.c.repository_id == repositories.id_of(repo).scalar_subquery()
        async with self._writes.begin() as connection:
            ended = await _all(connection, selected().where(mine))
            await connection.execute(delete(subscriptions).where(mine))
        return ended

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        async with self._reads.connect() as connection:
            return await _all(connection, selected().where(in_channel(channel)).order_by(repository_table.c.key))

    async def active(self) -> Sequence[Subscription]:
        async with self._reads.connect() as connection:
            return await _all(connection, selected().where(subscriptions.c.broken == "").order_by(subscriptions.c.id))

    async def mark_broken(self, subscription: Subscription, reason: str) -> None:
        mine = in_channel(subscription.terms.channel) & (subscriptions.c.id == subscription.id)
        async with self._writes.begin() as connection:
            await connection.execute(update(subscriptions).where(mine).values(broken=reason))


def selected() -> Select[Any]:
    """Subscriptions with their repositories; `from_row` makes values of the rows."""
    return select(subscriptions, repository_table.c.host, repository_table.c.owner, repository_table.c.name).join_from(
        subscriptions, repository_table
    )


def from_row(row: Row[Any]) -> Subscription:
    terms = SubscriptionTerms(
        channel=Channel(platform=Platform(row.platform), workspace=row.workspace, id=row.channel),
        repo=Repo(owner=row.owner, name=row.name, host=row.host),
        at=time.fromisoformat(row.at),
        zone=ZoneInfo(row.zone),
        subscriber=row.subscriber,
        language=Language(row.language),
    )
    return Subscription(id=row.id, terms=terms, created_at=row.created_at, broken=row.broken)


def in_channel(channel: Channel) -> ColumnElement[bool]:
    """A condition that no query of a channel goes without: it keeps workspaces apart."""
    return and_(*(subscriptions.c[name] == value for name, value in _channel(channel).items()))


def _channel(channel: Channel) -> dict[str, str]:
    return {"platform": channel.platform.value, "workspace": channel.workspace, "channel": channel.id}


async def _all(connection: AsyncConnection, query: Select[Any]) -> Sequence[Subscription]:
    return [from_row(row) for row in await connection.execute(query)]
