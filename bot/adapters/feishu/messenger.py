"""Posts to Feishu, tells people, sends files, and looks up what is known of groups and who is in them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from bot.adapters.feishu import history
from bot.adapters.feishu.chats import check_group, pages_of_members
from bot.adapters.feishu.failures import GroupDissolved
from bot.adapters.feishu.files import send_file
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.ladder import fit_ladder, replace, send
from bot.adapters.feishu.marks import mark_of
from bot.adapters.feishu.places import PERSON, Below, In, uuid_of
from bot.core.errors import ChannelGone, HistoryUnreadable, MessageGone, ScopeMissing
from bot.core.language import _
from bot.core.ports import Attachment, Clock
from bot.core.replies import Reply
from bot.core.subscriptions import Channel
from formatters.drawn import Drawn
from formatters.feishu import following

#: How long after an attempt Feishu surely makes no second message of the same key: an hour, without the time that a
#: digest may take from then until it is posted. https://open.feishu.cn/document/server-docs/im-v1/message/create
ONCE_WITHIN: Final = timedelta(hours=1) - timedelta(minutes=10)

#: The id of a message of ours that stands in the channel, if one is known.
Earlier = Callable[[Channel], Awaitable[str | None]]

log = structlog.get_logger()


async def none_known(_channel: Channel) -> str | None:
    """Nothing is remembered."""
    return None


class FeishuMessenger:
    """Implements `bot.core.ports.Messenger`."""

    def __init__(self, gateway: FeishuGateway, *, now: Clock, earlier: Earlier = none_known) -> None:
        """Through `earlier` messages it is found out by which id Feishu knows the conversation with a person."""
        self._gateway = gateway
        self._now = now
        self._earlier = earlier
        self._ladder = Drawn(fit_ladder)
        self._send = partial(send, gateway, ladder=self._ladder, following=Drawn(following))

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        if thread is not None:
            below = Below(message=thread, in_thread=True, where=channel.id)
            try:
                return await self._send(below, reply, key=key)
            except MessageGone:
                log.info("feishu.thread_gone", channel=channel.id, thread=thread)
        return await self._send(In(id=channel.id), reply, key=key)

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        """Of a reply that does not fit into one card, the first one is replaced; those below it stay as they are."""
        await replace(self._gateway, message, self._ladder(reply), uuid=self._uuid(channel, key))

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        await self._send(In(id=user), reply, key=_unique())

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
        """None is safe within the hour: the same key makes no second message. After it, the chat's history tells.

        A message without the mark of a card (a text that was sent because no card was taken, or a card that a click has
        changed) might be the one, so that nobody can know then.
        """
        if self._now() - since < ONCE_WITHIN:
            return None
        mark = mark_of(self._uuid(channel, key))
        return await history.find(self._gateway, await self._chat(channel), mark=mark, since=since)

    def _uuid(self, channel: Channel, key: str) -> str:
        return uuid_of(self._gateway.app_id, channel.id, key)

    async def _chat(self, channel: Channel) -> str:
        """The id (`oc_…`) by which histories go. Of a person's conversation Feishu tells it with each message only."""
        if not self.is_direct(channel):
            return channel.id
        earlier = await self._earlier(channel)
        if earlier is None:
            raise HistoryUnreadable(_("Nothing was sent to this conversation before by which it could be looked up."))
        return await history.chat_of(self._gateway, earlier)


def _unique() -> str:
    """Names what is said once, so that only its own repetitions are held to be the same."""
    return uuid4().hex
