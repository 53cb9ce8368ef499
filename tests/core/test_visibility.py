"""What the archive may show to everybody is learned from where the commits come from."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.core.browsing import Shelf
from bot.core.days import Day
from bot.core.errors import RepositoryNotFound, SourceUnavailable
from bot.core.model import Repo
from bot.core.service import Service
from tests.fakes import REPO, FakeAnalyst, FakeClock, FakeSource, commit, service

DAY = Day(date=date(2026, 1, 20), zone=ZoneInfo("Asia/Shanghai"))
GREET = commit("feat: greet", "2026-01-20T08:00:00+00:00")


@dataclass
class PublicSource(FakeSource):
    """Counts how often it is asked."""

    asked: list[Repo] = field(default_factory=list[Repo])

    def __post_init__(self) -> None:
        super().__init__([GREET])
        self.public = True

    async def is_public(self, repo: Repo) -> bool | None:
        self.asked.append(repo)
        return await super().is_public(repo)


@dataclass
class Stage:
    source: PublicSource
    shelves: DatabaseShelves
    service: Service

    async def seal(self, day: Day, repo: Repo = REPO) -> None:
        await self.service.digests.of(repo, day)

    async def known(self) -> bool | None:
        shelf = await self.shelves.find(REPO)
        assert shelf is not None
        return shelf.is_public


@pytest.fixture
def stage(archive: DatabaseArchive, shelves: DatabaseShelves, clock: FakeClock) -> Stage:
    source = PublicSource()
    made = service(
        source=source, analyst=FakeAnalyst(), archive=archive, shelves=shelves, learns_visibility=True, now=clock
    )
    return Stage(source, shelves, made)


async def test_a_sealed_day_teaches_whether_its_repository_is_public_once_a_day(stage: Stage, clock: FakeClock):
    await stage.seal(DAY)
    assert await stage.known() is True
    await stage.seal(DAY.plus(-1))
    assert stage.source.asked == [REPO]
    clock.forward(timedelta(days=1))
    stage.source.public = False
    await stage.seal(DAY.plus(1))
    assert await stage.known() is False


async def test_of_branches_the_repository_is_meant(stage: Stage):
    await stage.seal(DAY, REPO.with_branches("release/*"))
    assert await stage.shelves.find(REPO) == Shelf(repo=REPO, is_public=True)


async def test_a_repository_that_the_host_does_not_show_any_more_is_not_public(stage: Stage):
    await stage.seal(DAY)
    stage.source.problem = RepositoryNotFound()
    with pytest.raises(RepositoryNotFound):
        await stage.seal(DAY.plus(1))
    assert await stage.known() is None


async def test_an_outage_makes_nothing_private(stage: Stage):
    await stage.seal(DAY)
    stage.source.problem = SourceUnavailable()
    with pytest.raises(SourceUnavailable):
        await stage.seal(DAY.plus(1))
    assert await stage.known() is True


async def test_a_host_that_does_not_say_costs_no_digest(
    archive: DatabaseArchive, shelves: DatabaseShelves, clock: FakeClock
):
    class Silent(FakeSource):
        async def is_public(self, repo: Repo) -> bool | None:
            raise SourceUnavailable

    made = service(
        source=Silent([GREET]),
        analyst=FakeAnalyst(),
        archive=archive,
        shelves=shelves,
        learns_visibility=True,
        now=clock,
    )
    assert [entry.commit for entry in (await made.digests.of(REPO, DAY)).entries] == [GREET]
    assert await shelves.find(REPO) == Shelf(repo=REPO, is_public=None)
