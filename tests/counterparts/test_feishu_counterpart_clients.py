"""The fake of Feishu, held to account by clients that nobody here wrote: three SDKs of Feishu's, and NoneBot's."""

import json
import os
from typing import Any

import pytest

from tests.counterparts import feishu_frames
from tests.counterparts.feishu import Event, FakeFeishu, Posted
from tests.counterparts.feishu_clients import NONEBOT, PATIENCE, Client, client, of_node, of_nonebot, of_python
from tests.counterparts.feishu_crypto import encrypted
from tests.counterparts.processes import free_port
from tests.counterparts.test_feishu_counterpart import CARD, NOON, posted
from tests.slack_people import eventually

CHANGED = {**CARD, "config": {"update_multi": True, "summary": {"content": "Changed"}}}
ANSWER = {"toast": {"type": "success", "content": "Done"}, "card": {"type": "raw", "data": CHANGED}}

nonebot = pytest.mark.skipif(
    not NONEBOT.exists() and not os.environ.get("CI"), reason="`make setup-dev` makes the environment of NoneBot"
)


@pytest.fixture(autouse=True)
def patient(feishu: FakeFeishu) -> None:
    """What is tested is not how fast they are."""
    feishu.connections.patience = PATIENCE


# Node.


async def test_nodes_sdk_posts_answers_changes_and_uploads(feishu: FakeFeishu, node_modules: None) -> None:
    chat = feishu.chat("team", members=["alice", "bob"])
    async with client(of_node(), feishu, "api") as sdk:
        await sdk.ask({"chat": chat, "card": CARD, "changed": CHANGED})
        said = await sdk.line()
    card, reply, file = feishu.messages.values()
    assert said["made"]["data"]["message_id"] == card.id
    assert (card.content, card.updates, card.uuid) == (CHANGED, 1, "a-uuid")
    assert said["replied"]["data"]["thread_id"] == reply.thread == card.thread
    assert (reply.parent, reply.in_thread, reply.content) == (card.id, True, {"text": "below"})
    assert feishu.files[file.content["file_key"]].data == b"# Digest"
    assert (said["about"]["data"]["name"], said["about"]["data"]["tenant_key"]) == ("team", feishu.tenant)
    assert [each["name"] for each in said["members"]["data"]["items"]] == ["alice", "bob"]
    assert feishu.tokens_given == 1


async def test_nodes_sdk_reads_history_page_by_page(feishu: FakeFeishu, node_modules: None) -> None:
    feishu.granted |= {"im:message:readonly", "im:message.group_msg"}
    asked, cards = await asked_of_a_history(feishu)
    async with client(of_node(), feishu, "history") as sdk:
        await sdk.ask(asked)
        items = await sdk.line()
    assert [each["message_id"] for each in items] == cards
    assert [json.loads(json.loads(each["body"]["content"])["user_dsl"]) for each in items] == [CARD] * 3
    assert {each["sender"]["id"] for each in items} == {feishu.app_id}
    assert len(feishu.calls_of("GET /open-apis/im/v1/messages")) == 2


async def asked_of_a_history(feishu: FakeFeishu) -> tuple[dict[str, Any], list[str]]:
    """Which part of a group's history to read, and the cards that stand in it; there is one before it and after it."""
    chat = feishu.chat("team", members=["alice"])
    feishu.limits_rates = False
    feishu.clock = lambda: NOON
    cards = []
    for _minute in range(5):
        cards.append(posted(feishu, CARD, chat=chat))
        feishu.advance(60)
    noon = int(NOON.timestamp())
    since, until = str(noon + 60), str(noon + 180)
    return {"chat": chat, "since": since, "until": until, "order": "ByCreateTimeAsc", "size": 2}, cards[1:4]


async def test_nodes_sdk_hears_and_answers_over_a_long_connection(feishu: FakeFeishu, node_modules: None) -> None:
    async with client(of_node(), feishu, "long connection", answer=ANSWER) as sdk:
        await feishu.connections.wait_for_connection(timeout=PATIENCE)
        await hears_a_message_and_answers_a_click(feishu, sdk)


async def test_nodes_sdk_decrypts_what_comes_to_an_address(feishu: FakeFeishu, node_modules: None) -> None:
    async with client(of_node(), feishu, "webhook", answer=ANSWER) as sdk:
        await feishu.listen_at((await sdk.line())["url"])
        await hears_a_message_and_answers_a_click(feishu, sdk)


