"""Who wants which repository where, and at what hour."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, Table, and_, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.columns import Instant
from bot.adapters.database.engine import for_writing
from bot.adapters.database.json_values import dump_selection, load_selection
from bot.adapters.database.schema import followings, subscriptions
from bot.adapters.database.upserts import insert
from bot.core.model import Language, Repo
from bot.core.patterns import RepoPattern
from bot.core.ranges import Weekday
from bot.core.subscriptions import (
    Channel,
    Membership,
    Pause,
    Platform,
    QuietDays,
    Subscription,
    SubscriptionTerms,
    Terms,
)

_WHOLE: Final[Mapping[str, Any]] = {"broken": "", "broken_since": None}
_BY_REPOSITORY: Final = (repositories.TABLE.c.key, repositories.TABLE.c.branches)


class DatabaseSubscriptions:
    """Implements `bot.core.ports.Subscriptions`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def subscribe(self, terms: SubscriptionTerms, at: datetime) -> tuple[Subscription, bool]:
        async with self._writes.begin() as connection:
            repository_id = await repositories.hold(connection, terms.repo)  # or two might find nothing to change
            changeable = changeable_of(terms) | {"look_again_at": None, "following_id": None}
            mine = in_channel(terms.channel) & (subscriptions.c.repository_id == repository_id)
            known = (await connection.execute(update(subscriptions).where(mine).values(changeable))).rowcount
            if not known:
                row = changeable | channel_of(terms) | {"repository_id": repository_id, "created_at": at}
                await connection.execute(insert(subscriptions).values(row))
            (stored,) = await all_of(connection, selected().where(mine))
        return stored, not known

    async def unsubscribe(self, channel: Channel, repo: Repo | None) -> Sequence[Subscription]:
        mine = in_channel(channel)
        if repo is not None:
            mine &= subscriptions.c.repository_id == repositories.id_of(repo).scalar_subquery()
        async with self._writes.begin() as connection:
            await hold_repositories(connection, mine)
            ended = await all_of(connection, locked(mine))
            gone = subscriptions.c.id.in_([subscription.id for subscription in ended])
            await connection.execute(delete(subscriptions).where(gone))
        return ended

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        async with self._reads.connect() as connection:
            return await all_of(connection, selected().where(in_channel(channel)).order_by(*_BY_REPOSITORY))

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Subscription]:
        theirs = selected().where(in_workspace(platform, workspace))
        async with self._reads.connect() as connection:
            return await all_of(connection, theirs.order_by(subscriptions.c.channel, *_BY_REPOSITORY))

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Subscription | None:
        query = selected().where(in_workspace(platform, workspace), subscriptions.c.id == number)
        async with self._reads.connect() as connection:
            found = await all_of(connection, query)
        return found[0] if found else None

    async def active(self) -> Sequence[Subscription]:
        async with self._reads.connect() as connection:
            return await all_of(connection, selected().where(subscriptions.c.broken == "").order_by(subscriptions.c.id))

    async def set_pause(self, subscription: Subscription, pause: Pause | None) -> None:
        since, until = (pause.since, pause.until) if pause else (None, None)
        await self._write(subscription, paused_since=since, paused_until=until)

    async def mark_broken(self, subscription: Subscription, reason: str, at: datetime) -> bool:
        async with self._writes.begin() as connection:
            return await mark_broken(connection, subscription, reason, at)

    async def mend(self, subscription: Subscription) -> None:
        mine, bringing = _with_its_like(subscription)
        async with self._writes.begin() as connection:
            await connection.execute(update(followings).where(bringing).values(_WHOLE))
            await connection.execute(update(subscriptions).where(mine).values(look_again_at=None, **_WHOLE))

    async def mark_workspace_broken(
        self, platform: Platform, workspace: str, reason: str, at: datetime
    ) -> Sequence[Subscription]:
        changing = in_workspace(platform, workspace) & (subscriptions.c.broken != reason)
        async with self._writes.begin() as connection:
            theirs = in_workspace(platform, workspace, followings)
            await connection.execute(update(followings).where(theirs).values(_broken(followings, reason, at)))
            changed = await all_of(connection, locked(changing))
            await connection.execute(
                update(subscriptions).where(changing).values(look_again_at=None, **_broken(subscriptions, reason, at))
            )
        return [replace(each, broken=reason, broken_since=each.broken_since or at) for each in changed]

    async def mend_workspace(self, platform: Platform, workspace: str) -> None:
        theirs = in_workspace(platform, workspace) & (subscriptions.c.broken != "")
        async with self._writes.begin() as connection:
            bringing = in_workspace(platform, workspace, followings)
            await connection.execute(update(followings).where(bringing).values(_WHOLE))
            await connection.execute(update(subscriptions).where(theirs).values(look_again_at=None, **_WHOLE))

    async def _write(self, subscription: Subscription, **values: Any) -> None:
        mine = in_channel(subscription.terms.channel) & (subscriptions.c.id == subscription.id)
        async with self._writes.begin() as connection:
            await connection.execute(update(subscriptions).where(mine).values(look_again_at=None, **values))


