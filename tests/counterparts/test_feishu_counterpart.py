"""The fake of Feishu takes and refuses what Feishu's documentation says."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.counterparts import feishu as faults
from tests.counterparts import feishu_frames
from tests.counterparts.faults import Hang, Reset
from tests.counterparts.feishu import ClickFailed, Event, FakeFeishu
from tests.counterparts.feishu_crypto import custom_bot_signature, encrypted
from tests.counterparts.feishu_frames import Frame
from tests.counterparts.feishu_tenant import SCOPES

MESSAGES = "/open-apis/im/v1/messages"
TOKEN = "/open-apis/auth/v3/tenant_access_token/internal"
NOON = datetime(2026, 1, 21, 12, tzinfo=UTC)
MORE = {"do": "more"}
BUTTON = {
    "tag": "button",
    "text": {"tag": "plain_text", "content": "More"},
    "behaviors": [{"type": "callback", "value": MORE}],
}
FORM = {
    "tag": "form",
    "name": "feedback",
    "elements": [
        {"tag": "input", "name": "words", "max_length": 10, "required": True},
        {"tag": "input", "name": "more"},
        {
            "tag": "select_static",
            "name": "kind",
            "initial_option": "bug",
            "options": [{"text": {"tag": "plain_text", "content": each}, "value": each} for each in ("bug", "wish")],
        },
        {
            **BUTTON,
            "name": "send",
            "form_action_type": "submit",
            "behaviors": [{"type": "callback", "value": {"do": "send"}}],
        },
    ],
}


def card(*elements: dict[str, Any], summary: str = "Digest") -> dict[str, Any]:
    return {
        "schema": "2.0",
        "config": {"update_multi": True, "summary": {"content": summary}},
        "body": {"elements": list(elements)},
    }


def markdown(content: str) -> dict[str, Any]:
    return {"tag": "markdown", "content": content}


CARD = card(BUTTON)
CHANGED = card(BUTTON, summary="Changed")


@pytest.fixture(autouse=True)
def still(feishu: FakeFeishu) -> None:
    """Time passes when a test says so."""
    feishu.clock = lambda: NOON
    feishu.stopwatch = lambda: 0.0


class Api:
    """The open API with a token, as a client of the app would have it."""

    def __init__(self, feishu: FakeFeishu, client: httpx.AsyncClient) -> None:
        self._feishu, self.client = feishu, client

    async def authorize(self) -> None:
        app = {"app_id": self._feishu.app_id, "app_secret": self._feishu.app_secret}
        token = (await self.client.post(TOKEN, json=app)).json()["tenant_access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    async def code(self, method: str, path: str, body: Any = None, **query: str) -> int:
        return (await self.call(method, path, body, **query))["code"]

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> dict[str, Any]:
        return (await self.client.request(method, path, json=body, params=query)).json()

    async def post(self, where: str, content: Any = CARD, kind: str = "interactive", **more: Any) -> dict[str, Any]:
        body = {"receive_id": where, "msg_type": kind, "content": json.dumps(content), **more}
        return await self.call(
            "POST", MESSAGES, body, receive_id_type="chat_id" if where.startswith("oc_") else "open_id"
        )

    async def reply(self, message: str, content: Any = None, kind: str = "text", **more: Any) -> dict[str, Any]:
        body = {"msg_type": kind, "content": json.dumps(content or {"text": "answer"}), **more}
        return await self.call("POST", f"{MESSAGES}/{message}/reply", body)

    async def patch(self, message: str, content: Any = CHANGED) -> int:
        return await self.code("PATCH", f"{MESSAGES}/{message}", {"content": json.dumps(content)})


@pytest.fixture
async def api(feishu: FakeFeishu) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(base_url=feishu.url) as client:
        api = Api(feishu, client)
        await api.authorize()
        yield api


def posted(feishu: FakeFeishu, content: dict[str, Any], *, chat: str) -> str:
    """The id of a card of the app's."""
    body = {"receive_id": chat, "msg_type": "interactive", "content": json.dumps(content)}
    return feishu.create("chat_id", body).id


def ids(said: dict[str, Any]) -> list[str]:
    """Of the messages in an answer."""
    return [each["message_id"] for each in said["data"]["items"]]


# Tokens, scopes, limits, faults.


