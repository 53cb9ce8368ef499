"""What the bot has to say, before any platform draws it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.commands import Elsewhere, ElsewhereCommand, Question
from bot.core.days import Day
from bot.core.model import Digest, Entry, Repo, Theme
from bot.core.patterns import RepoPattern
from bot.core.subscriptions import (
    EVERYTHING,
    Feedback,
    Following,
    FollowingTerms,
    Run,
    Selection,
    Subscription,
    SubscriptionTerms,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """For whom a digest is drawn, and what is not in it."""

    #: What its readers want to see.
    selection: Selection = EVERYTHING
    #: Commits that the selection left out; it says so, and they are one click away.
    left_out: int = 0
    #: Only one person sees it, who may share it.
    is_private: bool = False
    #: The channel is subscribed to the repository, and may change that.
    is_subscribed: bool = False
    #: Its commits stand in the thread of the message.
    in_thread: bool = False
    #: Of its page in the archive; empty where it has none that its readers can open.
    address: str = ""


#: All commits, for a channel to see.
POSTED: Final = Framing()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestView:
    """A digest, compact: every commit is listed or one click away."""

    #: Of the commits that `framing.selection` keeps.
    digest: Digest
    #: How long after its hour a scheduled digest comes; zero when on time or asked for.
    late_by: timedelta = timedelta()
    #: When it was put in the place of one that had been posted and was not true any more.
    corrected_at: datetime | None = None
    framing: Framing = POSTED

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.digest.entries


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
    #: As in DigestView.
    late_by: timedelta = timedelta()
    corrected_at: datetime | None = None
    framing: Framing = POSTED

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Newest day first, and newest first within each."""
        return tuple(entry for digest in reversed(self.digests) for entry in digest.entries)

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
            entries=self.entries,
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
    #: Of the digest that it was opened from; None if from nowhere in particular.
    day: Day | None = None
    #: Its neighbours in that digest, in the order of its listing: whole SHAs, None at the ends.
    previous: str | None = None
    next: str | None = None
    #: From 0, where it does not fit at once.
    page: int = 0
    #: What the person who looks at it said of it.
    verdict: Verdict | None = None
    #: As in Framing.
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSubscription:
    subscription: Subscription
    #: None while it is paused without an end.
    next_at: datetime | None
    #: None before the first one.
    last: Run | None = None

    @property
    def of(self) -> Subscription:
        return self.subscription

    @property
    def followed(self) -> Repo:
        return self.subscription.terms.repo

    def asks(self, command: ElsewhereCommand) -> Elsewhere:
        """The command, from any conversation of whoever has a say in it."""
        return Elsewhere(subscription=self.subscription.id, command=command)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFollowing:
    """All repositories of a pattern, as one thing that a channel follows."""

    following: Following
    #: How many it has brought at present.
    repositories: int
    #: As in ListedSubscription.
    next_at: datetime | None
    #: Those whose newest delivery did not arrive, the newest day first.
    missed: tuple[ListedSubscription, ...] = ()

    @property
    def of(self) -> Following:
        return self.following

    @property
    def followed(self) -> RepoPattern:
        return self.following.terms.pattern

    def asks(self, command: ElsewhereCommand) -> Elsewhere:
        """As in ListedSubscription."""
        return Elsewhere(subscription=self.following.id, is_following=True, command=command)


Listed = ListedSubscription | ListedFollowing


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What the language model has cost today (UTC)."""

    tokens: int
    #: US dollars; None where no price is known.
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionList:
    """What one channel follows, and how that goes."""

    #: Patterns first; what they have brought is not listed again.
    subscriptions: tuple[Listed, ...]
    #: None without a language model.
    spent: Spent | None = None
    #: Of the channel's people on analyses, newest first.
    feedback: tuple[Feedback, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a workspace follows, for one of its people."""

    #: All of them, as in a SubscriptionList.
    subscriptions: tuple[Listed, ...]
    default_repo: Repo
    #: From 0; one beyond the last is the last.
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsForm:
    """A subscription as a form: the present one, or what a new one would be."""

    terms: SubscriptionTerms | FollowingTerms
    #: Of the one that is changed, a Following where the terms are of a pattern; None for a new one.
    subscription: int | None = None
    #: Nothing is delivered until somebody resumes it, or until a day that was named.
    is_resting: bool = False

    def asks(self, command: ElsewhereCommand) -> Elsewhere:
        """The command about the one that is changed."""
        if self.subscription is None:
            raise ValueError("a new subscription has no number")
        is_following = isinstance(self.terms, FollowingTerms)
        return Elsewhere(subscription=self.subscription, is_following=is_following, command=command)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackForm:
    """Asks what is wrong with an analysis."""

    repo: Repo
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Days as a document, to be sent as a file."""

    views: tuple[DigestView | RangeView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResults:
    words: str
    repo: Repo
    #: Whose clocks tell when they were committed.
    zone: ZoneInfo
    #: Newest first, not all of them.
    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedSentence:
    text: str
    #: Whole SHAs of the commits that it follows from; at least one.
    shas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What stored analyses say to a question about a digest."""

    repo: Repo
    zone: ZoneInfo
    sentences: tuple[CitedSentence, ...]
    #: The commits that are cited, the most important first.
    entries: tuple[Entry, ...]
    #: Whose words they are: a model's name, or empty for rules, which only find.
    model: str = ""
    #: Sentences that were dropped because they cite nothing or name what is not there.
    dropped: int = 0


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
class Offer:
    """A button with what it asks; `label` is in the language spoken."""

    label: str
    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One or two sentences, with the nearest command that would have worked."""

    text: str
    #: Without the bot's name.
    example: str = ""
    #: What can be done about it, as buttons.
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Help:
    """The grammar with examples."""


Reply = (
    DigestView
    | RangeView
    | CommitIndex
    | AnalysisView
    | SubscriptionList
    | Home
    | SettingsForm
    | FeedbackForm
    | Report
    | SearchResults
    | Answer
    | Progress
    | Notice
    | Help
)
