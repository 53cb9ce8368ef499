"""Buttons of cards: what is answered at once, what follows in the thread, and what changes the card."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core import answering, inbound
from bot.core.commands import (
    DeepenCommit,
    Elsewhere,
    GiveFeedback,
    MakeReport,
    OpenSettings,
    Question,
    ResumeDigests,
    Retry,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    ShowIndex,
)
from bot.core.errors import NotFound, SourceUnavailable
from bot.core.language import Language
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    FeedbackForm,
    Framing,
    Help,
    Notice,
    Offer,
    Progress,
    Report,
    SettingsForm,
)
from bot.core.subscriptions import Verdict
from formatters.feishu.values import value
from handlers.feishu import asker, clicks, telling, toasts
from tests.counterparts import feishu
from tests.counterparts.feishu import Posted
from tests.formatters import samples
from tests.handlers.feishu.stage import Stage, words

REPO, DAY = samples.REPO, samples.DAY
SHA = samples.MULTI_IMAGE.commit.sha
COMMIT = ShowCommit(repo=REPO, sha=SHA, day=DAY)
INDEX = ShowIndex(repo=REPO, day=DAY)
RETRY = Retry(repo=REPO, when=DAY)
DEEPEN = DeepenCommit(repo=REPO, sha=SHA, day=DAY)
UP, DOWN = (GiveFeedback(repo=REPO, sha=SHA, verdict=verdict) for verdict in (Verdict.UP, Verdict.DOWN))
ANALYSIS = AnalysisView(repo=REPO, entry=samples.MULTI_IMAGE, zone=DAY.zone, day=DAY)
DIGEST = DigestView(digest=samples.DIGEST, framing=Framing(is_private=True))
TIMES = 100
FOLLOWS = {"toast": {"type": "info", "content": "The answer comes into the thread."}}


def toast(kind: str, text: str) -> dict[str, Any]:
    return {"toast": {"type": kind, "content": text}}


@pytest.fixture
def slow(bot: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Answers are held back until the gate of the desk opens, and nobody waits for long."""
    for where in (clicks, toasts):
        monkeypatch.setattr(where, "ANSWER_WITHIN", 0.01)
    monkeypatch.setattr(telling, "SIGN_OF_LIFE_AFTER", 0.01)
    bot.desk.gate.clear()
    return bot


async def posted(bot: Stage, number: int) -> list[Posted]:
    async with asyncio.timeout(10):
        while len(bot.feishu.messages) < number:
            await asyncio.sleep(0.01)
    return list(bot.feishu.messages.values())


# What follows in the thread


@pytest.mark.parametrize(
    ("question", "reply", "says"),
    [
        (COMMIT, ANALYSIS, "encode worker"),
        (INDEX, CommitIndex(digest=samples.DIGEST), "ai-dynamo/dynamo"),
        (ShowDigest(repo=REPO, when=DAY), DIGEST, "ai-dynamo/dynamo · 2026-01-21"),
        (ShowHelp(), Help(), "What you can ask"),
        (DOWN, FeedbackForm(repo=REPO, sha=SHA), "What is not right in the analysis"),
        (OpenSettings(repo=REPO), SettingsForm(terms=samples.SUBSCRIPTION.terms, subscription=7), "ai-dynamo/dynamo"),
    ],
)
async def test_a_button_is_answered_in_the_thread_of_its_card(bot: Stage, question: Question, reply: Any, says: str):
    bot.desk.replies[type(question)] = reply
    card = bot.card(question)
    answer, (answered,) = await bot.clicks(card, question)
    assert answer == FOLLOWS
    assert (answered.parent, answered.in_thread) == (card.id, True)
    assert says in words(answered.content)
    ((command, who),) = bot.desk.asked
    assert (command, who.channel, who.user) == (question, bot.asker(bot.group).channel, bot.id("alice"))


async def test_a_digest_in_a_thread_is_for_all_and_can_be_asked_about(bot: Stage):
    question = ShowDigest(repo=REPO, when=DAY)
    bot.desk.replies[ShowDigest] = DIGEST
    _answer, (answered,) = await bot.clicks(bot.card(question), question)
    ((noted, message),) = bot.desk.noted
    assert isinstance(noted, DigestView)
    assert (noted.framing.is_private, message) == (False, answered.id)


async def test_a_group_without_topics_gets_a_plain_answer(bot: Stage):
    bot.feishu.chats[bot.group].has_topics = False
    bot.desk.replies[ShowCommit] = ANALYSIS
    card = bot.card(COMMIT)
    _answer, (answered,) = await bot.clicks(card, COMMIT)
    assert (answered.parent, answered.thread) == (card.id, None)


