"""What the bot sends to Feishu, and what it makes of Feishu's answers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from bot.adapters.feishu import failures
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.identity import own_open_id
from bot.adapters.feishu.ladder import first_taken, fit
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.feishu.places import uuid_of
from bot.adapters.feishu.slash_commands import description, register
from bot.adapters.feishu.surfaces import FeishuSurfaces
from bot.core import errors
from bot.core.ports import Attachment
from bot.core.replies import DigestView, Framing, Notice, Reply
from bot.core.subscriptions import Channel, Platform
from formatters.feishu import FeishuMessage, card, following, ladder
from tests.counterparts.faults import Answer, Fault, Reset
from tests.fakes import analysis_of, commit
from tests.formatters.feishu_cards import unmarked
from tests.messengers.scripted_feishu import APP_ID, APP_SECRET, TOKEN, Call, ScriptedFeishu, refused
from tests.messengers.test_slack import VIEW
from tests.stopwatch import Watch

SEND = "POST /open-apis/im/v1/messages"
REPLY = "POST /open-apis/im/v1/messages/om_9/reply"
PATCH = "PATCH /open-apis/im/v1/messages/om_9"
UPLOAD = "POST /open-apis/im/v1/files"
CHAT = "GET /open-apis/im/v1/chats/oc_1"
MEMBERS = "GET /open-apis/im/v1/chats/oc_1/members"
COMMANDS = "/open-apis/application/v7/app_slash_commands"

NOW = datetime(2026, 1, 22, 1, tzinfo=UTC)
GROUP = Channel(platform=Platform.FEISHU, workspace="t1", id="oc_1")
ALICE = "ou_alice"
DIRECT = replace(GROUP, id=ALICE)
KEY = "7:2026-01-21"
HELLO = Notice(text="Hello.")
CARD_FAILED = refused(230099, "ext=ErrCode: 11310; ErrMsg: element exceeds the limit; ", status=400)
REPORT = Attachment(name="octo-hello-2026-01-21.md", title="octo/hello, 2026-01-21", text="# 摘要\n")


@pytest.fixture
def messenger(gateway: FeishuGateway) -> FeishuMessenger:
    return FeishuMessenger(gateway, now=lambda: NOW)


@pytest.fixture
def surfaces(gateway: FeishuGateway) -> FeishuSurfaces:
    return FeishuSurfaces(gateway)


@pytest.fixture(autouse=True)
def hurry() -> Iterator[None]:
    """Repetitions follow at once."""
    with stamina.set_testing(True, attempts=3):
        yield


def content(call: Call) -> Any:
    """Of a card, as it was drawn."""
    said = json.loads(call.body["content"])
    return unmarked(said) if "body" in said else said


def long_view(commits: int = 60) -> DigestView:
    """A day whose commits stand below its card, in more than one message."""
    made = [commit(f"修复：多图输入 {number}") for number in range(commits)]
    entries = tuple(replace(VIEW.entries[0], commit=one, analysis=analysis_of(one)) for one in made)
    return replace(VIEW, digest=replace(VIEW.digest, entries=entries), framing=Framing(in_thread=True))


# Posting


async def test_a_digest_arrives_in_its_group_as_a_card_under_its_key(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    assert await messenger.post(GROUP, VIEW, key=KEY) == "om_1"
    (call,) = scripted.calls_of(SEND)
    assert call.query == {"receive_id_type": "chat_id"}
    assert {name: call.body[name] for name in ("receive_id", "msg_type", "uuid")} == {
        "receive_id": "oc_1",
        "msg_type": "interactive",
        "uuid": uuid_of(APP_ID, "oc_1", KEY),
    }
    assert content(call) == next(ladder(VIEW))["content"]


async def test_a_digest_for_one_person_goes_to_that_person(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    await messenger.post(DIRECT, VIEW, key=KEY)
    (call,) = scripted.calls_of(SEND)
    assert (call.query, call.body["receive_id"]) == ({"receive_id_type": "open_id"}, ALICE)


async def test_the_same_key_makes_one_message_and_every_other_another(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    first, again = [await messenger.post(GROUP, VIEW, key=KEY) for _ in range(2)]
    assert first == again
    others = [await messenger.post(GROUP, VIEW, key="7:2026-01-22"), await messenger.post(DIRECT, VIEW, key=KEY)]
    assert len({first, *others}) == 3


HOSTILE = ["", "x" * 10_000, '"] , [', "\ud800", "💥\n\x00", "<at id=all></at>"]


def test_a_key_becomes_a_uuid_whatever_is_in_it():
    uuids = {uuid_of(APP_ID, place, key, part) for place in ("oc_1", "oc_2") for key in HOSTILE for part in (0, 1)}
    assert len(uuids) == 4 * len(HOSTILE)
    assert {len(uuid) for uuid in uuids} == {50}
    assert all(uuid.isalnum() and uuid.isascii() for uuid in uuids)
    assert uuid_of("cli_2", "oc_1", KEY) != uuid_of(APP_ID, "oc_1", KEY)


@pytest.mark.parametrize("fault", [Reset(), Reset(processed=True), Answer(status=502, body="<html>")], ids=str)
async def test_a_digest_whose_answer_got_lost_arrives_once(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, fault: Fault
):
    scripted.fail(SEND, fault)
    await messenger.post(GROUP, VIEW, key=KEY)
    assert len(scripted.messages) == 1
    scripted.fail(SEND, Reset(processed=True), times=3)
    with pytest.raises(errors.DeliveryUncertain):
        await messenger.post(GROUP, VIEW, key="8:2026-01-21")
    assert await messenger.find(GROUP, key="8:2026-01-21", since=NOW - timedelta(minutes=5)) is None
    await messenger.post(GROUP, VIEW, key="8:2026-01-21")
    assert len(scripted.messages) == 2


async def test_a_digest_is_drawn_and_examined_once_for_all_groups(
    gateway: FeishuGateway, scripted: ScriptedFeishu, monkeypatch: pytest.MonkeyPatch
):
    drawn: list[Reply] = []

    def draw(reply: Reply) -> Iterator[FeishuMessage]:
        drawn.append(reply)
        return fit(ladder(reply))

    monkeypatch.setattr("bot.adapters.feishu.messenger.fit_ladder", draw)
    messenger = FeishuMessenger(gateway, now=lambda: NOW)
    for group in ("oc_1", "oc_2"):
        await messenger.post(replace(GROUP, id=group), replace(VIEW), key=KEY)
    assert drawn == [VIEW]
    first, second = scripted.calls_of(SEND)
    assert content(first) == content(second)


@pytest.mark.parametrize("code", [230099, 230001, 230025, 230022, 230028])
async def test_what_feishu_does_not_take_is_posted_simpler_under_the_same_key(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, code: int
):
    scripted.fail(SEND, refused(code, status=400))
    await messenger.post(GROUP, VIEW, key=KEY)
    sent = scripted.calls_of(SEND)
    assert [content(call) for call in sent] == [rung["content"] for rung in [*ladder(VIEW)][:2]]
    assert {call.body["uuid"] for call in sent} == {uuid_of(APP_ID, "oc_1", KEY)}


async def test_a_message_whose_simplest_form_is_not_taken_either_is_rejected(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    scripted.fail(SEND, CARD_FAILED, times=None)
    with pytest.raises(failures.CardRejected, match="11310"):
        await messenger.post(GROUP, VIEW, key=KEY)
    tried = [(call.body["msg_type"], content(call)) for call in scripted.calls_of(SEND)]
    assert tried == [(rung["msg_type"], rung["content"]) for rung in ladder(VIEW)]
    assert tried[-1][0] == "post"
    assert scripted.messages == {}


UNFIT: FeishuMessage = {
    "msg_type": "interactive",
    "content": {"schema": "2.0", "body": {"elements": [{"tag": "note", "elements": []}]}},
}


async def test_a_card_that_feishu_would_refuse_is_not_even_sent(capsys: pytest.CaptureFixture[str]):
    taken: list[FeishuMessage] = []

    async def take(message: FeishuMessage) -> str:
        taken.append(message)
        return "om_1"

    hello = next(ladder(HELLO))
    assert await first_taken(fit([UNFIT, hello]), take) == "om_1"
    assert taken == [hello]
    assert "feishu.card_unfit" in "".join(capsys.readouterr())
    with pytest.raises(errors.MessageRejected):
        await first_taken(fit([UNFIT]), take)
    assert taken == [hello]


@pytest.mark.parametrize("code", [230022, 230028])
async def test_where_the_words_are_not_let_through_a_link_says_where_they_are(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, code: int
):
    scripted.fail(SEND, refused(code), times=len([*ladder(VIEW)]))
    await messenger.post(GROUP, VIEW, key=KEY)
    *_, last = scripted.calls_of(SEND)
    assert last.body["msg_type"] == "text"
    assert content(last) == {
        "text": "Feishu did not take the message because of what it says. The commits are here: "
        "https://github.com/octo/hello/commits?since=2026-01-20T16:00:00Z&until=2026-01-21T16:00:00Z"
    }


async def test_what_does_not_fit_follows_in_the_thread_each_part_under_a_key_of_its_own(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    view = long_view()
    parts = following(view)
    assert len(parts) > 1
    assert await messenger.post(GROUP, view, key=KEY) == "om_1"
    below = scripted.calls_of("POST /open-apis/im/v1/messages/om_1/reply")
    assert [content(call) for call in below] == [part["content"] for part in parts]
    assert [call.body["uuid"] for call in below] == [
        uuid_of(APP_ID, "oc_1", KEY, number) for number in range(1, len(parts) + 1)
    ]
    assert all(call.body["reply_in_thread"] for call in below)
    await messenger.post(GROUP, view, key=KEY)
    assert len(scripted.messages) == 1 + len(parts)


async def test_what_follows_counts_as_sent_into_its_group(scripted: ScriptedFeishu):
    watch, view = Watch(), long_view()
    gateway = FeishuGateway(APP_ID, APP_SECRET, scripted.url, clock=watch, sleep=watch.sleep)
    messenger = FeishuMessenger(gateway, now=lambda: NOW)
    for number in range(3):
        await messenger.post(GROUP, view, key=str(number))
    spans = (len(scripted.messages) - 1) // 5
    assert round(watch.now - 100, 1) == round(spans * 1.1, 1) > 0


@pytest.mark.parametrize("code", [230071, 230019, 230072])
async def test_what_follows_stands_below_where_there_are_no_threads(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, code: int
):
    scripted.fail("*/om_1/reply", refused(code), times=1)
    view = long_view()
    await messenger.post(GROUP, view, key=KEY)
    first, second, *_ = scripted.calls_of("POST /open-apis/im/v1/messages/om_1/reply")
    assert (first.body["reply_in_thread"], second.body["reply_in_thread"]) == (True, False)
    assert first.body["uuid"] == second.body["uuid"]
    assert len(scripted.messages) == 1 + len(following(view))


@pytest.mark.parametrize("fault", [CARD_FAILED, refused(230002)], ids=str)
async def test_what_cannot_follow_does_not_take_the_message_back(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, fault: Fault
):
    scripted.fail("*/om_1/reply", fault, times=None)
    assert await messenger.post(GROUP, long_view(), key=KEY) == "om_1"


async def test_a_part_that_is_refused_does_not_keep_the_others_away(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    view = long_view()
    scripted.fail("*/om_1/reply", CARD_FAILED)
    await messenger.post(GROUP, view, key=KEY)
    assert len(scripted.messages) == len(following(view))


async def test_a_reply_goes_into_the_thread_of_a_message(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    await messenger.post(GROUP, HELLO, key=KEY, thread="om_9")
    (call,) = scripted.calls_of(REPLY)
    assert (call.body["reply_in_thread"], call.body["uuid"]) == (True, uuid_of(APP_ID, "om_9", KEY))
    assert scripted.calls_of(SEND) == []


@pytest.mark.parametrize("code", [230011, 230110, 230111])
async def test_where_the_message_was_withdrawn_the_reply_is_a_message_of_its_own(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, code: int
):
    scripted.fail(REPLY, refused(code))
    await messenger.post(GROUP, HELLO, key=KEY, thread="om_9")
    (call,) = scripted.calls_of(SEND)
    assert call.body["receive_id"] == "oc_1"


# Changing


async def test_a_card_is_changed_where_it_stands(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    corrected = replace(VIEW, corrected_at=NOW)
    for _again in range(2):
        await messenger.update(GROUP, "om_9", corrected, key=KEY)
    first, second = scripted.calls_of(PATCH)
    assert first.body == second.body
    assert content(first) == next(ladder(corrected))["content"]


async def test_of_a_long_digest_the_first_card_is_changed(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    await messenger.update(GROUP, "om_9", long_view(), key=KEY)
    assert [call.method for call in scripted.calls[1:]] == [PATCH]


async def test_a_card_changes_into_a_simpler_card_but_never_into_text(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    scripted.fail(PATCH, CARD_FAILED, times=None)
    with pytest.raises(failures.CardRejected):
        await messenger.update(GROUP, "om_9", VIEW, key=KEY)
    cards = [rung["content"] for rung in ladder(VIEW) if rung["msg_type"] == "interactive"]
    assert [content(call) for call in scripted.calls_of(PATCH)] == cards


@pytest.mark.parametrize("code", [230031, 230011, 230110, 230111])
async def test_a_message_that_is_too_old_or_not_there_cannot_be_changed(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, code: int
):
    scripted.fail(PATCH, refused(code))
    with pytest.raises(errors.MessageGone):
        await messenger.update(GROUP, "om_9", VIEW, key=KEY)
    assert len(scripted.calls_of(PATCH)) == 1


# Whom and where


async def test_one_person_is_told_where_nobody_else_sees_it(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    for _again in range(2):
        await messenger.tell(GROUP, ALICE, HELLO)
    calls = scripted.calls_of(SEND)
    assert {(call.query["receive_id_type"], call.body["receive_id"]) for call in calls} == {("open_id", ALICE)}
    assert len(scripted.messages) == 2  # the same words, said twice


async def test_somebody_who_cannot_be_written_to_is_told_apart(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    scripted.fail(SEND, refused(230013))
    with pytest.raises(failures.PersonGone, match="cannot be written to"):
        await messenger.tell(GROUP, ALICE, HELLO)


@pytest.mark.parametrize("where", [GROUP, DIRECT], ids=["a group", "a direct message"])
async def test_a_file_goes_to_one_person_and_into_no_group(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, where: Channel
):
    await messenger.send(where, ALICE, REPORT)
    (uploaded,) = scripted.calls_of(UPLOAD)
    for part in (b"stream", REPORT.name.encode(), REPORT.text.encode()):
        assert part in uploaded.body
    (sent,) = scripted.calls_of(SEND)
    assert (sent.query, sent.body["receive_id"]) == ({"receive_id_type": "open_id"}, ALICE)
    assert (sent.body["msg_type"], content(sent)) == ("file", {"file_key": "file_1"})


async def test_a_file_is_sent_once_although_answers_get_lost(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    scripted.fail(UPLOAD, Reset(processed=True))
    scripted.fail(SEND, Reset(processed=True))
    await messenger.send(GROUP, ALICE, REPORT)
    assert len(scripted.messages) == 1


@pytest.mark.parametrize(
    ("method", "fault", "error"),
    [
        (UPLOAD, refused(99991672, "[im:resource]"), errors.ScopeMissing),
        (UPLOAD, Reset(), errors.PlatformUnavailable),
        (UPLOAD, refused(234006, "file too large"), errors.MessageRejected),
        (SEND, Reset(processed=True), errors.DeliveryUncertain),
    ],
    ids=str,
)
async def test_a_file_that_cannot_be_sent_says_why(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, method: str, fault: Fault, error: type[errors.BotError]
):
    scripted.fail(method, fault, times=None)
    with pytest.raises(error):
        await messenger.send(GROUP, ALICE, REPORT)


async def test_a_group_with_the_bot_in_it_is_in_order(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    scripted.fail(CHAT, Answer(status=200, body={"code": 0, "data": {"name": "General", "chat_status": "normal"}}))
    await messenger.check(GROUP, ALICE)
    scripted.fail(CHAT, refused(99991672, "[im:chat:readonly]", status=400))
    await messenger.check(GROUP, ALICE)  # nobody can look, and a post may well work


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (refused(230002), "Add me in its settings"),
        (refused(232009), "dissolved"),
        (refused(232011), "Add me in its settings"),
        (Answer(status=200, body={"code": 0, "data": {"chat_status": "dissolved"}}), "dissolved"),
        (Answer(status=200, body={"code": 0, "data": {"chat_status": "dissolved_save"}}), "dissolved"),
    ],
    ids=str,
)
async def test_a_group_without_the_bot_says_what_to_do(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, fault: Fault, sentence: str
):
    scripted.fail(CHAT, fault)
    with pytest.raises(errors.ChannelGone, match=sentence):
        await messenger.check(GROUP)


async def test_a_public_group_shows_its_name_to_a_bot_that_is_not_in_it(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    scripted.fail(MEMBERS, refused(232011))
    with pytest.raises(errors.ChannelGone, match="Add me in its settings"):
        await messenger.check(GROUP)


async def test_a_direct_message_is_one_person_s_and_admits_nobody_else(
    messenger: FeishuMessenger, scripted: ScriptedFeishu
):
    assert messenger.is_direct(DIRECT)
    assert not messenger.is_direct(GROUP)
    await messenger.check(DIRECT)
    await messenger.check(DIRECT, ALICE)
    with pytest.raises(errors.ChannelGone, match="somebody else's"):
        await messenger.check(DIRECT, "ou_bob")
    assert not await messenger.admits(DIRECT, ALICE)
    assert scripted.calls == []


async def test_who_is_in_a_group_is_admitted_page_by_page(messenger: FeishuMessenger, scripted: ScriptedFeishu):
    pages = [
        {"items": [{"member_id": "ou_1"}], "has_more": True, "page_token": "more"},
        {"has_more": True, "page_token": "and more"},
        {"items": [{"member_id": ALICE}], "has_more": False, "page_token": ""},
    ]
    for person, admitted in ((ALICE, True), ("ou_bob", False)):
        for page in pages:
            scripted.fail(MEMBERS, Answer(status=200, body={"code": 0, "data": page}))
        assert await messenger.admits(GROUP, person) is admitted
    queries = [call.query for call in scripted.calls_of(MEMBERS)]
    assert [query.get("page_token") for query in queries] == [None, "more", "and more"] * 2
    assert all(query["member_id_type"] == "open_id" for query in queries)


@pytest.mark.parametrize("fault", [refused(99991672, "[im:chat:readonly]"), refused(232011)], ids=str)
async def test_nobody_is_admitted_to_a_group_that_the_bot_cannot_see(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, fault: Fault
):
    scripted.fail(MEMBERS, fault)
    assert not await messenger.admits(GROUP, ALICE)


async def test_nobody_s_zone_is_known(messenger: FeishuMessenger):
    assert await messenger.zone(GROUP, ALICE) is None


@pytest.mark.parametrize(("minutes", "is_safe"), [(0, True), (49, True), (50, False), (600, False)])
async def test_a_key_is_good_for_one_message_for_less_than_an_hour(
    messenger: FeishuMessenger, scripted: ScriptedFeishu, minutes: int, is_safe: bool
):
    assert await messenger.find(GROUP, key=KEY, since=NOW - timedelta(minutes=minutes)) is None
    assert bool(scripted.calls_of("GET /open-apis/im/v1/messages")) is not is_safe


# Answers that are none


@pytest.mark.parametrize("method", [SEND, UPLOAD, CHAT, MEMBERS, "GET /open-apis/bot/v3/info", TOKEN])
@pytest.mark.parametrize("body", ['{"code": 0}', '{"code": 0, "data": null, "bot": null}'])
async def test_a_success_without_what_it_promises_is_an_outage(
    messenger: FeishuMessenger, gateway: FeishuGateway, scripted: ScriptedFeishu, method: str, body: str
):
    scripted.fail(method, Answer(status=200, body=body), times=None)
    asked = {
        SEND: lambda: messenger.post(GROUP, HELLO, key=KEY),
        UPLOAD: lambda: messenger.send(GROUP, ALICE, REPORT),
        CHAT: lambda: messenger.check(GROUP),
        MEMBERS: lambda: messenger.admits(GROUP, ALICE),
    }
    with pytest.raises(errors.PlatformUnavailable):
        await asked.get(method, lambda: own_open_id(gateway))()


# Answers to people


@pytest.mark.parametrize("in_thread", [True, False])
async def test_an_answer_stands_below_what_was_asked(
    surfaces: FeishuSurfaces, scripted: ScriptedFeishu, in_thread: bool
):
    for _again in range(2):
        assert await surfaces.reply("om_9", HELLO, chat="oc_1", key="e1", in_thread=in_thread) == "om_1"
    call, _repeated = scripted.calls_of(REPLY)
    assert (call.body["reply_in_thread"], call.body["uuid"]) == (in_thread, uuid_of(APP_ID, "om_9", "e1"))
    assert content(call) == next(ladder(HELLO))["content"]
    assert len(scripted.messages) == 1


async def test_a_long_answer_goes_on_in_the_same_place(surfaces: FeishuSurfaces, scripted: ScriptedFeishu):
    view = long_view()
    await surfaces.reply("om_9", view, chat="oc_1", key="e1")
    calls = scripted.calls_of(REPLY)
    assert len(calls) == 1 + len(following(view))
    assert not any(call.body["reply_in_thread"] for call in calls)


async def test_an_answer_to_what_was_withdrawn_has_no_place(surfaces: FeishuSurfaces, scripted: ScriptedFeishu):
    scripted.fail(REPLY, refused(230011))
    with pytest.raises(errors.MessageGone):
        await surfaces.reply("om_9", HELLO, chat="oc_1", key="e1")


async def test_an_answer_is_plain_where_there_are_no_threads(surfaces: FeishuSurfaces, scripted: ScriptedFeishu):
    scripted.fail(REPLY, refused(230071))
    await surfaces.reply("om_9", HELLO, chat="oc_1", key="e1", in_thread=True)
    assert [call.body["reply_in_thread"] for call in scripted.calls_of(REPLY)] == [True, False]


async def test_a_file_is_an_answer_too(surfaces: FeishuSurfaces, scripted: ScriptedFeishu):
    await surfaces.reply_with_file("om_9", REPORT, chat="oc_1", key="e1", in_thread=True)
    (call,) = scripted.calls_of(REPLY)
    assert (call.body["msg_type"], call.body["reply_in_thread"]) == ("file", True)
    assert call.body["uuid"] == uuid_of(APP_ID, "om_9", "e1")


async def test_a_person_is_written_to(surfaces: FeishuSurfaces, scripted: ScriptedFeishu):
    assert await surfaces.write(ALICE, HELLO, key="e1") == "om_1"
    (call,) = scripted.calls_of(SEND)
    assert (call.query, call.body["receive_id"]) == ({"receive_id_type": "open_id"}, ALICE)


async def test_a_card_shows_an_answer_with_a_note_above_it(surfaces: FeishuSurfaces, scripted: ScriptedFeishu):
    note = Notice(text="Saved.")
    await surfaces.update("om_9", HELLO, note=note)
    await surfaces.update("om_9", HELLO)
    noted, plain = scripted.calls_of(PATCH)
    assert content(noted) == card(HELLO, note=note)
    assert content(plain) == card(HELLO)


async def test_a_card_that_is_refused_with_its_note_changes_without_it(
    surfaces: FeishuSurfaces, scripted: ScriptedFeishu
):
    scripted.fail(PATCH, CARD_FAILED)
    await surfaces.update("om_9", HELLO, note=Notice(text="Saved."))
    assert content(scripted.calls_of(PATCH)[-1]) == card(HELLO)


# Who the app is, and its slash command


async def test_the_bot_knows_by_which_id_people_mention_it(gateway: FeishuGateway, scripted: ScriptedFeishu):
    scripted.fail("GET /open-apis/bot/v3/info", Answer(status=200, body={"code": 0, "bot": {"open_id": "ou_bot"}}))
    assert await own_open_id(gateway) == "ou_bot"


OURS = {"command_id": "7", "command": "dynamo-digest"}


def known(*commands: dict[str, Any]) -> Answer:
    return Answer(status=200, body={"code": 0, "data": {"items": [{"command_id": "1", "command": "other"}, *commands]}})


async def test_the_slash_command_is_made_known_in_both_languages(gateway: FeishuGateway, scripted: ScriptedFeishu):
    scripted.fail(f"GET {COMMANDS}", known())
    await register(gateway)
    (call,) = scripted.calls_of(f"POST {COMMANDS}")
    assert call.body == {"command": "dynamo-digest", "description": description()}
    assert description()["i18n"].keys() == {"en_us", "zh_cn"}
    assert description()["default_value"] == description()["i18n"]["en_us"]


async def test_a_slash_command_that_is_known_is_left_as_it_is(gateway: FeishuGateway, scripted: ScriptedFeishu):
    scripted.fail(f"GET {COMMANDS}", known({**OURS, "description": description()}))
    await register(gateway)
    assert [call.method for call in scripted.calls[1:]] == [f"GET {COMMANDS}"]


async def test_a_slash_command_that_is_described_otherwise_is_described_anew(
    gateway: FeishuGateway, scripted: ScriptedFeishu
):
    scripted.fail(f"GET {COMMANDS}", known({**OURS, "description": {"default_value": "Earlier."}}))
    await register(gateway)
    (call,) = scripted.calls_of(f"PATCH {COMMANDS}/7")
    assert call.body == {"description": description()}


async def test_a_slash_command_that_somebody_else_has_just_made_is_no_failure(
    gateway: FeishuGateway, scripted: ScriptedFeishu
):
    scripted.fail(f"GET {COMMANDS}", known())
    scripted.fail(f"POST {COMMANDS}", refused(40000000, "command exists"))
    scripted.fail(f"GET {COMMANDS}", known({**OURS, "description": description()}))
    await register(gateway)
    assert scripted.calls_of(f"PATCH {COMMANDS}/7") == []


async def test_without_its_scope_the_slash_command_says_which_is_missing(
    gateway: FeishuGateway, scripted: ScriptedFeishu
):
    scripted.fail(f"GET {COMMANDS}", refused(99991672, "required: [application:app_slash_command:read]", status=400))
    with pytest.raises(errors.ScopeMissing, match="application:app_slash_command:read"):
        await register(gateway)
