"""Who the app is in Feishu: people mention its bot by an id that differs from app to app."""

from typing import Final

from bot.adapters.feishu.failures import part_of
from bot.adapters.feishu.gateway import FeishuGateway

BOT: Final = "GET /open-apis/bot/v3/info"


async def own_open_id(gateway: FeishuGateway) -> str:
    """The bot's `open_id`. Raises what the gateway raises.

    Source: https://open.feishu.cn/document/client-docs/bot-v3/obtain-bot-information
    """
    answer = await gateway.call(BOT)
    return str(part_of(answer, "bot", "open_id"))