async def test_a_token_lasts_two_hours(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    feishu.advance(7199)
    assert (await api.post(chat))["code"] == 0
    feishu.advance(1)
    assert (await api.post(chat))["code"] == 99991663
    await api.authorize()
    assert (await api.post(chat))["code"] == 0
    assert feishu.tokens_given == 2


async def test_there_is_no_token_for_another_secret(feishu: FakeFeishu, api: Api) -> None:
    assert await api.code("POST", TOKEN, {"app_id": feishu.app_id, "app_secret": "another"}) == 10014
    assert await api.code("POST", TOKEN, {"app_id": "cli_another", "app_secret": feishu.app_secret}) == 10003
    del api.client.headers["Authorization"]
    assert await api.code("GET", "/open-apis/bot/v3/info") == 99991661


async def test_a_token_can_be_revoked(feishu: FakeFeishu, api: Api) -> None:
    feishu.revoke_tokens()
    assert await api.code("GET", "/open-apis/bot/v3/info") == 99991663


async def test_the_bot_learns_who_it_is(feishu: FakeFeishu, api: Api) -> None:
    assert (await api.call("GET", "/open-apis/bot/v3/info"))["bot"]["open_id"] == feishu.bot


async def test_a_missing_scope_names_itself_and_where_it_is_granted(feishu: FakeFeishu, api: Api) -> None:
    said = await api.call("GET", MESSAGES, container_id_type="chat", container_id=feishu.chat())
    assert said["code"] == 99991672
    assert "[im:message, im:message:readonly, im:message.history:readonly]" in said["msg"]
    assert f"https://open.feishu.cn/app/{feishu.app_id}/auth?q=im:message,im:message:readonly," in said["msg"]
    assert [each["subject"] for each in said["error"]["permission_violations"]] == [
        "im:message",
        "im:message:readonly",
        "im:message.history:readonly",
    ]
    for path, scope in {
        f"/open-apis/im/v1/chats/{feishu.chat()}": "im:chat:readonly",
        f"/open-apis/im/v1/chats/{feishu.chat()}/members": "im:chat:readonly",
        f"{MESSAGES}/om_1": "im:message",
    }.items():
        feishu.granted.discard(scope)
        assert await api.code("GET", path) == 99991672


async def test_scopes_are_listed(feishu: FakeFeishu, api: Api) -> None:
    feishu.granted.discard("im:chat:readonly")
    said = await api.call("GET", "/open-apis/application/v6/scopes")
    granted = {each["scope_name"]: each["grant_status"] for each in said["data"]["scopes"]}
    assert granted == {scope: 2 if scope == "im:chat:readonly" else 1 for scope in SCOPES}


async def test_a_chat_takes_five_messages_a_second(feishu: FakeFeishu, api: Api) -> None:
    chat, other = feishu.chat(), feishu.chat()
    codes = [(await api.post(chat))["code"] for _ in range(6)]
    assert codes == [0, 0, 0, 0, 0, 230020]
    assert (await api.post(other))["code"] == 0
    feishu.advance(1)
    assert (await api.post(chat))["code"] == 0
    feishu.limits_rates = False
    assert [(await api.post(chat))["code"] for _ in range(6)] == [0] * 6


async def test_an_app_calls_a_method_fifty_times_a_second(feishu: FakeFeishu, api: Api) -> None:
    answers = await asyncio.gather(*(api.client.get("/open-apis/bot/v3/info") for _ in range(51)))
    [refused] = [each for each in answers if each.status_code != 200]
    assert (refused.status_code, refused.json()["code"]) == (429, 99991400)
    assert refused.headers["x-ogw-ratelimit-reset"] == "1"
    feishu.advance(1)
    assert await api.code("GET", "/open-apis/bot/v3/info") == 0


async def test_faults_are_met_in_their_order(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    feishu.fail(
        MESSAGES, faults.rate_limited(3), faults.bad_gateway(processed=True), faults.card_refused(11310, "too many")
    )
    feishu.fail("GET /open-apis/bot", faults.token_invalid())
    limited = await api.client.post(MESSAGES)
    assert (limited.status_code, limited.headers["x-ogw-ratelimit-reset"]) == (429, "3")
    with pytest.raises(json.JSONDecodeError):
        await api.post(chat, uuid="one")
    refused = await api.post(chat)
    assert (refused["code"], refused["msg"]) == (
        230099,
        "Failed to create card content, ext=ErrCode: 11310; ErrMsg: too many; ",
    )
    assert (await api.post(chat, uuid="one"))["data"]["message_id"] == next(iter(feishu.messages))
    assert len(feishu.messages) == 1
    assert await api.code("GET", "/open-apis/bot/v3/info") == 99991663
    assert await api.code("GET", "/open-apis/bot/v3/info") == 0


async def test_the_connection_breaks_before_or_after_feishu_has_done_it(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    feishu.fail(MESSAGES, Reset(), Reset(processed=True), Hang(seconds=0.05))
    for number in (0, 1, 1):
        with pytest.raises(httpx.TransportError):
            await api.post(chat, uuid=None)
        assert len(feishu.messages) == number
    assert [call.answer is None for call in feishu.calls_of(f"POST {MESSAGES}")] == [True, False, True]


async def test_what_feishu_does_not_have_is_noticed(feishu: FakeFeishu, api: Api) -> None:
    assert await api.code("GET", "/open-apis/im/v2/messages") == 404
    assert feishu.unknown == ["GET /open-apis/im/v2/messages"]
    feishu.unknown.clear()


# Messages.


async def test_a_message_is_kept_and_shown(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat(members=["alice"])
    said = (await api.post(chat, uuid="one"))["data"]
    [message] = feishu.in_chat(chat)
    assert said == {
        "message_id": message.id,
        "msg_type": "interactive",
        "create_time": "1768996800000",
        "update_time": "1768996800000",
        "deleted": False,
        "updated": False,
        "chat_id": chat,
        "sender": {"id": feishu.app_id, "id_type": "app_id", "sender_type": "app", "tenant_key": feishu.tenant},
        "body": {"content": json.dumps(CARD)},
    }
    assert (message.content, message.uuid, message.chat) == (CARD, "one", chat)
    [call] = feishu.calls_of(f"POST {MESSAGES}")
    assert (call.query, call.content) == ({"receive_id_type": "chat_id"}, CARD)


async def test_a_person_is_written_to_in_one_conversation(feishu: FakeFeishu, api: Api) -> None:
    alice = feishu.person("alice").open_id
    first, second = [(await api.post(alice))["data"]["chat_id"] for _ in range(2)]
    assert first == second == feishu.p2p("alice").id
    assert len(feishu.in_chat(alice)) == 2
    assert (await api.post("ou_nobody"))["code"] == 230013
    feishu.people[alice].available = False
    assert (await api.post(alice))["code"] == 230013
    assert (await api.post(feishu.person("mallory", tenant="another").open_id))["code"] == 230038


async def test_the_same_uuid_makes_no_second_message_within_the_hour(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    first = (await api.post(chat, uuid="one"))["data"]["message_id"]
    feishu.advance(3599)
    assert (await api.post(chat, CHANGED, uuid="one"))["data"]["message_id"] == first
    feishu.advance(1)
    assert (await api.post(chat, uuid="one"))["data"]["message_id"] != first
    assert len(feishu.messages) == 2
    assert (await api.post(chat, uuid="x" * 51))["code"] == 230001


async def test_a_chat_that_takes_no_messages_says_why(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    feishu.chats[chat].refusal = 230035
    assert (await api.post(chat))["code"] == 230035
    feishu.chats[chat].refusal = None
    await feishu.removes_bot(chat)
    assert (await api.post(chat))["code"] == 230002
    await feishu.adds_bot(chat)
    assert (await api.post(chat))["code"] == 0
    await feishu.disbands(chat)
    assert (await api.post(chat))["code"] == 232009
    assert (await api.post("oc_unknown"))["code"] == 230001


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("text", {"text": "x" * 150_000}, 0),
        ("text", {"text": "x" * 160_000}, 230025),
        ("text", {"text": ""}, 230001),
        ("post", {"en_us": {"title": "", "content": [[{"tag": "text", "text": "x"}]]}}, 0),
        ("post", {"en_us": {"title": "", "content": [[{"tag": "text", "text": "x" * 31_000}]]}}, 230025),
        ("post", {"title": "", "content": [[{"tag": "text", "text": "x"}]]}, 230001),
        ("interactive", card({"tag": "markdown", "content": "字" * 11_000}), 230025),
        ("file", {"file_key": "file_unknown"}, 230001),
        ("carrier_pigeon", {"text": "x"}, 230001),
    ],
)
async def test_content_has_a_form_and_a_size(
    feishu: FakeFeishu, api: Api, kind: str, content: dict[str, Any], code: int
) -> None:
    body = {"receive_id": feishu.chat(), "msg_type": kind, "content": json.dumps(content, ensure_ascii=False)}
    assert await api.code("POST", MESSAGES, body, receive_id_type="chat_id") == code


async def test_content_is_a_string(feishu: FakeFeishu, api: Api) -> None:
    body = {"receive_id": feishu.chat(), "msg_type": "interactive", "content": CARD}
    assert await api.code("POST", MESSAGES, body, receive_id_type="chat_id") == 230001


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (card(*[{"tag": "hr"}] * 201), "ErrCode: 11310; ErrMsg: element exceeds the limit; "),
        (card(*[markdown("|a|\n|-|\n|b|")] * 6), "ErrCode: 11310; ErrMsg: card table number over limit; "),
        (card(markdown("<at id=ou_nobody></at>")), "ErrCode: 100290; "),
        (card(markdown("![x](https://example.org/x.png)")), "ErrCode: 200570; "),
        (card({"tag": "chart", "chart_spec": {}}), "ErrCode: 200550; "),
        (card({"tag": "note", "elements": []}), "ErrCode: 200861; "),
        (card({"tag": "hr", "colour": "red"}), "ErrCode: 200621; "),
        ({"elements": []}, "ErrCode: 200621; "),
    ],
)
async def test_a_card_is_refused_for_what_is_in_it(
    feishu: FakeFeishu, api: Api, content: dict[str, Any], why: str
) -> None:
    said = await api.post(feishu.chat(), content)
    assert said["code"] == 230099
    assert why in said["msg"]
    assert feishu.refusals != []
    feishu.refusals.clear()
    assert feishu.messages == {}


async def test_people_are_called_in_a_card_by_their_id(feishu: FakeFeishu, api: Api) -> None:
    alice = feishu.person("alice").open_id
    said = await api.post(feishu.chat(), card(markdown(f"<at id={alice}></at> <at id=all></at>")))
    assert said["code"] == 0


async def test_a_reply_stands_below_what_it_answers(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat(members=["alice"])
    asked = (await feishu.says("yesterday", chat=chat))["event"]["message"]["message_id"]
    first = (await api.reply(asked))["data"]
    second = (await api.reply(first["message_id"]))["data"]
    assert (first["parent_id"], first["root_id"]) == (asked, asked)
    assert (second["parent_id"], second["root_id"]) == (first["message_id"], asked)
    assert "thread_id" not in second
    assert (await api.reply("om_unknown"))["code"] == 230011


async def test_a_reply_opens_a_topic_in_which_what_follows_stands(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat(members=["alice"])
    root = posted(feishu, CARD, chat=chat)
    first = (await api.reply(root, reply_in_thread=True))["data"]
    thread = first["thread_id"]
    assert thread.startswith("omt_")
    asked = (await feishu.says("why?", chat=chat, reply_to=first["message_id"]))["event"]["message"]
    assert (asked["thread_id"], asked["root_id"], asked["parent_id"]) == (thread, root, root)
    second = (await api.reply(asked["message_id"]))["data"]
    assert (second["thread_id"], second["parent_id"]) == (thread, root)
    feishu.chats[chat].has_topics = False
    assert (await api.reply(root, reply_in_thread=True))["code"] == 230071


async def test_what_was_withdrawn_takes_no_reply_and_no_change(feishu: FakeFeishu, api: Api) -> None:
    message = posted(feishu, CARD, chat=feishu.chat())
    event = await feishu.recalls(message)
    assert event["event"]["message_id"] == message
    assert (await api.reply(message))["code"] == 230011
    assert await api.patch(message) == 230011


async def test_a_card_is_changed_for_two_weeks(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    message = posted(feishu, CARD, chat=chat)
    feishu.advance(14 * 86_400)
    await api.authorize()
    assert await api.patch(message) == 0
    assert (feishu.messages[message].content, feishu.messages[message].updates) == (CHANGED, 1)
    feishu.advance(1)
    assert await api.patch(message) == 230031


async def test_only_cards_are_changed_and_their_schema_stays(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat()
    text = (await api.post(chat, {"text": "x"}, "text"))["data"]["message_id"]
    assert await api.patch(text) == 230001
    message = posted(feishu, CARD, chat=chat)
    said = await api.call("PATCH", f"{MESSAGES}/{message}", {"content": json.dumps({"elements": []})})
    assert "ErrCode: 200830" in said["msg"]
    another = posted(feishu, CARD, chat=chat)
    assert [await api.patch(another) for _ in range(6)] == [0, 0, 0, 0, 0, 230020]


async def test_history_is_read_page_by_page(feishu: FakeFeishu, api: Api) -> None:
    feishu.granted |= {"im:message", "im:message.group_msg"}
    chat = feishu.chat(members=["alice"])
    written = [(await feishu.says(str(n), chat=chat))["event"]["message"]["message_id"] for n in range(3)]
    where = {"container_id_type": "chat", "container_id": chat, "page_size": "2"}
    first = (await api.call("GET", MESSAGES, **where))["data"]
    second = (await api.call("GET", MESSAGES, **where, page_token=first["page_token"]))["data"]
    assert [each["message_id"] for each in (*first["items"], *second["items"])] == written
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert (await api.call("GET", f"{MESSAGES}/{written[0]}"))["data"]["items"][0]["message_id"] == written[0]
    other_order = {**where, "page_token": first["page_token"], "sort_type": "ByCreateTimeDesc"}
    assert await api.code("GET", MESSAGES, **other_order) == 230001


async def test_history_is_read_between_two_seconds_in_either_order(feishu: FakeFeishu, api: Api) -> None:
    feishu.granted |= {"im:message", "im:message.group_msg"}
    chat = feishu.chat(members=["alice"])
    written = []
    for _minute in range(4):
        written.append((await feishu.says("hello", chat=chat))["event"]["message"]["message_id"])
        feishu.advance(60)
    noon = int(NOON.timestamp())
    where = {"container_id_type": "chat", "container_id": chat, "start_time": str(noon + 60)}
    assert ids(await api.call("GET", MESSAGES, **where)) == written[1:]
    between = {**where, "end_time": str(noon + 120), "sort_type": "ByCreateTimeDesc"}
    assert ids(await api.call("GET", MESSAGES, **between)) == [written[2], written[1]]


async def test_history_shows_of_a_topic_its_first_message_and_the_others_in_its_thread(
    feishu: FakeFeishu, api: Api
) -> None:
    feishu.granted |= {"im:message", "im:message.group_msg"}
    chat = feishu.chat(members=["alice"])
    first = posted(feishu, CARD, chat=chat)
    below = (await api.reply(first, reply_in_thread=True))["data"]
    plain = (await api.reply(posted(feishu, CARD, chat=chat)))["data"]
    shown = ids(await api.call("GET", MESSAGES, container_id_type="chat", container_id=chat))
    assert (first in shown, below["message_id"] in shown, plain["message_id"] in shown) == (True, False, True)
    thread = {"container_id_type": "thread", "container_id": below["thread_id"]}
    assert ids(await api.call("GET", MESSAGES, **thread)) == [first, below["message_id"]]
    assert await api.code("GET", MESSAGES, **thread, start_time="0") == 230001


async def test_history_gives_cards_back_as_an_old_client_shows_them_unless_they_are_wanted_as_they_were_sent(
    feishu: FakeFeishu, api: Api
) -> None:
    feishu.granted |= {"im:message", "im:message.group_msg"}
    chat = feishu.chat()
    message = posted(feishu, CARD, chat=chat)
    posted(feishu, {**CARD, "header": {"title": {"tag": "plain_text", "content": "Digest"}}}, chat=chat)
    where = {"container_id_type": "chat", "container_id": chat}
    shown = (await api.call("GET", MESSAGES, **where))["data"]["items"]
    reduced = [json.loads(each["body"]["content"]) for each in shown]
    upgrade = [[{"tag": "text", "text": "请升级至最新版本客户端，以查看内容"}]]
    assert reduced == [{"title": None, "elements": upgrade}, {"title": "Digest", "elements": upgrade}]
    sent = (await api.call("GET", MESSAGES, **where, card_msg_content_type="user_card_content"))["data"]["items"][0]
    assert json.loads(json.loads(sent["body"]["content"])["user_dsl"]) == CARD
    assert (sent["sender"]["id"], sent["sender"]["id_type"], sent["deleted"]) == (feishu.app_id, "app_id", False)
    await feishu.recalls(message)
    withdrawn = (await api.call("GET", MESSAGES, **where))["data"]["items"][0]
    assert (withdrawn["deleted"], withdrawn["body"]["content"]) == (True, "This message was recalled")


async def test_history_of_a_group_needs_a_scope_of_its_own_and_the_bot_in_it(feishu: FakeFeishu, api: Api) -> None:
    feishu.granted.add("im:message:readonly")
    group, alone = feishu.chat(members=["alice"]), feishu.p2p("alice").id
    where = {"container_id_type": "chat"}
    assert await api.code("GET", MESSAGES, **where, container_id=alone) == 0
    said = await api.call("GET", MESSAGES, **where, container_id=group)
    assert said["code"] == 230027
    assert said["msg"] == "Lack of necessary permissions, ext=need scope: im:message.group_msg"
    feishu.granted.add("im:message.group_msg")
    assert await api.code("GET", MESSAGES, **where, container_id=group) == 0
    await feishu.removes_bot(group)
    assert await api.code("GET", MESSAGES, **where, container_id=group) == 230002


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"container_id_type": "group"}, 230001),
        ({"container_id": "oc_none"}, 230001),
        ({"start_time": "1769083200000"}, 230001),  # milliseconds
        ({"page_token": "7"}, 230001),
        ({"card_msg_content_type": "everything"}, 230001),
        ({"page_size": "51"}, 99992402),
        ({"sort_type": "newest"}, 99992402),
    ],
    ids=str,
)
async def test_history_is_asked_for_as_it_is_written(
    feishu: FakeFeishu, api: Api, wrong: dict[str, str], code: int
) -> None:
    feishu.granted |= {"im:message", "im:message.group_msg"}
    where = {"container_id_type": "chat", "container_id": feishu.chat()}
    assert await api.code("GET", MESSAGES, **{**where, **wrong}) == code


async def test_a_file_is_uploaded_and_sent(feishu: FakeFeishu, api: Api) -> None:
    async def upload(data: bytes) -> dict[str, Any]:
        form = {"file_type": "stream", "file_name": "digest.md"}
        answer = await api.client.post("/open-apis/im/v1/files", data=form, files={"file": ("digest.md", data)})
        return answer.json()

    assert (await upload(b""))["code"] == 234010
    key = (await upload(b"# Digest"))["data"]["file_key"]
    assert (feishu.files[key].name, feishu.files[key].data) == ("digest.md", b"# Digest")
    assert (await api.post(feishu.chat(), {"file_key": key}, "file"))["code"] == 0


async def test_a_chat_tells_its_name_tenant_and_members(feishu: FakeFeishu, api: Api) -> None:
    chat = feishu.chat("team", members=["alice", "bob", "carol"])
    about = (await api.call("GET", f"/open-apis/im/v1/chats/{chat}"))["data"]
    assert (about["name"], about["tenant_key"], about["chat_mode"]) == ("team", feishu.tenant, "group")
    path = f"/open-apis/im/v1/chats/{chat}/members"
    first = (await api.call("GET", path, page_size="2"))["data"]
    second = (await api.call("GET", path, page_size="2", page_token=first["page_token"]))["data"]
    assert [each["name"] for each in (*first["items"], *second["items"])] == ["alice", "bob", "carol"]
    await feishu.removes_bot(chat)
    assert await api.code("GET", path) == 232011
    assert await api.code("GET", "/open-apis/im/v1/chats/oc_unknown") == 232006


# Slash commands, custom bots.


async def test_slash_commands_are_made_listed_changed_and_deleted(feishu: FakeFeishu, api: Api) -> None:
    path = "/open-apis/application/v7/app_slash_commands"
    command = {"command": "dynamo-digest", "description": {"default_value": "Digest", "i18n": {"zh_cn": "日报"}}}
    made = (await api.call("POST", path, command))["data"]["command_id"]
    assert await api.code("POST", path, command) == 40000000
    assert await api.code("POST", path, {**command, "command": "/x"}) == 99992402
    assert await api.code("POST", path, {**command, "command": "x", "icon": {"icon_key": "none"}}) == 40000031
    assert await api.code("PATCH", f"{path}/{made}", {"description": {"default_value": "Changed"}}) == 0
    [listed] = (await api.call("GET", path))["data"]["items"]
    assert (listed["command"], listed["description"]) == ("dynamo-digest", {"default_value": "Changed"})
    assert await api.code("DELETE", f"{path}/{made}") == 0
    assert (await api.call("GET", path))["data"]["items"] == []
    feishu.granted.discard("application:app_slash_command:write")
    assert await api.code("POST", path, command) == 99991672


async def test_a_custom_bot_takes_what_is_signed(feishu: FakeFeishu, api: Api) -> None:
    url, bot = feishu.custom_bot(secret="s")
    text = {"msg_type": "text", "content": {"text": "hello"}}
    now, old = [str(int(NOON.timestamp()) - ago) for ago in (3600, 3601)]
    signed = {**text, "timestamp": now, "sign": custom_bot_signature(now, "s")}
    assert await api.code("POST", url, text) == 19021
    assert await api.code("POST", url, {**signed, "sign": custom_bot_signature(now, "another")}) == 19021
    assert await api.code("POST", url, {**text, "timestamp": old, "sign": custom_bot_signature(old, "s")}) == 19021
    assert await api.code("POST", url, signed) == 0
    assert bot.posted == [signed]


async def test_a_custom_bot_has_limits(feishu: FakeFeishu, api: Api) -> None:
    url, bot = feishu.custom_bot(keywords=["Digest"])
    assert await api.code("POST", f"{url}x", {}) == 19001
    assert await api.code("POST", url, {"msg_type": "text"}) == 19024
    assert await api.code("POST", url, {"msg_type": "Digest"}) == 9499
    assert await api.code("POST", url, {"msg_type": "text", "content": {"text": "Digest" * 4_000}}) == 19036
    card_of_the_day = {"msg_type": "interactive", "card": CARD}
    assert [await api.code("POST", url, card_of_the_day) for _ in range(6)] == [0, 0, 0, 0, 0, 11232]
    assert len(bot.posted) == 5


# Events.


@pytest.fixture
def heard(feishu: FakeFeishu) -> list[Event]:
    """What a listener in this process was told; it answers nothing."""
    events: list[Event] = []

    async def receive(event: Event) -> None:
        events.append(event)

    feishu.listen(receive)
    return events


async def test_a_mention_has_a_key_in_its_place(feishu: FakeFeishu, heard: list[Event]) -> None:
    chat = feishu.chat(members=["alice", "bob"])
    event = await feishu.says("yesterday for @bob", chat=chat, mentions=["bob"])
    message = event["event"]["message"]
    assert json.loads(message["content"]) == {"text": "@_user_1 yesterday for @_user_2"}
    assert [(each["key"], each["id"]["open_id"], each["name"]) for each in message["mentions"]] == [
        ("@_user_1", feishu.bot, "Dynamo Digest"),
        ("@_user_2", feishu.person("bob").open_id, "bob"),
    ]
    placed = await feishu.says("yesterday @Dynamo Digest please", chat=chat)
    assert json.loads(placed["event"]["message"]["content"]) == {"text": "yesterday @_user_1 please"}
    assert heard == [event, placed]


async def test_a_conversation_with_the_bot_has_no_mention(feishu: FakeFeishu, heard: list[Event]) -> None:
    await feishu.says("yesterday", chat=feishu.person("alice").open_id)
    message = heard[0]["event"]["message"]
    assert (message["chat_type"], message["chat_id"]) == ("p2p", feishu.p2p("alice").id)
    assert json.loads(message["content"]) == {"text": "yesterday"}
    assert "mentions" not in message


async def test_rich_text_is_paragraphs_of_parts(feishu: FakeFeishu, heard: list[Event]) -> None:
    await feishu.says("yesterday\nplease", chat=feishu.chat(), post=True)
    assert json.loads(heard[0]["event"]["message"]["content"]) == {
        "title": "",
        "content": [
            [
                {"tag": "at", "user_id": "@_user_1", "user_name": "Dynamo Digest", "style": []},
                {"tag": "text", "text": " yesterday", "style": []},
            ],
            [{"tag": "text", "text": "please", "style": []}],
        ],
    }


async def test_events_say_of_which_tenant_somebody_is(feishu: FakeFeishu, heard: list[Event]) -> None:
    mallory = feishu.person("mallory", tenant="another").open_id
    await feishu.says("yesterday", chat=feishu.chat(members=["mallory"]), user="mallory")
    assert heard[0]["header"]["tenant_key"] == feishu.tenant
    assert heard[0]["event"]["sender"] == {
        "sender_id": {"union_id": mallory.replace("ou_", "on_"), "user_id": "", "open_id": mallory},
        "sender_type": "user",
        "tenant_key": "another",
    }


async def test_what_becomes_of_chats_is_told(feishu: FakeFeishu, heard: list[Event]) -> None:
    chat = feishu.chat("team", members=["alice"])
    alice = feishu.person("alice").open_id
    await feishu.adds_bot(chat)
    await feishu.renames(chat, "new")
    await feishu.removes_bot(chat)
    await feishu.disbands(chat)
    await feishu.enters("alice")
    await feishu.chooses_menu("help", user="alice")
    assert [event["header"]["event_type"] for event in heard] == [
        "im.chat.member.bot.added_v1",
        "im.chat.updated_v1",
        "im.chat.member.bot.deleted_v1",
        "im.chat.disbanded_v1",
        "im.chat.access_event.bot_p2p_chat_entered_v1",
        "application.bot.menu_v6",
    ]
    said = [event["event"] for event in heard]
    assert [each["operator_id"]["open_id"] for each in said[:5]] == [alice] * 5
    assert (said[1]["before_change"]["name"], said[1]["after_change"]["name"]) == ("team", "new")
    assert said[4]["chat_id"] == feishu.p2p("alice").id
    assert (said[5]["event_key"], said[5]["operator"]["operator_id"]["open_id"]) == ("help", alice)
    assert "chat_id" not in said[5]


async def test_an_event_is_delivered_as_often_as_it_is_wanted(feishu: FakeFeishu, heard: list[Event]) -> None:
    event = await feishu.says("yesterday", chat=feishu.chat(), times=3)
    assert heard == [event] * 3


async def test_what_nobody_accepts_comes_again_four_times(feishu: FakeFeishu) -> None:
    attempts: list[Event] = []

    async def refuse(event: Event) -> None:
        attempts.append(event)
        raise RuntimeError("no room")

    feishu.listen(refuse)
    event = await feishu.says("yesterday", chat=feishu.chat())
    for seconds in (14, 1, 300, 3600, 21_600, 86_400):
        feishu.advance(seconds)
        await feishu.settled()
    assert attempts == [event] * 5
    assert len(feishu.raised) == 5
    assert feishu.owed == []


# Clicks.


async def test_a_click_shows_what_the_answer_says(feishu: FakeFeishu) -> None:
    events: list[Event] = []
    answer = {"toast": {"type": "info", "content": "Wait"}, "card": {"type": "raw", "data": CHANGED}}

    async def receive(event: Event) -> dict[str, Any]:
        events.append(event)
        return answer

    feishu.listen(receive)
    chat = feishu.chat(members=["alice"])
    message = posted(feishu, CARD, chat=chat)
    assert await feishu.clicks(message, MORE, user="alice") == answer
    assert feishu.messages[message].content == CHANGED
    assert events[0]["event"] == {
        "operator": {"tenant_key": feishu.tenant, **feishu.person("alice").ids()},
        "token": next(iter(feishu.clicks_made)),
        "action": {"value": MORE, "tag": "button", "timezone": "Asia/Shanghai"},
        "host": "im_message",
        "context": {"open_message_id": message, "open_chat_id": chat},
    }


async def test_people_click_only_on_what_is_there(feishu: FakeFeishu, heard: list[Event]) -> None:
    message = posted(feishu, card({**BUTTON, "disabled": True}), chat=feishu.chat())
    with pytest.raises(AssertionError, match="nothing in the card"):
        await feishu.clicks(message, MORE)
    assert heard == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"unknown": "x"}, "the form has"),
        ({}, "words is required"),
        ({"words": "x" * 11}, "words is too long"),
        ({"words": "x", "kind": "praise"}, "kind has"),
    ],
)
async def test_people_fill_in_only_what_a_form_takes(
    feishu: FakeFeishu, heard: list[Event], given: dict[str, str], problem: str
) -> None:
    message = posted(feishu, card(FORM), chat=feishu.chat())
    with pytest.raises(AssertionError, match=problem):
        await feishu.clicks(message, {"do": "send"}, form_value=given)
    assert heard == []


