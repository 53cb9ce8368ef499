"""What only GitHub's API can do: count requests, limit them, redirect, page, refuse, and know private repositories."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta, timezone
from inspect import isawaitable
from typing import Any

import pytest
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.github import GitHubApp, GitHubSource
from bot.core.days import Window
from bot.core.errors import BotError, NotFound, RepositoryNotFound, SourceRefused, SourceUnavailable
from bot.core.model import FileChange, FileStatus, History, Repo
from tests.sources.conftest import ALWAYS, NOON, REPO, free_port, listed, now, read_all

HOUR = timedelta(hours=1)
DAY = Window(since=NOON - 12 * HOUR, until=NOON + 12 * HOUR)
Handler = Callable[[web.Request], web.StreamResponse]


def sha(number: int) -> str:
    return f"{number:040x}"


def commit(number: int, at: datetime = NOON, files: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A commit in GitHub's shape; without `files`, as in a listing."""
    person = {"name": "Ada", "email": "ada@example.com", "date": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    shape: dict[str, Any] = {
        "sha": sha(number),
        "url": f"/commits/{sha(number)}",
        "commit": {"author": person, "committer": person, "message": f"commit {number}\n"},
        "parents": [{"sha": sha(number + 1)}],
    }
    return shape if files is None else {**shape, "files": files, "stats": {"total": 0, "additions": 0, "deletions": 0}}


def file(name: str, **more: Any) -> dict[str, Any]:
    shape = {"filename": name, "status": "modified", "sha": "1" * 40, "additions": 1, "deletions": 0, "changes": 1}
    return {**shape, "patch": "@@ -0,0 +1 @@\n+x", **more}


class Host:
    """Answers as it is told, and notes what it was asked."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.requests: list[web.Request] = []
        self.answers: list[tuple[str, Handler]] = []
        self.sources: list[GitHubSource] = []

    def on(self, path: str, answer: Handler | Any, *, status: int = 200, **headers: str) -> None:
        """From now on, answers `path` so: with a value as JSON, or by a function of the request."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def fixed(request: web.Request) -> web.StreamResponse:
            return web.json_response(answer, status=status, headers=named)

        self.answers.insert(0, (path, answer if callable(answer) else fixed))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        for path, answer in self.answers:
            if path == request.path:
                reply = answer(request)
                return await reply if isawaitable(reply) else reply
        return web.json_response({"message": "Not Found"}, status=404)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.requests]

    def source(self, **settings: Any) -> GitHubSource:
        defaults = {"now": now, "base_url": self.base_url, "retries": 0, "seconds_between_requests": 0}
        self.sources.append(GitHubSource(**{**defaults, **settings}))
        return self.sources[-1]


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    port = free_port()
    host = Host(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.handle)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield host
    for source in host.sources:
        await source.close()
    await runner.cleanup()


COMMITS = "/repos/octo/hello/commits"


# Requests


async def test_a_day_costs_one_request_and_one_for_each_commit(host: Host) -> None:
    host.on(COMMITS, [commit(number) for number in range(12)])
    for number in range(12):
        host.on(f"{COMMITS}/{sha(number)}", commit(number, files=[file("a")]))
    source = host.source(token="ghp_hush", trusted=frozenset({REPO}))
    diffs = await read_all(source, await listed(source, DAY))
    assert len(diffs) == 12
    assert len(host.requests) == 1 + 12
    assert {key: value.commit.subject for key, value in diffs.items()} == {
        sha(number): f"commit {number}" for number in range(12)
    }


async def test_labels_of_pull_requests_are_read_where_they_are_asked_for(host: Host) -> None:
    shape = commit(1, files=[file("a")])
    shape["commit"]["message"] = "fix: wait (#7)"
    host.on(f"{COMMITS}/{sha(1)}", shape)
    host.on("/repos/octo/hello/issues/7", {"number": 7, "labels": [{"name": "breaking change"}, {"name": "router"}]})
    without = await read_all(host.source(), [sha(1)])
    assert (without[sha(1)].commit.labels, len(host.requests)) == ((), 1)
    with_them = await read_all(host.source(labels=True), [sha(1)])
    assert with_them[sha(1)].commit.labels == ("breaking change", "router")


