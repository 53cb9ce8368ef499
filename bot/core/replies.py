"""What the bot has to say, before any platform draws it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.model import Digest, Entry, Repo, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """A digest, compact: every commit is listed or one click away."""

    digest: Digest
    #: How long after its hour a scheduled digest comes; zero when on time or asked for.
    late_by: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitIndex:
    """All commits of a digest, page by page, with their buttons."""

    digest: Digest
    #: From 0.
    page: int = 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One or two sentences, with the nearest command that would have worked."""

    text: str
    #: Without the bot's name.
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The grammar with examples."""


Reply = DigestView | CommitIndex | AnalysisView | SubscriptionList | Progress | Notice | Help
