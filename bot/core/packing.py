"""Fits a commit's patches into what a model may read at once, and keeps account of what had to stay out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.core.attributes import NONE, Attributes
from bot.core.facts import PRODUCT
from bot.core.model import CommitDiff, FileChange
from bot.core.paths import FileClass, printable
from bot.core.redaction import redact
from bot.core.tokens import BYTES_PER_TOKEN, size
from bot.core.trimming import Section, cut, divided, ended, section, with_less_context, with_less_removed

#: Of a budget, what the names of files that stay out may take before patches get theirs.
NAMES_SHARE: Final = 1 / 8
#: How often a commit is asked about at most. Only source lines are worth more than one question.
PARTS_MAX: Final = 12
#: Of a budget, what tests, settings and documentation get at least when source alone would fill it.
OTHERS_SHARE: Final = 1 / 4
#: Times what can be shown, how much is looked through for secrets: files beyond have no room anyway.
LOOKED_THROUGH: Final = 2

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
#: Bytes that a file takes twice where it is divided: its heading, that of a hunk, and room for a mark.
_DIVISION: Final = 250
_NAMES_HEADING: Final = "Changed too, but not shown:"
NO_ROOM: Final = "no room left"
NO_PATCH: Final = "no patch available"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedDiff:
    """What one question carries."""

    text: str
    #: Added and removed lines that `text` contains, of all that the commit has.
    lines_shown: int
    lines_changed: int
    #: Path and reason of every file of the commit of which no line is shown, in this part or in another.
    omitted: tuple[tuple[str, str], ...]
    #: Secrets that marks stand for.
    redactions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A commit as one question, or as several whose answers become one."""

    #: At least one, each within the budget; files of one folder stand together.
    parts: tuple[PackedDiff, ...]
    #: Added and removed lines that all parts contain, of all that the commit has.
    lines_shown: int
    lines_changed: int
    #: The same of source, API and migrations alone.
    source_lines_shown: int
    source_lines_changed: int
    #: Of these, how many are in files without a patch, because they are over the source's limits.
    source_lines_unreadable: int
    #: Path and reason of every file of which no line is shown.
    omitted: tuple[tuple[str, str], ...]
    redactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    change: FileChange
    file_class: FileClass
    section: Section
    redactions: int = 0

    @property
    def is_source(self) -> bool:
        return self.file_class in PRODUCT


def plan(
    diff: CommitDiff, *, budget: int, bytes_per_token: float = BYTES_PER_TOKEN, attributes: Attributes = NONE
) -> Plan:
    """The patches in parts of at most `budget` tokens, without secrets.

    What fits into one part is shown whole. Else unchanged lines go first; source gets as many parts as it needs, and
    tests, settings and documentation, in this order, what is left. Where source needs more than PARTS_MAX, lines that
    were only removed are shortened, and the largest files are cut. Takes seconds for megabytes: call it in a thread.
    """
    room = math.floor(budget * bytes_per_token)
    classes = {file.path: attributes.classify(file.path) for file in diff.commit.files}
    named = [(file, reason) for file in diff.commit.files if (reason := _reason_to_omit(file, classes, diff))]
    apart = {file.path for file, _ in named}
    readable = [file for file in diff.commit.files if file.path not in apart]
    files, unread = _read(diff, readable, classes, room)
    names_room = math.floor(room * NAMES_SHARE) if named or unread else 0

    shared = _distributed(files, room, names_room)
    shown = {file.change.path for part in shared for file in part}
    unfit = [*unread, *(file.change for file in files if file.change.path not in shown)]
    named = sorted([*named, *((file, NO_ROOM) for file in unfit)], key=lambda pair: pair[0].path)
    return _plan(diff, classes, shared, named, room)


def _plan(
    diff: CommitDiff,
    classes: dict[str, FileClass],
    shared: Sequence[Sequence[_File]],
    named: Sequence[tuple[FileChange, str]],
    room: int,
) -> Plan:
    commit = diff.commit
    changed = max(commit.additions + commit.deletions, _lines(shared))
    source = {file.path: file.churn for file in commit.files if classes[file.path] in PRODUCT}
    omitted = tuple((file.path, reason) for file, reason in named)
    names = [f"{_about(file, classes[file.path])}: {reason}" for file, reason in named]
    parts: list[PackedDiff] = []
    for number, files in enumerate(shared):
        text = "\n".join(file.section.text for file in files)
        parts.append(
            PackedDiff(
                text=text if number else _with_names(text, names, room),
                lines_shown=_lines([files]),
                lines_changed=changed,
                omitted=omitted,
                redactions=sum(file.redactions for file in files),
            )
        )
    source_shown = _lines([[file for file in files if file.is_source] for files in shared])
    return Plan(
        parts=tuple(parts),
        lines_shown=_lines(shared),
        lines_changed=changed,
        source_lines_shown=source_shown,
        source_lines_changed=max(sum(source.values()), source_shown),
        source_lines_unreadable=sum(source.get(path, 0) for path, reason in omitted if reason == NO_PATCH),
        omitted=omitted,
        redactions=sum(part.redactions for part in parts),
    )


def _lines(shared: Iterable[Iterable[_File]]) -> int:
    return sum(file.section.changed for files in shared for file in files)


# What to read


def _reason_to_omit(file: FileChange, classes: dict[str, FileClass], diff: CommitDiff) -> str:
    if file.additions is None and file.deletions is None:
        return "binary"
    if classes[file.path] not in _ORDER:
        return classes[file.path].value
    if not file.churn:
        return "no line changed"
    return "" if diff.patches.get(file.path) else NO_PATCH


