"""What a group's custom bot is sent, and what is made of its answers."""

import asyncio
import base64
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
import stamina
from feishu_notify.transport import sign

from bot.adapters.feishu import webhook
from bot.adapters.feishu.failures import RateLimited
from bot.adapters.feishu.webhook import FeishuWebhook, channel_of, signature
from bot.core import errors
from bot.core.ports import Attachment
from bot.core.replies import Notice, Reply
from bot.core.subscriptions import Platform
from formatters.feishu import Reach, following, ladder
from tests.counterparts.faults import Answer, Fault, Reset
from tests.counterparts.feishu import FakeFeishu, error
from tests.messengers.test_feishu import long_view
from tests.messengers.test_slack import VIEW
from tests.stopwatch import Heard, Watch

NOW = datetime(2026, 1, 22, 1, tzinfo=UTC)
SECRET = "the-secret-of-the-group-s-bot"
HELLO = Notice(text="Hello.")


class Hook:
    """A group's custom bot in the fake Feishu, and the messenger that knows its address."""

    def __init__(self, feishu: FakeFeishu, *, secret: str | None = SECRET, keywords: Sequence[str] = ()) -> None:
        feishu.clock = lambda: NOW
        self._feishu = feishu
        self.address, self.bot = feishu.custom_bot(secret=secret, keywords=keywords)
        self.messenger = FeishuWebhook(self.address, secret or "", now=lambda: NOW, timeout=2)

    @property
    def posted(self) -> list[dict[str, Any]]:
        """What has arrived in the group."""
        return self.bot.posted

    @property
    def asked(self) -> int:
        return len(self._feishu.calls)

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        self._feishu.fail("/open-apis/bot/v2/hook/", fault, times=times)

    async def post(self, reply: Reply = HELLO, key: str = "7:2026-01-21") -> str:
        return await self.messenger.post(self.messenger.channel, reply, key=key)


def refused(code: int, msg: str = "") -> Fault:
    return error(code, msg, status=200)


@pytest.fixture
def hook(feishu: FakeFeishu) -> Hook:
    return Hook(feishu)


@pytest.fixture(autouse=True)
def hurry() -> Iterator[None]:
    """Repetitions follow at once."""
    with stamina.set_testing(True, attempts=3):
        yield


# What is sent


async def test_a_digest_arrives_as_a_signed_card_that_nobody_has_to_hear(hook: Hook):
    await hook.post(VIEW)
    (message,) = hook.posted
    timestamp = str(int(NOW.timestamp()))
    assert message.pop("timestamp") == timestamp
    assert message.pop("sign") == sign(SECRET, timestamp)
    card = next(ladder(VIEW, Reach.NOBODY))["content"]
    assert message == {"msg_type": "interactive", "card": card}
    assert '"callback"' not in json.dumps(message)


async def test_without_a_secret_nothing_is_signed(feishu: FakeFeishu):
    hook = Hook(feishu, secret=None)
    await hook.post()
    assert hook.posted[0].keys() == {"msg_type", "card"}


async def test_a_signature_that_does_not_fit_and_a_keyword_are_the_operator_s_to_mend(feishu: FakeFeishu):
    signed, unsigned, choosy = Hook(feishu), Hook(feishu, secret=None), Hook(feishu, keywords=["commit report"])
    signed.messenger = FeishuWebhook(signed.address, "another secret", now=lambda: NOW)
    with pytest.raises(webhook.SignatureRefused):
        await signed.post()
    with pytest.raises(webhook.KeywordMissing):
        await choosy.post()
    await unsigned.post()
    assert (signed.posted, choosy.posted) == ([], [])


@pytest.mark.parametrize("secret", ["s", "密钥", "a\nb", "x" * 500])
@pytest.mark.parametrize("timestamp", ["1768960800", "0"])
def test_the_signature_is_the_one_that_others_make(secret: str, timestamp: str):
    assert signature(timestamp, secret) == sign(secret, timestamp)
    assert len(base64.b64decode(signature(timestamp, secret))) == 32


async def test_a_card_that_is_refused_arrives_as_text_with_the_same_words(hook: Hook):
    *_, last = rungs = [*ladder(VIEW, Reach.NOBODY)]
    hook.fail(refused(11246, "card content is invalid"), times=len(rungs))
    with pytest.raises(errors.MessageRejected, match="11246"):
        await hook.post(VIEW)
    hook.fail(refused(11246, "card content is invalid"), times=len(rungs) - 1)
    await hook.post(VIEW)
    assert hook.posted == [{**_signed(), "msg_type": "post", "content": {"post": last["content"]}}]


