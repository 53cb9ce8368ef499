"""The three ways in which commits come: a local clone, our own partial clone of a real git server, and GitHub."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
import pytest_asyncio

from bot.adapters.git import CloneCache, GitSource, LocalClone
from bot.adapters.github import GitHubSource
from bot.core.days import Window
from bot.core.model import CommitDiff, Repo
from bot.core.ports import CommitSource
from tests.counterparts.github import TOKEN, GitHubProxy
from tests.counterparts.histories import History, git

REPO = Repo(owner="octo", name="hello")
NOON = datetime(2026, 1, 21, 12, tzinfo=UTC)
ALWAYS = Window(since=NOON - timedelta(days=10_000), until=NOON + timedelta(days=10_000))
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


def now() -> datetime:
    return datetime.now(UTC)


async def read_all(source: CommitSource, shas: list[str], repo: Repo = REPO) -> dict[str, CommitDiff]:
    return {diff.commit.sha: diff async for diff in source.read(repo, shas)}


async def listed(source: CommitSource, window: Window = ALWAYS, repo: Repo = REPO) -> list[str]:
    return [ref.sha for ref in (await source.list(repo, window)).commits]


class Publish(Protocol):
    """Makes a history readable as `REPO`, and gives the source that reads it. Again after new commits."""

    async def __call__(self, history: History) -> CommitSource: ...


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.start(tmp_path / "work")


class GitServer:
    """A real `git daemon`. Its repositories allow partial clones, as GitHub's do."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.base_url = f"git://127.0.0.1:{port}"

    def serve(self, path: Path, repo: Repo = REPO) -> None:
        git(path, "config", "uploadpack.allowFilter", "true")
        git(path, "config", "uploadpack.allowAnySHA1InWant", "true")
        place = self.folder / repo.owner / f"{repo.name}.git"
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.symlink_to(path / ".git")


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    folder = tmp_path / "served"
    folder.mkdir()
    port = free_port()
    daemon = subprocess.Popen(
        [
            "git",
            "daemon",
            "--export-all",
            "--reuseaddr",
            "--listen=127.0.0.1",
            f"--port={port}",
            f"--base-path={folder}",
        ],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(port)
    yield GitServer(folder, port)
    os.killpg(daemon.pid, signal.SIGKILL)
    daemon.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on {port}")


@pytest.fixture
def publish_local_clone() -> Publish:
    async def publish(history: History) -> CommitSource:
        return local_source(history.path)

    return publish


def local_source(path: Path) -> GitSource:
    return GitSource(LocalClone(path, now=now, environment=ENVIRONMENT))


@pytest.fixture
def publish_own_clone(git_server: GitServer, tmp_path: Path) -> Publish:
    async def publish(history: History) -> CommitSource:
        git_server.serve(history.path)
        return GitSource(
            CloneCache(
                tmp_path / "cache",
                now=now,
                environment=ENVIRONMENT,
                base_url=git_server.base_url,
                freshness=timedelta(0),
            )
        )

    return publish


@pytest.fixture
def github_base_url_for(emulated_github: GitHubProxy) -> Callable[[Path], Awaitable[tuple[str, Repo]]]:
    """Puts a history on a GitHub: the address of its API, and the repository it became."""

    async def load(path: Path) -> tuple[str, Repo]:
        if git(path, "rev-list", "--all", "--max-count=1"):
            names = git(path, "for-each-ref", "--format=%(refname:short)", "refs/heads/").decode().split()
            others = [name for name in names if name != "main"]
            return emulated_github.url, Repo.parse(await emulated_github.load(path, str(REPO), others=others))
        return emulated_github.url, Repo.parse(await emulated_github.create(str(REPO)))

    return load


@pytest_asyncio.fixture
async def publish_on_github(
    github_base_url_for: Callable[[Path], Awaitable[tuple[str, Repo]]],
) -> AsyncIterator[Publish]:
    sources: list[GitHubSource] = []

    async def publish(history: History) -> CommitSource:
        base_url, repo = await github_base_url_for(history.path)
        source = GitHubSource(
            now=now, base_url=base_url, token=TOKEN, trusted=frozenset({repo}), retries=0, seconds_between_requests=0
        )
        sources.append(source)
        return source

    yield publish
    for source in sources:
        await source.close()


PUBLISHERS = ("local_clone", "own_clone", "on_github")


@pytest.fixture(params=PUBLISHERS)
def publish(request: pytest.FixtureRequest) -> Publish:
    return request.getfixturevalue(f"publish_{request.param}")
