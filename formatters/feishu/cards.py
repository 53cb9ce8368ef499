"""A card around its content, and what a message is.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal, TypedDict

from formatters.feishu import limits
from formatters.feishu.elements import Element, plain, without_questions

Card = dict[str, Any]

Template = Literal["blue", "wathet", "turquoise", "green", "yellow", "orange", "red", "indigo", "grey", "default"]
TagColour = Literal["neutral", "blue", "green", "yellow", "orange", "red"]


class FeishuMessage(TypedDict):
    """https://open.feishu.cn/document/server-docs/im-v1/message/create"""

    msg_type: Literal["interactive", "post", "text"]
    #: What the API takes as a string of JSON, as `written` makes it.
    content: dict[str, Any]


class Reach(Enum):
    """Who hears what is clicked in a message."""

    #: The app, so that cards have buttons that ask.
    APP = "app"
    #: Nobody: a custom bot's cards have links only, and nothing may depend on a click.
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A short word in the header of a card."""

    text: str
    colour: TagColour = "neutral"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a card; all texts are plain ones."""

    #: Empty for a card without a header.
    title: str
    #: What the list of chats and a notification show.
    summary: str
    elements: Sequence[Element]
    subtitle: str = ""
    #: At most three.
    tags: Sequence[Tag] = ()
    template: Template = "blue"

    def below(self, above: Sequence[Element]) -> "Content":
        """The same with something above it."""
        return replace(self, elements=[*above, *self.elements])

    def without_questions(self) -> "Content":
        """The same without buttons that ask somebody who does not hear."""
        return replace(self, elements=without_questions(self.elements))


def made(content: Content) -> Card:
    return {
        "schema": "2.0",
        "config": {
            "update_multi": True,
            "width_mode": "fill",
            "summary": {"content": plain(content.summary, limits.SUMMARY_MAX)["content"]},
        },
        **({"header": _header(content)} if content.title else {}),
        "body": {"elements": list(content.elements)},
    }


def _header(content: Content) -> Element:
    return {
        "template": content.template,
        "title": plain(content.title, limits.TITLE_MAX),
        **({"subtitle": plain(content.subtitle, limits.SUBTITLE_MAX)} if content.subtitle else {}),
        **({"text_tag_list": [_tag(tag) for tag in content.tags]} if content.tags else {}),
    }


def _tag(tag: Tag) -> Element:
    return {"tag": "text_tag", "text": plain(tag.text, limits.TAG_MAX), "color": tag.colour}


def written(content: object) -> str:
    """As it is sent: without spaces, and in UTF-8 instead of escapes, which would count."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def size(content: object) -> int:
    """Bytes of what is sent."""
    return len(written(content).encode("utf-8", "surrogatepass"))
