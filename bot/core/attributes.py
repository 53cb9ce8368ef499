"""What a repository says of its files in `.gitattributes`: what nobody wrote, what is documentation, what is no text.

Rules as https://git-scm.com/docs/gitattributes gives them. They differ from those of .gitignore: a pattern never
reaches into the directory that it matches, and none is negated. Each part of a path is matched by `fnmatch`, whose time
stays bounded whatever a stranger wrote.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from bot.core.paths import FileClass, classify

#: Lines and characters of a file that are read; real ones have a hundred lines.
LINES_MAX: Final = 2_000
LINE_MAX: Final = 2_000
#: Wildcards that one pattern may have.
WILDCARDS_MAX: Final = 32

#: https://github.com/github-linguist/linguist/blob/main/docs/overrides.md, and git's own `diff`.
_CLASS_OF: Final = {
    "linguist-vendored": FileClass.VENDORED,
    "linguist-generated": FileClass.GENERATED,
    "linguist-documentation": FileClass.DOCS,
    "-diff": FileClass.BINARY,
}
_BINARY: Final[Mapping[str, bool | None]] = {"diff": False, "merge": False, "text": False}
_LINE: Final = re.compile(r'\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s"]\S*))(?:\s+(?P<states>.*))?')
_MACRO: Final = "[attr]"
_ESCAPED: Final = re.compile(r"\\(.)")
#: Inside of brackets, as in `big[[:space:]]file.bin`, which git-lfs writes.
_POSIX: Final = {
    "[:space:]": " \t\r\n\v\f",
    "[:blank:]": " \t",
    "[:digit:]": "0-9",
    "[:alpha:]": "a-zA-Z",
    "[:alnum:]": "a-zA-Z0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    #: Of the whole path from the root, each for one part; `**` stands for any number of parts.
    parts: tuple[str, ...]
    #: True for `attribute`, False for `-attribute`, None for `!attribute`, which forgets what was said before.
    states: Mapping[str, bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """The rules of the `.gitattributes` at a repository's root; of several that match, the last one wins."""

    rules: tuple[_Rule, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Attributes":
        """Takes what git takes and skips what git skips. Never fails."""
        macros: dict[str, Mapping[str, bool | None]] = {"binary": _BINARY}
        rules: list[_Rule] = []
        for line in text.split("\n")[:LINES_MAX]:
            match = _LINE.fullmatch(line.rstrip("\r")[:LINE_MAX])
            pattern = "" if match is None else _pattern(match)
            if match is None or not pattern or pattern.startswith(("#", "!")):
                continue
            states = dict(_states((match["states"] or "").split(), macros))
            if pattern.startswith(_MACRO):
                macros[pattern.removeprefix(_MACRO)] = states
            elif (parts := _parts(pattern)) and _tells(states):
                rules.append(_Rule(parts=parts, states=states))
        return cls(rules=tuple(rules))

    def classify(self, path: str) -> FileClass:
        """As `paths.classify`, unless the repository says something else of the file."""
        if not self.rules:
            return classify(path)
        stated = self._stated(path)
        by_path = classify(path, without=frozenset(name for name, holds in stated.items() if not holds))
        named = next((file_class for file_class in _CLASS_OF.values() if stated.get(file_class)), by_path)
        # Git shows no diff of many lock files, which says nothing new of them.
        return by_path if named is FileClass.BINARY and by_path in _NOT_WRITTEN else named

    def _stated(self, path: str) -> Mapping[FileClass, bool]:
        states: dict[str, bool | None] = {}
        parts = path.split("/")
        for rule in self.rules:
            if _matches(rule.parts, parts):
                states.update(rule.states)
        return {
            file_class: holds is not attribute.startswith("-")
            for attribute, file_class in _CLASS_OF.items()
            if (holds := states.get(attribute.lstrip("-"))) is not None
        }


#: Of a repository of which no attributes are known.
NONE: Final = Attributes()
_NOT_WRITTEN: Final = frozenset({FileClass.LOCK, FileClass.GENERATED, FileClass.VENDORED})


def _pattern(match: re.Match[str]) -> str:
    return match["plain"] or _ESCAPED.sub(r"\1", match["quoted"] or "")


def _states(words: Sequence[str], macros: Mapping[str, Mapping[str, bool | None]]) -> Iterator[tuple[str, bool | None]]:
    for word in words:
        name, _, value = word.lstrip("-!").partition("=")
        state = None if word.startswith("!") else not (word.startswith("-") or value.casefold() == "false")
        if state and name in macros:
            yield from macros[name].items()
        yield name, state


def _tells(states: Mapping[str, bool | None]) -> bool:
    return any(attribute.lstrip("-") in states for attribute in _CLASS_OF)


def _parts(pattern: str) -> tuple[str, ...]:
    """Nothing for a pattern that matches no file: `folder/` is about the directory itself."""
    if pattern.endswith("/") or pattern.count("*") > WILDCARDS_MAX:
        return ()
    anchored = pattern.removeprefix("/").split("/")
    anywhere = ["**"] if "/" not in pattern else []
    parts = [*anywhere, *anchored]
    if parts[-1] == "**":
        parts.append("*")  # something inside
    return tuple(part if part == "**" else _glob(part) for part in parts)


def _glob(part: str) -> str:
    """As fnmatch writes it: without backslashes, with `!` in brackets, without classes of characters."""
    part = re.sub(r"\\(.)", lambda match: f"[{match[1]}]", part).replace("[^", "[!")
    for name, characters in _POSIX.items():
        part = part.replace(name, characters)
    return part


def _matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Whether all parts match. Keeps the numbers of parts of the pattern that may be behind us."""
    behind = _with_skipped(pattern, {0})
    for name in path:
        ahead = {
            number if pattern[number] == "**" else number + 1
            for number in behind
            if number < len(pattern) and (pattern[number] == "**" or fnmatchcase(name, pattern[number]))
        }
        behind = _with_skipped(pattern, ahead)
    return len(pattern) in behind


def _with_skipped(pattern: Sequence[str], behind: set[int]) -> set[int]:
    """`**` may stand for nothing."""
    for number in sorted(behind):
        while number < len(pattern) and pattern[number] == "**":
            number += 1
            behind.add(number)
    return behind
