"""PgQueuer's tables, in a schema of their own beside ours: https://pgqueuer.readthedocs.io/en/latest/"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.settings import DBSettings
from pgqueuer.models import Job as Taken
from pgqueuer.ports.driver import Driver
from pgqueuer.queries import Queries
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

SCHEMA: Final = "pgqueuer"


def settings() -> DBSettings:
    return DBSettings(db_schema=SCHEMA)


def queries(driver: Driver) -> Queries:
    names = settings()
    return Queries(driver, qbe=QueryBuilderEnvironment(names), qbq=QueryQueueBuilder(names))


def watched(driver: Driver, asked: Callable[[], None]) -> Queries:
    """The same, and `asked` is told whenever they have asked for jobs."""
    names = settings()
    return _Watched(driver, QueryBuilderEnvironment(names), QueryQueueBuilder(names), asked=asked)


@dataclass
class _Watched(Queries):
    asked: Callable[[], None] = field(kw_only=True)

    async def dequeue(self, *args: Any, **kwargs: Any) -> list[Taken]:
        jobs = await super().dequeue(*args, **kwargs)
        self.asked()
        return jobs


async def queries_within(connection: AsyncConnection) -> Queries:
    """What they do is part of the transaction of the connection, once it has begun with a statement of its own."""
    raw = (await connection.get_raw_connection()).driver_connection
    if raw is None:
        raise RuntimeError("The connection was closed.")
    return queries(AsyncpgDriver(raw))


async def install(engine: AsyncEngine) -> None:
    """Makes the tables, or brings them to PgQueuer's version, while nobody else does.

    Each statement is a transaction: a new label of an enumeration cannot be used in the one that adds it.
    """
    async with engine.connect() as connection:
        ours = await queries_within(connection)
        if await ours.schema_is_installed():
            await ours.upgrade()
        else:
            await ours.install()


async def uninstall(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
