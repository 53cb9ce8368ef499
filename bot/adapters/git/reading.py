"""Commits with their patches, from three git commands that run side by side and answer in the same order."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Final

from bot.adapters.git.commands import GitFailed, Output, Streams
from bot.core.model import Commit, CommitDiff, FileChange, FileStatus, Person

# One file's diff, as GitHub: https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
PATCH_BYTES_MAX: Final = 500_000
PATCH_LINES_MAX: Final = 20_000
COMMIT_PATCHES_BYTES_MAX: Final = 4_000_000  # ours: what one commit may hold in memory and in the database
LINE_MAX: Final = 1 << 20  # bytes of a line that are looked at in one piece

#: A merge is compared with its first parent, the root with nothing.
COMPARISON: Final = ("diff-tree", "--stdin", "-r", "--root", "--always", "--diff-merges=first-parent")
DIFF_OPTIONS: Final = (
    *COMPARISON,
    "--find-renames=50%",
    "-l1000",
    "--diff-algorithm=myers",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--ignore-submodules=none",
    "--submodule=short",
)
_METADATA: Final = "%H%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B"
_METADATA_FIELDS: Final = 9
_HUNK_LINES: Final = frozenset({b" ", b"+", b"-", b"@", b"\\"})
_SHA_LINE: Final = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\n")
_LAST_SECOND: Final = int(datetime.max.replace(tzinfo=UTC).timestamp()) - 1
_STATUS: Final = {
    "A": FileStatus.ADDED,
    "D": FileStatus.REMOVED,
    "M": FileStatus.MODIFIED,
    "R": FileStatus.RENAMED,
    "C": FileStatus.COPIED,
    "T": FileStatus.CHANGED,  # a file became a link, or the like
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RawChange:
    """One entry of `--raw`: https://git-scm.com/docs/diff-format"""

    path: str
    status: FileStatus
    previous_path: str | None
    blobs: tuple[str, ...]


def read_diffs(streams: Streams, shas: Sequence[str], *, without: Sequence[RawChange] = ()) -> Iterator[CommitDiff]:
    """These commits, in this order, without looking into the files in `without`. Raises GitFailed."""
    paths = ("--", ".", *(f":(exclude,literal,top){change.path}" for change in without)) if without else ()
    metadata = streams.open("log", "--no-walk=unsorted", "--stdin", "-z", f"--format={_METADATA}", given=shas).fields()
    changes = streams.open(*DIFF_OPTIONS, "--raw", "-z", "--no-abbrev", *paths, given=shas).fields()
    patches = _Patches(streams.open(*DIFF_OPTIONS, "--unified=3", *paths, given=shas))
    unread = [_file(change, _BINARY) for change in without]
    for commit, (sha, changed) in zip(_commits(metadata, shas), raw_changes(changes, shas), strict=True):
        contents = patches.of(sha, changed)
        files = [_file(change, content) for change, content in zip(changed, contents, strict=True)]
        found = {change.path: content.text for change, content in zip(changed, contents, strict=True) if content.text}
        yield CommitDiff(commit=_with_files(commit, [*files, *unread]), patches=found)


def _with_files(commit: Commit, files: Iterable[FileChange]) -> Commit:
    return Commit(
        sha=commit.sha,
        parents=commit.parents,
        author=commit.author,
        authored_at=commit.authored_at,
        committer=commit.committer,
        committed_at=commit.committed_at,
        message=commit.message,
        files=tuple(sorted(files, key=lambda file: file.path)),
    )


# Who, when, and why


def _commits(fields: Iterator[bytes], shas: Sequence[str]) -> Iterator[Commit]:
    for sha in shas:
        record = [field.decode(errors="replace") for field in islice(fields, _METADATA_FIELDS)]
        if len(record) < _METADATA_FIELDS or record[0] != sha:
            raise GitFailed(f"expected the commit {sha}")
        yield _commit(record)


def _commit(record: Sequence[str]) -> Commit:
    sha, parents, author, author_email, authored_at, committer, committer_email, committed_at, message = record
    return Commit(
        sha=sha,
        parents=tuple(parents.split()),
        author=Person(name=author, email=author_email),
        authored_at=instant(authored_at),
        committer=Person(name=committer, email=committer_email),
        committed_at=instant(committed_at),
        message=message.rstrip("\r\n"),
    )


