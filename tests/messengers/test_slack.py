"""What the bot sends to Slack, and what it makes of Slack's answers, against an emulated workspace."""

import asyncio
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.slack.gateway import OneToken, SlackGateway, web_client
from bot.adapters.slack.messenger import SlackMessenger
from bot.core.days import Day
from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    DeliveryUncertain,
    HistoryUnreadable,
    MessageGone,
    MessageRejected,
    PlatformUnavailable,
    ScopeMissing,
)
from bot.core.model import Digest, Entry
from bot.core.ports import Attachment
from bot.core.replies import DigestView, Framing, Notice, Reply
from bot.core.subscriptions import Channel, Platform
from formatters.slack import Native, SlackMessage, ladder
from tests.counterparts import slack
from tests.counterparts.faults import Answer, Fault, Reset
from tests.counterparts.slack import SlackProxy
from tests.fakes import NOW, REPO, analysis_of, commit
from tests.slack_people import texts
from tests.stopwatch import Heard, Watch

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
COMMIT = commit("fix: answer <!channel> & <@U1>")
VIEW = DigestView(
    digest=Digest(
        repo=REPO,
        day=Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai")),
        entries=(Entry(commit=COMMIT, analysis=analysis_of(COMMIT)),),
        as_of=NOW,
        sealed=True,
    )
)


@pytest.fixture
def messenger(emulated_slack: SlackProxy) -> SlackMessenger:
    return SlackMessenger(SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api, timeout=2))


def channel(emulated_slack: SlackProxy, name: str = "general") -> Channel:
    return Channel(platform=Platform.SLACK, workspace="T000000001", id=emulated_slack.workspace.channels[name])


async def test_a_digest_arrives_with_its_key_and_without_unfurling(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    ts = await messenger.post(channel(emulated_slack), VIEW, key="7:2026-01-21")
    (message,) = await emulated_slack.history()
    assert message["ts"] == ts
    assert message["metadata"] == {"event_type": "dynamo_digest", "event_payload": {"key": "7:2026-01-21"}}
    (call,) = emulated_slack.calls_of("chat.postMessage")
    assert {name: str(call.arguments[name]).lower() for name in ("unfurl_links", "unfurl_media")} == {
        "unfurl_links": "false",
        "unfurl_media": "false",
    }
    assert "<!channel>" not in call.arguments["text"]


async def test_a_digest_is_drawn_once_for_all_channels(emulated_slack: SlackProxy, monkeypatch: pytest.MonkeyPatch):
    drawn: list[Reply] = []

    def draw(reply: Reply, native: frozenset[Native]) -> Iterator[SlackMessage]:
        drawn.append(reply)
        return ladder(reply, native)

    monkeypatch.setattr("formatters.slack.ladder", draw)
    messenger = SlackMessenger(SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api))
    for name in ("general", "random"):
        await messenger.post(channel(emulated_slack, name), replace(VIEW), key="7:2026-01-21")
    assert drawn == [VIEW]
    first, second = (call.arguments for call in emulated_slack.calls_of("chat.postMessage"))
    assert (first["blocks"], first["text"]) == (second["blocks"], second["text"])


