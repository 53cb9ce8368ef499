"""Weeks of pushes to several branches, from real git: every commit of theirs stands in one digest."""

import asyncio
import shutil
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import open_database
from bot.adapters.git import GitSource, LocalClone
from bot.core.collecting import Collecting
from bot.core.days import Day, parse_zone
from bot.core.metering import UNMETERED
from tests.counterparts.histories import History, git
from tests.fakes import FakeClock
from tests.sources.conftest import ENVIRONMENT, REPO

RELEASES = replace(REPO, branches="release/*")
FIRST = Day(date=date(2026, 1, 20), zone=parse_zone("Asia/Shanghai"))
MORNING = time(9)
BRANCHES = ("main", "release/1", "release/2")
pushes = st.tuples(st.just("push"), st.sampled_from(BRANCHES), st.integers(-36, 0))
merges = st.tuples(st.just("merge"), st.sampled_from(BRANCHES), st.sampled_from(BRANCHES))
cuts = st.tuples(st.just("cut"), st.sampled_from(["release/3", "release/4"]), st.sampled_from(BRANCHES))
mornings = st.tuples(st.just("morning"), st.just(""), st.just(0))
weeks = st.lists(st.one_of(pushes, pushes, pushes, merges, cuts, mornings, mornings), max_size=16)


@dataclass
class Week:
    history: History
    archive: DatabaseArchive
    clock: FakeClock = field(default_factory=lambda: FakeClock(FIRST.plus(1).at(MORNING)))
    told: list[str] = field(default_factory=list[str])

    async def morning(self) -> None:
        """The digest of yesterday, and then the next day."""
        source = GitSource(LocalClone(self.history.path, now=self.clock, environment=ENVIRONMENT))
        collecting = Collecting(source=source, archive=self.archive, now=self.clock, meter=UNMETERED)
        day = Day.containing(self.clock(), FIRST.zone).plus(-1)
        for repo in (REPO, RELEASES):
            listed = await collecting.listed(repo, day)
            async for _ in collecting.diffs(repo, listed.shas):
                pass
            sealed = await collecting.seal(repo, day, listed)
        self.told += [*sealed.shas, *sealed.merges]
        self.clock.now = day.plus(2).at(MORNING)

    def happen(self, number: int, what: str, branch: str, by: object) -> None:
        at = self.clock() - timedelta(minutes=1)
        match what, by:
            case "push", int(hours):
                self.history.checkout(branch)
                self.history.commit(f"{number}", {f"file {number}": "x\n"}, at=at + timedelta(hours=hours))
            case "merge", str(other) if other != branch:
                self.history.checkout(branch)
                self.history.merge(other, f"Merge {other}", at=at)
            case "cut", str(other) if not git(self.history.path, "branch", "--list", branch):
                git(self.history.path, "branch", branch, other)
            case _:
                pass
        self.history.checkout("main")


@settings(
    max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(week=weeks)
def test_each_commit_of_the_branches_stands_in_one_digest(
    migrated_file: Path, week: list[tuple[str, str, int | str]]
) -> None:
    asyncio.run(_live_through(migrated_file, week))


async def _live_through(migrated_file: Path, week: list[tuple[str, str, int | str]]) -> None:
    with TemporaryDirectory() as folder:
        history = History.start(Path(folder) / "work")
        history.commit("base", {"base": "x\n"}, at=FIRST.at(MORNING))
        for branch in BRANCHES[1:]:
            git(history.path, "branch", branch)
        engine = open_database(f"sqlite:///{shutil.copy(migrated_file, Path(folder) / 'digest.db')}")
        lived = Week(history=history, archive=DatabaseArchive(engine))
        try:
            await lived.morning()
            for number, (what, branch, by) in enumerate(week):
                if what == "morning":
                    await lived.morning()
                else:
                    lived.happen(number, what, branch, by)
            for _ in range(2):
                await lived.morning()
        finally:
            await engine.dispose()
        first = FIRST.window().since.isoformat()
        reachable = git(history.path, "rev-list", f"--since-as-filter={first}", "--branches=release/*").decode().split()
        assert sorted(lived.told) == sorted(reachable)
