"""A Markdown document: a sequence of parts, whose contents can only be written when all headings are known."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from formatters import wording as say
from formatters.markdown.text import literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    level: int
    #: Markdown.
    shown: str
    #: What a reader sees of it, from which the anchor is made.
    text: str


class Contents:
    """Stands where the list of all later headings will."""


Part = str | Heading | Contents


def written(parts: Iterable[Part]) -> str:
    whole = list(parts)
    anchors = dict(_anchors(whole))
    return "\n\n".join(_shown(whole, position, anchors) for position in range(len(whole))) + "\n"


def _anchors(parts: Sequence[Part]) -> Iterator[tuple[int, str]]:
    slugger = Slugger()
    for position, part in enumerate(parts):
        if isinstance(part, Heading):
            yield position, slugger.anchor(part.text)


def _shown(parts: Sequence[Part], position: int, anchors: dict[int, str]) -> str:
    match parts[position]:
        case Heading(level=level, shown=shown):
            return f"{'#' * level} {shown}"
        case Contents():
            return "\n".join(_links(parts, position + 1, anchors))
        case str(text):
            return text


def _links(parts: Sequence[Part], start: int, anchors: dict[int, str]) -> Iterator[str]:
    top = min((part.level for part in parts[start:] if isinstance(part, Heading)), default=1)
    for position, part in enumerate(parts[start:], start):
        if isinstance(part, Heading):
            yield f"{'  ' * (part.level - top)}- [{part.shown}](#{anchors[position]})"


class Slugger:
    """Anchors of one document as GitHub makes them.

    Source: https://github.com/Flet/github-slugger, which follows GitHub's own filter.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def anchor(self, text: str) -> str:
        first = anchor = slug(text)
        while anchor in self._seen:
            self._seen[first] += 1
            anchor = f"{first}-{self._seen[first]}"
        self._seen[anchor] = 0
        return anchor


#: Beside the categories, letters in circles and squares are alphabetic: https://www.unicode.org/reports/tr44/#Alphabetic
_ALPHABETIC: Final = re.compile(r"[\u24B6-\u24E9\U0001F130-\U0001F149\U0001F150-\U0001F169\U0001F170-\U0001F189]")
_WORD_CATEGORIES: Final = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "Pc"})


def slug(text: str) -> str:
    """Lower case, without anything that is neither part of a word nor a hyphen or space; spaces become hyphens."""
    return "".join(filter(_stays, text.lower())).replace(" ", "-")


def _stays(character: str) -> bool:
    known = character in "- " or unicodedata.category(character) in _WORD_CATEGORIES
    return known or _ALPHABETIC.match(character) is not None


def plain_heading(level: int, text: str) -> Heading:
    return Heading(level=level, shown=literal(text), text=say.visible(text))
