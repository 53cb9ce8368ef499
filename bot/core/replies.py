"""What the bot has to say, before any platform draws it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import Digest, Entry, Repo, Subscription, Theme


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """A digest, compact: every commit is listed or one click away."""

    digest: Digest
    #: How long after its hour a scheduled digest comes; zero when on time or asked for.
    late_by: timedelta = timedelta()
    #: When it was put in the place of one that had been posted and was not true any more.
    corrected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitIndex:
    """All commits of a digest, page by page, with their buttons."""

    digest: Digest
    #: From 0.
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeView:
    """Several days of one repository, rolled up."""

    repo: Repo
    #: One for each day, oldest first; at least one.
    digests: tuple[Digest, ...]
    lead: str = ""
    themes: tuple[Theme, ...] = ()

    @property
    def first(self) -> Day:
        return self.digests[0].day

    @property
    def last(self) -> Day:
        return self.digests[-1].day

    @property
    def whole(self) -> Digest:
        """All days as one digest, whose day is the last one."""
        return Digest(
            repo=self.repo,
            day=self.last,
            entries=tuple(entry for digest in reversed(self.digests) for entry in digest.entries),
            merges=sum(digest.merges for digest in self.digests),
            as_of=self.digests[-1].as_of,
            sealed=all(digest.sealed for digest in self.digests),
            lead=self.lead,
            themes=self.themes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisView:
    """The whole stored analysis of one commit."""

    repo: Repo
    entry: Entry
    #: Whose clocks tell when it was committed.
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSubscription:
    subscription: Subscription
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    """What one channel follows."""

    subscriptions: tuple[ListedSubscription, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A day is being read: `done` of `total` commits are understood. `total` is None until the day is listed."""

    repo: Repo
    done: int
    total: int | None
    #: They are understood already, and being translated.
    translating: bool = False
    #: Which day of how many, from 1.
    day: int = 1
    days: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One or two sentences, with the nearest command that would have worked."""

    text: str
    #: Without the bot's name.
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The grammar with examples."""


Reply = DigestView | RangeView | CommitIndex | AnalysisView | SubscriptionList | Progress | Notice | Help
