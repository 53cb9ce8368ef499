"""What Slack sends to an app: signed requests with a command, a click, a form that was sent or closed.

The payloads have the keys of Slack's published samples (json-logs of https://github.com/slackapi/java-slack-sdk) that
apply to the case; a sample holds every key that ever occurs. Events are in `slack_events`.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from tests.counterparts.slack_workspaces import Workspace

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
VERIFICATION_TOKEN = "verification-token"


def signed(
    body: str | bytes, secret: str, timestamp: int | str | None = None, *, content_type: str = FORM
) -> dict[str, str]:
    """The headers of a request from Slack, signed now or at a moment (seconds) of your choice."""
    at = str(int(time.time()) if timestamp is None else timestamp)
    signature = SignatureVerifier(secret).generate_signature(timestamp=at, body=body)
    return {
        "Content-Type": content_type,
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": str(signature),
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }


def slash_command(
    workspace: Workspace,
    text: str = "",
    *,
    response_url: str,
    trigger_id: str,
    command: str = "/dynamo-digest",
    user: str = "alice",
    channel: str = "general",
) -> str:
    """The form body of a slash command; `channel` is a name, or an id of a direct channel."""
    where = workspace.channels.get(channel, channel)
    return urlencode(
        {
            "token": VERIFICATION_TOKEN,
            "api_app_id": workspace.app_id,
            "team_id": workspace.team_id,
            "team_domain": workspace.team_domain,
            "channel_id": where,
            "channel_name": _name(where, channel),
            "user_id": workspace.users[user],
            "user_name": user,
            "command": command,
            "text": text,
            "response_url": response_url,
            "trigger_id": trigger_id,
            "is_enterprise_install": "false",
        }
    )


def _name(channel_id: str, channel: str) -> str:
    return "directmessage" if channel_id.startswith("D") else channel


def click(
    workspace: Workspace,
    action: Mapping[str, Any],
    *,
    response_url: str,
    trigger_id: str,
    message: Mapping[str, Any] | None = None,
    view: Mapping[str, Any] | None = None,
    user: str = "alice",
    channel: str = "general",
    ephemeral: bool = False,
    values: Mapping[str, Any] | None = None,
) -> str:
    """The form body of a click (block_actions) in a message, which may be an `ephemeral` one, or in a modal or Home.

    `action` is the clicked element as we sent it, and what was chosen (`selected_option`, `value` …); `block_id` may be
    in it. `message` and `view` are as Slack gave them back: a message of the history, or a view of `SlackProxy.views`
    or `.homes`. `values` are those of the inputs, by block_id and action_id.
    """
    payload: dict[str, Any] = {
        "type": "block_actions",
        **_from(workspace, user),
        "trigger_id": trigger_id,
        "enterprise": None,
        "actions": [_action(action)],
    }
    if view is not None:
        payload |= {"container": {"type": "view", "view_id": view["id"]}, "view": _view(workspace, view, values)}
    else:
        where = workspace.channels.get(channel, channel)
        payload |= _in_message(message or {}, where, _name(where, channel), ephemeral=ephemeral)
        payload |= {"state": {"values": dict(values or {})}, "response_url": response_url}
    return _interaction(payload)


def submission(
    workspace: Workspace, view: Mapping[str, Any], values: Mapping[str, Any], *, trigger_id: str, user: str = "alice"
) -> str:
    """The form body of a modal that was sent (view_submission); `values` by block_id and action_id."""
    return _interaction(
        {
            "type": "view_submission",
            **_from(workspace, user),
            "trigger_id": trigger_id,
            "view": _view(workspace, view, values),
            "response_urls": [],
            "enterprise": None,
        }
    )


def closing(workspace: Workspace, view: Mapping[str, Any], *, user: str = "alice", cleared: bool = False) -> str:
    """The form body of a modal that was closed (view_closed), which is sent if it has `notify_on_close`."""
    return _interaction(
        {
            "type": "view_closed",
            **_from(workspace, user),
            "view": _view(workspace, view, None),
            "is_cleared": cleared,
            "enterprise": None,
        }
    )


def _interaction(payload: Mapping[str, Any]) -> str:
    return urlencode({"payload": json.dumps(payload, ensure_ascii=False)})


def _from(workspace: Workspace, user: str) -> dict[str, Any]:
    who = workspace.users[user]
    return {
        "team": {"id": workspace.team_id, "domain": workspace.team_domain},
        "user": {"id": who, "username": user, "name": user, "team_id": workspace.team_id},
        "api_app_id": workspace.app_id,
        "token": VERIFICATION_TOKEN,
        "is_enterprise_install": False,
    }


def _in_message(message: Mapping[str, Any], channel_id: str, channel: str, *, ephemeral: bool) -> dict[str, Any]:
    ts = message.get("ts", "1700000000.000100")
    container = {"type": "message", "message_ts": ts, "channel_id": channel_id, "is_ephemeral": ephemeral}
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    found: dict[str, Any] = {"container": container, "channel": {"id": channel_id, "name": channel}}
    # Of an ephemeral message, Slack does not say what is in it.
    return found if ephemeral else {**found, "message": {"type": "message", "ts": ts, **message}}


def _view(workspace: Workspace, view: Mapping[str, Any], values: Mapping[str, Any] | None) -> dict[str, Any]:
    state = {"values": dict(values)} if values is not None else view.get("state") or {"values": {}}
    return {
        **view,
        "team_id": workspace.team_id,
        "app_id": workspace.app_id,
        "app_installed_team_id": workspace.team_id,
        "bot_id": workspace.bot_id,
        "state": state,
    }


def _action(element: Mapping[str, Any]) -> dict[str, Any]:
    now = time.time()
    known = {"text", "value", "style", "url", "confirm", "placeholder"}
    sent = {
        name: value for name, value in element.items() if name in known or name.startswith(("selected_", "initial_"))
    }
    return {
        "type": element.get("type", "button"),
        "action_id": element["action_id"],
        "block_id": element.get("block_id", "block"),
        **sent,
        "action_ts": f"{now:.6f}",
    }