async def test_a_number_that_is_no_pull_request_has_no_labels(host: Host) -> None:
    shape = commit(1, files=[file("a")])
    shape["commit"]["message"] = "fix: wait (#999)"
    host.on(f"{COMMITS}/{sha(1)}", shape)
    found = await read_all(host.source(labels=True), [sha(1)])
    assert found[sha(1)].commit.labels == ()


async def test_the_window_is_asked_for_in_utc_and_with_some_around_it(host: Host) -> None:
    host.on(COMMITS, [])
    zone = timezone(timedelta(hours=8))
    window = Window(since=datetime(2026, 1, 21, tzinfo=zone), until=datetime(2026, 1, 22, tzinfo=zone))
    await listed(host.source(), window)
    query = host.requests[0].query
    assert query["since"] < "2026-01-20T16:00:00Z"
    assert "2026-01-21T16:00:00Z" < query["until"] < "2026-01-22T16:00:00Z"
    assert query["per_page"] == "100"


async def test_a_listing_that_has_not_changed_costs_nothing_of_the_quota(host: Host) -> None:
    pages = {"1": [commit(number) for number in range(100)], "2": [commit(number) for number in range(100, 110)]}
    statuses: list[int] = []

    def listing(request: web.Request) -> web.StreamResponse:
        page = request.query.get("page", "1")
        tag = f'W/"{page}-{len(pages[page])}"'
        statuses.append(304 if request.headers.get("If-None-Match") == tag else 200)
        if statuses[-1] == 304:
            return web.Response(status=304, headers={"ETag": tag})
        more = {"Link": f'<{host.base_url}{COMMITS}?page=2>; rel="next"'} if page == "1" else {}
        return web.json_response(pages[page], headers={"ETag": tag, **more})

    host.on(COMMITS, listing)
    source = host.source()
    first = await listed(source, DAY)
    assert len(first) == 110
    assert await listed(source, DAY) == first
    assert statuses == [200, 200, 304, 304]
    pages["2"].append(commit(110))
    assert len(await listed(source, DAY)) == 111
    assert statuses[4:] == [304, 200]


async def test_a_renamed_repository_is_followed_without_walking_its_whole_history(host: Host) -> None:
    everything = [commit(number, NOON - number * HOUR * 6) for number in range(400)]

    def listing(request: web.Request) -> web.StreamResponse:
        page, size = int(request.query.get("page", "1")), int(request.query.get("per_page", "30"))
        since, until = request.query.get("since", ""), request.query.get("until", "Z")
        found = [each for each in everything if since <= each["commit"]["committer"]["date"] <= until]
        link = f'<{host.base_url}/repositories/7/commits?page={page + 1}>; rel="next"'
        more = {"Link": link} if len(found) > page * size else {}
        return web.json_response(found[(page - 1) * size : page * size], headers=more)

    host.on("/repos/octo/hello", {}, status=301, Location=f"{host.base_url}/repositories/7")
    host.on(COMMITS, {}, status=301, Location=f"{host.base_url}/repositories/7/commits")
    host.on("/repositories/7", {"id": 7, "full_name": "octo/hi", "url": f"{host.base_url}/repositories/7"})
    host.on("/repositories/7/commits", listing)
    host.on(f"/repositories/7/commits/{sha(41)}", commit(41, files=[]))
    source = host.source()
    window = Window(since=NOON - 251 * HOUR, until=NOON - 239 * HOUR)
    assert await listed(source, window) == [sha(40), sha(41)]
    assert len(host.requests) <= 7
    host.requests.clear()
    assert await listed(source, window) == [sha(40), sha(41)]
    assert set(await read_all(source, [sha(41)])) == {sha(41)}
    assert {request.path for request in host.requests} == {
        "/repositories/7/commits",
        f"/repositories/7/commits/{sha(41)}",
    }


