"""Who clicks, and where: unlike a message, a click does not say whether its chat is that of one person with us."""

import asyncio
from typing import Final

import structlog

from bot.core.asker import Asker
from bot.core.errors import PlatformUnavailable, ScopeMissing
from bot.core.subscriptions import Channel, Platform
from handlers.feishu.events import Click
from handlers.feishu.ports import Feishu

#: Seconds that a click may wait for knowing its chat; Feishu gives up after 3.
KNOWN_WITHIN: Final = 1.5

log = structlog.get_logger()


async def asker_of(click: Click, feishu: Feishu) -> Asker:
    """Raises PlatformUnavailable while it cannot be known, and what `Feishu.is_direct` raises."""
    where = click.person if await _is_direct(click.chat, feishu) else click.chat
    channel = Channel(platform=Platform.FEISHU, workspace=click.workspace, id=where)
    return Asker(channel=channel, user=click.person, zone=click.zone)


async def _is_direct(chat: str, feishu: Feishu) -> bool:
    try:
        async with asyncio.timeout(KNOWN_WITHIN):
            return await feishu.is_direct(chat)
    except TimeoutError:
        raise PlatformUnavailable from None
    except ScopeMissing as error:
        log.warning("feishu.chat_unknown", error=str(error))
        return False
