"""Opens a database and brings its schema up to date."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, NullPool, event, func, make_url, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.core.errors import BotError
from bot.core.language import _

if TYPE_CHECKING:
    from alembic.config import Config

#: Milliseconds that a writer waits for another one: https://www.sqlite.org/pragma.html#pragma_busy_timeout
BUSY_TIMEOUT = 10_000

#: Of SQLite, each is a thread. There is one writer anyway, and opening another takes longer than waiting for one.
CONNECTIONS = 6

_MIGRATIONS = Path(__file__).with_name("migrations")

#: Our key among the locks of a Postgres database that mean what applications say they mean; "ddig".
_MIGRATING = 0x64646967


#: Changes what others keep in the same Postgres database, on a connection of its own while no other process migrates.
Then = Callable[[AsyncEngine], Awaitable[None]]


class DatabaseUnreachable(BotError):
    """The database cannot be reached."""


def open_database(url: str) -> AsyncEngine:
    """An engine for `sqlite:///FILE`, whose file and folder are made when missing, or `postgresql://…`."""
    return _open_sqlite(url) if url.startswith("sqlite:") else _open_postgres(url)


def _open_sqlite(url: str) -> AsyncEngine:
    address = make_url(url).set(drivername="sqlite+aiosqlite")
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(address, pool_size=CONNECTIONS, max_overflow=0, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _with_foreign_keys)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _open_postgres(url: str) -> AsyncEngine:
    import asyncpg

    async def connect() -> asyncpg.Connection:
        try:
            # Which knows the options that addresses of Postgres have, such as `sslmode`; SQLAlchemy does not.
            return await asyncpg.connect(url)
        except asyncpg.PostgresError as error:
            raise ConnectionError(str(error)) from error

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,  # a server that was started anew meanwhile is no reason to fail
        hide_parameters=True,  # of a statement that failed, which are commits and what people wrote
        isolation_level="READ COMMITTED",  # whoever has waited for another one sees what that one wrote
    )


def for_writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that write.

    SQLite has one writer at a time: https://www.sqlite.org/lang_transaction.html. A transaction that reads first and
    writes later fails at once when another one wrote in between; one that announces itself waits its turn instead.

    Postgres has many, so that a transaction that writes what follows from what it has read must lock that: a row by
    `with_for_update`, which SQLite needs not and is not asked for, or a repository by `repositories.hold`.
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


async def migrate(engine: AsyncEngine, then: Then | None = None) -> None:
    """Brings the schema to the newest version; harmless when it is there already. Raises DatabaseUnreachable."""
    from alembic import command

    try:
        await _with_alembic(engine, lambda config: command.upgrade(config, "head"), then)
    except OSError as error:
        raise DatabaseUnreachable(_("The database cannot be reached: {reason}.", reason=error)) from error


async def version(engine: AsyncEngine) -> str:
    """Of the schema, as the migrations number it; empty where there is none. Raises DatabaseUnreachable."""
    from alembic.migration import MigrationContext

    def current(connection: Connection) -> str:
        return MigrationContext.configure(connection).get_current_revision() or ""

    try:
        async with engine.connect() as connection:
            return await connection.run_sync(current)
    except OSError as error:
        raise DatabaseUnreachable(_("The database cannot be reached: {reason}.", reason=error)) from error


def newest_version() -> str:
    """Of the schema that this program is written for."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(_MIGRATIONS.as_posix()).get_current_head() or ""


async def downgrade(engine: AsyncEngine, version: str = "base", then: Then | None = None) -> None:
    """Takes the schema back to an older version; what only newer ones can hold is lost."""
    from alembic import command

    await _with_alembic(engine, lambda config: command.downgrade(config, version), then)


async def _with_alembic(engine: AsyncEngine, change: "Callable[[Config], None]", then: Then | None) -> None:
    from alembic.config import Config

    def apply(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", _MIGRATIONS.as_posix())
        config.attributes["connection"] = connection
        change(config)

    async with _migrating(engine) as connection:
        await connection.run_sync(apply)
        if then is not None:
            await then(engine)


@asynccontextmanager
async def _migrating(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """A transaction in which the schema changes, and in no other one at that time."""
    if engine.dialect.name == "postgresql":
        async with engine.begin() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
            yield connection
        return
    # SQLite changes a table by making another one and dropping the first, which would delete what refers to its rows:
    # https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
    without_foreign_keys = create_async_engine(engine.url, poolclass=NullPool, hide_parameters=True)
    event.listen(without_foreign_keys.sync_engine, "connect", _without_foreign_keys)
    event.listen(without_foreign_keys.sync_engine, "begin", _begin)
    try:
        async with for_writing(without_foreign_keys).begin() as connection:
            yield connection
    finally:
        await without_foreign_keys.dispose()
