"""What the archive shows: days and commits as they are stored, before anything draws them. Nothing is read for it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import CommitDiff, Digest, Entry, Importance, Repo
from bot.core.ranges import Span
from bot.core.replies import AnalysisView, DigestView, RangeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Commits by their importance."""

    high: int = 0
    medium: int = 0
    low: int = 0

    @classmethod
    def of(cls, levels: Iterable[Importance]) -> "Counts":
        numbers = Counter(levels)
        return cls(high=numbers[Importance.HIGH], medium=numbers[Importance.MEDIUM], low=numbers[Importance.LOW])

    @property
    def total(self) -> int:
        return self.high + self.medium + self.low

    @property
    def highest(self) -> Importance | None:
        """None where there are none."""
        by_level = {Importance.HIGH: self.high, Importance.MEDIUM: self.medium, Importance.LOW: self.low}
        return next((level for level, number in by_level.items() if number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRepository:
    """A repository in one zone."""

    repo: Repo
    zone: ZoneInfo
    #: Sealed days.
    days: int
    newest: date
    commits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoriesPage:
    """What whoever reads may see, by name."""

    repositories: tuple[ListedRepository, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    """One year of a repository."""

    repo: Repo
    zone: ZoneInfo
    year: int
    #: Those of the year that are sealed; a day without commits has counts of 0.
    days: Mapping[date, Counts]
    #: All that have sealed days, oldest first.
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPage:
    view: DigestView
    #: The nearest sealed days on both sides.
    earlier: date | None = None
    later: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePage:
    """The sealed days of a span, rolled up; days that are not stored are missing."""

    view: RangeView
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPage:
    view: AnalysisView
    #: None where patches are not kept any more.
    diff: CommitDiff | None
    #: The sealed day of the zone in which it stands.
    day: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """Commits of a repository in whose subject or analysis all of the words stand."""

    repo: Repo
    zone: ZoneInfo
    #: As they were entered; empty before anything was.
    words: str
    #: Newest first.
    entries: tuple[Entry, ...] = ()
    total: int = 0
    #: From 1.
    page: int = 1
    pages: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one author did, or what happened in one area."""

    name: str
    counts: Counts
    additions: int
    deletions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesPage:
    """The sealed days of a span by author, or by area: the busiest first."""

    repo: Repo
    zone: ZoneInfo
    span: Span
    of_authors: bool
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The newest sealed days that have commits, newest first."""

    repo: Repo
    zone: ZoneInfo
    digests: tuple[Digest, ...]


Page = RepositoriesPage | CalendarPage | DayPage | RangePage | CommitPage | SearchPage | SharesPage