async def test_a_server_that_ignores_the_window_is_not_read_to_its_end(host: Host) -> None:
    def listing(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("page", "1"))
        commits = [commit(number, NOON - number * HOUR) for number in range((page - 1) * 100, page * 100)]
        link = f'<{host.base_url}{COMMITS}?page={page + 1}>; rel="next"'
        return web.json_response(commits, headers={"Link": link})

    host.on("/repos/octo/hello", {"id": 7, "full_name": "octo/hello"})
    host.on(COMMITS, listing)
    host.on("/repositories/7/commits", listing)
    assert len(await listed(host.source(), DAY)) == 13
    assert len(host.requests) <= 5


async def test_threads_never_mix_up_their_answers(host: Host) -> None:
    previous = sys.getswitchinterval()
    for number in range(150):
        host.on(f"{COMMITS}/{sha(number)}", commit(number, files=[file(f"f{number}")]))
    sys.setswitchinterval(1e-6)
    try:
        diffs = await read_all(host.source(), [sha(number) for number in range(150)])
    finally:
        sys.setswitchinterval(previous)
    assert {key: diff.commit.files[0].path for key, diff in diffs.items()} == {
        sha(number): f"f{number}" for number in range(150)
    }


async def test_a_slow_reader_is_not_buried(host: Host) -> None:
    for number in range(50):
        host.on(f"{COMMITS}/{sha(number)}", commit(number, files=[]))
    reading = host.source().read(REPO, [sha(number) for number in range(50)])
    await anext(reading)
    await asyncio.sleep(0.2)
    assert len(host.requests) <= 8
    await reading.aclose()  # pyright: ignore[reportAttributeAccessIssue]


# Files


async def test_files_beyond_a_page_are_read_on(host: Host) -> None:
    def page(request: web.Request) -> web.StreamResponse:
        assert request.query["per_page"] == "300"
        number = int(request.query["page"])
        link = f'<{host.base_url}{request.path}?per_page=300&page={number + 1}>; rel="next"'
        files = [file(f"{number}/{index:03}") for index in range(300 if number < 3 else 20)]
        return web.json_response(commit(1, files=files), headers={"Link": link} if number < 3 else {})

    host.on(f"{COMMITS}/{sha(1)}", page)
    diff = (await read_all(host.source(), [sha(1)]))[sha(1)]
    assert len(diff.commit.files) == len(diff.patches) == 620
    assert not diff.commit.files_truncated
    assert len(host.requests) == 3


async def test_a_commit_of_more_than_3000_files_says_that_some_are_missing(host: Host) -> None:
    def page(request: web.Request) -> web.StreamResponse:
        number = int(request.query["page"])
        link = f'<{host.base_url}{request.path}?per_page=300&page={number + 1}>; rel="next"'
        files = [file(f"{number:02}/{index:03}") for index in range(300)]
        return web.json_response(commit(1, files=files), headers={"Link": link} if number < 10 else {})

    host.on(f"{COMMITS}/{sha(1)}", page)
    diff = (await read_all(host.source(), [sha(1)]))[sha(1)]
    assert len(diff.commit.files) == 3000
    assert diff.commit.files_truncated


