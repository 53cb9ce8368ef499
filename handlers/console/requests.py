"""What a browser sends to the console: what stands in a form, and in which language it wants to be answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import compare_digest
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from bot.core.errors import BotError
from bot.core.form import Entered
from bot.core.language import Language
from formatters import fields

#: Bytes of a form: all conditions that a subscription may have, as entities.
FORM_MAX: Final = 200_000
_FORM: Final = "application/x-www-form-urlencoded"


class TokenWrong(BotError):
    """This page is from before the bot was started again. Load it again."""


class FormWrong(BotError):
    """That is no form of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A form, each of whose fields may have several values."""

    fields: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str:
        """The first value; empty where there is none."""
        return next(iter(self.fields.get(name, ())), "")

    def number(self, name: str) -> int | None:
        value = self.one(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


async def sent(request: Request, token: str) -> Sent:
    """Raises TokenWrong for what was not sent from a page of this process, and FormWrong."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise FormWrong
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX:
            raise FormWrong
    try:
        made = Sent(fields=parse_qs(body.decode(), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        raise FormWrong from None
    if not compare_digest(made.one("token").encode(), token.encode()):
        raise TokenWrong
    return made


def entered(form: Sent) -> Entered:
    """What people entered into the form of a subscription."""
    more = form.fields.get(fields.MORE, ())
    return Entered(
        repo=form.one(fields.REPO) if fields.REPO in form.fields else None,
        at=form.one(fields.AT),
        zone=form.one(fields.ZONE),
        language=form.one(fields.LANGUAGE),
        quiet=form.one(fields.QUIET),
        days=form.fields.get(fields.DAYS, ()),
        minimum=form.one(fields.MINIMUM),
        conditions={name: form.one(name) for name in fields.CONDITIONS},
        no_bots=fields.NO_BOTS in more,
        in_thread=fields.IN_THREAD in more,
    )


def chosen(request: Request) -> Language | None:
    """The one in the address."""
    asked = request.query_params.get("lang", "")
    return Language(asked) if asked in set(Language) else None


def accepted(header: str) -> Language | None:
    """The one that a browser likes best of those we speak; None for none of them.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
    """
    liked = [
        (weight, language) for part in header.split(",") if (language := _spoken(part)) and (weight := _weight(part))
    ]
    return max(liked, key=lambda each: each[0])[1] if liked else None


def _spoken(part: str) -> Language | None:
    tag = part.partition(";")[0].strip().lower().partition("-")[0]
    return Language(tag) if tag in set(Language) else None


def _weight(part: str) -> float:
    _name, found, value = part.partition(";")[2].strip().partition("q=")
    try:
        return float(value) if found else 1
    except ValueError:
        return 0
