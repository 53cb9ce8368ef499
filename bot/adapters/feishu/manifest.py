"""The app as Feishu's console, its one-click creation and `doctor` have it.

Feishu takes no such document as a whole. One-click creation takes name, description, scopes, events and callbacks
(`preset` and `addons`); the console's import of scopes takes `scopes_to_import`; the rest is set in the console.
"""

from dataclasses import dataclass
from typing import Any, Final

from bot.adapters.feishu import scopes
from bot.adapters.feishu.slash_commands import COMMAND, description

NAME: Final = "Dynamo Digest"
EVENTS_PATH: Final = "/feishu/events"

# Characters. https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/bot/events/menu
MENU_KEY_MAX: Final = 30
# Entries of a bot's menu at its first level, as the console has it.
MENU_MAX: Final = 3

_DESCRIPTION: Final = "One message a day about what was merged into the repositories your team depends on."
_DESCRIPTION_ZH: Final = "每天一条消息，讲清团队所依赖的仓库合入了什么。"

#: https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-list, each with the scopes that any one of
#: allows it; empty where it needs none.
EVENTS: Final = {
    "im.message.receive_v1": ("im:message.p2p_msg:readonly", "im:message.group_at_msg:readonly"),
    "application.bot.menu_v6": (),
    "im.chat.member.bot.added_v1": ("im:chat:readonly",),
    "im.chat.member.bot.deleted_v1": ("im:chat:readonly",),
    "im.chat.disbanded_v1": ("im:chat:readonly",),
    "im.chat.access_event.bot_p2p_chat_entered_v1": ("im:chat.access_event.bot_p2p_chat:read",),
}
#: https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
CALLBACKS: Final = ("card.action.trigger",)


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuEntry:
    """An entry of the bot's menu, which is set in the console: choosing it sends `key`, the text of a command."""

    key: str
    english: str
    chinese: str


MENU: Final = (
    MenuEntry(key="yesterday", english="Yesterday's digest", chinese="昨天的日报"),
    MenuEntry(key="settings", english="Settings", chinese="设置"),
    MenuEntry(key="help", english="Help", chinese="帮助"),
)


def manifest(url: str = "") -> dict[str, Any]:
    """The app that is told of events at `https://HOST`, or, without an address, over its own long connection."""
    address = url.rstrip("/")
    listens = {"request_url": address + EVENTS_PATH} if address else {}
    mode = "webhook" if address else "websocket"
    return {
        "name": NAME,
        "description": {"en_us": _DESCRIPTION, "zh_cn": _DESCRIPTION_ZH},
        **scopes_to_import(),
        "optional_scopes": list(scopes.OPTIONAL),
        "events": {"subscription_type": mode, **listens, "items": {"tenant": list(EVENTS)}},
        "callbacks": {"callback_type": mode, **listens, "items": list(CALLBACKS)},
        "bot_menu": [
            {"event_key": entry.key, "name": {"en_us": entry.english, "zh_cn": entry.chinese}} for entry in MENU
        ],
        "slash_commands": [{"command": COMMAND, "description": description()}],
    }


def scopes_to_import() -> dict[str, Any]:
    """What "批量导入/导出权限 (Batch import/export scopes)" takes on the console's page of permissions."""
    return {"scopes": {"tenant": [*scopes.REQUIRED, *scopes.OPTIONAL], "user": []}}


def preset() -> dict[str, str]:
    """What fills the page on which somebody confirms a new app:

    https://open.feishu.cn/document/mcp_open_tools/scan-to-create-an-app-in-one-click
    """
    return {"name": NAME, "desc": _DESCRIPTION_ZH}


def addons() -> dict[str, Any]:
    """What the new app is allowed to do and hears of; nothing of Feishu's own template (`preset`) is wanted."""
    return {
        "preset": False,
        "scopes": {"tenant": scopes_to_import()["scopes"]["tenant"]},
        "events": {"items": {"tenant": list(EVENTS)}},
        "callbacks": {"items": list(CALLBACKS)},
    }
