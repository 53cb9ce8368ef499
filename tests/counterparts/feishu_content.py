"""What Feishu takes in a message: its form, its size, and for cards, everything that is documented of them.

https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json
"""

import json
import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

from formatters.feishu import validator
from tests.counterparts.feishu_values import Card, Refused

# Bytes of UTF-8. https://open.feishu.cn/document/server-docs/im-v1/message/create
TEXT_MAX = 150 * 1024
CARD_MAX = 30 * 1024
MESSAGE_TYPES = {"text", "post", "interactive", "file"}

_CALLED = re.compile(r"""<(?:at|person)\s[^>]*?id\s*=\s*["']?([^"'>\s]+)""")
#: What is said against a card, the sub-code for it, and what Feishu says itself if that is known.
_SUBCODES = (
    (r"has \d+ elements", 11310, "element exceeds the limit"),
    (r"has \d+ tables", 11310, "card table number over limit"),
    (r"nobody has the id", 100290, "invalid user resource"),
    (r"schema can not change", 200830, ""),
    (r"is no component|may only stand|may not stand", 200861, ""),
    (r"chart", 200550, ""),
    (r"picture|img_key", 200570, ""),
    (r"\.(rows|columns)\b", 200914, ""),
)


def parsed(said: Any) -> dict[str, Any]:
    """The content, which is sent as a string. Raises Refused."""
    try:
        content = json.loads(said) if isinstance(said, str) else None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise invalid("content is not a string of JSON")
    return content


def check(kind: str, content: Mapping[str, Any], said: str, files: Container[str]) -> None:
    """Raises Refused, but not for what is in a card; `files` are the keys of those that were uploaded."""
    if kind not in MESSAGE_TYPES:
        raise invalid("invalid msg_type")
    if len(said.encode()) > (TEXT_MAX if kind == "text" else CARD_MAX):
        raise Refused(230025, "The length of the message content reaches its limit.")
    if kind == "file" and str(content.get("file_key")) not in files:
        raise invalid("invalid file_key")
    if kind == "text" and not content.get("text"):
        raise invalid("text is empty")
    if kind == "post" and not _is_post(content):
        raise invalid("post is not made of paragraphs by locale")


def _is_post(content: Mapping[str, Any]) -> bool:
    return bool(content) and all(
        locale in {"zh_cn", "en_us", "ja_jp"} and isinstance(said, dict) and _are_paragraphs(said.get("content"))
        for locale, said in content.items()
    )


def _are_paragraphs(content: Any) -> bool:
    return isinstance(content, list) and all(
        isinstance(paragraph, list) and all(isinstance(part, dict) and "tag" in part for part in paragraph)
        for paragraph in content
    )


def card_problems(card: Card, people: Container[str]) -> list[str]:
    """What Feishu's documented limits and shapes say against a card; `people` are the open_ids that it knows."""
    called = [who for text in _texts(card) for who in _CALLED.findall(text)]
    strangers = [f"nobody has the id {who}" for who in called if who != "all" and who not in people]
    return validator.problems(card, validator.DOCUMENTED) + strangers


def _texts(card: Any) -> Iterator[str]:
    match card:
        case {"tag": "markdown" | "lark_md", "content": str(content)}:
            yield content
        case dict():
            for inner in card.values():
                yield from _texts(inner)
        case list():
            for inner in card:
                yield from _texts(inner)
        case _:
            pass


def card_refused(problem: str) -> Refused:
    """With the nearest sub-code."""
    code, why = next(
        ((code, why or problem) for sign, code, why in _SUBCODES if re.search(sign, problem)), (200621, problem)
    )
    return Refused(230099, f"Failed to create card content, ext=ErrCode: {code}; ErrMsg: {why}; ")


def invalid(what: str) -> Refused:
    return Refused(230001, f"Your request contains an invalid request parameter, ext={what}")
