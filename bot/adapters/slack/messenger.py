"""Posts to Slack, tells people, sends files, and looks up what is known of channels and people."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.history import History, metadata
from bot.adapters.slack.ladder import send
from bot.core.errors import BotError, ChannelGone, MessageRejected, ScopeMissing
from bot.core.language import _
from bot.core.ports import Attachment
from bot.core.replies import Reply
from bot.core.subscriptions import Channel
from formatters import slack as formatter
from formatters.drawn import Drawn
from formatters.slack import PLAIN, Native

#: People on a page of a channel's members: https://docs.slack.dev/reference/methods/conversations.members
MEMBERS_PAGE: Final = 1000

log = structlog.get_logger()


class SlackMessenger:
    """Implements `bot.core.ports.Messenger`."""

    def __init__(self, gateway: SlackGateway, *, native: frozenset[Native] = PLAIN) -> None:
        """`native` are the kinds of block that the workspaces are known to draw."""
        self._gateway = gateway
        self._history = History(gateway)
        self._ladder = Drawn(partial(formatter.ladder, native=native))
        self._thread = Drawn(formatter.thread)

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        into: dict[str, Any] = {} if thread is None else {"thread_ts": thread}
        posted = await self._send(channel, _POST, reply, {"channel": channel.id, **_marked(key), **into})
        if thread is None:
            await self._fill_thread(channel, posted, reply, key)
        return posted

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        where = {"channel": channel.id, "ts": message, "metadata": metadata(key)}
        await self._send(channel, "chat.update", reply, where)

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        # Posting to a person's id needs no scope but chat:write, other than opening the conversation first.
        await self._send(channel, _POST, reply, {"channel": user, **_QUIET})

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        content = attachment.text.encode()
        place = await self._gateway.call(
            channel.workspace, "files.getUploadURLExternal", filename=attachment.name, length=len(content)
        )
        await self._gateway.upload(str(place["upload_url"]), content)
        file = {"id": place["file_id"], "title": attachment.title}
        where = channel.id if self.is_direct(channel) else await self._conversation(channel, user)
        await self._gateway.call(channel.workspace, "files.completeUploadExternal", files=[file], channel_id=where)

    async def check(self, channel: Channel, user: str = "") -> None:
        if self.is_direct(channel):
            # A slash command also works where two people talk to each other.
            if user and await self._conversation(channel, user) != channel.id:
                raise ChannelGone(_("I am not in this conversation. Write to me directly, or invite me to a channel."))
            return
        answer = await self._gateway.call(channel.workspace, "conversations.info", channel=channel.id)
        found: Any = answer["channel"]
        if found.get("is_archived"):
            raise ChannelGone(_("This channel is archived."))
        if not (found.get("is_member") or found.get("is_im")):
            raise ChannelGone(_("I am not in this channel. Invite me with /invite, then subscribe again."))

    def is_direct(self, channel: Channel) -> bool:
        # https://docs.slack.dev/reference/objects/conversation-object
        return channel.id.startswith("D")

    async def admits(self, channel: Channel, user: str) -> bool:
        if self.is_direct(channel):
            return False
        cursor = ""
        while True:
            page: dict[str, Any] = {"limit": MEMBERS_PAGE} | ({"cursor": cursor} if cursor else {})
            try:
                answer = await self._gateway.call(
                    channel.workspace, "conversations.members", channel=channel.id, **page
                )
            except ChannelGone:
                return False
            if user in (answer["members"] or ()):
                return True
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return False

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        try:
            answer = await self._gateway.call(channel.workspace, "users.info", user=user)
        except (ScopeMissing, MessageRejected, ChannelGone):  # not allowed, or nobody by that id
            return None
        profile: Any = answer["user"]
        try:
            return ZoneInfo(profile["tz"]) if profile.get("tz") else None
        except (KeyError, ValueError):  # a zone that we do not know
            return None

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        return await self._history.find(channel, key=key, since=since)

    async def _send(self, channel: Channel, method: str, reply: Reply, arguments: Mapping[str, Any]) -> str:
        return await send(self._gateway, channel.workspace, method, self._ladder(reply), arguments)

    async def _fill_thread(self, channel: Channel, parent: str, reply: Reply, key: str) -> None:
        """What stands under the message. The message itself has arrived, so that nothing here makes it fail."""
        for number, message in enumerate(self._thread(reply), start=1):
            try:
                marked = _marked(f"{key}#{number}")
                where = {"channel": channel.id, "thread_ts": parent}
                await self._gateway.call(channel.workspace, _POST, **where, **marked, **message)
            except BotError as error:
                log.error("slack.thread_incomplete", channel=channel.id, message=parent, key=key, error=str(error))
                return

    async def _conversation(self, channel: Channel, user: str) -> str:
        opened: Any = await self._gateway.call(channel.workspace, "conversations.open", users=user)
        return str(opened["channel"]["id"])


_POST: Final = "chat.postMessage"
#: Links in a digest are not to be unfolded below it.
_QUIET: Final = {"unfurl_links": False, "unfurl_media": False}


def _marked(key: str) -> dict[str, Any]:
    return {**_QUIET, "metadata": metadata(key)}
