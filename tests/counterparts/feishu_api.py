"""The methods of Feishu's open API that the bot calls: what is asked for, and the body of the answer.

https://open.feishu.cn/document/server-docs/api-call-guide/server-api-list
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.counterparts.feishu_commands import SlashCommands
from tests.counterparts.feishu_tenant import SCOPES, Tenant
from tests.counterparts.feishu_values import BOT_NAME, Chat, Posted, Refused, milliseconds

_PREFIX = "/open-apis/"
_TOKEN = "auth/v3/tenant_access_token/internal"


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
                return {"items": [self._shown(tenant.read(message))]}
            case "GET", ["messages"]:
                found = tenant.history(query.get("container_id_type", ""), query.get("container_id", ""))
                return self._history(found, query)
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

    def _history(self, messages: Sequence[Posted], query: Mapping[str, str]) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/im-v1/message/list"""
        since, until = int(query.get("start_time", 0)), int(query.get("end_time", 2**40))
        found = [each for each in messages if since <= each.created.timestamp() <= until]
        found.sort(key=lambda each: each.created, reverse=query.get("sort_type") == "ByCreateTimeDesc")
        return _page([self._shown(each) for each in found], query, largest=50)

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


def _page(items: list[dict[str, Any]], query: Mapping[str, str], *, largest: int) -> dict[str, Any]:
    size = min(int(query.get("page_size", 20)), largest)
    start = int(query.get("page_token") or 0)
    more = start + size < len(items)
    return {"items": items[start : start + size], "has_more": more, "page_token": str(start + size) if more else ""}
