"""The app as Slack creates it from a document: https://docs.slack.dev/reference/app-manifest

`SLASH_COMMAND` and the paths are those at which `handlers` listen.
"""

from typing import Any, Final

from bot.adapters.slack import scopes

NAME: Final = "Dynamo Digest"
SLASH_COMMAND: Final = "/dynamo-digest"
EVENTS_PATH: Final = "/slack/events"
REDIRECT_PATH: Final = "/slack/oauth_redirect"

# The field limits of the manifest's types in https://github.com/slackapi/node-slack-sdk (4322e14).
NAME_MAX: Final = 35
DESCRIPTION_MAX: Final = 140
LONG_DESCRIPTION_MIN: Final = 174
LONG_DESCRIPTION_MAX: Final = 4000
DISPLAY_NAME_MAX: Final = 80
COMMAND_MAX: Final = 32
COMMAND_DESCRIPTION_MAX: Final = 2000
USAGE_HINT_MAX: Final = 1000
SCOPES_MAX: Final = 255
EVENTS_MAX: Final = 100

_DESCRIPTION: Final = "One message a day about what was merged into the repositories your team depends on."
_LONG_DESCRIPTION: Final = (
    "Dynamo Digest reads every commit that was merged into the repositories your team depends on, understands it from "
    "its diff, and posts one digest a day into your channel: the important commits first, the whole analysis one click "
    "away. You need not own the repository.\n\nSummaries may be written by a language model. Every path, name and "
    "number in them is looked up in the commit, but what they say can still be wrong: follow the link to the commit "
    "before you rely on it."
)
_USAGE: Final = "[2026-01-21 | yesterday | 7d | subscribe owner/name | list | settings | help]"

#: https://docs.slack.dev/reference/events
BOT_EVENTS: Final = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "message.im",
    "tokens_revoked",
)


def manifest(url: str = "", *, socket_mode: bool = False) -> dict[str, Any]:
    """The manifest of an app that listens at `https://HOST`, or, in Socket Mode, wherever it runs.

    With Socket Mode, an address is only needed for installing into other workspaces.
    """
    address = url.rstrip("/")
    if not address and not socket_mode:
        raise ValueError("without Socket Mode, Slack needs the address at which the bot listens")
    listens = {} if socket_mode else {"request_url": address + EVENTS_PATH}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": NAME,
            "description": _DESCRIPTION,
            "long_description": _LONG_DESCRIPTION,
            "background_color": "#1d2733",
        },
        "features": _features({} if socket_mode else {"url": address + EVENTS_PATH}),
        "oauth_config": {
            **({"redirect_urls": [address + REDIRECT_PATH]} if address else {}),
            "scopes": {"bot": list(scopes.REQUIRED), "bot_optional": list(scopes.OPTIONAL)},
        },
        "settings": {
            "event_subscriptions": {**listens, "bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True, **listens},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            # Cannot be switched off again, and needs OAuth: a token that is configured could not be renewed.
            "token_rotation_enabled": False,
        },
    }


def _features(listens: dict[str, str]) -> dict[str, Any]:
    return {
        "bot_user": {"display_name": "dynamo-digest", "always_online": True},
        # People write commands to the bot, so its conversation is not read-only.
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "slash_commands": [
            {
                "command": SLASH_COMMAND,
                **listens,
                "description": "Digests of what was merged",
                "usage_hint": _USAGE,
                "should_escape": True,
            }
        ],
    }
