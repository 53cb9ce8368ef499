import asyncio

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
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
