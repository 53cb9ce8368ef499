"""What people write: mentions in groups and topics, direct messages, slash commands, and the bot's menu."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.core import answering
from bot.core.commands import (
    ListSubscriptions,
    MakeReport,
    OpenSettings,
    Search,
    ShowDigest,
    ShowHelp,
    ShowHome,
    Subscribe,
)
from bot.core.errors import AnalystUnavailable, RepositoryNotFound
from bot.core.language import Language, _
from bot.core.ports import Received
from bot.core.replies import (
    Answer,
    CitedSentence,
    DigestView,
    Framing,
    Help,
    Home,
    Notice,
    Progress,
    Report,
    SettingsForm,
    SubscriptionList,
)
from bot.core.subscriptions import Platform
from handlers.feishu import telling
from tests.counterparts import feishu
from tests.counterparts.feishu import Posted
from tests.formatters import samples
from tests.handlers.feishu.stage import Stage, words

DIGEST = DigestView(digest=samples.DIGEST, framing=Framing(is_private=True))
ANSWER = Answer(
    repo=samples.REPO,
    zone=samples.DAY.zone,
    sentences=(CitedSentence(text="The encode worker reads all images.", shas=(samples.MULTI_IMAGE.commit.sha,)),),
    entries=(samples.MULTI_IMAGE,),
    model="example-large",
)
QUESTION = "what about images in all of this?"


async def left(bot: Stage) -> Sequence[Received]:
    """What is not dealt with, whoever has it."""
    later = bot.feishu.now() + timedelta(hours=1)
    return await bot.inbox.take(Platform.FEISHU, later, later, since=later - timedelta(hours=2), limit=10)


def written(bot: Stage) -> Posted:
    """The newest message of a person."""
    return list(bot.feishu.written.values())[-1]


async def test_a_mention_is_answered_by_a_reply_for_all_to_see(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    _event, (answer,) = await bot.says("2026-01-21")
    assert (answer.chat, answer.parent, answer.in_thread) == (bot.group, written(bot).id, False)
    assert "ai-dynamo/dynamo · 2026-01-21" in words(answer.content)
    ((command, asker),) = bot.desk.asked
    assert (str(command.when), asker) == (str(samples.DAY.date), bot.asker(bot.group))  # pyright: ignore[reportAttributeAccessIssue]
    ((noted, message), (_same, begins)) = bot.desk.noted
    assert isinstance(noted, DigestView)
    assert not noted.framing.is_private
    assert (message, begins) == (answer.id, written(bot).id)


async def test_a_mention_in_a_topic_is_answered_there(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    card = bot.card()
    card.thread = "omt_1"
    _event, (answer,) = await bot.says("2026-01-21", reply_to=card.id)
    assert (answer.thread, answer.root) == ("omt_1", card.id)
    assert [message for _reply, message in bot.desk.noted] == [answer.id]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("@Dynamo Digest 列表", ListSubscriptions()),
        ("@Dynamo Digest　状态", ListSubscriptions()),
        ("列表 @Dynamo Digest", ListSubscriptions()),
        ("@Dynamo Digest /dynamo-digest list", ListSubscriptions()),
        ("@Dynamo Digest ／ｄｙｎａｍｏ－ｄｉｇｅｓｔ　ｌｉｓｔ", ListSubscriptions()),
        ("@Dynamo Digest", ShowDigest()),
        ("@Dynamo Digest search @bob", Search(words="bob")),
    ],
)
@pytest.mark.parametrize("post", [False, True], ids=["text", "post"])
async def test_however_it_is_written_it_is_a_command(bot: Stage, text: str, command: object, post: bool):
    for kind in (ListSubscriptions, ShowDigest, Search):
        bot.desk.replies[kind] = DIGEST
    await bot.says(text, mentions=["bob"], post=post)
    assert bot.desk.commands() == [command]


async def test_the_tenth_who_is_mentioned_is_not_the_first(bot: Stage):
    bot.desk.replies[Subscribe] = Notice(text="Subscribed.")
    people = [f"person{number}" for number in range(2, 11)]
    text = " ".join(["@Dynamo Digest subscribe octo/hello authors", ",".join(f"@{person}" for person in people)])
    await bot.says(text, mentions=people)
    (command,) = bot.desk.commands()
    assert isinstance(command, Subscribe)
    assert command.authors == tuple(people)


async def test_who_asks_the_bot_alone_what_is_followed_sees_all_that_they_may(bot: Stage):
    bot.desk.replies = {ShowHome: Home(subscriptions=(), default_repo=samples.REPO)}
    bot.desk.replies[ListSubscriptions] = SubscriptionList(subscriptions=())
    await bot.says("list")
    await bot.says("列表", chat=bot.id("alice"))
    await bot.feishu.chooses_menu("status")
    await bot.receiver.finish()
    assert bot.desk.commands() == [ListSubscriptions(), ShowHome(), ShowHome()]


async def test_a_direct_message_is_answered_in_the_conversation(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    _event, (answer,) = await bot.says("昨天", chat=bot.id("alice"))
    assert (answer.chat, answer.parent) == (bot.feishu.p2p("alice").id, written(bot).id)
    ((command, asker),) = bot.desk.asked
    assert (command, asker) == (ShowDigest(), bot.asker(bot.id("alice")))


async def test_what_is_said_to_others_is_not_for_us(bot: Stage):
    _event, posted = await bot.says("list", mentions_bot=False)
    assert (posted, bot.desk.asked) == ([], [])


async def test_what_is_not_understood_is_answered_with_an_example(bot: Stage):
    _event, (answer,) = await bot.says(QUESTION)
    assert "dynamo-digest" in words(answer.content)


async def test_a_failure_is_said(bot: Stage):
    bot.desk.replies[ShowDigest] = RepositoryNotFound()
    _event, (answer,) = await bot.says("2026-01-21")
    assert "There is no such repository, or it is private." in words(answer.content)


async def test_it_is_answered_in_the_language_of_the_channel(bot: Stage):
    bot.desk.default_language = Language.ZH
    bot.desk.replies[ShowHelp] = Help()
    _event, (answer,) = await bot.says("help")
    assert "可用命令" in words(answer.content)


async def test_a_command_that_chooses_a_language_is_answered_in_it(bot: Stage):
    bot.desk.replies[Subscribe] = lambda _command: Notice(text=_("Looking it up…"))
    _event, (answer,) = await bot.says("subscribe octo/hello lang zh")
    assert "正在查找…" in words(answer.content)


async def test_people_of_another_organisation_get_one_sentence(bot: Stage):
    bot.feishu.person("mallory", tenant="another")
    _event, (answer,) = await bot.says("list", user="mallory")
    assert "I answer only people of the organisation that has installed me." in words(answer.content)
    assert bot.desk.asked == []


async def test_all_who_ask_at_once_are_answered_as_fast_as_the_group_takes_it(bot: Stage):
    bot.desk.replies[ShowHelp] = Help()
    await asyncio.gather(*(bot.feishu.says("help", chat=bot.group, user=f"person {n}") for n in range(12)))
    await bot.receiver.finish()
    assert len(bot.feishu.in_chat(bot.group)) == 12
    assert [call for call in bot.feishu.calls if call.answer and call.answer["code"] == 230020] == []


async def test_a_report_is_a_file(bot: Stage):
    bot.desk.replies[MakeReport] = Report(views=(DIGEST,))
    _event, (answer,) = await bot.says("report 2026-01-21")
    assert (answer.msg_type, answer.parent) == ("file", written(bot).id)
    (upload,) = bot.feishu.files.values()
    assert upload.name == "ai-dynamo-dynamo-2026-01-21.md"


async def test_settings_are_a_form(bot: Stage):
    bot.desk.replies[OpenSettings] = SettingsForm(terms=samples.SUBSCRIPTION.terms, subscription=7)
    _event, (answer,) = await bot.says("settings")
    assert any(element["tag"] == "form" for element in answer.content["body"]["elements"])


# Who has to wait


@pytest.fixture
def slow(bot: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Answers are held back until the gate of the desk opens, and progress is told at once."""
    monkeypatch.setattr(answering, "PROGRESS_AFTER", (0.01, 0.1))
    monkeypatch.setattr(telling, "SIGN_OF_LIFE_AFTER", 0.01)
    bot.desk.progress = Progress(repo=samples.REPO, done=7, total=12)
    bot.desk.gate.clear()
    return bot