async def test_a_message_is_found_again_by_its_key(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where = channel(emulated_slack)
    ts = await messenger.post(where, VIEW, key="7:2026-01-21")
    await messenger.post(where, Notice(text="Something else."), key="8:2026-01-21")
    assert await messenger.find(where, key="7:2026-01-21", since=LONG_AGO) == ts
    assert await messenger.find(where, key="7:2026-01-22", since=LONG_AGO) is None
    assert await messenger.find(where, key="7:2026-01-21", since=datetime.now(UTC) + timedelta(hours=1)) is None


async def test_a_message_is_found_among_others_unless_they_are_too_many(
    messenger: SlackMessenger, emulated_slack: SlackProxy, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.adapters.slack.history.PAGE", 1)
    where = channel(emulated_slack)
    first, second = [await messenger.post(where, VIEW, key=key) for key in ("1", "2")]
    assert await messenger.find(where, key="1", since=LONG_AGO) == first
    assert await messenger.find(where, key="2", since=LONG_AGO) == second
    assert await messenger.find(where, key="3", since=LONG_AGO) is None
    monkeypatch.setattr("bot.adapters.slack.history.PAGES", 1)
    with pytest.raises(HistoryUnreadable, match="Too much"):
        await messenger.find(where, key="1", since=LONG_AGO)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (slack.rate_limited(31), PlatformUnavailable),
        (slack.error("ratelimited"), PlatformUnavailable),
        (slack.error("is_archived"), ChannelGone),
        (slack.error("channel_not_found"), ChannelGone),
        (slack.error("not_in_channel"), ChannelGone),
        (slack.error("token_revoked"), CredentialsRejected),
        (slack.error("invalid_auth"), CredentialsRejected),
        (slack.error("missing_scope", needed="chat:write"), CredentialsRejected),
        (slack.error("fatal_error"), DeliveryUncertain),
        (slack.server_error(503), DeliveryUncertain),
        (Reset(), DeliveryUncertain),
        (Reset(processed=True), DeliveryUncertain),
    ],
    ids=str,
)
async def test_each_failure_says_what_it_means(
    messenger: SlackMessenger, emulated_slack: SlackProxy, fault: Fault, error: type[BotError]
):
    emulated_slack.fail("chat.postMessage", fault)
    with pytest.raises(error):
        await messenger.post(channel(emulated_slack), VIEW, key="7:2026-01-21")
    assert len(emulated_slack.calls_of("chat.postMessage")) == 1


async def test_a_rate_limit_says_how_long_to_wait(messenger: SlackMessenger, emulated_slack: SlackProxy):
    emulated_slack.fail("chat.postMessage", slack.rate_limited(31))
    with pytest.raises(PlatformUnavailable) as problem:
        await messenger.post(channel(emulated_slack), VIEW, key="7:2026-01-21")
    assert problem.value.retry_after == timedelta(seconds=31)


async def test_whoever_wants_to_know_hears_of_limits_that_are_kept_and_hit(emulated_slack: SlackProxy):
    watch, heard = Watch(), Heard()
    gateway = SlackGateway(
        OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api, clock=watch, sleep=watch.sleep, waits=heard
    )
    messenger = SlackMessenger(gateway)
    where = channel(emulated_slack)
    await messenger.post(where, VIEW, key="1")
    emulated_slack.fail("chat.postMessage", slack.rate_limited(31))
    for key in ("2", "3"):
        with pytest.raises(PlatformUnavailable):
            await messenger.post(where, VIEW, key=key)
    assert heard == [("kept", 1.1), ("hit", 31.0)]


@pytest.mark.parametrize("code", ["msg_blocks_too_long", "invalid_blocks", "a_code_of_next_year"])
async def test_what_slack_does_not_take_is_posted_simpler(
    messenger: SlackMessenger, emulated_slack: SlackProxy, code: str
):
    emulated_slack.fail("chat.postMessage", slack.error(code))
    ts = await messenger.post(channel(emulated_slack), VIEW, key="7:2026-01-21")
    first, second = emulated_slack.calls_of("chat.postMessage")
    assert len(json.dumps(second.arguments)) < len(json.dumps(first.arguments))
    (message,) = await emulated_slack.history()
    assert message["ts"] == ts
    assert await messenger.find(channel(emulated_slack), key="7:2026-01-21", since=LONG_AGO) == ts