async def test_nodes_sdk_refuses_what_is_not_signed_by_us(feishu: FakeFeishu, node_modules: None) -> None:
    async with client(of_node(), feishu, "webhook", answer=ANSWER) as sdk:
        await feishu.listen_at((await sdk.line())["url"])
        chat = feishu.chat(members=["alice"])
        feishu.signed = lambda body, **_: {**FakeFeishu.signed(feishu, body), "X-Lark-Signature": "0" * 64}  # type: ignore[method-assign]
        await feishu.says("yesterday", chat=chat)
        del feishu.signed
        await feishu.says("today", chat=chat)
        assert "today" in (await sdk.line())["event"]["message"]["content"]


async def hears_a_message_and_answers_a_click(feishu: FakeFeishu, sdk: Client) -> None:
    chat = feishu.chat(members=["alice"])
    event = await feishu.says("yesterday 昨天", chat=chat)
    assert same_message((await sdk.line())["event"], event)
    card = posted(feishu, CARD, chat=chat)
    assert await feishu.clicks(card, {"do": "more"}) == ANSWER
    assert (await sdk.line())["kind"] == "click"
    assert feishu.messages[card].content == CHANGED
    assert feishu.owed == []


def same_message(heard: dict[str, Any], event: Event) -> bool:
    """SDKs differ in where they put the header."""
    inner = heard.get("event", heard)
    return inner["message"]["message_id"] == event["event"]["message"]["message_id"] and json.loads(
        inner["message"]["content"]
    ) == json.loads(event["event"]["message"]["content"])


# Python.


async def test_pythons_sdk_posts_answers_changes_and_uploads(feishu: FakeFeishu) -> None:
    chat = feishu.chat("team", members=["alice"])
    async with client(of_python("feishu_lark_oapi"), feishu, "api") as sdk:
        await sdk.ask({"chat": chat, "card": CARD, "changed": CHANGED})
        said = await sdk.line()
    card, reply = feishu.messages.values()
    assert said["codes"] == [0, 0, 0, 0, 230011, 0, 0]
    assert said["made"]["message_id"] == card.id
    assert said["replied"]["root_id"] == said["replied"]["parent_id"] == card.id
    assert said["replied"]["thread_id"] == reply.thread
    assert feishu.files[said["file"]].data == b"# Digest"
    assert said["log_id"]
    assert said["about"]["chat_mode"] == "group"
    assert [each["member_id"] for each in said["members"]["items"]] == [feishu.person("alice").open_id]


async def test_pythons_sdk_reads_history_page_by_page_if_it_may(feishu: FakeFeishu) -> None:
    feishu.granted.add("im:message:readonly")
    asked, cards = await asked_of_a_history(feishu)
    async with client(of_python("feishu_lark_oapi"), feishu, "history") as sdk:
        await sdk.ask(asked)
        refused = await sdk.line()
        feishu.granted.add("im:message.group_msg")
        await sdk.ask(asked)
        pages = [await sdk.line(), await sdk.line()]
        await feishu.removes_bot(asked["chat"])
        await sdk.ask(asked)
        outside = await sdk.line()
    assert (refused["code"], refused["msg"]) == (
        230027,
        "Lack of necessary permissions, ext=need scope: im:message.group_msg",
    )
    assert [each["message_id"] for page in pages for each in page["page"]["items"]] == cards
    assert [page["page"]["has_more"] for page in pages] == [True, False]
    (last,) = pages[-1]["page"]["items"]
    assert json.loads(json.loads(last["body"]["content"])["user_dsl"]) == CARD
    assert (last["sender"]["id_type"], last["chat_id"], last["deleted"]) == ("app_id", asked["chat"], False)
    assert outside["code"] == 230002


async def test_pythons_sdk_hears_and_answers_over_a_long_connection(feishu: FakeFeishu) -> None:
    async with client(of_python("feishu_lark_oapi"), feishu, "long connection", answer=ANSWER) as sdk:
        await feishu.connections.wait_for_connection(timeout=PATIENCE)
        await hears_a_message_and_answers_a_click(feishu, sdk)
        pushed = await feishu.says("in three parts 三", chat=feishu.chat())
        await sdk.line()
        await feishu.connections.push({**pushed, "header": {**pushed["header"], "event_id": "another"}}, parts=3)
        assert same_message((await sdk.line())["event"], pushed)
        unregistered = await feishu.chooses_menu("help")
        assert [each.event for each in feishu.owed] == [unregistered]
        assert [ack.code for ack in feishu.connections.acks] == [200, 200, 200, 200, 500]
        await feishu.connections.drop()
        await feishu.connections.wait_for_connection(timeout=PATIENCE)
        again = await feishu.says("again", chat=feishu.chat())
        assert same_message((await sdk.line())["event"], again)


