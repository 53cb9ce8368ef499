"""Late pushes, force pushes and new names, from a real git history to the sealed day, by every source."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.schema import commits
from bot.core.collecting import Collecting, DayOfCommits
from bot.core.days import Day, parse_zone
from bot.core.metering import UNMETERED
from bot.core.model import Repo
from bot.core.ports import CommitSource
from tests.counterparts.github import GitHubProxy
from tests.counterparts.histories import History, git
from tests.fakes import FakeClock
from tests.sources.conftest import REPO, Publish

DAY = Day(date=date(2026, 1, 20), zone=parse_zone("Asia/Shanghai"))
NEXT = DAY.plus(1)
RELEASES = replace(REPO, branches="release/*")
MINUTE = timedelta(minutes=1)


class Bot:
    def __init__(self, archive: DatabaseArchive, clock: FakeClock) -> None:
        self._archive = archive
        self._clock = clock

    async def digest(self, source: CommitSource, day: Day, repo: Repo = REPO) -> DayOfCommits:
        """As it is made at nine o'clock the morning after."""
        self._clock.now = day.plus(1).at(time(9))
        collecting = Collecting(source=source, archive=self._archive, now=self._clock, meter=UNMETERED)
        listed = await collecting.listed(repo, day)
        async for _ in collecting.diffs(repo, listed.shas):
            pass
        return await collecting.seal(repo, day, listed)


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


# Branches


def on(history: History, branch: str, subject: str, day: Day, hour: int) -> str:
    """A new commit on a branch."""
    history.checkout(branch)
    sha = history.commit(subject, {subject: "x\n"}, at=day.at(time(hour)))
    history.checkout("main")
    return sha


def with_releases(history: History) -> str:
    """Branches release/1 and release/2 that begin where main does; the commit that they share."""
    base = history.commit("base", {"base": "1\n"}, at=DAY.at(time(8)))
    for name in ("release/1", "release/2"):
        git(history.path, "branch", name)
    return base


async def test_branches_have_days_of_their_own(publish: Publish, history: History, bot: Bot) -> None:
    base = with_releases(history)
    main = on(history, "main", "main", DAY, 10)
    one, two = on(history, "release/1", "one", DAY, 11), on(history, "release/2", "two", DAY, 12)
    source = await publish(history)
    assert (await bot.digest(source, DAY)).shas == (main, base)
    assert (await bot.digest(source, DAY, RELEASES)).shas == (two, one, base)
    assert (await bot.digest(source, DAY, replace(REPO, branches="release/1"))).shas == (one, base)


async def test_a_late_push_to_a_branch_goes_into_the_next_digest_once(
    publish: Publish, history: History, bot: Bot
) -> None:
    with_releases(history)
    await bot.digest(await publish(history), DAY)
    await bot.digest(await publish(history), DAY, RELEASES)
    late, new = on(history, "release/1", "late", DAY, 9), on(history, "release/2", "new", NEXT, 9)
    second = await bot.digest(await publish(history), NEXT, RELEASES)
    assert (second.shas, second.late) == ((new, late), (late,))
    assert (await bot.digest(await publish(history), NEXT)).shas == ()
    history.checkout("release/2")
    history.merge("release/1", "Merge release/1", at=NEXT.plus(1).at(time(9)))
    history.checkout("main")
    assert (await bot.digest(await publish(history), NEXT.plus(1), RELEASES)).shas == ()


async def test_what_a_new_branch_brings_along_is_told_once(publish: Publish, history: History, bot: Bot) -> None:
    base = with_releases(history)
    main = on(history, "main", "main", DAY, 10)
    assert (await bot.digest(await publish(history), DAY, RELEASES)).shas == (base,)
    git(history.path, "branch", "release/3", "main")
    new = on(history, "release/3", "new", NEXT, 9)
    second = await bot.digest(await publish(history), NEXT, RELEASES)
    assert (second.shas, second.late) == ((new, main), (main,))
    assert (await bot.digest(await publish(history), NEXT.plus(1), RELEASES)).shas == ()


async def test_a_rebased_branch_is_not_announced_again_and_others_lose_nothing(
    publish: Publish, history: History, bot: Bot, engine: AsyncEngine
) -> None:
    base = with_releases(history)
    old = on(history, "release/1", "feature", DAY, 10)
    kept = on(history, "release/2", "kept", DAY, 11)
    main = on(history, "main", "main", DAY, 12)
    source = await publish(history)
    assert (await bot.digest(source, DAY)).shas == (main, base)
    assert (await bot.digest(source, DAY, RELEASES)).shas == (kept, old, base)
    git(history.path, "branch", "--force", "release/1", base)
    before = on(history, "release/1", "slipped in", NEXT, 9)
    again = on(history, "release/1", "feature", NEXT, 10)
    late = on(history, "release/2", "late", DAY.plus(-10), 9)
    second = await bot.digest(await publish(history), NEXT, RELEASES)
    assert (second.shas, second.late) == ((before,), ())
    assert not {again, late} & set(second.shas)  # of the day of the late one nobody has had a digest
    assert await orphans(engine) == set()
    assert (await bot.digest(await publish(history), NEXT.plus(1), RELEASES)).shas == ()


async def test_a_force_push_of_the_default_branch_makes_no_orphans_of_other_branches(
    publish: Publish, history: History, bot: Bot, engine: AsyncEngine
) -> None:
    base = with_releases(history)
    gone = on(history, "main", "gone", DAY, 10)
    on(history, "release/1", "one", DAY, 11)
    source = await publish(history)
    await bot.digest(source, DAY)
    await bot.digest(source, DAY, RELEASES)
    git(history.path, "reset", "--quiet", "--hard", base)
    new = on(history, "main", "new", NEXT, 9)
    assert (await bot.digest(await publish(history), NEXT)).shas == (new,)
    assert await orphans(engine) == {gone}


async def test_a_commit_dated_in_the_future_counts_once_on_its_own_branch(
    publish: Publish, history: History, bot: Bot
) -> None:
    with_releases(history)
    ahead = on(history, "release/1", "from next week", DAY.plus(3), 8)
    told: list[list[bool]] = []
    for repo in (REPO, RELEASES):
        source = await publish(history)
        told.append([ahead in (await bot.digest(source, DAY.plus(later), repo)).shas for later in range(5)])
    assert told == [[False] * 5, [False, True, False, False, False]]
