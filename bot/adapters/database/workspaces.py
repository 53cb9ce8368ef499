"""Everything that is stored of a workspace, to be forgotten when the app is uninstalled there."""

from typing import Final

from sqlalchemy import and_, delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.followings import hold_followings
from bot.adapters.database.schema import feedback, followings, posts, subscriptions
from bot.adapters.database.subscriptions import hold_repositories, in_workspace
from bot.core.subscriptions import Platform

#: Deliveries go with their subscriptions.
OWNED: Final = (feedback, posts, subscriptions, followings)


class DatabaseWorkspaces:
    """Implements `bot.core.ports.Workspaces`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writes = for_writing(engine)

    async def forget(self, platform: Platform, workspace: str) -> None:
        async with self._writes.begin() as connection:
            await hold_followings(connection, in_workspace(platform, workspace, followings))
            await hold_repositories(connection, in_workspace(platform, workspace))
            for table in OWNED:
                theirs = and_(table.c.platform == platform.value, table.c.workspace == workspace)
                await connection.execute(delete(table).where(theirs))