def instant(epoch: str) -> datetime:
    """Seconds since 1970 in UTC. Anybody can write any number into a commit, or none."""
    return datetime.fromtimestamp(min(int(epoch or 0), _LAST_SECOND), UTC)


# Which files


def raw_changes(fields: Iterator[bytes], shas: Sequence[str]) -> Iterator[tuple[str, list[RawChange]]]:
    """What `--raw -z` says of each commit."""
    field = next(fields, b"")
    for sha in shas:
        if field != sha.encode():
            raise GitFailed(f"expected the changes of {sha}")
        changes: list[RawChange] = []
        while (field := next(fields, b"")).startswith(b":"):
            changes.append(_raw_change(field.decode(), fields))
        yield sha, changes


def _raw_change(header: str, fields: Iterator[bytes]) -> RawChange:
    old_mode, new_mode, old, new, letter = header[1:].split()
    submodule = "160000"
    previous = _path(fields) if letter[0] in "RC" else None
    sides = ((old_mode, old), (new_mode, new))
    return RawChange(
        path=_path(fields),
        status=_STATUS.get(letter[0], FileStatus.CHANGED),
        previous_path=previous,
        blobs=tuple(sha for mode, sha in sides if mode != submodule and sha.strip("0")),
    )


def _path(fields: Iterator[bytes]) -> str:
    return next(fields).decode(errors="replace")


# What changed in them


@dataclass(slots=True)
class _Content:
    """What a patch says of one file."""

    added: int = 0
    deleted: int = 0
    is_binary: bool = False
    text: str = ""


_BINARY: Final = _Content(is_binary=True)


def _file(change: RawChange, content: _Content) -> FileChange:
    # Of a file that moved, GitHub does not tell whether it is binary, so we do not either.
    countless = content.is_binary and change.status not in (FileStatus.RENAMED, FileStatus.COPIED)
    return FileChange(
        path=change.path,
        status=change.status,
        additions=None if countless else content.added,
        deletions=None if countless else content.deleted,
        previous_path=change.previous_path,
    )


class _Patches:
    """The output of `--unified`, read line by line: what is over a limit is counted and dropped."""

    def __init__(self, output: Output) -> None:
        self._next: Callable[[], bytes] = partial(output.line, LINE_MAX)
        self._line = self._next()

    def of(self, sha: str, changes: Sequence[RawChange]) -> list[_Content]:
        """What this commit changes in each of its files, in their order."""
        if self._line != f"{sha}\n".encode():
            raise GitFailed(f"expected the patches of {sha}")
        self._line = self._next()
        left = COMMIT_PATCHES_BYTES_MAX
        contents: list[_Content] = []
        for change in changes:
            content, patch = self._content(change)
            if len(patch) <= left:
                left -= len(patch)
                content.text = patch.removesuffix(b"\n").decode(errors="replace")
            contents.append(content)
        return contents

    def _content(self, change: RawChange) -> tuple[_Content, bytes]:
        """Counts and patch of one file, of which a change of type has two: one that goes and one that comes."""
        content = _Content()
        sections = 2 if change.status is FileStatus.CHANGED else 1
        return content, b"".join(self._section(content) for _ in range(sections))

    def _section(self, content: _Content) -> bytes:
        if not self._line.startswith(b"diff --git "):
            raise GitFailed("expected the patch of a file")
        self._line = self._next()
        while self._line and not self._line.startswith((b"@@", b"diff --git ")) and not _SHA_LINE.fullmatch(self._line):
            content.is_binary |= self._line.startswith(b"Binary files ")
            self._line = self._next()
        return self._hunks(content)

    def _hunks(self, content: _Content) -> bytes:
        kept: list[bytes] = []
        size = lines = 0
        line = self._line
        while (kind := line[:1]) in _HUNK_LINES:
            lines += 1
            content.added += kind == b"+"
            content.deleted += kind == b"-"
            size += len(line)
            if size <= PATCH_BYTES_MAX:
                kept.append(line)
            while line and not line.endswith(b"\n"):
                line = self._next()
                size += len(line)
                if size <= PATCH_BYTES_MAX:
                    kept.append(line)
            line = self._next()
        self._line = line
        return b"".join(kept) if size <= PATCH_BYTES_MAX and lines <= PATCH_LINES_MAX else b""
