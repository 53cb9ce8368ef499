"""The changed files of a commit in GitHub's JSON shape, computed by git.

Source: https://docs.github.com/en/rest/commits/commits#get-a-commit
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.counterparts.histories import git

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
# GitHub leaves out the patch of a file beyond this. Lines and bytes of one file's diff.
# https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
PATCH_LINES_MAX = 20_000
PATCH_BYTES_MAX = 500_000
_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color", "--diff-algorithm=myers")
_DIFF = ("diff-tree", "-r", "--find-renames=50%", *_PLAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    name: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None


def changed_files(path: Path, sha: str) -> list[ChangedFile]:
    """What a commit changes against its first parent, in git's order."""
    base = _first_parent(path, sha)
    raw = _raw(path, base, sha)
    numbers = _numbers(path, base, sha)
    patches = _patches(path, base, sha)
    return [
        ChangedFile(
            name=name,
            previous=previous,
            status=status,
            sha=blob,
            additions=numbers[name][0],
            deletions=numbers[name][1],
            patch=patch,
        )
        for (status, blob, previous, name), patch in zip(raw, patches, strict=True)
    ]


def as_json(file: ChangedFile, *, repo: str, commit: str, base_url: str) -> dict[str, Any]:
    """One entry of `files`. `previous_filename` and `patch` are absent when there is none, as at GitHub."""
    where = quote(file.name)
    shape: dict[str, Any] = {
        "sha": file.sha,
        "filename": file.name,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{base_url}/{repo}/blob/{commit}/{quote(file.name, safe='')}",
        "raw_url": f"{base_url}/{repo}/raw/{commit}/{quote(file.name, safe='')}",
        "contents_url": f"{base_url}/repos/{repo}/contents/{where}?ref={commit}",
    }
    if file.previous is not None:
        shape["previous_filename"] = file.previous
    if file.patch is not None:
        shape["patch"] = file.patch
    return shape


def stats(files: list[ChangedFile]) -> dict[str, int]:
    additions = sum(file.additions for file in files)
    deletions = sum(file.deletions for file in files)
    return {"total": additions + deletions, "additions": additions, "deletions": deletions}


def whole_diff(path: Path, sha: str) -> bytes:
    """The answer to `Accept: application/vnd.github.diff`."""
    return git(path, *_DIFF, "-p", "--full-index", _first_parent(path, sha), sha)


def etag(body: bytes) -> str:
    return f'W/"{hashlib.sha256(body).hexdigest()}"'


def _first_parent(path: Path, sha: str) -> str:
    parents = git(path, "rev-list", "--parents", "-n", "1", sha).decode().split()[1:]
    return parents[0] if parents else EMPTY_TREE


def _raw(path: Path, base: str, sha: str) -> list[tuple[str, str, str | None, str]]:
    """(status, blob sha, previous name, name) of each file."""
    fields = iter(git(path, *_DIFF, "--raw", "--abbrev=40", "-z", base, sha).decode(errors="replace").split("\0"))
    found: list[tuple[str, str, str | None, str]] = []
    for header in fields:
        if not header:
            break
        _, _, old, new, letter = header.split()
        previous = next(fields) if letter[0] in "RC" else None
        found.append((_STATUS[letter[0]], old if letter[0] == "D" else new, previous, next(fields)))
    return found


def _numbers(path: Path, base: str, sha: str) -> dict[str, tuple[int, int]]:
    """Additions and deletions by file name; none for a binary file."""
    fields = iter(git(path, *_DIFF, "--numstat", "-z", base, sha).decode(errors="replace").split("\0"))
    found: dict[str, tuple[int, int]] = {}
    for header in fields:
        if not header:
            break
        added, deleted, name = header.split("\t", 2)
        if not name:  # a rename: the two names follow
            next(fields)
            name = next(fields)
        found[name] = (0, 0) if added == "-" else (int(added), int(deleted))
    return found


def _patches(path: Path, base: str, sha: str) -> list[str | None]:
    """The text of each file from its first `@@`, without the last line end; None where there is none."""
    text = git(path, *_DIFF, "-p", base, sha)
    files: list[list[bytes]] = []
    for line in text.split(b"\n"):
        if line.startswith(b"diff --git "):
            files.append([])
        if files:
            files[-1].append(line)
    return [_patch(lines) for lines in files]


def _patch(lines: list[bytes]) -> str | None:
    first = next((number for number, line in enumerate(lines) if line.startswith(b"@@ ")), None)
    if first is None:
        return None
    hunks = lines[first:]
    patch = b"\n".join(hunks).removesuffix(b"\n")
    if len(hunks) > PATCH_LINES_MAX or len(patch) > PATCH_BYTES_MAX:
        return None
    return patch.decode(errors="replace")
