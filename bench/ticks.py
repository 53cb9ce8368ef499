"""What a tick of the clock costs with very many subscriptions, spread evenly over the minutes of the day."""

import statistics
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.databases import postgres
from bench.figures import Figure
from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.schema import deliveries, repositories, subscriptions
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.jobs import Job
from bot.core.rounds import Rounds
from bot.core.schedule import LOOK_AGAIN
from bot.core.subscriptions import DeliveryState
from handlers.schedule import TICK
from tests.fakes import FakeAnalyst, FakeClock, FakeSource, service

SUBSCRIPTIONS: Final = 100_000
REPOSITORIES: Final = 1_000
MINUTES: Final = 24 * 60
#: When is ticked: for so many minutes, from this one on.
NOON: Final = datetime(2026, 1, 22, 12, tzinfo=UTC)
TICKED: Final = 10


async def sqlite(folder: Path) -> Sequence[Figure]:
    engine = open_database(f"sqlite:///{folder}/bench.db")
    await migrate(engine)
    return await _measured(engine, "SQLite")


async def on_postgres(folder: Path) -> Sequence[Figure]:
    async with postgres(folder) as url:
        return await _measured(open_database(url), "Postgres")


async def _measured(engine: AsyncEngine, database: str) -> Sequence[Figure]:
    await _fill(engine)
    clock = FakeClock(NOON)
    rounds = _rounds(engine, clock)
    await rounds.tick()  # which compiles its statements
    await _deliver_all(engine)
    idle: list[float] = []
    due: list[float] = []
    for number in range(1, TICKED * 60 // TICK):
        clock.now = NOON + timedelta(seconds=number * TICK)
        (due if clock.now.second == 0 else idle).append(await _cpu(rounds))
        await _deliver_all(engine)  # as long before the next tick
    delivered = await _delivered(engine)
    await engine.dispose()
    name = f"a tick with {SUBSCRIPTIONS} subscriptions, on {database}"
    return [
        Figure(name=f"{name}: nothing is due", value=statistics.median(idle), unit="ms of CPU", limit=50),
        Figure(name="  a minute's share is due", value=statistics.median(due), unit="ms of CPU", limit=50),
        Figure(name="  the slowest of all", value=max(idle + due), unit="ms of CPU"),
        Figure(name="  deliveries that became due in a minute", value=delivered / (len(due) + 1), unit=""),
    ]


async def _cpu(rounds: Rounds) -> float:
    """Milliseconds of this process."""
    began = time.process_time()
    await rounds.tick()
    return 1000 * (time.process_time() - began)


class _Nobody:
    """Implements `Queue`: what is measured is the clock, not the work that it hands out."""

    async def enqueue(self, jobs: Collection[Job]) -> None: ...

    async def perform(self, job: Job) -> None: ...

    async def finish(self) -> None: ...


def _rounds(engine: AsyncEngine, clock: FakeClock) -> Rounds:
    return service(
        source=FakeSource([]),
        analyst=FakeAnalyst(),
        archive=DatabaseArchive(engine),
        now=clock,
        subscriptions=DatabaseSubscriptions(engine),
        followings=DatabaseFollowings(engine),
        ledger=DatabaseLedger(engine),
        corrections=DatabaseCorrections(engine),
        queue=_Nobody(),
    ).rounds


async def _fill(engine: AsyncEngine) -> None:
    """Subscriptions that were looked at when they last had to be, and yesterday's deliveries of all of them."""
    chance = Random(1)
    names = [
        {"id": number, "host": "github.com", "key": f"octo/r{number}", "owner": "octo", "name": f"r{number}"}
        for number in range(1, REPOSITORIES + 1)
    ]
    followed = [_subscription(number, chance) for number in range(SUBSCRIPTIONS)]
    delivered = [_yesterday(each) for each in followed]
    async with engine.begin() as connection:
        for table, rows in ((repositories, names), (subscriptions, followed), (deliveries, delivered)):
            await connection.execute(insert(table), rows)
        if engine.dialect.name == "postgresql":
            await connection.execute(text("ANALYZE"))  # as the server does by itself; nothing does in SQLite


def _subscription(number: int, chance: Random) -> dict[str, Any]:
    minute = number % MINUTES
    due_at = NOON + timedelta(minutes=(minute - NOON.hour * 60) % MINUTES)
    return {
        "id": number + 1, "platform": "slack", "workspace": f"T{number % 400}", "channel": f"C{number}",
        "at": f"{minute // 60:02}:{minute % 60:02}", "zone": "UTC", "subscriber": "U1", "language": "en",
        "created_at": NOON - timedelta(days=30), "repository_id": 1 + number % REPOSITORIES,
        "look_again_at": min(due_at, NOON + chance.random() * LOOK_AGAIN),
    }  # fmt: skip


def _yesterday(subscription: dict[str, Any]) -> dict[str, Any]:
    """Its newest delivery, as of noon; that of this very minute is still to come."""
    hour, minute = map(int, subscription["at"].split(":"))
    at = NOON.replace(hour=hour, minute=minute)
    at -= timedelta(days=at >= NOON)
    day = at.date() - timedelta(days=1)
    return {
        "subscription_id": subscription["id"], "day": day, "first_day": day, "state": DeliveryState.SENT.value,
        "scheduled_at": at, "due_at": at, "sent_at": at, "message": "1", "prepared": True,
    }  # fmt: skip


async def _deliver_all(engine: AsyncEngine) -> None:
    is_due = deliveries.c.state == DeliveryState.DUE.value
    async with engine.begin() as connection:
        await connection.execute(update(deliveries).where(is_due).values(state=DeliveryState.SENT.value, sent_at=NOON))


async def _delivered(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        query = select(func.count()).select_from(deliveries).where(deliveries.c.scheduled_at >= NOON)
        return (await connection.execute(query)).scalar_one()
