"""What people ask, on any platform: by typing (`bot.core.grammar`), by a button (`bot.core.buttons`) or by a form."""

import re
from dataclasses import dataclass
from datetime import date, time
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.language import Language
from bot.core.model import Importance, Repo
from bot.core.patterns import Followed
from bot.core.ranges import RelativeDay, Weekday, When
from bot.core.subscriptions import QuietDays, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDigest:
    """One day, or several of them together."""

    when: When = RelativeDay.YESTERDAY
    #: None: the channel's only subscription, else the configured default.
    repo: Repo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowIndex:
    """All commits of a day that has been shown, from a button."""

    repo: Repo
    day: Day
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCommit:
    #: 4 to 40 hexadecimal digits.
    sha: str
    repo: Repo | None = None
    #: Of the digest that it was opened from, which tells its neighbours.
    day: Day | None = None
    #: From 0, where it does not fit at once.
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepenCommit:
    """A full analysis of a commit whose importance gave it a shorter one."""

    #: 4 to 40 hexadecimal digits.
    sha: str
    repo: Repo | None = None
    #: As in ShowCommit.
    day: Day | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveFeedback:
    """What the person thinks of an analysis; a bad one without a reason is asked for it first."""

    repo: Repo
    sha: str
    verdict: Verdict
    #: None: not asked yet.
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The model is asked once more for what rules had to write in its place."""

    when: When = RelativeDay.YESTERDAY
    repo: Repo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeReport:
    """Days of one or several repositories as one Markdown file."""

    when: When = RelativeDay.YESTERDAY
    #: None named: as in ShowDigest.
    repos: tuple[Repo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Stored analyses in which all of these words stand."""

    words: str
    repo: Repo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """What is None stays as it was, and is the default in a new subscription."""

    repo: Followed | None = None
    #: Names and patterns of names that a pattern of repositories leaves out.
    excluded: tuple[str, ...] | None = None
    at: time | None = None
    zone: ZoneInfo | None = None
    language: Language | None = None
    days: frozenset[Weekday] | None = None
    minimum: Importance | None = None
    paths: tuple[str, ...] | None = None
    not_paths: tuple[str, ...] | None = None
    authors: tuple[str, ...] | None = None
    not_authors: tuple[str, ...] | None = None
    no_bots: bool | None = None
    quiet: QuietDays | None = None
    in_thread: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Yesterday's digest as a subscription with these options would show it."""

    subscribe: Subscribe


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    #: None: all of this channel's.
    repo: Followed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDigests:
    #: None: all of this channel's.
    repo: Followed | None = None
    #: Calendar days, today included, or the last day; neither: until somebody resumes.
    days: int | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeDigests:
    """Ends a pause, and tries a broken subscription again."""

    #: None: all of this channel's.
    repo: Followed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendNow:
    """Delivers a day whose delivery failed."""

    #: None: the channel's only subscription.
    repo: Repo | None = None
    #: None: the newest one that was due.
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscriptions:
    """What this channel follows, how the last delivery went, and when the next one comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSettings:
    #: None: the channel's only subscription, else a new one.
    repo: Followed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHome:
    """What the whole workspace follows."""

    #: From 0, where it does not fit at once.
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHelp:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A command for the channel of a subscription, from a place that is none: a direct message, App Home.

    Its number grants nothing: it must be of the workspace that asks, and the person in its channel or its subscriber.
    """

    subscription: int
    #: It is the number of a following, all of whose repositories are meant.
    is_following: bool = False
    command: "ElsewhereCommand"


ElsewhereCommand = PauseDigests | ResumeDigests | Unsubscribe | SendNow | OpenSettings | Subscribe
#: What a button may ask.
Question = (
    ShowDigest
    | ShowIndex
    | ShowCommit
    | DeepenCommit
    | GiveFeedback
    | Retry
    | MakeReport
    | SendNow
    | ResumeDigests
    | OpenSettings
    | ShowHome
    | ShowHelp
    | Elsewhere
)
Command = Question | Search | Subscribe | Preview | Unsubscribe | PauseDigests | ListSubscriptions

_SHA: Final = re.compile(r"[0-9a-f]{4,40}")


def is_sha(text: str) -> bool:
    """Whether it is what a SHA may begin with: 4 to 40 hexadecimal digits."""
    return _SHA.fullmatch(text) is not None
