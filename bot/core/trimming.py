"""One file's patch, made shorter: less of what did not change, then less of what was only removed, then an end.

Hunks keep the number that they have in the patch, and whatever is left out leaves a mark.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from bot.core.tokens import size

#: Unchanged lines that stay on either side of a change.
CONTEXT: Final = 1
#: Of lines that were removed and not replaced, how many stay.
REMOVED: Final = 3
#: Characters of one line.
LINE_MAX: Final = 1_000

_MARK: Final = re.compile(r"… ([0-9]+) lines omitted")
_HEADER: Final = re.compile(r"@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@")
#: A line is cut where no secret could stand on both sides: one that lost its end is not found any more.
_UNBROKEN: Final = re.compile(r"[\w+/=.~:@-]{0,200}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    #: With its number: `@@ 3 @@ -12,5 +12,9 @@ fn x`; empty where a patch begins without one.
    header: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is shown of one file."""

    heading: str
    hunks: tuple[Hunk, ...]

    @property
    def lines(self) -> list[str]:
        return [self.heading, *(line for hunk in self.hunks for line in (hunk.header, *hunk.lines) if line)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def size(self) -> int:
        """Bytes, with the line break behind."""
        return sum(size(line) + 1 for line in self.lines)

    @property
    def changed(self) -> int:
        """Added and removed lines in it."""
        return sum(is_change(line) for hunk in self.hunks for line in hunk.lines)

    @property
    def omitted(self) -> int:
        """Added and removed lines that its marks stand for."""
        marks = (_MARK.fullmatch(line) for hunk in self.hunks for line in hunk.lines)
        return sum(int(found[1]) for found in marks if found)


def is_change(line: str) -> bool:
    return line.startswith(("+", "-"))


def section(heading: str, patch: str) -> Section:
    return Section(heading=heading, hunks=tuple(_hunks(patch)))


def _hunks(patch: str) -> Iterator[Hunk]:
    header, lines, number = "", list[str](), 0
    for line in patch.split("\n"):
        if not line.startswith("@@ "):
            lines.append(_bounded(line))
            continue
        if header or lines:
            yield Hunk(header=header, lines=tuple(lines))
        number += 1
        header, lines = f"@@ {number} {_bounded(line)}", []
    yield Hunk(header=header, lines=tuple(lines))


def _bounded(line: str) -> str:
    if line.startswith("…"):
        line = f" {line}"  # no patch of git's has such a line: only a mark of ours begins so
    if len(line) <= LINE_MAX:
        return line
    shown = _UNBROKEN.sub("", line[:LINE_MAX])
    return f"{shown}… {len(line) - len(shown)} characters omitted"


# Shorter, by kind of line


def with_less_context(whole: Section) -> Section:
    """As git shows it with `--unified=1`, and long gaps between changes closed as well."""
    return replace(whole, hunks=tuple(_narrowed(hunk) for hunk in whole.hunks))


def _narrowed(hunk: Hunk) -> Hunk:
    kept = [number for number, line in enumerate(hunk.lines) if not line.startswith(" ")]
    header = _HEADER.search(hunk.header)
    if not kept or header is None:
        return hunk
    first, last = max(kept[0] - CONTEXT, 0), min(kept[-1] + CONTEXT + 1, len(hunk.lines))
    lines = hunk.lines[first:last]
    ranges = " ".join(
        f"{sign}{int(start) + first},{sum(line.startswith((' ', sign)) for line in lines)}"
        for sign, start in (("-", header[1]), ("+", header[2]))
    )
    narrowed = f"{hunk.header[: header.start()]}@@ {ranges} @@{hunk.header[header.end() :]}"
    return Hunk(header=narrowed, lines=tuple(_with_gaps_closed(lines)))


def _with_gaps_closed(lines: Sequence[str]) -> Iterator[str]:
    for unchanged, group in groupby(lines, key=lambda line: line.startswith(" ")):
        run = list(group)
        hidden = len(run) - 2 * CONTEXT
        if unchanged and hidden > 1:
            run[CONTEXT:-CONTEXT] = [f"… {hidden} unchanged lines omitted"]
        yield from run


def with_less_removed(whole: Section) -> Section:
    """Of hunks that only remove lines, the first ones."""
    return replace(whole, hunks=tuple(_shortened(hunk) for hunk in whole.hunks))


def _shortened(hunk: Hunk) -> Hunk:
    removed = sum(line.startswith("-") for line in hunk.lines)
    if removed <= REMOVED + 1 or any(line.startswith("+") for line in hunk.lines):
        return hunk
    seen, lines = 0, list[str]()
    for line in hunk.lines:
        seen += line.startswith("-")
        if seen <= REMOVED or not line.startswith("-"):
            lines.append(line)
        elif seen == REMOVED + 1:
            lines.append(mark(removed - REMOVED))
    return Hunk(header=hunk.header, lines=tuple(lines))


# Shorter, by an end


def mark(changed: int) -> str:
    return f"… {changed} lines omitted"


def cut(whole: Section, room: int) -> Section:
    """As many whole lines as fit into `room` bytes, together with the mark that tells how many changed ones do not."""
    if whole.size <= room:
        return whole
    first, rest = divided(whole, room)
    return first if rest is None else ended(first, rest)


def ended(first: Section, rest: Section) -> Section:
    """The first of two that were divided, with a mark in place of the rest."""
    missing = rest.changed + rest.omitted
    if not missing or not first.hunks:
        return first
    *hunks, last = first.hunks
    return replace(first, hunks=(*hunks, replace(last, lines=(*last.lines, mark(missing)))))


def divided(whole: Section, room: int) -> tuple[Section, Section | None]:
    """What fits into `room` bytes, and a section with what does not; both name the file and their hunks.

    In the first one, there is room for a mark yet.
    """
    if whole.size <= room:
        return whole, None
    room -= size(whole.heading) + size(mark(whole.changed + whole.omitted)) + 2
    kept: list[Hunk] = []
    for number, hunk in enumerate(whole.hunks):
        needed = sum(size(line) + 1 for line in (hunk.header, *hunk.lines) if line)
        if needed <= room:
            kept.append(hunk)
            room -= needed
            continue
        shown = _fitting(hunk, room)
        if shown:
            kept.append(replace(hunk, lines=hunk.lines[:shown]))
        left = replace(hunk, lines=hunk.lines[shown:])
        following = replace(whole, hunks=(left, *whole.hunks[number + 1 :]))
        return replace(whole, hunks=tuple(kept)), following
    return whole, None


def _fitting(hunk: Hunk, room: int) -> int:
    """How many of its lines fit under its header."""
    room -= size(hunk.header) + 1 if hunk.header else 0
    for number, line in enumerate(hunk.lines):
        room -= size(line) + 1
        if room < 0:
            return number
    return len(hunk.lines)
