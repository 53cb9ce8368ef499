"""The patch of one file, as hunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from unidiff.constants import RE_HUNK_HEADER
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

#: What unidiff wants to see above hunks; which file they belong to, the caller knows.
_FILE_HEADER: Final = ("--- a/file\n", "+++ b/file\n")
_SIGNS: Final = frozenset(" +-\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    #: From 1, in the order of the patch.
    number: int
    #: Line numbers, before and after.
    old: range
    new: range
    #: What git found to stand above it: the head of a function, of a section. Often empty.
    context: str
    #: With their signs, `+`, `-` or a space, and without line breaks; marks of missing line breaks are left out.
    lines: tuple[str, ...]

    @property
    def added(self) -> list[str]:
        return self._signed("+")

    @property
    def removed(self) -> list[str]:
        return self._signed("-")

    @property
    def unchanged(self) -> list[str]:
        return self._signed(" ")

    def _signed(self, sign: str) -> list[str]:
        return [line[1:] for line in self.lines if line.startswith(sign)]


def hunks(patch: str) -> tuple[Hunk, ...]:
    """The hunks of a patch such as `CommitDiff.patches` has. Of any other text, what looks like hunks; never raises.

    Each hunk is parsed on its own: one that says more or fewer lines than it has costs its line numbers, not the rest.
    """
    return tuple(_hunk(number, head, lines) for number, (head, lines) in enumerate(_pieces(patch), start=1))


def _pieces(patch: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Headers with the lines below them. Only `\\n` ends a line: files may hold carriage returns and form feeds."""
    head, lines = "", list[str]()
    for line in patch.removesuffix("\n").split("\n"):
        if line.startswith("@@ "):
            if head:
                yield head, lines
            head, lines = line, []
        else:
            lines.append(line)
    if head:
        yield head, lines


def _hunk(number: int, head: str, lines: Sequence[str]) -> Hunk:
    try:
        return _parsed(number, head, lines)
    except (UnidiffParseError, ValueError):  # the latter for numbers of thousands of digits
        return _salvaged(number, head, lines)


def _parsed(number: int, head: str, lines: Sequence[str]) -> Hunk:
    """Raises UnidiffParseError, ValueError."""
    if any(line[:1] not in _SIGNS for line in lines if line):
        raise UnidiffParseError("not a line of a hunk")
    found = [hunk for file in PatchSet([*_FILE_HEADER, *(f"{line}\n" for line in [head, *lines])]) for hunk in file]
    if len(found) != 1 or len(found[0]) != len(lines):
        raise UnidiffParseError("more than one hunk")
    hunk = found[0]
    return Hunk(
        number=number,
        old=range(hunk.source_start, hunk.source_start + hunk.source_length),
        new=range(hunk.target_start, hunk.target_start + hunk.target_length),
        context=hunk.section_header.strip(),
        lines=tuple(f"{line.line_type}{line.value}".removesuffix("\n") for line in hunk if line.line_type != "\\"),
    )


def _salvaged(number: int, head: str, lines: Sequence[str]) -> Hunk:
    match = RE_HUNK_HEADER.match(head)
    return Hunk(
        number=number,
        old=range(0),
        new=range(0),
        context=match[5].strip() if match else "",
        lines=tuple(line for line in lines if line[:1] in _SIGNS and not line.startswith("\\")),
    )
