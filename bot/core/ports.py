"""What the core needs from outside. Adapters implement these; nothing here knows how."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from bot.core.days import Day, Window
from bot.core.model import (
    Analysis,
    AnalystKind,
    Channel,
    Commit,
    CommitDiff,
    CommitRef,
    Delivery,
    History,
    Repo,
    SealedDay,
    Subscription,
    SubscriptionTerms,
)
from bot.core.replies import Reply

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayListing:
    #: Newest first, every one with `window.since <= committed_at < window.until`.
    commits: tuple[CommitRef, ...]
    #: The instant (UTC) up to which the source knows the repository: now, or a local clone's last fetch.
    as_of: datetime


class CommitSource(Protocol):
    """The commits of a repository's default branch.

    Every method raises RepositoryNotFound, SourceRefused or SourceUnavailable; empty means that there is nothing.
    """

    async def list(self, repo: Repo, window: Window) -> DayListing:
        """The commits whose committer instant lies in the window. An empty repository has none."""
        ...

    def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """These commits whole, in any order, each as soon as it is there. Raises NotFound for one that is not there."""
        ...

    async def paths(self, repo: Repo, sha: str) -> frozenset[str]:
        """The paths of all files of the repository at that commit. Raises NotFound as well."""
        ...

    async def history(self, repo: Repo) -> History | None:
        """From when to when the repository has commits; None for an empty one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a language model."""

    #: What it is for: `analysis`, `translation`, `lead`; counted apart.
    purpose: str
    #: The same for every question of a purpose, so that hosts can cache it.
    instructions: str
    #: What strangers wrote is fenced in it as data.
    content: str
    #: JSON schema in strict mode's subset: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's answer as it came: not yet validated, and never trusted."""

    text: str
    #: As the host names it.
    model: str
    prompt_tokens: int
    completion_tokens: int
    #: US dollars; None where no price is known.
    price: float | None


class LanguageModel(Protocol):
    """Any host of a language model."""

    #: As it is configured.
    name: str

    async def ask(self, question: Question, *, repair: tuple[str, str] | None = None) -> Completion:
        """The answer. `repair` is an earlier answer to the same question and what was wrong with it.

        Raises AnalystUnavailable (AnalystTimeout, AnalystRateLimited), AnalystRefused, AnswerInvalid (empty, cut off,
        declined, not from a model), QuestionTooLong, BudgetSpent.
        """
        ...


class Analyst(Protocol):
    kind: AnalystKind

    async def analyse(self, repo: Repo, diff: CommitDiff) -> Analysis:
        """Raises AnalystUnavailable, AnalystRefused, AnswerInvalid."""
        ...


class Archive(Protocol):
    """Commits, analyses and sealed days, each stored once."""

    async def unknown(self, repo: Repo, shas: Collection[str]) -> set[str]:
        """Those of the commits that were never stored."""
        ...

    async def save_commit(self, repo: Repo, diff: CommitDiff, first_seen_at: datetime) -> None:
        """Storing a known commit again changes nothing."""
        ...

    async def commits(self, repo: Repo, shas: Collection[str]) -> Mapping[str, Commit]:
        """The stored ones of these commits, by SHA."""
        ...

    async def diff(self, repo: Repo, sha: str) -> CommitDiff | None: ...

    async def matching(self, repo: Repo, sha_prefix: str) -> Sequence[str]:
        """At most two stored SHAs that begin so."""
        ...

    async def save_analysis(self, repo: Repo, analysis: Analysis, requested: AnalystKind, at: datetime) -> None:
        """`requested` is whom we asked, which differs from who wrote it when rules stood in for the model."""
        ...

    async def analyses(self, repo: Repo, shas: Collection[str], requested: AnalystKind) -> Mapping[str, Analysis]:
        """The stored analyses of these commits that need not be made again when `requested` is the analyst:

        whatever the model was asked for, and the rules' own only where rules are all there is. Newest wins, a model's
        before one in which rules stood in.
        """
        ...

    async def seal(self, repo: Repo, day: Day, sealed: SealedDay) -> SealedDay:
        """Stores the day unless it is sealed, and returns what is stored: the first one wins."""
        ...

    async def sealed(self, repo: Repo, day: Day) -> SealedDay | None: ...


class Subscriptions(Protocol):
    async def subscribe(self, terms: SubscriptionTerms, at: datetime) -> tuple[Subscription, bool]:
        """Creates the channel's subscription of the repository, or gives it new terms; and whether it is new.

        Subscribing again mends a broken one.
        """
        ...

    async def unsubscribe(self, channel: Channel, repo: Repo | None) -> Sequence[Subscription]:
        """Ends the subscription of the repository, or all of them; returns what was ended."""
        ...

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        """By repository."""
        ...

    async def active(self) -> Sequence[Subscription]:
        """All that are not broken, for the clock."""
        ...

    async def mark_broken(self, subscription: Subscription, reason: str) -> None: ...


class Ledger(Protocol):
    """One row per (subscription, local day). Whoever holds the newest fence may write, nobody else."""

    async def schedule(self, subscription: Subscription, day: date, scheduled_at: datetime) -> bool:
        """Adds the row unless it is there; True for the one caller who added it."""
        ...

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        """Takes rows that are due, and those whose holder let the lease run out, for active subscriptions."""
        ...

    async def sending(self, delivery: Delivery, now: datetime, lease_until: datetime) -> bool:
        """Notes that the post begins now. False: somebody else holds the row, so do not post."""
        ...

    async def sent(self, delivery: Delivery, message: str, at: datetime) -> bool: ...

    async def retry(self, delivery: Delivery, error: str, due_at: datetime, *, refused: bool) -> bool:
        """Due again later. `refused`: the platform did not take the message, so nobody needs to look for it."""
        ...

    async def uncertain(self, delivery: Delivery, error: str) -> bool: ...

    async def failed(self, delivery: Delivery, error: str) -> bool: ...

    async def skipped(self, delivery: Delivery) -> bool:
        """A day with nothing to say, for a subscription that wants silence then."""
        ...


class Messenger(Protocol):
    """One chat platform, as far as the clock needs it."""

    async def post(self, channel: Channel, reply: Reply, *, key: str) -> str:
        """Posts the reply as one message that carries `key`, and returns the platform's id of the message.

        Raises ChannelGone, CredentialsRejected, MessageRejected, PlatformUnavailable, DeliveryUncertain.
        """
        ...

    async def check(self, channel: Channel) -> None:
        """Raises ChannelGone if the bot cannot post there, with what to do about it; CredentialsRejected."""
        ...

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        """The id of the message posted with `key`, if there is one. Raises HistoryUnreadable, PlatformUnavailable."""
        ...
