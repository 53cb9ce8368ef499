"""The methods of Feishu's open API that the bot calls: what is asked for, and the body of the answer.

https://open.feishu.cn/document/server-docs/api-call-guide/server-api-list
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.counterparts.feishu_commands import SlashCommands
from tests.counterparts.feishu_content import invalid
from tests.counterparts.feishu_tenant import SCOPES, Tenant
from tests.counterparts.feishu_values import BOT_NAME, Chat, Posted, Refused, milliseconds

_PREFIX = "/open-apis/"
_TOKEN = "auth/v3/tenant_access_token/internal"
#: What is given back of a card: also what was sent. The form that is called `raw_card_content` is not here.
_AS_SENT = "user_card_content"
#: What stands in place of it: https://github.com/larksuite/oapi-sdk-python/issues/95
_UPGRADE = "请升级至最新版本客户端，以查看内容"


class OpenApi:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.slash_commands = SlashCommands(tenant)
        #: Paths that nobody asks for who read the documentation, with their method.
        self.unknown: list[str] = []

    def call(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any], authorization: str | None
    ) -> dict[str, Any]:
        """The body of a success. Raises Refused."""
        named = path.removeprefix(_PREFIX)
        if (method, named) == ("POST", _TOKEN):
            return self._tenant.token(body)
        self._tenant.authorize(authorization)
        self._tenant.limit(f"{method} {re.sub('o[mc]_[0-9a-f]+', ':id', path)}")
        return self._called(method, named.split("/"), query, body)

    def _called(
        self, method: str, parts: Sequence[str], query: Mapping[str, str], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        match method, parts:
            case "GET", ["bot", "v3", "info"]:
                return {"msg": "ok", "bot": self._info()}
            case _, ["im", "v1", *rest]:
                return {"data": self._messaged(method, rest, query, body)}
            case "POST", ["interactive", "v1", "card", "update"]:
                self._tenant.update_delayed(body)
                return {"msg": "ok"}
            case "GET", ["application", "v6", "scopes"]:
                return {"data": self._scopes()}
            case _, ["application", "v7", "app_slash_commands", *rest]:
                return {"data": self._commanded(method, rest, body)}
            case _:
                raise self._unknown(method, parts)

    def _messaged(
        self, method: str, parts: Sequence[str], query: Mapping[str, str], body: Mapping[str, Any]
    ) -> dict[str, Any]:
        tenant = self._tenant
        match method, parts:
            case "POST", ["messages"]:
                return self._shown(tenant.create(query.get("receive_id_type"), body))
            case "POST", ["messages", message, "reply"]:
                return self._shown(tenant.reply(message, body))
            case "PATCH", ["messages", message]:
                tenant.patch(message, body)
                return {}
            case "GET", ["messages", message]:
                return {"items": [self._given_back(tenant.read(message), _card_as(query))]}
            case "GET", ["messages"]:
                return self._history(query)
            case "POST", ["files"]:
                return {"file_key": tenant.upload(body).key}
            case "GET", ["chats", chat]:
                tenant.require("im:chat:readonly", "im:chat", "im:chat:read")
                return self._about(tenant.known_chat(chat))
            case "GET", ["chats", chat, "members"]:
                return self._members(chat, query)
            case _:
                raise self._unknown(method, ["im", "v1", *parts])

    def _commanded(self, method: str, rest: Sequence[str], body: Mapping[str, Any]) -> dict[str, Any]:
        match method, rest:
            case "POST", []:
                return self.slash_commands.create(body)
            case "GET", []:
                return self.slash_commands.listed()
            case "PATCH", [command]:
                return self.slash_commands.change(command, body)
            case "DELETE", [command]:
                return self.slash_commands.delete(command)
            case _:
                raise self._unknown(method, ["application", "v7", "app_slash_commands", *rest])

    def _unknown(self, method: str, parts: Sequence[str]) -> Refused:
        self.unknown.append(f"{method} {_PREFIX}{'/'.join(parts)}")
        return Refused(404, "404 page not found", status=404)

    # What is shown.

    def _info(self) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/bot-v3/bot-overview"""
        return {
            "activate_status": 2,
            "app_name": BOT_NAME,
            "avatar_url": "https://s1-imfile.feishucdn.com/static-resource/v1/avatar.png",
            "ip_white_list": [],
            "open_id": self._tenant.bot,
        }

    def _scopes(self) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/application-v6/scope/list"""
        granted = self._tenant.granted
        return {
            "scopes": [
                {"scope_name": name, "grant_status": 1 if name in granted else 2, "scope_type": "tenant"}
                for name in sorted(SCOPES | granted)
            ]
        }

    def _about(self, chat: Chat) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/group/chat/get-2"""
        return {
            "avatar": "",
            "name": chat.name,
            "description": "",
            "i18n_names": {},
            "external": chat.tenant != self._tenant.tenant,
            "tenant_key": chat.tenant,
            "owner_id": next(iter(chat.members), ""),
            "owner_id_type": "open_id",
            "chat_mode": chat.kind,
            "chat_type": "private",
            "user_count": str(len(chat.members)),
            "bot_count": "1",
            "chat_status": "normal",
        }

    def _members(self, chat_id: str, query: Mapping[str, str]) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/group/chat-member/get"""
        self._tenant.require("im:chat:readonly", "im:chat", "im:chat.members:read")
        chat = self._tenant.known_chat(chat_id)
        if not chat.has_bot:
            raise Refused(232011, "Operator can NOT be out of the chat.")
        people = [self._tenant.person(each) for each in chat.members]
        items = [
            {"member_id_type": "open_id", "member_id": one.open_id, "name": one.name, "tenant_key": one.tenant}
            for one in people
        ]
        return {**_page(items, query, largest=100), "member_total": len(items)}

    def _history(self, query: Mapping[str, str]) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/im-v1/message/list"""
        kind, order, card_as = query.get("container_id_type"), _order(query), _card_as(query)
        since, until = (_seconds(query, name) for name in ("start_time", "end_time"))
        if kind == "thread" and (since, until) != (None, None):
            raise invalid("a thread has no time range")
        found = [
            each
            for each in self._tenant.history(kind, query.get("container_id", ""))
            if (since or 0) <= each.created.timestamp() and (until is None or each.created.timestamp() <= until)
        ]
        found.sort(key=lambda each: each.created, reverse=order == "ByCreateTimeDesc")
        return _page([self._given_back(each, card_as) for each in found], query, largest=50, order=order)

    def _given_back(self, message: Posted, card_as: str) -> dict[str, Any]:
        """A card as an old client would show it, and with `user_card_content` also as it was sent."""
        shown = self._shown(message)
        if message.recalled:
            return {**shown, "body": {"content": "This message was recalled"}}
        if message.msg_type != "interactive":
            return shown
        title = message.content.get("header", {}).get("title", {}).get("content")
        content: dict[str, Any] = {"title": title, "elements": [[{"tag": "text", "text": _UPGRADE}]]}
        if card_as == _AS_SENT:
            content["user_dsl"] = json.dumps(message.content, ensure_ascii=False)
        return {**shown, "body": {"content": json.dumps(content, ensure_ascii=False)}}

    def _shown(self, message: Posted) -> dict[str, Any]:
        placed = {"root_id": message.root, "parent_id": message.parent, "thread_id": message.thread}
        return {
            "message_id": message.id,
            **{name: value for name, value in placed.items() if value is not None},
            "msg_type": message.msg_type,
            "create_time": milliseconds(message.created),
            "update_time": milliseconds(message.created),
            "deleted": message.recalled,
            "updated": bool(message.updates),
            "chat_id": message.chat,
            "sender": self._sender(message),
            "body": {"content": json.dumps(message.content, ensure_ascii=False)},
        }

    def _sender(self, message: Posted) -> dict[str, str]:
        tenant = self._tenant
        if message.sender == tenant.app_id:
            return {"id": tenant.app_id, "id_type": "app_id", "sender_type": "app", "tenant_key": tenant.tenant}
        key = tenant.person(message.sender).tenant
        return {"id": message.sender, "id_type": "open_id", "sender_type": "user", "tenant_key": key}