async def test_a_message_whose_simplest_form_is_not_taken_either_is_rejected(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    emulated_slack.fail("chat.postMessage", slack.error("invalid_blocks"), times=None)
    with pytest.raises(MessageRejected, match="invalid_blocks"):
        await messenger.post(channel(emulated_slack), VIEW, key="7:2026-01-21")
    tried = [call.arguments for call in emulated_slack.calls_of("chat.postMessage")]
    assert [arguments["blocks"] for arguments in tried] == [rung["blocks"] for rung in ladder(VIEW)]
    assert await emulated_slack.history() == []


async def test_a_message_is_changed_where_it_stands_with_blocks_and_key(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    where = channel(emulated_slack)
    ts = await messenger.post(where, VIEW, key="7:2026-01-21")
    corrected = replace(VIEW, corrected_at=NOW)
    for _again in range(2):
        await messenger.update(where, ts, corrected, key="7:2026-01-21")
    (message,) = await emulated_slack.history()
    assert message["ts"] == ts
    assert "Corrected 2026-01-22." in message["text"]
    assert "Corrected 2026-01-22." in "\n".join(texts(message["blocks"]))
    assert message["metadata"]["event_payload"] == {"key": "7:2026-01-21"}
    assert await messenger.find(where, key="7:2026-01-21", since=LONG_AGO) == ts


async def test_a_long_chinese_digest_can_be_changed_too(messenger: SlackMessenger, emulated_slack: SlackProxy):
    commits = [commit(f"修复：{'多图输入' * 50} {number}") for number in range(60)]
    entries = tuple(Entry(commit=one, analysis=analysis_of(one)) for one in commits)
    view = replace(VIEW, digest=replace(VIEW.digest, entries=entries))
    ts = await messenger.post(channel(emulated_slack), view, key="1")
    await messenger.update(channel(emulated_slack), ts, view, key="1")
    (call,) = emulated_slack.calls_of("chat.update")
    assert 3_000 < len(call.arguments["text"].encode()) <= 3_800


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (slack.error("message_not_found"), MessageGone),
        (slack.error("cant_update_message"), MessageGone),
        (slack.error("edit_window_closed"), MessageGone),
        (slack.error("channel_not_found"), ChannelGone),
        (slack.error("msg_too_long"), MessageRejected),
        (slack.rate_limited(31), PlatformUnavailable),
        (slack.server_error(503), DeliveryUncertain),
        (Reset(processed=True), DeliveryUncertain),
    ],
    ids=str,
)
async def test_each_failure_to_change_a_message_says_what_it_means(
    messenger: SlackMessenger, emulated_slack: SlackProxy, fault: Fault, error: type[BotError]
):
    ts = await messenger.post(channel(emulated_slack), VIEW, key="1")
    emulated_slack.fail("chat.update", fault, times=None)
    with pytest.raises(error):
        await messenger.update(channel(emulated_slack), ts, VIEW, key="1")
    assert len(emulated_slack.calls_of("chat.postMessage")) == 1


async def test_a_message_that_never_was_cannot_be_changed(messenger: SlackMessenger, emulated_slack: SlackProxy):
    with pytest.raises(MessageGone):
        await messenger.update(channel(emulated_slack), "1700000000.000100", VIEW, key="1")


async def test_where_nothing_listens_nothing_can_have_arrived():
    messenger = SlackMessenger(SlackGateway(OneToken(slack.BOT_TOKEN), base_url="http://127.0.0.1:9/api/"))
    with pytest.raises(PlatformUnavailable):
        await messenger.post(Channel(platform=Platform.SLACK, workspace="T1", id="C1"), VIEW, key="7:2026-01-21")


