"""What platforms send at least once: kept, dealt with by one, remembered for a while, and then forgotten."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import downgrade, migrate, open_database
from bot.adapters.database.forgetting import DatabaseForgetting
from bot.adapters.database.inbox import ATTEMPTS, DatabaseInbox
from bot.adapters.database.schema import inbox as kept
from bot.adapters.database.schema import inbox_keys
from bot.core.ports import Inbox, Received
from bot.core.retention import Forgettable
from bot.core.subscriptions import Platform
from tests.fakes import NOW

pytestmark = pytest.mark.both_databases

FEISHU = Platform.FEISHU
LEASE = timedelta(seconds=30)
_port: type[Inbox] = DatabaseInbox


@pytest.fixture
def inbox(engine: AsyncEngine) -> DatabaseInbox:
    return DatabaseInbox(engine)


@asynccontextmanager
async def another_process(url: str) -> AsyncIterator[DatabaseInbox]:
    engine = open_database(url)
    yield DatabaseInbox(engine)
    await engine.dispose()


async def receive(
    inbox: DatabaseInbox,
    *keys: str,
    payload: str | None = "{}",
    later: timedelta = timedelta(),
    platform: Platform = FEISHU,
) -> Received | None:
    at = NOW + later
    return await inbox.receive(platform, keys, payload, at, lease_until=at + LEASE)


async def received(inbox: DatabaseInbox, *keys: str, payload: str = "{}", later: timedelta = timedelta()) -> Received:
    new = await receive(inbox, *keys, payload=payload, later=later)
    assert new is not None
    return new


async def take(
    inbox: DatabaseInbox, later: timedelta = LEASE, *, since: timedelta = timedelta(), limit: int = 10
) -> Sequence[Received]:
    now = NOW + later
    return await inbox.take(FEISHU, now, now + LEASE, since=NOW + since, limit=limit)


async def test_what_is_received_is_left_alone_until_its_lease_ends(inbox: DatabaseInbox):
    first = await received(inbox, "event 1", payload='{"who": "Ada"}')
    second = await received(inbox, "event 2", later=timedelta(seconds=1))
    assert await take(inbox, LEASE - timedelta(seconds=1)) == []
    assert await take(inbox) == [first]
    assert await take(inbox, LEASE + timedelta(seconds=1)) == [second]
    assert await take(inbox, 2 * LEASE) == [first]


async def test_what_is_dealt_with_is_not_taken_up(inbox: DatabaseInbox):
    first, second = await received(inbox, "event 1"), await received(inbox, "event 2")
    await inbox.done(first)
    assert await take(inbox) == [second]


async def test_whoever_goes_on_with_it_says_so(inbox: DatabaseInbox):
    first, second = await received(inbox, "event 1"), await received(inbox, "event 2")
    await inbox.done(second)
    await inbox.lease([first.id, second.id], NOW + 2 * LEASE)
    assert await take(inbox) == []
    assert await take(inbox, 2 * LEASE) == [first]


async def test_whoever_gives_it_up_leaves_it_to_others_at_once(inbox: DatabaseInbox):
    first = await received(inbox, "event 1")
    await inbox.lease([first.id], NOW)
    assert await take(inbox, timedelta()) == [first]


async def test_what_nobody_survives_is_left_alone_in_the_end(inbox: DatabaseInbox):
    await received(inbox, "event 1")
    taken = [len(await take(inbox, number * LEASE)) for number in range(1, ATTEMPTS + 2)]
    assert taken == [1] * (ATTEMPTS - 1) + [0, 0]


async def test_what_has_no_payload_is_only_known(inbox: DatabaseInbox):
    assert await receive(inbox, "click 1", payload=None) is not None
    assert await receive(inbox, "click 1", payload=None) is None
    assert await take(inbox) == []


async def test_of_many_that_are_left_behind_each_process_takes_others(inbox: DatabaseInbox, database_url: str):
    left = [await received(inbox, f"event {number}") for number in range(40)]
    async with another_process(database_url) as other:
        both = await asyncio.gather(*(take(each, limit=5) for _ in range(4) for each in (inbox, other)))
    taken = [one.id for some in both for one in some]
    assert len(taken) == len(set(taken))
    assert {one.id for one in left} == set(taken) | {one.id for one in await take(inbox, limit=40)}


async def test_what_is_dealt_with_leaves_its_keys_and_not_its_words(inbox: DatabaseInbox, engine: AsyncEngine):
    await inbox.done(await received(inbox, "event 1", payload="private"))
    assert await receive(inbox, "event 1", payload="private") is None
    async with engine.connect() as connection:
        assert (await connection.execute(select(kept.c.payload))).scalars().all() == [None]


@pytest.mark.parametrize(
    "again", [("event 1",), ("event 2", "message 1"), ("message 1",)], ids=["the event", "its message", "only that"]
)
async def test_one_known_key_is_enough_to_know_it(inbox: DatabaseInbox, again: tuple[str, ...]):
    await received(inbox, "event 1", "message 1")
    assert await receive(inbox, *again) is None


async def test_keys_are_of_one_platform(inbox: DatabaseInbox):
    await received(inbox, "event 1")
    assert await receive(inbox, "event 1", platform=Platform.SLACK) is not None
    assert len(await take(inbox)) == 1


async def test_what_has_no_key_is_never_known(inbox: DatabaseInbox):
    await received(inbox)
    await received(inbox)
    assert len(await take(inbox)) == 2


async def test_a_key_that_is_given_twice_is_one(inbox: DatabaseInbox):
    await received(inbox, "event 1", "event 1")


async def test_the_same_event_twice_at_once_is_received_by_one_process(inbox: DatabaseInbox, database_url: str):
    async with another_process(database_url) as other:
        both = [receive(each, f"event {n}") for n in range(20) for each in (inbox, other)]
        taken = await asyncio.gather(*both)
    assert [sum(one is not None for one in taken[n : n + 2]) for n in range(0, 40, 2)] == [1] * 20


async def test_a_process_finds_what_another_one_has_left_behind(inbox: DatabaseInbox, database_url: str):
    left = await received(inbox, "event 1")
    await received(inbox, "event 0", later=-timedelta(hours=1))
    async with another_process(database_url) as other:
        assert await take(other, since=-timedelta(minutes=10)) == [left]
        await other.done(left)
    assert await take(inbox, 2 * LEASE, since=-timedelta(minutes=10)) == []


async def test_what_is_old_is_forgotten_with_its_keys(inbox: DatabaseInbox, engine: AsyncEngine):
    await received(inbox, "event 1", "message 1")
    await received(inbox, "event 2", later=timedelta(hours=9))
    await DatabaseForgetting(engine).forget(Forgettable.INBOX, NOW + timedelta(hours=8), 10)
    async with engine.connect() as connection:
        assert (await connection.execute(select(inbox_keys.c.key))).scalars().all() == ["event 2"]
        assert (await connection.execute(select(func.count()).select_from(kept))).scalar_one() == 1
    await received(inbox, "event 1")


async def test_going_back_a_version_leaves_what_older_versions_know(inbox: DatabaseInbox, engine: AsyncEngine):
    await received(inbox, "event 1")
    await engine.dispose()
    await downgrade(engine, "0006")
    await migrate(engine)
    assert await take(inbox) == []
    await received(inbox, "event 1")


async def test_what_an_older_version_has_left_behind_is_taken_up(inbox: DatabaseInbox, engine: AsyncEngine):
    left = await received(inbox, "event 1")
    await inbox.done(await received(inbox, "event 2"))
    await engine.dispose()
    await downgrade(engine, "0007")
    await migrate(engine)
    assert await take(inbox, timedelta()) == [left]