async def test_a_form_is_sent_with_what_it_showed(feishu: FakeFeishu, heard: list[Event]) -> None:
    message = posted(feishu, card(FORM), chat=feishu.chat())
    await feishu.clicks(message, {"do": "send"}, form_value={"words": "x"})
    assert heard[0]["event"]["action"] == {
        "value": {"do": "send"},
        "tag": "button",
        "timezone": "Asia/Shanghai",
        "name": "send",
        "form_value": {"words": "x", "kind": "bug"},
    }


async def test_a_choice_is_one_of_those_offered(feishu: FakeFeishu, heard: list[Event]) -> None:
    options = [{"text": {"tag": "plain_text", "content": each}, "value": each} for each in ("a", "b")]
    menu = {"tag": "overflow", "options": options, "behaviors": [{"type": "callback", "value": MORE}]}
    message = posted(feishu, card(menu), chat=feishu.chat())
    with pytest.raises(AssertionError, match="there are"):
        await feishu.clicks(message, MORE, option="c")
    await feishu.clicks(message, MORE, option="b")
    assert heard[0]["event"]["action"] == {"value": MORE, "tag": "overflow", "timezone": "Asia/Shanghai", "option": "b"}


async def test_every_click_is_an_event_of_its_own(feishu: FakeFeishu, heard: list[Event]) -> None:
    await feishu.clicks(posted(feishu, CARD, chat=feishu.chat()), MORE, times=3)
    assert len({event["header"]["event_id"] for event in heard}) == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"toast": {"type": "shout", "content": "x"}}, 200672),
        ({"message": "x"}, 200672),
        ({"card": CHANGED}, 200673),
        ({"card": {"type": "raw", "data": {"elements": []}}}, 200830),
    ],
)
async def test_a_wrong_answer_to_a_click_is_an_error_to_the_person(
    feishu: FakeFeishu, answer: dict[str, Any], code: int
) -> None:
    async def receive(_: Event) -> dict[str, Any]:
        return answer

    feishu.listen(receive)
    message = posted(feishu, CARD, chat=feishu.chat())
    with pytest.raises(ClickFailed) as failed:
        await feishu.clicks(message, MORE)
    assert failed.value.code == code
    assert feishu.messages[message].content == CARD


