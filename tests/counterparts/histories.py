"""Real local git histories: written by the tests, read for what the emulated GitHub cannot tell.

Everything goes through the git CLI with no configuration of the machine, so a history has the same SHAs everywhere.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}
# Where `git commit` ends a message; the emulated GitHub knows no other form.
_LINE_END = "\n"


def git(path: Path, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
    """What `git` prints. Raises RuntimeError with its complaint."""
    done = subprocess.run(
        ["git", "-C", str(path), *arguments],
        input=given,
        env={**_surroundings(), **_ENVIRONMENT, **(env or {})},
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def _surroundings() -> dict[str, str]:
    # A git hook that runs the tests would point at its own repository.
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    name: str = "Ada Lovelace"
    email: str = "ada@example.com"


@dataclass(frozen=True, slots=True)
class History:
    """A git repository of a test, in an empty or new folder: `History.start(tmp_path / "repo")`."""

    path: Path
    branch: str = "main"
    author: Person = field(default_factory=Person)

    @classmethod
    def start(cls, path: Path, branch: str = "main") -> "History":
        path.mkdir(parents=True, exist_ok=True)
        git(path, "init", "--quiet", f"--initial-branch={branch}")
        return cls(path, branch)

    def commit(
        self,
        message: str,
        files: Mapping[str, str | bytes | None],
        *,
        at: datetime,
        authored: datetime | None = None,
        author: Person | None = None,
        committer: Person | None = None,
    ) -> str:
        """The SHA of a new commit on the current branch. A file of None is deleted; no files make an empty commit.

        `at` is the committer's date and, without `authored`, the author's; both keep their offset.
        """
        for name, content in files.items():
            self._put(name, content)
        git(self.path, "add", "--all")
        git(
            self.path,
            *("commit", "--quiet", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--file=-"),
            given=f"{message.removesuffix(_LINE_END)}{_LINE_END}".encode(),
            env=self._identity(author or self.author, committer or author or self.author, authored or at, at),
        )
        return self.head()

    def rename(self, old: str, new: str) -> None:
        """Move a file, as part of the next commit."""
        (self.path / new).parent.mkdir(parents=True, exist_ok=True)
        git(self.path, "mv", old, new)

    def checkout(self, branch: str, *, create: bool = False) -> None:
        git(self.path, "checkout", "--quiet", *(["-b"] if create else []), branch)

    def merge(self, branch: str, message: str, *, at: datetime, author: Person | None = None) -> str:
        """The SHA of a merge commit whose first parent is the current branch."""
        person = author or self.author
        git(
            self.path,
            *("merge", "--quiet", "--no-ff", "-m", message, branch),
            env=self._identity(person, person, at, at),
        )
        return self.head()

    def head(self) -> str:
        return git(self.path, "rev-parse", "HEAD").decode().strip()

    def _put(self, name: str, content: str | bytes | None) -> None:
        file = self.path / name
        if content is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    @staticmethod
    def _identity(author: Person, committer: Person, authored: datetime, committed: datetime) -> dict[str, str]:
        return {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": authored.isoformat(),
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": committed.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GitObject:
    """One object of the repository, as git stores it."""

    sha: str
    kind: str
    content: bytes


def objects(path: Path, branch: str) -> list[GitObject]:
    """Everything reachable from a branch, whatever refers to an object after it: blobs, trees, commits."""
    listed = git(path, "rev-list", "--objects", "--no-object-names", "--reverse", "--topo-order", branch, "--")
    found = _read(path, listed.decode().split())
    commits = [item for item in found if item.kind == "commit"]
    return [*(item for item in found if item.kind == "blob"), *_children_first(found), *commits]


def tree_entries(tree: GitObject) -> list[tuple[str, str, str]]:
    """(mode, name, sha) of each entry; the mode has six digits."""
    entries: list[tuple[str, str, str]] = []
    rest = tree.content
    while rest:
        mode, rest = rest.split(b" ", 1)
        name, rest = rest.split(b"\0", 1)
        entries.append((mode.decode().zfill(6), name.decode(), rest[:20].hex()))
        rest = rest[20:]
    return entries


def order(path: Path, start: str) -> list[str]:
    """The SHAs that a commit listing shows, newest first: git's own order from a commit or branch."""
    return git(path, "rev-list", start, "--").decode().split()


def _read(path: Path, shas: Sequence[str]) -> list[GitObject]:
    rest = git(path, "cat-file", "--batch", given="\n".join(shas).encode() + b"\n")
    found: list[GitObject] = []
    while rest:
        header, rest = rest.split(b"\n", 1)
        sha, kind, size = header.decode().split()
        found.append(GitObject(sha=sha, kind=kind, content=rest[: int(size)]))
        rest = rest[int(size) + 1 :]
    return found


def _children_first(found: Sequence[GitObject]) -> list[GitObject]:
    waiting = {item.sha: item for item in found if item.kind == "tree"}
    placed: list[GitObject] = []

    def place(sha: str) -> None:
        tree = waiting.pop(sha, None)
        if tree is None:
            return
        for mode, _, child in tree_entries(tree):
            if mode == "040000":
                place(child)
        placed.append(tree)

    for sha in list(waiting):
        place(sha)
    return placed
