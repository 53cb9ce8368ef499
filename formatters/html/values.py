"""JSON of a chat platform, read as it comes: what is missing is empty, and what is of another kind too."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from markupsafe import Markup, escape

from formatters import wording as say

Part = Mapping[str, Any]


class UnknownPart(Exception):
    """A part of a message that nobody has taught us to draw."""


def parts(of: Part, name: str) -> Sequence[Part]:
    found = of.get(name)
    listed = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Part", each) for each in listed if isinstance(each, dict)]


def part(of: Part, name: str) -> Part:
    found = of.get(name)
    return cast("Part", found) if isinstance(found, dict) else {}


def text(of: Part, name: str) -> str:
    """Nothing in it reorders or hides what stands around it."""
    found = of.get(name)
    return "\n".join(map(say.seen, found.split("\n"))) if isinstance(found, str) else ""


def attributes(**named: str | bool | None) -> Markup:
    """` name="value"` for each that has one; `class_` and `for_` are written without their underscore."""
    written = (
        Markup(" {}").format(name.rstrip("_").replace("_", "-"))
        if value is True
        else Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), value)
        for name, value in named.items()
        if value is not None and value is not False
    )
    return Markup("").join(written)


def lines(of: str) -> Markup:
    """Text whose lines stay apart."""
    return Markup("<br>").join(escape(line) for line in of.split("\n"))


def link(url: str, label: str | Markup) -> Markup:
    """The label alone where the address is none of a page."""
    if not url.startswith(("https://", "http://")):
        return escape(label)
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, label)


def options(each: Sequence[tuple[str, str]], chosen: str) -> Markup:
    return Markup("").join(
        Markup("<option{}>{}</option>").format(attributes(value=value, selected=value == chosen), label)
        for value, label in each
    )


def bars(rows: Sequence[tuple[str, float]]) -> Markup:
    """A picture of bars, each with its number; screen readers hear a list."""
    most = max([1.0, *(number for _label, number in rows)])
    drawn = (
        Markup('<li><span>{}</span> <svg class="bar" aria-hidden="true" width="100%" height="12">'
               '<rect class="low" width="{}%" height="12"/></svg> <span class="number">{}</span></li>').format(
            label, f"{100 * number / most:.4g}", f"{number:g}"
        )
        for label, number in rows
    )  # fmt: skip
    return Markup('<ul class="bars">{}</ul>').format(Markup("").join(drawn))
