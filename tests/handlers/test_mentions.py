"""What people write: mentions in channels and threads, and direct messages."""

from typing import Any

import pytest

from bot.core import answering
from bot.core.commands import ListSubscriptions, Search, ShowDigest
from bot.core.errors import AnalystUnavailable
from bot.core.replies import Answer, CitedSentence, DigestView, Framing, Notice, Progress, SubscriptionList
from handlers.slack import mentions
from tests.counterparts import slack_events
from tests.formatters import samples
from tests.handlers.stages import Stage
from tests.slack_people import buttons, eventually, texts

ANSWER = Answer(
    repo=samples.REPO,
    zone=samples.DAY.zone,
    sentences=(CitedSentence(text="The encode worker reads `all` images.", shas=(samples.MULTI_IMAGE.commit.sha,)),),
    entries=(samples.MULTI_IMAGE,),
    model="example-large",
    dropped=1,
)


async def whispers(bot: Stage, number: int = 1) -> list[dict[str, Any]]:
    async def heard() -> Any:
        found = bot.slack.whispers()
        return found if len(found) >= number else []

    return await eventually(heard)


async def posted(bot: Stage) -> str:
    """A digest that stands in the channel."""
    return await bot.slack.say("A digest", bot.id("general"))


async def test_a_command_in_a_mention_is_answered_to_who_asks_in_the_thread(bot: Stage):
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=(samples.LISTED,))
    message = await posted(bot)
    await bot.people.mention(": list", thread=message)
    (whisper,) = await whispers(bot)
    assert (whisper["channel"], whisper["thread_ts"]) == (bot.id("general"), message)
    assert "This channel follows" in whisper["text"]
    assert bot.desk.questions == []


async def test_what_slack_escapes_is_what_was_written(bot: Stage):
    bot.desk.replies[Search] = Notice(text="Nothing.")
    await bot.people.mention("search R&amp;D &lt;T&gt;")
    await whispers(bot)
    await bot.people.type("search R&amp;D &lt;T&gt;")
    assert bot.desk.commands() == [Search(words="R&D <T>")] * 2


async def test_a_question_in_the_thread_of_a_digest_is_answered_there_for_all(bot: Stage):
    message = await posted(bot)
    bot.desk.threads[message] = ANSWER
    await bot.people.mention("which of these touch &lt;images&gt; &amp; routers?", thread=message)
    (reply,) = await bot.people.hears(thread=message)
    assert bot.desk.questions == ["which of these touch <images> & routers?"]
    said = "\n".join(texts(reply["blocks"]))
    assert "The encode worker reads " in said
    assert "1 sentence dropped that no analysis bears out" in said
    assert bot.slack.whispers() == []


async def test_a_question_that_takes_time_gets_a_sign_of_life_which_becomes_the_answer(
    bot: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mentions, "SIGN_OF_LIFE_AFTER", 0.01)
    message = await posted(bot)
    bot.desk.threads[message] = ANSWER
    bot.desk.gate.clear()
    await bot.people.mention("what about images in all of this?", thread=message)
    (reply,) = await bot.people.hears(thread=message)
    assert reply["text"] == "Looking it up…"
    bot.desk.gate.set()

    async def answered() -> Any:
        (changed,) = await bot.people.hears(thread=message)
        return "encode worker" in str(changed["blocks"])

    await eventually(answered)


async def test_a_failure_to_answer_is_said_in_the_thread(bot: Stage):
    message = await posted(bot)
    bot.desk.threads[message] = AnalystUnavailable()
    await bot.people.mention("what about images in all of this?", thread=message)
    (reply,) = await bot.people.hears(thread=message)
    assert reply["text"] == "The language model did not answer."


@pytest.mark.parametrize("in_thread", [True, False])
async def test_what_is_neither_is_answered_privately_with_an_example(bot: Stage, in_thread: bool):
    message = await posted(bot)
    await bot.people.mention("what about images in all of this?", thread=message if in_thread else None)
    (whisper,) = await whispers(bot)
    assert "/dynamo-digest" in whisper["text"]
    assert whisper.get("thread_ts") == (message if in_thread else None)


