"""Feishu: what it draws of a reply, as cards (JSON 2.0) within all limits, and as text where no card is taken.

https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, TypedDict

from bot.core.replies import Notice, Reply

Card = dict[str, Any]


class FeishuMessage(TypedDict):
    """https://open.feishu.cn/document/server-docs/im-v1/message/create"""

    msg_type: Literal["interactive", "post", "text"]
    #: What the API takes as a string of JSON.
    content: dict[str, Any]


class Reach(Enum):
    """Who hears what is clicked in a message."""

    #: The app, so that cards have buttons that ask.
    APP = "app"
    #: Nobody: a custom bot's cards have links only, and nothing may depend on a click.
    NOBODY = "nobody"


def render(reply: Reply, reach: Reach = Reach.APP) -> FeishuMessage:
    """The message in the language spoken: the first of the ladder."""
    return next(ladder(reply, reach))


def ladder(reply: Reply, reach: Reach = Reach.APP) -> Iterator[FeishuMessage]:
    """The message, then what to post where Feishu refuses it: without tables and charts, reduced, and as plain text

    with links. Each is drawn when it is asked for, and differs from the one before; all but the last are cards.
    """
    raise NotImplementedError


def following(reply: Reply, reach: Reach = Reach.APP) -> list[FeishuMessage]:
    """What does not fit into the first message, for its thread, or below it where there are none."""
    raise NotImplementedError


def card(reply: Reply, *, note: Notice | None = None) -> Card:
    """One card, to take the place of another one that was clicked in; `note` stands above the reply."""
    raise NotImplementedError
