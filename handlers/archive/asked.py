"""What a request asks for, from its path, its query and its headers. Nothing of it is trusted."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request

from bot.core.addresses import LOCAL, Format
from bot.core.days import Day, parse_zone
from bot.core.errors import NotFound, NotUnderstood
from bot.core.language import Language, _
from bot.core.model import Repo
from bot.core.ranges import Span, parse_date

#: Characters of an owner, a name or a host; hosts of repositories allow fewer.
_NAME_MAX: Final = 255
#: https://www.iana.org/time-zones has no longer name, and a sentence repeats it.
_ZONE_MAX: Final = 64
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,3}")
_DATES: Final = re.compile(
    r"(?P<first>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.\.(?P<last>[0-9]{4}-[0-9]{2}-[0-9]{2}))?(?P<form>\.md|\.json|)"
)
_SHA: Final = re.compile(r"(?P<sha>[0-9A-Fa-f]{4,40})(?P<form>\.md|\.json|)")
#: https://www.rfc-editor.org/rfc/rfc9110#name-accept-language
_PREFERENCE: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=(?P<weight>[01](?:\.[0-9]{0,3})?)\s*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is meant where nothing is said."""

    zone: ZoneInfo
    language: Language


def tongue(request: Request, usual: Usual) -> Language:
    """In which to answer, whatever is wrong with the request: `lang`, else what the browser prefers."""
    named = request.query_params.get("lang")
    if named in set(Language):
        return Language(named)
    return next(_preferred(request.headers.get("Accept-Language", "")), usual.language)


def check_language(request: Request) -> None:
    """Raises NotUnderstood."""
    if request.query_params.get("lang", "") not in {"", *Language}:
        known = ", ".join(Language)
        raise NotUnderstood(_("There is no such language: “lang” may be {languages}.", languages=known), example="")


def zone(request: Request, usual: Usual) -> ZoneInfo:
    """Raises NotUnderstood."""
    name = request.query_params.get("tz", "")
    return parse_zone(name[:_ZONE_MAX]) if name else usual.zone


def repo(request: Request) -> Repo:
    """Raises NotFound for what cannot be one, NotUnderstood for branches that are none."""
    owner, name = (request.path_params[part] for part in ("owner", "name"))
    host = request.query_params.get("host", "") or "github.com"
    if not all(0 < len(part) <= _NAME_MAX and part.isprintable() for part in (owner, name, host)):
        raise NotFound
    whole = Repo(owner=owner, name=name, host="" if host == LOCAL else host.casefold())
    branches = request.query_params.get("branches", "")
    return whole.with_branches(branches[:_NAME_MAX]) if branches else whole


def days(request: Request, zone: ZoneInfo) -> tuple[Day | Span, Format]:
    """The day or the range that the path names. Raises NotFound, and NotUnderstood for no day of the calendar."""
    match = _DATES.fullmatch(request.path_params["days"])
    if match is None:
        raise NotFound
    first = _day(parse_date(match["first"]), zone)
    form = Format(match["form"])
    return (first if match["last"] is None else Span(first=first, last=_day(parse_date(match["last"]), zone))), form


def span(request: Request, zone: ZoneInfo) -> Span:
    """The same where it is a part of the path."""
    named, form = days(request, zone)
    if form is not Format.HTML:
        raise NotFound
    return named if isinstance(named, Span) else Span(first=named, last=named)


def commit(request: Request) -> tuple[str, Format]:
    """The SHA, or how it begins. Raises NotFound."""
    match = _SHA.fullmatch(request.path_params["sha"])
    if match is None:
        raise NotFound
    return match["sha"], Format(match["form"])


def number(request: Request, name: str) -> int | None:
    """Raises NotUnderstood."""
    text = request.query_params.get(name, "")
    if text and not _NUMBER.fullmatch(text):
        raise NotUnderstood(_("“{name}” is a number from 1 to 9999.", name=name), example="")
    return int(text) if text else None


def words(request: Request) -> str:
    """What is searched for, on one line of characters that can be seen."""
    text = request.query_params.get("q", "")
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _day(date: date, zone: ZoneInfo) -> Day:
    return Day(date=date, zone=zone)


def _preferred(header: str) -> Iterator[Language]:
    """The languages of ours, the most preferred first."""
    weighed: list[tuple[float, Language]] = []
    for part in header.split(","):
        match = _PREFERENCE.fullmatch(part)
        if match and (tag := match["tag"].casefold()) in set(Language):
            weighed.append((float(match["weight"] or 1), Language(tag)))
    yield from (language for weight, language in sorted(weighed, key=lambda one: -one[0]) if weight)