def _read(
    diff: CommitDiff, changes: Sequence[FileChange], classes: dict[str, FileClass], room: int
) -> tuple[list[_File], list[FileChange]]:
    """The files in the order of their worth, small before large, and those beyond anything that could be shown."""
    ordered = sorted(changes, key=lambda file: (_ORDER[classes[file.path]], size(diff.patches[file.path])))
    most = {True: room * PARTS_MAX, False: room}  # that a file could ever get
    left = {is_source: most[is_source] * LOOKED_THROUGH for is_source in most}
    files: list[_File] = []
    unread: list[FileChange] = []
    for change in ordered:
        patch = diff.patches[change.path]
        is_source = classes[change.path] in PRODUCT
        if left[is_source] <= 0:
            unread.append(change)
            continue
        left[is_source] -= min(size(patch), most[is_source] // 2)
        heading = f"=== {_about(change, classes[change.path])}"
        files.append(_file(change, classes[change.path], heading, patch, most[is_source]))
    return files, unread


def _file(change: FileChange, file_class: FileClass, heading: str, patch: str, most: int) -> _File:
    """What is beyond `most` characters can never be shown, so that nobody needs to look for secrets in it."""
    end = patch.find("\n", most) if len(patch) > most else -1
    redacted = redact(patch if end < 0 else patch[:end])
    whole = section(heading, redacted.text)
    if end >= 0:
        whole = ended(whole, section("", patch[end + 1 :]))
    return _File(change=change, file_class=file_class, section=whole, redactions=redacted.count)


def _about(file: FileChange, file_class: FileClass) -> str:
    moved = f", from {printable(file.previous_path)}" if file.previous_path else ""
    counts = f"+{file.additions or 0} -{file.deletions or 0}"
    return f"{printable(file.path)} ({file_class}, {file.status}{moved}, {counts})"


# Into parts


def _distributed(files: Sequence[_File], room: int, names_room: int) -> list[list[_File]]:
    """The files in at least one part of `room` bytes each, of which the first leaves some to names."""
    if _size(files) <= room - names_room:
        return [list(files)]
    files = [replace(file, section=with_less_context(file.section)) for file in files]
    parts = _in_parts([file for file in files if file.is_source], room, names_room)
    others = [file for file in files if not file.is_source]
    left = [room - _size(part) for part in parts]
    left[0] -= names_room
    if others and 1 < len(parts) < PARTS_MAX and sum(left) < room * OTHERS_SHARE:
        parts.append([])
        left.append(math.floor(room * OTHERS_SHARE))
    for part, free in zip(parts, left, strict=True):
        placed = _squeezed(others, free)
        part += placed
        done = {file.change.path for file in placed}
        others = [file for file in others if file.change.path not in done]
    return parts


def _in_parts(files: Sequence[_File], room: int, names_room: int) -> list[list[_File]]:
    """In the order of their paths, divided where a part ends unless little room is left in it."""
    capacity = (room - _DIVISION) * PARTS_MAX - names_room
    if _size(files) > capacity:
        shorter = [replace(file, section=with_less_removed(file.section)) for file in files]
        files = _squeezed(sorted(shorter, key=lambda file: file.section.size), capacity)
    parts: list[list[_File]] = [[]]
    free = room - names_room
    for file in sorted(files, key=lambda file: file.change.path):
        left: _File | None = file
        while left is not None:
            is_last = len(parts) == PARTS_MAX
            fits_later = free < room * OTHERS_SHARE and left.section.size <= room and not is_last
            if fits_later and left.section.size > free:
                placed = None
            else:
                placed, left = _placed(left, free, is_last)
            if placed is not None:
                parts[-1].append(placed)
                free -= placed.section.size
            elif not parts[-1]:
                if left is not None and left is not file:
                    parts[-2][-1] = replace(parts[-2][-1], section=ended(parts[-2][-1].section, left.section))
                break  # a line that is too long even for a part of its own
            if left is not None:
                parts.append([])
                free = room
    return [part for number, part in enumerate(parts) if part or not number]


def _placed(file: _File, free: int, is_last: bool) -> tuple[_File | None, _File | None]:
    """What of the file stands in `free` bytes, and what is left to the next part."""
    if is_last:
        first, rest = cut(file.section, free), None
    else:
        first, rest = divided(file.section, free)
    if not first.changed and rest is not None:
        return None, file
    following = None if rest is None else replace(file, section=rest, redactions=0)
    return (replace(file, section=first) if first.changed else None), following


def _squeezed(files: Sequence[_File], room: int) -> list[_File]:
    """In this order; one that would take more than half of what is left from those after it is shortened, then cut."""
    needed_after = _size(files)
    kept: list[_File] = []
    for file in files:
        needed_after -= file.section.size
        allowed = max(room // 2, room - needed_after)
        fitting = cut(file.section if file.section.size <= allowed else with_less_removed(file.section), allowed)
        if fitting.changed:
            kept.append(replace(file, section=fitting))
            room -= fitting.size
    return kept


def _size(files: Iterable[_File]) -> int:
    return sum(file.section.size for file in files)


# Names of the rest


def _with_names(text: str, names: Sequence[str], room: int) -> str:
    """Appends the names of files that stay out, as many as fit into `room` bytes, and how many more there are."""
    if not names:
        return text
    room -= size(f"{text}\n{_NAMES_HEADING}\n{_more(len(names))}")
    if room < 0:
        return text
    kept: list[str] = []
    for name in names:
        room -= size(name) + 1
        if room < 0:
            break
        kept.append(name)
    missing = [_more(len(names) - len(kept))] if len(kept) < len(names) else []
    return "\n".join([*([text] if text else []), _NAMES_HEADING, *kept, *missing])


def _more(count: int) -> str:
    return f"… and {count} more files"
