"""Which branches of a repository are followed, and up to which commit each was seen."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from bot.core.errors import BranchNotFound, TooManyBranches
from bot.core.language import _

if TYPE_CHECKING:
    from bot.core.model import Repo

#: Of one pattern, in one repository: each is asked for.
BRANCHES_MAX: Final = 100
PATTERN_MAX: Final = 100  # characters

# What git allows in a branch's name, but for what people and our own formats read as something else:
# https://git-scm.com/docs/git-check-ref-format
_PATTERN: Final = re.compile(rf"(?![-/])[\w./*?\[\]!+#@=%-]{{1,{PATTERN_MAX}}}(?<![/.])")
_NEVER: Final = re.compile(r"\.\.|//|@\{|/\.|^\.")
_WILDCARD: Final = re.compile(r"[*?\[]")


def is_pattern(text: str) -> bool:
    """Whether it can be a pattern of branch names: `main`, `release/*`, `v[0-9].?`."""
    return _PATTERN.fullmatch(text) is not None and _NEVER.search(text) is None


def is_name(pattern: str) -> bool:
    """Whether the pattern is the name of one branch."""
    return bool(pattern) and _WILDCARD.search(pattern) is None


def literal_start(pattern: str) -> str:
    """What all names that match begin with."""
    return _WILDCARD.split(pattern, maxsplit=1)[0]


def matches(branch: str, pattern: str) -> bool:
    """`*` stands for any characters, `/` among them, as `git branch --list` has it; capitals matter."""
    return fnmatchcase(branch, pattern)


def followed(repo: "Repo", heads: Mapping[str, str]) -> dict[str, str]:
    """Those of the repository's branches, each with its newest commit, whose names match what is followed of it.

    Raises BranchNotFound, TooManyBranches.
    """
    found = {name: sha for name, sha in heads.items() if matches(name, repo.branches)}
    if not found:
        raise BranchNotFound(_("{repo} has no branch like {pattern}.", repo=repo.whole, pattern=repo.branches))
    if len(found) > BRANCHES_MAX:
        raise TooManyBranches(
            _(
                "{repo} has {number} branches like {pattern}, and at most {most} can be followed together.",
                repo=repo.whole,
                number=len(found),
                pattern=repo.branches,
                most=BRANCHES_MAX,
            )
        )
    return found


def dump_tips(heads: Mapping[str, str]) -> str | None:
    """The newest commits of branches, by name, as one word each; None without any.

    The default branch has no name, so that where it alone is followed, this is the SHA of its newest commit.
    """
    return " ".join(f"{name}={sha}" if name else sha for name, sha in sorted(heads.items())) or None


def load_tips(text: str | None) -> dict[str, str]:
    """The opposite of `dump_tips`."""
    pairs = (word.rpartition("=") for word in (text or "").split(" ") if word)
    return {name: sha for name, _equals, sha in pairs}
