"""Feishu's open platform as far as the bot uses it: the API over HTTP, long connections, callbacks, custom bots.

No emulator of Feishu is known, so this one is ours. What it takes and refuses is written in Feishu's documentation, and
is held to account by clients that nobody here wrote (`test_feishu_counterpart`). It keeps messages, chats and people
(`feishu_tenant`), tells the app what people do (`feishu_events`) over long connections (`feishu_connections`) or to an
HTTP address, encrypted and signed (`feishu_crypto`), and looks into every card.

Not there at all: images, CardKit, contacts, store apps, reactions, what a card looks like.
"""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from tests.counterparts import feishu_connections, feishu_custom_bots, feishu_events, feishu_registration
from tests.counterparts.faults import Answer, Fault, Faults, Hang, Reset, break_connection, hang, response
from tests.counterparts.feishu_api import OpenApi
from tests.counterparts.feishu_clicks import check_option, clickable, filled
from tests.counterparts.feishu_commands import SlashCommands
from tests.counterparts.feishu_connections import LongConnections, compact
from tests.counterparts.feishu_crypto import encrypted, event_signature
from tests.counterparts.feishu_custom_bots import CustomBot, CustomBots
from tests.counterparts.feishu_events import Event
from tests.counterparts.feishu_faults import (
    bad_gateway,
    card_refused,
    error,
    rate_limited,
    still_sending,
    token_invalid,
)
from tests.counterparts.feishu_registration import Registration
from tests.counterparts.feishu_tenant import Tenant
from tests.counterparts.feishu_values import BOT_NAME, Card, Chat, Click, Person, Posted, Refused

__all__ = [
    "APP_ID", "APP_SECRET", "ENCRYPT_KEY", "VERIFICATION_TOKEN", "Call", "ClickFailed", "CustomBot", "Event",
    "FakeFeishu", "Person", "Posted", "bad_gateway", "card_refused", "error", "rate_limited", "still_sending",
    "token_invalid",
]  # fmt: skip

APP_ID = "cli_0123456789abcdef"
APP_SECRET = "feishu-secret-of-the-counterpart"
ENCRYPT_KEY = "feishu-encrypt-key"
VERIFICATION_TOKEN = "feishu-verification-token"
#: Seconds after an attempt to deliver an event until the next one; callbacks have one attempt.
#: https://open.feishu.cn/document/ukTMukTMukTM/uUTNz4SN1MjL1UzM
RETRIES = (15, 5 * 60, 60 * 60, 6 * 60 * 60)
CALLBACK = "card.action.trigger"
_ENDPOINT = "/callback/ws/endpoint"
_TOASTS = {"success", "info", "warning", "error"}

Receive = Callable[[Event], Awaitable[dict[str, Any] | None]]


class ClickFailed(Exception):
    """What a person sees of a click that did not work.

    https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication
    """

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{code} {why}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the API. `answer` is None when a fault came before Feishu."""

    method: str
    #: Without the query.
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    #: What was sent: JSON, the fields of a form, or None.
    json: Any
    answer: dict[str, Any] | None
    #: On the clock of `time.perf_counter`, when it was answered.
    at: float = field(default_factory=time.perf_counter)

    @property
    def content(self) -> dict[str, Any]:
        """The content of a message, which is sent as a string."""
        return json.loads(self.json["content"])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What a listener made of an event."""

    accepted: bool
    answer: Any = None


@dataclass(slots=True, kw_only=True)
class _Owed:
    """An event which nobody has accepted yet."""

    event: Event
    attempts: int
    due: datetime


