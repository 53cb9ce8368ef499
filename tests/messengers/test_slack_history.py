"""Whether a message arrived, found out in a channel's history by its metadata."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.core.errors import BotError, ChannelGone, CredentialsRejected, HistoryUnreadable, PlatformUnavailable
from bot.core.replies import Notice
from bot.core.subscriptions import Channel
from tests.counterparts import slack
from tests.counterparts.faults import Answer, Fault, Reset
from tests.counterparts.slack import SlackProxy
from tests.messengers.test_slack import LONG_AGO, VIEW, channel
from tests.stopwatch import Watch

KEY = "7:2026-01-21"
HELLO = Notice(text="Hello.")


@pytest.fixture(autouse=True)
def hurry() -> Iterator[None]:
    """Repetitions follow at once."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def watch(emulated_slack: SlackProxy) -> Watch:
    watch = Watch()
    emulated_slack.stopwatch = watch
    return watch


@pytest.fixture
def messenger(emulated_slack: SlackProxy, watch: Watch) -> SlackMessenger:
    gateway = SlackGateway(
        OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api, timeout=2, clock=watch, sleep=watch.sleep
    )
    return SlackMessenger(gateway)


@pytest.fixture
def general(emulated_slack: SlackProxy) -> Channel:
    return channel(emulated_slack)


async def chatter(emulated_slack: SlackProxy, messages: int) -> None:
    for number in range(messages):
        await emulated_slack.say(f"{number}", "general")


def pages(emulated_slack: SlackProxy) -> list[dict[str, Any]]:
    """What was asked of histories, and answered."""
    return [call.arguments for call in emulated_slack.calls_of("conversations.history") if call.answer]


async def test_a_message_is_found_below_what_was_written_after_it(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel
):
    posted = await messenger.post(general, VIEW, key=KEY)
    await chatter(emulated_slack, 31)
    assert await messenger.find(general, key=KEY, since=LONG_AGO) == posted
    assert [str(page["limit"]) for page in pages(emulated_slack)] == ["15", "15", "15"]


