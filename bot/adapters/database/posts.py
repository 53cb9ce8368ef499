"""Digests that stand in channels, by their messages."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncEngine

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
        where = {
            "platform": post.channel.platform.value,
            "workspace": post.channel.workspace,
            "channel": post.channel.id,
            "message": post.message,
        }
        async with self._writes.begin() as connection:
            what = {
                "repository_id": await repositories.ensure(connection, post.repo),
                "first_day": post.first.date,
                "last_day": post.last.date,
                "zone": post.last.zone.key,
                "posted_at": at,
            }
            statement = insert(posts).values(where | what)
            await connection.execute(statement.on_conflict_do_update(index_elements=list(where), set_=what))

    async def find(self, channel: Channel, message: str) -> Post | None:
        mine = and_(
            posts.c.platform == channel.platform.value,
            posts.c.workspace == channel.workspace,
            posts.c.channel == channel.id,
            posts.c.message == message,
        )
        query = select(posts, *repositories.NAMES).join_from(posts, repositories.TABLE).where(mine)
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
