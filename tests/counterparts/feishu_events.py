"""What Feishu tells an app (schema 2.0), with the fields of its documentation.

https://open.feishu.cn/document/server-docs/im-v1/message/events/receive and its neighbours,
https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from tests.counterparts.feishu_tenant import Tenant
from tests.counterparts.feishu_values import BOT_NAME, Chat, Click, Person, Posted, identifier, milliseconds

Event = dict[str, Any]


def enveloped(tenant: Tenant, token: str, event_type: str, event: Mapping[str, Any]) -> Event:
    """`token` is the verification token of the app."""
    return {
        "schema": "2.0",
        "header": {
            "event_id": secrets.token_hex(16),
            "event_type": event_type,
            "create_time": milliseconds(tenant.now()),
            "token": token,
            "app_id": tenant.app_id,
            "tenant_key": tenant.tenant,
        },
        "event": dict(event),
    }


def received(tenant: Tenant, message: Posted, mentioned: Sequence[Person | None]) -> Event:
    """im.message.receive_v1; among those `mentioned`, None is the bot."""
    sender = tenant.person(message.sender)
    placed = {"root_id": message.root, "parent_id": message.parent, "thread_id": message.thread}
    mentions = [_mention(tenant, number, who) for number, who in enumerate(mentioned, start=1)]
    return {
        "sender": {"sender_id": sender.ids(), "sender_type": "user", "tenant_key": sender.tenant},
        "message": {
            "message_id": message.id,
            **{name: value for name, value in placed.items() if value is not None},
            "create_time": milliseconds(message.created),
            "update_time": milliseconds(message.created),
            "chat_id": message.chat,
            "chat_type": tenant.chats[message.chat].kind,
            "message_type": message.msg_type,
            "content": json.dumps(message.content, ensure_ascii=False),
            **({"mentions": mentions} if mentions else {}),
        },
    }


def _mention(tenant: Tenant, number: int, who: Person | None) -> dict[str, Any]:
    ids = {"union_id": identifier("on", tenant.bot), "user_id": "", "open_id": tenant.bot} if who is None else who.ids()
    return {
        "key": f"@_user_{number}",
        "id": ids,
        "mentioned_type": "bot" if who is None else "user",
        "name": BOT_NAME if who is None else who.name,
        "tenant_key": tenant.tenant if who is None else who.tenant,
    }


def text(said: str) -> dict[str, Any]:
    """The content of a text message."""
    return {"text": said}


def post(said: str, mentioned: Sequence[Person | None]) -> dict[str, Any]:
    """The content of a rich text as people make it by pasting; a line is a paragraph. Events have no locale in it."""
    return {"title": "", "content": [_paragraph(line, mentioned) for line in said.split("\n")]}


def _paragraph(line: str, mentioned: Sequence[Person | None]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for piece in re.split(r"(@_user_\d+|@_all)", line):
        if number := re.fullmatch(r"@_user_(\d+)", piece):
            who = mentioned[int(number[1]) - 1]
            parts.append({"tag": "at", "user_id": piece, "user_name": who.name if who else BOT_NAME, "style": []})
        elif piece:
            parts.append({"tag": "text", "text": piece, "style": []})
    return parts


def clicked(
    message: Posted,
    click: Click,
    person: Person,
    element: Mapping[str, Any],
    *,
    value: Any,
    form_value: Mapping[str, Any] | None,
    option: str | None,
) -> Event:
    """card.action.trigger; `element` is what was clicked, as it stands in the card."""
    action: dict[str, Any] = {"value": value, "tag": element["tag"], "timezone": person.zone}
    if "name" in element:
        action["name"] = element["name"]
    if form_value is not None:
        action["form_value"] = dict(form_value)
    if option is not None:
        action["option"] = option
    return {
        "operator": {"tenant_key": person.tenant, **person.ids()},
        "token": click.token,
        "action": action,
        "host": "im_message",
        "context": {"open_message_id": message.id, "open_chat_id": message.chat},
    }


def menu(tenant: Tenant, key: str, person: Person) -> Event:
    """application.bot.menu_v6, which names no chat."""
    operator = {"operator_name": person.name, "operator_id": person.ids()}
    return {"operator": operator, "event_key": key, "timestamp": int(tenant.now().timestamp())}


def about_chat(chat: Chat, person: Person) -> Event:
    """im.chat.member.bot.added_v1, im.chat.member.bot.deleted_v1 and im.chat.disbanded_v1."""
    return {
        "chat_id": chat.id,
        "operator_id": person.ids(),
        "external": False,
        "operator_tenant_key": person.tenant,
        "name": chat.name,
        "i18n_names": {"zh_cn": chat.name, "en_us": chat.name, "ja_jp": chat.name},
    }


def renamed(chat: Chat, before: str, person: Person) -> Event:
    """im.chat.updated_v1."""
    return {
        "chat_id": chat.id,
        "operator_id": person.ids(),
        "external": False,
        "operator_tenant_key": person.tenant,
        "after_change": _settings(chat, chat.name, person),
        "before_change": _settings(chat, before, person),
        "moderator_list": {"added_member_list": [], "removed_member_list": []},
    }


def _settings(chat: Chat, name: str, owner: Person) -> dict[str, Any]:
    return {
        "avatar": "default-avatar",
        "name": name,
        "description": "",
        "i18n_names": {"zh_cn": name, "en_us": name, "ja_jp": name},
        "add_member_permission": "all_members",
        "share_card_permission": "allowed",
        "at_all_permission": "all_members",
        "edit_permission": "all_members",
        "membership_approval": "no_approval_required",
        "join_message_visibility": "all_members",
        "leave_message_visibility": "all_members",
        "moderation_permission": "all_members",
        "owner_id": owner.ids(),
    }


def entered(chat: Chat, person: Person, last: Posted | None) -> Event:
    """im.chat.access_event.bot_p2p_chat_entered_v1; `last` is the newest message of the conversation."""
    newest = (
        {}
        if last is None
        else {
            "last_message_id": last.id,
            "last_message_create_time": milliseconds(last.created),
        }
    )
    return {"chat_id": chat.id, "operator_id": person.ids(), **newest}


def recalled(tenant: Tenant, message: Posted) -> Event:
    """im.message.recalled_v1."""
    return {
        "message_id": message.id,
        "chat_id": message.chat,
        "recall_time": milliseconds(tenant.now()),
        "recall_type": "message_owner",
    }