async def test_a_click_that_nobody_hears_fails_and_never_comes_again(feishu: FakeFeishu) -> None:
    with pytest.raises(ClickFailed) as failed:
        await feishu.clicks(posted(feishu, CARD, chat=feishu.chat()), MORE)
    assert failed.value.code == 200341
    assert feishu.owed == []


async def test_a_change_before_the_answer_is_undone_by_it(feishu: FakeFeishu, api: Api) -> None:
    message = posted(feishu, CARD, chat=feishu.chat())
    codes: list[int] = []

    async def receive(event: Event) -> None:
        codes.append(await api.patch(message))
        update = {"token": event["event"]["token"], "card": CHANGED}
        codes.append(await api.code("POST", "/open-apis/interactive/v1/card/update", update))

    feishu.listen(receive)
    await feishu.clicks(message, MORE)
    assert codes == [0, 300030]
    assert feishu.messages[message].content == CARD


async def test_a_click_is_good_for_two_later_changes_in_half_an_hour(
    feishu: FakeFeishu, api: Api, heard: list[Event]
) -> None:
    message = posted(feishu, CARD, chat=feishu.chat())

    async def update(number: int, content: dict[str, Any] = CHANGED) -> int:
        body = {"token": heard[number]["event"]["token"], "card": content}
        return await api.code("POST", "/open-apis/interactive/v1/card/update", body)

    await feishu.clicks(message, MORE, times=2)
    assert [await update(0) for _ in range(3)] == [0, 0, 300040]
    assert feishu.messages[message].content == CHANGED
    assert await update(1, {"elements": []}) == 11311
    feishu.advance(30 * 60 + 1)
    assert await update(1) == 300030
    assert await api.code("POST", "/open-apis/interactive/v1/card/update", {"token": "x", "card": CARD}) == 300020


