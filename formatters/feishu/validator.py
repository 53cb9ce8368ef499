"""Whether Feishu would take a card, as far as its documentation says; a card that it refuses is seen by nobody.

No schema of cards is published. What they consist of is in `shapes`; here is what else holds of them.
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final, cast

from formatters.feishu import limits
from formatters.feishu.cards import Card, size
from formatters.feishu.elements import Element, count
from formatters.feishu.shapes import CARD, CONTAINERS, ELEMENTS, FIELDS, Inside, Many, Property, Shape, colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """How much may be in a card, and whose."""

    bytes: int
    elements: int
    nesting: int
    tables: int
    #: Only what we send; else also what official examples have: older properties, persons, and empty values.
    ours: bool


#: Above this, Feishu refuses a card.
DOCUMENTED: Final = Tier(bytes=30 * 1024, elements=200, nesting=5, tables=5, ours=False)
#: What we allow ourselves.
OURS: Final = Tier(
    bytes=limits.CARD_BYTES_MAX,
    elements=limits.CARD_ELEMENTS_MAX,
    nesting=limits.NESTING_MAX,
    tables=limits.TABLES_MAX,
    ours=True,
)

#: The rest of each is ours to choose, since we know how they look.
_ICONS: Final = frozenset({"down-small-ccm_outlined"})
#: They show somebody, and Feishu refuses the card for one whom it does not know.
_PERSONS: Final = frozenset({"person", "person_list", "select_person", "multi_select_person"})
#: Tables of one text in Markdown.
_MARKDOWN_TABLES_MAX: Final = 4


def problems(card: Card, tier: Tier = OURS) -> list[str]:
    """Where in the card something is wrong, and what: a sentence for each; empty if it is fine."""
    checking = _Checking(tier)
    checking.value(card, CARD, "card", _Place())
    checking.amounts(card)
    return checking.found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where an element stands."""

    #: Containers around it.
    depth: int = 0
    in_form: bool = False


