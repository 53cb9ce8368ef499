"""The port CommitSource, by GitHub's REST API."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bot.adapters.github.branches import branches_since, commits_on_branches, heads
from bot.adapters.github.clients import Clients, GitHubApp
from bot.adapters.github.facts import FILES_PER_PAGE, commit_diff, with_labels
from bot.adapters.github.failures import empty_is_no_error, explain, failures, not_found
from bot.adapters.github.listing import Branch, KnownPages, Redirected, branch_since, commits_in
from bot.adapters.github.owners import named_repository, public_repositories
from bot.core.days import Window
from bot.core.errors import BotError, NotFound, SourceUnavailable
from bot.core.language import _
from bot.core.model import CommitDiff, CommitRef, History, Repo
from bot.core.ports import BranchListing, Clock, DayListing, RepositoryInfo

if TYPE_CHECKING:
    from github import Github
    from github.Repository import Repository

Answer = TypeVar("Answer")

# "Make requests serially instead of concurrently" asks GitHub, so these are few:
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
THREADS_MAX: Final = 4
PADDING: Final = timedelta(hours=1)
# "Timestamps must be between 1970-01-01 and 2099-12-31": https://docs.github.com/en/rest/commits/commits#list-commits
_EARLIEST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(2099, 12, 30, tzinfo=UTC)
_SHA: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_LAST_PAGE: Final = re.compile(r'<([^>]+)>;\s*rel="last"')


class GitHubSource:
    """Commits as GitHub tells them: a listing is one request for 100 commits, reading is one request a commit.

    Where other branches than the default one are followed, a listing is one request to find them, and one for each of
    them that has moved (see `bot.adapters.github.branches`).

    With credentials, a repository that is not in `trusted` must be public, which costs one request a process. A rate
    limit that ends within `rate_limit_wait` is waited for once. `timeout` and `seconds_between_requests` are in
    seconds and hold for each request of each thread; `retries` is for answers 5xx and broken connections.
    """

    def __init__(
        self,
        *,
        now: Clock,
        base_url: str = "https://api.github.com",
        host: str = "github.com",
        token: str | None = None,
        app: GitHubApp | None = None,
        trusted: frozenset[Repo] = frozenset(),
        timeout: int = 15,
        retries: int = 3,
        seconds_between_requests: float = 0.25,
        rate_limit_wait: timedelta = timedelta(seconds=30),
        labels: bool = False,
    ) -> None:
        """`host` is where people see what it tells of.

        With `labels`, each commit with a pull request costs one more request, for its labels.
        """
        self._now = now
        self._host = host
        self._trusted = frozenset(repo.whole for repo in trusted)
        self._rate_limit_wait = rate_limit_wait
        self._labels = labels
        self._clients = Clients(
            base_url=base_url.rstrip("/"),
            token=token,
            app=app,
            timeout=timeout,
            retries=retries,
            seconds_between_requests=seconds_between_requests,
        )
        self._threads = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="github")
        self._public: set[Repo] = set()
        self._admission: defaultdict[Repo, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._known_pages = KnownPages()
        self._known_owners = KnownPages()
        #: Repositories that have another name now, and those of which certain branches are followed.
        self._ids: dict[Repo, int] = {}

    async def close(self) -> None:
        """Waits for the requests under way, and closes the connections."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        self._clients.close()

    async def list(self, repo: Repo, window: Window) -> DayListing:
        await self._admit(repo)
        as_of = self._now()
        found = await self._ask(repo, lambda client: self._listed(client, repo, _readable(window)))
        refs = [ref for ref in found if ref.committed_at in window]
        refs.sort(key=lambda ref: ref.committed_at, reverse=True)
        return DayListing(commits=tuple(refs), as_of=as_of)

    async def recent(self, repo: Repo, since: datetime, tip: str | None) -> BranchListing:
        """One request where 100 commits reach back to `since` and to `tip`, as they do on most days."""
        await self._admit(repo)
        as_of = self._now()
        found = await self._ask(repo, lambda client: self._recent(client, repo, since, tip))
        return BranchListing(
            commits=tuple(found.refs.values()),
            tip=found.tip,
            rewritten=found.rewritten,
            vanished=found.vanished,
            as_of=as_of,
        )

    async def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """Raises NotFound as well, for a commit that the repository does not have."""
        for sha in shas:
            if not _SHA.fullmatch(sha):
                raise _unknown(repo, sha)
        await self._admit(repo)
        waiting = iter(dict.fromkeys(shas))
        tasks: set[asyncio.Task[CommitDiff]] = set()
        try:
            while True:
                # No more than are asked for at once, so that a slow reader is not buried.
                next_ones = islice(waiting, THREADS_MAX - len(tasks))
                tasks |= {asyncio.create_task(self._diff(repo, sha)) for sha in next_ones}
                if not tasks:
                    return
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
                    tasks.remove(task)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def paths(self, repo: Repo, sha: str) -> frozenset[str]:
        """One request. Raises SourceUnavailable for a tree that GitHub does not tell whole."""
        if not _SHA.fullmatch(sha):
            raise _unknown(repo, sha)
        await self._admit(repo)
        return await self._ask(repo, lambda client: self._paths(client, repo, sha))

    async def file(self, repo: Repo, sha: str, path: str) -> str | None:
        """One request."""
        if not _SHA.fullmatch(sha):
            raise _unknown(repo, sha)
        await self._admit(repo)
        return await self._ask(repo, lambda client: _text(self._repository(client, repo), sha, path))

    async def history(self, repo: Repo) -> History | None:
        """The oldest and the newest commit as GitHub lists them."""
        await self._admit(repo)
        return await self._ask(repo, lambda client: self._history(client, repo))

    async def is_public(self, repo: Repo) -> bool:
        """One request each time with credentials, since repositories become private; without, all are public."""
        if not self._clients.have_credentials:
            return True
        return not await self._ask(repo, lambda client: self._is_private(client, repo.whole))

    async def repositories(self, owner: str) -> Sequence[RepositoryInfo]:
        """One request for 100 that everybody may see, and one for each other one that was named to us as trusted."""
        anyone = Repo(owner=owner, name="*", host=self._host)
        listed = await self._ask(
            anyone, lambda client: public_repositories(client, owner, self._host, self._known_owners)
        )
        found = {info.repo: info for info in listed}
        for repo in self._trusted - found.keys():
            if repo.host == self._host and repo.owner.casefold() == owner.casefold():
                private = await self._ask(repo, lambda client, repo=repo: named_repository(client, repo))
                found |= {repo: private} if private else {}
        return sorted(found.values(), key=lambda info: info.repo.key)

    async def _admit(self, repo: Repo) -> None:
        """Keeps what only our credentials may see from everybody who asks. Raises RepositoryNotFound."""
        repo = repo.whole
        if not self._clients.have_credentials or repo in self._trusted:
            return
        async with self._admission[repo]:
            if repo not in self._public and await self._ask(repo, lambda client: self._is_private(client, repo)):
                raise not_found(repo)
            self._public.add(repo)

    def _is_private(self, client: "Github", repo: Repo) -> bool:
        repository = client.get_repo(repo.full_name)
        if repository.full_name.lower() != repo.full_name.lower():
            self._ids[repo] = repository.id
        return repository.private

    def _repository(self, client: "Github", repo: Repo) -> "Repository":
        return client.get_repo(self._ids.get(repo.whole, repo.full_name))

    def _by_id(self, client: "Github", repo: Repo) -> "Repository":
        """The same by an address that never redirects: PyGithub drops on a redirect which branch was asked for."""
        if repo.whole not in self._ids:
            self._ids[repo.whole] = client.get_repo(repo.full_name).id
        return self._repository(client, repo)

    def _listed(self, client: "Github", repo: Repo, window: Window) -> "Sequence[CommitRef]":
        if repo.branches:
            repository = self._by_id(client, repo)
            return commits_on_branches(repository, heads(repository, repo), window, self._known_pages)
        refs = commits_in(self._repository(client, repo), window, self._known_pages)
        if refs is None:
            # A renamed repository answers with a redirect, on which PyGithub drops the window; its id has none.
            refs = commits_in(self._by_id(client, repo), window, self._known_pages, trusting=True)
        return refs or ()

    def _recent(self, client: "Github", repo: Repo, since: datetime, tip: str | None) -> "Branch":
        if repo.branches:
            repository = self._by_id(client, repo)
            return branches_since(repository, heads(repository, repo), since, tip, self._known_pages)
        try:
            return branch_since(self._repository(client, repo), since, tip, self._known_pages)
        except Redirected:
            return branch_since(self._by_id(client, repo), since, tip, self._known_pages, trusting=True)

    def _history(self, client: "Github", repo: Repo) -> History | None:
        if not repo.branches:
            return _history(self._repository(client, repo))
        repository = self._by_id(client, repo)
        newest = set(heads(repository, repo).values())
        found = [one for head in newest if (one := _history(repository, {"sha": head}))]
        return History(first=min(one.first for one in found), last=max(one.last for one in found))

    async def _diff(self, repo: Repo, sha: str) -> CommitDiff:
        return await self._ask(repo, lambda client: self._read(client, repo, sha))

    def _read(self, client: "Github", repo: Repo, sha: str) -> CommitDiff:
        from github import GithubException

        repository = self._repository(client, repo)
        try:
            diff = commit_diff(repository.get_commit(sha, commit_files_per_page=FILES_PER_PAGE))
            return with_labels(repository, diff) if self._labels else diff
        except GithubException as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
                raise
        repository.complete()  # is it the commit that is unknown, or the repository?
        raise _unknown(repo, sha)

    def _paths(self, client: "Github", repo: Repo, sha: str) -> frozenset[str]:
        """https://docs.github.com/en/rest/git/trees#get-a-tree, which takes the SHA of a commit as well."""
        from github import GithubException

        repository = self._repository(client, repo)
        try:
            tree = repository.get_git_tree(sha, recursive=True)
        except GithubException as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY):
                raise
            repository.complete()
            raise _unknown(repo, sha) from None
        if tree.truncated:  # beyond 100,000 entries or 7 MB
            raise SourceUnavailable(_("GitHub does not name all files of {repo} at once.", repo=repo))
        return frozenset(entry.path for entry in tree.tree if entry.type != "tree")

    async def _ask(self, repo: Repo, question: "Callable[[Github], Answer]") -> Answer:
        """The answer, asked for in one of our threads. Raises RepositoryNotFound, SourceRefused, SourceUnavailable."""
        repo = repo.whole
        try:
            return await self._asked_once(repo, question)
        except SourceUnavailable as error:
            if error.retry_after is None or error.retry_after > self._rate_limit_wait:
                raise
            await asyncio.sleep(error.retry_after.total_seconds())
        return await self._asked_once(repo, question)

    async def _asked_once(self, repo: Repo, question: "Callable[[Github], Answer]") -> Answer:
        here = copy_context()  # what is raised there is told to people here, in their language
        answer = asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: here.run(lambda: self._answer(repo, question))
        )
        return await answer

    def _answer(self, repo: Repo, question: "Callable[[Github], Answer]") -> Answer:
        try:
            return question(self._clients.of(repo))
        except BotError:
            raise
        except failures() as error:
            raise explain(error, repo, self._now()) from None


