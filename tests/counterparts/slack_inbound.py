"""What Slack sends to an app: signed requests, a slash command, a click on a button.

The payloads have the keys of Slack's published samples (json-logs of https://github.com/slackapi/java-slack-sdk) that
apply to the case; a sample holds every key that ever occurs.
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from tests.counterparts.slack import Workspace

FORM = "application/x-www-form-urlencoded"


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
    text: str,
    *,
    response_url: str,
    trigger_id: str,
    command: str = "/digest",
    user: str = "alice",
    channel: str = "general",
) -> str:
    """The form body of a slash command."""
    return urlencode(
        {
            "token": "verification-token",
            "api_app_id": workspace.app_id,
            "team_id": workspace.team_id,
            "team_domain": workspace.team_domain,
            "channel_id": workspace.channels[channel],
            "channel_name": channel,
            "user_id": workspace.users[user],
            "user_name": user,
            "command": command,
            "text": text,
            "response_url": response_url,
            "trigger_id": trigger_id,
            "is_enterprise_install": "false",
        }
    )


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
) -> str:
    """The form body of a click (block_actions) in a posted message, or in an opened view.

    `action` is the clicked element as we sent it; `block_id` may be in it. `message` and `view` are as Slack gave them
    back: a message of the history, or a view of `SlackProxy.views`.
    """
    payload: dict[str, Any] = {
        "type": "block_actions",
        "team": {"id": workspace.team_id, "domain": workspace.team_domain},
        "user": _user(workspace, user),
        "api_app_id": workspace.app_id,
        "token": "verification-token",
        "trigger_id": trigger_id,
        "enterprise": None,
        "is_enterprise_install": False,
        "actions": [_action(action)],
    }
    if view is not None:
        payload |= {"container": {"type": "view", "view_id": view["id"]}, "view": dict(view)}
    else:
        payload |= _in_message(message or {}, workspace.channels.get(channel, channel), channel, response_url)
    return urlencode({"payload": json.dumps(payload, ensure_ascii=False)})


def _in_message(message: Mapping[str, Any], channel_id: str, channel: str, response_url: str) -> dict[str, Any]:
    ts = message.get("ts", "1700000000.000100")
    return {
        "container": {"type": "message", "message_ts": ts, "channel_id": channel_id, "is_ephemeral": False},
        "channel": {"id": channel_id, "name": channel},
        "message": {"type": "message", "ts": ts, **message},
        "state": {"values": {}},
        "response_url": response_url,
    }


def _user(workspace: Workspace, name: str) -> dict[str, str]:
    return {"id": workspace.users[name], "username": name, "name": name, "team_id": workspace.team_id}


def _action(element: Mapping[str, Any]) -> dict[str, Any]:
    now = time.time()
    sent = {name: value for name, value in element.items() if name in {"text", "value", "style", "url", "confirm"}}
    return {
        "type": element.get("type", "button"),
        "action_id": element["action_id"],
        "block_id": element.get("block_id", "block"),
        **sent,
        "action_ts": f"{now:.6f}",
    }
