import asyncio
from datetime import datetime

import pytest
from sqlalchemy import event
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from tests.fakes import NOW, REPO, commit, diff_of

pytestmark = pytest.mark.both_databases

MANY = [commit(f"feat: {number}") for number in range(50)]


async def test_writes_of_the_same_time_share_transactions(archive: DatabaseArchive, engine: AsyncEngine):
    transactions: list[object] = []
    event.listen(engine.sync_engine, "commit", transactions.append)
    await asyncio.gather(*(archive.save_commit(REPO, diff_of(one), NOW) for one in MANY))
    assert await archive.unknown(REPO, [one.sha for one in MANY]) == set()
    assert len(transactions) <= 2


async def test_a_row_that_cannot_be_written_fails_alone(archive: DatabaseArchive):
    naive = datetime(2026, 1, 21)  # noqa: DTZ001
    saves = [archive.save_commit(REPO, diff_of(one), NOW if number else naive) for number, one in enumerate(MANY)]
    failed, *saved = await asyncio.gather(*saves, return_exceptions=True)
    assert isinstance(failed, StatementError)
    assert saved == [None] * 49
    assert await archive.unknown(REPO, [one.sha for one in MANY]) == {MANY[0].sha}


async def test_who_leaves_takes_nothing_with_them(archive: DatabaseArchive):
    leaving = asyncio.create_task(archive.save_commit(REPO, diff_of(MANY[0]), NOW))
    staying = asyncio.create_task(archive.save_commit(REPO, diff_of(MANY[1]), NOW))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await archive.unknown(REPO, [MANY[1].sha]) == set()
