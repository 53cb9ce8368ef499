"""What stands for many repositories, and the subscriptions that it has brought."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, and_, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories, upserts
from bot.adapters.database import subscriptions as subscription_rows
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import followings, subscriptions
from bot.adapters.database.subscriptions import (
    changeable_of,
    channel_of,
    hold_repositories,
    in_channel,
    in_workspace,
    pause_from,
    terms_from,
)
from bot.core.model import Repo
from bot.core.patterns import RepoPattern
from bot.core.subscriptions import Channel, Expansion, Following, FollowingTerms, Platform


class DatabaseFollowings:
    """Implements `bot.core.ports.Followings`.

    Whoever writes locks all of the channel's followings first: so two that bring the same repository wait for each
    other, and neither brings what the other one's pattern has just lost.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def follow(self, terms: FollowingTerms, at: datetime) -> tuple[Following, bool]:
        mine = in_channel(terms.channel, followings) & _of(terms.pattern)
        row = _changeable(terms) | channel_of(terms) | _identity(terms.pattern) | {"created_at": at}
        async with self._writes.begin() as connection:
            made = upserts.insert(followings).values(row).on_conflict_do_nothing().returning(followings.c.id)
            is_new = (await connection.execute(made)).first() is not None
            await connection.execute(update(followings).where(mine).values(_changeable(terms)))
            (stored,) = await _all(connection, select(followings).where(mine))
            await connection.execute(update(subscriptions).where(_brought_by(stored)).values(changeable_of(terms)))
            await _look_again(connection, stored)
        return stored, is_new

    async def unfollow(self, channel: Channel, pattern: RepoPattern | None) -> Sequence[Following]:
        async with self._writes.begin() as connection:
            ended = [each for each in await _held(connection, channel) if pattern in {None, each.terms.pattern}]
            numbers = [following.id for following in ended]
            await hold_repositories(connection, in_channel(channel) & subscriptions.c.following_id.in_(numbers))
            gone = followings.c.id.in_(numbers)
            await connection.execute(delete(followings).where(in_channel(channel, followings), gone))
        return ended

    async def exclude(self, channel: Channel, repo: Repo) -> Sequence[Following]:
        async with self._writes.begin() as connection:
            bringing = [each for each in await _held(connection, channel) if _would_bring(each, repo)]
            for following in bringing:
                excluded = [*following.terms.excluded, repo.name]
                await connection.execute(update(followings).where(_is(following)).values(excluded=excluded))
                again = subscriptions.c.repository_id == repositories.id_of(repo).scalar_subquery()
                await hold_repositories(connection, _brought_by(following) & again)
                await connection.execute(delete(subscriptions).where(_brought_by(following), again))
        return bringing

    async def expand(
        self, following: Following, repos: Collection[Repo], at: datetime, *, error: str = ""
    ) -> Expansion | None:
        channel = following.terms.channel
        async with self._writes.begin() as connection:
            present = next((each for each in await _held(connection, channel) if each.id == following.id), None)
            if present is None:
                return None
            wanted = {repo for repo in repos if present.terms.cover(repo)}  # which may have changed meanwhile
            left = await _leave(connection, present, wanted)
            joined = await _join(connection, present, wanted, at)
            await connection.execute(update(followings).where(_is(present)).values(checked_at=at, error=error))
        return Expansion(joined=joined, left=left)

    async def note_error(self, following: Following, error: str, at: datetime) -> None:
        async with self._writes.begin() as connection:
            await connection.execute(update(followings).where(_is(following)).values(checked_at=at, error=error))

    async def of_channel(self, channel: Channel) -> Sequence[Following]:
        query = select(followings).where(in_channel(channel, followings)).order_by(followings.c.key)
        async with self._reads.connect() as connection:
            return await _all(connection, query)

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Following]:
        theirs = select(followings).where(in_workspace(platform, workspace, followings))
        async with self._reads.connect() as connection:
            return await _all(connection, theirs.order_by(followings.c.channel, followings.c.key))

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Following | None:
        query = select(followings).where(in_workspace(platform, workspace, followings), followings.c.id == number)
        async with self._reads.connect() as connection:
            found = await _all(connection, query)
        return found[0] if found else None

    async def unchecked(self, since: datetime, limit: int, *, number: int | None = None) -> Sequence[Following]:
        old = or_(followings.c.checked_at.is_(None), followings.c.checked_at <= since)
        query = select(followings).where(old, followings.c.broken == "")
        if number is not None:
            query = query.where(followings.c.id == number)
        async with self._reads.connect() as connection:
            return await _all(connection, query.order_by(followings.c.checked_at.nulls_first()).limit(limit))

    async def pause(self, following: Following, *, until: datetime | None, at: datetime) -> None:
        async with self._writes.begin() as connection:
            for table, mine in ((followings, _is(following)), (subscriptions, _brought_by(following))):
                since = case((_is_paused(table, at), table.c.paused_since), else_=at)
                await connection.execute(update(table).where(mine).values(paused_since=since, paused_until=until))
            await _look_again(connection, following)

    async def resume(self, following: Following, at: datetime) -> None:
        async with self._writes.begin() as connection:
            for table, mine in ((followings, _is(following)), (subscriptions, _brought_by(following))):
                await connection.execute(update(table).where(mine, _is_paused(table, at)).values(paused_until=at))
                await connection.execute(update(table).where(mine, table.c.broken != "").values(broken=""))
            await _look_again(connection, following)


