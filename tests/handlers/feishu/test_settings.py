"""Forms in cards: saved, previewed, paused, and what is wrong with what was entered."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.commands import (
    Elsewhere,
    GiveFeedback,
    OpenSettings,
    PauseDigests,
    Preview,
    Subscribe,
    Unsubscribe,
)
from bot.core.errors import NotFound, RepositoryNotFound
from bot.core.form import as_entered
from bot.core.language import Language
from bot.core.model import Importance
from bot.core.ranges import Weekday
from bot.core.replies import DigestView, Framing, Notice, SettingsForm
from bot.core.subscriptions import QuietDays, Verdict
from formatters.feishu.values import Act, value
from handlers.feishu import settings
from tests.counterparts.feishu import Posted
from tests.formatters import samples
from tests.handlers.feishu.stage import Stage, words

REPO = samples.REPO
TERMS = replace(samples.SUBSCRIPTION.terms, at=time(9), days=frozenset({Weekday.MONDAY}))
FORM = SettingsForm(terms=TERMS, subscription=7)
SETTINGS = OpenSettings(repo=REPO)
ENTERED: dict[str, Any] = {
    "at": "18:30 +0800",
    "days": ["monday", "friday"],
    "zone": "Europe/Berlin",
    "minimum": "high",
    "paths": "lib/**，docs/**",
    "authors": " Ada Lovelace ",
    "more": ["no_bots"],
    "quiet": "line",
    "language": "en",
}
SUBSCRIBE = Subscribe(
    repo=REPO,
    at=time(18, 30),
    zone=ZoneInfo("Europe/Berlin"),
    language=Language.EN,
    days=frozenset({Weekday.MONDAY, Weekday.FRIDAY}),
    minimum=Importance.HIGH,
    paths=("lib/**", "docs/**"),
    not_paths=(),
    authors=("Ada Lovelace",),
    not_authors=(),
    no_bots=True,
    quiet=QuietDays.LINE,
    in_thread=False,
)
DOWN = GiveFeedback(repo=REPO, sha=samples.MULTI_IMAGE.commit.sha, verdict=Verdict.DOWN)
DIGEST = DigestView(digest=samples.DIGEST, framing=Framing(is_private=True))


def toast(kind: str, text: str) -> dict[str, str]:
    return {"type": kind, "content": text}


def form(bot: Stage, *buttons: dict[str, str], fields: dict[str, Any] | None = None) -> Posted:
    bot.desk.replies[OpenSettings] = FORM
    return bot.card(*buttons, fields=fields or ENTERED)


async def saves(
    bot: Stage, entered: dict[str, Any], question: OpenSettings | Elsewhere = SETTINGS
) -> tuple[Any, Posted]:
    """The toast, and the card as it is then."""
    card = form(bot, value(question, Act.SAVE), fields=entered)
    answer, posted = await bot.clicks(card, question, Act.SAVE, form_value=entered)
    assert posted == []
    return answer["toast"], card


async def test_what_was_entered_is_saved_and_the_card_says_so(bot: Stage):
    bot.desk.replies[Subscribe] = Notice(text="This channel still gets the digest.")
    said, card = await saves(bot, ENTERED)
    assert said == toast("success", "Done.")
    assert "This channel still gets the digest." in words(card.content)
    command, asker = bot.desk.asked[-1]
    assert (command, asker.channel, asker.user) == (SUBSCRIBE, bot.asker(bot.group).channel, bot.id("alice"))


async def test_a_form_that_was_opened_elsewhere_is_saved_for_its_subscription(bot: Stage):
    bot.desk.replies[Elsewhere] = Notice(text="Changed.")
    await saves(bot, ENTERED, Elsewhere(subscription=7, command=OpenSettings()))
    assert bot.desk.commands() == [Elsewhere(subscription=7, command=replace(SUBSCRIBE, repo=None))]


async def test_a_new_subscription_is_of_the_repository_that_was_entered(bot: Stage):
    bot.desk.replies[Subscribe] = Notice(text="Subscribed.")
    await saves(bot, {**ENTERED, "repo": "ｏｃｔｏ／hello"})
    (command,) = bot.desk.commands()
    assert isinstance(command, Subscribe)
    assert str(command.repo) == "octo/hello"


async def test_all_that_is_wrong_is_said_at_once_and_the_rest_of_the_form_stays(bot: Stage):
    said, card = await saves(bot, {**ENTERED, "repo": "hello", "days": []})
    wrong = "“hello” is not a repository: write owner/name. Choose at least one day."
    assert said == toast("error", wrong)
    assert wrong in words(card.content)
    assert "18:30" in _everything(card)
    assert bot.desk.commands() == [SETTINGS]


async def test_an_echo_of_what_was_entered_stays_short_in_the_toast(bot: Stage):
    said, _card = await saves(bot, {**ENTERED, "repo": "x" * 900})
    assert len(said["content"]) == 300


async def test_a_failure_to_save_shows_the_form_as_it_was_filled_in(bot: Stage):
    bot.desk.replies[Subscribe] = RepositoryNotFound()
    said, card = await saves(bot, {**ENTERED, "repo": "octo/hello"})
    assert said == toast("error", "There is no such repository, or it is private.")
    assert "There is no such repository, or it is private." in words(card.content)
    assert "octo/hello" in _everything(card)


def _everything(card: Posted) -> str:
    return f"{card.content} {words(card.content)}"


async def test_a_form_that_takes_its_time_says_so_and_becomes_its_outcome(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "OUTCOME_WITHIN", 0.01)
    bot.desk.replies[Subscribe] = Notice(text="Subscribed.")
    bot.desk.gate.clear()
    card = form(bot, value(SETTINGS, Act.SAVE))
    answer = await bot.feishu.clicks(card, value(SETTINGS, Act.SAVE), form_value=ENTERED)
    assert answer == {"toast": toast("info", "One moment…")}
    bot.desk.gate.set()
    await bot.receiver.finish()
    assert "Subscribed." in words(card.content)


async def test_an_outcome_that_finds_no_card_any_more_is_said_in_its_thread(
    bot: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(settings, "OUTCOME_WITHIN", 0.01)
    bot.desk.replies[Subscribe] = Notice(text="Subscribed.")
    bot.desk.gate.clear()
    card = form(bot, value(SETTINGS, Act.SAVE))
    bot.feishu.advance(15 * 24 * 3600)
    await bot.feishu.clicks(card, value(SETTINGS, Act.SAVE), form_value=ENTERED)
    bot.desk.gate.set()
    await bot.receiver.finish()
    _card, answer = bot.feishu.messages.values()
    assert "Subscribed." in words(answer.content)


async def test_a_failure_that_takes_its_time_is_said_in_the_thread(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "OUTCOME_WITHIN", 0.01)
    pause = Elsewhere(subscription=7, command=PauseDigests())
    bot.desk.replies[Elsewhere] = NotFound()
    bot.desk.gate.clear()
    card = form(bot, value(pause, Act.IN_FORM, shows=SETTINGS))
    await bot.feishu.clicks(card, value(pause, Act.IN_FORM, shows=SETTINGS))
    bot.desk.gate.set()
    await bot.receiver.finish()
    _card, answer = bot.feishu.messages.values()
    assert "There is nothing by that name." in words(answer.content)
    assert (answer.in_thread, card.updates) == (True, 0)


async def test_a_preview_shows_yesterday_in_the_thread_and_the_form_stays_as_it_was_filled_in(bot: Stage):
    bot.desk.replies[Preview] = DIGEST
    card = form(bot, value(SETTINGS, Act.PREVIEW))
    answer, (preview,) = await bot.clicks(card, SETTINGS, Act.PREVIEW, form_value=ENTERED)
    assert answer["toast"] == toast("info", "The answer comes into the thread.")
    assert "ai-dynamo/dynamo · 2026-01-21" in words(preview.content)
    assert (preview.parent, preview.in_thread) == (card.id, True)
    assert Preview(subscribe=SUBSCRIBE) in bot.desk.commands()
    assert "18:30" in _everything(card)


async def test_a_preview_of_a_subscription_is_of_its_repository(bot: Stage):
    question = Elsewhere(subscription=7, command=OpenSettings())
    bot.desk.replies[Elsewhere] = FORM
    bot.desk.replies[Preview] = DIGEST
    card = form(bot, value(question, Act.PREVIEW))
    await bot.clicks(card, question, Act.PREVIEW, form_value=ENTERED)
    assert bot.desk.commands() == [question, Preview(subscribe=SUBSCRIBE)]


async def test_a_form_that_is_gone_is_not_previewed(bot: Stage):
    bot.desk.replies[Elsewhere] = NotFound()
    question = Elsewhere(subscription=7, command=OpenSettings())
    card = form(bot, value(question, Act.PREVIEW))
    answer, posted = await bot.clicks(card, question, Act.PREVIEW, form_value=ENTERED)
    assert (answer, posted) == ({"toast": toast("error", "There is nothing by that name.")}, [])


async def test_a_preview_of_what_is_wrong_says_what(bot: Stage):
    card = form(bot, value(SETTINGS, Act.PREVIEW))
    answer, posted = await bot.clicks(card, SETTINGS, Act.PREVIEW, form_value={**ENTERED, "days": []})
    assert (answer["toast"], posted) == (toast("error", "Choose at least one day."), [])


async def test_pausing_leaves_the_form_and_says_what_was_done(bot: Stage):
    pause = Elsewhere(subscription=7, command=PauseDigests())
    bot.desk.replies[Elsewhere] = Notice(text="No digests until somebody resumes them.")
    card = form(bot, value(pause, Act.IN_FORM, shows=SETTINGS))
    answer, posted = await bot.clicks(card, pause, Act.IN_FORM, shows=SETTINGS)
    assert (answer["toast"], posted) == (toast("success", "Done."), [])
    assert bot.desk.commands() == [pause, SETTINGS]
    assert "No digests until somebody resumes them." in words(card.content)
    assert any(element["tag"] == "form" for element in card.content["body"]["elements"])


async def test_unsubscribing_leaves_no_form(bot: Stage):
    unsubscribe = Elsewhere(subscription=7, command=Unsubscribe(repo=None))
    bot.desk.replies[Elsewhere] = Notice(text="This channel gets no more digests.")
    card = form(bot, value(unsubscribe, Act.IN_FORM, shows=SETTINGS))
    await bot.clicks(card, unsubscribe, Act.IN_FORM, shows=SETTINGS)
    assert bot.desk.commands() == [unsubscribe]
    assert "This channel gets no more digests." in words(card.content)
    assert not any(element["tag"] == "form" for element in card.content["body"]["elements"])


async def test_what_nobody_may_pause_stays(bot: Stage):
    pause = Elsewhere(subscription=7, command=PauseDigests())
    bot.desk.replies[Elsewhere] = NotFound()
    card = form(bot, value(pause, Act.IN_FORM, shows=SETTINGS))
    answer, posted = await bot.clicks(card, pause, Act.IN_FORM, shows=SETTINGS)
    assert (answer, posted, card.updates) == ({"toast": toast("error", "There is nothing by that name.")}, [], 0)


async def test_a_reason_is_kept_and_the_form_thanks_for_it(bot: Stage):
    bot.desk.replies[GiveFeedback] = Notice(text="Thank you.")
    card = bot.card(value(DOWN, Act.FEEDBACK), fields={"reason": ""})
    answer, posted = await bot.clicks(card, DOWN, Act.FEEDBACK, form_value={"reason": " It is wrong. "}, user="bob")
    assert (answer["toast"], posted) == (toast("success", "Done."), [])
    ((command, asker),) = bot.desk.asked
    assert (command, asker.user) == (replace(DOWN, reason="It is wrong."), bot.id("bob"))
    assert "Thank you." in words(card.content)


def filled_in(card: Posted) -> dict[str, Any]:
    """What the form of the card sends if nobody changes anything in it."""
    initial = {"input": "default_value", "picker_time": "initial_time", "select_static": "initial_option"}
    (form,) = (element for element in card.content["body"]["elements"] if element["tag"] == "form")
    fields = [each for each in _named(form["elements"]) if each["tag"] != "button"]
    return {each["name"]: each.get(initial.get(each["tag"], "selected_values"), "") for each in fields}


def _named(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "name" in part:
            yield part
        part = list(part.values())
    for each in part if isinstance(part, list) else []:
        yield from _named(each)


@pytest.mark.parametrize("subscription", [None, 7])
async def test_the_form_says_what_it_shows(bot: Stage, subscription: int | None):
    shown = replace(FORM, subscription=subscription)
    bot.desk.replies[OpenSettings] = shown
    bot.desk.replies[Subscribe] = Notice(text="Subscribed.")
    bot.desk.replies[Elsewhere] = Notice(text="Changed.")
    _event, (card,) = await bot.says("settings")
    question = SETTINGS if subscription is None else Elsewhere(subscription=7, command=OpenSettings())
    answer, _posted = await bot.clicks(card, question, Act.SAVE, form_value=filled_in(card))
    assert answer["toast"] == toast("success", "Done.")
    saved = bot.desk.commands()[-1]
    command = saved.command if isinstance(saved, Elsewhere) else saved
    assert isinstance(command, Subscribe)
    assert as_entered(TERMS, command) == TERMS


async def test_many_clicks_at_once_are_answered_each(bot: Stage):
    bot.desk.replies[GiveFeedback] = Notice(text="Thank you.")
    cards = [bot.card(value(DOWN, Act.FEEDBACK), fields={"reason": ""}) for _ in range(20)]
    answers = await asyncio.gather(
        *(bot.feishu.clicks(card, value(DOWN, Act.FEEDBACK), form_value={"reason": "No."}) for card in cards)
    )
    assert [answer["toast"]["content"] for answer in answers] == ["Done."] * 20
