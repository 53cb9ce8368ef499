"""Every version with a row in every table: back one by one, and forward again."""

import zlib
from datetime import date
from typing import Any, Final

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, DateTime, inspect, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import engine as opening
from bot.adapters.database.columns import Instant, Name, Words
from bot.adapters.database.engine import downgrade, migrate
from bot.adapters.database.json_values import dump_analysis, dump_commit
from bot.adapters.database.schema import commits, metadata
from bot.adapters.database.upserts import insert
from tests.fakes import NOW, analysis_of, commit

pytestmark = pytest.mark.both_databases

_TEXTS: Final = {"branches": "", "language": "en", "zone": "UTC", "at": "09:00", "days": "0", "state": "due"}


def something(column: Column[Any]) -> object:
    """A value that the column takes; keys refer to the first row of the other table."""
    if column.foreign_keys or column.name == "id":
        return 1
    if isinstance(column.type, JSON):
        analysis = dump_analysis(analysis_of(commit()))
        return {"facts": dump_commit(commit()), "body": analysis, "shas": [], "merges": [], "late": []}.get(
            column.name, {}
        )
    match column.type:
        case Instant():
            return NOW
        case DateTime():
            return NOW.replace(tzinfo=None)
        case Name() | Words():
            return _TEXTS.get(column.name, f"{column.name} 1")
        case other:
            return {bool: False, bytes: zlib.compress(b"{}"), date: NOW.date(), float: 0.5, int: 7}[other.python_type]


async def numbers(connection: AsyncConnection) -> dict[str, int]:
    """How many rows each table has that there is at present."""
    present = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    ours = [name for name in present if name != "alembic_version" and not name.startswith("cards_index")]
    counted = {name: text(f"SELECT count(*) FROM {name}") for name in ours}
    return {name: (await connection.execute(query)).scalar_one() for name, query in counted.items()}


async def now_in(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        found = await numbers(connection)
        if connection.dialect.name == "sqlite":  # which has not watched over that while migrating
            assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []
    await engine.dispose()
    return found


async def test_a_row_of_every_table_survives_going_back_version_by_version_and_forward_again(engine: AsyncEngine):
    async with engine.begin() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(insert(table).values({column.name: something(column) for column in table.c}))
    assert await now_in(engine) == dict.fromkeys(metadata.tables, 1)
    versions = [one.revision for one in ScriptDirectory(opening._MIGRATIONS.as_posix()).walk_revisions()]
    for version in versions[1:]:
        await downgrade(engine, version)
        found = await now_in(engine)
        assert found == dict.fromkeys(found, 1), version
    oldest = await now_in(engine)
    await migrate(engine)
    newest = await now_in(engine)
    assert newest.keys() == metadata.tables.keys()
    assert {name: newest[name] for name in oldest} == dict.fromkeys(oldest, 1)


async def test_changes_that_were_forgotten_are_none_in_an_older_version(engine: AsyncEngine):
    async with engine.begin() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(insert(table).values({column.name: something(column) for column in table.c}))
        await connection.execute(update(commits).values(patches=None))
    await engine.dispose()
    await downgrade(engine, "0008")
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT patches FROM commits"))).scalar_one() == zlib.compress(b"{}")