async def _leave(connection: AsyncConnection, following: Following, wanted: Collection[Repo]) -> tuple[Repo, ...]:
    """Ends what is not wanted any more."""
    query = subscription_rows.selected().where(_brought_by(following)).order_by(repositories.TABLE.c.key)
    present = [subscription_rows.from_row(row) for row in await connection.execute(query)]
    gone = {each.id: each.terms.repo for each in present if each.terms.repo not in wanted}
    if gone:
        leaving = _brought_by(following) & subscriptions.c.id.in_(gone)
        await hold_repositories(connection, leaving)
        await connection.execute(delete(subscriptions).where(leaving))
    return tuple(gone.values())


async def _join(
    connection: AsyncConnection, following: Following, wanted: Collection[Repo], at: datetime
) -> tuple[Repo, ...]:
    """Begins what is wanted and not there, for whatever reason."""
    ids = await repositories.ensure_all(connection, wanted)
    there = select(subscriptions.c.repository_id).where(in_channel(following.terms.channel))
    present = set((await connection.execute(there)).scalars())
    missing = sorted((repo for repo, number in ids.items() if number not in present), key=lambda repo: repo.key)
    if not missing:
        return ()
    shared = _inherited(following) | {"following_id": following.id, "created_at": at}
    rows = [shared | {"repository_id": ids[repo]} for repo in missing]
    made = upserts.insert(subscriptions).values(rows).on_conflict_do_nothing().returning(subscriptions.c.repository_id)
    added = set((await connection.execute(made)).scalars())
    return tuple(repo for repo in missing if ids[repo] in added)


def _is_paused(table: Table, at: datetime) -> ColumnElement[bool]:
    return and_(table.c.paused_since <= at, or_(table.c.paused_until.is_(None), table.c.paused_until > at))


async def _look_again(connection: AsyncConnection, following: Following) -> None:
    """When its subscriptions become due has changed."""
    await connection.execute(update(subscriptions).where(_brought_by(following)).values(look_again_at=None))


def _inherited(following: Following) -> dict[str, Any]:
    pause = following.pause
    return {
        **changeable_of(following.terms),
        **channel_of(following.terms),
        "broken": following.broken,
        "broken_since": following.broken_since,
        "paused_since": pause.since if pause else None,
        "paused_until": pause.until if pause else None,
    }


def _would_bring(following: Following, repo: Repo) -> bool:
    same_owner = following.terms.pattern.owner.casefold() == repo.owner.casefold()
    return same_owner and not repo.branches and following.terms.cover(repo)


async def _held(connection: AsyncConnection, channel: Channel) -> Sequence[Following]:
    """All of the channel's, locked."""
    return await hold_followings(connection, in_channel(channel, followings))


async def hold_followings(connection: AsyncConnection, of: ColumnElement[bool]) -> Sequence[Following]:
    """Those of that condition, until the transaction ends; before any repository is held."""
    query = select(followings).where(of).order_by(followings.c.id)
    return await _all(connection, query.with_for_update())


def _changeable(terms: FollowingTerms) -> dict[str, Any]:
    return changeable_of(terms) | {"excluded": list(terms.excluded)}


def _identity(pattern: RepoPattern) -> dict[str, str]:
    host, key = pattern.key
    return {"host": host, "key": key, "owner": pattern.owner, "names": pattern.names}


def _of(pattern: RepoPattern) -> ColumnElement[bool]:
    host, key = pattern.key
    return and_(followings.c.host == host, followings.c.key == key)


def _is(following: Following) -> ColumnElement[bool]:
    return in_channel(following.terms.channel, followings) & (followings.c.id == following.id)


def _brought_by(following: Following) -> ColumnElement[bool]:
    return in_channel(following.terms.channel) & (subscriptions.c.following_id == following.id)


def _from_row(row: Row[Any]) -> Following:
    pattern = RepoPattern(owner=row.owner, names=row.names, host=row.host)
    return Following(
        id=row.id,
        terms=FollowingTerms(pattern=pattern, excluded=tuple(row.excluded), **terms_from(row)),
        created_at=row.created_at,
        broken=row.broken,
        broken_since=row.broken_since,
        pause=pause_from(row),
        checked_at=row.checked_at,
        error=row.error,
    )


async def _all(connection: AsyncConnection, query: Select[Any]) -> Sequence[Following]:
    return [_from_row(row) for row in await connection.execute(query)]
