"""What only the git command line can do, suffer, or give away."""

import asyncio
import base64
import os
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.adapters.git import CloneCache, GitSource, LocalClone
from bot.adapters.git.reading import COMMIT_PATCHES_BYTES_MAX, PATCH_BYTES_MAX, PATCH_LINES_MAX
from bot.core.errors import BotError, RepositoryNotFound, SourceRefused, SourceUnavailable
from bot.core.model import FileChange, FileStatus, Repo
from tests.counterparts.histories import History, git
from tests.fakes import FakeClock
from tests.sources.conftest import (
    ALWAYS,
    ENVIRONMENT,
    NOON,
    REPO,
    GitServer,
    Publish,
    free_port,
    listed,
    local_source,
    now,
    read_all,
)

HOUR = timedelta(hours=1)


def cached(base_url: str, folder: Path, **more: object) -> GitSource:
    settings: dict[str, object] = {"now": now, "environment": ENVIRONMENT, "freshness": timedelta(0), **more}
    return GitSource(CloneCache(folder, base_url=base_url, **settings))  # pyright: ignore[reportArgumentType]


@dataclass
class Shim:
    """A `git` first on PATH that notes each command and then runs the real one, or something else."""

    folder: Path
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.environment = {"PATH": f"{self.folder}:{os.environ['PATH']}", "HOME": "/nonexistent"}
        self.does('PATH=${PATH#*:} exec git "$@"')

    def does(self, script: str) -> None:
        path = self.folder / "git"
        path.write_text(f'#!/bin/sh\nenv > "{self.folder}/env"\necho "$@" >> "{self.folder}/log"\n{script}\n')
        path.chmod(0o755)

    def commands(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def times(self, command: str) -> int:
        return sum(f" {command} " in line for line in self.commands())

    def forget(self) -> None:
        (self.folder / "log").unlink(missing_ok=True)


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    return Shim(tmp_path / "shim")


# Facts


async def test_modes_types_and_submodules_are_told(history: History) -> None:
    history.commit("begin", {"run.sh": "1\n", "kind": "text\n"}, at=NOON - HOUR)
    (history.path / "run.sh").chmod(0o755)
    (history.path / "kind").unlink()
    (history.path / "kind").symlink_to("run.sh")
    (history.path / "library").mkdir()
    git(history.path, "update-index", "--add", "--cacheinfo", f"160000,{history.head()},library")
    before = history.head()
    sha = history.commit("change", {"zzz": "last\n"}, at=NOON)
    diff = (await read_all(local_source(history.path), [sha]))[sha]
    assert diff.commit.files == (
        FileChange(path="kind", status=FileStatus.CHANGED, additions=1, deletions=1),
        FileChange(path="library", status=FileStatus.ADDED, additions=1, deletions=0),
        FileChange(path="run.sh", status=FileStatus.MODIFIED, additions=0, deletions=0),
        FileChange(path="zzz", status=FileStatus.ADDED, additions=1, deletions=0),
    )
    assert diff.patches == {
        "kind": "@@ -1 +0,0 @@\n-text\n@@ -0,0 +1 @@\n+run.sh\n\\ No newline at end of file",
        "library": f"@@ -0,0 +1 @@\n+Subproject commit {before}",
        "zzz": "@@ -0,0 +1 @@\n+last",
    }


async def test_what_is_no_utf8_is_shown_with_replacements(history: History) -> None:
    sha = history.commit("begin", {"a": b"caf\xe9\n"}, at=NOON)
    git(history.path, "config", "core.quotePath", "false")
    blob = git(history.path, "hash-object", "-w", "--stdin", given=b"x\n").strip()
    tree = git(history.path, "mktree", "-z", given=b"100644 blob " + blob + b"\tna\xefve\0").decode().strip()
    raw = (
        b"tree " + tree.encode() + b"\nparent " + sha.encode() + b"\n"
        b"author J\xf6rg <j@e.com> 1768996800 +0000\ncommitter J <j@e.com> 1768996800 +0000\n\ncaf\xe9 \xff\n"
    )
    strange = git(history.path, "hash-object", "-t", "commit", "-w", "--stdin", given=raw).decode().strip()
    git(history.path, "update-ref", "refs/heads/main", strange)
    diffs = await read_all(local_source(history.path), [sha, strange])
    assert diffs[sha].patches == {"a": "@@ -0,0 +1 @@\n+caf\ufffd"}
    assert diffs[strange].commit.message == "caf\ufffd \ufffd"
    assert diffs[strange].commit.author.name == "J\ufffdrg"
    assert diffs[strange].commit.committed_at == datetime(2026, 1, 21, 12, tzinfo=UTC)
    assert [file.path for file in diffs[strange].commit.files] == ["a", "na\ufffdve"]


async def test_a_commit_in_another_encoding_is_read_in_it(history: History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    tree = git(history.path, "rev-parse", "HEAD^{tree}").decode().strip()
    people = "author J <j@e.com> 1768996800 +0000\ncommitter J <j@e.com> 1768996800 +0000"
    raw = f"tree {tree}\n{people}\nencoding GBK\n\n修复".encode("gbk")
    sha = git(history.path, "hash-object", "-t", "commit", "-w", "--stdin", given=raw).decode().strip()
    assert (await read_all(local_source(history.path), [sha]))[sha].commit.message == "修复"


async def test_absurd_dates_break_nothing(history: History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    tree = git(history.path, "rev-parse", "HEAD^{tree}").decode().strip()
    raw = f"tree {tree}\nauthor J <j@e.com> 99999999999999 +0000\ncommitter J <j@e.com> 0 +0000\n\nx\n".encode()
    sha = git(history.path, "hash-object", "-t", "commit", "-w", "--stdin", given=raw).decode().strip()
    commit = (await read_all(local_source(history.path), [sha]))[sha].commit
    assert (commit.authored_at.year, commit.committed_at) == (9999, datetime(1970, 1, 1, tzinfo=UTC))


async def test_settings_of_the_repository_change_nothing(history: History) -> None:
    root = history.commit("begin", {"a": "1\n\n2\n", "b": "same\n" * 9}, at=NOON - HOUR)
    history.rename("b", "c")
    sha = history.commit("go on", {"a": "1\n\n3\n", ".gitattributes": "a binary\n* diff=loud\n"}, at=NOON)
    expected = await read_all(local_source(history.path), [root, sha])
    settings = {
        "diff.noprefix": "true",
        "diff.renames": "false",
        "diff.suppressBlankEmpty": "true",
        "diff.context": "0",
        "diff.external": "false",
        "diff.loud.textconv": "false",
        "diff.algorithm": "patience",
        "diff.orderFile": "/nonexistent",
        "color.ui": "always",
        "log.showSignature": "true",
        "log.date": "iso",
        "format.pretty": "oneline",
    }
    for name, value in settings.items():
        git(history.path, "config", name, value)
    assert await read_all(local_source(history.path), [root, sha]) == expected
    assert expected[sha].patches["a"] == "@@ -1,3 +1,3 @@\n 1\n \n-2\n+3"
    assert await listed(local_source(history.path)) == [sha, root]


# Sizes


async def test_a_patch_over_a_limit_is_left_out_and_its_lines_are_counted(history: History) -> None:
    sha = history.commit(
        "grow",
        {
            "many-lines": "x\n" * PATCH_LINES_MAX,
            "just-fits": "x\n" * (PATCH_LINES_MAX - 1),
            "many-bytes": ("x" * 99 + "\n") * (PATCH_BYTES_MAX // 100),
            "one-line": "y" * (3 << 20),
            "small": "z\n",
        },
        at=NOON,
    )
    diff = (await read_all(local_source(history.path), [sha]))[sha]
    assert {file.path: file.additions for file in diff.commit.files} == {
        "many-lines": PATCH_LINES_MAX,
        "just-fits": PATCH_LINES_MAX - 1,
        "many-bytes": PATCH_BYTES_MAX // 100,
        "one-line": 1,
        "small": 1,
    }
    assert set(diff.patches) == {"just-fits", "small"}


async def test_the_patches_of_a_commit_have_a_limit_together(history: History) -> None:
    size = PATCH_BYTES_MAX // 2
    files = {f"{number:02}": ("x" * 99 + "\n") * (size // 100) for number in range(20)}
    sha = history.commit("grow", {**files, "small": "z\n"}, at=NOON)
    diff = (await read_all(local_source(history.path), [sha]))[sha]
    assert sum(len(patch) for patch in diff.patches.values()) <= COMMIT_PATCHES_BYTES_MAX
    assert COMMIT_PATCHES_BYTES_MAX // size - 1 <= len(diff.patches) - 1 < 20
    assert "small" in diff.patches
    assert all(file.additions for file in diff.commit.files)


async def test_a_huge_patch_is_never_held_in_memory(history: History) -> None:
    line = "".join(f"{number:09} " for number in range(10)) + "\n"
    huge = "".join(f"{number} {line}" for number in range(600_000))
    sha = history.commit("grow by 60 MB", {"huge.txt": huge, "small.txt": "s\n"}, at=NOON)
    assert len(huge) > 60_000_000
    del huge
    source = local_source(history.path)
    tracemalloc.start()
    diff = (await read_all(source, [sha]))[sha]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert diff.patches == {"small.txt": "@@ -0,0 +1 @@\n+s"}
    assert {file.path: file.additions for file in diff.commit.files} == {"huge.txt": 600_000, "small.txt": 1}
    assert peak < 8_000_000


async def test_a_commit_of_5000_files_is_read(history: History) -> None:
    sha = history.commit("grow", {f"d{number % 50}/f{number}": f"{number}\n" for number in range(5000)}, at=NOON)
    diff = (await read_all(local_source(history.path), [sha]))[sha]
    assert len(diff.commit.files) == len(diff.patches) == 5000
    assert [file.path for file in diff.commit.files] == sorted(file.path for file in diff.commit.files)
    assert not diff.commit.files_truncated


async def test_the_number_of_processes_does_not_grow_with_the_commits(history: History, shim: Shim) -> None:
    shas = [history.commit(f"{number}", {"a": f"{number}\n"}, at=NOON + number * HOUR) for number in range(30)]
    source = GitSource(LocalClone(history.path, now=now, environment=shim.environment))
    await read_all(source, shas[:1])
    for_one = len(shim.commands())
    shim.forget()
    await read_all(source, shas)
    assert len(shim.commands()) <= for_one


# A clone somebody gave us


async def test_a_local_clone_is_left_as_it_is(history: History) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)

    def state() -> dict[str, float]:
        return {str(path): path.stat().st_mtime_ns for path in history.path.rglob("*")}

    before = state()
    source = local_source(history.path)
    await source.list(REPO, ALWAYS)
    await read_all(source, [sha])
    await source.history(REPO)
    assert state() == before


async def test_the_remote_branch_is_followed_and_not_the_work_in_progress(history: History, tmp_path: Path) -> None:
    pushed = history.commit("pushed", {"a": "1\n"}, at=NOON)
    git(tmp_path, "clone", "--quiet", str(history.path), "clone")
    mine = History(tmp_path / "clone")
    mine.commit("not pushed", {"a": "2\n"}, at=NOON + HOUR)
    assert await listed(local_source(mine.path)) == [pushed]
    git(mine.path, "remote", "set-head", "origin", "--delete")
    assert len(await listed(local_source(mine.path))) == 2


async def test_a_local_clone_knows_until_when_it_knows(history: History, tmp_path: Path) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    git(tmp_path, "clone", "--quiet", "--bare", str(history.path), "clone")
    clone = tmp_path / "clone"
    made, fetched = NOON - 5 * HOUR, NOON - 2 * HOUR
    for path in (clone / "packed-refs", clone / "HEAD"):
        os.utime(path, (made.timestamp(), made.timestamp()))
    assert (await local_source(clone).list(REPO, ALWAYS)).as_of == made
    git(clone, "fetch", "--quiet")
    os.utime(clone / "FETCH_HEAD", (fetched.timestamp(), fetched.timestamp()))
    assert (await local_source(clone).list(REPO, ALWAYS)).as_of == fetched
    git(clone, "remote", "remove", "origin")
    began = now()
    assert (await local_source(clone).list(REPO, ALWAYS)).as_of >= began


async def test_bare_clones_git_folders_and_work_trees_are_clones(history: History, tmp_path: Path) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    git(tmp_path, "clone", "--quiet", "--bare", str(history.path), "bare")
    git(history.path, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    for path in (history.path, history.path / ".git", tmp_path / "bare", tmp_path / "tree"):
        assert await listed(local_source(path)) == [sha]


async def test_a_folder_that_is_no_clone_is_not_found(history: History, tmp_path: Path) -> None:
    history.commit("begin", {"inner/a": "1\n"}, at=NOON)
    with pytest.raises(RepositoryNotFound, match=r"^The folder .*/inner is not a git repository\.$"):
        await local_source(history.path / "inner").list(REPO, ALWAYS)
    with pytest.raises(RepositoryNotFound, match=r"^There is no folder .*/missing\.$"):
        await local_source(tmp_path / "missing").list(REPO, ALWAYS)


async def test_a_clone_of_one_repository_does_not_answer_for_another(history: History) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    source = GitSource(LocalClone(history.path, now=now, environment=ENVIRONMENT, repo=REPO))
    assert len(await listed(source)) == 1
    with pytest.raises(RepositoryNotFound, match="is a clone of octo/hello, not of octo/other"):
        await source.list(Repo(owner="octo", name="other"), ALWAYS)


async def test_a_shallow_clone_is_refused_because_days_would_be_missing(history: History, tmp_path: Path) -> None:
    for number in range(3):
        history.commit(f"{number}", {"a": f"{number}\n"}, at=NOON + number * HOUR)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{history.path}", "shallow")
    with pytest.raises(SourceUnavailable, match="is shallow"):
        await local_source(tmp_path / "shallow").list(REPO, ALWAYS)


@pytest.mark.parametrize("publish", ["local_clone", "own_clone"], indirect=True)
async def test_where_a_blob_is_lost_all_the_rest_is_told(history: History, publish: Publish) -> None:
    root = history.commit("begin", {"a": "1\n", "dir/lost": "2\n"}, at=NOON - HOUR)
    lost = git(history.path, "rev-parse", "HEAD:dir/lost").decode().strip()
    broken = history.commit("change", {"a": "3\n", "dir/lost": "4\n"}, at=NOON)
    sound = history.commit("go on", {"a": "5\n"}, at=NOON + HOUR)
    (history.path / ".git/objects" / lost[:2] / lost[2:]).unlink()
    diffs = await read_all(await publish(history), [sound, broken, root])
    assert diffs[sound].patches == {"a": "@@ -1 +1 @@\n-3\n+5"}
    assert diffs[broken].patches == {"a": "@@ -1 +1 @@\n-1\n+3"}
    assert diffs[broken].commit.files == (
        FileChange(path="a", status=FileStatus.MODIFIED, additions=1, deletions=1),
        FileChange(path="dir/lost", status=FileStatus.MODIFIED, additions=None, deletions=None),
    )
    assert diffs[root].commit.files[1] == FileChange(
        path="dir/lost", status=FileStatus.ADDED, additions=None, deletions=None
    )


async def test_a_partial_clone_somebody_gave_us_downloads_nothing(
    history: History, git_server: GitServer, tmp_path: Path
) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    git_server.serve(history.path)
    url = f"{git_server.base_url}/octo/hello.git"
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", url, "partial")
    source = local_source(tmp_path / "partial")
    assert await listed(source) == [sha]
    with pytest.raises(SourceUnavailable, match=r"Files of the clone at .* are missing"):
        await read_all(source, [sha])


# Clones of our own


async def test_a_clone_is_made_once_and_fetched_once_a_minute(
    history: History, git_server: GitServer, shim: Shim, tmp_path: Path
) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    git_server.serve(history.path)
    clock = FakeClock(NOON)
    source = cached(
        git_server.base_url,
        tmp_path / "cache",
        now=clock,
        environment=shim.environment,
        freshness=timedelta(seconds=60),
    )
    await asyncio.gather(*(source.list(REPO, ALWAYS) for _ in range(5)))
    assert (shim.times("clone"), shim.times("fetch")) == (1, 0)
    sha = history.commit("more", {"a": "2\n"}, at=NOON + HOUR)
    clock.forward(timedelta(seconds=59))
    listing = await source.list(REPO, ALWAYS)
    assert (len(listing.commits), listing.as_of) == (1, NOON)
    clock.forward(timedelta(seconds=1))
    listings = await asyncio.gather(*(source.list(REPO, ALWAYS) for _ in range(5)))
    assert {listing.commits[0].sha for listing in listings} == {sha}
    assert {listing.as_of for listing in listings} == {clock()}
    assert (shim.times("clone"), shim.times("fetch")) == (1, 1)


async def test_a_commit_that_came_after_the_last_fetch_is_fetched(
    history: History, git_server: GitServer, tmp_path: Path
) -> None:
    history.commit("begin", {"a": "1\n"}, at=NOON)
    git_server.serve(history.path)
    clock = FakeClock(NOON)
    source = cached(git_server.base_url, tmp_path / "cache", now=clock, freshness=timedelta(seconds=60))
    await source.list(REPO, ALWAYS)
    sha = history.commit("more", {"a": "2\n"}, at=NOON + HOUR)
    clock.forward(timedelta(minutes=2))
    assert set(await read_all(source, [sha])) == {sha}


async def test_the_files_of_all_commits_are_downloaded_in_one_go(
    history: History, git_server: GitServer, shim: Shim, tmp_path: Path
) -> None:
    shas = [
        history.commit(f"{number}", {"a": f"{number}\n" * 99, "b": f"{number}\n"}, at=NOON + number * HOUR)
        for number in range(20)
    ]
    git_server.serve(history.path)
    source = cached(git_server.base_url, tmp_path / "cache", environment=shim.environment)
    await source.list(REPO, ALWAYS)
    packs = tmp_path / "cache" / git_server.base_url.partition("//")[2] / "octo/hello.git/objects/pack"
    before = len(list(packs.glob("*.pack")))
    assert len(await read_all(source, shas)) == 20
    assert len(list(packs.glob("*.pack"))) == before + 1
    shim.forget()
    await read_all(source, shas)
    assert shim.times("fetch") == 0


async def test_processes_may_share_a_cache(history: History, git_server: GitServer, tmp_path: Path) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    git_server.serve(history.path)
    sources = [cached(git_server.base_url, tmp_path / "cache") for _ in range(4)]
    assert await asyncio.gather(*(listed(source) for source in sources)) == [[sha]] * 4
    more = history.commit("more", {"a": "2\n"}, at=NOON + HOUR)
    assert await asyncio.gather(*(listed(source) for source in sources)) == [[more, sha]] * 4


async def test_a_failed_clone_leaves_nothing_behind(git_server: GitServer, tmp_path: Path) -> None:
    source = cached(git_server.base_url, tmp_path / "cache")
    with pytest.raises(RepositoryNotFound):
        await source.list(REPO, ALWAYS)
    left = [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file() or path.suffix == ".git"]
    assert left == ["hello.git.lock"]


async def test_a_repository_that_went_away_is_not_read_from_what_was_kept(
    history: History, git_server: GitServer, tmp_path: Path
) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    git_server.serve(history.path)
    await listed(cached(git_server.base_url, tmp_path / "cache"))
    (git_server.folder / "octo/hello.git").unlink()
    later = cached(git_server.base_url, tmp_path / "cache")
    with pytest.raises(RepositoryNotFound):
        await listed(later)
    with pytest.raises(RepositoryNotFound):
        await read_all(later, [sha])


@pytest.mark.parametrize("name", ["..", ".", "", "../../../work"])
async def test_a_name_cannot_leave_the_cache(tmp_path: Path, name: str) -> None:
    source = cached("file:///nonexistent", tmp_path / "cache")
    with pytest.raises(RepositoryNotFound):
        await source.list(Repo(owner=name, name="work"), ALWAYS)
    assert {path.name for path in tmp_path.iterdir()} <= {"cache"}


async def test_an_unreachable_host_is_an_outage(tmp_path: Path) -> None:
    for scheme in ("git", "http"):
        source = cached(f"{scheme}://127.0.0.1:{free_port()}", tmp_path / scheme)
        with pytest.raises(SourceUnavailable, match="The host of octo/hello could not be reached"):
            await source.list(REPO, ALWAYS)


# Credentials


class GitHost:
    """Answers every request of git over HTTP with one status, and keeps its headers."""

    def __init__(self) -> None:
        self.status = 404
        self.authorizations: list[str | None] = []
        self.base_url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.authorizations.append(request.headers.get("Authorization"))
        headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if self.status == 401 else {}
        return web.Response(status=self.status, headers=headers, text="secret words of the host")


@pytest.fixture
async def git_host() -> AsyncIterator[GitHost]:
    host = GitHost()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    host.base_url = f"http://127.0.0.1:{port}"
    yield host
    await runner.cleanup()


async def test_the_token_goes_to_trusted_repositories_only_and_shows_nowhere(
    git_host: GitHost, shim: Shim, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    trusted = Repo(owner="acme", name="secret")
    source = cached(
        git_host.base_url,
        tmp_path / "cache",
        environment=shim.environment,
        token="ghp_hush",
        trusted=frozenset({trusted}),
    )
    encoded = base64.b64encode(b"x-access-token:ghp_hush").decode()
    with pytest.raises(RepositoryNotFound):
        await source.list(REPO, ALWAYS)
    assert git_host.authorizations == [None]
    assert encoded not in (shim.folder / "env").read_text()
    with pytest.raises(RepositoryNotFound) as error:
        await source.list(trusted, ALWAYS)
    assert git_host.authorizations == [None, f"Basic {encoded}"]
    told = [*shim.commands(), str(error.value), caplog.text, *(str(record.__dict__) for record in caplog.records)]
    assert not [text for text in told if "ghp_hush" in text or encoded in text]


@pytest.mark.parametrize(
    ("status", "with_token", "expected"),
    [
        (401, False, RepositoryNotFound),
        (401, True, SourceRefused),
        (403, True, SourceRefused),
        (404, True, RepositoryNotFound),
        (429, True, SourceUnavailable),
        (503, True, SourceUnavailable),
    ],
)
async def test_what_the_host_answers_decides_the_error(
    git_host: GitHost, tmp_path: Path, status: int, with_token: bool, expected: type[BotError]
) -> None:
    git_host.status = status
    source = cached(
        git_host.base_url,
        tmp_path / "cache",
        token="ghp_hush" if with_token else None,
        trusted=frozenset({REPO}),
    )
    with pytest.raises(expected) as error:
        await source.list(REPO, ALWAYS)
    assert type(error.value) is expected
    assert "octo/hello" in str(error.value)
    assert "secret words" not in str(error.value)


async def test_the_credentials_of_the_user_open_nothing(git_host: GitHost, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login me password mine\n")
    (home / ".gitconfig").write_text('[credential]\n\thelper = "!echo username=me; echo password=mine"\n')
    git_host.status = 401
    source = cached(git_host.base_url, tmp_path / "cache", environment={**ENVIRONMENT, "HOME": str(home)})
    with pytest.raises(RepositoryNotFound):
        await source.list(REPO, ALWAYS)
    assert set(git_host.authorizations) == {None}


# The program itself


async def test_git_must_be_there_and_new_enough(shim: Shim, tmp_path: Path) -> None:
    missing = GitSource(LocalClone(tmp_path, now=now, environment={"PATH": "/nonexistent"}))
    with pytest.raises(SourceUnavailable, match="git program is not installed"):
        await missing.check()
    shim.does("echo git version 2.36.9")
    old = GitSource(LocalClone(tmp_path, now=now, environment=shim.environment))
    with pytest.raises(SourceUnavailable, match=r"git 2\.37 or newer is needed, and this is git version 2\.36\.9"):
        await old.list(REPO, ALWAYS)
    shim.does("echo git version 3.0.1.windows")
    await old.check()


def running(marker: str) -> Iterator[int]:
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and marker.encode() in (process / "cmdline").read_bytes():
                yield int(process.name)
        except OSError:
            continue


async def test_a_git_that_hangs_is_killed_with_its_children(history: History, shim: Shim, tmp_path: Path) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    hanging = 'case "$*" in *unified*|*clone*) sleep 987654;; *) PATH=${PATH#*:} exec git "$@";; esac'
    shim.does(hanging)
    reading = GitSource(
        LocalClone(history.path, now=now, environment=shim.environment), patience=timedelta(seconds=0.3)
    )
    with pytest.raises(SourceUnavailable, match="git took too long"):
        await read_all(reading, [sha])
    cloning = cached(
        "file:///nonexistent", tmp_path / "cache", environment=shim.environment, timeout=timedelta(seconds=0.3)
    )
    with pytest.raises(SourceUnavailable, match="git took too long to read octo/hello"):
        await cloning.list(REPO, ALWAYS)
    assert not list(running("987654"))


async def test_whoever_gives_up_leaves_no_process_behind(history: History, shim: Shim) -> None:
    sha = history.commit("begin", {"a": "1\n"}, at=NOON)
    shim.does('case "$*" in *unified*) sleep 987653;; *) PATH=${PATH#*:} exec git "$@";; esac')
    source = GitSource(LocalClone(history.path, now=now, environment=shim.environment))
    reading = asyncio.create_task(read_all(source, [sha]))
    while not list(running("987653")):
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not list(running("987653"))


async def test_what_a_host_on_the_web_shows_without_credentials_is_public_and_nothing_else_is_known_to_be(
    history: History, shim: Shim, tmp_path: Path
) -> None:
    assert await local_source(history.path).is_public(REPO) is None
    shim.does('for last; do :; done; mkdir "$last"')  # instead of cloning

    async def known(name: str, base_url: str, **more: object) -> bool | None:
        return await cached(base_url, tmp_path / name, environment=shim.environment, **more).is_public(REPO)

    assert await known("web", "https://git.example.org") is True
    assert await known("trusted", "https://git.example.org", token="t", trusted=frozenset({REPO})) is None
    assert await known("other", "https://git.example.org", token="t") is True
    assert await known("named", "https://me:secret@git.example.org") is None
    assert await known("plain", "http://git.example.org") is None
