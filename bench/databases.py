"""Databases for measurements."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.counterparts.postgres import Postgres


@asynccontextmanager
async def postgres(folder: Path) -> AsyncGenerator[str]:
    """The address of a migrated database on a server of its own, which ends afterwards."""
    server = await asyncio.to_thread(Postgres, folder / "postgres")
    try:
        yield server.address("migrated")
    finally:
        await asyncio.to_thread(server.stop)