# How events come.


async def test_what_comes_to_an_address_is_encrypted_and_signed(feishu: FakeFeishu) -> None:
    bodies: list[Any] = []

    async def receive(request: web.Request) -> web.Response:
        raw = await request.read()
        head = request.headers
        text = (head["X-Lark-Request-Timestamp"] + head["X-Lark-Request-Nonce"] + feishu.encrypt_key) if bodies else ""
        if bodies:
            assert hmac.compare_digest(hashlib.sha256(text.encode() + raw).hexdigest(), head["X-Lark-Signature"])
        bodies.append(decrypted(json.loads(raw)["encrypt"], feishu.encrypt_key))
        return web.json_response({"challenge": bodies[0]["challenge"]})

    async with served(receive) as url:
        await feishu.listen_at(url)
        event = await feishu.says("yesterday 昨天", chat=feishu.chat())
        feishu.encrypt_key = ""
    assert bodies[0]["type"] == "url_verification"
    assert bodies[1] == event
    assert feishu.owed == []


def test_encryption_is_that_of_the_official_vector() -> None:
    assert raw_decrypted("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "test key") == b"hello world"
    assert raw_decrypted(encrypted(b"hello world", "test key"), "test key") == b"hello world"


@asynccontextmanager
async def served(handle: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/events", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    finally:
        await runner.cleanup()


def decrypted(text: str, key: str) -> Any:
    return json.loads(raw_decrypted(text, key))


def raw_decrypted(text: str, key: str) -> bytes:
    data = b64decode(text)
    cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(data[:16])).decryptor()
    plain = cipher.update(data[16:]) + cipher.finalize()
    return plain[: -plain[-1]]


async def test_the_endpoint_gives_an_address_to_the_app_only(feishu: FakeFeishu, api: Api) -> None:
    app = {"AppID": feishu.app_id, "AppSecret": feishu.app_secret}
    given = await api.call("POST", "/callback/ws/endpoint", app)
    query = dict(httpx.URL(given["data"]["URL"]).params)
    assert given["code"] == 0
    assert {"device_id", "service_id", "access_key", "ticket"} <= set(query)
    assert set(given["data"]["ClientConfig"]) == {
        "ReconnectCount",
        "ReconnectInterval",
        "ReconnectNonce",
        "PingInterval",
    }
    assert await api.code("POST", "/callback/ws/endpoint", {**app, "AppSecret": "another"}) == 1000040344
    feishu.connections.endpoint_code = 10003
    assert await api.code("POST", "/callback/ws/endpoint", app) == 10003
    assert feishu.connections.asked == 3


async def test_an_event_goes_to_one_connection_and_its_ack_comes_back(feishu: FakeFeishu) -> None:
    async with connected(feishu) as first, connected(feishu) as second:
        telling = asyncio.create_task(feishu.says("yesterday", chat=feishu.chat()))
        frame, socket = await first_frame(first, second)
        assert (frame.method, frame.headers["type"], frame.headers["sum"], frame.headers["seq"]) == (
            1,
            "event",
            "1",
            "0",
        )
        await acknowledge(socket, frame, {"code": 200})
        event = await telling
    assert json.loads(frame.payload or b"") == event
    assert [ack.code for ack in feishu.connections.acks] == [200]
    assert feishu.owed == []


async def test_an_answer_to_a_click_comes_in_its_ack(feishu: FakeFeishu) -> None:
    message = posted(feishu, CARD, chat=feishu.chat())
    toast = {"toast": {"type": "success", "content": "好"}}
    async with connected(feishu) as socket:
        clicking = asyncio.create_task(feishu.clicks(message, MORE))
        frame, _ = await first_frame(socket)
        await acknowledge(socket, frame, {"code": 200, "data": b64encode(json.dumps(toast).encode()).decode()})
        assert await clicking == toast


async def test_a_long_event_comes_in_parts(feishu: FakeFeishu) -> None:
    async with connected(feishu) as socket:
        pushing = asyncio.create_task(feishu.connections.push({"text": "昨天" * 10}, parts=3, kind="card"))
        frames = [feishu_frames.decode((await socket.receive()).data) for _ in range(3)]
        await acknowledge(socket, frames[-1], {"code": 200})
        ack = await pushing
    assert [(each.headers["type"], each.headers["sum"], each.headers["seq"]) for each in frames] == [
        ("card", "3", "0"),
        ("card", "3", "1"),
        ("card", "3", "2"),
    ]
    assert json.loads(b"".join(each.payload or b"" for each in frames)) == {"text": "昨天" * 10}
    assert ack is not None
    assert ack.code == 200


async def test_a_ping_is_answered_unless_the_server_is_deaf(feishu: FakeFeishu) -> None:
    feishu.connections.patience = 0.1
    ping = feishu_frames.encode(Frame(service=7, method=0, headers={"type": "ping"}))
    async with connected(feishu) as socket:
        await socket.send_bytes(ping)
        assert feishu_frames.decode((await socket.receive()).data).headers == {"type": "pong"}
        feishu.connections.make_deaf()
        await socket.send_bytes(ping)
        event = await feishu.says("yesterday", chat=feishu.chat())
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.1)
        assert [each.event for each in feishu.owed] == [event]
        feishu.connections.make_deaf(False)
        feishu.advance(15)
        assert json.loads(feishu_frames.decode((await socket.receive()).data).payload or b"") == event
        assert feishu.connections.open[0].pings == 2


