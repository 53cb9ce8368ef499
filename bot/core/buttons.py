"""Buttons carry their whole question, so that they work after restarts and from messages that are months old.

A value is words after a version: `1 commit github.com octo/hello 8877c46… 2026-01-21 Asia/Shanghai`.
"""

import re
from datetime import date
from typing import Final

from bot.core.commands import (
    DeepenCommit,
    Elsewhere,
    GiveFeedback,
    MakeReport,
    OpenSettings,
    PauseDigests,
    Question,
    ResumeDigests,
    Retry,
    SendNow,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    ShowHome,
    ShowIndex,
    Unsubscribe,
    is_sha,
)
from bot.core.days import Day, parse_zone
from bot.core.errors import NotUnderstood
from bot.core.language import _
from bot.core.model import Repo
from bot.core.patterns import Followed, RepoPattern, parse_followed
from bot.core.ranges import DayRange, When, parse_date
from bot.core.subscriptions import Verdict

_VERSION: Final = "1"
_LOCAL: Final = "-"
#: No more pages and subscriptions than databases and lists can count.
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def encode(question: Question) -> str:
    """A button's value: at most 500 characters, far below the platforms' limits.

    The repository must be named, and a day with its zone: what a word such as `yesterday` means changes overnight.
    """
    return " ".join([_VERSION, *_words(question)])


def _words(question: Question) -> list[str]:
    match question:
        case ShowCommit(sha=sha, repo=Repo() as repo, day=day, page=page):
            return ["commit", *_repo(repo), sha, *(_day(day) if day else []), *([f"p{page}"] if page else [])]
        case DeepenCommit(sha=sha, repo=Repo() as repo, day=day):
            return ["deepen", *_repo(repo), sha, *(_day(day) if day else [])]
        case GiveFeedback(sha=sha, repo=repo, verdict=verdict, reason=None):
            return ["feedback", *_repo(repo), sha, verdict.value]
        case ShowIndex(repo=repo, day=day, page=page):
            return ["index", *_repo(repo), *_day(day), str(page)]
        case ShowDigest(when=when, repo=Repo() as repo):
            return ["day", *_repo(repo), *_when(when)]
        case Retry(when=when, repo=Repo() as repo):
            return ["retry", *_repo(repo), *_when(when)]
        case MakeReport(when=when, repos=(repo,)):
            return ["report", *_repo(repo), *_when(when)]
        case OpenSettings(repo=Repo() | RepoPattern() as repo):
            return ["settings", *_repo(repo)]
        case ResumeDigests(repo=Repo() | RepoPattern() as repo):
            return ["resume", *_repo(repo)]
        case SendNow(repo=Repo() as repo, day=date() as day):
            return ["send", *_repo(repo), day.isoformat()]
        case ShowHome(page=page):
            return ["home", str(page)]
        case ShowHelp():
            return ["help"]
        case Elsewhere(subscription=number, is_following=is_following, command=command):
            return ["following" if is_following else "of", str(number), *_elsewhere(command)]
        case _:
            raise ValueError("a button must name its repository and its day")


def _elsewhere(command: object) -> list[str]:
    match command:
        case PauseDigests(days=None, until=None):
            return ["pause"]
        case ResumeDigests():
            return ["resume"]
        case Unsubscribe():
            return ["unsubscribe"]
        case OpenSettings():
            return ["settings"]
        case SendNow(day=date() as day):
            return ["send", day.isoformat()]
        case _:
            raise ValueError("a button cannot carry this command")


def _repo(repo: Followed) -> tuple[str, str]:
    return repo.host or _LOCAL, str(repo)


def _day(day: Day) -> tuple[str, str]:
    return day.date.isoformat(), day.zone.key


def _when(when: When) -> tuple[str, str]:
    match when:
        case Day():
            return _day(when)
        case DayRange(first=Day() as first, last=Day() as last) if first.zone == last.zone:
            return f"{first.date.isoformat()}..{last.date.isoformat()}", first.zone.key
        case _:
            raise ValueError("a button must name its days with their zone")


