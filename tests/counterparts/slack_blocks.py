"""What Slack would refuse in a message or a view: our reading of its limits, where the emulator accepts anything.

Limits are in characters (code points) unless a name says bytes.
https://docs.slack.dev/reference/block-kit/blocks and the pages of the blocks and elements.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.counterparts import slack_charts, slack_elements
from tests.counterparts.slack_elements import (
    ID_MAX,
    URL_MAX,
    Surface,
    at_least_one,
    element,
    elements,
    fewer,
    shorter,
    string,
    text,
    text_object,
    unique,
)

MESSAGE_BLOCKS_MAX = 50
VIEW_BLOCKS_MAX = 100
SECTION_TEXT_MAX = 3000
SECTION_FIELDS_MAX = 10
SECTION_FIELD_MAX = 2000
HEADER_TEXT_MAX = 150
CONTEXT_ELEMENTS_MAX = 10
ACTIONS_ELEMENTS_MAX = 25
CONTEXT_ACTIONS_MAX = 5
LABEL_MAX = 2000
IMAGE_TITLE_MAX = 2000
ALERT_TEXT_MAX = 200
CONTAINER_TITLE_MAX = 150
CONTAINER_CHILDREN_MAX = 10
CARD_TEXT_MAX = {"title": 150, "subtitle": 150, "body": 200, "subtext": 200}
CAROUSEL_MAX = 10
MARKDOWN_MAX = 12_000  # over all markdown blocks of a payload
CHARTS_MAX = 2
TABLES_MAX = 1
ATTACHMENTS_MAX = 100
VIEW_TITLE_MAX = 24
PRIVATE_METADATA_MAX = 3000
# Of a text in rich text, for which no limit is published; Slack cuts the `text` of a message there.
# https://docs.slack.dev/reference/methods/chat.postMessage
TEXT_MAX = 40_000
# Not documented; measured on live Slack. https://github.com/slackapi/bolt-js/issues/2867
MESSAGE_TEXT_TOTAL_MAX = 13_200
HEADER_COST = 100
# Not documented; measured on live Slack. https://github.com/openclaw/openclaw/pull/115027
UPDATE_TEXT_BYTES_MAX = 4000

# https://docs.slack.dev/blocks.json
_EVERYWHERE = {"actions", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
_BLOCKS: dict[Surface, set[str]] = {
    "message": _EVERYWHERE
    | {"carousel", "container", "context_actions", "data_table", "data_visualization", "file", "markdown", "plan"}
    | {"table", "task_card"},
    "modal": _EVERYWHERE | {"alert"},
    "home": _EVERYWHERE | {"carousel", "data_table", "table"},
}
# What both the documentation and the live validator allow: rich_text and input are in one of them only.
_CONTAINER_CHILDREN = {"actions", "context", "divider", "header", "image", "section", "table", "video"}
_ALERT_LEVELS = {"default", "info", "warning", "error", "success"}
_CONTAINER_WIDTHS = {"narrow", "standard", "wide", "full"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why Slack says no: its error code, and messages that end in a JSON pointer."""

    error: str
    messages: tuple[str, ...] = ()
    #: What else the answer says: `needed` and `provided` scopes.
    more: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON of the answer, which comes with HTTP 200."""
        said: dict[str, Any] = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            if self.error == "invalid_blocks":
                said["errors"] = list(self.messages)
            said["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return said


def message_refusal(arguments: Mapping[str, Any], *, update: bool = False, total: bool = True) -> Refusal | None:
    """What is wrong with the arguments of chat.postMessage, chat.postEphemeral or (`update`) chat.update.

    `total` is off for a response_url, where Slack does not apply the cap on all text.
    """
    blocks = arguments.get("blocks") or []
    if "markdown_text" in arguments and (blocks or arguments.get("text")):
        return Refusal(error="markdown_text_conflict")
    if update and len(str(arguments.get("text", "")).encode()) > UPDATE_TEXT_BYTES_MAX:
        return Refusal(error="msg_too_long")
    if not _is_list_of_objects(blocks):
        return Refusal(error="invalid_blocks_format")
    if len(arguments.get("attachments") or []) > ATTACHMENTS_MAX:
        return Refusal(error="too_many_attachments")
    if found := list(_problems(blocks, "/blocks", "message")):
        return Refusal(error="invalid_blocks", messages=tuple(found))
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_MAX:
        return Refusal(error="msg_too_long")
    if total and counted_characters(blocks) > MESSAGE_TEXT_TOTAL_MAX:
        return Refusal(error="msg_blocks_too_long")
    return None


def view_refusal(view: Mapping[str, Any]) -> Refusal | None:
    """What is wrong with a view of views.open, views.update, views.push or views.publish."""
    found = list(_view_problems(view))
    return Refusal(error="invalid_arguments", messages=tuple(found)) if found else None


def counted_characters(blocks: Sequence[Mapping[str, Any]]) -> int:
    """What the cap on all text of a message counts: rendered text with `&`, `<`, `>` as entities, and the headers."""
    texts = sum(len(html.escape(html.unescape(text), quote=False)) for text in _texts(blocks))
    return texts + HEADER_COST * sum(block.get("type") == "header" for block in blocks)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _view_problems(view: Mapping[str, Any]) -> Iterator[str]:
    surface: Surface = "home" if view.get("type") == "home" else "modal"
    if surface == "modal":
        yield from text(view, "title", "/view", VIEW_TITLE_MAX, kinds=("plain_text",))
    for name in ("submit", "close"):
        if view.get(name) and surface == "home":
            yield f"not allowed in a home: {name} [json-pointer:/view/{name}]"
        elif view.get(name):
            yield from text(view, name, "/view", VIEW_TITLE_MAX, kinds=("plain_text",))
    yield from shorter(view.get("private_metadata", ""), PRIVATE_METADATA_MAX, "/view/private_metadata")
    for name in ("callback_id", "external_id"):
        yield from shorter(view.get(name, ""), ID_MAX, f"/view/{name}")
    blocks = view.get("blocks") or []
    if not blocks or not _is_list_of_objects(blocks):
        yield "missing required field: blocks [json-pointer:/view]"
        return
    if surface == "modal" and not view.get("submit") and any(block.get("type") == "input" for block in blocks):
        yield "missing required field: submit [json-pointer:/view]"
    yield from _problems(blocks, "/view/blocks", surface)


def _problems(blocks: Sequence[Mapping[str, Any]], at: str, surface: Surface) -> Iterator[str]:
    yield from fewer(blocks, MESSAGE_BLOCKS_MAX if surface == "message" else VIEW_BLOCKS_MAX, at)
    yield from unique([block.get("block_id") for block in _with_children(blocks)], "block_id", at)
    for kind, most in {"data_visualization": CHARTS_MAX, "table": TABLES_MAX}.items():
        if sum(block.get("type") == kind for block in _with_children(blocks)) > most:
            yield f"no more than {most} {kind} allowed [json-pointer:{at}]"
    for number, block in enumerate(blocks):
        yield from _block_problems(block, f"{at}/{number}", _BLOCKS[surface], surface)


def _with_children(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        yield block
        yield from block.get("child_blocks", [])


def _block_problems(block: Mapping[str, Any], at: str, allowed: set[str], surface: Surface) -> Iterator[str]:
    kind = block.get("type")
    if kind not in allowed:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from shorter(block.get("block_id", ""), ID_MAX, f"{at}/block_id")
    match kind:
        case "section":
            yield from _section(block, at, surface)
        case "header":
            yield from text(block, "text", at, HEADER_TEXT_MAX, kinds=("plain_text",))
        case "context":
            yield from _context(block, at)
        case "actions":
            found = block.get("elements")
            yield from elements(found, f"{at}/elements", ACTIONS_ELEMENTS_MAX, slack_elements.ACTIONS, surface)
        case "context_actions":
            found = block.get("elements")
            yield from elements(found, f"{at}/elements", CONTEXT_ACTIONS_MAX, slack_elements.CONTEXT_ACTIONS, surface)
        case "input":
            yield from _input(block, at, surface)
        case "container":
            yield from _container(block, at)
        case _:
            yield from _content(block, at)


def _content(block: Mapping[str, Any], at: str) -> Iterator[str]:
    """Blocks in which nobody can do anything."""
    match block["type"]:
        case "markdown":
            yield from string(block, "text", at, MARKDOWN_MAX)
        case "rich_text":
            yield from _rich_text(block, at)
        case "image":
            yield from _image(block, at)
        case "alert":
            yield from text(block, "text", at, ALERT_TEXT_MAX)
            if block.get("level", "default") not in _ALERT_LEVELS:
                yield f"unsupported level: {block['level']} [json-pointer:{at}/level]"
        case "table":
            yield from slack_charts.table(block, at)
        case "data_table":
            yield from slack_charts.data_table(block, at)
        case "data_visualization":
            yield from slack_charts.data_visualization(block, at)
        case "card":
            yield from _card(block, at)
        case "carousel":
            yield from at_least_one(block.get("elements", []), f"{at}/elements")
            yield from fewer(block.get("elements", []), CAROUSEL_MAX, f"{at}/elements")
            for number, card in enumerate(block.get("elements", [])):
                yield from _card(card, f"{at}/elements/{number}")
        case _:
            pass


def _section(block: Mapping[str, Any], at: str, surface: Surface) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text or fields [json-pointer:{at}]"
    if "text" in block:
        yield from text(block, "text", at, SECTION_TEXT_MAX)
    if "fields" in block:
        yield from at_least_one(block["fields"], f"{at}/fields")
        yield from fewer(block["fields"], SECTION_FIELDS_MAX, f"{at}/fields")
    for number, found in enumerate(block.get("fields", [])):
        yield from text_object(found, f"{at}/fields/{number}", SECTION_FIELD_MAX)
    if "accessory" in block:
        yield from element(block["accessory"], f"{at}/accessory", slack_elements.ACCESSORIES, surface)


def _context(block: Mapping[str, Any], at: str) -> Iterator[str]:
    found = block.get("elements", [])
    yield from at_least_one(found, f"{at}/elements")
    yield from fewer(found, CONTEXT_ELEMENTS_MAX, f"{at}/elements")
    for number, each in enumerate(found):
        if each.get("type") == "image":
            yield from element(each, f"{at}/elements/{number}", frozenset({"image"}), "message")
        else:
            yield from text_object(each, f"{at}/elements/{number}", SECTION_TEXT_MAX)


def _input(block: Mapping[str, Any], at: str, surface: Surface) -> Iterator[str]:
    yield from text(block, "label", at, LABEL_MAX, kinds=("plain_text",))
    if "hint" in block:
        yield from text(block, "hint", at, LABEL_MAX, kinds=("plain_text",))
    yield from element(block.get("element"), f"{at}/element", slack_elements.INPUTS, surface)


def _image(block: Mapping[str, Any], at: str) -> Iterator[str]:
    if ("image_url" in block) == ("slack_file" in block):
        yield f"must provide either image_url or slack_file [json-pointer:{at}]"
    yield from shorter(block.get("image_url", ""), URL_MAX, f"{at}/image_url")
    yield from string(block, "alt_text", at, slack_elements.ALT_TEXT_MAX)
    if "title" in block:
        yield from text(block, "title", at, IMAGE_TITLE_MAX, kinds=("plain_text",))


def _rich_text(block: Mapping[str, Any], at: str) -> Iterator[str]:
    found = block.get("elements")
    if not _is_list_of_objects(found):
        yield f"missing required field: elements [json-pointer:{at}]"
        return
    for number, each in enumerate(found or ()):
        if each.get("type") in {"text", "link"}:
            # An empty text is refused, and so is a link without an address.
            yield from string(each, "url" if each["type"] == "link" else "text", f"{at}/elements/{number}", TEXT_MAX)
        elif "elements" in each:
            yield from at_least_one(each["elements"], f"{at}/elements/{number}/elements")
            yield from _rich_text(each, f"{at}/elements/{number}")


def _card(block: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, most in CARD_TEXT_MAX.items():
        if name in block:
            yield from text(block, name, at, most)
    yield from fewer(block.get("actions", []), 3, f"{at}/actions")


def _container(block: Mapping[str, Any], at: str) -> Iterator[str]:
    children = block.get("child_blocks", [])
    if not block.get("title") and not block.get("rich_text_title"):
        yield f"missing required field: title [json-pointer:{at}]"
    if block.get("title"):
        yield from text(block, "title", at, CONTAINER_TITLE_MAX, kinds=("plain_text",))
    if block.get("subtitle"):
        yield from text(block, "subtitle", at, CONTAINER_TITLE_MAX)
    yield from at_least_one(children, f"{at}/child_blocks")
    yield from fewer(children, CONTAINER_CHILDREN_MAX, f"{at}/child_blocks")
    if block.get("width", "full") not in _CONTAINER_WIDTHS:
        yield f"unsupported width: {block['width']} [json-pointer:{at}/width]"
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"default_collapsed needs is_collapsible [json-pointer:{at}/default_collapsed]"
    if block.get("has_header_divider") and block.get("is_collapsible"):
        yield f"has_header_divider excludes is_collapsible [json-pointer:{at}/has_header_divider]"
    for number, child in enumerate(children):
        yield from _block_problems(child, f"{at}/child_blocks/{number}", _CONTAINER_CHILDREN, "message")


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