async def test_files_without_lines_are_told_apart_where_github_can(host: Host) -> None:
    none: dict[str, Any] = {"additions": 0, "deletions": 0, "changes": 0, "patch": None}
    files = [
        file("z-too-large", patch=None, additions=30_000, changes=30_000),
        file("binary", **none),
        file("mode", **{**none, "sha": None}),
        file("empty", **{**none, "status": "added", "sha": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}),
        file("moved", **{**none, "status": "renamed", "previous_filename": "old"}),
        file("newer", status="of-tomorrow"),
    ]
    host.on(f"{COMMITS}/{sha(1)}", commit(1, files=files))
    diff = (await read_all(host.source(), [sha(1)]))[sha(1)]
    assert diff.commit.files == (
        FileChange(path="binary", status=FileStatus.MODIFIED, additions=None, deletions=None),
        FileChange(path="empty", status=FileStatus.ADDED, additions=0, deletions=0),
        FileChange(path="mode", status=FileStatus.MODIFIED, additions=0, deletions=0),
        FileChange(path="moved", status=FileStatus.RENAMED, additions=0, deletions=0, previous_path="old"),
        FileChange(path="newer", status=FileStatus.CHANGED, additions=1, deletions=0),
        FileChange(path="z-too-large", status=FileStatus.MODIFIED, additions=30_000, deletions=0),
    )
    assert set(diff.patches) == {"newer"}


async def test_history_costs_two_requests(host: Host) -> None:
    def page(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("page", "1"))
        link = (
            f'<{host.base_url}{COMMITS}?per_page=1&page=2>; rel="next", <{host.base_url}{COMMITS}?page=9>; rel="last"'
        )
        return web.json_response([commit(number, NOON - (number - 1) * HOUR)], headers={"Link": link})

    host.on(COMMITS, page)
    assert await host.source().history(REPO) == History(first=NOON - 8 * HOUR, last=NOON)
    assert len(host.requests) == 2


# Who may see what


async def test_an_untrusted_repository_is_checked_once_to_be_public(host: Host) -> None:
    host.on("/repos/octo/hello", {"id": 7, "full_name": "octo/hello", "private": False, "url": "/repos/octo/hello"})
    host.on(COMMITS, [])
    source = host.source(token="ghp_hush")
    await asyncio.gather(*(listed(source) for _ in range(5)))
    assert host.asked.count("GET /repos/octo/hello") == 1
    assert host.asked.count(f"GET {COMMITS}") == 5


async def test_with_credentials_it_is_asked_whether_everybody_may_read_a_repository(host: Host) -> None:
    host.on("/repos/octo/hello", {"id": 7, "full_name": "octo/hello", "private": True})
    assert await host.source().is_public(REPO)
    assert host.asked == []
    source = host.source(token="ghp_hush", trusted=frozenset({REPO}))
    assert not await source.is_public(REPO)
    host.on("/repos/octo/hello", {"id": 7, "full_name": "octo/hello", "private": False})
    assert await source.is_public(REPO.with_branches("main"))


async def test_a_private_repository_looks_like_none_at_all(host: Host) -> None:
    host.on("/repos/octo/hello", {"id": 7, "full_name": "octo/hello", "private": True})
    host.on(COMMITS, [commit(1)])
    source = host.source(token="ghp_hush")
    for ask in (lambda: source.list(REPO, DAY), lambda: read_all(source, [sha(1)]), lambda: source.history(REPO)):
        with pytest.raises(RepositoryNotFound) as private:
            await ask()
        assert str(private.value) == "There is no repository octo/hello, or it is private."
    assert f"GET {COMMITS}" not in host.asked
    trusting = host.source(token="ghp_hush", trusted=frozenset({REPO}))
    assert await listed(trusting) == [sha(1)]


async def test_without_credentials_nothing_needs_to_be_checked(host: Host) -> None:
    host.on(COMMITS, [])
    await listed(host.source())
    assert host.asked == [f"GET {COMMITS}"]
    assert "Authorization" not in host.requests[0].headers