def decode(value: str) -> Question:
    """The question in a button's value. Raises NotUnderstood for one that we did not make."""
    version, *words = value.split(" ")
    if version != _VERSION:
        raise unknown_button()
    try:
        return _question(words)
    except ValueError:
        raise unknown_button() from None


def _question(words: list[str]) -> Question:
    match words:
        case ["commit", host, repo, sha, *rest] if is_sha(sha):
            day, page = _place(rest)
            return ShowCommit(repo=_decoded_repo(host, repo), sha=sha, day=day, page=page)
        case ["deepen", host, repo, sha, *rest] if is_sha(sha):
            return DeepenCommit(repo=_decoded_repo(host, repo), sha=sha, day=_place(rest)[0])
        case ["feedback", host, repo, sha, verdict] if is_sha(sha):
            return GiveFeedback(repo=_decoded_repo(host, repo), sha=sha, verdict=Verdict(verdict))
        case ["index", host, repo, day, zone, page] if _NUMBER.fullmatch(page):
            return ShowIndex(repo=_decoded_repo(host, repo), day=_decoded_day(day, zone), page=int(page))
        case ["day", host, repo, when, zone]:
            return ShowDigest(repo=_decoded_repo(host, repo), when=_decoded_when(when, zone))
        case ["retry", host, repo, when, zone]:
            return Retry(repo=_decoded_repo(host, repo), when=_decoded_when(when, zone))
        case ["report", host, repo, when, zone]:
            return MakeReport(repos=(_decoded_repo(host, repo),), when=_decoded_when(when, zone))
        case ["settings", host, repo]:
            return OpenSettings(repo=parse_followed(repo, host=_decoded_host(host)))
        case ["resume", host, repo]:
            return ResumeDigests(repo=parse_followed(repo, host=_decoded_host(host)))
        case ["send", host, repo, day]:
            return SendNow(repo=_decoded_repo(host, repo), day=parse_date(day))
        case ["home", page] if _NUMBER.fullmatch(page):
            return ShowHome(page=int(page))
        case ["help"]:
            return ShowHelp()
        case ["of", number, *command] if _NUMBER.fullmatch(number):
            return Elsewhere(subscription=int(number), command=_decoded_command(command))
        case ["following", number, *command] if _NUMBER.fullmatch(number):
            return Elsewhere(subscription=int(number), is_following=True, command=_decoded_command(command))
        case _:
            raise unknown_button()


def _decoded_command(words: list[str]) -> "PauseDigests | ResumeDigests | Unsubscribe | OpenSettings | SendNow":
    match words:
        case ["pause"]:
            return PauseDigests()
        case ["resume"]:
            return ResumeDigests()
        case ["unsubscribe"]:
            return Unsubscribe(repo=None)
        case ["settings"]:
            return OpenSettings()
        case ["send", day]:
            return SendNow(day=parse_date(day))
        case _:
            raise unknown_button()


def _place(words: list[str]) -> tuple[Day | None, int]:
    """Of which day, and which page."""
    match words:
        case []:
            return None, 0
        case [page]:
            return None, _decoded_page(page)
        case [day, zone]:
            return _decoded_day(day, zone), 0
        case [day, zone, page]:
            return _decoded_day(day, zone), _decoded_page(page)
        case _:
            raise unknown_button()


def _decoded_page(word: str) -> int:
    if not word.startswith("p") or not _NUMBER.fullmatch(word[1:]):
        raise unknown_button()
    return int(word[1:])


def _decoded_repo(host: str, repo: str) -> Repo:
    return Repo.parse(repo, host=_decoded_host(host))


def _decoded_host(host: str) -> str:
    return "" if host == _LOCAL else host


def _decoded_day(day: str, zone: str) -> Day:
    return Day(date=parse_date(day), zone=parse_zone(zone))


def _decoded_when(when: str, zone: str) -> When:
    first, dots, last = when.partition("..")
    if not dots:
        return _decoded_day(first, zone)
    return DayRange(first=_decoded_day(first, zone), last=_decoded_day(last, zone))


def unknown_button() -> NotUnderstood:
    """What is said of a value that is none of ours, or that is older than what we know."""
    text = _("This button is from another version of the bot. Ask for the day again.")
    return NotUnderstood(text, example="yesterday")
