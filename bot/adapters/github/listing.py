"""Which commits there are, as GitHub lists them page by page: https://docs.github.com/en/rest/commits/commits"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from bot.adapters.github.clients import PER_PAGE
from bot.adapters.github.facts import commit_ref
from bot.adapters.github.failures import empty_is_no_error
from bot.core.days import Window
from bot.core.model import CommitRef

if TYPE_CHECKING:
    from github.Repository import Repository
    from github.Requester import Requester

Item = TypeVar("Item")

_NEXT_PAGE: Final = re.compile(r'<([^>]+)>;\s*rel="next"')
_PAGES_REMEMBERED: Final = 256
#: So many commits in a row that are older than what is wanted end a walk: one skewed clock does not.
_OLDER_IN_A_ROW: Final = 10
# "up to 10,000 commits"; what is beyond is not new but another history.
# https://docs.github.com/en/rest/commits/commits#compare-two-commits
_COMPARED_PAGES_MAX: Final = 100

_Parameters = Mapping[str, str | int]
_Address = tuple[str, tuple[tuple[str, str | int], ...]]


class Redirected(Exception):
    """The repository has another name, and the redirect to it lost what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    items: tuple[Item, ...]
    next_url: str | None
    etag: str


class KnownPages:
    """The last pages with their ETags: one that has not changed costs nothing of the quota.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
    """

    def __init__(self) -> None:
        self._pages: OrderedDict[_Address, Page[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, address: _Address) -> Page[Any] | None:
        with self._lock:
            return self._pages.get(address)

    def put(self, address: _Address, page: Page[Any]) -> None:
        with self._lock:
            self._pages[address] = page
            self._pages.move_to_end(address)
            while len(self._pages) > _PAGES_REMEMBERED:
                self._pages.popitem(last=False)


def commits_in(
    repository: "Repository", window: Window, known: KnownPages, *, head: str | None = None, trusting: bool = False
) -> list[CommitRef] | None:
    """The commits in the window, in GitHub's order; None if GitHub answers as if it did not know the window.

    They are those that `head` reaches, else those of the default branch. `trusting` skips what lies outside, and stops
    after as many older commits as make a page.
    """
    refs: dict[str, CommitRef] = {}  # a push between two pages repeats commits
    older = 0
    asked = {**_from(head), "since": _timestamp(window.since), "until": _timestamp(window.until)}
    for ref in (ref for page in _pages(repository, asked, known) for ref in page.items):
        older = older + 1 if ref.committed_at < window.since else 0
        if window.since <= ref.committed_at <= window.until:
            refs[ref.sha] = ref
        elif not trusting:
            return None
        elif older == PER_PAGE:
            break
    return list(refs.values())


def _timestamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True, kw_only=True)
class Branch:
    """A branch, from its newest commit backwards; or several of them together."""

    tip: str | None = None
    refs: dict[str, CommitRef] = field(default_factory=dict[str, CommitRef])
    rewritten: bool = False
    vanished: frozenset[str] = frozenset()


def branch_since(
    repository: "Repository",
    since: datetime,
    tip: str | None,
    known: KnownPages,
    *,
    head: str | None = None,
    trusting: bool = False,
) -> Branch:
    """What `CommitSource.recent` promises, of the branch that ends at `head`, else of the default one.

    Raises Redirected, unless it is `trusting`.

    Pages without any dates are asked for, since with them the newest commit itself might be missing.
    """
    branch = Branch()
    for page in _pages(repository, _from(head), known):
        if page.next_url and len(page.items) < PER_PAGE and not trusting:
            raise Redirected
        if page.items and branch.tip is None:
            branch.tip = page.items[0].sha
        branch.refs |= {ref.sha: ref for ref in page.items}
        if all(ref.committed_at < since for ref in page.items[-_OLDER_IN_A_ROW:]):
            break
    if tip is not None and not _reaches(branch, tip):
        _compare(repository, branch, tip)
    return branch


def _reaches(branch: Branch, tip: str) -> bool:
    """Whether all that is new since `tip` is listed: from the newest commit, every way leads to `tip` or before it."""
    if tip not in branch.refs:
        return False
    before = _listed_ancestors(branch, [tip], frozenset())
    return _listed_ancestors(branch, [branch.tip or tip], before) <= branch.refs.keys()


def _listed_ancestors(branch: Branch, starts: Sequence[str], without: frozenset[str]) -> frozenset[str]:
    """What the starts reach, the starts too, up to `without` and the first that are not listed, those too."""
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        sha = waiting.pop()
        if sha not in reached and sha not in without:
            reached.add(sha)
            waiting += branch.refs[sha].parents if sha in branch.refs else ()
    return frozenset(reached)


def _compare(repository: "Repository", branch: Branch, tip: str) -> None:
    """Adds what is new since `tip`, or notes that there is no telling because `tip` is not on the branch any more."""
    gained = compared(repository, tip, branch.tip) if branch.tip else None
    if gained is not None:
        branch.refs |= {ref.sha: ref for ref in gained if ref.sha not in branch.refs}
        return
    branch.rewritten = True
    vanished = compared(repository, branch.tip, tip, diverged=True) if branch.tip else None
    branch.vanished = frozenset({tip, *(ref.sha for ref in vanished or ())})


def compared(repository: "Repository", base: str, head: str, *, diverged: bool = False) -> list[CommitRef] | None:
    """The commits that `head` has and `base` has not; None if `base` is not before `head`, unless that is expected."""
    from github import GithubException

    refs: list[CommitRef] = []
    path = f"{repository.url}/compare/{base}...{head}"
    for number in range(1, _COMPARED_PAGES_MAX + 1):
        parameters = {"per_page": PER_PAGE, "page": number}
        try:
            _, page = repository.requester.requestJsonAndCheck("GET", path, parameters=parameters)
        except GithubException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        if not diverged and page["status"] not in ("ahead", "identical"):
            return None
        refs += map(commit_ref, page["commits"])
        if len(refs) >= page["total_commits"] or not page["commits"]:
            break
    return refs


def _pages(repository: "Repository", asked: _Parameters, known: KnownPages) -> Iterator[Page[CommitRef]]:
    """Page after page; an empty repository has none."""
    url: str | None = f"{repository.url}/commits"
    parameters: _Parameters = {"per_page": PER_PAGE, **asked}
    with empty_is_no_error():
        while url:
            page = page_of(repository.requester, url, parameters, known, commit_ref, fixed="sha" in asked)
            yield page
            url, parameters = page.next_url, {}  # the address of the next page has everything in it


def _from(head: str | None) -> _Parameters:
    return {} if head is None else {"sha": head}


def page_of(
    requester: "Requester",
    url: str,
    parameters: _Parameters,
    known: KnownPages,
    read: Callable[[Mapping[str, Any]], Item],
    *,
    fixed: bool = False,
) -> Page[Item]:
    """What `read` makes of each item. One that is `fixed` can never change, because it begins at a commit and not at a

    branch.
    """
    address = (url, tuple(sorted(parameters.items())))
    before = known.get(address)
    if before and fixed:
        return before
    headers = {"If-None-Match": before.etag} if before else None
    told, listed = requester.requestJsonAndCheck("GET", url, parameters=dict(parameters) or None, headers=headers)
    if before and listed is None:
        return before
    next_page = _NEXT_PAGE.search(_header(told, "link"))
    page = Page(
        items=tuple(map(read, listed)), next_url=next_page[1] if next_page else None, etag=_header(told, "etag")
    )
    if page.etag or fixed:
        known.put(address, page)
    return page


def _header(headers: Mapping[str, Any], name: str) -> str:
    return str(headers.get(name, ""))
