import asyncio
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.ledger import DatabaseLedger
from bot.core.ports import Planning
from handlers import schedule
from tests.core.test_rounds import NINE, TERMS, Stage


async def test_the_clock_ticks_and_what_is_due_is_posted_once(
    engine: AsyncEngine,
):
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
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


class Locked(DatabaseLedger):
    """A database that does not answer for a while."""

    locked = True

    async def look(self, now: datetime, limit: int, plan: Planning) -> int:
        if self.locked:
            raise TimeoutError("database is locked")
        return await super().look(now, limit, plan)


async def test_whoever_watches_hears_of_every_tick_whether_it_went_well(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
):
    stage = Stage(engine)
    stage.ledger = ledger = Locked(engine)
    stage.rounds = stage.process()
    heard: asyncio.Queue[bool] = asyncio.Queue()
    clock = schedule.start(stage.rounds, every=0.02, ticked=heard.put_nowait)
    try:
        async with asyncio.timeout(5):
            assert await heard.get() is False
            ledger.locked = False
            while not await heard.get():
                pass
    finally:
        clock.shutdown(wait=False)
        await stage.rounds.finish()
    assert "database is locked" in caplog.text


async def test_a_sweep_that_fails_comes_again_and_the_clock_ticks_on(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
):
    stage = Stage(engine)
    heard: asyncio.Queue[bool] = asyncio.Queue()
    swept = asyncio.Semaphore(0)

    async def sweep() -> None:
        swept.release()
        raise TimeoutError("database is locked")

    clock = schedule.start(stage.rounds, every=0.02, ticked=heard.put_nowait, sweep=sweep, sweep_every=0.02)
    try:
        async with asyncio.timeout(5):
            for _ in range(3):
                await swept.acquire()
            for _ in range(heard.qsize() + 1):
                assert await heard.get() is True
    finally:
        clock.shutdown(wait=False)
        await stage.rounds.finish()
    assert "database is locked" in caplog.text


async def test_a_sweep_that_takes_long_delays_no_tick_and_ends_with_the_clock(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
):
    stage = Stage(engine)
    heard: asyncio.Queue[bool] = asyncio.Queue()
    swept = 0
    ended = asyncio.Event()

    async def sweep() -> None:
        nonlocal swept
        swept += 1
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    clock = schedule.start(stage.rounds, every=0.02, ticked=heard.put_nowait, sweep=sweep, sweep_every=0.01)
    try:
        async with asyncio.timeout(5):
            for _ in range(3):
                assert await heard.get() is True
    finally:
        clock.shutdown(wait=False)
        await stage.rounds.finish()
    await ended.wait()
    assert swept == 1
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


class Busy(DatabaseLedger):
    """A database that takes its time."""

    begun = asyncio.Event()
    answers = asyncio.Event()

    async def look(self, now: datetime, limit: int, plan: Planning) -> int:
        self.begun.set()
        await self.answers.wait()
        return await super().look(now, limit, plan)


async def test_a_clock_that_is_told_to_stop_in_the_middle_of_a_tick_ends_in_order(
    engine: AsyncEngine, caplog: pytest.LogCaptureFixture
):
    stage = Stage(engine)
    stage.ledger = ledger = Busy(engine)
    stage.rounds = stage.process()
    clock = schedule.start(stage.rounds, every=0.02)
    await ledger.begun.wait()
    clock.shutdown(wait=False)
    await asyncio.sleep(0)
    ledger.answers.set()
    await stage.rounds.finish()
    assert caplog.text == ""
