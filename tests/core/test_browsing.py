from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.leads import DatabaseLeads
from bot.core.asker import OPEN, Access
from bot.core.browsing import KEPT, OPERATOR, Browsing, Visitor
from bot.core.days import Day
from bot.core.errors import BotError, NotFound, NotUnderstood
from bot.core.language import Language, speaking
from bot.core.model import (
    AnalystKind,
    Commit,
    Importance,
    Lead,
    Person,
    Provenance,
    Rating,
    Repo,
    SealedDay,
    Theme,
)
from bot.core.pages import Counts, ListedRepository, Share
from bot.core.ranges import Span
from bot.core.rules import analysis as by_rules
from bot.core.subscriptions import Platform
from tests.fakes import NOW, REPO, FakeClock, analysis_of, commit, diff_of

pytestmark = pytest.mark.both_databases

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST, QUIET, SECOND = (Day(date=date(2026, 1, day), zone=SHANGHAI) for day in (20, 21, 22))
JANUARY = Span(first=Day(date=date(2026, 1, 1), zone=SHANGHAI), last=Day(date=date(2026, 1, 31), zone=SHANGHAI))
GREET = commit("feat: greet (#7)", "2026-01-20T02:00:00+00:00")
FIX = commit("fix: greet twice", "2026-01-20T01:00:00+00:00")
BREAK = commit("feat!: farewell", "2026-01-22T02:00:00+00:00", author=Person(name="Bo", email="bo@example.org"))
MERGE = commit("Merge branch 'topic'", "2026-01-20T03:00:00+00:00")
SLACK = Visitor(platform=Platform.SLACK, workspace="T1")
ELSEWHERE = Visitor(platform=Platform.SLACK, workspace="T2")


@dataclass
class Library:
    archive: DatabaseArchive
    shelves: DatabaseShelves
    leads: DatabaseLeads
    clock: FakeClock

    def browsing(self, access: Access = OPEN, *open_to_all: Repo) -> Browsing:
        return Browsing(
            shelves=self.shelves,
            archive=self.archive,
            leads=self.leads,
            access=access,
            open_to_all=open_to_all,
            now=self.clock,
        )

    async def keep(self, day: Day, *commits: Commit, repo: Repo = REPO, merges: tuple[Commit, ...] = ()) -> None:
        """Seals a day of commits, each with an analysis by the model."""
        for one in (*commits, *merges):
            await self.archive.save_commit(repo, diff_of(one), NOW)
        for one in commits:
            importance = Importance.HIGH if one is BREAK else Importance.MEDIUM
            analysis = replace(analysis_of(one), rating=Rating(importance=importance, reason="so it is"))
            await self.archive.save_analysis(repo, analysis, AnalystKind.MODEL, NOW)
        shas, others = tuple(one.sha for one in commits), tuple(one.sha for one in merges)
        await self.archive.seal(repo, day, SealedDay(shas=shas, merges=others, sealed_at=NOW))


@pytest.fixture
async def library(engine: AsyncEngine, archive: DatabaseArchive, shelves: DatabaseShelves, clock: FakeClock) -> Library:
    library = Library(archive, shelves, DatabaseLeads(engine), clock)
    await library.keep(FIRST, GREET, FIX, merges=(MERGE,))
    await library.keep(QUIET)
    await library.keep(SECOND, BREAK)
    return library


async def test_a_day_is_shown_as_it_was_sealed(library: Library):
    page = await library.browsing().day(REPO, FIRST, OPERATOR)
    assert (page.earlier, page.later) == (None, QUIET.date)
    digest = page.view.digest
    assert [entry.commit for entry in digest.entries] == [GREET, FIX]
    assert [entry.analysis for entry in digest.entries] == [
        replace(analysis_of(one), rating=Rating(importance=Importance.MEDIUM, reason="so it is"))
        for one in (GREET, FIX)
    ]
    assert (digest.repo, digest.day, digest.merges, digest.as_of, digest.sealed) == (REPO, FIRST, 1, NOW, True)


async def test_the_year_of_a_repository_counts_commits_by_importance(library: Library):
    page = await library.browsing().calendar(REPO, SHANGHAI, OPERATOR)
    assert (page.year, page.years) == (2026, (2026,))
    assert page.days == {FIRST.date: Counts(medium=2), QUIET.date: Counts(), SECOND.date: Counts(high=1)}


