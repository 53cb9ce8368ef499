"""A Feishu tenant without any socket: who is in it, what is posted where, and what the API refuses of that.

Codes and limits: https://open.feishu.cn/document/server-docs/im-v1/message/create, …/reply, …/patch,
https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any, Literal

from tests.counterparts import feishu_content
from tests.counterparts.feishu_content import card_refused, invalid, parsed
from tests.counterparts.feishu_values import Card, Chat, Click, Limit, Person, Posted, Refused, Upload, identifier

TENANT = "1a2b3c4d5e6f7081"
TOKEN_SECONDS = 7200
UUID_LIFETIME = timedelta(hours=1)
UUID_MAX = 50
PATCH_LIFETIME = timedelta(days=14)
DELAYED_UPDATE_LIFETIME = timedelta(minutes=30)
DELAYED_UPDATES_MAX = 2
# Bytes.
FILE_MAX = 30 * 2**20
FILE_TYPES = {"opus", "mp4", "pdf", "doc", "xls", "ppt", "stream"}
#: What the app may do, until a test takes some of it away or adds to it.
SCOPES = frozenset(
    {
        "im:message:send_as_bot", "im:message.p2p_msg:readonly", "im:message.group_at_msg:readonly", "im:chat:readonly",
        "im:resource", "application:app_slash_command:read", "application:app_slash_command:write",
    }
)  # fmt: skip
#: Any of them lets it read what it can see in conversations with one person; groups need the other as well.
_READING = ("im:message", "im:message:readonly", "im:message.history:readonly")
_READING_GROUPS = "im:message.group_msg"


class Tenant:
    """What one app sees of it."""

    def __init__(self, *, app_id: str, app_secret: str, tenant: str = TENANT) -> None:
        self.app_id, self.app_secret, self.tenant = app_id, app_secret, tenant
        self.bot = identifier("ou", app_id)
        #: Tells the time of everything that is dated; `advance` moves on from it.
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        #: Seconds, from anywhere; tells how quickly requests follow each other, while the clock may stand still.
        self.stopwatch: Callable[[], float] = time.monotonic
        self.granted = set(SCOPES)
        #: Whether anything is limited in time; measurements of the bot turn it off.
        self.limits_rates = True
        #: Whether cards are looked into.
        self.checks_cards = True
        #: Why cards were refused for what is in them.
        self.refusals: list[str] = []
        self.people: dict[str, Person] = {}
        self.chats: dict[str, Chat] = {}
        #: By id, oldest first: the app's messages, and those of people.
        self.messages: dict[str, Posted] = {}
        self.written: dict[str, Posted] = {}
        self.files: dict[str, Upload] = {}
        self.clicks_made: dict[str, Click] = {}
        #: How many tenant access tokens were given out.
        self.tokens_given = 0
        self._tokens: dict[str, datetime] = {}
        self._uuids: dict[str, tuple[str, datetime]] = {}
        self._numbers = count(1)
        self._ahead = timedelta()
        self._of_app = Limit(50, 1)
        self._of_app_by_minute = Limit(1000, 60)
        self._of_chat = Limit(5, 1)
        self._of_message = Limit(5, 1)

    def now(self) -> datetime:
        return self.clock() + self._ahead

    def seconds(self) -> float:
        return self.stopwatch() + self._ahead.total_seconds()

    def new_id(self, prefix: str) -> str:
        return identifier(prefix, f"{self.app_id}{next(self._numbers)}{secrets.token_hex(4)}")

    # Who and where.

    def person(self, who: str, *, tenant: str | None = None) -> Person:
        """By name or open_id; whoever is not known yet joins, in this `tenant` (key) or in another one."""
        for known in self.people.values():
            if who in {known.name, known.open_id}:
                return known
        open_id = who if who.startswith("ou_") else identifier("ou", who)
        joined = Person(name=who, open_id=open_id, tenant=tenant or self.tenant)
        self.people[open_id] = joined
        return joined

    def chat(self, name: str = "team", *, kind: Literal["group", "p2p"] = "group", members: Iterable[str] = ()) -> str:
        """A new chat with the bot in it; its id. `members` are names or open_ids; of a p2p chat, just one."""
        chat = Chat(
            id=self.new_id("oc"),
            name=name,
            kind=kind,
            members=[self.person(each).open_id for each in members],
            tenant=self.tenant,
        )
        assert kind == "group" or len(chat.members) == 1, "a p2p chat belongs to one person"
        self.chats[chat.id] = chat
        return chat.id

    def p2p(self, who: str) -> Chat:
        """The conversation of a person with the bot, which begins where there is none."""
        person = self.person(who)
        for chat in self.chats.values():
            if chat.kind == "p2p" and chat.members == [person.open_id]:
                return chat
        return self.chats[self.chat(person.name, kind="p2p", members=[person.open_id])]

    def in_chat(self, chat: str) -> list[Posted]:
        """The app's messages there, oldest first; `chat` may be an open_id."""
        where = self.p2p(chat).id if chat.startswith("ou_") else chat
        return [each for each in self.messages.values() if each.chat == where and not each.recalled]

    # Tokens.

    def token(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal"""
        if body.get("app_id") != self.app_id:
            raise Refused(10003, "invalid param", status=200)
        if body.get("app_secret") != self.app_secret:
            raise Refused(10014, "app secret invalid", status=200)
        self.tokens_given += 1
        token = f"t-{self.tokens_given}{secrets.token_hex(16)}"
        self._tokens[token] = self.now() + timedelta(seconds=TOKEN_SECONDS)
        return {"tenant_access_token": token, "expire": TOKEN_SECONDS}

    def revoke_tokens(self) -> None:
        """No token that was given out is valid any more."""
        self._tokens.clear()

    def authorize(self, authorization: str | None) -> None:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme != "Bearer" or not token:
            raise Refused(
                99991661, "Missing access token for authorization. Please make a request with token attached."
            )
        if token not in self._tokens or self._tokens[token] <= self.now():
            raise Refused(
                99991663, "Invalid access token for authorization. Please make a request with token attached."
            )

    def require(self, *scopes: str) -> None:
        """Any of them."""
        if self.granted.isdisjoint(scopes):
            wanted = ", ".join(scopes)
            link = (
                f"https://open.feishu.cn/app/{self.app_id}/auth?q={','.join(scopes)}&op_from=openapi&token_type=tenant"
            )
            violations = [{"type": "action_scope_required", "subject": scope} for scope in scopes]
            raise Refused(
                99991672,
                f"Access denied. One of the following scopes is required: [{wanted}]."
                f"应用尚未开通所需的应用身份权限：[{wanted}]，点击链接申请并开通任一权限即可：{link}",
                error={"permission_violations": violations, "log_id": secrets.token_hex(16)},
            )

    def limit(self, path: str) -> None:
        """Of one API of the app: 50 in a second, 1,000 in a minute."""
        if not self.limits_rates:
            return
        for limit, size in ((self._of_app, 50), (self._of_app_by_minute, 1000)):
            if (wait := limit.wait(path, self.seconds())) is not None:
                reset = {"x-ogw-ratelimit-limit": str(size), "x-ogw-ratelimit-reset": str(ceil(wait))}
                raise Refused(99991400, "request trigger frequency limit", status=429, headers=reset)

    # Messages.

    def create(self, receive_id_type: str | None, body: Mapping[str, Any]) -> Posted:
        self.require("im:message:send_as_bot", "im:message", "im:message:send")
        receive_id = body.get("receive_id")
        if receive_id_type not in {"open_id", "chat_id"} or not isinstance(receive_id, str) or not receive_id:
            raise invalid("invalid receive_id")
        if receive_id_type == "open_id":
            if receive_id not in self.people:
                raise Refused(230013, "Bot has NO availability to this user.")
            chat = self.p2p(receive_id)
        elif receive_id in self.chats:
            chat = self.chats[receive_id]
        else:
            raise invalid("invalid receive_id")
        return self._post(chat, body)

    def reply(self, message_id: str, body: Mapping[str, Any]) -> Posted:
        self.require("im:message:send_as_bot", "im:message", "im:message:send")
        parent = self._message(message_id)
        if parent is None or parent.recalled:
            raise Refused(230011, "The message was withdrawn.")
        return self._post(self.chats[parent.chat], body, parent=parent)

    def patch(self, message_id: str, body: Mapping[str, Any]) -> None:
        self.require("im:message:send_as_bot", "im:message", "im:message:update")
        message = self.messages.get(message_id)
        if message is None or message.recalled:
            raise Refused(230011, "The message was withdrawn.")
        if message.msg_type != "interactive":
            raise invalid("NOT a card")
        if self.now() - message.created > PATCH_LIFETIME:
            raise Refused(230031, "Message can only be modified within 14 days after sending.")
        self._slow_down(self._of_message, message_id)
        card = parsed(body.get("content"))
        self.check_card(card, str(body.get("content")), updates=message)
        self.put(message, card)

    def put(self, message: Posted, card: Card) -> None:
        message.content = card
        message.updates += 1

    def update_delayed(self, body: Mapping[str, Any]) -> None:
        """https://open.feishu.cn/document/ukTMukTMukTM/uMDO1YjLzgTN24yM4UjN

        Before the callback is answered the update is undone at once; here it is refused, so that nobody misses it.
        """
        self.require("im:message:send_as_bot", "im:message", "im:message:update")
        click = self.clicks_made.get(str(body.get("token")))
        if click is None:
            raise Refused(300020, "the token is malformed")
        if not click.answered or self.now() - click.at > DELAYED_UPDATE_LIFETIME:
            raise Refused(300030, "the token is not valid any more, or not yet")
        if click.updates >= DELAYED_UPDATES_MAX:
            raise Refused(300040, "the token was used too often")
        card = body.get("card")
        if not isinstance(card, dict):
            raise Refused(10002, "card is invalid")
        message = self.messages[click.message]
        if message.recalled:
            raise Refused(200000, "the card was recalled")
        try:
            self.check_card(card, json.dumps(card, ensure_ascii=False), updates=message)
        except Refused as refused:
            raise Refused(11311, refused.msg) from None
        click.updates += 1
        self.put(message, card)

    def _post(self, chat: Chat, body: Mapping[str, Any], *, parent: Posted | None = None) -> Posted:
        uuid = body.get("uuid")
        if uuid is not None and (not isinstance(uuid, str) or len(uuid) > UUID_MAX):
            raise invalid("uuid")
        self._admit(chat)
        if uuid in self._uuids and self.now() - self._uuids[uuid][1] < UUID_LIFETIME:
            return self.messages[self._uuids[uuid][0]]
        in_thread = body.get("reply_in_thread") is True
        if in_thread and not chat.has_topics:
            raise Refused(230071, "The group does not support reply in thread.")
        kind, said = str(body.get("msg_type")), body.get("content")
        content = parsed(said)
        self._check(kind, content, str(said))
        self._slow_down(self._of_chat, chat.id)
        message = Posted(
            id=self.new_id("om"),
            chat=chat.id,
            msg_type=kind,
            content=content,
            **self._placed(parent, opens=in_thread),
            in_thread=in_thread,
            uuid=uuid,
            created=self.now(),
            sender=self.app_id,
        )
        self.messages[message.id] = message
        if uuid:
            self._uuids[uuid] = (message.id, self.now())
        return message

    def _check(self, kind: str, content: dict[str, Any], said: str) -> None:
        if kind == "interactive":
            self.check_card(content, said)
        else:
            feishu_content.check(kind, content, said, self.files)

    def write(self, chat: Chat, person: Person, kind: str, content: dict[str, Any], *, parent: str | None) -> Posted:
        """A message of a person."""
        answered = self._message(parent) if parent else None
        assert (answered is None) == (parent is None), f"there is no message {parent}"
        message = Posted(
            id=self.new_id("om"),
            chat=chat.id,
            msg_type=kind,
            content=content,
            **self._placed(answered),
            created=self.now(),
            sender=person.open_id,
        )
        self.written[message.id] = message
        return message

    def _placed(self, answered: Posted | None, *, opens: bool = False) -> dict[str, Any]:
        """Where an answer stands: in a topic, the first message of it is the parent of all others."""
        if answered is None:
            return {}
        first = self._message(answered.root or answered.id) or answered
        if opens and answered.thread is None:
            answered.thread = first.thread = first.thread or self.new_id("omt")
        parent = answered if answered.thread is None else first
        return {"parent": parent.id, "root": first.id, "thread": answered.thread}

    def _message(self, message_id: str) -> Posted | None:
        return self.messages.get(message_id) or self.written.get(message_id)

    def _admit(self, chat: Chat) -> None:
        if chat.disbanded:
            raise Refused(232009, "Your request specifies a chat which has already been dissolved.")
        if not chat.has_bot:
            raise Refused(230002, "Bot/User can NOT be out of the chat.")
        if chat.kind == "p2p":
            self._admit_to(self.person(chat.members[0]))
        if chat.refusal is not None:
            raise Refused(chat.refusal, "This chat takes no messages.")

    def _admit_to(self, person: Person) -> None:
        if not person.available:
            raise Refused(230013, "Bot has NO availability to this user.")
        if person.tenant != self.tenant:
            raise Refused(230038, "Cross tenant p2p chat operate forbid.")

    def _slow_down(self, limit: Limit, key: str) -> None:
        if self.limits_rates and limit.wait(key, self.seconds()) is not None:
            raise Refused(230020, "This operation triggers the frequency limit.")

    def check_card(self, card: Card, said: str, *, updates: Posted | None = None) -> None:
        """Raises Refused; `said` is the card as it was sent, `updates` what it shall take the place of."""
        feishu_content.check("interactive", card, said, self.files)
        if updates is not None and updates.content.get("schema") != card.get("schema"):
            raise card_refused("the schema can not change")
        if problems := self.card_problems(card):
            raise card_refused(problems[0])

    def card_problems(self, card: Card) -> list[str]:
        found = feishu_content.card_problems(card, self.people) if self.checks_cards else []
        self.refusals += found
        return found

    # What can be read, and files.

    def read(self, message_id: str) -> Posted:
        """https://open.feishu.cn/document/server-docs/im-v1/message/get"""
        self.require(*_READING)
        message = self._message(message_id)
        if message is None:
            raise Refused(230110, "Action unavailable as the message has been deleted.")
        self._let_read(self.chats[message.chat])
        return message

    def history(self, kind: str | None, where: str) -> list[Posted]:
        """Of a `chat`, in which a topic is shown by its first message only, or of a `thread`.

        https://open.feishu.cn/document/server-docs/im-v1/message/list
        """
        self.require(*_READING)
        every = [*self.messages.values(), *self.written.values()]
        if kind == "chat" and where in self.chats:
            found = [each for each in every if each.chat == where and (each.thread is None or each.root is None)]
            self._let_read(self.chats[where])
        elif kind == "thread" and (found := [each for each in every if each.thread == where]):
            self._let_read(self.chats[found[0].chat])
        else:
            raise invalid("invalid container_id")
        return found

    def _let_read(self, chat: Chat) -> None:
        if chat.kind == "group" and _READING_GROUPS not in self.granted:
            # As it was seen: https://github.com/openonion/connectonion/issues/1544
            raise Refused(230027, f"Lack of necessary permissions, ext=need scope: {_READING_GROUPS}")
        if not chat.has_bot or chat.disbanded:
            raise Refused(230002, "The bot can not be outside the group.")

    def known_chat(self, chat_id: str) -> Chat:
        if chat_id not in self.chats:
            raise Refused(232006, "Your request specifies a chat_id which is invalid.")
        if self.chats[chat_id].disbanded:
            raise Refused(232009, "Your request specifies a chat which has already been dissolved.")
        return self.chats[chat_id]

    def upload(self, form: Mapping[str, Any]) -> Upload:
        """https://open.feishu.cn/document/server-docs/im-v1/file/create"""
        self.require("im:resource", "im:resource:upload")
        name, file_type, data = (form.get(field) for field in ("file_name", "file_type", "file"))
        if not name or file_type not in FILE_TYPES or data is None:
            raise Refused(234001, "Invalid request param.")
        data = data.encode() if isinstance(data, str) else data
        if not data:
            raise Refused(234010, "File's size can't be 0.")
        if len(data) > FILE_MAX:
            raise Refused(234006, "The file size exceed the max value.")
        uploaded = Upload(key=self.new_id("file_v3"), name=name, file_type=file_type, data=data)
        self.files[uploaded.key] = uploaded
        return uploaded
