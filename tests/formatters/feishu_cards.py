"""What there is in a message for Feishu, as its readers find it, and what may be in it at all."""

import json
import re
from collections.abc import Iterator
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.buttons import decode
from bot.core.commands import Question
from formatters.feishu.values import pressed

Element = dict[str, Any]

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_CONTAINERS = ("collapsible_panel", "column_set", "column", "form")
#: Besides paragraphs, lists, quotations and breaks, which have no attributes that matter.
_OURS = {
    *("inline", "paragraph_open", "paragraph_close", "text", "text_special", "softbreak", "code_inline"),
    *("bullet_list_open", "bullet_list_close", "ordered_list_open", "ordered_list_close"),
    *("list_item_open", "list_item_close", "blockquote_open", "blockquote_close", "strong_open", "strong_close"),
    *("link_open", "link_close", "html_inline"),
}
_TAGS = {"<br>", "<font color='grey'>", "</font>"}


def tagged(part: object) -> Iterator[Element]:
    """All elements, the outer ones before those in them."""
    match part:
        case dict():
            if "tag" in part:
                yield part
            for value in part.values():
                yield from tagged(value)
        case list():
            for value in part:
                yield from tagged(value)


def with_tag(message: object, tag: str) -> list[Element]:
    return [element for element in tagged(message) if element["tag"] == tag]


def questions(message: object) -> list[Question]:
    """What all buttons ask, in their order."""
    return [question for _text, question in buttons(message) if not isinstance(question, str)]


def buttons(message: object) -> list[tuple[str, Question | str]]:
    """What stands on each button, and what it asks or which page it opens."""
    return [(button["text"]["content"], _does(button["behaviors"])) for button in with_tag(message, "button")]


def _does(behaviours: list[Element]) -> Question | str:
    match behaviours:
        case [{"type": "open_url", "default_url": str(url)}]:
            return url
        case [{"type": "callback", "value": value}] if found := pressed(value):
            return decode(found.question)
        case _:
            raise AssertionError(behaviours)


def footer(card: Element) -> list[tuple[str, Question | str]]:
    """The buttons that stand below everything."""
    return buttons(card["body"]["elements"][-1])


def panels(card: Element) -> list[tuple[str, bool, str]]:
    """Of each panel what stands on it, whether it is open, and what stands in it."""
    return [
        (read(panel["header"]["title"]["content"]), panel["expanded"], shown(panel["elements"]))
        for panel in with_tag(card, "collapsible_panel")
    ]


def shown(part: object) -> str:
    """All texts, a line for each line; what charts say is not among them."""
    lines: list[str] = []
    for element in tagged(part):
        if element["tag"] == "plain_text":
            lines.append(element["content"])
        elif element["tag"] == "markdown":
            lines.append(read(element["content"]))
    return "\n".join(lines)


def read(markdown: str) -> str:
    """Markdown as it is shown."""
    return "\n".join(
        "".join(_text(child) for child in token.children or []) for token in _MARKDOWN.parse(markdown) if token.content
    )


def _text(token: Token) -> str:
    if token.type == "html_inline":
        return "\n" if token.content == "<br>" else ""
    return "\n" if token.type == "softbreak" else token.content


# What may be there


def assert_card(card: Element, *, most: int = 24_000) -> None:
    """Within every limit, and nothing in it that is not ours. https://open.feishu.cn/document/feishu-cards"""
    assert len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode()) <= most
    assert len(list(tagged(card))) <= 150
    assert _depth(card) <= 3
    assert len(with_tag(card, "chart")) <= 5
    assert card["config"]["summary"]["content"]
    assert len(card.get("header", {}).get("text_tag_list", [])) <= 3
    assert all(element["content"] for element in tagged(card) if element["tag"] in {"plain_text", "markdown"})
    assert_inert(card)


def _depth(part: object) -> int:
    match part:
        case dict():
            return (part.get("tag") in _CONTAINERS) + max(map(_depth, part.values()), default=0)
        case list():
            return max(map(_depth, part), default=0)
        case _:
            return 0


def assert_inert(card: object) -> None:
    """Markdown has nothing in it but what we put there."""
    for element in with_tag(card, "markdown"):
        for token in _tokens(element["content"]):
            assert token.type in _OURS, token
            if token.type == "html_inline":
                assert token.content in _TAGS
            if token.type == "link_open":
                assert re.match(r"https://(github\.com|git\.example)/", str(token.attrs["href"]))
            if token.type == "code_inline":
                assert not re.search(r"[<>@$]|\D:|:\D|:.*:|www\.|//", token.content)


def _tokens(markdown: str) -> Iterator[Token]:
    for token in _MARKDOWN.parse(markdown):
        yield token
        yield from token.children or []


def unmarked(card: dict[str, Any]) -> dict[str, Any]:
    """A card that was sent, without the mark by which it is found again: as it was drawn."""
    first, *others = card["body"]["elements"]
    kept = {name: value for name, value in first.items() if name != "element_id"}
    return {**card, "body": {**card["body"], "elements": [kept, *others]}}
