"""What Slack's error codes mean: whether to retry, whether a channel or a token is dead, and what to tell people."""

from datetime import timedelta
from typing import Any, Final

from aiohttp import ClientConnectorError, ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    DeliveryUncertain,
    MessageGone,
    MessageRejected,
    PlatformUnavailable,
    ScopeMissing,
    ViewConflict,
    ViewExpired,
)
from bot.core.language import _

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_DEAD_TOKEN: Final = {
    "invalid_auth", "account_inactive", "token_revoked", "not_authed", "two_factor_setup_required",
}  # fmt: skip
#: The workspace is being moved to an organisation: https://docs.slack.dev/enterprise/organization-ready-apps
_MOVING: Final = {"org_login_required", "team_added_to_org"}
_NOT_ALLOWED: Final = {"no_permission", "not_allowed_token_type", "team_access_not_granted", "ekm_access_denied"}
_DEAD_CHANNEL: Final = {
    "channel_not_found", "is_archived", "not_in_channel", "restricted_action", "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel", "restricted_action_thread_locked", "messages_tab_disabled",
    "cannot_reply_to_message",
}  # fmt: skip
#: One person who cannot be written to: https://docs.slack.dev/reference/methods/conversations.open#errors
_DEAD_PERSON: Final = {"user_not_found", "user_not_visible", "user_disabled", "cannot_dm_bot"}
# https://docs.slack.dev/reference/methods/chat.update#errors
_GONE_MESSAGE: Final = {"message_not_found", "cant_update_message", "edit_window_closed"}
_RATE_LIMITS: Final = {"ratelimited", "rate_limited", "message_limit_exceeded"}
_AMBIGUOUS: Final = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
# https://docs.slack.dev/reference/methods/views.open#errors
_LATE_TRIGGER: Final = {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"}
_OTHER_VIEW: Final = {"hash_conflict", "push_limit_reached", "duplicate_external_id", "not_found"}

#: What a call raises. SlackClientError is above SlackApiError, and also what an answer that is no JSON raises.
FAILURES: Final = (SlackClientError, ClientError, TimeoutError, OSError)


class TokenExpired(CredentialsRejected):
    """The bot's token has expired. Please reinstall the Slack app."""


class Outside(ChannelGone):
    """The bot is not in this channel."""


class MethodUnknown(MessageRejected):
    """This Slack does not have the method."""


def failure(error: Exception) -> BotError:
    """What a failed call means for us, if it was to change something."""
    if isinstance(error, SlackApiError):
        return _refusal(error.response)
    # Only a connection that was never made says for sure that nothing arrived.
    return PlatformUnavailable() if isinstance(error, ClientConnectorError) else DeliveryUncertain()


def code_of(error: Exception) -> str:
    """Slack's name of what went wrong, for the log; without one, the class of what happened on the way."""
    response: Any = error.response if isinstance(error, SlackApiError) else None
    said = response.data if response is not None and isinstance(response.data, dict) else {}
    return str(said.get("error") or type(error).__name__)


def details_of(error: Exception) -> list[str]:
    """Where in the message Slack found what it rejects: https://docs.slack.dev/reference/methods/blocks.validate"""
    response: Any = error.response if isinstance(error, SlackApiError) else None
    if response is None or not isinstance(response.data, dict):
        return []
    said = (response.data.get("response_metadata") or {}).get("messages") or response.data.get("errors") or []
    return [str(line)[:300] for line in said[:10]]


def _refusal(response: Any) -> BotError:
    said: Any = response.data if isinstance(response.data, dict) else {}  # an outage may answer in HTML
    code = str(said.get("error", ""))
    wait = response.headers.get("Retry-After", "")
    if code in _RATE_LIMITS or response.status_code == 429:
        return PlatformUnavailable(retry_after=timedelta(seconds=int(wait)) if wait.isdecimal() else None)
    if code == "missing_scope":
        scope = str(said.get("needed") or "")
        return ScopeMissing(_("The Slack app lacks the scope {scope}. Please reinstall it.", scope=scope), scope=scope)
    if known := _meaning(code):
        return known
    if code in _AMBIGUOUS or response.status_code >= 500:
        return DeliveryUncertain()
    return MessageRejected(_("Slack rejected the message: {code}.", code=code))


def _meaning(code: str) -> BotError | None:
    match code:
        case "token_expired":
            return TokenExpired()
        case "unknown_method":
            return MethodUnknown()
        case _ if code in _DEAD_TOKEN:
            return CredentialsRejected(
                _("Slack says {code}: the app's token is not valid any more. Please reinstall it.", code=code)
            )
        case _ if code in _MOVING:
            return PlatformUnavailable(_("Slack says {code}: the workspace is being moved.", code=code))
        case _ if code in _NOT_ALLOWED:
            return ScopeMissing(
                _("Slack says {code}: the app is not allowed to do that. Please reinstall it.", code=code)
            )
        case _ if code in _DEAD_CHANNEL:
            gone = Outside if code == "not_in_channel" else ChannelGone
            return gone(_("Slack says {code}: the channel is archived, deleted, or the bot is not in it.", code=code))
        case _ if code in _DEAD_PERSON:
            return ChannelGone(_("Slack says {code}: this person cannot be written to.", code=code))
        case _ if code in _GONE_MESSAGE:
            return MessageGone()
        case _ if code in _LATE_TRIGGER:
            return ViewExpired()
        case _ if code in _OTHER_VIEW:
            return ViewConflict()
        case _:
            return None