async def posted(bot: Stage, number: int = 1) -> list[Posted]:
    async with asyncio.timeout(10):
        while len(bot.feishu.messages) < number:
            await asyncio.sleep(0.01)
    return list(bot.feishu.messages.values())


async def test_progress_becomes_the_answer(slow: Stage):
    slow.desk.replies[ShowDigest] = DIGEST
    await slow.feishu.says("2026-01-21", chat=slow.group)
    (progress,) = await posted(slow)
    assert "7 of 12" in words(progress.content)
    slow.desk.gate.set()
    await slow.receiver.finish()
    (answer,) = slow.feishu.messages.values()
    assert "ai-dynamo/dynamo · 2026-01-21" in words(answer.content)
    assert [message for _reply, message in slow.desk.noted] == [answer.id, written(slow).id]


async def test_an_answer_whose_progress_was_withdrawn_comes_anew(slow: Stage):
    slow.desk.replies[ShowDigest] = DIGEST
    await slow.feishu.says("2026-01-21", chat=slow.group)
    (progress,) = await posted(slow)
    progress.recalled = True
    slow.desk.gate.set()
    await slow.receiver.finish()
    _progress, answer = slow.feishu.messages.values()
    assert "ai-dynamo/dynamo · 2026-01-21" in words(answer.content)
    assert answer.parent == written(slow).id