async def test_pythons_sdk_creates_an_app(feishu: FakeFeishu) -> None:
    feishu.registration.errors = ["authorization_pending", "authorization_pending"]
    async with client(of_python("feishu_lark_oapi"), feishu, "registration") as sdk:
        code = await sdk.line()
        assert code["url"].startswith(f"{feishu.url}/page/launcher?user_code=")
        assert [(await sdk.line())["status"] for _ in range(2)] == ["polling", "polling"]
        feishu.registration.scan("alice")
        said = await sdk.line()
        while said["kind"] == "status":
            said = await sdk.line()
    assert said["app"] == {
        "client_id": feishu.app_id,
        "client_secret": feishu.app_secret,
        "user_info": {"open_id": feishu.person("alice").open_id, "tenant_brand": "feishu"},
    }


async def test_the_sdk_for_bots_hears_and_answers(feishu: FakeFeishu) -> None:
    chat = feishu.chat(members=["alice"])
    async with client(of_python("feishu_lark_channel"), feishu, "") as sdk:
        assert await sdk.line() == {"ready": True}
        event = await feishu.says("yesterday", chat=chat)
        said = await sdk.line()
    [answer] = feishu.messages.values()
    assert (said["text"], said["sender"]) == ("@Dynamo Digest yesterday", feishu.person("alice").open_id)
    assert (said["sent"], answer.parent) == (answer.id, event["event"]["message"]["message_id"])
    assert "received: @Dynamo Digest yesterday" in json.dumps(answer.content)
    feishu.unknown.clear()  # it asks for people's names


# NoneBot.


async def posted_messages(feishu: FakeFeishu) -> list[Posted]:
    return list(feishu.messages.values())


@nonebot
async def test_nonebot_takes_every_event(feishu: FakeFeishu) -> None:
    chat = feishu.chat(members=["alice"])
    alice = feishu.person("alice").open_id
    events = {
        "GroupMessageEvent": [
            await feishu.says("yesterday @bob", chat=chat, mentions=["bob"]),
            await feishu.says("yesterday", chat=chat, post=True),
            await feishu.says("yesterday", chat=chat, reply_to=posted(feishu, CARD, chat=chat)),
        ],
        "PrivateMessageEvent": [await feishu.says("yesterday", chat=alice)],
        "GroupMemberBotAddedEvent": [await feishu.adds_bot(chat)],
        "GroupMemberBotDeletedEvent": [await feishu.removes_bot(chat)],
        "GroupDisbandedEvent": [await feishu.disbands(chat)],
        # It knows nothing of these.
        "Event": [await feishu.chooses_menu("help"), await feishu.enters("alice")],
    }
    async with client(of_nonebot(), feishu, "events") as bot:
        await bot.ask([event for every in events.values() for event in every])
        assert await bot.line() == [name for name, every in events.items() for _ in every]


@nonebot
async def test_nonebot_reads_our_frames_and_writes_the_same(feishu: FakeFeishu) -> None:
    frame = feishu_frames.Frame(
        seq_id=300,
        log_id=2**63 + 5,
        service=33554678,
        method=feishu_frames.DATA,
        headers={"type": "event", "message_id": "m1", "sum": "1"},
        payload="{“昨天”}".encode(),
    )
    sent = feishu_frames.encode(frame)
    async with client(of_nonebot(), feishu, "frame") as bot:
        await bot.ask(sent.hex())
        said = await bot.line()
    assert said == {
        "ids": [300, 2**63 + 5, 33554678, 1],
        "headers": dict(frame.headers),
        "payload": "{“昨天”}",
        "again": sent.hex(),
    }
    assert feishu_frames.decode(bytes.fromhex(said["again"])) == frame


@nonebot
async def test_nonebot_decrypts_what_we_encrypt(feishu: FakeFeishu) -> None:
    async with client(of_nonebot(), feishu, "decrypt") as bot:
        await bot.ask(encrypted("{“昨天”}".encode(), feishu.encrypt_key))
        assert await bot.line() == "{“昨天”}"


@nonebot
@pytest.mark.parametrize("protocol", ["ws", "http"])
async def test_nonebot_hears_and_answers(feishu: FakeFeishu, protocol: str) -> None:
    port = free_port()
    async with client(of_nonebot(), feishu, protocol, port=port) as bot:
        ready = await bot.line()
        if protocol == "http":
            await feishu.listen_at(f"http://127.0.0.1:{port}{ready['path']}")
        else:
            await feishu.connections.wait_for_connection(timeout=PATIENCE)
        chat = feishu.chat(members=["alice"])
        await feishu.says("yesterday", chat=chat)
        assert await bot.line() == {"model": "GroupMessageEvent", "text": "yesterday", "to_me": True}
        [answer] = await eventually(lambda: posted_messages(feishu))
    assert (answer.chat, answer.content) == (chat, {"text": "received: yesterday"})
    assert feishu.owed == []
