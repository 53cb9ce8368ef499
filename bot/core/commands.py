"""The grammar: what people type, on any platform, becomes a Command.

Full-width characters and Chinese words are understood, because Chinese input methods make them.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.days import Day, parse_zone
from bot.core.errors import NotUnderstood
from bot.core.language import Language, _
from bot.core.model import Repo
from bot.core.ranges import LOOKS_LIKE_DATE, RelativeDay, When, parse_when


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepenCommit:
    """A full analysis of a commit whose importance gave it a shorter one."""

    #: 4 to 40 hexadecimal digits.
    sha: str
    repo: Repo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The model is asked once more for what rules had to write in its place."""

    when: When = RelativeDay.YESTERDAY
    repo: Repo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    repo: Repo | None = None
    at: time | None = None
    zone: ZoneInfo | None = None
    language: Language | None = None


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


#: What a button may ask.
Question = ShowDigest | ShowIndex | ShowCommit | DeepenCommit | Retry
Command = Question | Subscribe | Unsubscribe | ListSubscriptions | ShowHelp

_WORDS: Final = {
    "订阅": "subscribe",
    "退订": "unsubscribe",
    "列表": "list",
    "帮助": "help",
    "提交": "commit",
    "深入": "deepen",
    "重试": "retry",
    "全部": "all",
    "语言": "lang",
}
_LANGUAGES: Final = {
    **dict.fromkeys(["zh", "zh-cn", "chinese", "中文"], Language.ZH),
    **dict.fromkeys(["en", "en-us", "english", "英文", "英语"], Language.EN),
}
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
            sha, repo = _commit(words[1:], host)
            return ShowCommit(sha=sha, repo=repo)
        case "deepen":
            sha, repo = _commit(words[1:], host)
            return DeepenCommit(sha=sha, repo=repo)
        case "retry":
            when, repo = _digest(words[1:], host)
            return Retry(when=when, repo=repo)
        case _:
            when, repo = _digest(words, host)
            return ShowDigest(when=when, repo=repo)


def _word(word: str) -> str:
    folded = word.casefold()
    return _WORDS.get(folded, folded)


def _digest(words: list[str], host: str) -> tuple[When, Repo | None]:
    """The day or days, which may take several words, and the repository, before or after them."""
    named = [word for word in words if "/" in word and LOOKS_LIKE_DATE.fullmatch(word) is None]
    when = " ".join(word for word in words if word not in named)
    repos = [Repo.parse(word, host=host) for word in named]
    return parse_when(when) if when else RelativeDay.YESTERDAY, repos[-1] if repos else None


def _commit(words: list[str], host: str) -> tuple[str, Repo | None]:
    shas = [word.casefold() for word in words if "/" not in word]
    repos = [Repo.parse(word, host=host) for word in words if "/" in word]
    if len(shas) != 1 or len(repos) > 1 or _SHA.fullmatch(shas[0]) is None:
        raise NotUnderstood(_("Name one commit by 4 to 40 digits of its SHA."), example="commit 8877c46")
    return shas[0], repos[0] if repos else None


def _subscribe(words: list[str], host: str) -> Subscribe:
    repo: Repo | None = None
    at: time | None = None
    zone: ZoneInfo | None = None
    language: Language | None = None
    rest = iter(words)
    for word in rest:
        match _word(word):
            case "at":
                at = _time(next(rest, ""))
            case "tz":
                zone = parse_zone(next(rest, ""))
            case "lang":
                language = parse_language(next(rest, ""))
            case _ if repo is None:
                repo = Repo.parse(word, host=host)
            case _:
                raise NotUnderstood(
                    _("“{word}” is no option of subscribe: there are at, tz and lang.", word=word),
                    example=f"subscribe {repo} at 09:00 tz Asia/Shanghai",
                )
    return Subscribe(repo=repo, at=at, zone=zone, language=language)


def parse_language(word: str) -> Language:
    """`zh` or `en`, or what people call them. Raises NotUnderstood."""
    try:
        return _LANGUAGES[word.casefold()]
    except KeyError:
        text = _("“{word}” is not a language that I speak: there are zh and en.", word=word)
        raise NotUnderstood(text, example="subscribe ai-dynamo/dynamo lang zh") from None


def _time(word: str) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", word)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise NotUnderstood(
            _("“{word}” is not a time of day: write hours and minutes, 00:00 to 23:59.", word=word),
            example="subscribe ai-dynamo/dynamo at 09:00",
        )
    return time(int(match[1]), int(match[2]))


def _unsubscribe(words: list[str], host: str) -> Unsubscribe:
    if len(words) != 1:
        raise NotUnderstood(_("Say which repository, or all."), example="unsubscribe ai-dynamo/dynamo")
    return Unsubscribe(repo=None if _word(words[0]) == "all" else Repo.parse(words[0], host=host))


# Buttons carry their whole question, so that they work after restarts and from messages that are months old.

_VERSION: Final = "1"
_LOCAL: Final = "-"


def encode(question: Question) -> str:
    """A button's value: at most 400 characters, far below the platforms' limits.

    The repository must be named, and a day with its zone: what a word such as `yesterday` means changes overnight.
    """
    match question:
        case ShowCommit(sha=sha, repo=Repo() as repo):
            words = ["commit", *_encode_repo(repo), sha]
        case DeepenCommit(sha=sha, repo=Repo() as repo):
            words = ["deepen", *_encode_repo(repo), sha]
        case ShowIndex(repo=repo, day=day, page=page):
            words = ["index", *_encode_repo(repo), *_encode_day(day), str(page)]
        case ShowDigest(when=Day() as day, repo=Repo() as repo):
            words = ["day", *_encode_repo(repo), *_encode_day(day)]
        case Retry(when=Day() as day, repo=Repo() as repo):
            words = ["retry", *_encode_repo(repo), *_encode_day(day)]
        case _:
            raise ValueError("a button must name its repository and its day")
    return " ".join([_VERSION, *words])


def _encode_repo(repo: Repo) -> tuple[str, str]:
    return repo.host or _LOCAL, str(repo)


def _encode_day(day: Day) -> tuple[str, str]:
    return day.date.isoformat(), day.zone.key


def decode(value: str) -> Question:
    """The question in a button's value. Raises NotUnderstood for one that we did not make."""
    match value.split(" "):
        case [version, *_] if version != _VERSION:
            raise _unknown()
        case [_, "commit", host, repo, sha] if _SHA.fullmatch(sha):
            return ShowCommit(repo=_decode_repo(host, repo), sha=sha)
        case [_, "deepen", host, repo, sha] if _SHA.fullmatch(sha):
            return DeepenCommit(repo=_decode_repo(host, repo), sha=sha)
        case [_, "index", host, repo, day, zone, page] if page.isdecimal():
            return ShowIndex(repo=_decode_repo(host, repo), day=_decode_day(day, zone), page=int(page))
        case [_, "day", host, repo, day, zone]:
            return ShowDigest(repo=_decode_repo(host, repo), when=_decode_day(day, zone))
        case [_, "retry", host, repo, day, zone]:
            return Retry(repo=_decode_repo(host, repo), when=_decode_day(day, zone))
        case _:
            raise _unknown()


def _decode_repo(host: str, repo: str) -> Repo:
    return Repo.parse(repo, host="" if host == _LOCAL else host)


def _decode_day(day: str, zone: str) -> Day:
    try:
        return Day(date=date.fromisoformat(day), zone=parse_zone(zone))
    except ValueError:
        raise _unknown() from None


def _unknown() -> NotUnderstood:
    text = _("This button is from another version of the bot. Ask for the day again.")
    return NotUnderstood(text, example="yesterday")