async def test_progress_that_cannot_be_told_holds_nothing_up(slow: Stage):
    slow.desk.replies[ShowDigest] = DIGEST
    slow.feishu.fail("POST /open-apis/im/v1/messages", feishu.error(99991672, "no scope"))
    await slow.feishu.says("2026-01-21", chat=slow.group)
    async with asyncio.timeout(10):
        while not slow.feishu.calls_of("POST /open-apis/im/v1/messages"):
            await asyncio.sleep(0.01)
    slow.desk.gate.set()
    await slow.receiver.finish()
    (answer,) = slow.feishu.messages.values()
    assert "ai-dynamo/dynamo · 2026-01-21" in words(answer.content)


async def test_a_question_that_was_withdrawn_is_not_answered(slow: Stage):
    slow.desk.replies[ShowDigest] = DIGEST
    slow.desk.progress = None
    await slow.feishu.says("2026-01-21", chat=slow.group)
    await slow.feishu.recalls(written(slow).id)
    slow.desk.gate.set()
    await slow.receiver.finish()
    assert (slow.feishu.messages, slow.desk.noted, slow.feishu.raised) == ({}, [], [])


async def test_a_file_comes_beside_what_told_of_progress(slow: Stage):
    slow.desk.replies[MakeReport] = Report(views=(DIGEST,))
    await slow.feishu.says("report 2026-01-21", chat=slow.group)
    await posted(slow)
    slow.desk.gate.set()
    await slow.receiver.finish()
    progress, file = slow.feishu.messages.values()
    assert file.msg_type == "file"
    assert "Here is ai-dynamo-dynamo-2026-01-21.md." in words(progress.content)


async def test_a_question_that_takes_time_gets_a_sign_of_life_which_becomes_the_answer(slow: Stage):
    digest = slow.card()
    slow.desk.threads[digest.id] = ANSWER
    await slow.feishu.says(QUESTION, chat=slow.group, reply_to=digest.id)
    _digest, life = await posted(slow, 2)
    assert "Looking it up…" in words(life.content)
    slow.desk.gate.set()
    await slow.receiver.finish()
    _digest, answer = slow.feishu.messages.values()
    assert "encode worker" in words(answer.content)


# Questions about a digest


async def test_a_question_below_a_digest_is_answered_there(bot: Stage):
    digest = bot.card()
    bot.desk.threads[digest.id] = ANSWER
    _event, (answer,) = await bot.says(QUESTION, reply_to=digest.id)
    assert "The encode worker reads all images." in words(answer.content)
    assert (answer.root, bot.desk.questions) == (digest.id, [QUESTION])


