"""What operators do with a database and with nothing else, composed: no credentials, no repository, no model."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.belongings import DatabaseBelongings
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.forgetting import DatabaseForgetting
from bot.adapters.database.outlook import DatabaseOutlooks
from bot.core.belongings import Belongings
from bot.core.outlook import Backlog, Outlooks
from bot.core.ports import Clock
from bot.core.retention import Sweeping
from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    now: Clock
    belongings: Belongings
    sweeping: Sweeping
    outlooks: Outlooks


def compose(settings: Settings, engine: AsyncEngine, now: Clock) -> Operating:
    return Operating(
        now=now,
        belongings=DatabaseBelongings(engine),
        outlooks=DatabaseOutlooks(engine, _backlog(settings, engine)),
        sweeping=Sweeping(forgetting=DatabaseForgetting(engine), retention=settings.retention, now=now),
    )


def _backlog(settings: Settings, engine: AsyncEngine) -> Backlog | None:
    if not settings.shares_database:
        return None
    from bot.adapters.queue.backlog import PgBacklog

    return PgBacklog(engine)


@asynccontextmanager
async def opened(settings: Settings, now: Clock, *, as_it_is: bool = False) -> AsyncGenerator[Operating]:
    """With the database at the newest version, unless it is to be left as it is; it is closed at the end."""
    engine = open_database(settings.database_url)
    try:
        if not as_it_is:
            await migrate(engine)
        yield compose(settings, engine, now)
    finally:
        await engine.dispose()
