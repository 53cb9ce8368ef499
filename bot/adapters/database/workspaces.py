"""Everything that is stored of a workspace, to be forgotten when the app is uninstalled there."""

from typing import Final

from sqlalchemy import and_, delete
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import feedback, posts, subscriptions
from bot.core.subscriptions import Platform

#: Deliveries go with their subscriptions.
_TABLES: Final = (feedback, posts, subscriptions)


class DatabaseWorkspaces:
    """Implements `bot.core.ports.Workspaces`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._writes = for_writing(engine)

    async def forget(self, platform: Platform, workspace: str) -> None:
        async with self._writes.begin() as connection:
            for table in _TABLES:
                theirs = and_(table.c.platform == platform.value, table.c.workspace == workspace)
                await connection.execute(delete(table).where(theirs))
