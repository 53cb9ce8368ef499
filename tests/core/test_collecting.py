import asyncio
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import open_database
from bot.adapters.database.schema import commits
from bot.core.collecting import Collecting, DayOfCommits
from bot.core.days import Day
from bot.core.metering import UNMETERED
from bot.core.model import Commit, CommitDiff
from tests.fakes import REPO, FakeClock, FakeSource, commit

ZONE = ZoneInfo("Asia/Shanghai")
UTC_ZONE = ZoneInfo("UTC")
FIRST = Day(date=date(2026, 1, 20), zone=ZONE)
MORNING = time(9)


class PatchSource(FakeSource):
    """Each commit's patch is what its author wrote, so that the same change can stand in several commits."""

    async def read(self, repo, shas):
        async for diff in super().read(repo, shas):
            yield CommitDiff(commit=diff.commit, patches={"src/hello.py": f"@@ -0,0 +1 @@\n+{_change(diff.commit)}"})


def _change(one: Commit) -> str:
    return one.subject.removeprefix("again: ")


@dataclass
class Team:
    """People who push, and a bot that makes the digest of yesterday every morning."""

    archive: DatabaseArchive
    clock: FakeClock
    source: FakeSource = field(default_factory=PatchSource)
    told: dict[Day, DayOfCommits] = field(default_factory=dict)

    @property
    def collecting(self) -> Collecting:
        return Collecting(source=self.source, archive=self.archive, now=self.clock, meter=UNMETERED)

    def push(self, subject: str, at: datetime, **facts: object) -> Commit:
        made = commit(subject, at.isoformat(), **facts)
        self.source.commits.append(made)
        return made

    async def digest(self, day: Day) -> DayOfCommits:
        """As the product makes one: load or list, read, seal."""
        self.source.as_of = self.clock()
        commits = await self.collecting.sealed(REPO, day) or await self.collecting.listed(REPO, day)
        async for _ in self.collecting.diffs(REPO, commits.shas):
            pass
        made = await self.collecting.seal(REPO, day, commits)
        if made.sealed:
            self.told[day] = made
        return made

    async def morning_after(self, day: Day) -> DayOfCommits:
        self.clock.now = max(self.clock.now, day.plus(1).at(MORNING))
        return await self.digest(day)


@pytest.fixture
def team(archive: DatabaseArchive, clock: FakeClock) -> Team:
    clock.now = FIRST.at(MORNING)
    return Team(archive=archive, clock=clock)


def at(day: Day, hour: int) -> datetime:
    return day.at(time(hour))


# Late arrivals


async def test_what_shows_up_after_its_day_was_sealed_is_late_in_the_next_digest_and_in_no_other(team: Team):
    team.push("on time", at(FIRST, 10))
    await team.morning_after(FIRST)
    late = team.push("late", at(FIRST, 11))
    on_time = team.push("next", at(FIRST.plus(1), 10))
    second = await team.morning_after(FIRST.plus(1))
    assert (second.shas, second.late) == ((on_time.sha, late.sha), (late.sha,))
    assert (await team.morning_after(FIRST.plus(2))).shas == ()
    assert late.sha not in (await team.digest(FIRST)).shas


async def test_a_first_digest_does_not_drag_in_what_is_older(team: Team):
    team.push("long ago", at(FIRST.plus(-2), 10))
    own = team.push("on time", at(FIRST, 10))
    first = await team.morning_after(FIRST)
    assert (first.shas, first.late) == ((own.sha,), ())
    team.push("before the first sealed day", at(FIRST.plus(-1), 11))
    assert (await team.morning_after(FIRST.plus(1))).shas == ()


async def test_a_commit_of_a_day_nobody_asked_for_is_not_late_but_listed_when_it_is_asked_for(team: Team):
    await team.morning_after(FIRST)
    weekend = team.push("on a weekend", at(FIRST.plus(1), 10))
    assert (await team.morning_after(FIRST.plus(2))).shas == ()
    asked = await team.digest(FIRST.plus(1))
    assert (asked.shas, asked.late) == ((weekend.sha,), ())


async def test_a_commit_dated_30_days_ago_is_found_by_the_tip_of_the_branch(team: Team):
    team.push("base", at(FIRST, 9))
    await team.morning_after(FIRST)
    for later in range(1, 31):
        await team.morning_after(FIRST.plus(later))
    old = team.push("rebased", at(FIRST, 10))
    new = team.push("today", at(FIRST.plus(31), 10))
    digest = await team.morning_after(FIRST.plus(31))
    assert (digest.shas, digest.late) == ((new.sha, old.sha), (old.sha,))
    assert (await team.morning_after(FIRST.plus(32))).shas == ()


