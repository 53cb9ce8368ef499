"""What PyGithub raises, as the errors of the core."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.core.errors import BotError, RepositoryNotFound, SourceRefused, SourceUnavailable
from bot.core.language import _
from bot.core.model import Repo

if TYPE_CHECKING:
    from github import GithubException

log = logging.getLogger(__name__)

# "Wait for at least one minute before retrying":
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
SECONDARY_LIMIT_WAIT: Final = timedelta(seconds=60)
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS)


# A page that is no JSON ends in one of these.
_NONSENSE: Final = (AttributeError, TypeError, ValueError, LookupError)


def failures() -> tuple[type[Exception], ...]:
    """What PyGithub raises when GitHub, the network, or what answers instead of GitHub is at fault."""
    from github import BadAttributeException, GithubException
    from requests import RequestException

    # A redirect to another host ends in one of the last two.
    return (GithubException, BadAttributeException, RequestException, *_NONSENSE, RuntimeError, AssertionError)


def explain(error: Exception, repo: Repo, now: datetime) -> BotError:
    from github import GithubException
    from requests import RequestException

    if isinstance(error, GithubException):
        explained = _refusal(error, repo, now)
    elif isinstance(error, RequestException):
        explained = SourceUnavailable(_("GitHub could not be reached. Please ask again in a few minutes."))
    else:
        explained = SourceUnavailable(_("What answered for {repo} is not GitHub.", repo=repo))
    facts = {"repo": str(repo), "error": type(error).__name__, **_facts(error)}
    log.warning("github.failed", extra=facts, exc_info=isinstance(error, _NONSENSE))
    return explained


def not_found(repo: Repo) -> RepositoryNotFound:
    """The same whether it does not exist or may not be shown."""
    return RepositoryNotFound(_("There is no repository {subject}, or it is private.", subject=repo))


@contextmanager
def empty_is_no_error() -> Iterator[None]:
    """Ends quietly where GitHub says that the repository has no commits yet."""
    from github import GithubException

    try:
        yield
    except GithubException as error:
        if error.status != HTTPStatus.CONFLICT:
            raise


def _refusal(error: "GithubException", repo: Repo, now: datetime) -> BotError:
    if _is_rate_limit(error):
        return SourceUnavailable(_("GitHub asks us to wait before the next question."), retry_after=_wait(error, now))
    if error.status in _GONE:
        return not_found(repo)
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return SourceRefused(_("GitHub refused our credentials for {repo}.", repo=repo))
    return SourceUnavailable(
        _("GitHub answered with an error ({status}). Please ask again in a few minutes.", status=error.status)
    )


def _is_rate_limit(error: "GithubException") -> bool:
    from github import RateLimitExceededException

    headers = _headers(error)
    return (
        error.status == HTTPStatus.TOO_MANY_REQUESTS
        or isinstance(error, RateLimitExceededException)
        or (error.status == HTTPStatus.FORBIDDEN and "retry-after" in headers)
        or (error.status == HTTPStatus.FORBIDDEN and headers.get("x-ratelimit-remaining") == "0")
    )


def _wait(error: "GithubException", now: datetime) -> timedelta:
    headers = _headers(error)
    if "retry-after" in headers:
        return _retry_after(headers["retry-after"], now)
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        reset = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
        return max(reset - now, timedelta(0)) + timedelta(seconds=1)  # it happens somewhere within that second
    return SECONDARY_LIMIT_WAIT


def _retry_after(value: str, now: datetime) -> timedelta:
    """Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    if value.isdigit():
        return timedelta(seconds=int(value))
    try:
        return max(parsedate_to_datetime(value) - now, timedelta(0))
    except (ValueError, TypeError):
        return SECONDARY_LIMIT_WAIT


def _headers(error: "GithubException") -> Mapping[str, str]:
    return {name.lower(): str(value) for name, value in (error.headers or {}).items()}


def _facts(error: Exception) -> dict[str, Any]:
    from github import GithubException

    if not isinstance(error, GithubException):
        return {}
    message = error.data.get("message") if isinstance(error.data, dict) else None
    return {"status": error.status, "said": message}