async def test_a_message_is_known_by_its_key(hook: Hook):
    first, again, other = [await hook.post(key=key) for key in ("7:2026-01-21", "7:2026-01-21", "7:2026-01-22")]
    assert first == again != other
    hostile = [await hook.post(key=key) for key in ("\ud800", "💥\n", "x" * 10_000, "")]
    assert len(set(hostile)) == 4


# What answers mean


MEANINGS: list[tuple[Fault, type[errors.BotError], str]] = [
    (refused(19021, "sign match fail or timestamp is not within one hour"), webhook.SignatureRefused, "signature"),
    (refused(19022, "Ip Not Allowed"), webhook.AddressRefused, "IP addresses"),
    (refused(19024, "Key Words Not Found"), webhook.KeywordMissing, "keyword"),
    (refused(19001, "param invalid: incoming webhook access token invalid"), webhook.BotRemoved, "not there any more"),
    (refused(9499, "Bad Request"), errors.MessageRejected, "9499"),
    (refused(9499, "too many request"), RateLimited, "slow down"),
    (refused(11232, "frequency limited"), RateLimited, "slow down"),
    (Answer(status=429, body="Too Many Requests"), RateLimited, "slow down"),
    (refused(19036, "too long"), errors.MessageRejected, "19036"),
    (Answer(status=404, body="<html>Not Found</html>"), errors.MessageRejected, "404"),
    (Answer(status=502, body="<html>Bad Gateway</html>"), errors.DeliveryUncertain, "may or may not"),
    (Answer(status=200, body="not JSON"), errors.DeliveryUncertain, "may or may not"),
    (Reset(), errors.DeliveryUncertain, "may or may not"),
    (Reset(processed=True), errors.DeliveryUncertain, "may or may not"),
]


@pytest.mark.parametrize(("fault", "meant", "sentence"), MEANINGS, ids=str)
async def test_each_answer_says_what_it_means_and_never_where_it_was_asked(
    hook: Hook,
    capsys: pytest.CaptureFixture[str],
    fault: Fault,
    meant: type[errors.BotError],
    sentence: str,
):
    hook.fail(fault, times=None)
    with pytest.raises(meant, match=sentence) as problem:
        await hook.post()
    assert type(problem.value) is meant
    assert problem.value.permanent is issubclass(meant, errors.CredentialsRejected | errors.ChannelGone)
    told = repr(problem.value) + repr(problem.value.__cause__) + "".join(capsys.readouterr())
    assert hook.bot.token not in told
    assert SECRET not in told


async def test_an_answer_that_repeats_the_address_is_logged_without_it(hook: Hook, capsys: pytest.CaptureFixture[str]):
    hook.fail(refused(19001, f"no such hook: {hook.bot.token}"))
    with pytest.raises(webhook.BotRemoved):
        await hook.post()
    logged = "".join(capsys.readouterr())
    assert "no such hook" in logged
    assert hook.bot.token not in logged


async def test_an_address_that_is_none_is_not_shown_either(capsys: pytest.CaptureFixture[str]):
    messenger = FeishuWebhook("http://127.0.0.1:99999/the-token", now=lambda: NOW)
    with pytest.raises(errors.BotError) as problem:
        await messenger.post(messenger.channel, HELLO, key="1")
    assert "the-token" not in repr(problem.value) + repr(problem.value.__cause__) + "".join(capsys.readouterr())


async def test_where_nothing_listens_nothing_can_have_arrived():
    with pytest.raises(errors.PlatformUnavailable, match="Feishu did not answer"):
        messenger = FeishuWebhook("http://127.0.0.1:9/hook/x", now=lambda: NOW)
        await messenger.post(messenger.channel, HELLO, key="1")


@pytest.mark.parametrize("fault", [Reset(processed=True), Answer(status=504, body="", processed=True)], ids=str)
async def test_what_may_have_arrived_is_never_sent_again(hook: Hook, fault: Fault):
    hook.fail(fault)
    with pytest.raises(errors.DeliveryUncertain):
        await hook.post()
    assert len(hook.posted) == hook.asked == 1


@pytest.mark.parametrize("fault", [refused(11232), refused(9499, "too many request")], ids=str)
async def test_a_system_under_pressure_is_asked_again(hook: Hook, fault: Fault):
    hook.fail(fault)
    await hook.post()
    assert (hook.asked, len(hook.posted)) == (2, 1)


