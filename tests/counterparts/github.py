"""An emulated GitHub that is given real git histories, and the proxy the product talks to.

The server is the npm package `emulate` 0.12.2, read and tried. What it does:

* `GET /repos/{o}/{r}`: yes; unknown 404 `Not Found`; a private one 401 without a token.
* `POST git/blobs|trees|commits|refs`: real git SHAs, so a loaded history keeps its own, merges and offsets included.
  A commit with a signature or an encoding header has no place there, and a message gets a last line end if it has none.
* `GET /commits`: filters by `sha` (branch, tag, SHA), `path`, `author`, `committer`, `since` and `until`, which both
  include their instant and mean the committer date; pages with `Link` (30 by default, at most 100); unknown `sha` 404,
  empty repository 409 `Git Repository is empty.`
* `GET /commits/{ref}`: `parents`, `stats`, and `files` against the first parent, with `status` and `patch`.
* `GET /users/{u}/repos`: `type` (`all`, `owner`, `member`, else 422), `sort`, pages; `fork` and `archived`.
* `X-RateLimit-*` headers: 5,000 requests an hour per token, then 403; there is no secondary limit.

What it lacks, and `GitHubProxy` adds:

* Dates come back with the offset they were written with; GitHub answers in UTC with `Z`.
* The list is sorted by comparing those dates as text, wrong as soon as two offsets meet. The proxy asks for all pages,
  sorts them as `git rev-list` does, and pages itself.
* `files`: only exact renames are seen, the patch is not git's (no function after `@@`), and there is no size limit.
  The proxy computes `files` and `stats` with git, from the history that was loaded.
* `Accept: application/vnd.github.diff`, `ETag`/`If-None-Match`, `/commits/{sha}/pulls` (404 there),
  `/repositories/{id}/...`, a moved repository's 301, names in another case, an unknown token's 401, and 404
  instead of 401 for a private repository without a token.

* `GET /orgs/{o}/repos`, which answers 404 there; here the owners in `organisations` are shown as such.
* Lists of an owner's repositories name private ones to everybody there; here to nobody, as GitHub to strangers.

Not there at all: GraphQL, `/repos/{o}/{r}/activity`.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, web

from tests.counterparts import diffs, histories, node, processes
from tests.counterparts.faults import Answer, Fault
from tests.counterparts.proxies import Proxy, Upstream, sendable

#: The one token that `GitHubProxy` accepts at first; it may read everything.
TOKEN = "ghp_counterpart"
#: Users who can own repositories: `load` and `create` need one of them.
OWNERS = ("octo", "ai-dynamo", "acme")
# https://docs.github.com/en/rest/commits/commits#get-a-commit
_FILES_PER_PAGE = 300
_PER_PAGE = 30
_PER_PAGE_MAX = 100
_COMMITS = re.compile(r"/repos/([^/]+/[^/]+)/commits")
_COMMIT = re.compile(r"/repos/([^/]+/[^/]+)/commits/([^/]+)")
_PULLS = re.compile(r"/repos/([^/]+/[^/]+)/commits/([0-9a-f]{40})/pulls")
_OWNED = re.compile(r"/(orgs|users)/([^/]+)/repos")
_BY_NAME = re.compile(r"/repos/([^/]+/[^/]+)(/.*)?")
_BY_ID = re.compile(r"/repositories/(\d+)(/.*)?")


@dataclass(slots=True)
class Repository:
    """A repository of the emulated GitHub; `history` is None while it is empty."""

    name: str
    id: int
    history: Path | None = None
    branches: set[str] = field(default_factory=set)
    uploaded: set[str] = field(default_factory=set)


class EmulatedGitHub:
    """The server process, and the loader of histories. Reads go through a `GitHubProxy`."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self.url = f"http://127.0.0.1:{announced['port']}"
        self.advertised: str = announced["advertised"]
        self._control: int = announced["control"]
        self.repositories: dict[str, Repository] = {}

    def reset(self) -> None:
        """Forget every repository and every rate limit."""
        processes.post(self._control, "/reset")
        self.repositories.clear()

    async def create(self, full_name: str, *, private: bool = False) -> str:
        """An empty repository (409 for its commits); its name. Raises ValueError for an unknown owner."""
        owner, name = full_name.split("/")
        if owner not in OWNERS:
            raise ValueError(f"{owner} is none of {OWNERS}")
        async with self._client(owner) as client:
            made = await _send(client, "POST", "/user/repos", {"name": name, "private": private})
        self.repositories[full_name] = Repository(full_name, made["id"])
        return full_name

    async def load(
        self,
        path: Path,
        full_name: str = "octo/hello",
        *,
        branch: str = "main",
        others: Sequence[str] = (),
        private: bool = False,
    ) -> str:
        """Give a branch of a local git repository to the emulated GitHub, as its default branch; its owner/name.

        `others` are the branches it has besides. May be called again after more commits or a rewritten history: then it
        pushes, with force, and deletes branches that are not named any more. Raises RuntimeError where a commit would
        get another SHA than its own, or there are more than 5,000 objects (the rate limit).
        """
        if full_name not in self.repositories:
            await self.create(full_name, private=private)
        repository = self.repositories[full_name]
        async with self._client(full_name.split("/")[0]) as client:
            for name in (*others, branch):  # the last one becomes the default branch
                await self._push(client, repository, path, name)
            for name in repository.branches - {branch, *others}:
                await _send(client, "DELETE", f"/repos/{full_name}/git/refs/heads/{name}")
            repository.branches = {branch, *others}
        repository.history = path
        return full_name

    async def fork(self, full_name: str, owner: str) -> str:
        """A fork of the same name; its owner/name."""
        async with self._client(owner) as client:
            made = await _send(client, "POST", f"/repos/{full_name}/forks", {})
        self.repositories[made["full_name"]] = Repository(made["full_name"], made["id"])
        return made["full_name"]

    async def change(self, full_name: str, **settings: object) -> None:
        """`archived`, `private`, or another `name`: https://docs.github.com/en/rest/repos/repos#update-a-repository"""
        async with self._client(full_name.split("/")[0]) as client:
            made = await _send(client, "PATCH", f"/repos/{full_name}", dict(settings))
        repository = self.repositories.pop(full_name)
        repository.name = made["full_name"]
        self.repositories[repository.name] = repository

    def repository(self, full_name: str) -> Repository | None:
        """By name, in whatever case."""
        return next((each for each in self.repositories.values() if each.name.lower() == full_name.lower()), None)

    def _client(self, owner: str) -> ClientSession:
        return ClientSession(self.url, headers={"Authorization": f"Bearer {_owner_token(owner)}"})

    async def _push(self, client: ClientSession, repository: Repository, path: Path, branch: str) -> None:
        for item in histories.objects(path, branch):
            if item.sha not in repository.uploaded:
                await self._upload(client, repository.name, item)
                repository.uploaded.add(item.sha)
        await self._point(client, repository.name, branch, histories.order(path, branch)[0])

    @staticmethod
    async def _upload(client: ClientSession, full_name: str, item: histories.GitObject) -> None:
        made = await _send(client, "POST", f"/repos/{full_name}/git/{item.kind}s", _UPLOADS[item.kind](item))
        if made["sha"] != item.sha:
            raise RuntimeError(f"{item.kind} {item.sha} became {made['sha']}")

    @staticmethod
    async def _point(client: ClientSession, full_name: str, branch: str, head: str) -> None:
        there = await _send(client, "GET", f"/repos/{full_name}/git/matching-refs/heads/{branch}")
        if any(ref["ref"] == f"refs/heads/{branch}" for ref in there):
            body = {"sha": head, "force": True}
            await _send(client, "PATCH", f"/repos/{full_name}/git/refs/heads/{branch}", body)
        else:
            body = {"ref": f"refs/heads/{branch}", "sha": head}
            await _send(client, "POST", f"/repos/{full_name}/git/refs", body)
        await _send(client, "PATCH", f"/repos/{full_name}", {"default_branch": branch})