async def test_a_busy_channel_is_not_looked_through(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bot.adapters.slack.history.PAGES", 2)
    await messenger.post(general, VIEW, key=KEY)
    await chatter(emulated_slack, 30)
    with pytest.raises(HistoryUnreadable, match="Too much"):
        await messenger.find(general, key=KEY, since=LONG_AGO)
    assert len(pages(emulated_slack)) == 2


async def test_what_slack_dates_a_little_earlier_than_we_do_is_found(messenger: SlackMessenger, general: Channel):
    posted = await messenger.post(general, VIEW, key=KEY)
    now = datetime.now(UTC)
    assert await messenger.find(general, key=KEY, since=now + timedelta(seconds=90)) == posted
    assert await messenger.find(general, key=KEY, since=now + timedelta(minutes=5)) is None


async def test_what_another_bot_of_the_same_kind_posts_is_not_ours(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel
):
    metadata = {"event_type": "dynamo_digest", "event_payload": {"key": KEY}}
    theirs = {"channel": general.id, "text": "The digest of another installation", "metadata": metadata}
    await emulated_slack.do("chat.postMessage", theirs)
    assert await messenger.find(general, key=KEY, since=LONG_AGO) is None
    posted = await messenger.post(general, VIEW, key=KEY)
    await emulated_slack.do("chat.postMessage", theirs)
    assert await messenger.find(general, key=KEY, since=LONG_AGO) == posted


@pytest.mark.parametrize(
    "metadata", [None, {}, {"event_type": "dynamo_digest"}, {"event_type": "other", "event_payload": {"key": KEY}}]
)
async def test_other_metadata_is_none_of_ours(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel, metadata: Any
):
    message = {"ts": "1.0", "user": slack.BOT_USER_ID, "metadata": metadata}
    emulated_slack.fail("conversations.history", Answer(status=200, body={"ok": True, "messages": [message]}))
    assert await messenger.find(general, key=KEY, since=LONG_AGO) is None


async def test_what_stands_in_a_thread_is_no_message_of_the_channel(messenger: SlackMessenger, general: Channel):
    posted = await messenger.post(general, VIEW, key=KEY)
    await messenger.post(general, HELLO, key="in a thread", thread=posted)
    assert await messenger.find(general, key="in a thread", since=LONG_AGO) is None
    assert await messenger.find(general, key=KEY, since=LONG_AGO) == posted


# Where it cannot be read


async def test_a_channel_without_the_bot_can_be_posted_to_but_not_read(
    messenger: SlackMessenger, emulated_slack: SlackProxy
):
    lounge = channel(emulated_slack, slack.LOUNGE)
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.add("chat:write.public")
    await messenger.post(lounge, VIEW, key=KEY)
    with pytest.raises(HistoryUnreadable, match="not_in_channel"):
        await messenger.find(lounge, key=KEY, since=LONG_AGO)
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.discard("chat:write.public")


async def test_a_private_channel_without_the_bot_is_gone(messenger: SlackMessenger, emulated_slack: SlackProxy):
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.add("groups:history")
    with pytest.raises(ChannelGone, match="channel_not_found"):
        await messenger.find(channel(emulated_slack, slack.VAULT), key=KEY, since=LONG_AGO)
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.discard("groups:history")


async def test_a_scope_that_an_administrator_has_declined_is_named(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel
):
    emulated_slack.tokens[slack.BOT_TOKEN].scopes.remove("channels:history")
    with pytest.raises(HistoryUnreadable, match="channels:history"):
        await messenger.find(general, key=KEY, since=LONG_AGO)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (slack.error("token_revoked"), CredentialsRejected),
        (slack.error("team_access_not_granted"), HistoryUnreadable),
        (slack.error("invalid_cursor"), HistoryUnreadable),
        (slack.error("fatal_error"), PlatformUnavailable),
        (slack.server_error(503), PlatformUnavailable),
        (Reset(), PlatformUnavailable),
    ],
    ids=str,
)
async def test_each_failure_to_read_history_says_what_it_means(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel, fault: Fault, raised: type[BotError]
):
    await messenger.post(general, VIEW, key=KEY)
    emulated_slack.fail("conversations.history", fault, times=None)
    with pytest.raises(raised):
        await messenger.find(general, key=KEY, since=LONG_AGO)


# Apps outside the Marketplace


async def test_a_limit_of_a_page_a_minute_is_for_later_and_does_not_begin_anew(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel, watch: Watch
):
    posted = await messenger.post(general, VIEW, key=KEY)
    await chatter(emulated_slack, 31)
    emulated_slack.outside_marketplace = True
    for _minute in range(2):
        with pytest.raises(PlatformUnavailable) as problem:
            await messenger.find(general, key=KEY, since=LONG_AGO)
        assert (problem.value.retry, problem.value.retry_after) == (True, timedelta(minutes=1))
        watch.now += 60
    assert await messenger.find(general, key=KEY, since=LONG_AGO) == posted
    cursors = [page.get("cursor", "") for page in pages(emulated_slack)]
    assert len(set(cursors)) == len(cursors) == 3


async def test_looks_for_others_in_the_same_channel_do_not_meet(
    messenger: SlackMessenger, emulated_slack: SlackProxy, general: Channel, watch: Watch
):
    ids = {key: await messenger.post(general, VIEW, key=key) for key in ("1", "2")}
    await chatter(emulated_slack, 15)
    emulated_slack.outside_marketplace = True
    found: dict[str, str | None] = {}
    for _minute in range(8):
        for key in ids.keys() - found.keys():
            try:
                found[key] = await messenger.find(general, key=key, since=LONG_AGO)
            except PlatformUnavailable:
                watch.now += 60
    assert found == ids