class _Checking:
    def __init__(self, tier: Tier) -> None:
        self.found: list[str] = []
        self._tier = tier
        self._ids: set[str] = set()
        self._names: set[str] = set()
        self._tables = 0
        self._charts = 0

    def value(self, value: Any, wanted: Property, path: str, place: _Place) -> None:
        if not self._tier.ours and value in ("", {}):
            return
        match wanted:
            case Shape():
                self._shape(value, wanted, path, place)
            case Many(each=each, most=most):
                self._list(value, most, path)
                for number, one in enumerate(_listed(value)):
                    self.value(one, each, f"{path}[{number}]", place)
            case Inside(tags=tags):
                self._list(value, None, path)
                for number, one in enumerate(_listed(value)):
                    self._element(one, tags, f"{path}[{number}]", place)
            case _:
                if wrong := wanted(value):
                    self._add(path, wrong)

    def amounts(self, card: Card) -> None:
        """What only the whole card tells."""
        self._at_most(size(card), self._tier.bytes, "bytes")
        self._at_most(count(card), self._tier.elements, "elements")
        self._at_most(self._tables, self._tier.tables, "tables, those in Markdown counted")
        self._at_most(self._charts, limits.CHARTS_MAX, "charts")
        if self._tier.ours and not _summary(card):
            self._add("card.config.summary.content", "is missing, and stands in the list of chats")

    def _add(self, path: str, wrong: str) -> None:
        self.found.append(f"{path}: {wrong}")

    def _at_most(self, number: int, most: int, what: str) -> None:
        if number > most:
            self._add("card", f"has {number} {what}, of at most {most}")

    def _list(self, value: Any, most: int | None, path: str) -> None:
        if not isinstance(value, list):
            self._add(path, "must be a list")
        elif most is not None and len(_listed(value)) > most:
            self._add(path, f"has {len(_listed(value))} items, of at most {most}")

    def _shape(self, value: Any, shape: Shape, path: str, place: _Place) -> None:
        if not isinstance(value, dict):
            self._add(path, "must be an object")
            return
        before = len(self.found)
        part = cast("Element", value)
        for name, given in part.items():
            wanted = shape.known.get(name) or (None if self._tier.ours else shape.foreign.get(name))
            if wanted is None:
                self._add(f"{path}.{name}", "is no property of this")
            else:
                self.value(given, wanted, f"{path}.{name}", place)
        for name in shape.required:
            if name not in part:
                self._add(f"{path}.{name}", "is missing")
        if len(self.found) == before:
            self._rules(part, path)

    def _rules(self, part: Element, path: str) -> None:
        """What else holds of something whose every property is as it should be."""
        rule = _RULES.get(part.get("tag", ""))
        for where, wrong in rule(part, self._tier) if rule else ():
            self._add(f"{path}.{where}", wrong)
        for number, behaviour in enumerate(part.get("behaviors", ())):
            for where, wrong in _behaviour(behaviour, self._tier):
                self._add(f"{path}.behaviors[{number}].{where}", wrong)
        self._once(part.get("element_id"), self._ids, f"{path}.element_id")
        self._count(part)

    def _count(self, part: Element) -> None:
        match part:
            case {"tag": "table"}:
                self._tables += 1
            case {"tag": "chart"}:
                self._charts += 1
            case {"tag": "markdown" | "lark_md", "content": str(content)}:
                self._tables += tables(content)
            case _:
                pass

    def _once(self, name: str | None, seen: set[str], path: str) -> None:
        if name and name in seen:
            self._add(path, f"“{name}” is there twice")
        if name:
            seen.add(name)

    def _element(self, value: Any, tags: frozenset[str] | None, path: str, place: _Place) -> None:
        tag = cast("Element", value).get("tag") if isinstance(value, dict) else None
        shape = ELEMENTS.get(tag) if isinstance(tag, str) else None
        if shape is None or not isinstance(tag, str):
            self._add(path, f"“{tag}” is no component")
            return
        if wrong := self._misplaced(tag, tags, place):
            self._add(path, wrong)
        if place.in_form:
            self._named(cast("Element", value), tag, path)
        inner = replace(place, depth=place.depth + 1) if tag in CONTAINERS else place
        if inner.depth > self._tier.nesting and inner.depth > place.depth:
            self._add(path, f"is container {inner.depth} within each other, of at most {self._tier.nesting}")
        self._shape(value, shape, path, replace(inner, in_form=place.in_form or tag == "form"))

    def _misplaced(self, tag: str, tags: frozenset[str] | None, place: _Place) -> str:
        if tags is not None and tag not in tags:
            return f"“{tag}” may not stand here, but only {', '.join(tags)}"
        if tag == "column" and tags is None:
            return "a column may only stand in a column_set"
        if tag in {"form", "table"} and place.depth:
            return f"a {tag} may only stand in the body itself"
        if tag in _PERSONS and self._tier.ours:
            return "shows a person"
        return ""

    def _named(self, part: Element, tag: str, path: str) -> None:
        """In a form, a field has a name of its own, under which its value comes."""
        name = part.get("name")
        if tag in FIELDS or (tag == "button" and self._tier.ours):
            if not name:
                self._add(f"{path}.name", "is missing, and needed in a form")
            self._once(name, self._names, f"{path}.name")
        if tag == "button" and self._tier.ours and "form_action_type" not in part:
            self._add(f"{path}.form_action_type", "is missing, and a button in a form sends it")


