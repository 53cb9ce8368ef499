"""Posts to Feishu, tells people, sends files, and looks up what is known of groups and who is in them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from bot.adapters.feishu.chats import check_group, pages_of_members
from bot.adapters.feishu.failures import GroupDissolved
from bot.adapters.feishu.files import send_file
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.ladder import replace, send
from bot.adapters.feishu.places import PERSON, Below, In
from bot.core.errors import ChannelGone, HistoryUnreadable, MessageGone, ScopeMissing
from bot.core.language import _
from bot.core.ports import Attachment, Clock
from bot.core.replies import Reply
from bot.core.subscriptions import Channel
from formatters.feishu import ladder

#: How long after an attempt Feishu surely makes no second message of the same key: an hour, without the time that a
#: digest may take from then until it is posted. https://open.feishu.cn/document/server-docs/im-v1/message/create
ONCE_WITHIN: Final = timedelta(hours=1) - timedelta(minutes=10)

log = structlog.get_logger()


class FeishuMessenger:
    """Implements `bot.core.ports.Messenger`."""

    def __init__(self, gateway: FeishuGateway, *, now: Clock) -> None:
        self._gateway = gateway
        self._now = now

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        if thread is not None:
            below = Below(message=thread, in_thread=True, where=channel.id)
            try:
                return await send(self._gateway, below, reply, key=key)
            except MessageGone:
                log.info("feishu.thread_gone", channel=channel.id, thread=thread)
        return await send(self._gateway, In(id=channel.id), reply, key=key)

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        """Of a reply that does not fit into one card, the first one is replaced; those below it stay as they are."""
        await replace(self._gateway, message, ladder(reply))

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        await send(self._gateway, In(id=user), reply, key=_unique())

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        where = In(id=channel.id if self.is_direct(channel) else user)
        await send_file(self._gateway, where, attachment, uuid=_unique())

    async def check(self, channel: Channel, user: str = "") -> None:
        """Without the scope that it takes to look, the group is believed to be in order until a post fails."""
        if self.is_direct(channel):
            if user and user != channel.id:
                raise ChannelGone(_("This conversation is somebody else's. Write to me directly."))
            return
        try:
            await check_group(self._gateway, channel.id)
        except ScopeMissing:
            return
        except GroupDissolved:
            raise
        except ChannelGone as error:
            raise ChannelGone(_("I am not in this group. Add me in its settings, then subscribe again.")) from error

    def is_direct(self, channel: Channel) -> bool:
        return channel.id.startswith(PERSON)

    async def admits(self, channel: Channel, user: str) -> bool:
        """Nobody whom the app may not see: without the scope, what a group gets is decided in the group."""
        if self.is_direct(channel):
            return False
        try:
            async for people in pages_of_members(self._gateway, channel.id):
                if user in people:
                    return True
        except (ScopeMissing, ChannelGone) as error:
            log.info("feishu.members_unknown", channel=channel.id, error=str(error))
        return False

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        """Feishu's profiles have none; a click brings that of the reader."""
        return None

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        """None is safe within the hour: the same key makes no second message. The app may not read what groups say."""
        if self._now() - since < ONCE_WITHIN:
            return None
        raise HistoryUnreadable(_("Too much time has passed since, and the app may not read the group."))


def _unique() -> str:
    """Names what is said once, so that only its own repetitions are held to be the same."""
    return uuid4().hex