async def test_a_report_is_a_file_in_the_thread(bot: Stage):
    question = MakeReport(repos=(REPO,), when=DAY)
    bot.desk.replies[MakeReport] = Report(views=(DIGEST,))
    card = bot.card(question)
    answer, (answered,) = await bot.clicks(card, question)
    assert (answer, answered.msg_type, answered.parent, answered.in_thread) == (FOLLOWS, "file", card.id, True)


async def test_offers_are_buttons_that_are_answered_likewise(bot: Stage):
    resume = Elsewhere(subscription=1, command=ResumeDigests())
    missed = Offer(label="What I missed", question=ShowDigest(repo=REPO, when=DAY))
    bot.desk.replies[Elsewhere] = Notice(text="This channel gets digests again.", offers=(missed,))
    bot.desk.replies[ShowDigest] = DIGEST
    _answer, (notice,) = await bot.clicks(bot.card(resume), resume)
    _answer, (digest,) = await bot.clicks(notice, missed.question)
    assert "ai-dynamo/dynamo · 2026-01-21" in words(digest.content)
    assert digest.thread == notice.thread


async def test_a_click_tells_the_readers_zone(bot: Stage):
    bot.feishu.person("alice").zone = "Europe/Berlin"
    bot.desk.replies[ShowCommit] = ANALYSIS
    await bot.clicks(bot.card(COMMIT), COMMIT)
    assert bot.desk.asked[0][1].zone == ZoneInfo("Europe/Berlin")


async def test_a_click_in_the_conversation_with_a_person_comes_from_there(bot: Stage):
    bot.desk.replies[ShowCommit] = ANALYSIS
    card = bot.card(COMMIT, chat=bot.feishu.p2p("alice").id)
    for _ in range(2):
        await bot.clicks(card, COMMIT)
    assert {who.channel.id for _command, who in bot.desk.asked} == {bot.id("alice")}
    assert len(bot.feishu.calls_of("GET /open-apis/im/v1/chats")) == 1


async def test_a_click_in_a_chat_that_cannot_be_looked_up_comes_from_a_group(bot: Stage):
    bot.feishu.granted.discard("im:chat:readonly")
    bot.desk.replies[ShowCommit] = ANALYSIS
    await bot.clicks(bot.card(COMMIT), COMMIT)
    assert bot.desk.asked[0][1].channel.id == bot.group


