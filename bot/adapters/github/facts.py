"""PyGithub's objects as values of the core."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from bot.core.model import Commit, CommitDiff, CommitRef, FileChange, FileStatus, Person

if TYPE_CHECKING:
    from github.Commit import Commit as GitHubCommit
    from github.File import File
    from github.GitAuthor import GitAuthor
    from github.Repository import Repository

# https://docs.github.com/en/rest/commits/commits#get-a-commit
FILES_MAX: Final = 3000
FILES_PER_PAGE: Final = 300
_EMPTY_BLOB: Final = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
_MOVED: Final = (FileStatus.RENAMED, FileStatus.COPIED)


def commit_ref(listed: Mapping[str, Any]) -> CommitRef:
    """From one element of a listing."""
    return CommitRef(
        sha=listed["sha"],
        parents=tuple(parent["sha"] for parent in listed["parents"]),
        committed_at=datetime.fromisoformat(listed["commit"]["committer"]["date"]).astimezone(UTC),
    )


def commit_diff(commit: "GitHubCommit") -> CommitDiff:
    """Costs one request, and another one for every further 300 files."""
    commit.complete()
    files = sorted(islice(commit.files, FILES_MAX), key=lambda file: file.filename)
    return CommitDiff(commit=_commit(commit, files), patches=dict(_patches(files)))


def with_labels(repository: "Repository", diff: CommitDiff) -> CommitDiff:
    """With the labels of the pull request that the subject names; one request."""
    from github import UnknownObjectException

    number = diff.commit.pull_request
    if number is None:
        return diff
    try:
        labels = tuple(label.name for label in repository.get_issue(number).labels)
    except UnknownObjectException:  # somebody wrote a number that is none
        return diff
    return CommitDiff(commit=replace(diff.commit, labels=labels), patches=diff.patches)


def _commit(commit: "GitHubCommit", files: "list[File]") -> Commit:
    said = commit.commit
    return Commit(
        sha=commit.sha,
        parents=tuple(parent.sha for parent in commit.parents),
        author=_person(said.author),
        authored_at=_instant(said.author),
        committer=_person(said.committer),
        committed_at=_instant(said.committer),
        message=said.message.rstrip("\r\n"),
        files=tuple(_file(file) for file in files),
        files_truncated=len(files) == FILES_MAX,
    )


def _person(author: "GitAuthor") -> Person:
    return Person(name=author.name or "", email=author.email or "")


def _instant(author: "GitAuthor") -> datetime:
    return author.date.astimezone(UTC)


def _file(file: "File") -> FileChange:
    status = _status(file.status)
    counted = not _is_binary(file, status)
    return FileChange(
        path=file.filename,
        status=status,
        additions=file.additions if counted else None,
        deletions=file.deletions if counted else None,
        previous_path=file.previous_filename if status in _MOVED else None,
    )


def _status(name: str) -> FileStatus:
    return FileStatus(name) if name in list(FileStatus) else FileStatus.CHANGED


def _is_binary(file: "File", status: FileStatus) -> bool:
    """GitHub counts no lines in a binary file, nor where there are none to count.

    Where nothing but the mode changed it gives no blob (https://github.com/github/rest-api-description/issues/4652).
    Of a file that moved it cannot be told, so that never counts as binary.
    """
    return not (file.changes or file.patch or status in _MOVED or file.sha in (None, "", _EMPTY_BLOB))


def _patches(files: "Iterable[File]") -> Iterator[tuple[str, str]]:
    for file in files:
        if file.patch:
            yield file.filename, file.patch.removesuffix("\n")
