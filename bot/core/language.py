"""In which language we speak. Every sentence of ours is written in English and said through here.

What is said depends on its arguments and on the language spoken at present, a context variable: each task has its own.
"""

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Final

from babel import Locale
from babel.numbers import format_decimal


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


#: Whose catalogues, dates and numbers; English sentences are those of the source.
_LOCALES: Final = {Language.EN: "en_US", Language.ZH: "zh_Hans_CN"}
_CATALOGUES: Final = {Language.ZH: "zh_CN"}

_spoken: ContextVar[Language] = ContextVar("spoken", default=Language.EN)


def spoken() -> Language:
    return _spoken.get()


@contextmanager
def speaking(language: Language) -> Generator[None]:
    """What is said meanwhile is said in `language`, also by tasks that begin meanwhile."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def _(message: str, /, **values: object) -> str:
    """The sentence in the language spoken, with `values` in place of its `{names}`."""
    return _filled(_catalogue(spoken()).gettext(message), values)


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """The form of the sentence that goes with `number`, which stands in it as `{number}`."""
    return _filled(_catalogue(spoken()).ngettext(one, many, number), {"number": decimal(number), **values})


def N_(message: str) -> str:  # noqa: N802 - the name that every extractor knows
    """Marks a constant for the catalogues; whoever says it translates it with `_`."""
    return message


def decimal(number: int) -> str:
    """The number as it is written in the language spoken: `12,345`."""
    return _decimal(number, spoken())


def joined(items: Iterable[str]) -> str:
    """`a, b, c`."""
    return _(", ").join(items)


def enumerated(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return _("{items} and {last}", items=joined(items[:-1]), last=items[-1])


def month_name(month: int) -> str:
    """From 1: `January`."""
    return _locale(spoken()).months["stand-alone"]["wide"][month]


def weekday_letters() -> tuple[str, ...]:
    """From Monday, as they stand over the columns of a calendar: `M`, `T`, …"""
    names = _locale(spoken()).days["stand-alone"]["narrow"]
    return tuple(names[day] for day in range(7))


def _filled(template: str, values: dict[str, object]) -> str:
    return template.format(**values) if values else template


@cache
def _catalogue(language: Language) -> NullTranslations:
    if language not in _CATALOGUES:
        return NullTranslations()
    with (files("bot") / "locales" / _CATALOGUES[language] / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        return GNUTranslations(file)


@cache
def _locale(language: Language) -> Locale:
    return Locale.parse(_LOCALES[language])


@lru_cache(maxsize=4096)
def _decimal(number: int, language: Language) -> str:
    return format_decimal(number, locale=_locale(language))
