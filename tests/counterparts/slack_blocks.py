"""What Slack would refuse in a message or a view: our reading of its limits, where the emulator accepts anything.

Limits are in characters (code points) unless a name says bytes.
https://docs.slack.dev/reference/block-kit/blocks and the pages of the blocks and elements.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Surface = Literal["message", "modal", "home"]

MESSAGE_BLOCKS_MAX = 50
VIEW_BLOCKS_MAX = 100
SECTION_TEXT_MAX = 3000
SECTION_FIELDS_MAX = 10
SECTION_FIELD_MAX = 2000
HEADER_TEXT_MAX = 150
CONTEXT_ELEMENTS_MAX = 10
ACTIONS_ELEMENTS_MAX = 25
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2000
URL_MAX = 3000
OPTION_TEXT_MAX = 75
ID_MAX = 255
CONTAINER_CHILDREN_MAX = 10
MARKDOWN_MAX = 12_000  # over all markdown blocks of a payload
VIEW_TITLE_MAX = 24
PRIVATE_METADATA_MAX = 3000
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
_CONTAINER_CHILDREN = {"actions", "context", "divider", "header", "image", "section", "table", "video"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why Slack says no: its error code, and messages that end in a JSON pointer."""

    error: str
    messages: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """The JSON of the answer, which comes with HTTP 200."""
        said: dict[str, Any] = {"ok": False, "error": self.error}
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
        yield from _text(view, "title", "/view", VIEW_TITLE_MAX)
    for name in ("submit", "close"):
        if view.get(name):
            yield from _text(view, name, "/view", VIEW_TITLE_MAX)
    yield from _shorter(view.get("private_metadata", ""), PRIVATE_METADATA_MAX, "/view/private_metadata")
    yield from _shorter(view.get("callback_id", ""), ID_MAX, "/view/callback_id")
    blocks = view.get("blocks") or []
    if not blocks or not _is_list_of_objects(blocks):
        yield "missing required field: blocks [json-pointer:/view]"
        return
    if surface == "modal" and not view.get("submit") and any(block.get("type") == "input" for block in blocks):
        yield "missing required field: submit [json-pointer:/view]"
    yield from _problems(blocks, "/view/blocks", surface)


def _problems(blocks: Sequence[Mapping[str, Any]], at: str, surface: Surface) -> Iterator[str]:
    yield from _fewer(blocks, MESSAGE_BLOCKS_MAX if surface == "message" else VIEW_BLOCKS_MAX, at)
    yield from _unique([block.get("block_id") for block in blocks], "block_id", at)
    for number, block in enumerate(blocks):
        yield from _block_problems(block, f"{at}/{number}", _BLOCKS[surface])