@contextmanager
def serving() -> Iterator[EmulatedGitHub]:
    """A GitHub with the users OWNERS and nothing else."""
    seed = {
        "tokens": {_owner_token(owner): {"login": owner, "scopes": ["repo", "user"]} for owner in OWNERS},
        "github": {"users": [{"login": owner} for owner in OWNERS]},
    }
    arguments = json.dumps({"service": "github", "seed": seed})
    with processes.running([node.binary(), "emulate_server.mjs", arguments], cwd=node.HERE) as announced:
        yield EmulatedGitHub(announced)


class GitHubProxy(Proxy):
    """`Github(base_url=proxy.url, auth=Auth.Token(TOKEN))` reads here; all addresses in the answers stay here.

    A token reads every repository; no token at all reads the public ones.
    """

    def __init__(self, github: EmulatedGitHub) -> None:
        super().__init__(github.url, advertised=github.advertised)
        self.github = github
        self.tokens = {TOKEN}
        #: How often each (method, path without query) was asked for, faults included.
        self.counts: Counter[tuple[str, str]] = Counter()
        #: How often each status was answered to a read that met no fault.
        self.statuses: Counter[int] = Counter()
        #: What `/commits/{sha}/pulls` answers, in GitHub's shape.
        self.pulls: dict[str, list[dict[str, Any]]] = {}
        #: Those of OWNERS that are shown as organisations; the others are users.
        self.organisations: set[str] = set()
        #: Old owner/name to new owner/name; the old one answers 301.
        self.moved: dict[str, str] = {}

    async def load(
        self,
        path: Path,
        full_name: str = "octo/hello",
        *,
        branch: str = "main",
        others: Sequence[str] = (),
        private: bool = False,
    ) -> str:
        """As `EmulatedGitHub.load`."""
        return await self.github.load(path, full_name, branch=branch, others=others, private=private)

    async def create(self, full_name: str, *, private: bool = False) -> str:
        """As `EmulatedGitHub.create`."""
        return await self.github.create(full_name, private=private)

    def fail(self, fault: Fault, *, path: str = "*", times: int | None = 1) -> None:
        """The next `times` requests whose path matches the pattern meet this fault."""
        self.faults.plan(path, fault, times)

    def requests(self, pattern: str = "") -> int:
        """How many requests had a path that matches the regular expression somewhere."""
        return sum(number for (_, path), number in self.counts.items() if re.search(pattern, path))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.counts[request.method, request.path] += 1
        fault = self.faults.take(request.path)
        if fault is None:
            return await self._answer(request)
        if fault.processed:
            await self._answer(request)
        return await self.act_out(fault, request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._bearer(request) not in {None, *self.tokens}:
            return _problem(401, "Bad credentials")
        path = self._canonical(request.path)
        if isinstance(path, web.Response):
            return path
        if request.method != "GET":
            return (await self._pass_on(request, path)).response()
        answer = _conditional(request, await self._read(request, path))
        self.statuses[answer.status] += 1
        return answer

    async def _read(self, request: web.Request, path: str) -> Upstream:
        answer = await self._gaps_filled(request, path)
        # GitHub does not tell strangers that a private repository exists.
        return _json(not_found().body, status=404) if answer.status == 401 else answer

    async def _gaps_filled(self, request: web.Request, path: str) -> Upstream:
        if pulls := _PULLS.fullmatch(path):
            return _json(self.pulls.get(pulls[2], []))
        if owned := _OWNED.fullmatch(path):
            return await self._owned(request, owned[1], owned[2])
        if listing := _COMMITS.fullmatch(path):
            return await self._commits(request, path, listing[1])
        if single := _COMMIT.fullmatch(path):
            return await self._commit(request, path, single[1])
        return await self._pass_on(request, path)

    async def _commits(self, request: web.Request, path: str, full_name: str) -> Upstream:
        repository = self.github.repository(full_name)
        start = {"sha": request.query["sha"]} if request.query.get("sha") else {}
        answer = await self._pass_on(request, f"{path}?{urlencode({**start, 'per_page': 1})}")
        if answer.status != 200 or repository is None or repository.history is None:
            return answer
        rank = {sha: at for at, sha in enumerate(histories.order(repository.history, _sha(answer)))}
        found = await self._every_page(request, path)
        found.sort(key=lambda commit: rank[commit["sha"]])
        page_of, link = _page(request, self.url + path, found, _PER_PAGE, _PER_PAGE_MAX)
        return _json([_in_utc(commit) for commit in page_of], answer, link)

    async def _owned(self, request: web.Request, kind: str, owner: str) -> Upstream:
        login = next((known for known in self.organisations if known.lower() == owner.lower()), None)
        if kind == "orgs" and login is None:
            return _json(not_found().body, status=404)
        path = f"/users/{login or owner}/repos"
        wanted = {"type": "owner"} if kind == "orgs" else {}
        answer = await self._pass_on(request, f"{path}?{urlencode({**request.query, **wanted})}")
        if answer.status != 200:
            return answer
        found = [each for each in await self._every_page(request, path, **wanted) if not each["private"]]
        page_of, link = _page(request, self.url + request.path, found, _PER_PAGE, _PER_PAGE_MAX)
        return _json(page_of, answer, link)

    async def _every_page(self, request: web.Request, path: str, **also: str) -> list[dict[str, Any]]:
        wanted = {name: value for name, value in request.query.items() if name not in {"page", "per_page"}} | also
        found: list[dict[str, Any]] = []
        for page in count(1):
            query = urlencode({**wanted, "per_page": _PER_PAGE_MAX, "page": page})
            commits = json.loads((await self._pass_on(request, f"{path}?{query}")).body)
            found += commits
            if len(commits) < _PER_PAGE_MAX:
                return found
        raise AssertionError("count() ended")

    async def _commit(self, request: web.Request, path: str, full_name: str) -> Upstream:
        answer = await self._pass_on(request, path)
        repository = self.github.repository(full_name)
        if answer.status != 200 or repository is None or repository.history is None:
            return answer
        commit = json.loads(answer.body)
        if "diff" in request.headers.get("Accept", ""):
            body = diffs.whole_diff(repository.history, commit["sha"])
            return Upstream(status=200, headers={**answer.headers, "content-type": _DIFF_TYPE}, body=body)
        files = diffs.changed_files(repository.history, commit["sha"])
        shaped = [diffs.as_json(file, repo=full_name, commit=commit["sha"], base_url=self.url) for file in files]
        page_of, link = _page(request, self.url + path, shaped, _FILES_PER_PAGE, _FILES_PER_PAGE)
        return _json({**_in_utc(commit), "stats": diffs.stats(files), "files": page_of}, answer, link)

    async def _pass_on(self, request: web.Request, path: str) -> Upstream:
        headers = sendable(request)
        headers.pop("Accept-Encoding", None)
        if self._bearer(request) is not None:
            headers["Authorization"] = f"Bearer {self._reader(path)}"
        query = f"?{request.query_string}" if request.query_string and "?" not in path else ""
        return await self.ask(request.method, path + query, headers=headers, data=await request.read() or None)

    def _reader(self, path: str) -> str:
        named = _BY_NAME.match(path.partition("?")[0])
        repository = self.github.repository(named[1]) if named else None
        # An unknown token is the first user there, who reads what is public.
        return TOKEN if repository is None else _owner_token(repository.name.split("/")[0])

    def _canonical(self, path: str) -> str | web.Response:
        """The path by the name that GitHub shows; or the redirection of a moved repository."""
        if by_id := _BY_ID.fullmatch(path):
            for repository in self.github.repositories.values():
                if repository.id == int(by_id[1]):
                    return f"/repos/{repository.name}{by_id[2] or ''}"
        if by_name := _BY_NAME.fullmatch(path):
            new_name = self.moved.get(by_name[1])
            repository = self.github.repository(new_name or by_name[1])
            if new_name and repository:
                return _moved(f"{self.url}/repositories/{repository.id}{by_name[2] or ''}")
            if repository:
                return f"/repos/{repository.name}{by_name[2] or ''}"
        return path

    @staticmethod
    def _bearer(request: web.Request) -> str | None:
        header = request.headers.get("Authorization")
        return header.split(" ", 1)[-1] if header else None


# What GitHub says when something is wrong.
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api


def server_error(status: int = 502) -> Answer:
    return Answer(status=status, body={"message": "Server Error"})


def not_found() -> Answer:
    return Answer(status=404, body={"message": "Not Found", "documentation_url": _DOCUMENTATION, "status": "404"})


def empty_repository() -> Answer:
    return Answer(status=409, body={"message": "Git Repository is empty.", "documentation_url": _DOCUMENTATION})


def too_many_requests(retry_after: int | None = None) -> Answer:
    """429, with Retry-After in seconds or without."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status=429, body=_secondary(), headers=headers)


def secondary_limit(retry_after: int | None = None) -> Answer:
    """403 for too many requests in a short time."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer(status=403, body=_secondary(), headers=headers)


def primary_limit(*, reset_in: float = 1.0) -> Answer:
    """403 for a used-up quota that comes back in so many seconds."""
    reset = datetime.now(UTC) + timedelta(seconds=reset_in)
    body = {"message": "API rate limit exceeded for user ID 1.", "documentation_url": _DOCUMENTATION}
    headers = {
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Used": "5000",
        "X-RateLimit-Reset": str(int(reset.timestamp())),
        "X-RateLimit-Resource": "core",
    }
    return Answer(status=403, body=body, headers=headers)


_DOCUMENTATION = "https://docs.github.com/rest"
_DIFF_TYPE = "application/vnd.github.diff; charset=utf-8"


def _secondary() -> dict[str, str]:
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return {"message": message, "documentation_url": f"{_DOCUMENTATION}/overview/rate-limits-for-the-rest-api"}


def _problem(status: int, message: str) -> web.Response:
    return web.json_response({"message": message, "documentation_url": _DOCUMENTATION}, status=status)


def _moved(where: str) -> web.Response:
    body = {"message": "Moved Permanently", "url": where, "documentation_url": _DOCUMENTATION}
    return web.json_response(body, status=301, headers={"Location": where})


def _owner_token(owner: str) -> str:
    return f"ghp_{owner}"


async def _send(client: ClientSession, method: str, path: str, body: Any = None) -> Any:
    async with client.request(method, path, json=body) as answer:
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {await answer.text()}")
        return await answer.json() if answer.status != 204 else None


def _blob(item: histories.GitObject) -> dict[str, Any]:
    return {"content": base64.b64encode(item.content).decode(), "encoding": "base64"}


def _tree(item: histories.GitObject) -> dict[str, Any]:
    kinds = {"040000": "tree", "160000": "commit"}
    entries = histories.tree_entries(item)
    return {
        "tree": [
            {"path": name, "mode": mode, "type": kinds.get(mode, "blob"), "sha": sha} for mode, name, sha in entries
        ]
    }


def _git_commit(item: histories.GitObject) -> dict[str, Any]:
    head, _, message = item.content.decode().partition("\n\n")
    headers = [(line.partition(" ")[0], line.partition(" ")[2]) for line in head.split("\n")]
    named = dict(headers)
    return {
        "message": _without_line_end(message),
        "tree": named["tree"],
        "parents": [value for name, value in headers if name == "parent"],
        "author": _identity(named["author"]),
        "committer": _identity(named["committer"]),
    }


def _without_line_end(message: str) -> str:
    """A message as GitHub shows it. The server adds the line end for git again, where there is none."""
    shown = message.removesuffix("\n")
    return message if shown.endswith("\n") else shown


_UPLOADS = {"blob": _blob, "tree": _tree, "commit": _git_commit}


def _identity(line: str) -> dict[str, str]:
    name, _, rest = line.partition(" <")
    email, _, when = rest.partition("> ")
    seconds, offset = when.split()
    sign = -1 if offset[0] == "-" else 1
    zone = timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5])))
    return {"name": name, "email": email, "date": datetime.fromtimestamp(int(seconds), zone).isoformat()}


