"""What the bot sends to Slack, and what it makes of Slack's answers, against an emulated workspace."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack import SlackMessenger
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
)
from bot.core.model import Channel, Digest, Entry, Platform
from bot.core.replies import DigestView, Notice
from tests.counterparts import slack
from tests.counterparts.faults import Fault, Reset
from tests.counterparts.slack import SlackProxy
from tests.fakes import NOW, REPO, analysis_of, commit
from tests.slack_people import texts

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
async def messenger(emulated_slack: SlackProxy) -> AsyncIterator[SlackMessenger]:
    yield SlackMessenger(
        AsyncWebClient(token=slack.BOT_TOKEN, base_url=emulated_slack.api, retry_handlers=[], timeout=2)
    )


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


async def test_a_message_is_found_again_by_its_key(messenger: SlackMessenger, emulated_slack: SlackProxy):
    where = channel(emulated_slack)
    ts = await messenger.post(where, VIEW, key="7:2026-01-21")
    await messenger.post(where, Notice(text="Something else."), key="8:2026-01-21")
    assert await messenger.find(where, key="7:2026-01-21", since=LONG_AGO) == ts
    assert await messenger.find(where, key="7:2026-01-22", since=LONG_AGO) is None
    assert await messenger.find(where, key="7:2026-01-21", since=datetime.now(UTC) + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (slack.rate_limited(30), PlatformUnavailable),
        (slack.error("ratelimited"), PlatformUnavailable),
        (slack.error("is_archived"), ChannelGone),
        (slack.error("channel_not_found"), ChannelGone),
        (slack.error("not_in_channel"), ChannelGone),
        (slack.error("token_revoked"), CredentialsRejected),
        (slack.error("invalid_auth"), CredentialsRejected),
        (slack.error("missing_scope", needed="chat:write"), CredentialsRejected),
        (slack.error("msg_blocks_too_long"), MessageRejected),
        (slack.error("a_code_of_next_year"), MessageRejected),
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
    emulated_slack.fail("chat.postMessage", slack.rate_limited(30))
    with pytest.raises(PlatformUnavailable) as problem:
        await messenger.post(channel(emulated_slack), VIEW, key="7:2026-01-21")
    assert problem.value.retry_after == timedelta(seconds=30)


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
        (slack.rate_limited(30), PlatformUnavailable),
        (slack.server_error(503), DeliveryUncertain),
        (Reset(processed=True), DeliveryUncertain),
    ],
    ids=str,
)
async def test_each_failure_to_change_a_message_says_what_it_means(
    messenger: SlackMessenger, emulated_slack: SlackProxy, fault: Fault, error: type[BotError]
):
    ts = await messenger.post(channel(emulated_slack), VIEW, key="1")
    emulated_slack.fail("chat.update", fault)
    with pytest.raises(error):
        await messenger.update(channel(emulated_slack), ts, VIEW, key="1")
    assert len(emulated_slack.calls_of("chat.postMessage")) == 1


async def test_a_message_that_never_was_cannot_be_changed(messenger: SlackMessenger, emulated_slack: SlackProxy):
    with pytest.raises(MessageGone):
        await messenger.update(channel(emulated_slack), "1700000000.000100", VIEW, key="1")


async def test_where_nothing_listens_nothing_can_have_arrived():
    messenger = SlackMessenger(
        AsyncWebClient(token=slack.BOT_TOKEN, base_url="http://127.0.0.1:9/api/", retry_handlers=[])
    )
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
