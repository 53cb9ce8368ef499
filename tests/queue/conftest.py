"""A queue in a real Postgres, empty for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.adapters.queue.queue import PgQueue, opened
from tests.counterparts.postgres import Postgres


@pytest.fixture
def database_url(postgres_server: Postgres) -> Iterator[str]:
    with postgres_server.migrated_database() as url:
        yield url


@pytest.fixture
async def queue(database_url: str) -> AsyncIterator[PgQueue]:
    async with opened(database_url) as queue:
        yield queue