async def test_connections_break_and_are_limited_to_fifty(feishu: FakeFeishu) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connected(feishu)) for _ in range(50)]
        with pytest.raises(WSServerHandshakeError) as refused:
            await stack.enter_async_context(connected(feishu))
        assert refused.value.headers is not None
        assert refused.value.headers["handshake-autherrcode"] == "1000040350"
        await feishu.connections.drop()
        assert (await sockets[0].receive()).type in {WSMsgType.CLOSED, WSMsgType.ERROR}
    assert feishu.connections.count == 0


@asynccontextmanager
async def connected(feishu: FakeFeishu) -> AsyncIterator[ClientWebSocketResponse]:
    given = await feishu.connections.endpoint(feishu.url, {"AppID": feishu.app_id, "AppSecret": feishu.app_secret})
    async with ClientSession() as session, session.ws_connect(given["data"]["URL"]) as socket:
        yield socket


async def first_frame(*sockets: ClientWebSocketResponse) -> tuple[Frame, ClientWebSocketResponse]:
    waiting = {asyncio.create_task(socket.receive()): socket for socket in sockets}
    [done], pending = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return feishu_frames.decode(done.result().data), waiting[done]


async def acknowledge(socket: ClientWebSocketResponse, frame: Frame, said: dict[str, Any]) -> None:
    acked = replace(frame, headers={**frame.headers, "biz_rt": "1"}, payload=json.dumps(said).encode())
    await socket.send_bytes(feishu_frames.encode(acked))


