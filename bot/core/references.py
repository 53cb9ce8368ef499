"""Numbers of pull requests and SHAs in what people write: `#12`, `owner/name#12`, `abc1234`, and their addresses."""

import re
from collections.abc import Iterator
from typing import Final

from bot.core.model import Repo

#: GitHub appends the number of a pull request to the subject of its squash merge; a cherry-pick has several.
SUFFIX: Final = re.compile(r"(?:\s{0,3}\((?:#\d{1,9})\)){1,5}\s{0,8}$")

#: Hexadecimal digits of a SHA, and of one that is abbreviated, at least and at most; what is longer is cut to that.
SHA_DIGITS: Final = 40
ABBREVIATED: Final = (7, 12)
#: As many of a list `#1, #2 and #3` are read.
_LIST_MAX: Final = 10
_REPOSITORY: Final = r"[A-Za-z0-9][\w.-]{0,99}/[\w.-]{1,100}?"
_REFERENCE: Final = re.compile(
    r"(?:(?:PRs?|pull requests?|MRs?|commits?|提交|合并请求)\s{0,3}[:：]?\s{0,3})?[`<(\[]?(?:"
    rf"https?://(?P<host>[\w.-]{{1,200}})/(?P<path>{_REPOSITORY})/(?:pull/(?P<pull>\d{{1,9}})|commit/(?P<page>[0-9a-f]{{7,40}}))(?![\w-])"
    rf"|(?P<repo>{_REPOSITORY})?(?:#|\bGH-)(?P<number>\d{{1,9}})(?![\w-])"
    r"|(?P<sha>[0-9a-f]{7,40})(?![\w#/-]))[`>)\]]?",
    re.IGNORECASE,
)
_AND: Final = re.compile(r"\s{0,3}(?:,\s{0,3}(?:and\s{1,3})?|and\s{1,3}|&\s{0,3}|、|和|及|与)\s{0,3}")


def named(text: str, start: int, repo: Repo) -> Iterator[str]:
    """The targets (`#12`, or digits of a SHA) that stand in `text` from `start` on, one or a list of them.

    What belongs to another repository ends the list.
    """
    for _ in range(_LIST_MAX):
        match = _REFERENCE.match(text, start)
        if match is None or not _is_in(repo, match):
            return
        number = match["pull"] or match["number"]
        yield f"#{int(number)}" if number else _digits(match["page"] or match["sha"])
        separator = _AND.match(text, match.end())
        if separator is None:
            return
        start = separator.end()


def _digits(sha: str) -> str:
    return sha.lower() if len(sha) == SHA_DIGITS else sha.lower()[: ABBREVIATED[1]]


def _is_in(repo: Repo, match: "re.Match[str]") -> bool:
    if match["host"]:
        return match["host"].casefold() == repo.host and match["path"].casefold() == repo.key[1]
    return not match["repo"] or match["repo"].casefold() == repo.key[1]