async def test_whoever_wants_to_know_hears_of_limits_that_are_kept_and_hit(feishu: FakeFeishu):
    feishu.limits_rates = False  # by its own clock
    watch, hook, heard = Watch(), Hook(feishu, secret=None), Heard()
    hook.messenger = FeishuWebhook(hook.address, now=lambda: NOW, clock=watch, sleep=watch.sleep, waits=heard)
    hook.fail(refused(11232))
    for number in range(5):
        await hook.post(key=str(number))
    assert heard == [("hit", 0.0), ("kept", 1.1)]


async def test_five_messages_a_second_and_a_hundred_a_minute_are_sent(feishu: FakeFeishu):
    feishu.limits_rates = False  # by its own clock
    watch, hook = Watch(), Hook(feishu, secret=None)
    hook.messenger = FeishuWebhook(hook.address, now=lambda: NOW, clock=watch, sleep=watch.sleep)
    at: list[float] = []
    for number in range(101):
        await hook.post(key=str(number))
        at.append(round(watch.now - 100, 1))
    assert at[:11] == [0.0] * 5 + [1.1] * 5 + [2.2]
    assert at[100] == 60.0


# A channel that hears nothing


async def test_the_channel_is_named_so_that_its_address_cannot_be_told(hook: Hook):
    channel = channel_of(hook.address)
    assert hook.messenger.channel == channel == channel_of(f" {hook.address}/\n")
    assert channel.platform is Platform.FEISHU_WEBHOOK
    assert channel.id == channel.workspace == sha256(hook.address.encode()).hexdigest()[:16]
    assert channel_of(hook.address + "2") != channel


async def test_what_was_meant_for_an_earlier_address_goes_nowhere(hook: Hook):
    earlier = channel_of("https://open.feishu.cn/open-apis/bot/v2/hook/earlier")
    with pytest.raises(webhook.BotRemoved):
        await hook.messenger.check(earlier)
    with pytest.raises(webhook.BotRemoved):
        await hook.messenger.post(earlier, HELLO, key="1")
    await hook.messenger.check(hook.messenger.channel)
    assert hook.asked == 0


async def test_what_a_custom_bot_cannot_do_is_said(hook: Hook):
    here = hook.messenger.channel
    with pytest.raises(errors.MessageGone, match="cannot be changed"):
        await hook.messenger.update(here, "1", HELLO, key="1")
    with pytest.raises(errors.HistoryUnreadable, match="cannot read"):
        await hook.messenger.find(here, key="1", since=NOW)
    with pytest.raises(errors.MessageRejected, match="cannot send files"):
        await hook.messenger.send(here, "ou_1", Attachment(name="a.md", title="a", text="a"))
    assert not hook.messenger.is_direct(here)
    assert not await hook.messenger.admits(here, "ou_1")
    assert await hook.messenger.zone(here, "ou_1") is None
    assert hook.asked == 0


async def test_what_is_meant_for_one_person_is_not_said_to_the_group(hook: Hook, capsys: pytest.CaptureFixture[str]):
    await hook.messenger.tell(hook.messenger.channel, "ou_1", Notice(text="Your digest did not arrive."))
    assert hook.asked == 0
    assert "feishu_webhook.nobody_to_tell" in "".join(capsys.readouterr())


async def test_words_that_cannot_be_written_do_not_keep_the_others_away(hook: Hook):
    await hook.post(Notice(text="Hello \ud800."))
    assert len(hook.posted) == 1


async def test_a_long_day_arrives_in_several_cards_one_below_the_other(hook: Hook):
    view = long_view(400)
    await hook.post(view)
    first, *parts = [message["card"] for message in hook.posted]
    assert first == next(ladder(view, Reach.NOBODY))["content"]
    assert parts == [part["content"] for part in following(view, Reach.NOBODY)]
    assert len(parts) > 1
    assert max(len(json.dumps(body, ensure_ascii=False).encode()) for body in hook.posted) <= webhook.REQUEST_MAX


async def test_a_part_that_cannot_follow_does_not_take_the_first_card_back(hook: Hook):
    posting = asyncio.create_task(hook.post(long_view(400)))
    while not hook.posted:
        await asyncio.sleep(0)
    hook.fail(Reset(processed=True))
    assert await posting
    assert len(hook.posted) == 2


def _signed() -> dict[str, str]:
    timestamp = str(int(NOW.timestamp()))
    return {"timestamp": timestamp, "sign": sign(SECRET, timestamp)}