async def test_somebody_who_looks_up_an_old_day_does_not_take_late_commits_from_the_next_digest(team: Team):
    for later in (0, 2):
        await team.morning_after(FIRST.plus(later))
    late = team.push("late", at(FIRST, 10))
    assert (await team.digest(FIRST.plus(1))).shas == ()
    assert (await team.morning_after(FIRST.plus(3))).late == (late.sha,)


async def test_each_zone_tells_a_late_commit_once(team: Team):
    there = replace(FIRST, zone=UTC_ZONE)
    for day in (FIRST, there):
        await team.morning_after(day)
    late = team.push("late", datetime(2026, 1, 20, 5, tzinfo=UTC))
    for zone in (ZONE, UTC_ZONE):
        assert (await team.morning_after(Day(date=date(2026, 1, 21), zone=zone))).late == (late.sha,)
    for zone in (ZONE, UTC_ZONE):
        assert (await team.morning_after(Day(date=date(2026, 1, 22), zone=zone))).shas == ()


async def test_today_shows_late_commits_and_does_not_settle_them(team: Team):
    await team.morning_after(FIRST)
    late = team.push("late", at(FIRST, 10))
    team.clock.now = at(FIRST.plus(1), 12)
    today = await team.digest(FIRST.plus(1))
    assert (today.late, today.sealed) == ((late.sha,), False)
    assert (await team.morning_after(FIRST.plus(1))).late == (late.sha,)


async def test_two_digests_made_at_once_do_not_both_tell_a_late_commit(team: Team):
    await team.morning_after(FIRST)
    late = team.push("late", at(FIRST, 10))
    team.clock.now = team.source.as_of = FIRST.plus(3).at(MORNING)
    days = [FIRST.plus(1), FIRST.plus(2)]
    listed = [await team.collecting.listed(REPO, day) for day in days]
    sealed = [await team.collecting.seal(REPO, day, one) for day, one in zip(days, listed, strict=True)]
    assert [one.shas for one in sealed] == [(late.sha,), ()]


async def test_what_comes_while_an_earlier_day_is_being_read_is_not_lost(team: Team):
    await team.morning_after(FIRST)
    team.clock.now = team.source.as_of = FIRST.plus(3).at(MORNING)
    slow = await team.collecting.listed(REPO, FIRST.plus(1))
    pushed = team.push("meanwhile", at(FIRST.plus(1), 10))
    await team.digest(FIRST.plus(2))
    await team.collecting.seal(REPO, FIRST.plus(1), slow)
    assert (await team.morning_after(FIRST.plus(3))).late == (pushed.sha,)


async def test_a_merge_that_brings_in_late_commits_is_counted_and_they_are_told(team: Team):
    base = team.push("base", at(FIRST, 8))
    await team.morning_after(FIRST)
    side = team.push("on a side branch", at(FIRST, 12), parents=(base.sha,))
    merge = team.push("Merge side", at(FIRST.plus(1), 10), parents=(base.sha, side.sha))
    digest = await team.morning_after(FIRST.plus(1))
    assert (digest.shas, digest.late, digest.merges) == ((side.sha,), (side.sha,), (merge.sha,))
    after = await team.morning_after(FIRST.plus(2))
    assert (after.shas, after.merges) == ((), ())


# Dates in the future


async def test_a_commit_dated_in_the_future_counts_on_the_day_it_was_first_seen_and_on_no_other(team: Team):
    ahead = team.push("from tomorrow week", at(FIRST.plus(8), 10))
    assert (await team.morning_after(FIRST)).shas == ()  # it is the next day by now
    assert (await team.morning_after(FIRST.plus(1))).shas == (ahead.sha,)
    for later in range(2, 10):
        assert (await team.morning_after(FIRST.plus(later))).shas == ()


async def test_a_clock_that_is_five_minutes_ahead_is_believed(team: Team):
    team.clock.now = at(FIRST, 23) + timedelta(minutes=58)
    soon = team.push("in four minutes", team.clock() + timedelta(minutes=4))
    assert (await team.digest(FIRST)).shas == ()
    await team.morning_after(FIRST)
    assert (await team.morning_after(FIRST.plus(1))).shas == (soon.sha,)


async def test_skewed_dates_and_equal_instants_keep_the_order_of_the_branch(team: Team):
    same = [team.push(f"same {number}", at(FIRST, 10)) for number in range(3)]
    skewed = team.push("skewed", at(FIRST, 9))
    digest = await team.morning_after(FIRST)
    assert digest.shas[-1] == skewed.sha
    assert sorted(digest.shas[:-1]) == sorted(one.sha for one in same)


# Force pushes


