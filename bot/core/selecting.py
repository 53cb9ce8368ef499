"""Which commits of a digest its readers asked to see."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from pathspec import GitIgnoreSpec

from bot.core.model import Commit, Digest, Entry, Person, Theme
from bot.core.subscriptions import Selection

#: GitHub's own address of an account: https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
_LOGIN: Final = re.compile(r"(?:\d+\+)?(?P<login>[^@]+)@users\.noreply\.github\.com", re.IGNORECASE)
_BOTS: Final = frozenset({"dependabot", "renovate", "renovate-bot", "github-actions", "mergify", "copy-pr-bot"})


def selected(digest: Digest, selection: Selection) -> Digest:
    """The digest of the commits that are wanted; of its themes, what those have in common.

    Its lead is about all commits, and stands only if all are wanted: whoever needs one of the others writes another.
    """
    if not selection:
        return digest
    keeper = _Keeper(selection)
    entries = tuple(entry for entry in digest.entries if keeper.keeps(entry))
    if len(entries) == len(digest.entries):
        return digest
    return replace(digest, entries=entries, lead="", themes=_themes(digest.themes, entries))


def _themes(themes: Iterable[Theme], entries: Sequence[Entry]) -> tuple[Theme, ...]:
    shown = {entry.commit.sha for entry in entries}
    kept = (replace(theme, shas=tuple(sha for sha in theme.shas if sha in shown)) for theme in themes)
    return tuple(theme for theme in kept if len(theme.shas) > 1)


class _Keeper:
    """Conditions made ready to be asked often."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._paths = GitIgnoreSpec.from_lines(selection.paths)
        self._not_paths = GitIgnoreSpec.from_lines(selection.not_paths)
        self._authors = [pattern.casefold() for pattern in selection.authors]
        self._not_authors = [pattern.casefold() for pattern in selection.not_authors]

    def keeps(self, entry: Entry) -> bool:
        selection, commit = self._selection, entry.commit
        if entry.analysis.importance < selection.minimum or (selection.no_bots and is_bot(commit.author)):
            return False
        names = _names(commit.author)
        if self._authors and not _any(names, self._authors):
            return False
        return not _any(names, self._not_authors) and self._touches(commit)

    def _touches(self, commit: Commit) -> bool:
        """Whether one file is wanted and not unwanted; a commit without files is, unless paths are named."""
        if not commit.files:
            return not self._selection.paths
        return any(self._wants(file.path) for file in commit.files)

    def _wants(self, path: str) -> bool:
        wanted = not self._selection.paths or self._paths.match_file(path)
        return wanted and not self._not_paths.match_file(path)


def is_bot(author: Person) -> bool:
    """As far as a name and an address tell: GitHub marks accounts of apps with `[bot]`."""
    names = _names(author)
    return any(name.endswith("[bot]") or name in _BOTS for name in names)


def _names(author: Person) -> set[str]:
    """By which somebody may be named: name, address, and login where the address tells it."""
    names = {author.name.casefold(), author.email.casefold()}
    if match := _LOGIN.fullmatch(author.email):
        names.add(match["login"].casefold())
    return names


def _any(names: set[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, _literal(pattern)) for pattern in patterns for name in names)


def _literal(pattern: str) -> str:
    """`[` means itself, since the names of bots end in `[bot]`."""
    return pattern.replace("[", "[[]")