def _block_problems(block: Mapping[str, Any], at: str, allowed: set[str]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in allowed:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from _shorter(block.get("block_id", ""), ID_MAX, f"{at}/block_id")
    match kind:
        case "section":
            yield from _section(block, at)
        case "header":
            yield from _text(block, "text", at, HEADER_TEXT_MAX, kinds=("plain_text",))
        case "context":
            yield from _context(block, at)
        case "actions":
            yield from _elements(block, at, ACTIONS_ELEMENTS_MAX)
        case "markdown":
            yield from _string(block, "text", at, MARKDOWN_MAX)
        case "rich_text" if not _is_list_of_objects(block.get("elements")):
            yield f"missing required field: elements [json-pointer:{at}]"
        case "container":
            yield from _container(block, at)
        case _:
            pass


def _section(block: Mapping[str, Any], at: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text or fields [json-pointer:{at}]"
    if "text" in block:
        yield from _text(block, "text", at, SECTION_TEXT_MAX)
    fields = block.get("fields", [])
    yield from _fewer(fields, SECTION_FIELDS_MAX, f"{at}/fields")
    for number, field in enumerate(fields):
        yield from _text({"field": field}, "field", f"{at}/fields/{number}", SECTION_FIELD_MAX)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}/accessory")


def _context(block: Mapping[str, Any], at: str) -> Iterator[str]:
    elements = block.get("elements", [])
    yield from _at_least_one(elements, f"{at}/elements")
    yield from _fewer(elements, CONTEXT_ELEMENTS_MAX, f"{at}/elements")
    for number, element in enumerate(elements):
        if element.get("type") != "image":
            yield from _text({"element": element}, "element", f"{at}/elements/{number}", SECTION_TEXT_MAX)


def _elements(block: Mapping[str, Any], at: str, most: int) -> Iterator[str]:
    elements = block.get("elements", [])
    yield from _at_least_one(elements, f"{at}/elements")
    yield from _fewer(elements, most, f"{at}/elements")
    yield from _unique([element.get("action_id") for element in elements], "action_id", f"{at}/elements")
    for number, element in enumerate(elements):
        yield from _element(element, f"{at}/elements/{number}")


def _element(element: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _shorter(element.get("action_id", ""), ID_MAX, f"{at}/action_id")
    if element.get("type") == "button":
        yield from _text(element, "text", at, BUTTON_TEXT_MAX, kinds=("plain_text",))
        yield from _shorter(element.get("value", ""), BUTTON_VALUE_MAX, f"{at}/value")
        yield from _shorter(element.get("url", ""), URL_MAX, f"{at}/url")
    for number, option in enumerate(element.get("options", [])):
        yield from _text(option, "text", f"{at}/options/{number}", OPTION_TEXT_MAX)


def _container(block: Mapping[str, Any], at: str) -> Iterator[str]:
    children = block.get("child_blocks", [])
    if not block.get("title") and not block.get("rich_text_title"):
        yield f"missing required field: title [json-pointer:{at}]"
    if block.get("title"):
        yield from _text(block, "title", at, HEADER_TEXT_MAX)
    yield from _at_least_one(children, f"{at}/child_blocks")
    yield from _fewer(children, CONTAINER_CHILDREN_MAX, f"{at}/child_blocks")
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"default_collapsed needs is_collapsible [json-pointer:{at}/default_collapsed]"
    if block.get("has_header_divider") and block.get("is_collapsible"):
        yield f"has_header_divider excludes is_collapsible [json-pointer:{at}/has_header_divider]"
    for number, child in enumerate(children):
        yield from _block_problems(child, f"{at}/child_blocks/{number}", _CONTAINER_CHILDREN)


def _text(
    holder: Mapping[str, Any],
    name: str,
    at: str,
    most: int,
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn"),
) -> Iterator[str]:
    """A text object: there, of an allowed type, neither empty nor too long."""
    where = f"{at}/{name}" if name in {"text", "title", "submit", "close"} else at
    found = holder.get(name)
    if not isinstance(found, Mapping):
        yield f"missing required field: {name} [json-pointer:{at}]"
        return
    if found.get("type") not in kinds:
        yield f"unsupported type: {found.get('type')} [json-pointer:{where}/type]"
    yield from _string(found, "text", where, most)


def _string(holder: Mapping[str, Any], name: str, at: str, most: int) -> Iterator[str]:
    found = holder.get(name)
    if not isinstance(found, str):
        yield f"missing required field: {name} [json-pointer:{at}]"
        return
    if not found:
        yield f"must be more than 0 characters [json-pointer:{at}/{name}]"
    yield from _shorter(found, most, f"{at}/{name}")


def _shorter(text: str, most: int, at: str) -> Iterator[str]:
    if len(text) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{at}]"


def _fewer(items: Sequence[Any], most: int, at: str) -> Iterator[str]:
    if len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{at}]"


def _at_least_one(items: Sequence[Any], at: str) -> Iterator[str]:
    if not items:
        yield f"must provide at least 1 item [json-pointer:{at}]"


def _unique(ids: Sequence[str | None], name: str, at: str) -> Iterator[str]:
    seen: set[str] = set()
    for number, each in enumerate(ids):
        if each is not None and each in seen:
            yield f"`{name}` {each!r} already exists [json-pointer:{at}/{number}/{name}]"
        seen.add(each or "")


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)
