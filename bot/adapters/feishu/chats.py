"""What is known of a chat, and who is in it. It takes the scope `im:chat:readonly`."""

from collections.abc import AsyncIterator
from typing import Any, Final

from bot.adapters.feishu.failures import GroupDissolved, part_of
from bot.adapters.feishu.gateway import FeishuGateway

#: https://open.feishu.cn/document/server-docs/group/chat/get-2
CHAT: Final = "GET /open-apis/im/v1/chats/:chat_id"
#: https://open.feishu.cn/document/server-docs/group/chat-member/get
MEMBERS: Final = "GET /open-apis/im/v1/chats/:chat_id/members"
#: The most people that are on one page.
MEMBERS_PAGE: Final = 100


async def check_group(gateway: FeishuGateway, chat: str) -> None:
    """Raises ChannelGone if it is dissolved (GroupDissolved) or the bot is not in it, and what the gateway raises."""
    known = await _known(gateway, chat)
    if str(known.get("chat_status", "normal")) != "normal":
        raise GroupDissolved
    # Of a public group everybody is told the name, but only those in it are told who else is.
    await anext(pages_of_members(gateway, chat))


async def is_conversation(gateway: FeishuGateway, chat: str) -> bool:
    """Whether the chat (`oc_…`) is one of two, and no group. Raises ChannelGone, and what the gateway raises."""
    return (await _known(gateway, chat)).get("chat_mode") == "p2p"


async def pages_of_members(gateway: FeishuGateway, chat: str) -> AsyncIterator[set[str]]:
    """The `open_id`s of the people in the group, page by page. Raises ChannelGone, and what the gateway raises."""
    token = ""
    while True:
        query: dict[str, str | int] = {"member_id_type": "open_id", "page_size": MEMBERS_PAGE}
        answer = await gateway.call(
            MEMBERS, path={"chat_id": chat}, query=query | ({"page_token": token} if token else {})
        )
        page = part_of(answer, "data")
        yield {str(each["member_id"]) for each in page.get("items") or ()}
        token = str(page.get("page_token") or "")
        if not (page.get("has_more") and token):
            return


async def _known(gateway: FeishuGateway, chat: str) -> dict[str, Any]:
    answer = await gateway.call(CHAT, path={"chat_id": chat})
    return part_of(answer, "data")
