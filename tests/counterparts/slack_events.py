"""What Slack tells an app unasked (Events API), with the keys of its published samples.

https://docs.slack.dev/apis/events-api, json-logs/samples/events of https://github.com/slackapi/java-slack-sdk
"""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.counterparts.slack_inbound import VERIFICATION_TOKEN
from tests.counterparts.slack_workspaces import Workspace

Event = dict[str, Any]


def envelope(workspace: Workspace, event: Mapping[str, Any], *, event_id: str | None = None) -> str:
    """The JSON body around an event; the same `event_id` again is the same event again."""
    authorization = {
        "enterprise_id": None,
        "team_id": workspace.team_id,
        "user_id": workspace.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    said = {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id or f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": "4-counterpart",
    }
    return json.dumps(said, ensure_ascii=False)


def retried(number: int, reason: str = "http_timeout") -> dict[str, str]:
    """The headers of the first, second or third attempt after one that failed."""
    return {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}


# What people do.


def app_mention(
    workspace: Workspace, text: str, *, user: str, channel: str, ts: str, thread_ts: str | None = None
) -> Event:
    """Somebody wrote to the bot in a channel it is in; `text` comes after the mention."""
    said = f"<@{workspace.bot_user_id}> {text}"
    return {"type": "app_mention", **_written(workspace, said, user, channel, ts, thread_ts)}


def direct_message(
    workspace: Workspace, text: str, *, user: str, channel: str, ts: str, thread_ts: str | None = None
) -> Event:
    """Somebody wrote to the bot in their direct channel (message.im)."""
    return {"type": "message", **_written(workspace, text, user, channel, ts, thread_ts), "channel_type": "im"}


def _written(
    workspace: Workspace, text: str, user: str, channel: str, ts: str, thread_ts: str | None
) -> dict[str, Any]:
    written = {
        "client_msg_id": f"{secrets.token_hex(4)}-counterpart",
        "user": workspace.users[user],
        "text": text,
        "ts": ts,
        "channel": channel,
        "event_ts": ts,
        "team": workspace.team_id,
    }
    return written if thread_ts is None else {**written, "thread_ts": thread_ts}


def app_home_opened(
    workspace: Workspace, *, user: str, channel: str, tab: str = "home", view: Mapping[str, Any] | None = None
) -> Event:
    """Somebody looks at the app; `view` is the Home as it was published, if it was."""
    opened = {"type": "app_home_opened", "user": workspace.users[user], "channel": channel, "tab": tab}
    return {**opened, "event_ts": _now(), **({"view": dict(view)} if view else {})}


# What becomes of the app.


def app_uninstalled() -> Event:
    return {"type": "app_uninstalled"}


def tokens_revoked(*, bot: Sequence[str] = (), oauth: Sequence[str] = ()) -> Event:
    """Ids of users whose tokens are dead: the bot's, and those of people."""
    return {"type": "tokens_revoked", "tokens": {"oauth": list(oauth), "bot": list(bot)}}


# What becomes of channels; `private` ones have events of their own.


def channel_archive(channel: str, user: str, *, private: bool = False) -> Event:
    return {**_channel("archive", channel, private=private), "user": user, "is_moved": 0}


def channel_unarchive(channel: str, user: str, *, private: bool = False) -> Event:
    return {**_channel("unarchive", channel, private=private), "user": user}


def channel_deleted(channel: str, actor_id: str, *, private: bool = False) -> Event:
    deleted = {**_channel("deleted", channel, private=private), "actor_id": actor_id}
    return {**deleted, "date_deleted": int(time.time())} if private else deleted


def channel_left(channel: str, actor_id: str, *, private: bool = False) -> Event:
    """The bot was removed by `actor_id`."""
    return {**_channel("left", channel, private=private), "actor_id": actor_id}


def channel_rename(channel: str, name: str, *, private: bool = False) -> Event:
    renamed = {
        "id": channel,
        "is_channel": not private,
        "is_mpim": False,
        "name": name,
        "name_normalized": name,
        "created": int(time.time()),
    }
    return {**_channel("rename", channel, private=private), "channel": renamed}


def member_joined_channel(workspace: Workspace, channel: str, user: str, *, inviter: str | None = None) -> Event:
    joined = _member("joined", workspace, channel, user)
    return joined if inviter is None else {**joined, "inviter": inviter}


def member_left_channel(workspace: Workspace, channel: str, user: str) -> Event:
    return _member("left", workspace, channel, user)


def _channel(what: str, channel: str, *, private: bool) -> Event:
    return {"type": f"{'group' if private else 'channel'}_{what}", "channel": channel, "event_ts": _now()}


def _member(what: str, workspace: Workspace, channel: str, user: str) -> Event:
    return {
        "type": f"member_{what}_channel",
        "user": user,
        "channel": channel,
        "channel_type": "C",
        "team": workspace.team_id,
        "event_ts": _now(),
    }


def _now() -> str:
    return f"{time.time():.6f}"