async def test_an_analysis_that_changes_its_mind_changes_the_calendar(library: Library):
    deep = replace(
        analysis_of(FIX), rating=Rating(importance=Importance.HIGH, reason="after a second look"), is_deep=True
    )
    await library.archive.save_analysis(REPO, deep, AnalystKind.MODEL, NOW)
    page = await library.browsing().calendar(REPO, SHANGHAI, OPERATOR, year=2026)
    assert page.days[FIRST.date] == Counts(high=1, medium=1)


async def test_another_year_is_empty_and_one_that_clocks_do_not_know_is_not_there(library: Library):
    assert (await library.browsing().calendar(REPO, SHANGHAI, OPERATOR, year=2025)).days == {}
    for year in (0, 1969, 3000, 10**9):
        with pytest.raises(NotFound):
            await library.browsing().calendar(REPO, SHANGHAI, OPERATOR, year=year)


async def test_days_of_another_zone_are_other_days(library: Library):
    tokyo = ZoneInfo("Asia/Tokyo")
    with pytest.raises(NotFound):
        await library.browsing().day(REPO, Day(date=FIRST.date, zone=tokyo), OPERATOR)
    with pytest.raises(NotFound):
        await library.browsing().calendar(REPO, tokyo, OPERATOR)


async def test_a_span_has_the_days_that_are_stored(library: Library):
    page = await library.browsing().span(REPO, JANUARY, OPERATOR)
    assert [digest.day for digest in page.view.digests] == [FIRST, QUIET, SECOND]
    assert [entry.commit for entry in page.view.entries] == [BREAK, GREET, FIX]
    assert page.span == JANUARY


@pytest.mark.parametrize(
    ("first", "last"), [(FIRST, FIRST.plus(-1)), (FIRST, FIRST.plus(92))], ids=["backwards", "too long"]
)
async def test_a_span_that_is_none_is_explained(library: Library, first: Day, last: Day):
    with pytest.raises(NotUnderstood):
        await library.browsing().span(REPO, Span(first=first, last=last), OPERATOR)


async def test_a_commit_is_shown_with_its_diff_its_day_and_its_neighbours(library: Library):
    page = await library.browsing().commit(REPO, FIX.sha[:7].upper(), SHANGHAI, OPERATOR)
    assert page.view.entry.commit == FIX
    assert page.diff == diff_of(FIX)
    assert (page.day, page.view.day) == (FIRST, FIRST)
    assert (page.view.previous, page.view.next) == (GREET.sha, None)


async def test_a_commit_outside_any_sealed_day_of_the_zone_is_shown_without_one(library: Library):
    page = await library.browsing().commit(REPO, FIX.sha, ZoneInfo("UTC"), OPERATOR)
    assert (page.view.entry.commit, page.day, page.view.previous, page.view.next) == (FIX, None, None, None)


@pytest.mark.parametrize("sha", ["", "%", "ffffffff", "a" * 41, "\x00", "greet", MERGE.sha])
async def test_what_is_no_analysed_commit_is_not_found(library: Library, sha: str):
    with pytest.raises(NotFound):
        await library.browsing().commit(REPO, sha, SHANGHAI, OPERATOR)


async def test_commits_are_found_page_by_page(library: Library):
    many = [commit(f"docs: chapter {number}", f"2026-01-23T0{number // 10}:0{number % 10}:00Z") for number in range(25)]
    await library.keep(Day(date=date(2026, 1, 23), zone=SHANGHAI), *reversed(many))
    first = await library.browsing().search(REPO, SHANGHAI, "Chapter about", OPERATOR)
    second = await library.browsing().search(REPO, SHANGHAI, "Chapter about", OPERATOR, page=2)
    assert [entry.commit for entry in (*first.entries, *second.entries)] == many[::-1]
    assert (first.words, first.total, first.page, first.pages) == ("Chapter about", 25, 1, 2)
    for page in (0, 3, -1, 10**30):
        with pytest.raises(NotFound):
            await library.browsing().search(REPO, SHANGHAI, "Chapter about", OPERATOR, page=page)


async def test_nothing_is_asked_and_nothing_is_found(library: Library):
    page = await library.browsing().search(REPO, SHANGHAI, "", OPERATOR)
    assert (page.entries, page.total, page.page, page.pages) == ((), 0, 1, 1)


