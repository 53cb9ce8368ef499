"""Who gets which digests where: channels, subscriptions, their deliveries, and what people say of them."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.language import Language
from bot.core.model import Importance, Repo
from bot.core.patterns import Followed, RepoPattern, is_excluded
from bot.core.ranges import Weekday


class Platform(StrEnum):
    SLACK = "slack"
    FEISHU = "feishu"
    #: One group's custom bot, which hears nothing: https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN
    FEISHU_WEBHOOK = "feishu-webhook"
    TERMINAL = "terminal"
    #: A chat in the browser, for whoever sits at this machine.
    CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    platform: Platform
    #: Slack's team id, Feishu's tenant key.
    workspace: str
    #: The platform's id of the channel. In Feishu, a conversation with one person has that person's `ou_…`.
    id: str


EVERY_DAY: Final = frozenset(Weekday)
WORKDAYS: Final = EVERY_DAY - {Weekday.SATURDAY, Weekday.SUNDAY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which commits a reader wants to see; each condition leaves some out, and the empty one leaves out none."""

    minimum: Importance = Importance.LOW
    #: Patterns as in .gitignore. A commit is kept for one file that is wanted and not unwanted.
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    #: Names, addresses or logins, in any capitals; `*` and `?` stand for other characters.
    authors: tuple[str, ...] = ()
    not_authors: tuple[str, ...] = ()
    no_bots: bool = False

    def __bool__(self) -> bool:
        return self != EVERYTHING


#: Leaves nothing out.
EVERYTHING: Final = Selection()


class QuietDays(StrEnum):
    """What to do on a day without commits."""

    SILENT = "silent"
    LINE = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one subscriber asked for, of whatever repositories."""

    channel: Channel
    #: Local wall-clock time of delivery in `zone`: 09:00 stays 09:00 when clocks change.
    at: time
    zone: ZoneInfo
    #: The platform's id of the person to tell when something breaks.
    subscriber: str
    language: Language = Language.EN
    #: On which days it is delivered; each delivery reaches back to the one before.
    days: frozenset[Weekday] = EVERY_DAY
    selection: Selection = EVERYTHING
    quiet: QuietDays = QuietDays.SILENT
    #: The commits stand in the thread of the message.
    in_thread: bool = False

    @property
    def followed(self) -> Followed:
        raise NotImplementedError

    def of_repo(self, repo: Repo) -> "SubscriptionTerms":
        return SubscriptionTerms(repo=repo, **self._shared())

    def of_pattern(self, pattern: RepoPattern, excluded: tuple[str, ...] = ()) -> "FollowingTerms":
        return FollowingTerms(pattern=pattern, excluded=excluded, **self._shared())

    def _shared(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(Terms)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTerms(Terms):
    repo: Repo

    @property
    def followed(self) -> Repo:
        return self.repo


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowingTerms(Terms):
    """Those of all of an owner's repositories that a pattern names."""

    pattern: RepoPattern
    #: Names and patterns of names of those that are left out.
    excluded: tuple[str, ...] = ()

    @property
    def followed(self) -> RepoPattern:
        return self.pattern

    def cover(self, repo: Repo) -> bool:
        """Whether the repository, of this owner, is one of them."""
        return repo in self.pattern and not is_excluded(repo, self.excluded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing is delivered from one instant (UTC) to the other, which is None as long as nobody said when to resume."""

    since: datetime
    until: datetime | None = None

    def __contains__(self, instant: datetime) -> bool:
        return self.since <= instant and (self.until is None or instant < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Why there is a subscription that nobody asked for by its name: a following brought it."""

    #: The following's number.
    following: int
    pattern: RepoPattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: int
    terms: SubscriptionTerms
    created_at: datetime
    #: Why nothing is delivered at present; empty while all is well.
    broken: str = ""
    #: Since when that is so; None while all is well, and for what an older version has noted.
    broken_since: datetime | None = None
    #: The newest one, which may be over.
    pause: Pause | None = None
    #: None for one of its own. The others are told of together, and break and mend together.
    membership: Membership | None = None

    @property
    def followed(self) -> Followed:
        """What the channel asked to follow."""
        return self.membership.pattern if self.membership else self.terms.repo


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Repositories that come and go: each that matches at present has a subscription on these terms."""

    id: int
    terms: FollowingTerms
    created_at: datetime
    #: As in a Subscription.
    broken: str = ""
    broken_since: datetime | None = None
    pause: Pause | None = None
    #: When its repositories were last looked for, and what went wrong then; empty if nothing did.
    checked_at: datetime | None = None
    error: str = ""

    @property
    def followed(self) -> RepoPattern:
        return self.terms.pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What a look at an owner's repositories has changed."""

    joined: tuple[Repo, ...] = ()
    left: tuple[Repo, ...] = ()


class DeliveryState(StrEnum):
    #: Waits for somebody to claim it, from `due_at` on.
    DUE = "due"
    #: Somebody makes the digest, until the lease ends.
    CLAIMED = "claimed"
    #: The post is under way: from here on it may have arrived.
    SENDING = "sending"
    SENT = "sent"
    #: It may have arrived, and nobody could look.
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    #: A day without commits, and the subscription is silent on those.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row of the ledger: the digest of `day` for one subscription."""

    subscription: Subscription
    #: The newest day that it is about.
    day: date
    #: The oldest one: deliveries that are not daily tell of several days together.
    first_day: date
    scheduled_at: datetime
    #: Rises with each claim; only the holder of the newest one may write.
    fence: int
    #: From 1.
    attempts: int
    #: When an earlier attempt began to post; set if that attempt never reported back.
    sending_since: datetime | None = None

    @property
    def key(self) -> str:
        """Names this delivery to the platform, the same in every attempt."""
        return f"{self.subscription.id}:{self.day.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Those of a workspace who read in one language."""

    platform: Platform
    workspace: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A posted digest that does not tell the truth any more."""

    #: Its `attempts` are those of correcting it, and `sending_since` tells when it was posted.
    delivery: Delivery
    #: The platform's id of the message.
    message: str
    #: Changes when something else in it stops being true.
    stale_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How the newest delivery of a subscription went."""

    day: date
    state: DeliveryState
    #: When it was sent, else when it was due.
    at: datetime
    #: What went wrong, in words; empty if nothing did.
    error: str = ""

    @property
    def was_missed(self) -> bool:
        """Whether the message did not arrive, or may not have, and somebody may want to have it sent now."""
        return self.state in {DeliveryState.FAILED, DeliveryState.UNCERTAIN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A digest that stands in a channel, and what it is about."""

    channel: Channel
    #: The platform's id of the message, which is also that of its thread.
    message: str
    repo: Repo
    first: Day
    last: Day


class Verdict(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What one person thinks of one analysis."""

    channel: Channel
    user: str
    repo: Repo
    sha: str
    verdict: Verdict
    #: In their own words; may be empty.
    reason: str = ""
