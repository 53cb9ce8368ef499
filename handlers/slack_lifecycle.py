"""What becomes of the app and its channels: removed, revoked, archived, deleted, and what mends it again.

https://docs.slack.dev/reference/events. Bolt's own listeners for these events would only delete tokens.
"""

from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.channel_health import ChannelHealth
from bot.core.language import N_, _
from bot.core.ports import Messenger, Subscriptions, Workspaces
from bot.core.subscriptions import Channel, Platform

#: After which nothing can be posted in the channel.
_ENDS: Final = {
    "channel_archive": N_("The channel was archived."),
    "group_archive": N_("The channel was archived."),
    "channel_deleted": N_("The channel was deleted."),
    "group_deleted": N_("The channel was deleted."),
    "channel_left": N_("I was removed from the channel. Invite me with /invite to go on."),
    "group_left": N_("I was removed from the channel. Invite me with /invite to go on."),
}
_MENDS: Final = ("channel_unarchive", "group_unarchive")
#: Of no consequence, because names of channels are not stored.
_IGNORED: Final = ("channel_rename", "group_rename")
_REVOKED: Final = N_("The app's token was revoked. Please reinstall it.")

log = structlog.get_logger()

Body = dict[str, Any]


class Tokens(Protocol):
    async def forget(self, workspace: str) -> None:
        """Deletes the tokens of the workspace; harmless when there are none."""
        ...

    async def installed_after(self, workspace: str, instant: datetime) -> bool:
        """Whether what is installed in the workspace now was installed later than that."""
        ...


def register(
    app: AsyncApp, *, tokens: Tokens, subscriptions: Subscriptions, workspaces: Workspaces, messenger: Messenger
) -> None:
    """Keeps what is stored in step with what Slack says. Register it before anything that listens to all events."""
    health = ChannelHealth(subscriptions, messenger)

    @app.event("app_uninstalled")
    async def forget_everything(body: Body) -> None:
        if await _is_over(tokens, body):
            return
        # `tokens_revoked` comes before or after it, and the tokens are dead by now.
        await tokens.forget(body["team_id"])
        await workspaces.forget(Platform.SLACK, body["team_id"])
        log.info("slack.uninstalled", workspace=body["team_id"])

    @app.event("tokens_revoked")
    async def stop(body: Body) -> None:
        if not body["event"]["tokens"].get("bot"):
            return  # those of people, of which we keep none that matters
        if await _is_over(tokens, body):
            return
        await tokens.forget(body["team_id"])
        await subscriptions.mark_workspace_broken(Platform.SLACK, body["team_id"], _(_REVOKED), _at(body))
        log.warning("slack.tokens_revoked", workspace=body["team_id"])

    async def end(body: Body) -> None:
        await health.end(_channel(body), _ENDS[body["event"]["type"]], _at(body))

    async def mend(body: Body) -> None:
        await health.mend(_channel(body))

    async def ignore() -> None:
        """Slack wants to know that it arrived."""

    for event in _IGNORED:
        app.event(event)(ignore)
    for event in _ENDS:
        app.event(event)(end)
    for event in _MENDS:
        app.event(event)(mend)

    @app.event("member_joined_channel")
    async def join(body: Body, context: dict[str, Any]) -> None:
        if body["event"]["user"] == context.get("bot_user_id"):
            await health.mend(_channel(body))

    @app.event("member_left_channel")
    async def leave(body: Body, context: dict[str, Any]) -> None:
        if body["event"]["user"] == context.get("bot_user_id"):
            await health.end(_channel(body), _ENDS["channel_left"], _at(body))


async def _is_over(tokens: Tokens, body: Body) -> bool:
    """The end of an installation that another one has followed: Slack repeats events, an hour later perhaps."""
    is_over = await tokens.installed_after(body["team_id"], _at(body))
    if is_over:
        log.info("slack.installed_again", workspace=body["team_id"], event=body["event"]["type"])
    return is_over


def _at(body: Body) -> datetime:
    return datetime.fromtimestamp(body["event_time"], UTC)


def _channel(body: Body) -> Channel:
    """Of the verified request; in some events it is an id, in others an object."""
    named = body["event"]["channel"]
    return Channel(
        platform=Platform.SLACK, workspace=body["team_id"], id=named["id"] if isinstance(named, dict) else named
    )
