"""What goes wrong at the model's host, in our terms and without any of its words."""

import importlib
import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.openai.forms import Part
from bot.core.errors import (
    AnalystRateLimited,
    AnalystRefused,
    AnalystTimeout,
    AnalystUnavailable,
    AnswerInvalid,
    QuestionTooLong,
)
from bot.core.language import _

if TYPE_CHECKING:
    from openai import OpenAIError

_STATUSES_REFUSED: Final = frozenset({401, 402, 403, 404})
_CODES_REFUSED: Final = frozenset({"insufficient_quota", "invalid_api_key", "billing_hard_limit_reached"})

#: Hosts say it in words of their own; the first that is found counts. What is too long may be the answer that we allow
#: for, and vLLM names both in one sentence.
_LIMIT_TOO_LARGE: Final = re.compile(r"max_(completion_)?tokens\W.{0,40}too large", re.IGNORECASE | re.DOTALL)
_TOO_LONG: Final = re.compile(
    r"context_length_exceeded|string_above_max_length|context (length|window|size)|(prompt|input|question) is too long"
    r"|too many (input )?tokens",
    re.IGNORECASE,
)
_REJECTED: Final[Mapping[Part, re.Pattern[str]]] = {
    "tier": re.compile(r"service_?tier", re.IGNORECASE),
    "rung": re.compile(
        r"response_?format|json_(schema|object|mode)|structured.outputs?|\btools?\b|tool_choice|function.call",
        re.IGNORECASE,
    ),
    "limit": re.compile(r"max_(completion_)?tokens"),
}


class Rejected(AnswerInvalid):
    """The language model's host does not take the way in which it was asked."""

    def __init__(self, part: Part) -> None:
        super().__init__(f"{AnswerInvalid()} ({part})")
        self.part: Part = part


def failure(error: "OpenAIError") -> Exception:
    """Our error for one of the SDK's, without any of its text."""
    openai = importlib.import_module("openai")
    match error:
        case openai.APITimeoutError():
            return AnalystTimeout()
        case openai.APIStatusError():
            return _status_failure(error)
        case _:
            return AnalystUnavailable()


def _status_failure(error: Any) -> Exception:
    """For an `openai.APIStatusError`."""
    status: int = error.status_code
    if status in _STATUSES_REFUSED or not _CODES_REFUSED.isdisjoint({str(error.code), str(error.type)}):
        return AnalystRefused(f"{AnalystRefused()} ({status})")
    if status == 429:
        return AnalystRateLimited(retry_after=_retry_after(error.response.headers))
    if status >= 500 or status in {408, 409}:
        return AnalystUnavailable(
            f"{AnalystUnavailable()} ({status})", retry_after=_retry_after(error.response.headers)
        )
    if status == 413:
        return QuestionTooLong()
    if status in {400, 422}:
        return _rejection(error) or AnswerInvalid(_not_taken(status))
    return AnswerInvalid(_not_taken(status))


def _not_taken(status: int) -> str:
    return _("The language model's host did not take our question. ({status})", status=status)


def _rejection(error: Any) -> Exception | None:
    """What the host says is wrong with the request."""
    said = f"{error.param} {error.code} {error.response.text}"
    if _LIMIT_TOO_LARGE.search(said):
        return Rejected("limit")
    if _TOO_LONG.search(said):
        return QuestionTooLong()
    return next((Rejected(part) for part, names in _REJECTED.items() if names.search(said)), None)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Of the two forms of https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, the one in seconds."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return timedelta(seconds=seconds) if math.isfinite(seconds) and 0 <= seconds <= _DAY else None


_DAY: Final = 24 * 60 * 60
