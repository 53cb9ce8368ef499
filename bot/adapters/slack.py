"""Posts to Slack, and says of each failure whether to retry, whether the channel is dead, and what to tell people."""

from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    DeliveryUncertain,
    HistoryUnreadable,
    MessageGone,
    MessageRejected,
    PlatformUnavailable,
)
from bot.core.language import _
from bot.core.model import Channel
from bot.core.replies import Reply
from formatters.slack import render

#: Names our messages in a channel's history: https://docs.slack.dev/messaging/message-metadata
METADATA_EVENT: Final = "dynamo_digest"
#: Messages to look through for one of ours; the strictest limit that any app has on this method.
HISTORY_LIMIT: Final = 15

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_DEAD_CREDENTIALS: Final = {
    "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed", "org_login_required",
    "team_added_to_org", "two_factor_setup_required", "missing_scope", "no_permission", "not_allowed_token_type",
    "team_access_not_granted", "ekm_access_denied",
}  # fmt: skip
_DEAD_CHANNEL: Final = {
    "channel_not_found", "is_archived", "not_in_channel", "restricted_action", "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel", "restricted_action_thread_locked", "messages_tab_disabled",
    "cannot_reply_to_message",
}  # fmt: skip
# https://docs.slack.dev/reference/methods/chat.update#errors
_GONE_MESSAGE: Final = {"message_not_found", "cant_update_message", "edit_window_closed"}
_RATE_LIMITS: Final = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_AMBIGUOUS: Final = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}


class SlackMessenger:
    """Implements `bot.core.ports.Messenger`. The client must not retry by itself: a second post is a second message."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def post(self, channel: Channel, reply: Reply, *, key: str) -> str:
        try:
            posted = await self._client.chat_postMessage(
                channel=channel.id,
                metadata=_metadata(key),
                unfurl_links=False,
                unfurl_media=False,
                **render(reply),
            )
        except _FAILURES as error:
            raise failure(error) from error
        return str(posted["ts"])

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        try:
            await self._client.chat_update(channel=channel.id, ts=message, metadata=_metadata(key), **render(reply))
        except _FAILURES as error:
            raise failure(error) from error

    async def check(self, channel: Channel) -> None:
        try:
            answer = await self._client.conversations_info(channel=channel.id)
        except _FAILURES as error:
            raise _while_asking(error) from error
        found: Any = answer["channel"]
        if found.get("is_archived"):
            raise ChannelGone(_("This channel is archived."))
        if not (found.get("is_member") or found.get("is_im")):
            raise ChannelGone(_("I am not in this channel. Invite me with /invite, then subscribe again."))

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        try:
            history = await self._client.conversations_history(
                channel=channel.id,
                oldest=f"{(since - timedelta(seconds=5)).timestamp():.6f}",
                include_all_metadata=True,
                limit=HISTORY_LIMIT,
            )
        except _FAILURES as error:
            reason = _while_asking(error)
            raise HistoryUnreadable(str(reason)) if isinstance(reason, CredentialsRejected) else reason from error
        messages: Any = history["messages"]
        for message in messages:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == METADATA_EVENT and metadata["event_payload"].get("key") == key:
                return str(message["ts"])
        return None


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": METADATA_EVENT, "event_payload": {"key": key}}


# SlackClientError is above SlackApiError, and also what an answer that is no JSON raises.
_FAILURES: Final = (SlackClientError, ClientError, TimeoutError, OSError)


def failure(error: Exception) -> BotError:
    """What a failed call means for us, if it was to change something."""
    if isinstance(error, SlackApiError):
        return _refusal(error.response)
    # Only a connection that was never made says for sure that nothing arrived.
    return PlatformUnavailable() if isinstance(error, ClientConnectorError) else DeliveryUncertain()


def _while_asking(error: Exception) -> BotError:
    """The same for a call that only asked: nothing can have arrived twice, so it can be asked again."""
    reason = failure(error)
    return (
        PlatformUnavailable(_("Slack did not answer. Please try again."))
        if isinstance(reason, DeliveryUncertain)
        else reason
    )


def _refusal(response: Any) -> BotError:
    said: Any = response.data if isinstance(response.data, dict) else {}  # an outage may answer in HTML
    code = str(said.get("error", ""))
    wait = response.headers.get("Retry-After", "")
    match code:
        case _ if code in _RATE_LIMITS or response.status_code == 429:
            return PlatformUnavailable(retry_after=timedelta(seconds=int(wait)) if wait.isdecimal() else None)
        case _ if code in _GONE_MESSAGE:
            return MessageGone()
        case _ if code in _DEAD_CHANNEL:
            return ChannelGone(
                _("Slack says {code}: the channel is archived, deleted, or the bot is not in it.", code=code)
            )
        case "missing_scope":
            scope = said.get("needed")
            return CredentialsRejected(_("The Slack app lacks the scope {scope}. Please reinstall it.", scope=scope))
        case _ if code in _DEAD_CREDENTIALS:
            return CredentialsRejected(
                _("Slack says {code}: the app's token is not valid any more. Please reinstall it.", code=code)
            )
        case _ if code in _AMBIGUOUS or response.status_code >= 500:
            return DeliveryUncertain()
        case _:
            return MessageRejected(_("Slack rejected the message: {code}.", code=code))
