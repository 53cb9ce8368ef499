"""The grammar: what people type, on any platform, becomes a Command.

Full-width characters and Chinese words are understood, because Chinese input methods make them.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Final

from bot.core.commands import (
    Command,
    DeepenCommit,
    ListSubscriptions,
    MakeReport,
    OpenSettings,
    PauseDigests,
    ResumeDigests,
    Retry,
    Search,
    SendNow,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    Unsubscribe,
    is_sha,
)
from bot.core.errors import NotUnderstood
from bot.core.language import _
from bot.core.model import Repo
from bot.core.options import parse_subscribe
from bot.core.patterns import Followed, parse_followed
from bot.core.ranges import LOOKS_LIKE_DATE, RelativeDay, When, parse_when

_WORDS: Final = {
    "订阅": "subscribe",
    "退订": "unsubscribe",
    "取消订阅": "unsubscribe",
    "列表": "list",
    "状态": "status",
    "帮助": "help",
    "?": "help",
    "提交": "commit",
    "深入": "deepen",
    "重试": "retry",
    "暂停": "pause",
    "恢复": "resume",
    "免打扰": "snooze",
    "搜索": "search",
    "报告": "report",
    "设置": "settings",
    "补发": "deliver",
    "全部": "all",
}
#: Slack sends an address in a command as `<https://…|label>`: https://docs.slack.dev/interactivity/implementing-slash-commands
_SLACK_LINK: Final = re.compile(r"<(https?://[^<|>]+)(\|[^<>]*)?>")
_LENGTH: Final = re.compile(r"(\d{1,3})\s*(d|days?|天|w|weeks?|周|星期)")
#: Days that one pause may take, if it has an end.
PAUSE_MAX: Final = 366
#: Characters of a command. All conditions that a subscription may have are fewer in practice.
COMMAND_MAX: Final = 10_000
#: Repositories of one report.
REPORT_REPOS_MAX: Final = 10


def parse(text: str, *, host: str = "github.com") -> Command:
    """The command in `text`, which has the bot's name removed already; `host` is where `owner/name` lives.

    Raises NotUnderstood, whose example is the nearest command that would have worked.
    """
    if len(text) > COMMAND_MAX:
        raise NotUnderstood(_("A command has at most {number} characters.", number=COMMAND_MAX), example="help")
    words = unicodedata.normalize("NFKC", _SLACK_LINK.sub(r"\1", text)).split()
    if not words:
        return ShowDigest()
    verb, rest = _word(words[0]), words[1:]
    match verb:
        case "help" | "list" | "status":
            return _alone(verb, rest)
        case "subscribe":
            return parse_subscribe(rest, host=host)
        case "unsubscribe":
            return _unsubscribe(rest, host)
        case "pause" | "snooze":
            return _pause(verb, rest, host)
        case "resume":
            return ResumeDigests(repo=_only_repo(verb, rest, host))
        case "settings":
            return OpenSettings(repo=_only_repo(verb, rest, host))
        case "commit":
            sha, repo = _commit(rest, host)
            return ShowCommit(sha=sha, repo=repo)
        case "deepen":
            sha, repo = _commit(rest, host)
            return DeepenCommit(sha=sha, repo=repo)
        case "search":
            return _search(rest, host)
        case _:
            return _about_days(verb, words, host)


def _word(word: str) -> str:
    folded = word.casefold()
    return _WORDS.get(folded, folded)


def _about_days(verb: str, words: list[str], host: str) -> Command:
    match verb:
        case "retry":
            when, repos = _days(words[1:], host)
            return Retry(when=when, repo=repos[-1] if repos else None)
        case "report":
            return _report(words[1:], host)
        case "deliver":
            return _deliver(words[1:], host)
        case _:
            when, repos = _days(words, host)
            return ShowDigest(when=when, repo=repos[-1] if repos else None)


def _report(words: Sequence[str], host: str) -> MakeReport:
    when, repos = _days(words, host)
    if len(repos) > REPORT_REPOS_MAX:
        text = _("A report is about at most {number} repositories.", number=REPORT_REPOS_MAX)
        raise NotUnderstood(text, example=f"report 7d {repos[0]}")
    return MakeReport(when=when, repos=tuple(repos))


def _alone(verb: str, rest: Sequence[str]) -> Command:
    if rest:
        raise NotUnderstood(_("“{verb}” stands alone.", verb=verb), example=verb)
    return ShowHelp() if verb == "help" else ListSubscriptions()


def _only_repo(verb: str, words: Sequence[str], host: str) -> Followed | None:
    """The repository named, or the pattern of them; none for all."""
    if len(words) > 1:
        text = _("“{verb}” takes one repository.", verb=verb)
        raise NotUnderstood(text, example=f"{verb} ai-dynamo/dynamo")
    if not words or _word(words[0]) == "all":
        return None
    return parse_followed(words[0], host=host)


def _days(words: Sequence[str], host: str) -> tuple[When, list[Repo]]:
    """The day or days, which may take several words, and the repositories, before or after them."""
    named = [word for word in words if "/" in word and LOOKS_LIKE_DATE.fullmatch(word) is None]
    when = " ".join(word for word in words if word not in named)
    repos = [Repo.parse(word, host=host) for word in named]
    return parse_when(when) if when else RelativeDay.YESTERDAY, repos


def _deliver(words: Sequence[str], host: str) -> SendNow:
    when, repos = _days(words, host)
    named = len(words) > len(repos)
    if len(repos) > 1 or (named and not isinstance(when, date)):
        raise NotUnderstood(_("Name one day that was not delivered."), example="deliver 2026-01-21")
    return SendNow(repo=repos[0] if repos else None, day=when if isinstance(when, date) else None)


def _commit(words: Sequence[str], host: str) -> tuple[str, Repo | None]:
    shas = [word.casefold() for word in words if "/" not in word]
    repos = [Repo.parse(word, host=host) for word in words if "/" in word]
    if len(shas) != 1 or len(repos) > 1 or not is_sha(shas[0]):
        raise NotUnderstood(_("Name one commit by 4 to 40 digits of its SHA."), example="commit 8877c46")
    return shas[0], repos[0] if repos else None


def _search(words: list[str], host: str) -> Search:
    """`in owner/name` at the end says where; a path among the words is a word."""
    repo: Repo | None = None
    if len(words) > 2 and words[-2].casefold() == "in":
        words, repo = words[:-2], Repo.parse(words[-1], host=host)
    if not words:
        raise NotUnderstood(_("Say which words to look for."), example="search router")
    return Search(words=" ".join(words), repo=repo)


def _unsubscribe(words: Sequence[str], host: str) -> Unsubscribe:
    if len(words) != 1:
        raise NotUnderstood(_("Say which repository, or all."), example="unsubscribe ai-dynamo/dynamo")
    return Unsubscribe(repo=None if _word(words[0]) == "all" else parse_followed(words[0], host=host))


def _pause(verb: str, words: Sequence[str], host: str) -> PauseDigests:
    """`pause owner/name`, `snooze owner/name 7d`, `snooze until 2026-02-01`; without a repository, all of them."""
    named = [word for word in words if "/" in word]
    rest = " ".join(word for word in words if word not in named and _word(word) != "all").casefold()
    repo = _only_repo(verb, named, host)
    if not rest and verb == "pause":
        return PauseDigests(repo=repo)
    if match := _LENGTH.fullmatch(rest):
        days = int(match[1]) * (7 if match[2][0] in "w周星" else 1)
        if 1 <= days <= PAUSE_MAX:
            return PauseDigests(repo=repo, days=days)
    if match := re.fullmatch(r"(?:until|till|至|到)\s*(\d{4}-\d{2}-\d{2})", rest):
        return PauseDigests(repo=repo, until=_date(match[1]))
    text = _("Say for how long, from 1 day to {days}, or until which day.", days=PAUSE_MAX)
    raise NotUnderstood(text, example=f"snooze {repo or 'ai-dynamo/dynamo'} 7d")


def _date(text: str) -> date:
    when = parse_when(text)
    if not isinstance(when, date):
        raise NotUnderstood(_("“{text}” is not a date: write year-month-day.", text=text), example="2026-01-21")
    return when
