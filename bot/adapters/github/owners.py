"""Which repositories an organisation or a user has, as GitHub lists them page by page.

https://docs.github.com/en/rest/repos/repos#list-organization-repositories
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.github.clients import PER_PAGE
from bot.adapters.github.listing import KnownPages, page_of
from bot.core.errors import OwnerNotFound, TooManyRepositories
from bot.core.language import _
from bot.core.model import Repo
from bot.core.ports import RepositoryInfo

if TYPE_CHECKING:
    from github import Github

#: Of repositories. What has more is asked for by its names.
PAGES_MAX: Final = 30


def public_repositories(client: "Github", owner: str, host: str, known: KnownPages) -> list[RepositoryInfo]:
    """Those that everybody may see, by name. Raises OwnerNotFound, TooManyRepositories."""
    for path, kind in ((f"/orgs/{owner}/repos", "public"), (f"/users/{owner}/repos", "owner")):
        found = _listed(client, path, kind, owner, known)
        if found is not None:
            return [_info(repository, host) for repository in found if not repository["private"]]
    raise OwnerNotFound(_("GitHub knows no organisation and no user {owner}.", owner=owner))


def _listed(client: "Github", path: str, kind: str, owner: str, known: KnownPages) -> list[Mapping[str, Any]] | None:
    """None if nobody is called that. A renamed organisation answers with a redirect, which PyGithub follows."""
    from github import GithubException

    try:
        return list(_repositories(client, path, kind, owner, known))
    except GithubException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None


def _repositories(client: "Github", path: str, kind: str, owner: str, known: KnownPages) -> Iterator[Mapping[str, Any]]:
    url: str | None = path
    parameters: Mapping[str, str | int] = {"per_page": PER_PAGE, "type": kind, "sort": "full_name"}
    for _number in range(PAGES_MAX):
        page = page_of(client.requester, url, parameters, known, _kept)
        yield from page.items
        url, parameters = page.next_url, {}
        if url is None:
            return
    most = PAGES_MAX * PER_PAGE
    raise TooManyRepositories(
        _("{owner} has more than {most} repositories, which is too many to look through.", owner=owner, most=most)
    )


def _kept(repository: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is remembered of one: GitHub tells a hundred times more."""
    owner = {"login": str(repository["owner"]["login"])}
    return {"owner": owner, **{name: repository[name] for name in ("name", "private", "fork", "archived")}}


def _info(repository: Mapping[str, Any], host: str) -> RepositoryInfo:
    return RepositoryInfo(
        repo=Repo(owner=repository["owner"]["login"], name=repository["name"], host=host),
        is_fork=repository["fork"],
        is_archived=repository["archived"],
    )


def named_repository(client: "Github", repo: Repo) -> RepositoryInfo | None:
    """One that only our credentials may see; None if there is none by this very name."""
    from github import GithubException

    try:
        found = client.requester.requestJsonAndCheck("GET", f"/repos/{repo.full_name}")[1]
    except GithubException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return None
    info = _info(_kept(found), repo.host)
    return info if info.repo == repo else None
