"""Whatever a card for Feishu shows and wherever it stands: within every limit, and nothing left out silently."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.commands import Elsewhere, ResumeDigests, ShowCommit
from bot.core.replies import CitedSentence, CommitIndex, DigestView, Home, Notice, Offer, Reply
from bot.core.subscriptions import Channel, Platform
from formatters import feishu
from formatters.feishu import Reach
from formatters.feishu.validator import DOCUMENTED, problems
from tests.formatters import samples
from tests.formatters.feishu_cards import assert_card, questions, shown
from tests.formatters.test_conformance import hostile_entry
from tests.formatters.test_feishu_digest import assert_all_reached
from tests.formatters.test_feishu_screens import FEISHU_SCREENS, FORM
from tests.formatters.test_languages import words
from tests.formatters.test_slack_digest import views
from tests.formatters.test_slack_screens import ANSWER, FOUND, listed
from tests.formatters.texts import anything

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

SHA = samples.MULTI_IMAGE.commit.sha
RESUME = Offer(label="Resume", question=Elsewhere(subscription=7, command=ResumeDigests()))


@few
@given(views(), anything)
def test_any_digest_that_takes_the_place_of_a_card_below_any_note_is_accepted(drawn, text):
    view, whole = drawn
    note = Notice(text=text, example=text, offers=(dataclasses.replace(RESUME, label=text),))
    drawn = feishu.card(view, note=note)
    assert_card(drawn)
    if not view.framing.in_thread:
        assert_all_reached([drawn], view, whole, Reach.APP)
    assert_card(feishu.card(CommitIndex(digest=whole), note=note))


@few
@given(views(), st.sampled_from(Reach))
def test_what_is_within_our_limits_is_within_the_documented_ones(drawn, reach):
    view, _ = drawn
    for message in feishu.ladder(view, reach):
        if message["msg_type"] == "interactive":
            assert not problems(message["content"], DOCUMENTED)


@few
@given(anything, st.integers(0, 60))
def test_an_answer_and_a_search_count_what_they_do_not_show(text: str, number: int):
    entries = (hostile_entry(text),) * number
    sentence = CitedSentence(text=f"It is {text}", shas=(SHA,) * 9)
    answer = dataclasses.replace(ANSWER, sentences=(sentence,) * number, entries=entries)
    for reply in (answer, dataclasses.replace(FOUND, words=text, entries=entries, total=number)):
        drawn = feishu.render(reply)["content"]
        opened = [question for question in questions(drawn) if isinstance(question, ShowCommit)]
        left_out = number - len(opened)
        assert not left_out or f"… {left_out} more" in shown(drawn)


def test_an_answer_of_many_sentences_counts_those_that_it_does_not_show():
    sentences = tuple(CitedSentence(text=f"Sentence {number}.", shas=(SHA,)) for number in range(11))
    said = shown(feishu.render(dataclasses.replace(ANSWER, sentences=sentences))["content"])
    hidden = [number for number in range(11) if f"Sentence {number}." not in said]
    assert f"… {len(hidden)} more" in said


# Where nobody hears what is clicked


@pytest.mark.parametrize("reply", FEISHU_SCREENS.values(), ids=FEISHU_SCREENS.keys())
def test_nothing_is_asked_where_nobody_hears_it(reply: Reply):
    for message in feishu.ladder(reply, Reach.NOBODY):
        assert not questions(message["content"])


def test_where_no_form_can_be_drawn_a_command_does_the_same():
    *_cards, post = feishu.ladder(FORM)
    command = "/dynamo-digest subscribe ai-dynamo/dynamo at 09:00 tz Asia/Shanghai lang en"
    assert list(words(post["content"])) == ["", f"The form cannot be shown here. A command does the same: {command}"]


def test_home_names_groups_by_their_ids_and_no_people():
    group, person = (
        Channel(platform=Platform.FEISHU, workspace="t1", id=f"{kind}_5ad11d72b830") for kind in ("oc", "ou")
    )
    said = []
    for channel, one in zip((group, person), listed(2), strict=True):
        terms = dataclasses.replace(one.subscription.terms, channel=channel)
        there = dataclasses.replace(one, subscription=dataclasses.replace(one.subscription, terms=terms))
        drawn = feishu.render(Home(subscriptions=(there,), default_repo=samples.REPO))["content"]
        said.append(shown(drawn).splitlines()[4])
    assert said == ["Group oc_5ad11d72b830", "Direct messages"]


@pytest.mark.parametrize("number", [0, 1, 500])
def test_a_day_of_any_size_is_one_message_for_those_who_can_ask(number: int):
    assert feishu.following(DigestView(digest=samples.many(number))) == []
