"""What operators see of everybody's deliveries."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.outlook import DatabaseOutlooks
from bot.adapters.database.schema import deliveries
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.metering import Standing
from bot.core.outlook import (
    BrokenWorkspace,
    DatabaseKind,
    Delivered,
    ModelUse,
    NextDue,
    Outlook,
    Outlooks,
    Patterns,
    PatternTrouble,
    Punctuality,
    Schema,
    Subscribed,
    Trouble,
    Waiting,
    attention,
)
from bot.core.subscriptions import EVERY_DAY, Channel, DeliveryState, Pause, Platform, Subscription
from formatters.operators import render
from tests.database.test_model_memory import CALL
from tests.database.test_workspaces import DAY, PATTERN, TERMS
from tests.fakes import CHANNEL, NOW

pytestmark = pytest.mark.both_databases

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
NEWEST = "0013"
_port: type[Outlooks] = DatabaseOutlooks


async def subscribed(engine: AsyncEngine, channel: Channel, at: time = time(9)) -> Subscription:
    terms = replace(TERMS, channel=channel, at=at, days=EVERY_DAY)
    return (await DatabaseSubscriptions(engine).subscribe(terms, NOW - 30 * 24 * HOUR))[0]


async def add(engine: AsyncEngine, subscription: Subscription, *rows: Mapping[str, object]) -> None:
    async with engine.begin() as connection:
        for number, row in enumerate(rows):
            day, before = DAY.plus(-number).date, NOW - HOUR
            values = {"scheduled_at": before, "due_at": before, "first_day": day, "day": day, **row}
            await connection.execute(insert(deliveries).values(subscription_id=subscription.id, **values))


async def taken(engine: AsyncEngine) -> Outlook:
    return await DatabaseOutlooks(engine).taken(NOW)


def kind(engine: AsyncEngine) -> DatabaseKind:
    return DatabaseKind(engine.dialect.name)


async def test_where_there_is_nothing_all_is_well(engine: AsyncEngine):
    outlook = await taken(engine)
    schema = Schema(kind=kind(engine), version=NEWEST, newest=NEWEST)
    assert outlook == Outlook(at=NOW, schema=schema, model=ModelUse(calls=0, failed=0, tokens=0, price=0))
    assert list(attention(outlook)) == []
    assert render(outlook, color=False).splitlines()[-1] == "✓ nothing needs attention"


async def fill(engine: AsyncEngine) -> None:
    memory = DatabaseModelMemory(engine)
    for call in (CALL, replace(CALL, error="AnalystTimeout"), replace(CALL, at=NOW - 24 * HOUR)):
        await memory.record(call)
    followings, subscriptions = DatabaseFollowings(engine), DatabaseSubscriptions(engine)
    for number, error in enumerate(["", "The owner is gone.", "The owner is gone.", "Too many."]):
        terms = replace(TERMS, channel=replace(CHANNEL, id=f"C{number}")).of_pattern(PATTERN)
        following, _is_new = await followings.follow(terms, NOW)
        await followings.note_error(following, error, NOW)
    paused = await subscribed(engine, replace(CHANNEL, id="C2"))
    await subscriptions.set_pause(paused, Pause(since=NOW - HOUR))
    await subscribed(engine, replace(CHANNEL, id="C3"), time(18))
    gone = await subscribed(engine, Channel(platform=Platform.FEISHU, workspace="tenant", id="oc_1"))
    await subscriptions.mark_workspace_broken(Platform.FEISHU, "tenant", "The app was removed.", NOW - HOUR)
    await add(
        engine,
        await subscribed(engine, CHANNEL),
        {"state": "due"},
        {"state": "claimed", "lease_until": NOW},
        {"state": "uncertain", "last_error": "No history."},
        {"state": "failed", "last_error": "An outage."},
        {"state": "sent", "sent_at": NOW - HOUR + 3 * SECOND},
        {"state": "sent", "sent_at": NOW - HOUR + 90 * SECOND},
        {"state": "sent", "sent_at": NOW, "scheduled_at": NOW - 50 * HOUR, "due_at": NOW - 50 * HOUR},
    )
    await add(engine, gone, {"state": "due", "due_at": NOW - 9 * HOUR}, {"state": "failed", "last_error": "An outage."})


async def test_everything_that_goes_wrong_is_counted_and_no_channel_is_named(engine: AsyncEngine):
    await fill(engine)
    gone = BrokenWorkspace(
        platform=Platform.FEISHU,
        workspace="tenant",
        reason="The app was removed.",
        since=NOW - HOUR,
        subscriptions=1,
    )
    assert await taken(engine) == Outlook(
        at=NOW,
        schema=Schema(kind=kind(engine), version=NEWEST, newest=NEWEST),
        subscriptions=(
            Subscribed(platform=Platform.FEISHU, standing=Standing.BROKEN, number=1),
            Subscribed(platform=Platform.SLACK, standing=Standing.ACTIVE, number=2),
            Subscribed(platform=Platform.SLACK, standing=Standing.PAUSED, number=1),
        ),
        patterns=Patterns(
            number=4,
            troubles=(
                PatternTrouble(reason="The owner is gone.", number=2),
                PatternTrouble(reason="Too many.", number=1),
            ),
        ),
        deliveries=(
            Delivered(state=DeliveryState.DUE, number=2),
            Delivered(state=DeliveryState.CLAIMED, number=1),
            Delivered(state=DeliveryState.SENT, number=2),
            Delivered(state=DeliveryState.UNCERTAIN, number=1),
            Delivered(state=DeliveryState.FAILED, number=2),
        ),
        due_now=1,
        oldest_due=NOW - HOUR,
        worked_on=1,
        troubles=(
            Trouble(state=DeliveryState.FAILED, reason="An outage.", number=2),
            Trouble(state=DeliveryState.UNCERTAIN, reason="No history.", number=1),
        ),
        punctuality=(
            Punctuality(span=24 * HOUR, number=2, p50=3 * SECOND, p99=90 * SECOND, on_time=0.5),
            Punctuality(span=7 * 24 * HOUR, number=3, p50=90 * SECOND, p99=50 * HOUR, on_time=1 / 3),
        ),
        broken=(gone,),
        next_due=(
            NextDue(at=DAY.plus(1).at(time(18)), subscriptions=1),
            NextDue(at=DAY.plus(2).at(time(9)), subscriptions=1),
        ),
        model=ModelUse(calls=2, failed=1, tokens=2_200, price=0.5),
    )


async def test_operators_read_it_in_one_table(engine: AsyncEngine):
    await fill(engine)
    outlook = replace(await taken(engine), backlog=(Waiting(job="collect", number=3),))
    assert render(outlook, color=False).replace(kind(engine).value, "DATABASE") == (
        "database       DATABASE, schema 0013\n"
        "subscriptions  feishu broken: 1\n"
        "               slack active: 2\n"
        "               slack paused: 1\n"
        "patterns       4\n"
        "               2 not looked at in full: The owner is gone.\n"
        "               1 not looked at in full: Too many.\n"
        "last 24 h      due: 2\n"
        "               claimed: 1\n"
        "               sent: 2\n"
        "               uncertain: 1\n"
        "               failed: 2\n"
        "due now        1, the oldest for 60 min\n"
        "               1 being worked on\n"
        "on time, 1 d   50.0% of 2; p50 3.0 s, p99 90.0 s\n"
        "on time, 7 d   33.3% of 3; p50 90.0 s, p99 50 h\n"
        "troubles       2 failed: An outage.\n"
        "               1 uncertain: No history.\n"
        "broken         feishu tenant (1), since 2026-01-22 00:30 UTC: The app was removed.\n"
        "next due       2026-01-22 10:00 UTC: 1\n"
        "               2026-01-23 01:00 UTC: 1\n"
        "model today    2 calls, 1 failed, 2200 tokens, 0.50 US dollars\n"
        "queue          collect: 3\n"
        "✗ deliveries are due and nobody makes them\n"
        "✗ workspaces are broken\n"
        "✗ deliveries have failed\n"
        "✗ whether deliveries arrived is uncertain\n"
        "✗ less than 99 of 100 deliveries were on time\n"
    )


async def test_of_a_database_of_another_version_only_that_is_told(engine: AsyncEngine):
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
    outlook = await taken(engine)
    assert outlook == Outlook(at=NOW, schema=Schema(kind=kind(engine), version="0007", newest=NEWEST))
    assert list(attention(outlook)) == ["the schema is not this program's: run `dynamo-digest migrate`"]
    assert f"{kind(engine)}, schema 0007, and this program's is 0013\n" in render(outlook, color=False)
