"""What stands in a chat: looks there for a message of ours whose answer got lost.

https://open.feishu.cn/document/server-docs/im-v1/message/list
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final

from bot.adapters.feishu.failures import part_of
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.marks import mark_in
from bot.core.errors import HistoryUnreadable, MessageGone, MessageRejected, ScopeMissing
from bot.core.language import _

HISTORY: Final = "GET /open-apis/im/v1/messages"
#: https://open.feishu.cn/document/server-docs/im-v1/message/get
MESSAGE: Final = "GET /open-apis/im/v1/messages/:message_id"
#: Messages on a page; the most there may be.
PAGE: Final = 50
#: A busier chat is not looked through.
PAGES: Final = 10
#: By how much Feishu's clock may be behind ours.
CLOCKS_APART: Final = timedelta(minutes=2)
#: Of cards, what was sent instead of what an old client would show.
_AS_SENT: Final = "user_card_content"
#: Messages in which a digest may stand.
_TELLING: Final = {"interactive", "post", "text"}


async def find(gateway: FeishuGateway, chat: str, *, mark: str, since: datetime) -> str | None:
    """The id (`om_…`) of our message with that mark in the chat (`oc_…`), None if it surely is not there.

    Raises HistoryUnreadable, ChannelGone, and what the gateway raises.
    """
    is_any_unknown = False
    try:
        async for message in _since(gateway, chat, since):
            if not _is_ours(message, gateway.app_id):
                continue
            found = mark_in(_content(message))
            if found == mark:
                return str(message["message_id"])
            is_any_unknown |= found is None
    except (ScopeMissing, MessageRejected) as error:
        raise HistoryUnreadable(str(error)) from error
    if is_any_unknown:
        raise HistoryUnreadable(_("A message of mine stands there that does not show which one it is."))
    return None


async def chat_of(gateway: FeishuGateway, message: str) -> str:
    """The id (`oc_…`) of the chat in which a message stands. Raises HistoryUnreadable, and what the gateway raises."""
    try:
        answer = await gateway.call(MESSAGE, path={"message_id": message})
    except (ScopeMissing, MessageRejected, MessageGone) as error:
        raise HistoryUnreadable(str(error)) from error
    for found in part_of(answer, "data", "items"):
        return str(found["chat_id"])
    raise HistoryUnreadable


async def shows(gateway: FeishuGateway, message: str, mark: str) -> bool:
    """Whether the message is given back with its mark, so that it could be found. Raises what the gateway raises."""
    answer = await gateway.call(MESSAGE, path={"message_id": message}, query={"card_msg_content_type": _AS_SENT})
    return any(mark_in(_content(each)) == mark for each in part_of(answer, "data", "items"))


async def _since(gateway: FeishuGateway, chat: str, since: datetime) -> AsyncIterator[dict[str, Any]]:
    """Messages, oldest first: what is looked for stands near the beginning."""
    query: dict[str, str | int] = {
        "container_id_type": "chat",
        "container_id": chat,
        "start_time": int((since - CLOCKS_APART).timestamp()),
        "sort_type": "ByCreateTimeAsc",
        "page_size": PAGE,
        "card_msg_content_type": _AS_SENT,
    }
    token = ""
    for _page in range(PAGES):
        page = part_of(await gateway.call(HISTORY, query=query | ({"page_token": token} if token else {})), "data")
        for message in page.get("items") or ():
            yield message
        token = str(page.get("page_token") or "")
        if not (page.get("has_more") and token):
            return
    raise HistoryUnreadable(_("Too much has been written in the channel since."))


def _content(message: dict[str, Any]) -> str:
    return str((message.get("body") or {}).get("content"))


def _is_ours(message: dict[str, Any], app_id: str) -> bool:
    """Whether we sent it, and it is of a kind in which what is looked for may stand."""
    sender: dict[str, Any] = message.get("sender") or {}
    return (sender.get("id_type"), sender.get("id")) == ("app_id", app_id) and message.get("msg_type") in _TELLING