def _page(items: list[dict[str, Any]], query: Mapping[str, str], *, largest: int, order: str = "") -> dict[str, Any]:
    """A token is good for the order only in which it was given."""
    size = int(query.get("page_size") or 20)
    if not 1 <= size <= largest:
        raise Refused(99992402, "field validation failed")
    start, _, same_order = (query.get("page_token") or f"0 {order}").partition(" ")
    if not start.isdecimal() or same_order != order:
        raise invalid("invalid page_token")
    first, following = int(start), int(start) + size
    more = following < len(items)
    return {
        "items": items[first:following],
        "has_more": more,
        "page_token": f"{following} {order}" if more else "",
    }


def _order(query: Mapping[str, str]) -> str:
    order = query.get("sort_type", "ByCreateTimeAsc")
    if order not in {"ByCreateTimeAsc", "ByCreateTimeDesc"}:
        raise Refused(99992402, "field validation failed")
    return order


def _seconds(query: Mapping[str, str], name: str) -> int | None:
    said = query.get(name)
    if said is not None and not re.fullmatch(r"\d{1,11}", said):  # in milliseconds it would be longer
        raise invalid(f"invalid {name}")
    return None if said is None else int(said)


def _card_as(query: Mapping[str, str]) -> str:
    said = query.get("card_msg_content_type", "")
    if said not in {"", _AS_SENT}:
        raise invalid("invalid card_msg_content_type")
    return said