def changeable_of(terms: Terms) -> dict[str, Any]:
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
        **_WHOLE,
    }


def _broken(table: Table, reason: str, at: datetime) -> dict[str, Any]:
    """The columns of what is, since `at` unless it was before."""
    return {"broken": reason, "broken_since": func.coalesce(table.c.broken_since, literal(at, Instant))}


async def hold(connection: AsyncConnection, subscription: Subscription) -> None:
    """Until the transaction ends, nobody else changes it, nor what breaks together with it."""
    mine, bringing = _with_its_like(subscription)
    await connection.execute(select(followings.c.id).where(bringing).with_for_update())
    await connection.execute(select(subscriptions.c.id).where(mine).order_by(subscriptions.c.id).with_for_update())


async def mark_broken(connection: AsyncConnection, subscription: Subscription, reason: str, at: datetime) -> bool:
    """In a transaction in which more is written; whether that is news."""
    mine, bringing = _with_its_like(subscription)
    await connection.execute(update(followings).where(bringing).values(_broken(followings, reason, at)))
    news = update(subscriptions).where(mine, subscriptions.c.broken != reason)
    changes = {"look_again_at": None, **_broken(subscriptions, reason, at)}
    return (await connection.execute(news.values(changes))).rowcount > 0


def _with_its_like(subscription: Subscription) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What breaks and mends together: the subscription with those of the same following, and that following."""
    channel, number = subscription.terms.channel, subscription.membership and subscription.membership.following
    one = subscriptions.c.id == subscription.id
    mine = one if number is None else one | (subscriptions.c.following_id == number)
    return in_channel(channel) & mine, in_channel(channel, followings) & (followings.c.id == (number or 0))


def locked(condition: ColumnElement[bool]) -> Select[Any]:
    """Of several that ask for the same, one gets them, and the others what is left."""
    return selected().where(condition).order_by(subscriptions.c.id).with_for_update(of=subscriptions)


#: The pattern that has brought a subscription, beside its repository's own names.
_BRINGING: Final = (
    followings.c.host.label("following_host"),
    followings.c.owner.label("following_owner"),
    followings.c.names.label("following_names"),
)


def selected() -> Select[Any]:
    """Subscriptions with their repositories and what has brought them; `from_row` makes values of the rows."""
    query = select(subscriptions, *repositories.NAMES, *_BRINGING)
    return query.join_from(subscriptions, repositories.TABLE).outerjoin(followings)


def from_row(row: Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        terms=SubscriptionTerms(repo=repositories.from_row(row), **terms_from(row)),
        created_at=row.created_at,
        broken=row.broken,
        broken_since=row.broken_since,
        pause=pause_from(row),
        membership=_membership(row),
    )


def terms_from(row: Row[Any]) -> dict[str, Any]:
    """What a Terms is made of."""
    return {
        "channel": Channel(platform=Platform(row.platform), workspace=row.workspace, id=row.channel),
        "at": time.fromisoformat(row.at),
        "zone": ZoneInfo(row.zone),
        "subscriber": row.subscriber,
        "language": Language(row.language),
        "days": frozenset(Weekday(int(day)) for day in row.days),
        "selection": load_selection(row.selection),
        "quiet": QuietDays(row.quiet),
        "in_thread": row.in_thread,
    }


def pause_from(row: Row[Any]) -> Pause | None:
    return Pause(since=row.paused_since, until=row.paused_until) if row.paused_since else None


def _membership(row: Row[Any]) -> Membership | None:
    if row.following_id is None:
        return None
    pattern = RepoPattern(owner=row.following_owner, names=row.following_names, host=row.following_host)
    return Membership(following=row.following_id, pattern=pattern)


async def hold_repositories(connection: AsyncConnection, of: ColumnElement[bool]) -> None:
    """Before the subscriptions of that condition are deleted, since their deliveries are deleted with them.

    Whoever changes deliveries of several subscriptions holds their repository, too.
    """
    await repositories.hold_all(connection, select(subscriptions.c.repository_id).where(of))


def in_channel(channel: Channel, table: Table = subscriptions) -> ColumnElement[bool]:
    """A condition that no query of a channel goes without: it keeps workspaces apart."""
    return and_(in_workspace(channel.platform, channel.workspace, table), table.c.channel == channel.id)


def in_workspace(platform: Platform, workspace: str, table: Table = subscriptions) -> ColumnElement[bool]:
    return and_(table.c.platform == platform.value, table.c.workspace == workspace)


def channel_of(terms: Terms) -> dict[str, str]:
    channel = terms.channel
    return {"platform": channel.platform.value, "workspace": channel.workspace, "channel": channel.id}


async def all_of(connection: AsyncConnection, query: Select[Any]) -> Sequence[Subscription]:
    return [from_row(row) for row in await connection.execute(query)]
