"""Requests that somebody sends once more, and how a person is told within the uses of a response_url."""

import asyncio
from typing import Any

import pytest

from bot.core import answering
from bot.core.commands import ListSubscriptions, ShowDigest
from bot.core.replies import DigestView, Progress, SubscriptionList
from handlers.slack import receiving
from tests.counterparts import slack, slack_events
from tests.counterparts.slack_inbound import JSON, signed
from tests.formatters import samples
from tests.handlers.stages import Stage
from tests.slack_people import eventually


async def test_a_command_that_is_replayed_is_answered_once(bot: Stage):
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=())
    url = bot.slack.response_url()
    body = await bot.people.typed("list", url=url)
    headers = signed(body, slack.SIGNING_SECRET)
    assert [(await bot.people.send(body, headers)).status for _ in range(2)] == [200, 200]
    await bot.people.answers(url)
    assert len(bot.desk.asked) == 1


async def test_what_slack_did_not_sign_is_not_remembered(bot: Stage):
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=())
    body = await bot.people.typed("list", url=bot.slack.response_url())
    headers = signed(body, slack.SIGNING_SECRET)
    assert (await bot.people.send("another body", headers)).status == 401
    assert (await bot.people.send(body, headers)).status == 200


async def test_an_event_that_is_replayed_is_acknowledged_and_answered_once(bot: Stage):
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=())
    mention = slack_events.app_mention(
        bot.slack.workspace, "list", user="alice", channel=bot.id("general"), ts="1768.5"
    )
    body = slack_events.envelope(bot.slack.workspace, mention)
    headers = signed(body, slack.SIGNING_SECRET, content_type=JSON)
    assert [(await bot.people.send(body, headers)).status for _ in range(2)] == [200, 200]

    async def heard() -> Any:
        return bot.slack.whispers()

    await eventually(heard)
    assert len(bot.desk.asked) == 1


async def test_a_response_url_is_used_five_times_at_most_and_the_last_is_the_answer(
    bot: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answering, "PROGRESS_AFTER", tuple(number / 100 for number in range(1, 9)))
    bot.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    bot.desk.progress = Progress(repo=samples.REPO, done=7, total=12)
    bot.desk.gate.clear()
    url = bot.slack.response_url()
    await bot.people.send(await bot.people.typed("2026-01-21", url=url))
    await bot.people.answers(url, 4)
    await asyncio.sleep(0.1)
    assert len(bot.slack.responses(url)) == 4
    bot.desk.gate.set()
    *progress, answer = await bot.people.answers(url, 5)
    assert all("7 of 12" in told["text"] for told in progress)
    assert "ai-dynamo/dynamo · 2026-01-21" in answer["text"]
    assert [told["replace_original"] for told in (*progress, answer)] == [False, True, True, True, True]


async def test_a_person_in_a_channel_without_the_bot_gets_a_direct_message_in_the_end(bot: Stage):
    bot.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    bot.slack.fail("chat.postEphemeral", slack.error("channel_not_found"))
    await bot.people.send(await bot.people.typed("2026-01-21", url=bot.slack.response_url(seconds=0)))
    where = await bot.slack.direct_channel("alice")

    async def written() -> Any:
        return await bot.slack.history(where)

    (message,) = await eventually(written)
    assert "ai-dynamo/dynamo · 2026-01-21" in message["text"]


@pytest.mark.parametrize("time", ["", "soon", "9" * 5_000], ids=["none", "a word", "too many"])
async def test_a_time_that_is_no_number_is_refused(bot: Stage, time: str):
    body = await bot.people.typed("list", url=bot.slack.response_url())
    headers = signed(body, slack.SIGNING_SECRET) | {"X-Slack-Request-Timestamp": time}
    assert (await bot.people.send(body, headers)).status == 401


async def test_a_request_that_is_too_long_is_not_read_to_its_end(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receiving, "BODY_MAX", 1_000)
    body = "payload=" + "x" * 1_000
    assert (await bot.people.send(body, signed(body, slack.SIGNING_SECRET))).status == 413


async def test_a_bot_that_is_told_to_stop_answers_first_what_is_under_way(bot: Stage):
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=())
    bot.desk.gate.clear()
    url = bot.slack.response_url()
    await bot.people.send(await bot.people.typed("list", url=url))
    await bot.receiver.finish(within=0.05)
    assert bot.slack.responses(url) == []
    bot.desk.gate.set()
    await bot.receiver.finish()
    assert len(bot.slack.responses(url)) == 1
    await bot.receiver.finish()
