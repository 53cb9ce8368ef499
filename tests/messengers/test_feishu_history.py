"""Whether a message arrived, found out in a chat's history once Feishu has forgotten its `uuid`."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from bot.adapters.feishu import history
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.marks import mark_in, mark_of, marked
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.feishu.surfaces import FeishuSurfaces
from bot.core import errors
from bot.core.ports import Attachment
from bot.core.replies import Notice
from bot.core.subscriptions import Channel, Platform
from formatters.feishu import ladder
from formatters.feishu.cards import written
from formatters.feishu.validator import DOCUMENTED, problems
from tests.counterparts.faults import Answer, Fault, Reset
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu, card_refused, error, rate_limited
from tests.formatters.feishu_cards import unmarked
from tests.formatters.samples import REPLIES
from tests.messengers.test_slack import VIEW

NOW = datetime(2026, 1, 22, 1, tzinfo=UTC)
KEY = "7:2026-01-21"
HELLO = Notice(text="Hello.")
SEND = "POST /open-apis/im/v1/messages"
HISTORY = "GET /open-apis/im/v1/messages"
LATER = timedelta(minutes=90).total_seconds()


class Conversations:
    """Which message stands in a channel, as the bot remembers it."""

    def __init__(self) -> None:
        self.newest: str | None = None

    async def __call__(self, channel: Channel) -> str | None:
        return self.newest


@pytest.fixture
async def gateway(feishu: FakeFeishu) -> AsyncIterator[FeishuGateway]:
    feishu.clock = lambda: NOW
    feishu.limits_rates = False
    feishu.granted |= {"im:message:readonly", "im:message.group_msg"}
    gateway = FeishuGateway(APP_ID, APP_SECRET, feishu.url)
    async with gateway.connected():
        with stamina.set_testing(True, attempts=3):
            yield gateway


@pytest.fixture
def earlier() -> Conversations:
    return Conversations()


@pytest.fixture
def messenger(gateway: FeishuGateway, feishu: FakeFeishu, earlier: Conversations) -> FeishuMessenger:
    return FeishuMessenger(gateway, now=feishu.now, earlier=earlier)


@pytest.fixture
def group(feishu: FakeFeishu) -> Channel:
    return Channel(platform=Platform.FEISHU, workspace=feishu.tenant, id=feishu.chat("team", members=["alice"]))


@pytest.fixture
def direct(feishu: FakeFeishu, group: Channel) -> Channel:
    return replace(group, id=feishu.person("alice").open_id)


async def lost(messenger: FeishuMessenger, feishu: FakeFeishu, channel: Channel, *, arrived: bool) -> datetime:
    """A digest is posted without an answer, and Feishu forgets its `uuid`; when that began."""
    since = feishu.now()
    feishu.fail(SEND, Reset(processed=arrived), times=3)
    with pytest.raises(errors.DeliveryUncertain):
        await messenger.post(channel, VIEW, key=KEY)
    feishu.advance(LATER)
    return since


@pytest.mark.parametrize("arrived", [True, False])
async def test_after_the_hour_history_tells_whether_a_digest_arrived(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, arrived: bool
):
    since = await lost(messenger, feishu, group, arrived=arrived)
    found = await messenger.find(group, key=KEY, since=since)
    assert found == (feishu.in_chat(group.id)[0].id if arrived else None)
    assert await messenger.find(group, key="8:2026-01-21", since=since) is None


async def test_within_the_hour_history_is_not_read(messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel):
    assert await messenger.find(group, key=KEY, since=feishu.now() - timedelta(minutes=49)) is None
    assert feishu.calls_of(HISTORY) == []


async def test_a_digest_is_found_among_others_by_page(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(history, "PAGE", 2)
    since = feishu.now()
    keys = [str(number) for number in range(5)]
    ids = [await messenger.post(group, VIEW, key=key) for key in keys]
    feishu.advance(LATER)
    assert [await messenger.find(group, key=key, since=since) for key in keys] == ids
    assert await messenger.find(group, key="never", since=since) is None


async def test_a_busy_chat_is_not_looked_through(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(history, "PAGE", 2)
    monkeypatch.setattr(history, "PAGES", 2)
    since = feishu.now()
    first = await messenger.post(group, VIEW, key="first")
    for _message in range(4):
        await feishu.says("hello", chat=group.id)
    feishu.advance(LATER)
    assert await messenger.find(group, key="first", since=since) == first
    with pytest.raises(errors.HistoryUnreadable, match="Too much has been written"):
        await messenger.find(group, key=KEY, since=since)
    assert len(feishu.calls_of(HISTORY)) == 3


async def test_what_feishu_dates_a_little_earlier_than_we_do_is_found(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    found = await messenger.post(group, VIEW, key=KEY)
    feishu.advance(LATER)
    assert await messenger.find(group, key=KEY, since=NOW + timedelta(seconds=90)) == found
    assert await messenger.find(group, key=KEY, since=NOW + timedelta(minutes=3)) is None


async def test_a_digest_that_was_corrected_is_found(messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel):
    since = feishu.now()
    posted = await messenger.post(group, VIEW, key=KEY)
    await messenger.update(group, posted, replace(VIEW, corrected_at=NOW), key=KEY)
    feishu.advance(LATER)
    assert await messenger.find(group, key=KEY, since=since) == posted


async def test_cards_of_others_are_not_ours_whatever_their_mark_is(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    since = await lost(messenger, feishu, group, arrived=True)
    (ours,) = feishu.in_chat(group.id)
    ours.sender = feishu.person("mallory").open_id
    assert await messenger.find(group, key=KEY, since=since) is None


# Where nobody can know


async def test_a_digest_that_arrived_as_text_cannot_be_told(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel
):
    since = feishu.now()
    feishu.fail(SEND, card_refused(), times=len([*ladder(VIEW)]) - 1)
    await messenger.post(group, VIEW, key=KEY)
    assert feishu.in_chat(group.id)[0].msg_type == "post"
    feishu.advance(LATER)
    with pytest.raises(errors.HistoryUnreadable, match="does not show which one it is"):
        await messenger.find(group, key=KEY, since=since)


async def test_a_digest_that_was_withdrawn_or_changed_by_a_click_cannot_be_told(
    messenger: FeishuMessenger, gateway: FeishuGateway, feishu: FakeFeishu, group: Channel
):
    since = await lost(messenger, feishu, group, arrived=True)
    (posted,) = feishu.in_chat(group.id)
    await FeishuSurfaces(gateway).update(posted.id, VIEW)
    with pytest.raises(errors.HistoryUnreadable, match="does not show which one it is"):
        await messenger.find(group, key=KEY, since=since)
    await feishu.recalls(posted.id)
    with pytest.raises(errors.HistoryUnreadable, match="does not show which one it is"):
        await messenger.find(group, key=KEY, since=since)


async def test_answers_and_files_leave_no_doubt(
    messenger: FeishuMessenger, gateway: FeishuGateway, feishu: FakeFeishu, group: Channel
):
    since = await lost(messenger, feishu, group, arrived=False)
    surfaces = FeishuSurfaces(gateway)
    asked = await feishu.says("yesterday", chat=group.id)
    question = asked["event"]["message"]["message_id"]
    answer = await surfaces.reply(question, HELLO, chat=group.id, key="e1")
    await surfaces.update(answer, VIEW, key="e1")
    report = Attachment(name="report.md", title="Report", text="# Report\n")
    await surfaces.reply_with_file(question, report, chat=group.id, key="e2")
    assert await messenger.find(group, key=KEY, since=since) is None


@pytest.mark.parametrize(
    ("scopes", "sentence"),
    [
        ({"im:message.group_msg"}, "lacks im:message / im:message:readonly"),
        ({"im:message:readonly"}, "lacks im:message.group_msg"),
    ],
    ids=["to read", "to read groups"],
)
async def test_a_missing_scope_is_named(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, scopes: set[str], sentence: str
):
    since = await lost(messenger, feishu, group, arrived=True)
    feishu.granted -= {"im:message:readonly", "im:message.group_msg"} - scopes
    with pytest.raises(errors.HistoryUnreadable, match=sentence):
        await messenger.find(group, key=KEY, since=since)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (error(230002), errors.ChannelGone),
        (error(230027, "Lack of necessary permissions."), errors.HistoryUnreadable),
        (error(230001), errors.HistoryUnreadable),
        (error(230006), errors.CredentialsRejected),
        (rate_limited(120), errors.PlatformUnavailable),
        (Reset(), errors.PlatformUnavailable),
        (Answer(status=200, body={"code": 0}), errors.PlatformUnavailable),
    ],
    ids=str,
)
async def test_each_failure_to_read_history_says_what_it_means(
    messenger: FeishuMessenger, feishu: FakeFeishu, group: Channel, fault: Fault, raised: type[errors.BotError]
):
    since = await lost(messenger, feishu, group, arrived=True)
    feishu.fail(HISTORY, fault, times=None)
    with pytest.raises(raised):
        await messenger.find(group, key=KEY, since=since)


# Conversations with one person


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_conversation_is_looked_up_by_a_digest_that_stands_in_it(
    messenger: FeishuMessenger, feishu: FakeFeishu, direct: Channel, earlier: Conversations, arrived: bool
):
    feishu.granted.discard("im:message.group_msg")
    earlier.newest = await messenger.post(direct, VIEW, key="the day before")
    since = await lost(messenger, feishu, direct, arrived=arrived)
    found = await messenger.find(direct, key=KEY, since=since)
    assert found == (feishu.in_chat(direct.id)[1].id if arrived else None)


async def test_a_conversation_without_an_earlier_digest_cannot_be_read(
    messenger: FeishuMessenger, feishu: FakeFeishu, direct: Channel, earlier: Conversations
):
    since = await lost(messenger, feishu, direct, arrived=True)
    with pytest.raises(errors.HistoryUnreadable, match="Nothing was sent to this conversation before"):
        await messenger.find(direct, key=KEY, since=since)
    earlier.newest = "om_deleted"
    with pytest.raises(errors.HistoryUnreadable):
        await messenger.find(direct, key=KEY, since=since)


# The mark of a card


@pytest.mark.parametrize("name", REPLIES)
def test_a_mark_changes_nothing_else_in_a_card_and_is_taken(name: str):
    for message in ladder(REPLIES[name]):
        if message["msg_type"] == "interactive":
            card = marked(message["content"], MARK)
            assert unmarked(card) == message["content"]
            assert problems(card, DOCUMENTED) == []
            assert mark_in(written(card)) == mark_in(written({"title": None, "user_dsl": written(card)})) == MARK


MARK = mark_of("0123456789abcdef" * 3)
NAMED: dict[str, Any] = {"tag": "markdown", "element_id": MARK, "content": ""}


@pytest.mark.parametrize(
    "content",
    [
        "This message was recalled",
        "",
        "[]",
        '{"user_dsl": null}',
        '{"user_dsl": "not JSON"}',
        written({"body": {"elements": []}}),
        written({"body": {"elements": [{**NAMED, "element_id": "more"}]}}),
        written({"body": {"elements": [{"tag": "hr"}, NAMED]}}),
        written({"body": {"elements": [{"tag": "markdown", "content": written(NAMED)}]}}),
    ],
)
def test_what_people_write_is_no_mark(content: str):
    assert mark_in(content) is None


def test_a_card_without_elements_has_no_mark():
    assert marked({"body": {"elements": []}}, MARK) == {"body": {"elements": []}}
