"""Whether two commits make the same change, wherever in the history they stand.

The same as `git patch-id --stable` where nothing but lines of text changed: https://git-scm.com/docs/git-patch-id.
Computed from stored patches, so commits from git and from GitHub compare with each other.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from bot.core.model import CommitDiff, FileChange, FileStatus

_WHITESPACE: Final = b" \t\n\v\f\r"
_HUNK: Final = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_DIGEST_BITS: Final = 160


def patch_id(diff: CommitDiff) -> str | None:
    """40 hexadecimal digits; None where the patches do not tell the whole change (binary or too large files, none)."""
    if diff.commit.files_truncated or not diff.commit.files:
        return None
    if any(file.path not in diff.patches and not _is_bare(file) for file in diff.commit.files):
        return None
    # git adds up the digests of the files, least significant byte first, so that their order does not matter.
    total = sum(int.from_bytes(_digest(file, diff.patches.get(file.path, "")), "little") for file in diff.commit.files)
    return (total % (1 << _DIGEST_BITS)).to_bytes(_DIGEST_BITS // 8, "little").hex()


def _is_bare(file: FileChange) -> bool:
    """Nothing changed but its name, its mode, or that an empty file is there."""
    return file.additions == 0 and file.deletions == 0


def _digest(file: FileChange, patch: str) -> bytes:
    text = "".join((*_header(file, bool(patch)), *_lines(patch)))
    told = text.encode(errors="replace").translate(None, delete=_WHITESPACE)
    return hashlib.sha1(told, usedforsecurity=False).digest()


def _header(file: FileChange, has_hunks: bool) -> Iterator[str]:
    before = file.previous_path or file.path
    yield f"diff --git a/{before} b/{file.path}"
    # Modes are not stored; almost all files have this one.
    if file.status is FileStatus.ADDED:
        yield "new file mode 100644"
    elif file.status is FileStatus.REMOVED:
        yield "deleted file mode 100644"
    elif file.previous_path is not None:
        yield f"{file.status.value} from {before} to {file.path}"
    if has_hunks:
        yield "--- /dev/null" if file.status is FileStatus.ADDED else f"--- a/{before}"
        yield "+++ /dev/null" if file.status is FileStatus.REMOVED else f"+++ b/{file.path}"


def _lines(patch: str) -> Iterator[str]:
    """What is in the hunks, without their headers, which move with what is around them."""
    left = 0
    for line in patch.split("\n"):
        if left == 0 and (hunk := _HUNK.match(line)):
            left = int(hunk[1] or 1) + int(hunk[2] or 1)
        elif not line.startswith("\\"):
            left -= 2 if line[:1] in ("", " ") else 1
            yield line
