"""What becomes in a group, and between two people, of what the messenger posts, changes, tells and sends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from bot.adapters.feishu.failures import AppRefused, GroupDissolved, PersonGone, SpeakingForbidden
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.feishu.slash_commands import description, register
from bot.adapters.feishu.surfaces import FeishuSurfaces
from bot.core import errors
from bot.core.ports import Attachment
from bot.core.replies import Notice
from bot.core.subscriptions import Channel, Platform
from formatters.feishu import following, ladder
from tests.counterparts.faults import Reset
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu, error
from tests.formatters.feishu_cards import unmarked
from tests.messengers.test_feishu import long_view
from tests.messengers.test_slack import VIEW

NOW = datetime(2026, 1, 22, 1, tzinfo=UTC)
KEY = "7:2026-01-21"
HELLO = Notice(text="Hello.")
REPORT = Attachment(name="octo-hello-2026-01-21.md", title="octo/hello, 2026-01-21", text="# 摘要\n")


@pytest.fixture
async def gateway(feishu: FakeFeishu) -> AsyncIterator[FeishuGateway]:
    feishu.clock = lambda: NOW
    feishu.limits_rates = False
    gateway = FeishuGateway(APP_ID, APP_SECRET, feishu.url)
    async with gateway.connected():
        with stamina.set_testing(True, attempts=3):
            yield gateway


@pytest.fixture
def messenger(gateway: FeishuGateway, feishu: FakeFeishu) -> FeishuMessenger:
    return FeishuMessenger(gateway, now=feishu.now)


@pytest.fixture
def surfaces(gateway: FeishuGateway) -> FeishuSurfaces:
    return FeishuSurfaces(gateway)


@pytest.fixture
def group(feishu: FakeFeishu) -> Channel:
    return Channel(platform=Platform.FEISHU, workspace=feishu.tenant, id=feishu.chat("team", members=["alice", "bob"]))


@pytest.fixture
def alice(feishu: FakeFeishu) -> str:
    return feishu.person("alice").open_id


def card_of(reply: Any) -> Any:
    return next(ladder(reply))["content"]


async def test_a_digest_stands_in_its_group_once_within_the_hour(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    ids = [await messenger.post(group, VIEW, key=KEY) for _ in range(3)]
    (posted,) = feishu.in_chat(group.id)
    assert set(ids) == {posted.id}
    assert unmarked(posted.content) == card_of(VIEW)


async def test_a_digest_that_may_have_arrived_is_posted_again_while_that_is_safe(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    since = feishu.now()
    feishu.fail("POST /open-apis/im/v1/messages", Reset(processed=True), times=3)
    with pytest.raises(errors.DeliveryUncertain):
        await messenger.post(group, VIEW, key=KEY)
    feishu.advance(timedelta(minutes=49).total_seconds())
    assert await messenger.find(group, key=KEY, since=since) is None
    assert await messenger.post(group, VIEW, key=KEY) == feishu.in_chat(group.id)[0].id
    assert len(feishu.in_chat(group.id)) == 1
    feishu.advance(timedelta(minutes=11).total_seconds())
    with pytest.raises(errors.HistoryUnreadable):
        await messenger.find(group, key=KEY, since=since)


async def test_the_commits_of_a_long_day_stand_in_the_topic_that_its_card_opens(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    view = long_view()
    await messenger.post(group, view, key=KEY)
    first, *parts = feishu.in_chat(group.id)
    assert [unmarked(part.content) for part in parts] == [part["content"] for part in following(view)]
    assert {part.thread for part in parts} == {first.thread}
    assert first.thread is not None


async def test_where_there_are_no_topics_the_commits_stand_below_the_card(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    feishu.chats[group.id].has_topics = False
    view = long_view()
    await messenger.post(group, view, key=KEY)
    first, *parts = feishu.in_chat(group.id)
    assert len(parts) == len(following(view))
    assert {part.root for part in parts} == {first.id}
    assert {part.thread for part in parts} == {None}


async def test_a_token_that_expired_or_was_revoked_is_renewed_unseen(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    await messenger.post(group, VIEW, key="1")
    feishu.advance(timedelta(hours=3).total_seconds())
    await messenger.post(group, VIEW, key="2")
    feishu.revoke_tokens()
    await messenger.post(group, VIEW, key="3")
    assert (feishu.tokens_given, len(feishu.in_chat(group.id))) == (3, 3)


async def test_a_card_is_corrected_in_its_place_for_fourteen_days(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    message = await messenger.post(group, VIEW, key=KEY)
    corrected = replace(VIEW, corrected_at=NOW)
    await messenger.update(group, message, corrected, key=KEY)
    (posted,) = feishu.in_chat(group.id)
    assert (unmarked(posted.content), posted.updates) == (card_of(corrected), 1)
    feishu.advance(timedelta(days=14, seconds=1).total_seconds())
    with pytest.raises(errors.MessageGone):
        await messenger.update(group, message, VIEW, key=KEY)


async def test_a_message_that_was_withdrawn_is_gone(messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel):
    message = await messenger.post(group, VIEW, key=KEY)
    feishu.messages[message].recalled = True
    with pytest.raises(errors.MessageGone):
        await messenger.update(group, message, VIEW, key=KEY)
    await messenger.post(group, HELLO, key="2", thread=message)
    (fresh,) = feishu.in_chat(group.id)
    assert fresh.parent is None


async def test_what_happens_to_a_group_is_told_apart(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, alice: str
):
    await messenger.check(group, alice)
    chat = feishu.chats[group.id]
    chat.refusal = 230018
    with pytest.raises(SpeakingForbidden):
        await messenger.post(group, VIEW, key="1")
    chat.refusal, chat.has_bot = None, False
    with pytest.raises(errors.ChannelGone, match="Add me in its settings"):
        await messenger.check(group, alice)
    with pytest.raises(errors.ChannelGone, match="230002"):
        await messenger.post(group, VIEW, key="1")
    chat.disbanded = True
    for work in (messenger.check(group), messenger.post(group, VIEW, key="1")):
        with pytest.raises(GroupDissolved):
            await work
    unknown = replace(group, id="oc_unknown")
    with pytest.raises(errors.ChannelGone):
        await messenger.check(unknown)


async def test_who_is_in_a_large_group_may_decide_what_it_gets(
    messenger: FeishuMessenger, feishu: FakeFeishu, alice: str
):
    large = feishu.chat("all", members=[*(f"person {number}" for number in range(250)), "alice"])
    where = Channel(platform=Platform.FEISHU, workspace=feishu.tenant, id=large)
    assert await messenger.admits(where, alice)
    assert not await messenger.admits(where, feishu.person("carol").open_id)
    assert not await messenger.admits(replace(where, id=alice), alice)


async def test_without_the_scope_for_groups_posting_goes_on_and_nobody_is_admitted(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, alice: str
):
    feishu.granted.discard("im:chat:readonly")
    await messenger.check(group, alice)
    assert not await messenger.admits(group, alice)
    await messenger.post(group, VIEW, key=KEY)


async def test_a_missing_scope_is_told_with_the_page_on_which_to_ask_for_it(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    feishu.granted.discard("im:message:send_as_bot")
    with pytest.raises(errors.ScopeMissing) as problem:
        await messenger.post(group, VIEW, key=KEY)
    assert problem.value.scope == "im:message:send_as_bot / im:message / im:message:send"
    assert f"https://open.feishu.cn/app/{APP_ID}/auth?q=im:message:send_as_bot" in str(problem.value)


async def test_a_secret_that_is_wrong_and_an_app_without_a_bot_are_the_operator_s_to_mend(
    feishu: FakeFeishu, group: Channel
):
    stranger = FeishuMessenger(FeishuGateway(APP_ID, "another secret", feishu.url), now=feishu.now)
    with pytest.raises(errors.CredentialsRejected, match="10014"):
        await stranger.post(group, VIEW, key=KEY)
    feishu.fail("POST /open-apis/im/v1/messages", error(230006))
    known = FeishuMessenger(FeishuGateway(APP_ID, APP_SECRET, feishu.url), now=feishu.now)
    with pytest.raises(AppRefused):
        await known.post(group, VIEW, key=KEY)


async def test_one_person_is_told_and_sent_files_where_nobody_else_sees_it(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, alice: str
):
    await messenger.tell(group, alice, HELLO)
    await messenger.send(group, alice, REPORT)
    told, sent = feishu.in_chat(alice)
    assert unmarked(told.content) == card_of(HELLO)
    (file,) = feishu.files.values()
    assert sent.content == {"file_key": file.key}
    assert (file.name, file.data.decode()) == (REPORT.name, REPORT.text)
    assert feishu.in_chat(group.id) == []
    with pytest.raises(PersonGone):
        await messenger.tell(group, "ou_stranger", HELLO)


async def test_an_answer_stays_in_the_topic_of_its_question_or_opens_one(
    surfaces: FeishuSurfaces, messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    card = await messenger.post(group, VIEW, key=KEY)
    beside = await surfaces.reply(card, HELLO, chat=group.id, key="e1")
    within = await surfaces.reply(card, HELLO, chat=group.id, key="e2", in_thread=True)
    await surfaces.reply_with_file(within, REPORT, chat=group.id, key="e3")
    messages = feishu.messages
    assert (messages[beside].thread, messages[beside].parent) == (None, card)
    assert messages[within].thread == messages[card].thread is not None
    *_, file = feishu.in_chat(group.id)
    assert (file.msg_type, file.thread) == ("file", messages[card].thread)


async def test_progress_becomes_an_answer_in_its_place(surfaces: FeishuSurfaces, feishu: FakeFeishu, alice: str):
    message = await surfaces.write(alice, Notice(text="One moment."), key="e1")
    await surfaces.update(message, VIEW, note=HELLO)
    await surfaces.update(message, VIEW)
    (posted,) = feishu.in_chat(alice)
    assert (posted.content, posted.updates) == (card_of(VIEW), 2)


async def test_the_slash_command_is_registered_and_described_as_often_as_the_bot_starts(
    gateway: FeishuGateway, feishu: FakeFeishu
):
    for _start in range(2):
        await register(gateway)
    assert len(feishu.calls_of("POST /open-apis/application/v7/app_slash_commands")) == 1
    listed = feishu.slash_commands.listed()["items"]
    assert [(each["command"], each["description"]) for each in listed] == [("dynamo-digest", description())]


async def test_a_slash_command_of_an_earlier_version_is_described_anew(gateway: FeishuGateway, feishu: FakeFeishu):
    feishu.slash_commands.create({"command": "dynamo-digest", "description": {"default_value": "Earlier."}})
    await register(gateway)
    (listed,) = feishu.slash_commands.listed()["items"]
    assert listed["description"] == description()


async def test_the_bot_asks_once_by_which_id_people_mention_it(surfaces: FeishuSurfaces, feishu: FakeFeishu):
    assert [await surfaces.us() for _ in range(2)] == [feishu.bot] * 2
    assert len(feishu.calls_of("GET /open-apis/bot/v3/info")) == 1


async def test_a_conversation_is_told_from_a_group_and_asked_for_once(
    surfaces: FeishuSurfaces, feishu: FakeFeishu, group: Channel
):
    conversation = feishu.p2p("alice").id
    assert [await surfaces.is_direct(chat) for chat in (conversation, group.id) * 2] == [True, False] * 2
    assert len(feishu.calls_of("GET /open-apis/im/v1/chats/")) == 2
    with pytest.raises(errors.ChannelGone):
        await surfaces.is_direct("oc_unknown")


async def test_more_digests_than_a_group_takes_in_a_second_arrive_all(feishu: FakeFeishu, group: Channel):
    messenger = FeishuMessenger(FeishuGateway(APP_ID, APP_SECRET, feishu.url), now=feishu.now)
    await asyncio.gather(*(messenger.post(group, VIEW, key=str(number)) for number in range(7)))
    assert len(feishu.in_chat(group.id)) == 7
