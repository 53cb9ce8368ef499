"""The card with which a tenant is tried: every part that any card of ours has, taken or refused in words."""

from collections.abc import Iterator

import pytest

from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.webhook import FeishuWebhook
from bot.core.errors import BotError, ChannelGone
from bot.doctor import trial
from formatters.feishu import FeishuMessage, Reach, following, ladder
from formatters.feishu.validator import problems
from tests.counterparts.faults import Answer
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu, card_refused
from tests.fakes import REPO
from tests.formatters.feishu_cards import unmarked
from tests.formatters.samples import REPLIES

SEND = "POST /open-apis/im/v1/messages"


@pytest.fixture
def gateway(feishu: FakeFeishu) -> FeishuGateway:
    return FeishuGateway(APP_ID, APP_SECRET, feishu.url)


def drawn(reach: Reach) -> Iterator[FeishuMessage]:
    """All that is ever posted of our samples."""
    for reply in REPLIES.values():
        yield from (*ladder(reply, reach), *following(reply, reach))


@pytest.mark.parametrize("reach", Reach)
async def test_it_has_every_part_that_any_card_of_ours_has(reach: Reach):
    tried = trial.parts(await trial.card(REPO, reach))
    cards = [message["content"] for message in drawn(reach) if message["msg_type"] == "interactive"]
    assert {part for card in cards for part in trial.parts(card)} <= set(tried)


async def test_it_has_what_can_be_clicked_only_where_somebody_hears_it():
    heard, unheard = [await trial.card(REPO, reach) for reach in (Reach.APP, Reach.NOBODY)]
    assert {"form", "button", "open_url", "callback"} <= set(trial.parts(heard))
    assert {"form", "callback"}.isdisjoint(trial.parts(unheard))
    assert problems(heard) == problems(unheard) == []


async def test_it_is_posted_once_into_the_chat_that_is_named(feishu: FakeFeishu, gateway: FeishuGateway):
    chat = feishu.chat("team", members=["alice"])
    said = await trial.into_chat(gateway, chat, REPO)
    (call,) = feishu.calls_of(SEND)
    assert (call.json["receive_id"], call.json["msg_type"]) == (chat, "interactive")
    assert unmarked(call.content) == await trial.card(REPO, Reach.APP)
    assert said == (
        f"Feishu took a card with {', '.join(trial.parts(call.content))}; look at it on a phone, too; "
        "whether a digest has arrived there could not be found out after an hour: "
        "The Feishu app lacks im:message / im:message:readonly / im:message.history:readonly. "
        f"It can be asked for here: https://open.feishu.cn/app/{APP_ID}/auth?q=im:message,im:message:readonly,im:message.history:readonly"
        "&op_from=openapi&token_type=tenant"
    )


async def test_it_is_looked_for_where_the_app_may_read(feishu: FakeFeishu, gateway: FeishuGateway):
    feishu.granted |= {"im:message:readonly", "im:message.group_msg"}
    said = await trial.into_chat(gateway, feishu.chat("team"), REPO)
    assert said.endswith("; whether a digest has arrived there could be found out after an hour, too")
    feishu.fail("GET /open-apis/im/v1/messages", Answer(status=200, body={"code": 0, "data": {"items": [{}]}}))
    said = await trial.into_chat(gateway, feishu.chat("team"), REPO)
    assert said.endswith("could not be found out after an hour: cards do not come back whole")


@pytest.mark.parametrize(
    ("subcode", "finding"),
    [
        (11310, "Feishu rejected the card: 11310. What it does not take: too many elements or tables."),
        (200550, "Feishu rejected the card: 200550. What it does not take: the chart."),
        (424242, "Feishu rejected the card: 424242."),
    ],
)
async def test_what_is_refused_of_it_is_said_in_words_and_nothing_simpler_is_posted(
    feishu: FakeFeishu, gateway: FeishuGateway, subcode: int, finding: str
):
    feishu.fail(SEND, card_refused(subcode))
    with pytest.raises(BotError) as refused:
        await trial.into_chat(gateway, feishu.chat("team"), REPO)
    assert str(refused.value) == finding
    assert len(feishu.calls_of(SEND)) == 1


async def test_a_chat_without_the_bot_is_no_fault_of_the_card(feishu: FakeFeishu, gateway: FeishuGateway):
    chat = feishu.chat("team")
    await feishu.removes_bot(chat)
    with pytest.raises(ChannelGone):
        await trial.into_chat(gateway, chat, REPO)


async def test_a_custom_bot_is_tried_without_what_it_could_not_hear(feishu: FakeFeishu):
    address, bot = feishu.custom_bot(secret="hush")
    said = await trial.into_group(FeishuWebhook(address, "hush", now=feishu.now), REPO)
    (body,) = bot.posted
    assert body["card"] == await trial.card(REPO, Reach.NOBODY)
    assert said.startswith("Feishu took a card with ")