async def test_authors_are_listed_with_what_they_did(library: Library):
    page = await library.browsing().authors(REPO, JANUARY, OPERATOR)
    assert page.of_authors
    assert page.shares == (
        Share(name="Ada", counts=Counts(medium=2), additions=6, deletions=2),
        Share(name="Bo", counts=Counts(high=1), additions=3, deletions=1),
    )


async def test_areas_are_listed_with_what_happened_there(library: Library):
    page = await library.browsing().areas(REPO, JANUARY, OPERATOR)
    assert not page.of_authors
    assert page.shares == (Share(name="src", counts=Counts(high=1, medium=2), additions=9, deletions=3),)
    with pytest.raises(NotFound):
        await library.browsing().areas(REPO, Span(first=FIRST.plus(-90), last=FIRST.plus(-80)), OPERATOR)


async def test_the_feed_has_the_days_with_commits_newest_first(library: Library):
    feed = await library.browsing().feed(REPO, SHANGHAI, OPERATOR)
    assert [digest.day for digest in feed.digests] == [SECOND, FIRST]
    assert (await library.browsing().feed(REPO, ZoneInfo("UTC"), OPERATOR)).digests == ()


async def test_pages_are_in_the_language_spoken_as_far_as_it_is_stored(library: Library):
    translated = replace(analysis_of(GREET), headline="关于问候", language=Language.ZH, translated_from=Language.EN)
    await library.archive.save_analysis(REPO, translated, AnalystKind.MODEL, NOW)
    rules = by_rules(FIX, Language.EN)
    lone = Repo(owner="octo", name="rules")
    await library.archive.save_commit(lone, diff_of(FIX), NOW)
    await library.archive.save_analysis(lone, rules, AnalystKind.RULES, NOW)
    await library.archive.seal(lone, FIRST, SealedDay(shas=(FIX.sha,), merges=(), sealed_at=NOW))
    with speaking(Language.ZH):
        page = await library.browsing().day(REPO, FIRST, OPERATOR)
        assert [entry.analysis.headline for entry in page.view.entries] == ["关于问候", "About fix: greet twice"]
        alone = await library.browsing().day(lone, FIRST, OPERATOR)
        assert [entry.analysis for entry in alone.view.entries] == [by_rules(FIX, Language.ZH)]


async def test_a_lead_is_in_the_language_spoken_or_else_as_it_was_written(library: Library):
    written = Lead(
        text="Greetings came.",
        themes=(Theme(title="greetings", shas=(GREET.sha, FIX.sha)),),
        provenance=Provenance(analyst=AnalystKind.MODEL, version="1"),
    )
    await library.leads.save_lead(REPO, FIRST, written, NOW)
    with speaking(Language.ZH):
        page = await library.browsing().day(REPO, FIRST, OPERATOR)
        assert (page.view.digest.lead, page.view.digest.themes) == (written.text, written.themes)
        translated = replace(written, text="问候来了。", language=Language.ZH, translated_from=Language.EN)
        await library.leads.save_lead(REPO, FIRST, translated, NOW)
        assert (await library.browsing().day(REPO, FIRST, OPERATOR)).view.digest.lead == "问候来了。"
    assert (await library.browsing().day(REPO, FIRST, OPERATOR)).view.digest.lead == "Greetings came."


async def test_a_digest_is_made_anew_once_a_minute(library: Library):
    browsing = library.browsing()
    first = (await browsing.day(REPO, FIRST, OPERATOR)).view.digest
    deep = replace(analysis_of(FIX), headline="After a second look", is_deep=True)
    await library.archive.save_analysis(REPO, deep, AnalystKind.MODEL, NOW)
    library.clock.forward(KEPT - timedelta(seconds=1))
    assert (await browsing.day(REPO, FIRST, OPERATOR)).view.digest is first
    assert (await browsing.span(REPO, JANUARY, OPERATOR)).view.digests[0] is first
    library.clock.forward(timedelta(seconds=1))
    again = (await browsing.day(REPO, FIRST, OPERATOR)).view.digest
    assert [entry.analysis.headline for entry in again.entries] == [first.entries[0].analysis.headline, deep.headline]


# Whose business it is


