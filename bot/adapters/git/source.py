"""The port CommitSource, by the git command line."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.adapters.git.branches import branches_since, commits_around, heads
from bot.adapters.git.clones import Clone, Clones
from bot.adapters.git.commands import Git, GitFailed, Streams
from bot.adapters.git.failures import explained
from bot.adapters.git.presence import LOOKUP_TIMEOUT, lines, present, unknown_commit
from bot.adapters.git.reading import COMPARISON, RawChange, instant, raw_changes, read_diffs
from bot.core.days import Window
from bot.core.errors import NotFound, SourceRefused, SourceUnavailable
from bot.core.language import _
from bot.core.model import CommitDiff, History, Repo
from bot.core.ports import BranchListing, DayListing, RepositoryInfo

OLDEST_GIT: Final = (2, 37)  # --since-as-filter
DOWNLOAD_TIMEOUT: Final = 900  # seconds
_SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MISSING_BLOB: Final = re.compile(r"unable to read [0-9a-f]{40}")
_UNKNOWN_TO_HOST: Final = re.compile(r"not our ref ([0-9a-f]{40})")
_UNREADABLE_FILES_MAX: Final = 100  # in one commit; a clone that lacks more is broken


class GitSource:
    """Commits as git tells them. `patience` is how long git may stay silent while a commit is awaited."""

    def __init__(self, clones: Clones, *, patience: timedelta = timedelta(minutes=5)) -> None:
        self._clones = clones
        self._patience = patience.total_seconds()
        self._checked = False

    async def check(self) -> None:
        """Raises SourceUnavailable if git is missing or too old."""
        if self._checked:
            return
        with explained(_("its own version")):
            output = await self._clones.git.run("version")
        found = re.search(rb"(\d+)\.(\d+)", output)
        if found is None or (int(found[1]), int(found[2])) < OLDEST_GIT:
            raise SourceUnavailable(
                _(
                    "git {oldest} or newer is needed, and this is {found}.",
                    oldest=".".join(map(str, OLDEST_GIT)),
                    found=output.decode().strip(),
                )
            )
        self._checked = True

    async def list(self, repo: Repo, window: Window) -> DayListing:
        await self.check()
        clone = await self._clones.updated(repo)
        with explained(clone.name, credentials=clone.credentials):
            refs = [ref for ref in await commits_around(clone, repo, window) if ref.committed_at in window]
        refs.sort(key=lambda ref: ref.committed_at, reverse=True)
        return DayListing(commits=tuple(refs), as_of=clone.as_of)

    async def recent(self, repo: Repo, since: datetime, tip: str | None) -> BranchListing:
        await self.check()
        clone = await self._clones.updated(repo)
        with explained(clone.name, credentials=clone.credentials):
            return await branches_since(clone, repo, since, tip)

    async def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """Raises NotFound as well, for a commit that the repository does not have."""
        await self.check()
        wanted = list(dict.fromkeys(shas))
        if not wanted:
            return
        for sha in wanted:
            if not _SHA.fullmatch(sha):
                raise _unknown(repo, sha)
        clone = await self._clones.present(repo)
        with explained(clone.name, credentials=clone.credentials):
            clone = await self._with_commits(repo, clone, wanted)
            complete = not clone.partial or await _download(clone.git, wanted)
            read = self._streamed if complete else self._read_around_gaps
            async for diff in read(clone.git, wanted):
                yield diff

    async def paths(self, repo: Repo, sha: str) -> frozenset[str]:
        await self.check()
        if not _SHA.fullmatch(sha):
            raise _unknown(repo, sha)
        clone = await self._clones.present(repo)
        with explained(clone.name, credentials=clone.credentials):
            clone = await self._with_commits(repo, clone, [sha])
            # Trees are in a partial clone too, so nothing is downloaded for their names.
            options = ("-r", "-z", "--name-only", "--full-tree")
            output = await clone.git.run("ls-tree", *options, sha, timeout=LOOKUP_TIMEOUT)
        return frozenset(path.decode(errors="replace") for path in output.split(b"\0") if path)

    async def file(self, repo: Repo, sha: str, path: str) -> str | None:
        if path not in await self.paths(repo, sha):
            return None
        clone = await self._clones.present(repo)
        with explained(clone.name, credentials=clone.credentials):
            output = await clone.git.run("cat-file", "blob", f"{sha}:{path}", timeout=LOOKUP_TIMEOUT)
        return output.decode(errors="replace")

    async def history(self, repo: Repo) -> History | None:
        await self.check()
        clone = await self._clones.updated(repo)
        with explained(clone.name, credentials=clone.credentials):
            newest = set((await heads(clone, repo)).values())
            if not newest:
                return None
            seconds = [int(line or 0) for line in (await clone.git.run("log", "--format=%ct", *newest)).splitlines()]
        return History(first=instant(str(min(seconds))), last=instant(str(max(seconds))))

    async def is_public(self, repo: Repo) -> bool | None:
        return True if (await self._clones.present(repo)).is_public else None

    async def repositories(self, owner: str) -> Sequence[RepositoryInfo]:
        """Raises SourceRefused: git knows repositories by their names only."""
        text = _("Which repositories {owner} has can be found out from GitHub only, not from a clone.", owner=owner)
        raise SourceRefused(text)

    async def _with_commits(self, repo: Repo, clone: Clone, shas: Sequence[str]) -> Clone:
        """The clone, updated if it does not know all of these commits. Raises NotFound."""
        if await unknown_commit(clone.git, shas) is None:
            return clone
        clone = await self._clones.updated(repo)
        unknown = await unknown_commit(clone.git, shas)
        if unknown is not None:
            raise _unknown(repo, unknown)
        return clone

    async def _streamed(self, git: Git, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        done: set[str] = set()
        try:
            async for diff in self._read(git, shas):
                done.add(diff.commit.sha)
                yield diff
        except GitFailed as failure:
            if not _MISSING_BLOB.search(failure.stderr):
                raise
        else:
            return
        async for diff in self._read_around_gaps(git, [sha for sha in shas if sha not in done]):
            yield diff

    async def _read_around_gaps(self, git: Git, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """These commits from a clone that lacks blobs; of a file that lacks one, only its name and status are known."""
        gaps = await _gaps(git, shas)
        async for diff in self._read(git, [sha for sha in shas if sha not in gaps]):
            yield diff
        for sha, unreadable in gaps.items():
            async for diff in self._read(git, [sha], without=unreadable):
                yield diff

    async def _read(
        self, git: Git, shas: Sequence[str], *, without: Sequence[RawChange] = ()
    ) -> AsyncIterator[CommitDiff]:
        if not shas:
            return
        with Streams(git, patience=self._patience) as streams:
            async for diff in _in_thread(read_diffs(streams, shas, without=without), streams.kill):
                yield diff


def _unknown(repo: Repo, sha: str) -> NotFound:
    return NotFound(_("{repo} has no commit {sha}.", repo=repo.whole, sha=sha[:64]))


# What is there


async def _changes(git: Git, shas: Sequence[str]) -> dict[str, list[RawChange]]:
    """What the commits change, as their trees tell: no blob is needed for this."""
    options = ("--raw", "-z", "--no-abbrev", "--no-renames")
    output = await git.run(*COMPARISON, *options, given=lines(shas), timeout=LOOKUP_TIMEOUT)
    return dict(raw_changes(iter(output.split(b"\0")), shas))


async def _lacking(git: Git, changes: dict[str, list[RawChange]]) -> set[str]:
    """The blobs of these changes that the clone lacks."""
    blobs = {blob for changed in changes.values() for change in changed for blob in change.blobs}
    return blobs - set(await present(git, sorted(blobs), walk="--objects"))


async def _gaps(git: Git, shas: Sequence[str]) -> dict[str, list[RawChange]]:
    """The files of these commits that cannot be read. Raises GitFailed if there are too many in one commit."""
    changes = await _changes(git, shas)
    lacking = await _lacking(git, changes)
    unreadable = {
        sha: [change for change in changed if not lacking.isdisjoint(change.blobs)] for sha, changed in changes.items()
    }
    if any(len(files) > _UNREADABLE_FILES_MAX for files in unreadable.values()):
        raise GitFailed("the clone lacks too many objects")
    return {sha: files for sha, files in unreadable.items() if files}


async def _download(git: Git, shas: Sequence[str]) -> bool:
    """Fetches in one go the blobs these commits need; git by itself would ask once for every commit.

    Returns whether the host had them all.
    """
    wanted = await _lacking(git, await _changes(git, shas))
    refused = 0
    while wanted:
        unknown = await _fetch_blobs(git, sorted(wanted))
        if unknown is None:
            break
        refused += 1
        wanted.discard(unknown)
        if refused > _UNREADABLE_FILES_MAX:
            raise GitFailed("the host lacks too many objects")
    return not refused


async def _fetch_blobs(git: Git, blobs: Sequence[str]) -> str | None:
    """Fetches all of them, or none because the host does not have the one that is returned."""
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--filter=blob:none", "--stdin")
    git = git.configured({"fetch.negotiationAlgorithm": "noop", "gc.auto": "0", "maintenance.auto": "false"})
    try:
        await git.run("fetch", *options, "origin", given=lines(blobs), timeout=DOWNLOAD_TIMEOUT)
    except GitFailed as failure:
        unknown = _UNKNOWN_TO_HOST.search(failure.stderr)
        if unknown is None or unknown[1] not in blobs:
            raise
        return unknown[1]
    return None


# Threads


async def _in_thread(diffs: Iterator[CommitDiff], abort: Callable[[], None]) -> AsyncIterator[CommitDiff]:
    """What `diffs` yields, each made in a thread when it is asked for, so only one is in memory.

    `abort` makes a step that is under way end soon.
    """
    while True:
        step = asyncio.ensure_future(asyncio.to_thread(next, diffs, None))
        try:
            diff = await asyncio.shield(step)
        except asyncio.CancelledError:
            abort()
            await asyncio.gather(step, return_exceptions=True)
            raise
        if diff is None:
            return
        yield diff