async def test_an_app_asks_as_its_installation(host: Host) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    formats = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    app = GitHubApp(app_id="12", private_key=key.private_bytes(*formats).decode())
    token = {"token": "ghs_installed", "expires_at": (now() + HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"), "permissions": {}}
    host.on("/repos/octo/hello/installation", {"id": 34})
    host.on("/app/installations/34/access_tokens", token, status=201)
    host.on(COMMITS, [commit(number) for number in range(2)])
    host.on(f"{COMMITS}/{sha(1)}", commit(1, files=[]))
    stranger = Repo(owner="elsewhere", name="public")
    host.on("/repos/elsewhere/public/commits", [])
    source = host.source(app=app, trusted=frozenset({REPO, stranger}))
    await listed(source)
    await read_all(source, [sha(1)])
    await listed(source, repo=stranger)
    sent = {request.path: request.headers.get("Authorization", "") for request in host.requests}
    assert sent["/repos/octo/hello/installation"].startswith("Bearer ey")
    assert sent[COMMITS] == sent[f"{COMMITS}/{sha(1)}"] == "token ghs_installed"
    assert sent["/repos/elsewhere/public/commits"] == ""
    assert host.asked.count("GET /repos/octo/hello/installation") == 1
    assert "PRIVATE KEY" not in repr(app)


async def test_a_private_key_that_is_none_is_refused(host: Host) -> None:
    with pytest.raises(SourceRefused, match="private key of the GitHub App"):
        await listed(host.source(app=GitHubApp(app_id="12", private_key="not a key")))


# What goes wrong

LIMIT = {"message": "API rate limit exceeded for user ID 1."}
SECONDARY = {"message": "You have exceeded a secondary rate limit."}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (404, {"message": "Not Found"}, RepositoryNotFound),
        (451, {"message": "Repository access blocked"}, RepositoryNotFound),
        (401, {"message": "Bad credentials"}, SourceRefused),
        (403, {"message": "Resource not accessible by personal access token"}, SourceRefused),
        (403, LIMIT, SourceUnavailable),
        (429, SECONDARY, SourceUnavailable),
        (429, "not even an object", SourceUnavailable),
        (500, {"message": "Server Error"}, SourceUnavailable),
        (503, "<html>", SourceUnavailable),
        (422, {"message": "Validation Failed"}, SourceUnavailable),
        (200, {"message": "not a list"}, SourceUnavailable),
        (200, "<html>", SourceUnavailable),
        (200, [{"sha": 3}], SourceUnavailable),
    ],
)
async def test_what_github_answers_decides_the_error(
    host: Host, status: int, body: Any, expected: type[BotError], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host.on(COMMITS, body, status=status)
    with pytest.raises(expected) as error:
        await listed(host.source(token="ghp_hush", trusted=frozenset({REPO})))
    assert type(error.value) is expected
    assert "ghp_hush" not in f"{error.value}{caplog.text}{[record.__dict__ for record in caplog.records]}"


async def test_a_page_that_is_no_json_is_an_outage(host: Host) -> None:
    host.on(COMMITS, lambda _: web.Response(text="<html>Sign in</html>", content_type="text/html"))
    with pytest.raises(SourceUnavailable, match="What answered for octo/hello is not GitHub"):
        await listed(host.source())
    host.on(COMMITS, lambda _: web.Response(text='{"cut": ', content_type="application/json"))
    with pytest.raises(SourceUnavailable):
        await listed(host.source())


async def test_an_empty_repository_has_nothing(host: Host) -> None:
    host.on(COMMITS, {"message": "Git Repository is empty."}, status=409)
    assert await listed(host.source()) == []
    assert await host.source().history(REPO) is None


@pytest.mark.parametrize("status", [404, 422])
async def test_an_unknown_commit_is_not_an_unknown_repository(host: Host, status: int) -> None:
    host.on(f"{COMMITS}/{sha(1)}", {"message": f"No commit found for SHA: {sha(1)}"}, status=status)
    with pytest.raises(RepositoryNotFound):
        await read_all(host.source(), [sha(1)])
    host.on("/repos/octo/hello", {"id": 7, "full_name": "octo/hello"})
    with pytest.raises(NotFound, match=f"octo/hello has no commit {sha(1)}"):
        await read_all(host.source(), [sha(1)])


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry_After": "3600"}, 3600),
        (403, {"Retry_After": "3600"}, 3600),
        (429, {}, 60),
        (403, {}, 60),
        (403, {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "1769000400"}, 3601),
        (429, {"Retry_After": "Wed, 21 Jan 2026 13:00:00 GMT"}, 3600),
        (429, {"Retry_After": "soon"}, 60),
    ],
)
async def test_a_long_rate_limit_is_reported_with_its_end(
    host: Host, status: int, headers: dict[str, str], seconds: int
) -> None:
    host.on(COMMITS, SECONDARY, status=status, **headers)
    source = host.source(now=lambda: datetime(2026, 1, 21, 12, tzinfo=UTC))
    with pytest.raises(SourceUnavailable) as error:
        await listed(source)
    assert error.value.retry_after == timedelta(seconds=seconds)
    assert len(host.requests) == 1


