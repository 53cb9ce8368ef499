"""Who wants which repository where, and at what hour."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.json_values import dump_selection, load_selection
from bot.adapters.database.schema import subscriptions
from bot.adapters.database.upserts import insert
from bot.core.model import Language, Repo
from bot.core.ranges import Weekday
from bot.core.subscriptions import Channel, Pause, Platform, QuietDays, Subscription, SubscriptionTerms

_BY_REPOSITORY: Final = (repositories.TABLE.c.key, repositories.TABLE.c.branches)


class DatabaseSubscriptions:
    """Implements `bot.core.ports.Subscriptions`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def subscribe(self, terms: SubscriptionTerms, at: datetime) -> tuple[Subscription, bool]:
        async with self._writes.begin() as connection:
            repository_id = await repositories.hold(connection, terms.repo)  # or two might find nothing to change
            changeable = _changeable(terms)
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
            ended = await _all(connection, _locked(mine))
            gone = subscriptions.c.id.in_([subscription.id for subscription in ended])
            await connection.execute(delete(subscriptions).where(gone))
        return ended

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        async with self._reads.connect() as connection:
            return await _all(connection, selected().where(in_channel(channel)).order_by(*_BY_REPOSITORY))

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Subscription]:
        theirs = selected().where(in_workspace(platform, workspace))
        async with self._reads.connect() as connection:
            return await _all(connection, theirs.order_by(subscriptions.c.channel, *_BY_REPOSITORY))

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Subscription | None:
        query = selected().where(in_workspace(platform, workspace), subscriptions.c.id == number)
        async with self._reads.connect() as connection:
            found = await _all(connection, query)
        return found[0] if found else None

    async def active(self) -> Sequence[Subscription]:
        async with self._reads.connect() as connection:
            return await _all(connection, selected().where(subscriptions.c.broken == "").order_by(subscriptions.c.id))

    async def set_pause(self, subscription: Subscription, pause: Pause | None) -> None:
        since, until = (pause.since, pause.until) if pause else (None, None)
        await self._write(subscription, paused_since=since, paused_until=until)

    async def mark_broken(self, subscription: Subscription, reason: str) -> None:
        await self._write(subscription, broken=reason)

    async def mark_workspace_broken(self, platform: Platform, workspace: str, reason: str) -> Sequence[Subscription]:
        changing = in_workspace(platform, workspace) & (subscriptions.c.broken != reason)
        async with self._writes.begin() as connection:
            changed = await _all(connection, _locked(changing))
            await connection.execute(update(subscriptions).where(changing).values(broken=reason))
        return [replace(subscription, broken=reason) for subscription in changed]

    async def _write(self, subscription: Subscription, **values: Any) -> None:
        mine = in_channel(subscription.terms.channel) & (subscriptions.c.id == subscription.id)
        async with self._writes.begin() as connection:
            await connection.execute(update(subscriptions).where(mine).values(values))


def _changeable(terms: SubscriptionTerms) -> dict[str, Any]:
    """The columns that subscribing again writes."""
    return {
        "at": terms.at.strftime("%H:%M"),
        "zone": terms.zone.key,
        "subscriber": terms.subscriber,
        "language": terms.language.value,
        "days": "".join(str(day.value) for day in Weekday if day in terms.days),
        "selection": dump_selection(terms.selection),
        "quiet": terms.quiet.value,
        "in_thread": terms.in_thread,
        "broken": "",
    }


def _locked(condition: ColumnElement[bool]) -> Select[Any]:
    """Of several that ask for the same, one gets them, and the others what is left."""
    return selected().where(condition).order_by(subscriptions.c.id).with_for_update(of=subscriptions)


def selected() -> Select[Any]:
    """Subscriptions with their repositories; `from_row` makes values of the rows."""
    return select(subscriptions, *repositories.NAMES).join_from(subscriptions, repositories.TABLE)


def from_row(row: Row[Any]) -> Subscription:
    terms = SubscriptionTerms(
        channel=Channel(platform=Platform(row.platform), workspace=row.workspace, id=row.channel),
        repo=repositories.from_row(row),
        at=time.fromisoformat(row.at),
        zone=ZoneInfo(row.zone),
        subscriber=row.subscriber,
        language=Language(row.language),
        days=frozenset(Weekday(int(day)) for day in row.days),
        selection=load_selection(row.selection),
        quiet=QuietDays(row.quiet),
        in_thread=row.in_thread,
    )
    pause = Pause(since=row.paused_since, until=row.paused_until) if row.paused_since else None
    return Subscription(id=row.id, terms=terms, created_at=row.created_at, broken=row.broken, pause=pause)


def in_channel(channel: Channel) -> ColumnElement[bool]:
    """A condition that no query of a channel goes without: it keeps workspaces apart."""
    return and_(*(subscriptions.c[name] == value for name, value in _channel(channel).items()))


def in_workspace(platform: Platform, workspace: str) -> ColumnElement[bool]:
    return and_(subscriptions.c.platform == platform.value, subscriptions.c.workspace == workspace)


def _channel(channel: Channel) -> dict[str, str]:
    return {"platform": channel.platform.value, "workspace": channel.workspace, "channel": channel.id}


async def _all(connection: AsyncConnection, query: Select[Any]) -> Sequence[Subscription]:
    return [from_row(row) for row in await connection.execute(query)]
