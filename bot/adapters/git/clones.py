"""Where the repositories are on this machine: a clone somebody gave us, or clones of our own."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from base64 import b64encode
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from bot.adapters.git.commands import Git, GitFailed
from bot.adapters.git.failures import explained
from bot.adapters.git.presence import lines
from bot.adapters.git.references import LOCAL, REMOTE, REMOTE_HEAD, remote_branches
from bot.core.branches import followed
from bot.core.errors import RepositoryNotFound, SourceUnavailable
from bot.core.language import _
from bot.core.model import Repo
from bot.core.ports import Clock

LOCK_POLL: Final = 0.05  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    git: Git
    #: What it is, as it stands in a sentence.
    name: str
    #: The instant (UTC) up to which it knows the repository.
    as_of: datetime
    #: Whether blobs that are missing can be downloaded.
    partial: bool = False
    #: Whether git has credentials to send.
    credentials: bool = False
    #: Whether a host on the web has shown it to somebody without any.
    is_public: bool = False


class Clones(Protocol):
    @property
    def git(self) -> Git: ...

    async def updated(self, repo: Repo) -> Clone:
        """The repository's clone, as new as can be. Raises RepositoryNotFound, SourceRefused, SourceUnavailable."""
        ...

    async def present(self, repo: Repo) -> Clone:
        """The repository's clone, as it is if it was updated before. Raises the same."""
        ...


class LocalClone:
    """A clone that somebody else keeps: it is read, and never fetched or changed.

    It answers for `repo`, or for whatever is asked when there is none given. `environment` is what git inherits:
    PATH, and HOME for the user's safe.directory.
    """

    def __init__(self, path: Path, *, now: Clock, environment: Mapping[str, str], repo: Repo | None = None) -> None:
        self._path = path.absolute()
        self._now = now
        self._repo = repo
        # Above the path begins somebody else's repository, of which the path may be a folder.
        ceiling = {"GIT_CEILING_DIRECTORIES": str(self._path.resolve().parent)}
        self.git = Git(environment={**environment, **ceiling})

    async def updated(self, repo: Repo) -> Clone:
        if self._repo is not None and self._repo.whole != repo.whole:
            raise RepositoryNotFound(
                _("{path} is a clone of {own}, not of {repo}.", path=self._path, own=self._repo.whole, repo=repo.whole)
            )
        name = _("the clone at {path}", path=self._path)
        with explained(name):
            directory, common = await self._directories()
            has_remote = await self._has_remote(directory)
        if _is_shallow(common):
            raise SourceUnavailable(
                _(
                    "The clone at {path} is shallow, so days would be missing: run git fetch --unshallow there.",
                    path=self._path,
                )
            )
        as_of = _last_fetched(directory, common) if has_remote else self._now()
        return Clone(git=self.git.within(directory), name=name, as_of=as_of)

    async def present(self, repo: Repo) -> Clone:
        return await self.updated(repo)

    async def _directories(self) -> tuple[Path, Path]:
        """The git folder, and the one in which it keeps what its work trees share."""
        if not await asyncio.to_thread(self._path.is_dir):
            raise RepositoryNotFound(_("There is no folder {path}.", path=self._path))
        asked = ("rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir")
        try:
            output = await self.git.run("-C", str(self._path), *asked)
        except GitFailed as failure:
            if "not a git repository" not in failure.stderr:
                raise
            raise RepositoryNotFound(_("The folder {path} is not a git repository.", path=self._path)) from None
        directory, common = os.fsdecode(output).splitlines()
        return Path(directory), Path(common)

    async def _has_remote(self, directory: Path) -> bool:
        return bool(await self.git.within(directory).run("remote"))


def _is_shallow(common: Path) -> bool:
    shallow = common / "shallow"
    return shallow.is_file() and shallow.stat().st_size > 0


def _last_fetched(directory: Path, common: Path) -> datetime:
    """When the clone last heard of its remote: the newest FETCH_HEAD with something in it, else when it was made."""
    fetched = [path for path in (directory / "FETCH_HEAD", common / "FETCH_HEAD") if _is_written(path)]
    made = [common / "packed-refs", *(common / "refs/remotes").rglob("*")]
    known = fetched or [path for path in made if path.exists()] or [common / "HEAD"]
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in known), UTC)