async def test_an_event_that_slack_repeats_is_answered_once(bot: Stage):
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=())
    event = slack_events.app_mention(bot.slack.workspace, "list", user="alice", channel=bot.id("general"), ts="1768.5")
    for retry in (None, 1, 2):
        acknowledged = await bot.people.event(event, event_id="Ev1", retry=retry)
        assert acknowledged.status == 200
    await bot.people.event(event, event_id="Ev2")
    await whispers(bot, 2)
    assert len(bot.desk.asked) == 2


@pytest.mark.parametrize(
    "strange",
    [{"bot_id": "B1"}, {"subtype": "message_changed"}, {"subtype": "channel_join"}, {"user": None}],
    ids=["a bot", "an edit", "somebody joining", "nobody"],
)
async def test_only_people_are_answered(bot: Stage, strange: dict[str, Any]):
    event = slack_events.direct_message(bot.slack.workspace, "list", user="alice", channel="D1", ts="1768.5")
    assert (await bot.people.event({**event, **strange})).status == 200
    mention = slack_events.app_mention(
        bot.slack.workspace, "list", user="alice", channel=bot.id("general"), ts="1768.5"
    )
    assert (await bot.people.event({**mention, **strange})).status == 200
    assert bot.desk.asked == []


async def test_a_message_in_a_channel_that_does_not_mention_the_bot_is_not_for_it(bot: Stage):
    event = slack_events.direct_message(
        bot.slack.workspace, "list", user="alice", channel=bot.id("general"), ts="1768.5"
    )
    await bot.people.event({**event, "channel_type": "channel"})
    assert bot.desk.asked == []


async def test_a_direct_message_is_answered_by_a_message(bot: Stage):
    bot.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST, framing=Framing(is_private=True))
    await bot.people.direct("2026-01-21")
    (message,) = await direct_messages(bot)
    assert "ai-dynamo/dynamo · 2026-01-21" in message["text"]
    assert not buttons(message["blocks"], "digest.share")  # with whom?


async def test_progress_in_a_direct_message_becomes_the_answer(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answering, "PROGRESS_AFTER", (0.01,))
    bot.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    bot.desk.progress = Progress(repo=samples.REPO, done=7, total=12)
    bot.desk.gate.clear()
    await bot.people.direct("2026-01-21")
    (message,) = await direct_messages(bot)
    assert "7 of 12" in message["text"]
    bot.desk.gate.set()

    async def answered() -> Any:
        (changed,) = await direct_messages(bot)
        return "ai-dynamo/dynamo · 2026-01-21" in changed["text"]

    await eventually(answered)


async def test_a_question_in_the_thread_of_a_digest_in_a_direct_message_is_answered_there(bot: Stage):
    bot.desk.replies[ShowDigest] = Notice(text="A digest")
    await bot.people.direct("2026-01-21")
    (message,) = await direct_messages(bot)
    bot.desk.threads[message["ts"]] = ANSWER
    await bot.people.direct("what about images in all of this?", thread=message["ts"])
    where = await bot.slack.direct_channel("alice")
    (reply,) = await bot.people.hears(thread=message["ts"], channel=where)
    assert "encode worker" in str(reply["blocks"])


async def direct_messages(bot: Stage) -> list[dict[str, Any]]:
    where = await bot.slack.direct_channel("alice")

    async def written() -> Any:
        return await bot.slack.history(where)

    return await eventually(written)


async def test_progress_in_a_mention_is_told_once(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answering, "PROGRESS_AFTER", (0.01, 0.02))
    bot.desk.replies[ShowDigest] = DigestView(digest=samples.DIGEST)
    bot.desk.progress = Progress(repo=samples.REPO, done=7, total=12)
    bot.desk.gate.clear()
    await bot.people.mention("2026-01-21")
    (progress,) = await whispers(bot)
    assert "7 of 12" in progress["text"]
    bot.desk.gate.set()
    _progress, answer = await whispers(bot, 2)
    assert "ai-dynamo/dynamo · 2026-01-21" in answer["text"]
