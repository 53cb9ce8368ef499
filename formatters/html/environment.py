"""How templates are read: everything in them is escaped and can be seen, unless code of ours made it HTML."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from bot.core.addresses import Addresses
from bot.core.language import Language, _, decimal, joined, month_name, ngettext, spoken, weekday_letters
from bot.core.model import Importance
from formatters import labels, related
from formatters import wording as say
from formatters.html import text
from formatters.html.picture import segments
from formatters.terms import WEEKDAYS

#: As BCP 47 has them: https://www.w3.org/International/questions/qa-choosing-language-tags
LANGUAGE_TAGS: Final = {Language.EN: "en", Language.ZH: "zh-Hans"}
#: What each language calls itself.
LANGUAGE_NAMES: Final = {Language.EN: "English", Language.ZH: "中文"}
#: Classes of the stylesheet.
LEVEL_CLASSES: Final = {Importance.HIGH: "high", Importance.MEDIUM: "medium", Importance.LOW: "low"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that pages load; its path changes with what is in it, so that it may be kept for ever."""

    path: str
    media_type: str
    content: str


def _stylesheet() -> Asset:
    content = (files("formatters.html") / "archive.css").read_text(encoding="utf-8")
    digest = sha256(content.encode()).hexdigest()[:12]
    return Asset(path=f"/static/archive-{digest}.css", media_type="text/css", content=content)


STYLESHEET: Final = _stylesheet()


@cache
def template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("formatters.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_to_be_seen,
    )
    # Jinja does not say what is in these.
    environment.filters.update({"prose": text.prose, "month_name": month_name})  # pyright: ignore[reportUnknownMemberType]
    environment.globals.update(_NAMES)  # pyright: ignore[reportUnknownMemberType]
    return environment


def foreign(language: Language) -> Markup:
    """The `lang` of a block, where it is not the page's."""
    return Markup("") if language is spoken() else Markup(' lang="{}"').format(LANGUAGE_TAGS[language])


def ours_within(language: Language) -> Markup:
    """The `lang` of our words in a block of another language."""
    return Markup("") if language is spoken() else Markup(' lang="{}"').format(LANGUAGE_TAGS[spoken()])


def in_zone(addresses: Addresses, zone: ZoneInfo) -> Addresses:
    return replace(addresses, zone=zone)


class Form(NamedTuple):
    """What a form that reads a page sends beside what is entered."""

    action: str
    fields: tuple[tuple[str, str], ...]


def form(address: str) -> Form:
    action, _mark, query = address.partition("?")
    return Form(action, tuple(parse_qsl(query)))


def _to_be_seen(value: object) -> str:
    """What others wrote cannot reorder or hide what stands around it."""
    return value if isinstance(value, Markup) else say.seen(str(value))


#: What templates can say beside what they are given.
_NAMES: Final[Mapping[str, object]] = {
    "_": _,
    "ngettext": ngettext,
    "decimal": decimal,
    "joined": joined,
    "say": say,
    "labels": labels,
    "related": related,
    "month_name": month_name,
    "weekday_letters": weekday_letters,
    "spoken": spoken,
    "stylesheet": STYLESHEET.path,
    "product": labels.PRODUCT,
    "level_classes": LEVEL_CLASSES,
    "tags": LANGUAGE_TAGS,
    "foreign": foreign,
    "ours_within": ours_within,
    "in_zone": in_zone,
    "weekday_names": tuple(WEEKDAYS.values()),
    "segments": segments,
    "form": form,
}
