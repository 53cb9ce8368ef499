"""Late pushes, force pushes and new names, from a real git history to the sealed day, by every source."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.schema import commits
from bot.core.collecting import Collecting, DayOfCommits
from bot.core.days import Day, parse_zone
from bot.core.ports import CommitSource
from tests.counterparts.github import GitHubProxy
from tests.counterparts.histories import History, git
from tests.fakes import FakeClock
from tests.sources.conftest import REPO, Publish

DAY = Day(date=date(2026, 1, 20), zone=parse_zone("Asia/Shanghai"))
NEXT = DAY.plus(1)
MINUTE = timedelta(minutes=1)


class Bot:
    def __init__(self, archive: DatabaseArchive, clock: FakeClock) -> None:
        self._archive = archive
        self._clock = clock

    async def digest(self, source: CommitSource, day: Day) -> DayOfCommits:
        """As it is made at nine o'clock the morning after."""
        self._clock.now = day.plus(1).at(time(9))
        collecting = Collecting(source=source, archive=self._archive, now=self._clock)
        listed = await collecting.listed(REPO, day)
        async for _ in collecting.diffs(REPO, listed.shas):
            pass
        return await collecting.seal(REPO, day, listed)


@pytest.fixture
def bot(archive: DatabaseArchive, clock: FakeClock) -> Bot:
    return Bot(archive, clock)


async def orphans(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.scalars(select(commits.c.sha).where(commits.c.orphaned_at.is_not(None))))


async def test_a_late_push_goes_into_the_next_digest_once(publish: Publish, history: History, bot: Bot) -> None:
    first = history.commit("on time", {"a": "1\n"}, at=DAY.at(time(10)))
    assert (await bot.digest(await publish(history), DAY)).shas == (first,)
    old = history.commit("of last month", {"a": "2\n"}, at=DAY.at(time(10)) - timedelta(days=30))
    late = history.commit("late", {"a": "3\n"}, at=DAY.at(time(11)))
    new = history.commit("next", {"a": "4\n"}, at=NEXT.at(time(10)))
    second = await bot.digest(await publish(history), NEXT)
    # Of the day a month ago nobody has had a digest, so that commit is not late but waits for it.
    assert (second.shas, second.late) == ((new, late), (late,))
    assert old not in second.shas
    assert (await bot.digest(await publish(history), NEXT.plus(1))).shas == ()


async def test_a_rebase_is_not_announced_again_and_what_it_dropped_is_an_orphan(
    publish: Publish, history: History, bot: Bot, engine: AsyncEngine
) -> None:
    base = history.commit("base", {"base": "1\n"}, at=DAY.at(time(8)))
    old = history.commit("feature", {"feature": "1\n"}, at=DAY.at(time(10)))
    await bot.digest(await publish(history), DAY)
    git(history.path, "reset", "--quiet", "--hard", base)
    before = history.commit("slipped in", {"other": "1\n"}, at=NEXT.at(time(9)))
    again = history.commit("feature", {"feature": "1\n"}, at=NEXT.at(time(10)))
    new = history.commit("more", {"feature": "2\n"}, at=NEXT.at(time(11)))
    second = await bot.digest(await publish(history), NEXT)
    assert (second.shas, second.late, second.repeats) == ((new, before), (), ())
    assert await orphans(engine) == {old}
    assert (await bot.digest(await publish(history), NEXT.plus(1))).shas == ()
    assert again not in second.shas


async def test_a_merge_of_a_side_branch_tells_its_late_commits(publish: Publish, history: History, bot: Bot) -> None:
    base = history.commit("base", {"base": "1\n"}, at=DAY.at(time(8)))
    history.checkout("side", create=True)
    side = [history.commit(f"side {n}", {"side": f"{n}\n"}, at=DAY.at(time(9 + n))) for n in range(2)]
    history.checkout("main")
    assert (await bot.digest(await publish(history), DAY)).shas == (base,)
    merge = history.merge("side", "Merge side", at=NEXT.at(time(10)))
    second = await bot.digest(await publish(history), NEXT)
    assert (set(second.shas), set(second.late), second.merges) == (set(side), set(side), (merge,))


async def test_a_commit_dated_in_the_future_counts_once(publish: Publish, history: History, bot: Bot) -> None:
    history.commit("base", {"a": "1\n"}, at=DAY.at(time(8)))
    ahead = history.commit("from next week", {"a": "2\n"}, at=DAY.plus(3).at(time(8)))
    told = [await bot.digest(await publish(history), DAY.plus(later)) for later in range(5)]
    assert [ahead in digest.shas for digest in told] == [False, True, False, False, False]


async def test_a_repository_goes_on_under_its_old_name(
    publish_on_github: Publish, history: History, bot: Bot, emulated_github: GitHubProxy
) -> None:
    history.commit("base", {"a": "1\n"}, at=DAY.at(time(8)))
    source = await publish_on_github(history)
    await bot.digest(source, DAY)
    late = history.commit("late", {"a": "2\n"}, at=DAY.at(time(9)))
    new = history.commit("next", {"a": "3\n"}, at=NEXT.at(time(9)))
    emulated_github.github.repositories.pop(str(REPO))
    await emulated_github.load(history.path, "octo/greetings")
    emulated_github.moved[str(REPO)] = "octo/greetings"
    second = await bot.digest(source, NEXT)
    assert (second.shas, second.late) == ((new, late), (late,))


async def test_an_ordinary_day_costs_one_request_and_one_for_each_new_commit(
    publish_on_github: Publish, history: History, bot: Bot, emulated_github: GitHubProxy
) -> None:
    for later in range(3):
        for number in range(4):
            at = DAY.plus(later).at(time(10)) + number * MINUTE
            history.commit(f"{later} {number}", {"a": f"{later} {number}\n"}, at=at)
        source = await publish_on_github(history)
        emulated_github.counts.clear()
        assert len((await bot.digest(source, DAY.plus(later))).shas) == 4
        assert sum(emulated_github.counts.values()) == 1 + 4