def _listed(value: Any) -> Sequence[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _summary(card: Card) -> str:
    match card:
        case {"config": {"summary": {"content": str(content)}}}:
            return content
        case _:
            return ""


# What holds of a part that has the right properties: where in it something is wrong, and what.

_Wrong = Iterator[tuple[str, str]]


def _plain(part: Element, tier: Tier) -> _Wrong:
    if tier.ours and not part["content"]:
        yield "content", "is empty"


def _markdown(part: Element, tier: Tier) -> _Wrong:
    yield from _plain(part, tier)
    for wrong in _in_markdown(part["content"], tier):
        yield "content", wrong


def _icon(part: Element, tier: Tier) -> _Wrong:
    if "token" not in part:
        yield "token", "is missing"
    elif tier.ours and part["token"] not in _ICONS:
        yield "token", "is none of those that we know"


def _custom_icon(part: Element, _tier: Tier) -> _Wrong:
    if not part.get("img_key", "").startswith("img_"):
        yield "img_key", "is not the key of an uploaded picture"


def _picture(part: Element, _tier: Tier) -> _Wrong:
    yield from _custom_icon(part, _tier)


def _panel(part: Element, tier: Tier) -> _Wrong:
    padding = part["header"].get("padding")
    if tier.ours and padding is not None and len(padding.split(" ")) != 4:
        yield "header.padding", "must have 4 values, since 2 were refused"


def _form(part: Element, _tier: Tier) -> _Wrong:
    if not part["name"]:
        yield "name", "is empty"
    if not any(map(_sends, _all_buttons(part["elements"]))):
        yield "elements", "have no button that sends the form"


def _sends(button: Element) -> bool:
    return button.get("form_action_type") == "submit" or button.get("action_type") == "form_submit"


def _all_buttons(part: Any) -> Iterator[Element]:
    match part:
        case {"tag": "button"}:
            yield part
        case dict():
            for value in cast("Element", part).values():
                yield from _all_buttons(value)
        case list():
            for value in cast("list[Any]", part):
                yield from _all_buttons(value)
        case _:
            pass


def _button(part: Element, tier: Tier) -> _Wrong:
    text = part["text"]["content"]
    if not text:
        yield "text.content", "is empty"
    if len(text) > limits.BUTTON_TEXT_MAX:
        yield "text.content", f"has {len(text)} characters, of at most {limits.BUTTON_TEXT_MAX}"
    if tier.ours and not part.get("behaviors") and part.get("form_action_type") != "reset":
        yield "behaviors", "are missing: the button does nothing"


def _behaviour(part: Element, tier: Tier) -> _Wrong:
    match part["type"]:
        case "callback":
            if not isinstance(part.get("value"), dict) and (tier.ours or not isinstance(part.get("value"), str)):
                yield "value", "must be an object"
        case "open_url":
            yield from _addresses(part, tier)
        case _:
            pass


def _addresses(part: Element, tier: Tier) -> _Wrong:
    if not any(name.endswith("url") for name in part):
        yield "default_url", "is missing"
    for name, value in part.items():
        if tier.ours and name.endswith("url") and not value.startswith("https://"):
            yield name, "must begin with https://"


def _input(part: Element, _tier: Tier) -> _Wrong:
    most = part.get("max_length", limits.INPUT_MAX)
    if len(part.get("default_value", "")) > most:
        yield "default_value", f"has {len(part['default_value'])} characters, of at most {most}"


def _picker(part: Element, _tier: Tier) -> _Wrong:
    if not any(name.startswith("initial_") for name in part):
        yield from _placeholder(part)


def _placeholder(part: Element) -> _Wrong:
    if "placeholder" not in part:
        yield "placeholder", "is missing, and nothing else stands there"


def _select(part: Element, tier: Tier) -> _Wrong:
    if tier.ours:
        yield from _picker(part, tier)
    yield from _options(part, [part["initial_option"]] if part.get("initial_option") else [], "initial_option")


def _multi_select(part: Element, tier: Tier) -> _Wrong:
    if tier.ours and not part.get("selected_values"):
        yield from _placeholder(part)
    yield from _options(part, part.get("selected_values", []), "selected_values")


def _options(part: Element, chosen: Sequence[str], where: str) -> _Wrong:
    values = [option["value"] for option in part.get("options", ())]
    if len(set(values)) < len(values):
        yield "options", "have the same value twice"
    if not set(chosen) <= set(values):
        yield where, "is none of the options"


def _table(part: Element, tier: Tier) -> _Wrong:
    kinds = {column["name"]: column["data_type"] for column in part["columns"]}
    if len(kinds) < len(part["columns"]):
        yield "columns", "have the same name twice"
    for number, row in enumerate(part["rows"]):
        for name, value in row.items():
            if name not in kinds:
                yield f"rows[{number}].{name}", "is no declared column"
            elif kinds[name] in {"markdown", "lark_md"} and isinstance(value, str):
                yield from ((f"rows[{number}].{name}", wrong) for wrong in _in_markdown(value, tier))


def _chart(part: Element, _tier: Tier) -> _Wrong:
    spec = part["chart_spec"]
    if "type" not in spec:
        yield "chart_spec.type", "is missing"
    for path in _functions({name: value for name, value in spec.items() if name != "data"}):
        yield f"chart_spec{path}", "is a function"


_FUNCTION: Final = re.compile(r"\s*(?:async\s+)?(?:function\b[^(]*\(|\([^()]*\)\s*=>|\w+\s*=>)")


def _functions(part: Any) -> Iterator[str]:
    match part:
        case dict():
            for name, value in cast("Element", part).items():
                yield from (f".{name}{path}" for path in _functions(value))
        case list():
            for number, value in enumerate(cast("list[Any]", part)):
                yield from (f"[{number}]{path}" for path in _functions(value))
        case str() if _FUNCTION.match(part):
            yield ""
        case _ if callable(part):
            yield ""
        case _:
            pass


_RULES: Final[Mapping[str, Callable[[Element, Tier], Iterable[tuple[str, str]]]]] = {
    "plain_text": _plain,
    "markdown": _markdown,
    "lark_md": _markdown,
    "standard_icon": _icon,
    "custom_icon": _custom_icon,
    "img": _picture,
    "collapsible_panel": _panel,
    "form": _form,
    "button": _button,
    "input": _input,
    "select_static": _select,
    "multi_select_static": _multi_select,
    "date_picker": _picker,
    "picker_time": _picker,
    "picker_datetime": _picker,
    "table": _table,
    "chart": _chart,
}

# Markdown: https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text

_DELIMITERS: Final = re.compile(r"[ ]{0,3}(?=.*\|)\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_PICTURE: Final = re.compile(r"!\[[^\]]*\]\(([^)]*)\)")
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)]*)\)")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w-]*)([^<>]*)>")
_ANGLE: Final = re.compile(r"<(?=[A-Za-z/!?])")
_COLOUR: Final = re.compile(r"""\bcolor\s*=\s*['"]?([^'">]*)""")
#: Those that have no end.
_VOID: Final = frozenset({"br", "hr"})
_PEOPLE: Final = frozenset({"at", "person"})
_TAGS: Final = frozenset({"a", "font", "text_tag", "number_tag", "link", "local_datetime", "raw"}) | _VOID | _PEOPLE