async def test_a_really_archived_channel_and_a_really_revoked_token_are_told(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    with pytest.raises(ChannelGone):
        await messenger.post(channel(emulated_slack, slack.ATTIC), VIEW, key="1")
    with pytest.raises(ChannelGone, match="archived"):
        await messenger.check(channel(emulated_slack, slack.ATTIC))
    emulated_slack.refuse_token()
    with pytest.raises(CredentialsRejected, match="token_revoked"):
        await messenger.post(channel(emulated_slack), VIEW, key="1")


async def test_a_channel_with_the_bot_in_it_is_in_order(messenger: SlackMessenger, emulated_slack: SlackProxy):
    await messenger.check(channel(emulated_slack))


async def test_a_history_that_may_not_be_read_is_told_apart_from_an_outage(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    emulated_slack.fail("conversations.history", slack.error("missing_scope", needed="channels:history"))
    with pytest.raises(HistoryUnreadable, match="channels:history"):
        await messenger.find(channel(emulated_slack), key="1", since=LONG_AGO)
    emulated_slack.fail("conversations.history", Reset(), times=None)
    with pytest.raises(PlatformUnavailable):
        await messenger.find(channel(emulated_slack), key="1", since=LONG_AGO)


async def test_a_long_day_stands_in_the_thread_of_its_message(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where, in_thread = channel(emulated_slack), replace(VIEW, framing=Framing(in_thread=True))
    ts = await messenger.post(where, in_thread, key="7:2026-01-21")
    parent, reply = await emulated_slack.thread(where.id, ts)
    assert "About fix: answer" in "\n".join(texts(reply["blocks"]))
    assert [message["metadata"]["event_payload"]["key"] for message in (parent, reply)] == [
        "7:2026-01-21",
        "7:2026-01-21#1",
    ]


async def test_a_thread_that_cannot_be_filled_does_not_take_its_message_back(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    where, in_thread = channel(emulated_slack), replace(VIEW, framing=Framing(in_thread=True))
    posting = asyncio.create_task(messenger.post(where, in_thread, key="1"))
    while not await emulated_slack.history():
        await asyncio.sleep(0.01)
    emulated_slack.fail("chat.postMessage", Reset(processed=True))
    ts = await posting
    assert [message["ts"] for message in await emulated_slack.history() if "thread_ts" not in message] == [ts]
    assert len(await emulated_slack.thread(where.id, ts)) == 2  # it arrived, and was not sent again


async def test_a_reply_goes_into_the_thread(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where = channel(emulated_slack)
    ts = await messenger.post(where, VIEW, key="1")
    await messenger.post(where, Notice(text="Nothing of it."), key="2", thread=ts)
    _, reply = await emulated_slack.thread(where.id, ts)
    assert reply["text"] == "Nothing of it."


async def test_one_person_is_told_where_nobody_else_sees_it(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where = channel(emulated_slack)
    await messenger.tell(where, emulated_slack.workspace.users["alice"], Notice(text="It is archived."))
    (call,) = emulated_slack.calls_of("chat.postMessage")
    assert call.answer is not None
    assert call.answer["channel"].startswith("D")
    assert call.answer["message"]["text"] == "It is archived."
    assert await emulated_slack.history() == []


async def test_somebody_who_cannot_be_written_to_is_told_apart(messenger: SlackMessenger, emulated_slack: SlackProxy):
    emulated_slack.fail("chat.postMessage", slack.error("user_not_found"))
    with pytest.raises(ChannelGone, match="user_not_found"):
        await messenger.tell(channel(emulated_slack), "U1", Notice(text="Hello."))


async def test_who_is_in_a_channel_is_admitted_page_by_page(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where, alice = channel(emulated_slack), emulated_slack.workspace.users["alice"]
    assert await messenger.admits(where, alice)
    assert not await messenger.admits(where, "U0STRANGER")
    pages = [
        {"ok": True, "members": ["U1"], "response_metadata": {"next_cursor": "more"}},
        {"ok": True, "members": [], "response_metadata": {"next_cursor": "and more"}},
        {"ok": True, "members": ["U2"], "response_metadata": {"next_cursor": ""}},
    ]
    for page in pages:
        emulated_slack.fail("conversations.members", Answer(status=200, body=page))
    assert await messenger.admits(where, "U2")
    cursors = [call.arguments.get("cursor") for call in emulated_slack.calls_of("conversations.members")[2:]]
    assert cursors == [None, "more", "and more"]


async def test_nobody_is_admitted_to_a_channel_that_the_bot_cannot_see(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    gone = Channel(platform=Platform.SLACK, workspace="T000000001", id="C0NOWHERE")
    assert not await messenger.admits(gone, emulated_slack.workspace.users["alice"])


async def test_a_direct_message_is_one_persons_and_admits_nobody_else(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    direct = Channel(platform=Platform.SLACK, workspace="T000000001", id="D1")
    await messenger.check(direct)
    assert messenger.is_direct(direct)
    assert not await messenger.admits(direct, "U1")
    assert emulated_slack.calls == []


async def test_a_conversation_of_two_other_people_is_told_apart(messenger: SlackMessenger, emulated_slack: SlackProxy):
    alice = emulated_slack.workspace.users["alice"]
    await messenger.tell(channel(emulated_slack), alice, Notice(text="Hello."))
    (told,) = emulated_slack.calls_of("chat.postMessage")
    assert told.answer is not None
    await messenger.check(replace(channel(emulated_slack), id=told.answer["channel"]), alice)
    with pytest.raises(ChannelGone, match="I am not in this conversation"):
        await messenger.check(replace(channel(emulated_slack), id="D0OTHERS"), alice)


async def test_a_person_s_zone_is_that_of_the_profile(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where, users = channel(emulated_slack), emulated_slack.workspace.users
    emulated_slack.zones |= {users["alice"]: "Europe/Berlin", users["bob"]: "Mars/Base"}
    assert await messenger.zone(where, users["alice"]) == ZoneInfo("Europe/Berlin")
    assert await messenger.zone(where, users["bob"]) is None
    assert await messenger.zone(where, "U0STRANGER") is None
    emulated_slack.fail("users.info", slack.error("missing_scope", needed="users:read"))
    assert await messenger.zone(where, users["alice"]) is None


REPORT = Attachment(name="octo-hello-2026-01-21.md", title="octo/hello, 2026-01-21", text="# 摘要\n")


async def test_a_file_goes_to_one_person_and_into_no_channel(messenger: SlackMessenger, emulated_slack: SlackProxy):
    alice = emulated_slack.workspace.users["alice"]
    await messenger.send(channel(emulated_slack), alice, REPORT)
    (announced,) = emulated_slack.calls_of("files.getUploadURLExternal")
    assert (announced.arguments["filename"], int(announced.arguments["length"])) == (REPORT.name, 9)
    (opened,) = emulated_slack.calls_of("conversations.open")
    (completed,) = emulated_slack.calls_of("files.completeUploadExternal")
    assert opened.answer is not None
    assert completed.answer is not None
    assert completed.arguments["channel_id"] == opened.answer["channel"]["id"]
    assert [(file["name"], file["title"]) for file in completed.answer["files"]] == [(REPORT.name, REPORT.title)]
    assert await emulated_slack.history() == []


async def test_a_file_asked_for_in_a_direct_message_is_sent_there(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    alice = emulated_slack.workspace.users["alice"]
    await messenger.tell(channel(emulated_slack), alice, Notice(text="Hello."))
    (told,) = emulated_slack.calls_of("chat.postMessage")
    assert told.answer is not None
    direct = replace(channel(emulated_slack), id=told.answer["channel"])
    await messenger.send(direct, alice, REPORT)
    (completed,) = emulated_slack.calls_of("files.completeUploadExternal")
    assert completed.arguments["channel_id"] == direct.id
    assert emulated_slack.calls_of("conversations.open") == []


@pytest.mark.parametrize(
    ("method", "fault", "error"),
    [
        ("files.getUploadURLExternal", slack.error("missing_scope", needed="files:write"), ScopeMissing),
        ("files.completeUploadExternal", Reset(processed=True), DeliveryUncertain),
        ("files.completeUploadExternal", slack.error("file_not_found"), MessageRejected),
    ],
    ids=str,
)
async def test_a_file_that_cannot_be_sent_says_why(
    messenger: SlackMessenger, emulated_slack: SlackProxy, method: str, fault: Fault, error: type[BotError]
):
    emulated_slack.fail(method, fault)
    with pytest.raises(error):
        await messenger.send(channel(emulated_slack), emulated_slack.workspace.users["alice"], REPORT)
    assert len(emulated_slack.calls_of(method)) == 1


def test_slacks_sdk_writes_no_call_down():
    """Neither where lines for debugging are wanted, nor for nobody, which takes a tenth of the time of a post."""
    client = web_client("https://slack.example/api/")
    assert client._logger.level == logging.INFO  # it asks this one, not the one that counts