def _text(repository: "Repository", sha: str, path: str) -> str | None:
    """Of a folder, and of a file over GitHub's 1 MB, there is none."""
    from github import UnknownObjectException

    try:
        found = repository.get_contents(path, ref=sha)
    except UnknownObjectException:
        return None
    if isinstance(found, list) or found.encoding != "base64":
        return None
    return found.decoded_content.decode(errors="replace")


def _unknown(repo: Repo, sha: str) -> NotFound:
    return NotFound(_("{repo} has no commit {sha}.", repo=repo.whole, sha=sha[:64]))


def _readable(window: Window) -> Window:
    """The window and some around it, since GitHub does not say whether its ends belong to it."""
    # PyGithub sends the wall clock of whatever zone it is given: https://github.com/PyGithub/PyGithub/issues/2282
    since, until = (min(max(instant, _EARLIEST), _LATEST).astimezone(UTC) for instant in (window.since, window.until))
    return Window(since=since, until=until).padded(PADDING)


def _history(repository: "Repository", start: Mapping[str, str] | None = None) -> History | None:
    with empty_is_no_error():
        path = f"{repository.url}/commits"
        parameters = {"per_page": 1, **(start or {})}
        headers, newest = repository.requester.requestJsonAndCheck("GET", path, parameters=parameters)
        last_page = _LAST_PAGE.search(str(headers.get("link", "")))
        oldest = repository.requester.requestJsonAndCheck("GET", last_page[1])[1] if last_page else newest
        return History(first=_committed_at(oldest[-1]), last=_committed_at(newest[0]))
    return None


def _committed_at(commit: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(commit["commit"]["committer"]["date"]).astimezone(UTC)
