"""What the archive shows to whom: stored days and commits, as they are. No source is asked for it, and no model."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from bot.core.areas import by_area
from bot.core.asker import Access
from bot.core.days import Day
from bot.core.errors import NotFound, NotUnderstood
from bot.core.language import Language, _, spoken
from bot.core.lead import by_rules
from bot.core.model import AnalystKind, Commit, Digest, Entry, Importance, Lead, Repo, SealedDay
from bot.core.pages import (
    CalendarPage,
    CommitPage,
    Counts,
    DayPage,
    Feed,
    ListedRepository,
    RangePage,
    RepositoriesPage,
    SearchPage,
    Share,
    SharesPage,
)
from bot.core.ports import Archive, Clock, LeadStore
from bot.core.ranges import DAYS_MAX, FIRST_YEAR, LAST_YEAR, Span
from bot.core.recent import Recent
from bot.core.replies import AnalysisView, DigestView, RangeView
from bot.core.subscriptions import Platform
from bot.core.understanding import said_again, stored_entries

#: Commits on one page of what was found.
HITS_PER_PAGE: Final = 20
#: Pages that are turned; who is after more asks for less.
SEARCH_PAGES_MAX: Final = 50
#: Characters of a question that are kept.
WORDS_MAX: Final = 200
#: Areas that one page lists.
AREAS_MAX: Final = 40
#: Days of a feed.
FEED_DAYS: Final = 14
#: Digests of sealed days are shown again as they are for so long: reading one takes longer than drawing it.
KEPT: Final = timedelta(seconds=60)
#: Digests in memory.
DIGESTS_KEPT: Final = 32
_SHA: Final = re.compile(r"[0-9a-f]{4,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who has shown that they belong to a workspace. Who has not is None, the public."""

    platform: Platform
    workspace: str