async def _pages(browsing: Browsing, repo: Repo, visitor: Visitor | None) -> set[tuple[type[BotError], str] | None]:
    """What happens to whoever asks for each kind of page: None where it is shown."""
    asked = (
        browsing.calendar(repo, SHANGHAI, visitor),
        browsing.day(repo, FIRST, visitor),
        browsing.span(repo, JANUARY, visitor),
        browsing.commit(repo, GREET.sha, SHANGHAI, visitor),
        browsing.search(repo, SHANGHAI, "greet", visitor),
        browsing.authors(repo, JANUARY, visitor),
        browsing.areas(repo, JANUARY, visitor),
        browsing.feed(repo, SHANGHAI, visitor),
    )
    outcomes: set[tuple[type[BotError], str] | None] = set()
    for page in asked:
        try:
            await page
            outcomes.add(None)
        except BotError as error:
            outcomes.add((type(error), str(error)))
    return outcomes


SHOWN = {None}
ABSENT = {(NotFound, "There is nothing by that name.")}
NOWHERE = Repo(owner="octo", name="nowhere")


async def test_the_public_sees_what_is_known_to_be_public_and_nothing_else(library: Library):
    browsing = library.browsing()
    assert await _pages(browsing, NOWHERE, None) == ABSENT
    for is_public, expected in ((None, ABSENT), (False, ABSENT), (True, SHOWN)):
        await library.shelves.note_visibility(REPO, is_public=is_public)
        assert await _pages(browsing, REPO, None) == expected
        listed = [each.repo for each in (await browsing.repositories(None)).repositories]
        assert listed == ([REPO] if is_public else [])


async def test_the_public_sees_what_the_operator_shows(library: Library):
    assert await _pages(library.browsing(OPEN, REPO), REPO, None) == SHOWN


async def test_a_repository_named_as_private_needs_a_visitor_however_public_it_is(library: Library):
    await library.shelves.note_visibility(REPO, is_public=True)
    for_all = library.browsing(Access(private={REPO: frozenset()}))
    assert await _pages(for_all, REPO, None) == ABSENT
    assert await _pages(for_all, REPO, SLACK) == SHOWN
    assert await _pages(for_all, REPO, ELSEWHERE) == SHOWN


async def test_a_repository_of_one_workspace_is_not_there_for_others(library: Library):
    browsing = library.browsing(Access(private={REPO: frozenset({"T1"})}))
    assert await _pages(browsing, REPO, SLACK) == SHOWN
    assert await _pages(browsing, REPO, ELSEWHERE) == ABSENT
    assert await _pages(browsing, REPO, None) == ABSENT
    assert await _pages(browsing, NOWHERE, ELSEWHERE) == ABSENT
    assert await _pages(browsing, REPO, OPERATOR) == SHOWN
    assert (await browsing.repositories(ELSEWHERE)).repositories == ()


async def test_days_of_branches_are_shown_to_those_who_may_see_the_repository(library: Library):
    release = REPO.with_branches("release/*")
    await library.keep(FIRST, GREET, FIX, repo=release)
    assert await _pages(library.browsing(), release, None) == ABSENT
    await library.shelves.note_visibility(release, is_public=True)
    assert await _pages(library.browsing(), release, None) == SHOWN
    hidden = library.browsing(Access(private={REPO: frozenset()}))
    assert await _pages(hidden, release, None) == ABSENT


async def test_repositories_are_listed_by_name_and_zone_as_they_are_written(library: Library):
    other = Repo(owner="Octo", name="Apple")
    await library.keep(Day(date=FIRST.date, zone=ZoneInfo("UTC")), GREET, repo=other)
    page = await library.browsing().repositories(OPERATOR)
    assert [replace(each, repo=REPO) for each in page.repositories] == [
        ListedRepository(repo=REPO, zone=ZoneInfo("UTC"), days=1, newest=FIRST.date, commits=1),
        ListedRepository(repo=REPO, zone=SHANGHAI, days=3, newest=SECOND.date, commits=3),
    ]
    assert [str(each.repo) for each in page.repositories] == ["Octo/Apple", "octo/hello"]
    assert (await library.browsing().day(Repo(owner="OCTO", name="HELLO"), FIRST, OPERATOR)).view.digest.repo.owner == (
        "octo"
    )


async def test_the_second_of_a_commit_before_there_were_clocks_is_no_trouble(library: Library):
    early = commit("feat: early", committed_at=datetime(1, 1, 1, tzinfo=UTC))
    late = commit("feat: very late", committed_at=datetime(9999, 12, 30, tzinfo=UTC))
    await library.keep(SECOND.plus(1), early, late)
    found = await library.browsing().search(REPO, SHANGHAI, "early", OPERATOR)
    assert [entry.commit for entry in found.entries] == [early]
