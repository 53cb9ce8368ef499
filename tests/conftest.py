"""What every test may ask for: a clock that stands still, a migrated database, and counterparts that are real.

The database is a SQLite file. Tests marked `both_databases` that ask for one run on Postgres as well.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from tests.counterparts.postgres import Postgres
from tests.fakes import FakeClock
from tests.pings import Pings, listening

pytest_plugins = ["tests.counterparts.fixtures"]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest version, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("database") / "migrated.db"

    async def make() -> None:
        engine = open_database(f"sqlite:///{path}")
        await migrate(engine)
        await engine.dispose()

    asyncio.run(make())
    return path


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    with request.getfixturevalue(getattr(request, "param", "sqlite")) as url:
        yield url


@pytest.fixture
def sqlite(migrated_file: Path, tmp_path: Path) -> AbstractContextManager[str]:
    return nullcontext(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'digest.db')}")


@pytest.fixture
def postgres(postgres_server: Postgres) -> AbstractContextManager[str]:
    return postgres_server.migrated_database()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_database(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
def archive(engine: AsyncEngine) -> DatabaseArchive:
    return DatabaseArchive(engine)


@pytest.fixture
def shelves(engine: AsyncEngine) -> DatabaseShelves:
    return DatabaseShelves(engine)


@pytest.fixture
def subscriptions(engine: AsyncEngine) -> DatabaseSubscriptions:
    return DatabaseSubscriptions(engine)


@pytest.fixture
def followings(engine: AsyncEngine) -> DatabaseFollowings:
    return DatabaseFollowings(engine)


@pytest.fixture
def ledger(engine: AsyncEngine) -> DatabaseLedger:
    return DatabaseLedger(engine)


@pytest.fixture
async def pings() -> AsyncIterator[Pings]:
    async with listening() as pings:
        yield pings


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