class FakeFeishu(Tenant):
    """`async with FakeFeishu() as feishu`: FEISHU_DOMAIN is `feishu.url`, on a free port of 127.0.0.1."""

    def __init__(self, *, app_id: str = APP_ID, app_secret: str = APP_SECRET) -> None:
        super().__init__(app_id=app_id, app_secret=app_secret)
        self.url = ""
        self.encrypt_key = ENCRYPT_KEY
        self.verification_token = VERIFICATION_TOKEN
        #: Every request to the API, oldest first.
        self.calls: list[Call] = []
        #: Events that nobody accepted, and which come again.
        self.owed: list[_Owed] = []
        #: What a listener in this process raised.
        self.raised: list[Exception] = []
        self.connections = LongConnections(self)
        self.registration = Registration(self)
        self.api = OpenApi(self)
        self.custom_bots = CustomBots(self)
        self._faults = Faults()
        self._webhook = ""
        self._receive: Receive | None = None
        self._retrying: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._session = ClientSession(timeout=ClientTimeout(total=60))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._retrying:
            task.cancel()
        await self._runner.cleanup()
        await self._session.close()

    @property
    def slash_commands(self) -> SlashCommands:
        return self.api.slash_commands

    @property
    def unknown(self) -> list[str]:
        """Paths that were asked for and are not there, with their method."""
        return self.api.unknown

    # What a test asks or plans.

    def calls_of(self, prefix: str) -> list[Call]:
        """By `METHOD /path`, or the beginning of it."""
        return [call for call in self.calls if f"{call.method} {call.path}".startswith(prefix)]

    def fail(self, path_prefix: str, *faults: Fault, times: int | None = 1) -> None:
        """The next requests whose path (or `METHOD /path`) begins so meet these faults, each so many times."""
        pattern = f"{path_prefix}*" if " " in path_prefix else f"* {path_prefix}*"
        for fault in faults:
            self._faults.plan(pattern, fault, times)

    def forgive(self) -> None:
        """Nothing that was planned happens any more."""
        self._faults.clear()

    def advance(self, seconds: float) -> None:
        """Time passes: tokens expire, and events that nobody has accepted come again (`settled` awaits that)."""
        self._ahead += timedelta(seconds=seconds)
        due = [each for each in self.owed if each.due <= self.now()]
        self.owed = [each for each in self.owed if each not in due]
        for each in due:
            task = asyncio.get_running_loop().create_task(self._attempt(each))
            self._retrying.add(task)
            task.add_done_callback(self._retrying.discard)

    async def settled(self) -> None:
        """Until every event that came again has been dealt with or put off."""
        await asyncio.gather(*self._retrying)

    async def wait_for_messages(self, number: int, timeout: float = 15.0) -> list[Posted]:
        """The app's messages, once there are so many; raises TimeoutError."""
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: len(self.messages) >= number)
        return list(self.messages.values())

    def custom_bot(self, *, secret: str | None = None, keywords: Sequence[str] = ()) -> tuple[str, CustomBot]:
        """A new custom bot: its address, and what becomes of it."""
        bot = self.custom_bots.add(secret=secret, keywords=keywords)
        return f"{self.url}{feishu_custom_bots.PATH}{bot.token}", bot

    # Who listens: long connections, unless there is one of these.

    def listen(self, receive: Receive | None) -> None:
        """From now on events are handed to this function, in the test's own process."""
        self._receive = receive

    async def listen_at(self, url: str) -> None:
        """From now on events go to this address, which has to answer the challenge first; "" ends it."""
        if url:
            challenge = secrets.token_hex(16)
            body = {"challenge": challenge, "token": self.verification_token, "type": "url_verification"}
            said = await self._posted(url, body, signed=False)
            assert said is not None and said.answer == {"challenge": challenge}, f"{url} answered {said}"
        self._webhook = url

    # What people do. Each returns the event.

    async def says(
        self,
        text: str,
        *,
        chat: str,
        user: str = "alice",
        mentions_bot: bool = True,
        mentions: Sequence[str] = (),
        reply_to: str | None = None,
        post: bool = False,
        times: int = 1,
    ) -> Event:
        """Somebody writes into a chat, or to the bot alone (`chat` is an open_id), and it is delivered so many times.

        The bot is mentioned first, unless its place is marked by `@Dynamo Digest`; of `mentions`, `@name` in the text
        marks the place. A chat with one person has no mention of the bot. In groups, what does not mention it is
        delivered too, as it is to apps that may read everything.
        """
        where, person = self._place(chat), self.person(user)
        if mentions_bot and where.kind == "group" and f"@{BOT_NAME}" not in text:
            text = f"@{BOT_NAME} {text}"
        text, mentioned = self._with_mentions(text, mentions)
        content = feishu_events.post(text, mentioned) if post else feishu_events.text(text)
        message = self.write(where, person, "post" if post else "text", content, parent=reply_to)
        event = self._enveloped("im.message.receive_v1", feishu_events.received(self, message, mentioned))
        for _ in range(times):
            await self._deliver(event)
        return event

    async def clicks(
        self,
        message: str | Posted,
        value: Any,
        *,
        user: str = "alice",
        form_value: Mapping[str, Any] | None = None,
        option: str | None = None,
        times: int = 1,
    ) -> dict[str, Any]:
        """Somebody clicks on what carries this value in a card, so many times, one after the other; the last answer.

        A card in an answer takes the place of the one that was clicked. Raises ClickFailed, and AssertionError where
        the card has nothing like it. `form_value` is what was filled into the form around it, `option` what was chosen.
        """
        posted = self.messages[message] if isinstance(message, str) else message
        answer: dict[str, Any] = {}
        for _ in range(times):
            answer = await self._click(posted, value, self.person(user), form_value, option)
        return answer

    async def chooses_menu(self, key: str, *, user: str = "alice") -> Event:
        return await self._tell("application.bot.menu_v6", feishu_events.menu(self, key, self.person(user)))

    async def adds_bot(self, chat: str, *, user: str = "alice") -> Event:
        self.chats[chat].has_bot = True
        return await self._tell_of_chat("im.chat.member.bot.added_v1", chat, user)

    async def removes_bot(self, chat: str, *, user: str = "alice") -> Event:
        self.chats[chat].has_bot = False
        return await self._tell_of_chat("im.chat.member.bot.deleted_v1", chat, user)

    async def disbands(self, chat: str, *, user: str = "alice") -> Event:
        self.chats[chat].disbanded = True
        return await self._tell_of_chat("im.chat.disbanded_v1", chat, user)

    async def renames(self, chat: str, name: str, *, user: str = "alice") -> Event:
        known = self.chats[chat]
        before, known.name = known.name, name
        return await self._tell("im.chat.updated_v1", feishu_events.renamed(known, before, self.person(user)))

    async def enters(self, user: str = "alice") -> Event:
        """Somebody opens the conversation with the bot."""
        chat = self.p2p(user)
        last = [each for each in (*self.messages.values(), *self.written.values()) if each.chat == chat.id]
        newest = max(last, key=lambda each: each.created, default=None)
        event = feishu_events.entered(chat, self.person(user), newest)
        return await self._tell("im.chat.access_event.bot_p2p_chat_entered_v1", event)

    async def recalls(self, message: str) -> Event:
        """A message is withdrawn, by whoever wrote it or by the owner of the group."""
        known = self.messages.get(message) or self.written[message]
        known.recalled = True
        return await self._tell("im.message.recalled_v1", feishu_events.recalled(self, known))

    async def _tell_of_chat(self, event_type: str, chat: str, user: str) -> Event:
        return await self._tell(event_type, feishu_events.about_chat(self.chats[chat], self.person(user)))

    async def _tell(self, event_type: str, said: Mapping[str, Any]) -> Event:
        event = self._enveloped(event_type, said)
        await self._deliver(event)
        return event

    def _enveloped(self, event_type: str, event: Mapping[str, Any]) -> Event:
        return feishu_events.enveloped(self, self.verification_token, event_type, event)

    def _place(self, chat: str) -> Chat:
        return self.p2p(chat) if chat.startswith("ou_") else self.chats[chat]

    def _with_mentions(self, text: str, names: Sequence[str]) -> tuple[str, list[Person | None]]:
        """The text with keys in the places of names, and who is meant, in the order of the keys."""
        known: dict[str, Person | None] = {BOT_NAME: None, **{name: self.person(name) for name in names}}
        pattern = "|".join(re.escape(f"@{name}") for name in sorted(known, key=len, reverse=True))
        mentioned: list[Person | None] = []

        def key(found: re.Match[str]) -> str:
            mentioned.append(known[found[0].removeprefix("@")])
            return f"@_user_{len(mentioned)}"

        return re.sub(pattern, key, text), mentioned

    # How events are delivered.

    async def _deliver(self, event: Event) -> None:
        await self._attempt(_Owed(event=event, attempts=0, due=self.now()))

    async def _attempt(self, owed: _Owed) -> None:
        said = await self._hand_over(owed.event)
        if (said is None or not said.accepted) and owed.attempts < len(RETRIES):
            owed.due = self.now() + timedelta(seconds=RETRIES[owed.attempts])
            owed.attempts += 1
            self.owed.append(owed)

    async def _hand_over(self, event: Event) -> _Said | None:
        """None if nobody is there, or nobody answered in time."""
        if self._receive is not None:
            return await self._called(self._receive, event)
        if self._webhook:
            return await self._posted(self._webhook, event)
        ack = await self.connections.push(event)
        return None if ack is None else _Said(accepted=ack.code == 200, answer=ack.data)

    async def _called(self, receive: Receive, event: Event) -> _Said:
        try:
            return _Said(accepted=True, answer=await receive(json.loads(json.dumps(event))))
        except Exception as problem:  # noqa: BLE001 - whatever it is, a server would answer it with a 500
            self.raised.append(problem)
            return _Said(accepted=False)

    async def _posted(self, url: str, event: Mapping[str, Any], *, signed: bool = True) -> _Said | None:
        body = compact(event)
        if self.encrypt_key:
            body = compact({"encrypt": encrypted(body, self.encrypt_key)})
        headers = {"Content-Type": "application/json; charset=utf-8", **(self.signed(body) if signed else {})}
        try:
            async with (
                asyncio.timeout(self.connections.patience),
                self._session.post(url, data=body, headers=headers) as answer,
            ):
                said = await answer.read()
        except (TimeoutError, ClientError):
            return None
        return _Said(accepted=answer.status == 200, answer=_parsed(said))

    def signed(self, body: bytes, *, timestamp: int | None = None) -> dict[str, str]:
        """The headers which say that a request is from Feishu; `timestamp` in seconds."""
        at = str(int(self.now().timestamp()) if timestamp is None else timestamp)
        nonce = secrets.token_hex(8)
        return {
            "X-Lark-Request-Timestamp": at,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": event_signature(at, nonce, self.encrypt_key, body),
        }

    # How a click is answered.

    async def _click(
        self,
        message: Posted,
        value: Any,
        person: Person,
        form_value: Mapping[str, Any] | None,
        option: str | None,
    ) -> dict[str, Any]:
        element = clickable(message.content, value)
        check_option(element, option)
        entered = filled(message.content, element, form_value)
        click = Click(token=f"c-{secrets.token_hex(20)}", message=message.id, at=self.now())
        self.clicks_made[click.token] = click
        before = message.content
        acted = feishu_events.clicked(message, click, person, element, value=value, form_value=entered, option=option)
        said = await self._hand_over(self._enveloped(CALLBACK, acted))
        click.answered = True
        if said is None:
            raise ClickFailed(200341, "nobody answered in time")
        if not said.accepted:
            raise ClickFailed(200671, "the answer is an error")
        answer = said.answer or {}
        self._take_answer(message, before, answer)
        return answer

    def _take_answer(self, message: Posted, before: Card, answer: Any) -> None:
        if not isinstance(answer, dict) or set(answer) - {"toast", "card"}:
            raise ClickFailed(200672, f"the answer has another form: {answer}")
        toast = answer.get("toast")
        if toast is not None and (
            toast.get("type", "info") not in _TOASTS or not isinstance(toast.get("content"), str)
        ):
            raise ClickFailed(200672, f"the toast has another form: {toast}")
        if "card" not in answer:
            message.content = before  # whatever came before the answer is undone
            return
        if answer["card"].get("type") != "raw" or not isinstance(answer["card"].get("data"), dict):
            raise ClickFailed(200673, "the card is none")
        try:
            card = answer["card"]["data"]
            self.check_card(card, json.dumps(card, ensure_ascii=False), updates=message)
        except Refused as refused:
            raise ClickFailed(200830 if "200830" in refused.msg else 200673, refused.msg) from None
        self.put(message, card)

    # What a request meets.

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == feishu_connections.PATH:
            return await self.connections.accept(request)
        body, raw = await _body(request)
        fault = self._faults.take(f"{request.method} {request.path}")
        answer = await self._answer(request, body, raw) if fault is None or fault.processed else None
        self.calls.append(
            Call(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=dict(request.headers),
                json=body,
                answer=answer.body if answer is not None else None,
            )
        )
        async with self._changed:
            self._changed.notify_all()
        match fault:
            case None:
                assert answer is not None
                return response(answer)
            case Answer():
                return response(fault)
            case Hang():
                return await hang(request, fault)
            case Reset():
                return await break_connection(request)

    async def _answer(self, request: web.Request, body: Any, raw: bytes) -> Answer:
        path, log_id = request.path, {"X-Tt-Logid": secrets.token_hex(16)}
        if path == _ENDPOINT:
            return Answer(status=200, body=await self.connections.endpoint(self.url, body or {}), headers=log_id)
        if path == feishu_registration.PATH:
            status, said = self.registration.answer(self.url, body or {})
            return Answer(status=status, body=said, headers=log_id)
        if path.startswith(feishu_custom_bots.PATH):
            said = self.custom_bots.answer(path.removeprefix(feishu_custom_bots.PATH), raw)
            return Answer(status=200, body=said, headers=log_id)
        try:
            given = body if isinstance(body, dict) else {}
            authorization = request.headers.get("Authorization")
            said = self.api.call(request.method, path, request.query, given, authorization)
            return Answer(status=200, body={"code": 0, "msg": "success", **said}, headers=log_id)
        except Refused as refused:
            said = {"code": refused.code, "msg": refused.msg, **refused.more}
            return Answer(status=refused.status, body=said, headers={**log_id, **refused.headers})


async def _body(request: web.Request) -> tuple[Any, bytes]:
    """What was sent, as an object if it is one, and as bytes. A file is its bytes."""
    if request.content_type == "multipart/form-data":
        return {name: _field(value) for name, value in (await request.post()).items()}, b""
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(await request.post()), b""
    raw = await request.read()
    return _parsed(raw), raw


def _field(value: Any) -> str | bytes:
    # Not everybody names the file a second time.
    match value:
        case web.FileField():
            return value.file.read()
        case str():
            return value
        case _:
            return bytes(value)


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