@pytest.mark.parametrize("data", [b"\x08\x01", b"\x08", b"\x2a\x7f", b"\x0d\x00\x00\x00\x00"])
def test_half_a_frame_is_none(data: bytes) -> None:
    with pytest.raises(feishu_frames.Malformed):
        feishu_frames.decode(data)


# Creating an app.


async def register(api: Api, **form: str) -> dict[str, Any]:
    return (await api.client.post("/oauth/v1/app/registration", data=form)).json()


async def test_an_app_is_created_once_somebody_has_scanned_the_code(feishu: FakeFeishu, api: Api) -> None:
    assert "client_secret" in (await register(api, action="init"))["supported_auth_methods"]
    begun = await register(api, action="begin", archetype="PersonalAgent", auth_method="client_secret")
    assert begun["verification_uri_complete"] == f"{feishu.url}/page/launcher?user_code={begun['user_code']}"
    poll = {"action": "poll", "device_code": begun["device_code"]}
    feishu.registration.errors = ["slow_down"]
    assert (await register(api, **poll))["error"] == "slow_down"
    assert (await register(api, **poll))["error"] == "authorization_pending"
    feishu.registration.scan("alice", brand="lark")
    of_alice = {"open_id": feishu.person("alice").open_id, "tenant_brand": "lark"}
    # The rest is for Lark's server to say.
    assert await register(api, **poll) == {"user_info": of_alice}
    app = {"client_id": feishu.app_id, "client_secret": feishu.app_secret}
    assert await register(api, **poll) == {**app, "user_info": of_alice}
    assert (await register(api, action="poll", device_code="another"))["error"] == "invalid_request"
