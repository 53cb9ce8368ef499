"""What stands in a channel: looks there for a message of ours whose answer got lost.

Messages are found by their metadata, which people do not see: https://docs.slack.dev/messaging/message-metadata
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.adapters.slack.failures import Outside
from bot.adapters.slack.gateway import SlackGateway
from bot.core.errors import HistoryUnreadable, MessageRejected, PlatformUnavailable, ScopeMissing
from bot.core.language import _
from bot.core.subscriptions import Channel

METADATA_EVENT: Final = "dynamo_digest"
#: Messages on a page, the most that an app outside the Marketplace gets; a page a minute, then.
#: https://docs.slack.dev/reference/methods/conversations.history
PAGE: Final = 15
#: A busier channel is not looked through.
PAGES: Final = 20
#: By how much Slack's clock may be behind ours.
CLOCKS_APART: Final = timedelta(minutes=2)


def metadata(key: str) -> dict[str, Any]:
    """What a message carries that is to be found by `key`."""
    return {"event_type": METADATA_EVENT, "event_payload": {"key": key}}


class History:
    def __init__(self, gateway: SlackGateway) -> None:
        self._gateway = gateway
        #: How far those looks came that Slack interrupted, so that a page a minute is enough to come to an end.
        self._interrupted: dict[tuple[Channel, str, datetime], _Look] = {}

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        """The `ts` of our message with that key, None if it surely is not there.

        Raises HistoryUnreadable, ChannelGone, and what the gateway raises.
        """
        look = self._interrupted.pop((channel, key, since), _Look())
        while look.pages < PAGES:
            try:
                messages, cursor = await self._page(channel, since, look.cursor)
                found = await self._ours(channel, [each for each in messages if _key(each) == key])
            except PlatformUnavailable:
                self._interrupted[channel, key, since] = look
                raise
            except (ScopeMissing, Outside, MessageRejected) as error:
                raise HistoryUnreadable(str(error)) from error
            if found is not None or not cursor:
                return found
            look = _Look(pages=look.pages + 1, cursor=cursor)
        raise HistoryUnreadable(_("Too much has been written in the channel since."))

    async def _page(self, channel: Channel, since: datetime, cursor: str) -> tuple[Sequence[Any], str]:
        """Messages, newest first, and where the next page begins; empty after the last one."""
        history: Any = await self._gateway.call(
            channel.workspace,
            "conversations.history",
            channel=channel.id,
            oldest=f"{(since - CLOCKS_APART).timestamp():.6f}",
            include_all_metadata=True,
            limit=PAGE,
            **({"cursor": cursor} if cursor else {}),
        )
        return history["messages"], str((history.get("response_metadata") or {}).get("next_cursor") or "")

    async def _ours(self, channel: Channel, messages: Sequence[Any]) -> str | None:
        """The `ts` of the first that we have posted: another installation of this bot may number like ours."""
        if not messages:
            return None
        answer = await self._gateway.call(channel.workspace, "auth.test")
        us = {answer.get("user_id"), answer.get("bot_id")} - {None}
        ours = [each for each in messages if us.intersection((each.get("user"), each.get("bot_id")))]
        return str(ours[0]["ts"]) if ours else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was looked through."""

    pages: int = 0
    #: Where to go on.
    cursor: str = ""


def _key(message: Any) -> str | None:
    """With which it was posted, if it was by a bot like this one."""
    said = message.get("metadata") or {}
    return (said.get("event_payload") or {}).get("key") if said.get("event_type") == METADATA_EVENT else None