def tables(markdown: str) -> int:
    """How many tables there are in a text: rows of dashes below a row of as many cells."""
    if "|" not in markdown:
        return 0
    lines = markdown.split("\n")
    return sum("|" in above and _DELIMITERS.fullmatch(line) is not None for above, line in pairwise(lines))


def _in_markdown(content: str, tier: Tier) -> Iterator[str]:
    if (number := tables(content)) > _MARKDOWN_TABLES_MAX:
        yield f"has {number} tables, of at most {_MARKDOWN_TABLES_MAX}"
    if "](" in content:
        yield from _links(content)
    if "<" in content:
        yield from dict.fromkeys(_tags(content, tier))


def _links(content: str) -> Iterator[str]:
    for key in _PICTURE.findall(content):
        if not key.startswith("img_"):
            yield "has a picture that is not uploaded, for which Feishu refuses the card"
    for url in _LINK.findall(content):
        if not re.match(r"https?://|tel:|lark://|mailto:", url):
            yield "has a link that does not begin with https://"


def _tags(content: str, tier: Tier) -> Iterator[str]:
    found = _TAG.findall(content)
    if len(found) < len(_ANGLE.findall(content)):
        yield "has a “<” that begins no tag"
    is_open: list[str] = []
    for slash, name, attributes in found:
        if name not in _TAGS:
            yield f"has <{name}>, which is no tag"
        elif name in _PEOPLE and tier.ours:
            yield f"has <{name}>, which calls somebody"
        elif slash and (not is_open or is_open.pop() != name):
            yield f"ends <{name}>, which was not begun"
            return
        elif not slash and name not in _VOID and not attributes.endswith("/"):
            is_open.append(name)
        for value in _COLOUR.findall(attributes):
            if wrong := colour(value):
                yield f"has a colour that {wrong}"
    if is_open:
        yield f"does not end <{is_open[-1]}>"
