"""The parts of a card as plain dicts, in the order in which their pages are listed there.

What may be anybody's words stands in `plain_text`, which interprets nothing, or in Markdown made by `text`.
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/component-json-v2-overview
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, cast

from bot.core.commands import Question
from formatters import wording as say
from formatters.feishu import limits
from formatters.feishu.values import Act, value

Element = dict[str, Any]

ButtonType = Literal["default", "primary", "danger", "text", "primary_text", "danger_text", "primary_filled"]
Colour = Literal["default", "grey", "red", "orange", "green", "blue"]
Size = Literal["heading", "normal", "notation"]

#: The arrow of a panel that is closed, which turns when it opens.
_ARROW: Final = {"tag": "standard_icon", "token": "down-small-ccm_outlined", "size": "16px 16px"}

#: Where containers have their elements.
_INSIDE: Final = {"column_set": "columns", "column": "elements", "collapsible_panel": "elements"}

# Text


def plain(text: str, limit: int) -> Element:
    """A text object that is shown as it is, on one line. Feishu refuses an empty one."""
    return {"tag": "plain_text", "content": say.cut(say.visible(text), limit) or "…"}


def paragraph(
    text: str, limit: int = limits.PARAGRAPH_MAX, *, colour: Colour = "default", size: Size = "normal"
) -> Element:
    """Plain text in a line of its own."""
    style = {name: given for name, given, usual in _styles(colour, size) if given != usual}
    return {"tag": "div", "text": {**plain(text, limit), **style}}


def _styles(colour: Colour, size: Size) -> tuple[tuple[str, str, str], ...]:
    return ("text_color", colour, "default"), ("text_size", size, "normal")


def note(text: str) -> Element:
    """What stands beside the matter: small and grey."""
    return paragraph(text, limits.NOTE_MAX, colour="grey", size="notation")


def markdown(content: str, *, size: Size = "normal") -> Element:
    """Markdown whose every untrusted part was made by `text`; lines are parted by an empty one, or by `<br>`."""
    return {"tag": "markdown", "content": content, **({"text_size": size} if size != "normal" else {})}


def bullets(items: Iterable[str]) -> str:
    """A list in Markdown, an item a line."""
    return "\n".join(f"- {item}" for item in items)


# Containers and pictures


def panel(title: str, elements: Sequence[Element], *, expanded: bool = False) -> Element:
    """A part that each reader opens and closes alone; its title is Markdown."""
    return {
        "tag": "collapsible_panel",
        "expanded": expanded,
        "header": {
            "title": {"tag": "markdown", "content": title},
            "icon": _ARROW,
            "icon_position": "right",
            "icon_expanded_angle": -180,
        },
        "border": {"color": "grey", "corner_radius": "5px"},
        "padding": "8px",
        "elements": list(elements),
    }


def columns(*each: Sequence[Element], weights: Sequence[int] = ()) -> Element:
    """Columns, as wide as their weights say, which stand below each other where there is little room."""
    return {
        "tag": "column_set",
        "flex_mode": "stretch",
        "columns": [
            {"tag": "column", "width": "weighted", "weight": weight, "elements": list(column)}
            for column, weight in zip(each, weights or [1] * len(each), strict=True)
        ],
    }


def rule() -> Element:
    return {"tag": "hr"}


def chart(spec: Mapping[str, Any]) -> Element:
    """A VChart specification, which must not have functions in it. https://www.visactor.io/vchart/option"""
    return {"tag": "chart", "aspect_ratio": "2:1", "chart_spec": dict(spec)}


# Buttons


def button(
    text: str, question: Question, act: Act = Act.ASK, *, shows: Question | None = None, type_: ButtonType = "default"
) -> Element:
    """A button that carries its whole question; `shows` is what the form around it shows."""
    behaviour = {"type": "callback", "value": value(question, act, shows=shows)}
    return _button(text, behaviour, type_)


def browse(text: str, url: str) -> Element:
    """A button that opens a page, and of which nobody hears."""
    return _button(text, {"type": "open_url", "default_url": url}, "default")


def _button(text: str, behaviour: Element, type_: ButtonType) -> Element:
    style = {"type": type_} if type_ != "default" else {}
    return {"tag": "button", **style, "text": plain(text, limits.BUTTON_TEXT_MAX), "behaviors": [behaviour]}


def buttons(*row: Element) -> list[Element]:
    """Buttons in a row, which goes on below where there is little room; nothing if there are none."""
    if len(row) < 2:
        return list(row)
    each = [{"tag": "column", "width": "auto", "elements": [one]} for one in row]
    return [{"tag": "column_set", "flex_mode": "flow", "horizontal_spacing": "8px", "columns": each}]


def short_row(*row: Element) -> Element:
    """A few buttons with short texts, beside each other: fewer elements than `buttons`."""
    column = {"tag": "column", "width": "auto", "direction": "horizontal", "elements": list(row)}
    return {"tag": "column_set", "flex_mode": "none", "columns": [column]}


def without_questions(parts: Iterable[Element]) -> list[Element]:
    """The same without buttons that ask, without forms, which need one, and without what is empty then."""
    return [kept for part in parts if (kept := _without_questions(part))]


def _without_questions(part: Element) -> Element | None:
    if part["tag"] == "button":
        return part if part["behaviors"][0]["type"] == "open_url" else None
    if part["tag"] == "form":
        return None
    inside = _INSIDE.get(part["tag"])
    if inside is None:
        return part
    kept = without_questions(part[inside])
    return {**part, inside: kept} if kept else None


# Budget


def count(part: object) -> int:
    """How many elements that is, as Feishu might count them: everything with a tag."""
    match part:
        case dict():
            fields = cast("Element", part)
            return ("tag" in fields) + sum(map(count, fields.values()))
        case list():
            return sum(map(count, cast("list[object]", part)))
        case _:
            return 0
