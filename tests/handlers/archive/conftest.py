"""An archive on the web over a real database: one public repository, and one that is private."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.leads import DatabaseLeads
from bot.adapters.signing import SignedLinks
from bot.core.asker import Access
from bot.core.browsing import Browsing, Visitor
from bot.core.days import Day
from bot.core.language import Language
from bot.core.model import AnalystKind, Commit, Repo, SealedDay
from bot.core.subscriptions import Platform
from formatters.html import STYLESHEET
from handlers.archive import Pages, Usual, application
from tests.fakes import NOW, REPO, FakeClock, analysis_of, commit, diff_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = Day(date=date(2026, 1, 20), zone=SHANGHAI)
SECRET = Repo(owner="octo", name="skunkworks")
GREET = commit("feat: greet (#7)", "2026-01-20T02:00:00+00:00")
PLOT = commit("feat: plot quietly", "2026-01-20T03:00:00+00:00")
KEY = "k" * 32
OURS = Visitor(platform=Platform.SLACK, workspace="T1")


@dataclass
class Site:
    client: AsyncClient
    pages: Pages
    signing: SignedLinks
    clock: FakeClock
    browsing: Browsing
    archive: DatabaseArchive

    async def get(self, path: str, **headers: str) -> Response:
        return await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def keep(self, repo: Repo, day: Day, *commits: Commit) -> None:
        for one in commits:
            await self.archive.save_commit(repo, diff_of(one), NOW)
            await self.archive.save_analysis(repo, analysis_of(one), AnalystKind.MODEL, NOW)
        sealed = SealedDay(shas=tuple(one.sha for one in commits), merges=(), sealed_at=NOW)
        await self.archive.seal(repo, day, sealed)


@pytest.fixture
async def site(engine: AsyncEngine, archive: DatabaseArchive, shelves: DatabaseShelves) -> AsyncIterator[Site]:
    clock = FakeClock()
    browsing = Browsing(
        shelves=shelves,
        archive=archive,
        leads=DatabaseLeads(engine),
        access=Access(private={SECRET: frozenset({"T1"})}),
        open_to_all=[REPO],
        now=clock,
    )
    signing = SignedLinks([KEY], now=clock)
    usual = Usual(zone=SHANGHAI, language=Language.EN)
    pages = Pages(browsing=browsing, signing=signing, usual=usual, base_url="https://digests.example", now=clock)
    transport = ASGITransport(application(pages, STYLESHEET), raise_app_exceptions=True)
    async with AsyncClient(transport=transport, base_url="http://bot") as client:
        site = Site(client, pages, signing, clock, browsing, archive)
        await site.keep(REPO, DAY, GREET)
        await site.keep(REPO, DAY.plus(1), replace(GREET, sha="1" * 40))
        await site.keep(SECRET, DAY, PLOT)
        yield site
