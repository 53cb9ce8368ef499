"""What git says on stderr, as the errors of the core. People never see git's own words: they may hold an address."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bot.adapters.git.commands import GitFailed
from bot.core.errors import BotError, RepositoryNotFound, SourceRefused, SourceUnavailable
from bot.core.language import _

log = logging.getLogger(__name__)

_LOGGED_MAX: Final = 500  # characters
_USERINFO: Final = re.compile(r"(?<=://)[^@/\s]+@")
_ASKED_FOR_CREDENTIALS: Final = re.compile(
    r"could not read username|terminal prompts disabled|authentication failed", re.IGNORECASE
)
_NOT_FOUND: Final = re.compile(
    r"repository not found|repository '[^']*' not found|does not appear to be a git repository"
    r"|access denied or repository not exported|no such repository|repository '[^']*' does not exist",
    re.IGNORECASE,
)
_REFUSED: Final = re.compile(
    r"returned error: 40[13]|permission denied|access denied|host key verification", re.IGNORECASE
)
_UNREACHABLE: Final = re.compile(
    r"could not resolve|unable to connect|couldn't connect|failed to connect|connection (?:refused|reset|timed out)"
    r"|unable to look up|network is unreachable|operation timed out|returned error: (?:429|5\d\d)",
    re.IGNORECASE,
)


@contextmanager
def explained(subject: str, *, credentials: bool = False) -> Iterator[None]:
    """Turns GitFailed into an error that can be told to people.

    `subject` is what was read, as it stands in a sentence; `credentials` says whether git had any to send.
    """
    try:
        yield
    except GitFailed as failure:
        error = explain(failure, subject, credentials=credentials)
        log.warning("git.failed", extra={"error": type(error).__name__, "stderr": _loggable(failure.stderr)})
        raise error from None


def explain(failure: GitFailed, subject: str, *, credentials: bool) -> BotError:
    said = failure.stderr
    if failure.timed_out:
        return SourceUnavailable(_("git took too long to read {subject}.", subject=subject))
    if "git: command not found" in said:
        return SourceUnavailable(_("The git program is not installed where the bot runs."))
    if "dubious ownership" in said:
        return SourceRefused(
            _(
                "git does not trust {subject}, because it belongs to another user: "
                "add it to safe.directory in the git configuration of the user the bot runs as.",
                subject=subject,
            )
        )
    if _ASKED_FOR_CREDENTIALS.search(said):
        # A host hides what is private behind the same question that it asks for what does not exist.
        refused = SourceRefused(_("The host refused our credentials for {subject}.", subject=subject))
        return refused if credentials else _absent(subject)
    if _NOT_FOUND.search(said):
        return _absent(subject)
    if _REFUSED.search(said):
        return SourceRefused(_("The host refused access to {subject}.", subject=subject))
    if _UNREACHABLE.search(said):
        return SourceUnavailable(
            _("The host of {subject} could not be reached. Please ask again in a few minutes.", subject=subject)
        )
    if "promisor remote" in said:
        return SourceUnavailable(
            _("Files of {subject} are missing, and they could not be downloaded.", subject=subject)
        )
    if "No space left on device" in said:
        return SourceUnavailable(_("There is no space left on the disk for {subject}.", subject=subject))
    return SourceUnavailable(_("git could not read {subject}.", subject=subject))


def _absent(subject: str) -> RepositoryNotFound:
    return RepositoryNotFound(_("There is no repository {subject}, or it is private.", subject=subject))


def _loggable(stderr: str) -> str:
    return _USERINFO.sub("", stderr)[-_LOGGED_MAX:].strip()