async def test_a_short_rate_limit_is_waited_for(host: Host) -> None:
    host.on(COMMITS, [commit(1)])
    answers = [web.json_response(LIMIT, status=403, headers={"Retry-After": "1"})]
    host.on(COMMITS, lambda _: answers.pop() if answers else web.json_response([commit(1)]))
    began = now()
    assert await listed(host.source()) == [sha(1)]
    assert now() - began >= timedelta(seconds=1)
    assert len(host.requests) == 2


async def test_a_passing_failure_is_retried(host: Host) -> None:
    answers = [web.Response(status=502), web.Response(status=503)]
    host.on(COMMITS, lambda _: answers.pop() if answers else web.json_response([commit(1)]))
    assert await listed(host.source(retries=2)) == [sha(1)]
    assert len(host.requests) == 3


async def test_an_outage_is_an_outage(host: Host) -> None:
    source = host.source(base_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SourceUnavailable, match="GitHub could not be reached"):
        await listed(source)


async def test_a_silent_host_is_an_outage(host: Host) -> None:
    async def silence(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(2)
        return web.Response()

    host.on(COMMITS, silence)
    with pytest.raises(SourceUnavailable, match="GitHub could not be reached"):
        await listed(host.source(timeout=1))


async def test_one_commit_that_fails_fails_the_reading(host: Host) -> None:
    for number in range(8):
        host.on(f"{COMMITS}/{sha(number)}", commit(number, files=[]))
    host.on(f"{COMMITS}/{sha(5)}", {"message": "Server Error"}, status=500)
    with pytest.raises(SourceUnavailable):
        await read_all(host.source(), [sha(number) for number in range(8)])


async def test_dates_outside_of_what_github_reads_are_not_sent(host: Host) -> None:
    host.on(COMMITS, [])
    for year in (1, 1969, 9998):
        window = Window(since=datetime(year, 1, 1, tzinfo=UTC), until=datetime(year, 1, 2, tzinfo=UTC))
        assert await listed(host.source(), window) == []
    assert all("1970" <= request.query["since"] < request.query["until"] < "2100" for request in host.requests)


async def test_a_commit_that_two_pages_name_is_listed_once(host: Host) -> None:
    def page(request: web.Request) -> web.StreamResponse:
        if request.query.get("page") == "2":
            return web.json_response([commit(2), commit(3)])
        link = f'<{host.base_url}{COMMITS}?page=2>; rel="next"'
        return web.json_response([commit(1), commit(2)], headers={"Link": link})

    host.on(COMMITS, page)
    assert await listed(host.source(), DAY) == [sha(1), sha(2), sha(3)]


def test_importing_the_adapter_does_not_import_the_library() -> None:
    script = "import sys, json, bot.adapters.github; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert not {"github", "requests", "urllib3", "jwt"} & set(loaded)


async def test_the_library_writes_nothing_to_stderr(host: Host) -> None:
    host.on(COMMITS, [])
    await listed(host.source())
    assert logging.getLogger("github").handlers == []


async def test_all_time_can_be_asked_for(host: Host) -> None:
    host.on(COMMITS, [commit(1)])
    assert await listed(host.source(), ALWAYS) == [sha(1)]