def _in_utc(commit: dict[str, Any]) -> dict[str, Any]:
    inner = dict(commit["commit"])
    for who in ("author", "committer"):
        at = datetime.fromisoformat(inner[who]["date"]).astimezone(UTC)
        inner[who] = {**inner[who], "date": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {**commit, "commit": inner}


def _sha(listing: Upstream) -> str:
    return json.loads(listing.body)[0]["sha"]


def _page(
    request: web.Request, where: str, items: list[Any], per_page: int, per_page_max: int
) -> tuple[list[Any], dict[str, str]]:
    """The items of the page that was asked for, and its Link header."""
    size = min(int(request.query.get("per_page", per_page)), per_page_max)
    page = int(request.query.get("page", 1))
    last = max(1, -(-len(items) // size))
    neighbours = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    wanted = [name for name in neighbours if (page > 1 if name in {"prev", "first"} else page < last)]
    links = [
        f'<{where}?{urlencode({**request.query, "per_page": size, "page": neighbours[name]})}>; rel="{name}"'
        for name in wanted
    ]
    return items[(page - 1) * size : page * size], {"link": ", ".join(links)} if links else {}


def _json(
    body: Any, answer: Upstream | None = None, headers: dict[str, str] | None = None, *, status: int = 200
) -> Upstream:
    """An answer of ours with the other headers of the one it replaces."""
    kept = {} if answer is None else {name: value for name, value in answer.headers.items() if name != "link"}
    merged = {"content-type": "application/json; charset=utf-8", **kept, **(headers or {})}
    return Upstream(status=status, headers=merged, body=json.dumps(body).encode())


def _conditional(request: web.Request, answer: Upstream) -> web.Response:
    if answer.status != 200:
        return answer.response()
    tag = diffs.etag(answer.body)
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    response = answer.response()
    response.headers["ETag"] = tag
    return response
