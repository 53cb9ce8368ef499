"""The console as a chat platform: what is posted stands in its conversations, drawn in the language spoken."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.core.conversations import DIRECT, WORKSPACE, Conversations, Drawing, Said, Utterance
from bot.core.errors import MessageGone
from bot.core.ports import Attachment, Clock
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    FeedbackForm,
    Home,
    Notice,
    RangeView,
    Reply,
    SettingsForm,
)
from bot.core.subscriptions import Channel
from formatters import feishu, slack
from formatters.html import console

#: What Slack shows in a window.
_WINDOWS: Final = (AnalysisView, CommitIndex, SettingsForm, FeedbackForm)


def drawn(reply: Reply, note: Notice | None = None) -> Drawing:
    """`note` stands above the reply, in all of them."""
    return Drawing(
        html=console.fragment(reply, note=note),
        slack=_written(_on_slack(reply, note)),
        feishu=_written(_on_feishu(reply, note)),
        shows=console.shown_by(reply),
        is_digest=isinstance(reply, DigestView | RangeView),
        is_window=isinstance(reply, _WINDOWS),
    )


def _on_slack(reply: Reply, note: Notice | None) -> list[Any]:
    """As Slack's handlers would send it: a window, App Home, or a message with its thread."""
    if isinstance(reply, _WINDOWS):
        return [slack.render_view(reply, note=note)]
    if isinstance(reply, Home):
        return [slack.render_home(reply, note=note)]
    return [slack.render(reply, frozenset(slack.Native)), *slack.thread(reply)]


def _on_feishu(reply: Reply, note: Notice | None) -> list[Any]:
    if note is not None:
        return [feishu.card(reply, note=note)]
    return [message["content"] for message in (feishu.render(reply), *feishu.following(reply))]


def _written(messages: list[Any]) -> str:
    return json.dumps(messages, ensure_ascii=False)


class ConsoleMessenger:
    """Implements `bot.core.ports.Messenger`."""

    def __init__(self, conversations: Conversations, now: Clock) -> None:
        self._conversations = conversations
        self._now = now

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        """A key is said once, so that it does no harm to post it again."""
        above = int(thread) if thread else None
        utterance = Utterance(drawing=drawn(reply), key=key, thread=above)
        return str((await self._conversations.say(channel.id, utterance, self._now())).id)

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        there = await self._conversations.by_id(channel.id, int(message))
        if there is None:
            raise MessageGone
        await self._conversations.change(channel.id, there.id, replace(there.utterance, drawing=drawn(reply)))

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        """In the conversation with the bot alone."""
        await self._conversations.say(DIRECT, Utterance(drawing=drawn(reply), is_private=True), self._now())

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        await self._conversations.say(channel.id, Utterance(attachment=attachment, is_private=True), self._now())

    async def check(self, channel: Channel, user: str = "") -> None:
        """A channel is there as soon as somebody names it."""

    async def show(self, channel: str, reply: Reply, *, is_private: bool, thread: int | None = None) -> Said:
        """Answers somebody in a channel, to be seen by them alone or by all."""
        utterance = Utterance(drawing=drawn(reply), is_private=is_private, thread=thread)
        return await self._conversations.say(channel, utterance, self._now())

    async def put(self, place: Said, reply: Reply, *, note: Notice | None = None) -> None:
        """Puts the reply in the place of what stands there; nothing if that is gone."""
        utterance = replace(place.utterance, drawing=drawn(reply, note))
        await self._conversations.change(place.channel, place.id, utterance)

    def is_direct(self, channel: Channel) -> bool:
        return channel.id == DIRECT

    async def admits(self, channel: Channel, user: str) -> bool:
        """Whoever sits at this machine is in all of its channels."""
        return channel.workspace == WORKSPACE and not self.is_direct(channel)

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        """Browsers do not say."""
        return None

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        there = await self._conversations.find(channel.id, key=key)
        return str(there.id) if there else None
