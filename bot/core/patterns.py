"""All repositories of one owner whose names match: `acme/*`, `acme/dyn*`, without some of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from bot.core.errors import NotUnderstood
from bot.core.language import _
from bot.core.model import Repo

#: Patterns of names that one subscription leaves out by a command.
EXCLUDED_MAX: Final = 50
#: `*` in one pattern; `fnmatch` takes a time that grows with the name's length to the power of these.
STARS_MAX: Final = 2

_PATTERN: Final = re.compile(r"(?:https?://(?P<host>[\w.-]+)/)?(?P<owner>[^/]+)/(?P<names>[^/]+)/?")
_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
#: Of a name or a pattern of names, as GitHub takes names: without two stars in a row, which would mean one.
_NAMES: Final = re.compile(r"(?!.*\*\*)[A-Za-z0-9_.*-]{1,100}")
_SEPARATORS: Final = re.compile(r"[,、\s]+")
_ANY: Final = frozenset({"any", "不限"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RepoPattern:
    """Repositories of one owner by a pattern of their names; other capitals make the same one, as with a Repo."""

    owner: str
    #: `*` stands for any characters.
    names: str
    host: str = "github.com"

    @classmethod
    def parse(cls, text: str, *, host: str | None = None) -> "RepoPattern":
        """`owner/*` or `owner/dyn*`; `host` as in `Repo.parse`. Raises NotUnderstood."""
        name, at, _branches = text.strip().partition("@")
        match = _PATTERN.fullmatch(name)
        owner = match["owner"] if match and _OWNER.fullmatch(match["owner"]) else None
        if match is None or owner is None:
            text = _("“{text}” does not say whose repositories: write owner/*.", text=text)
            raise NotUnderstood(text, example="subscribe ai-dynamo/*")
        if at:
            text = _("Branches can be chosen of one repository, not of “{text}”.", text=name)
            raise NotUnderstood(text, example=f"subscribe {owner}/*")
        if not is_names(match["names"]):
            raise NotUnderstood(_no_pattern(text), example=f"subscribe {owner}/*")
        named = (match["host"] or "").casefold().removeprefix("www.")
        if host is not None and named not in {"", host.casefold()}:
            elsewhere = _("“{text}” is at another host: I read repositories of {host}.", text=text, host=host)
            raise NotUnderstood(elsewhere, example=f"subscribe {owner}/*")
        return cls(owner=owner, names=match["names"], host=host if host is not None else named or "github.com")

    def __contains__(self, repo: Repo) -> bool:
        """Whether the repository is named so; whoever listed it knows whose it is, also under a former name."""
        return repo.host == self.host and _matches(repo.name, self.names)

    def __str__(self) -> str:
        return f"{self.owner}/{self.names}"

    @property
    def key(self) -> tuple[str, str]:
        return self.host, str(self).casefold()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RepoPattern) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def url(self) -> str | None:
        return f"https://{self.host}/{self.owner}" if self.host else None


#: What a channel can follow.
Followed = Repo | RepoPattern


def parse_followed(text: str, *, host: str | None = None) -> Followed:
    """A repository, or where there is a `*` in its name, a pattern of them. Raises NotUnderstood."""
    is_pattern = "*" in text.partition("@")[0]
    return RepoPattern.parse(text, host=host) if is_pattern else Repo.parse(text, host=host)


def parse_excluded(text: str, pattern: RepoPattern) -> tuple[str, ...]:
    """Names and patterns of names between commas or spaces, with or without their owner; `any` is none.

    Raises NotUnderstood.
    """
    if text.casefold().strip() in _ANY:
        return ()
    found = tuple(dict.fromkeys(word for word in _SEPARATORS.split(text) if word))
    if not 1 <= len(found) <= EXCLUDED_MAX:
        text = _("“{option}” takes 1 to {number} values, separated by commas.", option="not", number=EXCLUDED_MAX)
        raise NotUnderstood(text, example=f"subscribe {pattern} not legacy-*")
    return tuple(_excluded(word, pattern) for word in found)


def is_excluded(repo: Repo, excluded: Iterable[str]) -> bool:
    return any(_matches(repo.name, names) for names in excluded)


def is_names(names: str) -> bool:
    """Whether it is a name or a pattern of names, and one that is matched quickly."""
    return _NAMES.fullmatch(names) is not None and names.count("*") <= STARS_MAX


def _excluded(word: str, pattern: RepoPattern) -> str:
    owner, slash, names = word.rpartition("/")
    if slash and owner.casefold() != pattern.owner.casefold():
        text = _("“{text}” is not one of {owner}'s repositories.", text=word, owner=pattern.owner)
        raise NotUnderstood(text, example=f"subscribe {pattern} not legacy-*")
    if not is_names(names):
        raise NotUnderstood(_no_pattern(word), example=f"subscribe {pattern} not legacy-*")
    return names


def _no_pattern(text: str) -> str:
    return _("“{text}” is no pattern of names: write letters, digits, and * once or twice.", text=text)


def _matches(name: str, names: str) -> bool:
    return fnmatchcase(name.casefold(), names.casefold())
