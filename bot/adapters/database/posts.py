"""Digests that stand in channels, by their messages."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import posts
from bot.adapters.database.upserts import insert
from bot.core.days import Day
from bot.core.subscriptions import Channel, Post


class DatabasePosts:
    """Implements `bot.core.ports.Posts`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def record(self, post: Post, at: datetime) -> None:
        async with self._writes.begin() as connection:
            await record(connection, [(post, at)])

    async def find(self, channel: Channel, message: str) -> Post | None:
        query = select(posts, *repositories.NAMES).join_from(posts, repositories.TABLE)
        query = query.where(_in(channel), posts.c.message == message)
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        zone = ZoneInfo(row.zone)
        return Post(
            channel=channel,
            message=row.message,
            repo=repositories.from_row(row),
            first=Day(date=row.first_day, zone=zone),
            last=Day(date=row.last_day, zone=zone),
        )

    async def newest(self, channel: Channel) -> str | None:
        query = select(posts.c.message).where(_in(channel)).order_by(posts.c.posted_at.desc()).limit(1)
        async with self._reads.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()


def _in(channel: Channel) -> ColumnElement[bool]:
    return and_(
        posts.c.platform == channel.platform.value,
        posts.c.workspace == channel.workspace,
        posts.c.channel == channel.id,
    )


async def record(connection: AsyncConnection, some: Collection[tuple[Post, datetime]]) -> None:
    """The same for several posts, each with when it was posted, in a transaction in which more is written."""
    ids = {repo: await repositories.ensure(connection, repo) for repo in {post.repo: None for post, _at in some}}
    rows = {(post.channel, post.message): _row(post, ids[post.repo], at) for post, at in some}
    await connection.execute(_RECORD, list(rows.values()))


_NEW: Final = insert(posts)
_RECORD: Final = _NEW.on_conflict_do_update(
    index_elements=["platform", "workspace", "channel", "message"],
    set_={name: _NEW.excluded[name] for name in ("repository_id", "first_day", "last_day", "zone", "posted_at")},
)


def _row(post: Post, repository_id: int, at: datetime) -> dict[str, Any]:
    return {
        "platform": post.channel.platform.value,
        "workspace": post.channel.workspace,
        "channel": post.channel.id,
        "message": post.message,
        "repository_id": repository_id,
        "first_day": post.first.date,
        "last_day": post.last.date,
        "zone": post.last.zone.key,
        "posted_at": at,
    }
