"""What is said instead of a page. What may not be seen is said to be missing, in the very same words."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from bot.core.addresses import Addresses
from bot.core.errors import BotError, NotFound, NotUnderstood
from bot.core.language import speaking
from formatters import html
from formatters.html.environment import LANGUAGE_TAGS
from handlers.archive.answers import PRIVATE, SECURITY
from handlers.archive.asked import Usual, tongue

log = structlog.get_logger()


class ArchiveUnavailable(BotError):
    """The archive cannot be read at the moment. Please try again in a minute."""

    retry = True


class OnlyRead(BotError):
    """Pages can only be read."""


#: Seconds after which to try again what failed for a while.
RETRY_AFTER = 30


def of(request: Request, error: Exception, usual: Usual) -> Response:
    """A page that says what is wrong, and no more than that."""
    language = tongue(request, usual)
    with speaking(language):
        status, said, headers = _meant(error)
        page = html.error(said, status, Addresses(zone=usual.zone, language=language))
    return Response(
        "" if request.method == "HEAD" else page,
        status,
        headers={
            **SECURITY,
            **PRIVATE,
            **headers,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Language": LANGUAGE_TAGS[language],
            "Content-Length": str(len(page.encode())),
            "Vary": "Accept-Language",
        },
    )


def _meant(error: Exception) -> tuple[int, BotError, dict[str, str]]:
    """The status, what is said, and headers of its own."""
    match error:
        case NotFound() | HTTPException(status_code=404):
            return 404, NotFound(), {}
        case NotUnderstood():
            return 400, error, {}
        case HTTPException(status_code=405):
            return 405, OnlyRead(), dict(error.headers or {})
        case BotError(retry=True):
            return 503, error, {"Retry-After": str(RETRY_AFTER)}
        case _:
            return 500, BotError(), {}
