"""What goes wrong at the model's host, in our terms and without any of its words."""

import importlib
import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.core.errors import AnalystRateLimited, AnalystRefused, AnalystTimeout, AnalystUnavailable, AnswerInvalid

if TYPE_CHECKING:
    from openai import OpenAIError

_STATUSES_REFUSED: Final = frozenset({401, 402, 403, 404})
_CODES_REFUSED: Final = frozenset({"insufficient_quota", "invalid_api_key", "billing_hard_limit_reached"})


class FormRejected(AnswerInvalid):
    """The language model's host does not take the form of answer that we ask for."""


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
        return AnalystRefused(f"{AnalystRefused.__doc__} ({status})")
    if status == 429:
        return AnalystRateLimited(retry_after=_retry_after(error.response.headers))
    if status >= 500 or status in {408, 409}:
        return AnalystUnavailable(
            f"{AnalystUnavailable.__doc__} ({status})", retry_after=_retry_after(error.response.headers)
        )
    if re.search("response_format|json_schema", error.response.text):
        return FormRejected()
    return AnswerInvalid(f"The language model's host did not take our question. ({status})")


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Of the two forms of https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, the one in seconds."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return timedelta(seconds=seconds) if math.isfinite(seconds) and 0 <= seconds <= _DAY else None


_DAY: Final = 24 * 60 * 60