def _is_written(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0  # a fetch that fails may leave it empty


class CloneCache:
    """Bare clones without file contents, one a repository, made when first asked for and kept in `folder`.

    A repository is fetched before it is listed, unless that happened less than `freshness` ago: its default branch, and
    those that are followed. `token` is sent for
    repositories in `trusted` only; for all others git has no credentials whatsoever. `environment` is what git
    inherits: PATH, and proxies and certificates where they are needed. Processes may share the folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Clock,
        environment: Mapping[str, str],
        base_url: str = "https://github.com",
        token: str | None = None,
        trusted: frozenset[Repo] = frozenset(),
        freshness: timedelta = timedelta(seconds=60),
        timeout: timedelta = timedelta(minutes=15),
    ) -> None:
        base = urlsplit(base_url)
        self._base_url = base_url.rstrip("/")
        self._is_on_the_web = base.scheme == "https" and "@" not in base.netloc
        self._folder = folder.absolute() / (base.netloc.rpartition("@")[2] or quote(base.path, safe=""))
        self._now = now
        self._token = token
        self._trusted = frozenset(repo.whole for repo in trusted)
        self._freshness = freshness
        self._timeout = timeout.total_seconds()
        self._fetched: dict[Repo, datetime] = {}
        self._locks: defaultdict[Repo, asyncio.Lock] = defaultdict(asyncio.Lock)
        # The user's own configuration and credentials would open private repositories to everybody who asks.
        isolation = {"HOME": str(self._folder), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        self.git = Git(
            environment={**environment, **isolation},
            protocols="http:https" if base.scheme == "http" else base.scheme,
            settings={"credential.helper": "", "http.lowSpeedLimit": "1000", "http.lowSpeedTime": "30"},
        )

    async def updated(self, repo: Repo) -> Clone:
        async with self._locks[repo]:
            last = self._fetched.get(repo)
            if last is None or not timedelta(0) <= self._now() - last < self._freshness:
                self._fetched[repo] = await self._refresh(repo)
            return self._clone(repo)

    async def present(self, repo: Repo) -> Clone:
        # Nothing is read before the host has let us read it once with the credentials we have today.
        return self._clone(repo) if repo in self._fetched else await self.updated(repo)

    def _clone(self, repo: Repo) -> Clone:
        return Clone(
            git=self._git(repo).within(self._place(repo)),
            name=repo.full_name,
            as_of=self._fetched[repo],
            partial=True,
            credentials=self.has_credentials(repo),
            is_public=self._is_on_the_web and not self.has_credentials(repo),
        )

    async def _refresh(self, repo: Repo) -> datetime:
        """Clones or fetches; the instant (UTC) at which that began."""
        place = self._place(repo)
        await asyncio.to_thread(place.parent.mkdir, parents=True, exist_ok=True)
        async with _alone(place.with_name(f"{place.name}.lock")):
            began = self._now()
            with explained(repo.full_name, credentials=self.has_credentials(repo)):
                is_new = not await asyncio.to_thread(place.is_dir)
                if is_new:
                    await self._make(repo, place)
                if repo.branches or not is_new:
                    await self._fetch(repo, place)
            return began

    async def _make(self, repo: Repo, place: Path) -> None:
        incoming = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix=".incoming-", dir=place.parent))
        try:
            options = ("--quiet", "--bare", "--single-branch", "--no-tags", "--filter=blob:none", "--template=")
            made = incoming / "clone"
            await self._git(repo).run("clone", *options, "--", self._url(repo), str(made), timeout=self._timeout)
            await asyncio.to_thread(made.rename, place)
        finally:
            await asyncio.to_thread(shutil.rmtree, incoming, ignore_errors=True)

    async def _fetch(self, repo: Repo, place: Path) -> None:
        git = self._git(repo).within(place).configured({"fetch.writeCommitGraph": "true"})
        names = followed(repo, await remote_branches(git)) if repo.branches else ()
        wanted = [f"+HEAD:{REMOTE_HEAD}", *(f"+{LOCAL}{name}:{REMOTE}{name}" for name in names)]
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--filter=blob:none", "--stdin")
        try:
            await git.run("fetch", *options, "origin", given=lines(wanted), timeout=self._timeout)
        except GitFailed as failure:
            if "couldn't find remote ref HEAD" not in failure.stderr:  # which an empty repository does not have
                raise

    def _git(self, repo: Repo) -> Git:
        git = self.git.configured({"safe.directory": str(self._place(repo))})
        if not self.has_credentials(repo):
            return git
        basic = b64encode(f"x-access-token:{self._token}".encode()).decode()
        header = {f"http.{self._base_url}/.extraHeader": f"Authorization: Basic {basic}"}
        return replace(git, secret_settings=header)

    def has_credentials(self, repo: Repo) -> bool:
        """Whether git gets our token for the repository."""
        return bool(self._token) and repo.whole in self._trusted

    def _url(self, repo: Repo) -> str:
        return f"{self._base_url}/{_segment(repo.owner)}/{_segment(repo.name)}.git"

    def _place(self, repo: Repo) -> Path:
        return self._folder / _segment(repo.owner) / f"{_segment(repo.name)}.git"


def _segment(name: str) -> str:
    """A name as one segment of a path, whatever it holds."""
    if name in {"", ".", ".."}:
        raise RepositoryNotFound
    return quote(name, safe="")


@contextlib.asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    """Keeps other processes, and commands of ours that were cancelled, away from one clone."""
    with path.open("wb") as file:
        while not _locked(file.fileno()):  # noqa: ASYNC110
            await asyncio.sleep(LOCK_POLL)
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
