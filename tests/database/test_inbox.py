"""What platforms send at least once: kept, dealt with by one, remembered for a while, and then forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import downgrade, migrate, open_database
from bot.adapters.database.inbox import DatabaseInbox
from bot.adapters.database.schema import inbox as kept
from bot.adapters.database.schema import inbox_keys
from bot.core.ports import Inbox, Received
from bot.core.subscriptions import Platform
from tests.fakes import NOW

pytestmark = pytest.mark.both_databases

FEISHU = Platform.FEISHU
_port: type[Inbox] = DatabaseInbox


@pytest.fixture
def inbox(engine: AsyncEngine) -> DatabaseInbox:
    return DatabaseInbox(engine)


@asynccontextmanager
async def another_process(url: str) -> AsyncIterator[DatabaseInbox]:
    engine = open_database(url)
    yield DatabaseInbox(engine)
    await engine.dispose()


async def received(inbox: DatabaseInbox, *keys: str, payload: str = "{}", later: timedelta = timedelta()) -> Received:
    taken = await inbox.receive(FEISHU, keys, payload, NOW + later)
    assert taken is not None
    return taken


async def test_what_is_received_stays_until_it_is_dealt_with(inbox: DatabaseInbox):
    first = await received(inbox, "event 1", payload='{"who": "Ada"}')
    second = await received(inbox, "event 2", later=timedelta(seconds=1))
    assert await inbox.unfinished(FEISHU, NOW) == [first, second]
    await inbox.done(first)
    assert await inbox.unfinished(FEISHU, NOW) == [second]


async def test_what_is_dealt_with_leaves_its_keys_and_not_its_words(inbox: DatabaseInbox, engine: AsyncEngine):
    await inbox.done(await received(inbox, "event 1", payload="private"))
    assert await inbox.receive(FEISHU, ["event 1"], "private", NOW) is None
    async with engine.connect() as connection:
        assert (await connection.execute(select(kept.c.payload))).scalars().all() == [None]


@pytest.mark.parametrize(
    "again", [("event 1",), ("event 2", "message 1"), ("message 1",)], ids=["the event", "its message", "only that"]
)
async def test_one_known_key_is_enough_to_know_it(inbox: DatabaseInbox, again: tuple[str, ...]):
    await received(inbox, "event 1", "message 1")
    assert await inbox.receive(FEISHU, again, "{}", NOW) is None


async def test_keys_are_of_one_platform(inbox: DatabaseInbox):
    await received(inbox, "event 1")
    assert await inbox.receive(Platform.SLACK, ["event 1"], "{}", NOW) is not None
    assert len(await inbox.unfinished(FEISHU, NOW)) == 1


async def test_what_has_no_key_is_never_known(inbox: DatabaseInbox):
    await received(inbox)
    await received(inbox)
    assert len(await inbox.unfinished(FEISHU, NOW)) == 2


async def test_a_key_that_is_given_twice_is_one(inbox: DatabaseInbox):
    await received(inbox, "event 1", "event 1")


async def test_the_same_event_twice_at_once_is_received_by_one_process(inbox: DatabaseInbox, database_url: str):
    async with another_process(database_url) as other:
        both = [each.receive(FEISHU, [f"event {n}"], "{}", NOW) for n in range(20) for each in (inbox, other)]
        taken = await asyncio.gather(*both)
    assert [sum(one is not None for one in taken[n : n + 2]) for n in range(0, 40, 2)] == [1] * 20


async def test_a_process_finds_what_another_one_has_left_behind(inbox: DatabaseInbox, database_url: str):
    left = await received(inbox, "event 1")
    await received(inbox, "event 0", later=-timedelta(hours=1))
    async with another_process(database_url) as other:
        assert await other.unfinished(FEISHU, NOW - timedelta(minutes=10)) == [left]
        await other.done(left)
    assert await inbox.unfinished(FEISHU, NOW - timedelta(minutes=10)) == []


async def test_what_is_old_is_forgotten_with_its_keys(inbox: DatabaseInbox, engine: AsyncEngine):
    await received(inbox, "event 1", "message 1")
    await received(inbox, "event 2", later=timedelta(hours=9))
    await inbox.forget(NOW + timedelta(hours=8))
    async with engine.connect() as connection:
        assert (await connection.execute(select(inbox_keys.c.key))).scalars().all() == ["event 2"]
        assert (await connection.execute(select(func.count()).select_from(kept))).scalar_one() == 1
    await received(inbox, "event 1")


async def test_going_back_a_version_leaves_what_older_versions_know(inbox: DatabaseInbox, engine: AsyncEngine):
    await received(inbox, "event 1")
    await engine.dispose()
    await downgrade(engine, "0006")
    await migrate(engine)
    assert await inbox.unfinished(FEISHU, NOW) == []
    await received(inbox, "event 1")
