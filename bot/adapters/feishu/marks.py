"""By what a card is told from all others when Feishu gives it back: the id of its first element.

Feishu never tells the `uuid` of a message again, but a card as it was sent, ids of elements included.
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

#: Of an element's id, which begins with a letter.
LENGTH: Final = 20
_MARK: Final = re.compile(rf"k[0-9a-f]{{{LENGTH - 1}}}")


def mark_of(uuid: str) -> str:
    """For the message that was sent with this `uuid`, of hexadecimal digits."""
    return f"k{uuid}"[:LENGTH]


def marked(card: Mapping[str, Any], mark: str) -> dict[str, Any]:
    """The card with the mark; one without elements stays as it is, and cannot be told."""
    first, *others = card["body"]["elements"] or [None]
    if first is None:
        return dict(card)
    return {**card, "body": {**card["body"], "elements": [{**first, "element_id": mark}, *others]}}


def mark_in(content: str) -> str | None:
    """The mark in the content of a message as Feishu gives it back; None if it shows none."""
    said = _object(content)
    card = _object(said["user_dsl"]) if "user_dsl" in said else said
    match card:
        case {"body": {"elements": [{"element_id": str(mark)}, *_]}} if _MARK.fullmatch(mark):
            return mark
        case _:
            return None


def _object(text: Any) -> dict[str, Any]:
    try:
        said = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