#: Who owns the machine, and so may see all.
OPERATOR: Final = Visitor(platform=Platform.TERMINAL, workspace="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A repository of which something is stored."""

    #: As it was first written.
    repo: Repo
    #: Whether everybody may read it at its host; None where nobody knows.
    is_public: bool | None


class Shelves(Protocol):
    """Where what was sealed stands, found by when it was. Zones have days of their own."""

    async def find(self, repo: Repo) -> Shelf | None: ...

    async def all(self) -> Sequence[tuple[Shelf, ListedRepository]]:
        """Those with sealed days, by name and zone."""
        ...

    async def note_visibility(self, repo: Repo, *, is_public: bool | None) -> None:
        """What was learned of a whole repository; nothing of one that is not stored."""
        ...

    async def counts(self, repo: Repo, span: Span) -> Mapping[date, Counts]:
        """Of all sealed days of the span, those without commits too."""
        ...

    async def years(self, repo: Repo, zone: ZoneInfo) -> Sequence[int]:
        """With sealed days, oldest first."""
        ...

    async def sealed(self, repo: Repo, span: Span) -> Mapping[Day, SealedDay]:
        """The sealed days of the span, oldest first."""
        ...

    async def neighbours(self, repo: Repo, day: Day) -> tuple[date | None, date | None]:
        """The nearest sealed days before and after."""
        ...

    async def busy(self, repo: Repo, zone: ZoneInfo, limit: int) -> Sequence[Day]:
        """The newest sealed days with commits, newest first."""
        ...

    async def day_of(self, repo: Repo, zone: ZoneInfo, sha: str) -> Day | None:
        """The sealed day that lists the commit."""
        ...

    async def rated(self, repo: Repo, span: Span) -> Mapping[str, Importance]:
        """The analysed commits that the sealed days of the span list, by SHA."""
        ...


class Browsing:
    """Pages in the language spoken: stored translations, else what was written; what rules wrote is said again.

    Every page raises NotFound for what is not stored, and the same for what the visitor may not see.
    """

    def __init__(
        self,
        *,
        shelves: Shelves,
        archive: Archive,
        leads: LeadStore,
        access: Access,
        open_to_all: Collection[Repo] = (),
        now: Clock,
    ) -> None:
        """`open_to_all` are repositories that the operator shows to the public, whether or not their host does."""
        self._shelves = shelves
        self._archive = archive
        self._leads = leads
        self._access = access
        self._open = frozenset(repo.whole for repo in open_to_all)
        self._recent = Recent[Digest](now=now, kept=KEPT, most=DIGESTS_KEPT)

    # Whose business it is

    def _shows(self, shelf: Shelf, visitor: Visitor | None) -> bool:
        """The public sees what is known to be public, and was not named as private."""
        if visitor is not None:
            return self._access.admits(shelf.repo, visitor.platform, visitor.workspace)
        whole = shelf.repo.whole
        return whole in self._open or (shelf.is_public is True and whole not in self._access.private)

    async def _found(self, repo: Repo, visitor: Visitor | None) -> Repo:
        """The repository as it is written. What may not be seen takes the same way as what is not there."""
        shelf = await self._shelves.find(repo)
        if shelf is None or not self._shows(shelf, visitor):
            raise NotFound
        return shelf.repo

    async def is_open(self, repo: Repo) -> bool:
        """Whether the public sees it."""
        shelf = await self._shelves.find(repo)
        return shelf is not None and self._shows(shelf, None)

    # Pages

    async def repositories(self, visitor: Visitor | None) -> RepositoriesPage:
        """Empty where there are none; no error."""
        shelves = await self._shelves.all()
        return RepositoriesPage(repositories=tuple(listed for shelf, listed in shelves if self._shows(shelf, visitor)))

    async def calendar(
        self, repo: Repo, zone: ZoneInfo, visitor: Visitor | None, *, year: int | None = None
    ) -> CalendarPage:
        """Of the newest year that has sealed days, unless one is named."""
        repo = await self._found(repo, visitor)
        years = await self._shelves.years(repo, zone)
        wanted = year if year is not None else max(years, default=None)
        if wanted is None or not FIRST_YEAR <= wanted <= LAST_YEAR:
            raise NotFound
        first, last = (Day(date=day, zone=zone) for day in (date(wanted, 1, 1), date(wanted, 12, 31)))
        days = await self._shelves.counts(repo, Span(first=first, last=last))
        return CalendarPage(repo=repo, zone=zone, year=wanted, days=days, years=tuple(years))

    async def day(self, repo: Repo, day: Day, visitor: Visitor | None) -> DayPage:
        repo = await self._found(repo, visitor)
        (digest,) = await self._digests(repo, Span(first=day, last=day))
        earlier, later = await self._shelves.neighbours(repo, day)
        return DayPage(view=DigestView(digest=digest), earlier=earlier, later=later)

    async def span(self, repo: Repo, span: Span, visitor: Visitor | None) -> RangePage:
        """Raises NotUnderstood for one that ends before it begins, or has more than 92 days."""
        repo = await self._found(repo, visitor)
        digests = await self._digests(repo, _checked(span))
        entries = [entry for digest in reversed(digests) for entry in digest.entries]
        return RangePage(view=RangeView(repo=repo, digests=digests, themes=by_rules(entries).themes), span=span)

    async def commit(self, repo: Repo, sha: str, zone: ZoneInfo, visitor: Visitor | None) -> CommitPage:
        """`sha` may be its beginning, of 4 digits or more, if no other commit begins so."""
        repo = await self._found(repo, visitor)
        matching = await self._archive.matching(repo, sha.lower()) if _SHA.fullmatch(sha.lower()) else ()
        if len(matching) != 1:
            raise NotFound
        whole = matching[0]
        entries = await self._entries(repo, [whole])
        if whole not in entries:
            raise NotFound
        day = await self._shelves.day_of(repo, zone, whole)
        earlier, later = await self._beside(repo, day, whole)
        view = AnalysisView(repo=repo, entry=entries[whole], zone=zone, day=day, previous=earlier, next=later)
        return CommitPage(view=view, diff=await self._archive.diff(repo, whole), day=day)

    async def search(
        self, repo: Repo, zone: ZoneInfo, words: str, visitor: Visitor | None, *, page: int = 1
    ) -> SearchPage:
        """`page` counts from 1; one beyond the last is not found."""
        repo = await self._found(repo, visitor)
        if not 1 <= page <= SEARCH_PAGES_MAX:
            raise NotFound
        words = words[:WORDS_MAX]
        skip = HITS_PER_PAGE * (page - 1)
        shas, total = await self._archive.search(repo, words.split(), HITS_PER_PAGE, skip=skip)
        pages = min(max(-(-total // HITS_PER_PAGE), 1), SEARCH_PAGES_MAX)
        if page > pages:
            raise NotFound
        entries = tuple((await self._entries(repo, shas)).values())
        return SearchPage(repo=repo, zone=zone, words=words, entries=entries, total=total, page=page, pages=pages)

    async def authors(self, repo: Repo, span: Span, visitor: Visitor | None) -> SharesPage:
        """Raises as `span` does."""
        repo = await self._found(repo, visitor)
        rated, commits = await self._rated(repo, span)
        by_name = defaultdict[str, list[Commit]](list)
        for commit in commits:
            by_name[commit.author.name].append(commit)
        shares = sorted(_shares(by_name, rated), key=lambda share: (-share.counts.total, share.name))
        return SharesPage(repo=repo, zone=span.first.zone, span=span, of_authors=True, shares=tuple(shares))

    async def areas(self, repo: Repo, span: Span, visitor: Visitor | None) -> SharesPage:
        """Raises as `span` does."""
        repo = await self._found(repo, visitor)
        rated, commits = await self._rated(repo, span)
        shares = _shares(by_area(commits, most=AREAS_MAX), rated)
        return SharesPage(repo=repo, zone=span.first.zone, span=span, of_authors=False, shares=tuple(shares))

    async def feed(self, repo: Repo, zone: ZoneInfo, visitor: Visitor | None) -> Feed:
        """Without days where none is sealed yet."""
        repo = await self._found(repo, visitor)
        newest = await self._shelves.busy(repo, zone, FEED_DAYS)
        digests = await self._digests(repo, Span(first=newest[-1], last=newest[0])) if newest else ()
        return Feed(repo=repo, zone=zone, digests=tuple(digest for digest in reversed(digests) if digest.entries))

    # What they are made of

    async def _digests(self, repo: Repo, span: Span) -> tuple[Digest, ...]:
        """Of the sealed days of the span, oldest first. Raises NotFound if there are none."""
        sealed = await self._shelves.sealed(repo, span)
        if not sealed:
            raise NotFound
        found = {day: self._recent.get((repo, day, spoken())) for day in sealed}
        missing = [day for day, digest in found.items() if digest is None]
        entries = await self._entries(repo, [sha for day in missing for sha in sealed[day].shas])
        for day in missing:
            digest = found[day] = await self._digest(repo, day, sealed[day], entries)
            self._recent.keep((repo, day, spoken()), digest)
        return tuple(digest for digest in found.values() if digest is not None)

    async def _digest(self, repo: Repo, day: Day, sealed: SealedDay, entries: Mapping[str, Entry]) -> Digest:
        own = [replace(entries[sha], is_late=sha in sealed.late) for sha in sealed.shas if sha in entries]
        lead = await self._lead(repo, day, own)
        return Digest(
            repo=repo,
            day=day,
            entries=tuple(own),
            merges=len(sealed.merges),
            as_of=sealed.sealed_at,
            sealed=True,
            lead=lead.text,
            themes=lead.themes,
        )

    async def _lead(self, repo: Repo, day: Day, entries: Sequence[Entry]) -> Lead:
        """The stored one, in the language spoken or else in another one; what rules have in its place without any."""
        for language in sorted(Language, key=lambda language: language is not spoken()):
            if entries and (stored := await self._leads.lead(repo, day, language)) is not None:
                return stored
        return by_rules(entries)

    async def _entries(self, repo: Repo, shas: Sequence[str]) -> Mapping[str, Entry]:
        """Whoever analysed them, in the order of `shas`."""
        language = spoken()
        entries = await stored_entries(self._archive, repo, shas, AnalystKind.RULES, language)
        return {sha: replace(entry, analysis=said_again(entry, language)) for sha, entry in entries.items()}

    async def _beside(self, repo: Repo, day: Day | None, sha: str) -> tuple[str | None, str | None]:
        """The commits before and after it in its day's digest: the most important first, newest first within each."""
        if day is None:
            return None, None
        only = Span(first=day, last=day)
        sealed = (await self._shelves.sealed(repo, only))[day]
        rated = await self._shelves.rated(repo, only)
        order = sorted((one for one in sealed.shas if one in rated), key=lambda one: -rated[one])
        at = order.index(sha) if sha in order else len(order)
        return (order[at - 1] if 0 < at < len(order) else None), (order[at + 1] if at + 1 < len(order) else None)

    async def _rated(self, repo: Repo, span: Span) -> tuple[Mapping[str, Importance], Sequence[Commit]]:
        rated = await self._shelves.rated(repo, _checked(span))
        if not rated and not await self._shelves.sealed(repo, span):
            raise NotFound
        return rated, list((await self._archive.commits(repo, list(rated))).values())


def _checked(span: Span) -> Span:
    """Raises NotUnderstood, as for a range that is asked for in a chat."""
    if span.first.date > span.last.date:
        example = f"{span.last.date}..{span.first.date}"
        raise NotUnderstood(_("A range begins with its earlier day."), example=example)
    if (span.last.date - span.first.date).days >= DAYS_MAX:
        raise NotUnderstood(_("A range has 1 to {number} days.", number=DAYS_MAX), example="7d")
    return span


def _shares(groups: Mapping[str, Iterable[Commit]], rated: Mapping[str, Importance]) -> Iterable[Share]:
    for name, commits in groups.items():
        own = list(commits)
        yield Share(
            name=name,
            counts=Counts.of(rated[commit.sha] for commit in own),
            additions=sum(commit.additions for commit in own),
            deletions=sum(commit.deletions for commit in own),
        )