async def test_a_click_while_feishu_does_not_answer_is_not_taken_for_another_one(
    bot: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(asker, "KNOWN_WITHIN", 0.01)
    bot.feishu.fail("GET /open-apis/im/v1/chats", feishu.rate_limited(5), times=None)
    answer, posted = await bot.clicks(bot.card(COMMIT), COMMIT)
    assert answer == toast("error", "The chat platform did not accept the message and asked to try later.")
    assert (posted, bot.desk.asked) == ([], [])


# Twice


async def test_a_double_click_is_one_click(bot: Stage):
    bot.desk.replies[GiveFeedback] = FeedbackForm(repo=REPO, sha=SHA)
    card = bot.card(DOWN)
    answer, posted = await bot.clicks(card, DOWN, times=2)
    assert (answer, len(posted), len(bot.desk.asked)) == (FOLLOWS, 1, 1)


async def test_whoever_asks_for_the_same_commit_within_the_hour_finds_one_answer(bot: Stage):
    bot.desk.replies[ShowCommit] = ANALYSIS
    card = bot.card(COMMIT)
    _answer, first = await bot.clicks(card, COMMIT)
    answer, second = await bot.clicks(card, COMMIT, user="bob")
    assert (len(first), second, answer) == (1, [], FOLLOWS)


async def test_a_failure_does_not_bar_the_way_to_the_answer(slow: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clicks, "SAME_WITHIN", 0)
    slow.desk.replies[ShowCommit] = SourceUnavailable()
    card = slow.card(COMMIT)
    await slow.feishu.clicks(card, value(COMMIT))
    slow.desk.gate.set()
    await slow.receiver.finish()
    slow.desk.replies[ShowCommit] = ANALYSIS
    await slow.feishu.clicks(card, value(COMMIT))
    await slow.receiver.finish()
    assert "encode worker" in words(list(slow.feishu.messages.values())[-1].content)


async def test_who_clicks_again_after_a_failure_asks_once_however_long_it_takes(
    slow: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clicks, "SAME_WITHIN", 0.05)
    monkeypatch.setattr(clicks, "ANSWER_WITHIN", 0.5)
    slow.desk.gate.set()
    slow.desk.replies[DeepenCommit] = NotFound()
    card = slow.card(DEEPEN)
    await slow.feishu.clicks(card, value(DEEPEN))
    monkeypatch.setattr(clicks, "ANSWER_WITHIN", 0.01)
    slow.desk.gate.clear()
    slow.desk.replies[DeepenCommit] = ANALYSIS
    await slow.feishu.clicks(card, value(DEEPEN))
    await asyncio.sleep(0.1)  # until what is known of the first one is forgotten
    await slow.feishu.clicks(card, value(DEEPEN))
    slow.desk.gate.set()
    await slow.receiver.finish()
    assert len(slow.desk.asked) == 2


async def test_a_click_that_is_delivered_again_is_not_acted_on_again(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clicks, "SAME_WITHIN", 0)
    delivered: list[Any] = []
    receive = bot.receiver.receive

    async def receives(event: Any) -> dict[str, Any] | None:
        delivered.append(event)
        first, second = await asyncio.gather(receive(event), receive(event))
        assert first == second
        return first

    bot.feishu.listen(receives)
    bot.desk.replies[DeepenCommit] = ANALYSIS
    answer, posted = await bot.clicks(bot.card(DEEPEN), DEEPEN)
    assert (answer, len(posted)) == (FOLLOWS, 1)
    assert await receive(delivered[0]) == {}
    await bot.receiver.finish()
    assert (len(bot.desk.asked), len(bot.feishu.messages)) == (1, 2)


@pytest.mark.both_databases
async def test_a_click_that_reaches_two_processes_is_acted_on_by_one(bot: Stage):
    processes = [bot.process(), bot.process()]
    answers: list[dict[str, Any] | None] = []

    async def receives(event: Any) -> dict[str, Any] | None:
        both = await asyncio.gather(*(process.receive(event) for process in processes))
        answers.extend(both)
        return max(both, key=bool)

    bot.feishu.listen(receives)
    bot.desk.replies[DeepenCommit] = ANALYSIS
    for _ in range(TIMES):
        await bot.clicks(bot.card(DEEPEN), DEEPEN)
    for process in processes:
        await process.finish()
    assert (answers.count({}), len(bot.desk.asked)) == (TIMES, TIMES)


async def test_a_click_that_cannot_be_kept_says_so(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    async def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(inbound, "KEPT_WITHIN", 0.01)
    monkeypatch.setattr(bot.inbox, "receive", fail)
    answer, posted = await bot.clicks(bot.card(DEEPEN), DEEPEN)
    assert answer == toast("error", "My database does not answer. Please try again in a minute.")
    assert (posted, bot.desk.asked) == ([], [])


async def test_who_clicks_again_while_the_answer_is_made_does_not_ask_again(slow: Stage):
    slow.desk.replies[DeepenCommit] = ANALYSIS
    card = slow.card(DEEPEN)
    assert await slow.feishu.clicks(card, value(DEEPEN), times=3) == FOLLOWS
    slow.desk.gate.set()
    await slow.receiver.finish()
    assert (len(slow.desk.asked), len(slow.feishu.messages)) == (1, 2)


async def test_a_form_is_opened_again_for_whoever_clicks_again(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(clicks, "SAME_WITHIN", 0)
    bot.desk.replies[GiveFeedback] = FeedbackForm(repo=REPO, sha=SHA)
    card = bot.card(DOWN)
    _answer, first = await bot.clicks(card, DOWN)
    _answer, second = await bot.clicks(card, DOWN)
    assert (len(first), len(second)) == (1, 1)


# What is said at once


async def test_praise_is_thanked_for_and_makes_no_message(bot: Stage):
    bot.desk.replies[GiveFeedback] = Notice(text="Thank you.")
    answer, posted = await bot.clicks(bot.card(UP), UP)
    assert (answer, posted) == (toast("success", "Thank you."), [])


async def test_what_goes_wrong_at_once_is_said_to_who_clicked(bot: Stage):
    bot.desk.replies[ShowCommit] = NotFound()
    card = bot.card(COMMIT)
    answer, posted = await bot.clicks(card, COMMIT)
    assert (answer, posted) == (toast("error", "There is nothing by that name."), [])
    bot.desk.replies[ShowCommit] = ANALYSIS
    answer, posted = await bot.clicks(card, COMMIT)
    assert (answer, len(posted)) == (FOLLOWS, 1)


@pytest.mark.parametrize(
    "foreign",
    [
        {"act": "ask", "question": "1 dance"},
        {"act": "ask", "question": ""},
        {"act": "share", "question": "1 help"},
        {"act": "save", "question": "1 help"},
        {"act": "feedback", "question": "1 help"},
        {"act": "preview", "question": "1 help"},
        {"question": "1 help"},
        {"act": "ask", "question": "1 home 99999999999999999999"},
        {"act": "ask", "question": "1 of 99999999999999999999 pause"},
        {"act": "ask", "question": "1 of ٧ pause"},
    ],
    ids=str,
)
async def test_a_button_of_another_version_says_so(bot: Stage, foreign: dict[str, str]):
    answer, posted = await bot.clicks(bot.card({"question": "", **foreign}), {"question": "", **foreign})
    assert answer == toast("error", "This button is from another version of the bot. Ask for the day again.")
    assert (posted, bot.desk.asked) == ([], [])


async def test_half_a_click_is_answered_with_nothing(bot: Stage):
    assert await bot.receiver.receive({"header": {"event_type": "card.action.trigger"}, "event": None}) == {}


async def test_people_of_another_organisation_get_one_sentence(bot: Stage):
    bot.feishu.person("mallory", tenant="another")
    answer, posted = await bot.clicks(bot.card(COMMIT), COMMIT, user="mallory")
    assert answer == toast("error", "I answer only people of the organisation that has installed me.")
    assert (posted, bot.desk.asked) == ([], [])


async def test_it_is_answered_in_the_language_of_the_channel(bot: Stage):
    bot.desk.default_language = Language.ZH
    answer, _posted = await bot.clicks(
        bot.card({"act": "ask", "question": "1 dance"}), {"act": "ask", "question": "1 dance"}
    )
    assert answer["toast"]["content"].startswith("这个按钮")


# What takes time


async def test_an_answer_that_takes_time_comes_in_the_place_of_a_sign_of_life(slow: Stage):
    slow.desk.replies[DeepenCommit] = ANALYSIS
    card = slow.card(DEEPEN)
    assert await slow.feishu.clicks(card, value(DEEPEN)) == FOLLOWS
    _card, life = await posted(slow, 2)
    assert "Looking it up…" in words(life.content)
    slow.desk.gate.set()
    await slow.receiver.finish()
    assert "encode worker" in words(life.content)
    assert (life.parent, life.in_thread, len(slow.feishu.messages)) == (card.id, True, 2)


async def test_progress_is_told_in_the_thread(slow: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(answering, "PROGRESS_AFTER", (0.01, 0.02))
    monkeypatch.setattr(telling, "SIGN_OF_LIFE_AFTER", 5)
    question = ShowDigest(repo=REPO, when=DAY)
    slow.desk.replies[ShowDigest] = DIGEST
    slow.desk.progress = Progress(repo=REPO, done=7, total=12)
    await slow.feishu.clicks(slow.card(question), value(question))
    _card, progress = await posted(slow, 2)
    assert "7 of 12" in words(progress.content)
    slow.desk.gate.set()
    await slow.receiver.finish()
    assert "ai-dynamo/dynamo · 2026-01-21" in words(progress.content)


async def test_a_failure_that_takes_time_is_said_in_the_thread(slow: Stage):
    slow.desk.replies[ShowCommit] = SourceUnavailable()
    await slow.feishu.clicks(slow.card(COMMIT), value(COMMIT))
    slow.desk.gate.set()
    await slow.receiver.finish()
    _card, answer = slow.feishu.messages.values()
    assert "The repository could not be read." in words(answer.content)


# Asking the model again


async def test_a_digest_that_is_made_anew_takes_the_place_of_the_old_one(bot: Stage):
    bot.desk.replies[Retry] = DIGEST
    card = bot.card(RETRY)
    answer, posted = await bot.clicks(card, RETRY)
    assert (answer, posted) == (FOLLOWS, [])
    assert "ai-dynamo/dynamo · 2026-01-21" in words(card.content)


async def test_a_digest_that_is_made_anew_says_so_where_it_told_of_progress(slow: Stage):
    slow.desk.replies[Retry] = DIGEST
    card = slow.card(RETRY)
    await slow.feishu.clicks(card, value(RETRY))
    _card, life = await posted(slow, 2)
    slow.desk.gate.set()
    await slow.receiver.finish()
    assert "ai-dynamo/dynamo · 2026-01-21" in words(card.content)
    assert "The digest above is made anew." in words(life.content)


async def test_a_digest_that_may_not_be_changed_any_more_is_answered_with_another_one(bot: Stage):
    bot.desk.replies[Retry] = DIGEST
    card = bot.card(RETRY)
    bot.feishu.advance(15 * 24 * 3600)
    _answer, (answered,) = await bot.clicks(card, RETRY)
    assert "ai-dynamo/dynamo · 2026-01-21" in words(answered.content)


async def test_a_model_that_fails_again_leaves_the_digest_as_it_is(bot: Stage):
    bot.desk.replies[Retry] = Notice(text="The language model did not answer.")
    card = bot.card(RETRY)
    _answer, (answered,) = await bot.clicks(card, RETRY)
    assert "The language model did not answer." in words(answered.content)
    assert card.updates == 0
