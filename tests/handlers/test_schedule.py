import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.subscriptions import Subscription
from handlers import schedule
from tests.core.test_rounds import NINE, TERMS, Stage


async def test_the_clock_ticks_and_what_is_due_is_posted_once(
    archive: DatabaseArchive, subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger
):
    stage = Stage(archive, subscriptions, ledger)
    await subscriptions.subscribe(TERMS, stage.clock.now)
    clock = schedule.start(stage.rounds, every=0.02)
    try:
        await asyncio.sleep(0.1)
        assert stage.days == []
        stage.clock.now = NINE
        async with asyncio.timeout(5):
            while not stage.days:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    finally:
        clock.shutdown(wait=False)
        await stage.rounds.finish()
    assert stage.days == ["2026-01-21"]


class Locked(DatabaseSubscriptions):
    """A database that does not answer for a while."""

    locked = True

    async def active(self) -> Sequence[Subscription]:
        if self.locked:
            raise TimeoutError("database is locked")
        return await super().active()


async def test_whoever_watches_hears_of_every_tick_whether_it_went_well(
    archive: DatabaseArchive, engine: AsyncEngine, ledger: DatabaseLedger, caplog: pytest.LogCaptureFixture
):
    subscriptions = Locked(engine)
    stage = Stage(archive, subscriptions, ledger)
    heard: asyncio.Queue[bool] = asyncio.Queue()
    clock = schedule.start(stage.rounds, every=0.02, ticked=heard.put_nowait)
    try:
        async with asyncio.timeout(5):
            assert await heard.get() is False
            subscriptions.locked = False
            while not await heard.get():
                pass
    finally:
        clock.shutdown(wait=False)
        await stage.rounds.finish()
    assert "database is locked" in caplog.text