async def test_a_change_that_a_force_push_rewrote_is_not_announced_again(team: Team, engine: AsyncEngine):
    kept = team.push("kept", at(FIRST, 9))
    old = team.push("rewritten", at(FIRST, 10))
    dropped = team.push("dropped", at(FIRST, 11))
    await team.morning_after(FIRST)
    del team.source.commits[1:]
    team.push("again: rewritten", at(FIRST.plus(1), 10))
    new = team.push("new", at(FIRST.plus(1), 11))
    assert (await team.morning_after(FIRST.plus(1))).shas == (new.sha,)
    assert (await team.morning_after(FIRST.plus(2))).shas == ()
    assert (await team.digest(FIRST)).shas == (dropped.sha, old.sha, kept.sha)
    async with engine.connect() as connection:
        orphans = await connection.scalars(select(commits.c.sha).where(commits.c.orphaned_at.is_not(None)))
        assert set(orphans) == {old.sha, dropped.sha}


async def test_commits_that_a_second_force_push_brings_back_are_no_orphans_and_not_told_again(
    team: Team, engine: AsyncEngine
):
    team.push("kept", at(FIRST, 9))
    gone = team.push("gone for a day", at(FIRST, 10))
    await team.morning_after(FIRST)
    team.source.commits.remove(gone)
    other = team.push("instead", at(FIRST.plus(1), 10))
    await team.morning_after(FIRST.plus(1))
    team.source.commits.remove(other)
    team.source.commits.append(gone)
    assert (await team.morning_after(FIRST.plus(2))).shas == ()
    async with engine.connect() as connection:
        orphans = await connection.scalars(select(commits.c.sha).where(commits.c.orphaned_at.is_not(None)))
        assert set(orphans) == {other.sha}


async def test_a_commit_that_vanished_before_its_day_was_over_is_not_told(team: Team):
    team.push("base", at(FIRST.plus(-1), 9))
    gone = team.push("gone", at(FIRST, 10))
    team.clock.now = at(FIRST, 12)
    assert (await team.digest(FIRST)).shas == (gone.sha,)
    team.source.commits.remove(gone)
    assert (await team.morning_after(FIRST)).shas == ()


async def test_a_repository_that_was_emptied_is_a_quiet_day(team: Team):
    team.push("base", at(FIRST, 9))
    await team.morning_after(FIRST)
    team.source.commits.clear()
    assert (await team.morning_after(FIRST.plus(1))).shas == ()


# Requests


async def test_a_day_is_listed_with_one_question(team: Team):
    for later in range(3):
        team.push(f"on day {later}", at(FIRST.plus(later), 10))
        before = team.source.listed
        await team.morning_after(FIRST.plus(later))
        assert team.source.listed - before == 1


# All together

HOURS = 24
pushes = st.tuples(st.just("push"), st.integers(-12 * HOURS, 6 * HOURS))
mornings = st.tuples(st.just("morning"), st.just(0))
lookups = st.tuples(st.just("look up"), st.integers(0, 14))
todays = st.tuples(st.just("today"), st.just(0))
weeks = st.lists(st.one_of(pushes, pushes, pushes, mornings, mornings, lookups, todays), max_size=30)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(week=weeks)
def test_each_commit_stands_in_exactly_one_digest_once_its_day_is_over(
    migrated_file: Path, week: list[tuple[str, int]]
):
    asyncio.run(_live_through(migrated_file, week))


async def _live_through(migrated_file: Path, week: list[tuple[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{shutil.copy(migrated_file, Path(folder) / 'digest.db')}")
        team = Team(archive=DatabaseArchive(engine), clock=FakeClock(FIRST.at(MORNING)))
        try:
            team.push("base", at(FIRST, 9))
            await team.morning_after(FIRST)
            await _happen(team, week)
            today = Day.containing(team.clock(), ZONE)
            for later in range(9):  # longer than anything is dated ahead
                await team.morning_after(today.plus(later))
        finally:
            await engine.dispose()
    _assert_told_once(team)


async def _happen(team: Team, week: list[tuple[str, int]]) -> None:
    for number, (what, by) in enumerate(week):
        today = Day.containing(team.clock(), ZONE)
        if what == "push":
            team.push(f"commit {number}", team.clock() + timedelta(hours=by))
        elif what == "morning":
            await team.morning_after(today)
        elif what == "look up":
            await team.digest(today.plus(-by - 1))
        else:
            await team.digest(today)


def _assert_told_once(team: Team) -> None:
    told = [sha for made in team.told.values() for sha in made.shas]
    assert len(told) == len(set(told))
    for one in team.source.commits:
        its_day = Day.containing(one.committed_at, ZONE)
        if its_day in team.told or its_day.date > max(day.date for day in team.told):
            assert one.sha in told, one.subject
        else:
            assert one.sha not in told, one.subject
