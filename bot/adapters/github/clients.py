"""PyGithub clients and their credentials. PyGithub is imported when the first one is made, because it is large."""

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bot.core.errors import SourceRefused
from bot.core.language import _
from bot.core.model import Repo

if TYPE_CHECKING:
    from github import Github, GithubIntegration
    from github.Auth import AppAuth, Auth

PER_PAGE: Final = 100  # commits; https://docs.github.com/en/rest/commits/commits#list-commits
BACKOFF: Final = 0.5  # seconds, doubled with each try


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHubApp:
    app_id: str
    #: PEM.
    private_key: str = field(repr=False)


class Clients:
    """One client a thread and an installation: they are not safe to share between threads.

    With an app, an owner who has installed it is asked as that installation, any other without credentials.
    """

    def __init__(
        self,
        *,
        base_url: str,
        token: str | None,
        app: GitHubApp | None,
        timeout: int,
        retries: int,
        seconds_between_requests: float,
    ) -> None:
        self._token = token
        self._app = app
        self._retries = retries
        self._options: dict[str, Any] = {
            "base_url": base_url,
            "timeout": timeout,
            "seconds_between_requests": seconds_between_requests,
            "per_page": PER_PAGE,
            "lazy": True,  # naming a repository or a commit is no request
        }
        self._own = threading.local()
        self._lock = threading.Lock()
        self._all: list[Github] = []
        #: By owner; None by a repository whose owner has not installed the app for it.
        self._installations: dict[str, int] = {}
        self._without_installation: set[Repo] = set()

    @property
    def have_credentials(self) -> bool:
        return self._token is not None or self._app is not None

    def of(self, repo: Repo) -> "Github":
        """This thread's client for the repository, or for all of its owner's if it is called `*`.

        Raises SourceRefused, and what PyGithub raises.
        """
        _import_quietly()
        installation = None if self._app is None else self._installation(self._app, repo)
        clients: dict[int | None, Github] = self._own.__dict__.setdefault("clients", {})
        if installation not in clients:
            clients[installation] = self._made(installation)
        return clients[installation]

    def close(self) -> None:
        """Closes the connections of all threads. None of them may be asking."""
        with self._lock:
            for client in self._all:
                client.close()
            self._all.clear()
            self._own = threading.local()

    def _made(self, installation: int | None) -> "Github":
        from github import Github

        client = Github(auth=self._auth(installation), retry=self._retry(), **self._options)
        with self._lock:
            self._all.append(client)
        return client

    def _retry(self) -> Any:
        from urllib3 import Retry

        # PyGithub's own GithubRetry would sleep as long as Retry-After says; waiting is decided in source.py.
        return Retry(
            total=self._retries,
            backoff_factor=BACKOFF,
            status_forcelist=(500, 502, 503, 504),
            allowed_methods=frozenset({"GET"}),
            respect_retry_after_header=False,
            raise_on_status=False,
        )

    def _auth(self, installation: int | None) -> "Auth | None":
        from github import Auth

        if self._token is not None:
            return Auth.Token(self._token)
        if self._app is not None and installation is not None:
            return self._app_auth(self._app).get_installation_auth(installation)
        return None

    def _installation(self, app: GitHubApp, repo: Repo) -> int | None:
        with self._lock:  # so that threads that start together ask once
            if repo.owner not in self._installations and repo not in self._without_installation:
                self._find_installation(app, repo)
            return self._installations.get(repo.owner)

    def _find_installation(self, app: GitHubApp, repo: Repo) -> None:
        from github import GithubIntegration, UnknownObjectException
        from jwt import PyJWTError

        with GithubIntegration(auth=self._app_auth(app), retry=self._retry(), **self._options) as integration:
            try:
                self._installations[repo.owner] = _installed(integration, repo)
            except UnknownObjectException:
                self._without_installation.add(repo)
            except (PyJWTError, ValueError):
                raise SourceRefused(_("The private key of the GitHub App cannot be used.")) from None

    @staticmethod
    def _app_auth(app: GitHubApp) -> "AppAuth":
        from github import Auth

        return Auth.AppAuth(app.app_id, app.private_key)


def _installed(integration: "GithubIntegration", repo: Repo) -> int:
    """The number of the installation. Raises UnknownObjectException."""
    from github import UnknownObjectException

    if repo.name != "*":
        return integration.get_repo_installation(repo.owner, repo.name).id
    try:
        return integration.get_org_installation(repo.owner).id
    except UnknownObjectException:
        return integration.get_user_installation(repo.owner).id


def _import_quietly() -> None:
    """PyGithub, on import, writes its own log lines to stderr; where they go is not for it to decide."""
    import github

    logging.getLogger(github.__name__).handlers.clear()
