"""Fits a commit's patches into what a model may read at once, and keeps account of what had to stay out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.model import CommitDiff, FileChange
from bot.core.paths import FileClass, classify, printable

#: A token has at least this many bytes of UTF-8 in 99 of 100 diffs (o200k, 386 commits of a real repository).
BYTES_PER_TOKEN: Final = 2.3
#: Of the budget, what the names of files that stay out may take before patches get theirs.
NAMES_SHARE: Final = 1 / 8

#: By class, in this order; classes that are absent are named only.
_ORDER: Final = {
    FileClass.SOURCE: 0,
    FileClass.API: 0,
    FileClass.MIGRATION: 0,
    FileClass.TEST: 1,
    FileClass.CONFIG: 2,
    FileClass.BUILD: 2,
    FileClass.DEPLOYMENT: 2,
    FileClass.DEPENDENCY: 2,
    FileClass.CI: 2,
    FileClass.EXAMPLE: 3,
    FileClass.DOCS: 3,
}
_NAMES_HEADING: Final = "Changed too, but not shown:"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedDiff:
    text: str
    #: Added and removed lines that `text` contains, of all that the commit has.
    lines_shown: int
    lines_changed: int
    #: Path and reason of every file of which no line is shown.
    omitted: tuple[tuple[str, str], ...]


def tokens(text: str) -> int:
    """An upper bound, whatever the model's tokeniser."""
    return math.ceil(_size(text) / BYTES_PER_TOKEN)


def pack(diff: CommitDiff, budget: int) -> PackedDiff:
    """The patches in at most `budget` tokens: source, tests, configuration, documentation, small files first.

    A file is cut at a line's end, with a mark, where it would take more than half of what is left from those after it.
    """
    room = math.floor(budget * BYTES_PER_TOKEN)
    shown, omitted = _sorted_out(diff)
    sections, unfit = _sections(diff, shown, room - math.floor(room * NAMES_SHARE))
    omitted += [(file.path, "no room left") for file in unfit]
    text = "\n".join(section.text for section in sections)
    text = _with_names(text, diff, omitted, room)
    lines_shown = sum(section.lines for section in sections)
    commit = diff.commit
    return PackedDiff(
        text=text,
        lines_shown=lines_shown,
        lines_changed=max(commit.additions + commit.deletions, lines_shown),
        omitted=tuple(sorted(omitted)),
    )


def _size(text: str) -> int:
    """Bytes of UTF-8, in which half of a surrogate pair would take three."""
    return len(text.encode("utf-8", "surrogatepass"))


def _sorted_out(diff: CommitDiff) -> tuple[list[FileChange], list[tuple[str, str]]]:
    """Files to show, in order, and those that are named only, each with the reason."""
    shown: list[FileChange] = []
    omitted: list[tuple[str, str]] = []
    for file in diff.commit.files:
        reason = _reason_to_omit(file, diff)
        if reason:
            omitted.append((file.path, reason))
        else:
            shown.append(file)
    return sorted(shown, key=lambda file: (_ORDER[classify(file.path)], _size(diff.patches[file.path]))), omitted


def _reason_to_omit(file: FileChange, diff: CommitDiff) -> str:
    file_class = classify(file.path)
    if file.additions is None and file.deletions is None:
        return "binary"
    if file_class not in _ORDER:
        return file_class.value
    if not file.churn:
        return "no line changed"
    return "" if diff.patches.get(file.path) else "no patch available"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    text: str
    #: Added and removed lines in it.
    lines: int


def _sections(diff: CommitDiff, files: Sequence[FileChange], room: int) -> tuple[list[_Section], list[FileChange]]:
    """One section per file, in `room` bytes including a line break after each; and the files without any."""
    whole = [f"{_heading(file)}\n{diff.patches[file.path]}" for file in files]
    needed_after = sum(_size(text) + 1 for text in whole)
    sections: list[_Section] = []
    unfit: list[FileChange] = []
    for file, text in zip(files, whole, strict=True):
        needed_after -= _size(text) + 1
        section = _cut(text, max(room // 2, room - needed_after) - 1)
        if section.lines:
            sections.append(section)
            room -= _size(section.text) + 1
        else:
            unfit.append(file)
    return sections, unfit


def _heading(file: FileChange) -> str:
    moved = f", from {printable(file.previous_path)}" if file.previous_path else ""
    counts = f"+{file.additions or 0} -{file.deletions or 0}"
    return f"=== {printable(file.path)} ({classify(file.path)}, {file.status}{moved}, {counts})"


def _cut(text: str, room: int) -> _Section:
    """As many whole lines as fit into `room` bytes together with the mark that says how many are missing."""
    heading, *lines = text.split("\n")
    if _size(text) <= room:
        return _Section(text=text, lines=_changed(lines))
    room -= _size(heading) + 1 + _size(_mark(len(lines)))
    kept = 0
    for line in lines:
        room -= _size(line) + 1
        if room < 0:
            break
        kept += 1
    marked = [heading, *lines[:kept], _mark(len(lines) - kept)]
    return _Section(text="\n".join(marked), lines=_changed(lines[:kept]))


def _mark(missing: int) -> str:
    return f"… {missing} lines omitted"


def _changed(lines: Sequence[str]) -> int:
    return sum(line.startswith(("+", "-")) for line in lines)


def _with_names(text: str, diff: CommitDiff, omitted: Sequence[tuple[str, str]], room: int) -> str:
    """Appends the names of files that stay out, as many as fit into `room` bytes, and how many more there are."""
    if not omitted:
        return text
    counts = {file.path: file for file in diff.commit.files}
    names = [_heading(counts[path]).removeprefix("=== ") + f": {reason}" for path, reason in omitted]
    room -= _size(f"{text}\n{_NAMES_HEADING}\n{_more(len(names))}")
    if room < 0:
        return text
    kept: list[str] = []
    for name in names:
        room -= _size(name) + 1
        if room < 0:
            break
        kept.append(name)
    missing = [_more(len(names) - len(kept))] if len(kept) < len(names) else []
    return "\n".join([*([text] if text else []), _NAMES_HEADING, *kept, *missing])


def _more(count: int) -> str:
    return f"… and {count} more files"
