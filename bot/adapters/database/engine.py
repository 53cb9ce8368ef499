"""Opens a database and brings its schema up to date."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, NullPool, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

if TYPE_CHECKING:
    from alembic.config import Config

#: Milliseconds that a writer waits for another one: https://www.sqlite.org/pragma.html#pragma_busy_timeout
BUSY_TIMEOUT = 10_000

#: Each is a thread. There is one writer anyway, and opening another connection takes longer than waiting for one.
CONNECTIONS = 6

_MIGRATIONS = Path(__file__).with_name("migrations")


def open_database(url: str) -> AsyncEngine:
    """An engine for `sqlite:///FILE`; the file and its folder are made when missing."""
    address = make_url(url).set(drivername="sqlite+aiosqlite")
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(address, pool_size=CONNECTIONS, max_overflow=0)
    event.listen(engine.sync_engine, "connect", _with_foreign_keys)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that write.

    SQLite has one writer at a time: https://www.sqlite.org/lang_transaction.html. A transaction that reads first and
    writes later fails at once when another one wrote in between; one that announces itself waits its turn instead.
    """
    return engine.execution_options(begin="BEGIN IMMEDIATE")


def _with_foreign_keys(connection: Any, _record: object) -> None:
    _configure(connection, "foreign_keys=ON")


def _without_foreign_keys(connection: Any, _record: object) -> None:
    _configure(connection, "foreign_keys=OFF")


def _configure(connection: Any, foreign_keys: str) -> None:
    connection.isolation_level = None  # transactions are ours: see `_begin`
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", foreign_keys, f"busy_timeout={BUSY_TIMEOUT}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


async def migrate(engine: AsyncEngine) -> None:
    """Brings the schema to the newest version; harmless when it is there already."""
    from alembic import command

    await _with_alembic(engine, lambda config: command.upgrade(config, "head"))


async def downgrade(engine: AsyncEngine, version: str = "base") -> None:
    """Takes the schema back to an older version; what only newer ones can hold is lost."""
    from alembic import command

    await _with_alembic(engine, lambda config: command.downgrade(config, version))


async def _with_alembic(engine: AsyncEngine, change: "Callable[[Config], None]") -> None:
    from alembic.config import Config

    def apply(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", _MIGRATIONS.as_posix())
        config.attributes["connection"] = connection
        change(config)

    # SQLite changes a table by making another one and dropping the first, which would delete what refers to its rows:
    # https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
    migrating = create_async_engine(engine.url, poolclass=NullPool)
    event.listen(migrating.sync_engine, "connect", _without_foreign_keys)
    event.listen(migrating.sync_engine, "begin", _begin)
    try:
        async with for_writing(migrating).begin() as connection:
            await connection.run_sync(apply)
    finally:
        await migrating.dispose()
