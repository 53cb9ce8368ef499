"""The grammar: what people type, on any platform, becomes a Command.

Full-width characters and Chinese words are understood, because Chinese input methods make them.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from bot.core.days import Day, parse_zone
from bot.core.errors import NotUnderstood
from bot.core.model import Repo


class RelativeDay(Enum):
    """A day by its distance from today."""

    TODAY = 0
    YESTERDAY = -1


When = date | RelativeDay


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDigest:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    repo: Repo | None = None
    at: time | None = None
    zone: ZoneInfo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    #: None: all of this channel's.
    repo: Repo | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscriptions:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowHelp:
    pass


Command = ShowDigest | ShowIndex | ShowCommit | Subscribe | Unsubscribe | ListSubscriptions | ShowHelp

_WORDS: Final = {
    "昨天": "yesterday",
    "今天": "today",
    "订阅": "subscribe",
    "退订": "unsubscribe",
    "列表": "list",
    "帮助": "help",
    "提交": "commit",
    "全部": "all",
}
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_LOOKS_LIKE_DATE: Final = re.compile(r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?|\d{8}")
_SHA: Final = re.compile(r"[0-9a-f]{4,40}")
#: Slack sends an address in a command as `<https://…|label>`: https://docs.slack.dev/interactivity/implementing-slash-commands
_SLACK_LINK: Final = re.compile(r"<(https?://[^|>]+)(\|[^>]*)?>")


def parse(text: str, *, host: str = "github.com") -> Command:
    """The command in `text`, which has the bot's name removed already; `host` is where `owner/name` lives.

    Raises NotUnderstood, whose example is the nearest command that would have worked.
    """
    words = unicodedata.normalize("NFKC", _SLACK_LINK.sub(r"\1", text)).split()
    if not words:
        return ShowDigest()
    verb = _word(words[0])
    match verb:
        case "help" | "?":
            return ShowHelp()
        case "list":
            return ListSubscriptions()
        case "subscribe":
            return _subscribe(words[1:], host)
        case "unsubscribe":
            return _unsubscribe(words[1:], host)
        case "commit":
            return _commit(words[1:], host)
        case _:
            return _digest(words, host)


def _word(word: str) -> str:
    folded = word.casefold()
    return _WORDS.get(folded, folded)


def _digest(words: list[str], host: str) -> ShowDigest:
    when: When = RelativeDay.YESTERDAY
    repo: Repo | None = None
    for word in words:
        if "/" in word and _LOOKS_LIKE_DATE.fullmatch(word) is None:
            repo = Repo.parse(word, host=host)
        else:
            when = parse_when(word)
    return ShowDigest(when=when, repo=repo)


def parse_when(word: str) -> When:
    """`2026-01-21`, `yesterday` or `today`. Raises NotUnderstood."""
    folded = _word(word)
    for relative in RelativeDay:
        if folded == relative.name.casefold():
            return relative
    if _ISO_DATE.fullmatch(folded):
        try:
            return date.fromisoformat(folded)
        except ValueError:
            raise NotUnderstood(f"There is no day {folded} in the calendar.", example="2026-01-21") from None
    if _LOOKS_LIKE_DATE.fullmatch(folded):
        raise NotUnderstood(f"“{word}” is not a date: write year-month-day.", example="2026-01-21")
    raise NotUnderstood(f"“{word}” is neither a day nor a command.", example="yesterday")


def _commit(words: list[str], host: str) -> ShowCommit:
    shas = [word.casefold() for word in words if "/" not in word]
    repos = [Repo.parse(word, host=host) for word in words if "/" in word]
    if len(shas) != 1 or len(repos) > 1 or _SHA.fullmatch(shas[0]) is None:
        raise NotUnderstood("Name one commit by 4 to 40 digits of its SHA.", example="commit 8877c46")
    return ShowCommit(sha=shas[0], repo=repos[0] if repos else None)


def _subscribe(words: list[str], host: str) -> Subscribe:
    repo: Repo | None = None
    at: time | None = None
    zone: ZoneInfo | None = None
    rest = iter(words)
    for word in rest:
        match _word(word):
            case "at":
                at = _time(next(rest, ""))
            case "tz":
                zone = parse_zone(next(rest, ""))
            case _ if repo is None:
                repo = Repo.parse(word, host=host)
            case _:
                raise NotUnderstood(
                    f"“{word}” is no option of subscribe: there are at and tz.",
                    example=f"subscribe {repo} at 09:00 tz Asia/Shanghai",
                )
    return Subscribe(repo=repo, at=at, zone=zone)


def _time(word: str) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", word)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise NotUnderstood(
            f"“{word}” is not a time of day: write hours and minutes, 00:00 to 23:59.",
            example="subscribe ai-dynamo/dynamo at 09:00",
        )
    return time(int(match[1]), int(match[2]))


def _unsubscribe(words: list[str], host: str) -> Unsubscribe:
    if len(words) != 1:
        raise NotUnderstood("Say which repository, or all.", example="unsubscribe ai-dynamo/dynamo")
    return Unsubscribe(repo=None if _word(words[0]) == "all" else Repo.parse(words[0], host=host))


# Buttons carry their whole question, so that they work after restarts and from messages that are months old.

_VERSION: Final = "1"
_LOCAL: Final = "-"


def encode(question: ShowIndex | ShowCommit) -> str:
    """A button's value: at most 400 characters, far below the platforms' limits. The repository must be named."""
    match question:
        case ShowCommit(sha=sha, repo=Repo() as repo):
            words = ["commit", *_encode_repo(repo), sha]
        case ShowCommit():
            raise ValueError("a button must name its repository")
        case ShowIndex(repo=repo, day=day, page=page):
            words = ["index", *_encode_repo(repo), day.date.isoformat(), day.zone.key, str(page)]
        case _:
            assert_never(question)
    return " ".join([_VERSION, *words])


def _encode_repo(repo: Repo) -> tuple[str, str]:
    return repo.host or _LOCAL, str(repo)


def decode(value: str) -> ShowIndex | ShowCommit:
    """The question in a button's value. Raises NotUnderstood for one that we did not make."""
    unknown = NotUnderstood(
        "This button is from another version of the bot. Ask for the day again.", example="yesterday"
    )
    match value.split(" "):
        case [version, "commit", host, repo, sha] if version == _VERSION and _SHA.fullmatch(sha):
            return ShowCommit(repo=_decode_repo(host, repo), sha=sha)
        case [version, "index", host, repo, day, zone, page] if version == _VERSION and page.isdecimal():
            try:
                when = Day(date=date.fromisoformat(day), zone=parse_zone(zone))
            except ValueError:
                raise unknown from None
            return ShowIndex(repo=_decode_repo(host, repo), day=when, page=int(page))
        case _:
            raise unknown


def _decode_repo(host: str, repo: str) -> Repo:
    return Repo.parse(repo, host="" if host == _LOCAL else host)
