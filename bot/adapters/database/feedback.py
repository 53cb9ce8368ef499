"""What people think of analyses."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import feedback as table
from bot.adapters.database.upserts import insert
from bot.core.model import Repo
from bot.core.subscriptions import Channel, Feedback, Platform, Verdict


class DatabaseFeedback:
    """Implements `bot.core.ports.FeedbackStore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def give(self, feedback: Feedback, at: datetime) -> None:
        who = {
            "platform": feedback.channel.platform.value,
            "workspace": feedback.channel.workspace,
            "user": feedback.user,
            "sha": feedback.sha,
        }
        what = {
            "channel": feedback.channel.id,
            "verdict": feedback.verdict.value,
            "reason": feedback.reason,
            "given_at": at,
        }
        async with self._writes.begin() as connection:
            about = {"repository_id": await repositories.ensure(connection, feedback.repo.whole)}
            statement = insert(table).values(who | about | what)
            await connection.execute(statement.on_conflict_do_update(index_elements=[*who, *about], set_=what))

    async def of(self, platform: Platform, workspace: str, user: str, repo: Repo, sha: str) -> Verdict | None:
        mine = and_(
            table.c.platform == platform.value,
            table.c.workspace == workspace,
            table.c.user == user,
            table.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(),
            table.c.sha == sha,
        )
        async with self._reads.connect() as connection:
            verdict = (await connection.execute(select(table.c.verdict).where(mine))).scalar_one_or_none()
        return Verdict(verdict) if verdict else None

    async def in_channel(self, channel: Channel, limit: int) -> Sequence[Feedback]:
        here = and_(
            table.c.platform == channel.platform.value,
            table.c.workspace == channel.workspace,
            table.c.channel == channel.id,
        )
        query = (
            select(table, *repositories.NAMES)
            .join_from(table, repositories.TABLE)
            .where(here)
            .order_by(table.c.given_at.desc())
            .limit(limit)
        )
        async with self._reads.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [
            Feedback(
                channel=channel,
                user=row.user,
                repo=repositories.from_row(row),
                sha=row.sha,
                verdict=Verdict(row.verdict),
                reason=row.reason,
            )
            for row in rows
        ]