async def test_a_question_is_about_the_nearest_digest_above(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    _event, (digest,) = await bot.says("2026-01-21")
    bot.desk.threads[digest.id] = ANSWER
    bot.desk.threads[written(bot).id] = AnalystUnavailable()
    _event, (answer,) = await bot.says(QUESTION, reply_to=digest.id)
    assert "The encode worker reads all images." in words(answer.content)
    assert bot.desk.questions == [QUESTION]


async def test_a_question_to_a_topic_that_a_command_began_is_about_its_answer(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    await bot.says("2026-01-21")
    begins = written(bot).id
    bot.desk.threads[begins] = ANSWER
    _event, (answer,) = await bot.says(QUESTION, reply_to=begins)
    assert "encode worker" in words(answer.content)


async def test_a_question_below_what_somebody_said_of_a_digest_is_about_that_digest(bot: Stage):
    digest = bot.card()
    bot.desk.threads[digest.id] = ANSWER
    await bot.says("Look at this.", reply_to=digest.id, mentions_bot=False, user="bob")
    _event, (answer,) = await bot.says(QUESTION, reply_to=written(bot).id)
    assert "encode worker" in words(answer.content)


async def test_a_failure_to_answer_is_said_in_the_thread(bot: Stage):
    digest = bot.card()
    bot.desk.threads[digest.id] = AnalystUnavailable()
    _event, (answer,) = await bot.says(QUESTION, reply_to=digest.id)
    assert "The language model did not answer." in words(answer.content)


# The menu


async def test_the_menu_is_answered_directly(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    await bot.feishu.chooses_menu("yesterday")
    await bot.receiver.finish()
    (answer,) = bot.feishu.messages.values()
    assert (answer.chat, answer.parent) == (bot.feishu.p2p("alice").id, None)
    assert bot.desk.asked == [(ShowDigest(), bot.asker(bot.id("alice")))]


async def test_a_report_from_the_menu_is_a_file_in_the_conversation(bot: Stage):
    bot.desk.replies[MakeReport] = Report(views=(DIGEST,))
    await bot.feishu.chooses_menu("report")
    await bot.receiver.finish()
    (answer,) = bot.feishu.messages.values()
    assert (answer.msg_type, answer.chat) == ("file", bot.feishu.p2p("alice").id)


# Once, and in time


async def test_an_event_that_feishu_repeats_is_answered_once(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    _event, posted = await bot.says("2026-01-21", times=3)
    assert (len(posted), len(bot.desk.asked)) == (1, 1)


async def test_a_message_in_two_events_is_answered_once(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    event, posted = await bot.says("2026-01-21")
    again = {**event, "header": {**event["header"], "event_id": "another"}}
    await bot.receiver.receive(again)
    await bot.receiver.finish()
    assert (len(posted), len(bot.desk.asked)) == (1, 1)


async def test_an_event_that_comes_twice_at_once_is_answered_once(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    bot.feishu.listen(None)
    event = await bot.feishu.says("2026-01-21", chat=bot.group)
    other = bot.process()
    await asyncio.gather(*(each.receive(event) for each in (bot.receiver, other, bot.receiver, other)))
    await asyncio.gather(bot.receiver.finish(), other.finish())
    assert (len(bot.feishu.messages), len(bot.desk.asked)) == (1, 1)


async def test_an_event_that_comes_again_after_a_restart_is_answered_once(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    event, _posted = await bot.says("2026-01-21")
    restarted = bot.process()
    await restarted.start()
    await restarted.receive(event)
    await restarted.finish()
    assert len(bot.desk.asked) == 1


async def test_what_a_process_left_behind_is_taken_up_once(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    bot.desk.gate.clear()
    await bot.feishu.says("2026-01-21", chat=bot.group)
    await bot.receiver.finish(within=0.01)
    bot.desk.gate.set()
    for _number in range(2):
        restarted = bot.process()
        await restarted.start()
        await restarted.finish()
    await bot.receiver.finish()
    assert len(bot.desk.asked) == 2  # by the first process, and by the second one, but not by the third
    assert len(bot.feishu.messages) == 1


async def test_what_cannot_be_taken_up_while_feishu_does_not_answer_stays(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    event = await bot.feishu.says("2026-01-21", chat=bot.group, mentions_bot=True)
    await bot.receiver.finish()
    now = bot.feishu.now()
    await bot.inbox.receive(Platform.FEISHU, ["event 7"], json.dumps(event), now, lease_until=now)
    bot.feishu.fail("/open-apis/bot/v3/info", feishu.error(99991672, "no scope"))
    restarted = bot.process()
    await restarted.start()
    await restarted.finish()
    assert len(await left(bot)) == 1


async def test_what_was_left_behind_long_ago_is_not_taken_up(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    bot.desk.gate.clear()
    await bot.feishu.says("2026-01-21", chat=bot.group)
    await bot.receiver.finish(within=0.01)
    bot.feishu.advance(11 * 60)
    restarted = bot.process()
    await restarted.start()
    await restarted.finish()
    assert len(bot.desk.asked) == 1
    bot.desk.gate.set()


async def test_a_question_of_long_ago_is_not_answered(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    bot.feishu.listen(None)
    event = await bot.feishu.says("2026-01-21", chat=bot.group)
    bot.feishu.advance(11 * 60)
    await bot.receiver.receive(event)
    await bot.receiver.finish()
    assert bot.desk.asked == []


async def test_an_event_that_cannot_be_kept_comes_again(bot: Stage):
    bot.desk.replies[ShowDigest] = DIGEST
    bot.feishu.fail("/open-apis/bot/v3/info", feishu.error(99991672, "no scope"))
    await bot.feishu.says("2026-01-21", chat=bot.group)
    assert len(bot.feishu.raised) == 1
    bot.feishu.raised.clear()
    bot.feishu.advance(15)
    await bot.feishu.settled()
    await bot.receiver.finish()
    assert (len(bot.feishu.messages), bot.feishu.raised) == (1, [])


async def test_a_crash_is_no_reason_to_stop(bot: Stage):
    def crash(_command: object) -> Notice:
        raise ValueError

    bot.desk.replies[ShowDigest] = crash
    _event, (answer,) = await bot.says("2026-01-21")
    assert "Something went wrong on our side." in words(answer.content)
    bot.desk.note = None  # pyright: ignore[reportAttributeAccessIssue]
    await bot.says("2026-01-21")
    assert await left(bot) == []
