"""What is forgotten after a while, and what never is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.forgetting import DatabaseForgetting
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.schema import commits, deliveries, inbox, inbox_keys, model_calls, posts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core import retention
from bot.core.model import AnalystKind
from bot.core.retention import Forgettable, Forgetting, Retention, Sweeping
from bot.core.subscriptions import DeliveryState, Platform, Post, Subscription
from tests.database.test_model_memory import CALL
from tests.database.test_workspaces import DAY, TERMS
from tests.fakes import CHANNEL, NOW, REPO, FakeClock, analysis_of, commit, diff_of

pytestmark = pytest.mark.both_databases

MONTH = timedelta(days=30)
OLD = NOW - 2 * MONTH
EVERYTHING = Retention(deliveries=MONTH, posts=MONTH, model_calls=MONTH, diffs=MONTH)
GREET, WAVE, NOD = commit("feat: greet"), commit("fix: wave"), commit("fix: nod")
_port: type[Forgetting] = DatabaseForgetting


def sweeping(engine: AsyncEngine, kept: Retention = EVERYTHING) -> Sweeping:
    return Sweeping(forgetting=DatabaseForgetting(engine), retention=kept, now=FakeClock())


async def delivered(engine: AsyncEngine, subscription: Subscription, **row: object) -> None:
    values = {"subscription_id": subscription.id, "first_day": DAY.date, "scheduled_at": OLD, "due_at": OLD, **row}
    async with engine.begin() as connection:
        await connection.execute(insert(deliveries).values(values))


async def numbers(engine: AsyncEngine) -> Mapping[str, int]:
    async with engine.connect() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (deliveries, posts, model_calls, inbox, inbox_keys)
        }


async def fill(engine: AsyncEngine, at: datetime, message: str) -> None:
    await DatabasePosts(engine).record(Post(channel=CHANNEL, message=message, repo=REPO, first=DAY, last=DAY), at)
    await DatabaseModelMemory(engine).record(replace(CALL, at=at))
    async with engine.begin() as connection:
        row = {"platform": Platform.FEISHU.value, "payload": "{}", "received_at": at}
        (number,) = (await connection.execute(insert(inbox).values(row).returning(inbox.c.id))).scalars()
        key = {"platform": Platform.FEISHU.value, "key": message, "inbox_id": number}
        await connection.execute(insert(inbox_keys).values(key))


async def test_what_is_old_is_forgotten_and_what_is_young_stays(engine: AsyncEngine):
    await fill(engine, OLD, "old")
    await fill(engine, NOW, "young")
    forgotten = await sweeping(engine).sweep(NOW)
    assert forgotten == {
        Forgettable.DELIVERIES: 0,
        Forgettable.POSTS: 1,
        Forgettable.MODEL_CALLS: 1,
        Forgettable.DIFFS: 0,
        Forgettable.INBOX: 1,
    }
    assert await numbers(engine) == {"deliveries": 0, "posts": 1, "model_calls": 1, "inbox": 1, "inbox_keys": 1}
    assert await DatabasePosts(engine).find(CHANNEL, "young") is not None


async def test_nothing_but_the_inbox_is_forgotten_where_everything_is_kept(engine: AsyncEngine):
    await fill(engine, OLD, "old")
    assert await sweeping(engine, Retention()).sweep(NOW) == {Forgettable.INBOX: 1}


async def test_deliveries_go_but_the_newest_and_those_under_way(engine: AsyncEngine, ledger: DatabaseLedger):
    subscription, _ = await DatabaseSubscriptions(engine).subscribe(TERMS, OLD)
    states = [*DeliveryState, DeliveryState.SENT]  # the last one is the newest
    for number, state in enumerate(states):
        await delivered(engine, subscription, day=DAY.plus(number).date, state=state.value)
    stale = {"day": DAY.plus(-1).date, "state": "sent", "stale_since": NOW}
    await delivered(engine, subscription, **stale)
    young = {"day": DAY.plus(-2).date, "state": "sent", "due_at": NOW}
    await delivered(engine, subscription, **young)
    assert (await sweeping(engine).sweep(NOW))[Forgettable.DELIVERIES] == 3
    async with engine.connect() as connection:
        left = (await connection.execute(select(deliveries.c.state).order_by(deliveries.c.day))).scalars().all()
    assert left == ["sent", "sent", "due", "claimed", "sending", "uncertain", "sent"]
    run = (await ledger.runs([subscription]))[subscription.id]
    assert (run.day, run.state) == (DAY.plus(len(states) - 1).date, DeliveryState.SENT)


async def test_changes_of_commits_go_and_come_again_when_they_are_read_again(
    engine: AsyncEngine, archive: DatabaseArchive
):
    await archive.save_commit(REPO, diff_of(GREET), OLD)
    await archive.save_commit(REPO, diff_of(WAVE), NOW)
    await archive.save_commit(REPO, diff_of(NOD), OLD)  # which nobody has analysed yet
    for one in (GREET, WAVE):
        await archive.save_analysis(REPO, analysis_of(one), AnalystKind.MODEL, OLD)
    shas = [GREET.sha, WAVE.sha, NOD.sha]
    assert (await sweeping(engine).sweep(NOW))[Forgettable.DIFFS] == 1
    assert await archive.unread(REPO, shas) == {GREET.sha}
    assert await archive.unknown(REPO, shas) == set()
    assert await archive.diff(REPO, GREET.sha) is None
    assert await archive.commits(REPO, [GREET.sha]) == {GREET.sha: GREET}
    await archive.save_commit(REPO, diff_of(GREET), NOW)
    assert await archive.diff(REPO, GREET.sha) == diff_of(GREET)
    assert await archive.first_seen(REPO, [GREET.sha]) == {GREET.sha: OLD}


async def test_many_rows_go_in_several_transactions(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        await fill(engine, OLD, f"message {number}")
    forgotten = await sweeping(engine).sweep(NOW)
    assert (forgotten[Forgettable.POSTS], forgotten[Forgettable.INBOX]) == (5, 5)


async def test_the_clock_sweeps_once_a_day(engine: AsyncEngine):
    clock = FakeClock()
    swept = Sweeping(forgetting=DatabaseForgetting(engine), retention=EVERYTHING, now=clock)
    left: list[int] = []
    for hours in (0, 23, 1):
        clock.forward(timedelta(hours=hours))
        await fill(engine, OLD, f"after {hours} h")
        await swept.tick()
        left.append((await numbers(engine))["posts"])
    assert left == [0, 1, 0]


class Locked(DatabaseForgetting):
    """A database that does not answer once."""

    locked = True

    async def forget(self, what: Forgettable, before: datetime, limit: int) -> int:
        if self.locked:
            self.locked = False
            raise TimeoutError("database is locked")
        return await super().forget(what, before, limit)


async def test_what_could_not_be_forgotten_is_forgotten_at_the_next_tick(engine: AsyncEngine):
    await fill(engine, OLD, "1.0")
    swept = Sweeping(forgetting=Locked(engine), retention=EVERYTHING, now=FakeClock())
    with pytest.raises(TimeoutError, match="database is locked"):
        await swept.tick()
    await swept.tick()
    assert (await numbers(engine))["posts"] == 0


async def test_what_is_kept_of_a_commit_after_an_update_of_its_row_is_the_same(
    engine: AsyncEngine, archive: DatabaseArchive
):
    await archive.save_commit(REPO, diff_of(GREET), OLD)
    async with engine.begin() as connection:
        await connection.execute(update(commits).values(orphaned_at=NOW, patches=None))
    await archive.save_commit(REPO, diff_of(GREET), NOW)
    async with engine.connect() as connection:
        assert (await connection.scalars(select(commits.c.orphaned_at))).all() == [NOW]
