"""Whatever the day and its framing: cards within every limit, from which every commit is reached."""

import dataclasses
import json
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.commands import (
    DeepenCommit,
    GiveFeedback,
    MakeReport,
    OpenSettings,
    Retry,
    ShowCommit,
    ShowDigest,
    ShowIndex,
)
from bot.core.days import Day
from bot.core.language import Language, speaking
from bot.core.model import (
    ChangeType,
    Digest,
    Entry,
    FileChange,
    FileStatus,
    Importance,
    KnownCommit,
    Rating,
    Related,
    RelationKind,
)
from bot.core.ranges import DayRange
from bot.core.replies import AnalysisView, CommitIndex, DigestView, Framing, RangeView
from bot.core.subscriptions import Selection, Verdict
from formatters import feishu
from formatters.feishu import Reach, wording
from tests.formatters import samples
from tests.formatters.feishu_cards import (
    assert_card,
    assert_inert,
    buttons,
    footer,
    panels,
    questions,
    shown,
    with_tag,
)
from tests.formatters.test_conformance import every_hostile_text, hostile_digest, hostile_entry
from tests.formatters.test_slack_digest import views
from tests.formatters.test_snapshots import JsonFile, written
from tests.formatters.texts import anything, digests

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
MOST = {Reach.APP: 24_000, Reach.NOBODY: 18_000}
reaches = st.sampled_from(Reach)


def cards(reply, reach=Reach.APP):
    """All cards of a reply: the first one and those that follow it."""
    return [message["content"] for message in (feishu.render(reply, reach), *feishu.following(reply, reach))]


# Any day


@few
@given(views(), reaches)
def test_any_digest_is_accepted_and_every_commit_is_reached(drawn, reach):
    view, whole = drawn
    made = cards(view, reach)
    for card in made:
        assert_card(card, most=MOST[reach])
    assert_all_reached(made, view, whole, reach)


@few
@given(views(), reaches)
def test_any_rung_of_a_ladder_is_accepted_and_differs_from_the_one_before(drawn, reach):
    view, whole = drawn
    *rungs, text = feishu.ladder(view, reach)
    assert rungs[0] == feishu.render(view, reach)
    assert all(lower != higher for higher, lower in pairwise(rungs))
    for rung in rungs:
        assert rung["msg_type"] == "interactive"
        assert_card(rung["content"], most=MOST[reach])
        if reach is Reach.APP:
            assert_all_reached([rung["content"]], view, whole, reach)
    for rung in rungs[1:]:
        assert not with_tag(rung["content"], "chart")
    assert_post(text)
    shown_there = json.dumps(text["content"], ensure_ascii=False)
    missing = [entry for entry in whole.entries if entry.commit.short_sha not in shown_there]
    where = "/commits?since=" if whole.repo.host else f"/dynamo-digest {whole.day.date} {whole.repo}"
    assert not missing or where in shown_there


@few
@given(views())
def test_any_thread_has_every_commit_once_in_order(drawn):
    view, _ = drawn
    made = [message["content"] for message in feishu.following(view)]
    for card in made:
        assert_card(card)
    if view.framing.in_thread:
        seen = list(dict.fromkeys(question.sha for card in made for question in questions(card)))
        levels = view.digest.by_importance().values()
        assert seen == [entry.commit.sha for level in levels for entry in level]
    else:
        assert made == []


@few
@given(digests(), st.integers(0, 30))
def test_any_page_of_an_index_is_accepted_and_has_a_button_for_each_commit(digest, page):
    card = feishu.render(CommitIndex(digest=digest, page=page))["content"]
    assert_card(card)
    opened = {question.sha for question in questions(card) if not isinstance(question, ShowIndex)}
    assert len(opened) == len(with_tag(card, "collapsible_panel"))


@few
@given(st.lists(digests(most=40), min_size=1, max_size=92), st.integers(0, 9), reaches)
def test_any_range_is_accepted_and_every_day_is_reached(days, left_out, reach):
    repo = days[0].repo
    made = tuple(
        dataclasses.replace(day, repo=repo, day=samples.DAY.plus(number - len(days))) for number, day in enumerate(days)
    )
    view = RangeView(repo=repo, digests=made, framing=Framing(left_out=left_out), lead=days[0].lead)
    *rungs, text = feishu.ladder(view, reach)
    for rung in rungs:
        assert_card(rung["content"], most=MOST[reach])
    for rung in rungs if reach is Reach.APP else []:
        days_shown = [question.when for question in questions(rung["content"]) if isinstance(question, ShowDigest)]
        for day in made:
            assert any(covers(when, day.day) for when in days_shown) or not (day.entries or left_out)
    assert_post(text)


@few
@given(anything, st.integers(0, 300), st.integers(0, 40), st.integers(0, 3), reaches)
def test_any_analysis_is_accepted_page_by_page(text, files, statements, page, reach):
    view = dataclasses.replace(samples.opened(swollen(text, files, statements)), page=page)
    *rungs, post = feishu.ladder(view, reach)
    for rung in rungs:
        assert_card(rung["content"], most=MOST[reach])
    assert_post(post)


@pytest.mark.parametrize("number", [*range(25), 60, 90, 120, 500])
@pytest.mark.parametrize("reach", Reach)
def test_days_of_all_sizes_are_accepted_and_every_commit_is_reached(number, reach):
    view = DigestView(digest=distinct(number))
    made = cards(view, reach)
    for card in made:
        assert_card(card, most=MOST[reach])
    assert_all_reached(made, view, view.digest, reach)


@every_hostile_text
@pytest.mark.parametrize("reach", Reach)
def test_nothing_that_people_write_is_obeyed(text, reach):
    selection = Selection(paths=(text,), not_paths=(text,), authors=(text,), not_authors=(text,))
    framing = Framing(selection=selection, left_out=3)
    digest = dataclasses.replace(hostile_digest(text), entries=(hostile_entry(text), *samples.DIGEST.entries))
    for reply in (
        DigestView(digest=digest, framing=framing),
        DigestView(digest=samples.QUIET, framing=framing),
        RangeView(repo=samples.REPO, digests=(digest, samples.DIGEST), framing=framing),
        CommitIndex(digest=digest),
        samples.opened(hostile_entry(text)),
    ):
        for message in [*feishu.ladder(reply, reach), *feishu.following(reply, reach)]:
            assert_inert(message["content"])


# What a custom bot posts


@few
@given(views())
def test_nothing_of_a_custom_bot_asks_anybody(drawn):
    view, _ = drawn
    day = view.digest
    span = RangeView(repo=day.repo, digests=(day, dataclasses.replace(day, day=day.day.plus(1))), framing=view.framing)
    for reply in (view, span, *(samples.opened(entry, day.repo) for entry in day.entries[:1])):
        for message in [*feishu.ladder(reply, Reach.NOBODY), *feishu.following(reply, Reach.NOBODY)]:
            assert questions(message["content"]) == []


def test_what_a_custom_bot_has_no_room_for_follows_in_numbered_cards():
    made = cards(DigestView(digest=distinct(300)), Reach.NOBODY)
    assert [card["header"]["title"]["content"] for card in made] == [
        "ai-dynamo/dynamo · 2026-01-21",
        "ai-dynamo/dynamo · 2026-01-21 · 2/3",
        "ai-dynamo/dynamo · 2026-01-21 · 3/3",
    ]
    assert "The next message has them." in shown(made[0])
    assert "The next message has them." not in shown(made[1])


def test_what_nobody_can_ask_for_says_that_it_is_shortened():
    view = DigestView(digest=long_day(40))
    assert "Shortened to fit." in shown(feishu.render(view, Reach.NOBODY)["content"])
    assert "Shortened to fit." not in shown(feishu.render(view)["content"])


def test_whole_analyses_that_nobody_can_ask_for_go_on_in_a_few_cards():
    view = DigestView(digest=long_day(20))
    made = cards(view, Reach.NOBODY)
    assert 1 < len(made) <= 3
    assert "Shortened to fit." not in shown(made)
    assert sum(len(panels(card)) for card in made) == 20


def test_the_same_day_fits_into_one_card_of_the_app_with_a_button_to_the_rest():
    (card,) = cards(DigestView(digest=distinct(300)))
    assert "“All 300 commits” shows all." in shown(card)
    assert footer(card)[0] == ("All 300 commits", ShowIndex(repo=samples.REPO, day=samples.DAY))


# Importance


def test_every_commit_has_a_line_before_any_has_details():
    (card,) = cards(DigestView(digest=long_day(60)))
    assert all(f"commit {number} " in shown(card) for number in range(60))
    assert len(panels(card)) < 30


def test_details_go_to_the_most_important_commits_first():
    (card,) = cards(DigestView(digest=long_day(20)))
    opened = [title.split(" #")[0] for title, _, _ in panels(card) if " #" in title]
    high, medium, low = (range(first, 20, 3) for first in (2, 1, 0))
    ranked = [f"🐛 commit {number}" for number in (*high, *medium, *low)]
    assert opened == ranked[: len(opened)]
    assert len(high) + len(medium) <= len(opened) < 20
    whole = [title.split(" #")[0] for title, _, text in panels(card) if "In the author's words" in text]
    assert whole == opened[: len(whole)]
    assert 0 < len(whole) < len(opened)


def test_each_of_few_commits_has_a_panel():
    (card,) = cards(DigestView(digest=long_day(12)))
    assert [" #" in title for title, _, _ in panels(card)] == [True] * 12
    assert "In the author's words" in panels(card)[0][2]


def test_what_has_no_room_for_all_of_it_has_a_button_to_it():
    (card,) = cards(DigestView(digest=long_day(20)))
    asked = {shown(panel["header"]).split(" #")[0]: buttons(panel) for panel in with_tag(card, "collapsible_panel")}
    assert asked["🐛 commit 19"] == [
        ("Full analysis", ShowCommit(repo=samples.REPO, sha=nth_sha(19), day=samples.DAY)),
    ]
    assert asked["🐛 commit 2"][0][0] == "Details"


def test_each_level_has_a_heading_with_its_count():
    (card,) = cards(DigestView(digest=samples.DIGEST))
    text = shown(card)
    headings = ["🔴 High · 3 commits", "🟡 Medium · 2 commits", "🟢 Low · 1 commit"]
    assert [text.count(heading) for heading in headings] == [1, 1, 1]
    assert sorted(headings, key=text.index) == headings


def test_lines_of_low_importance_are_behind_a_click_unless_there_are_no_others():
    lists = {title: is_open for title, is_open, _ in panels(feishu.render(DigestView(digest=long_day(36)))["content"])}
    assert lists["🟢 Low · 12 commits"] is False
    only = long_day(8, levels=[Importance.LOW])
    panel = panels(feishu.render(DigestView(digest=dataclasses.replace(only, lead="x" * 17_000)))["content"])
    assert [is_open for title, is_open, _ in panel if "Low" in title or "more" in title] == []


# Panels


def test_a_panel_has_the_whole_analysis_its_links_and_what_can_be_done():
    (card,) = cards(DigestView(digest=samples.DIGEST))
    title, is_open, text = panels(card)[0]
    assert title == (
        "🐛 The vLLM encode worker reads all images of a request in one generate call #5514 · Ayush Agarwal"
    )
    assert is_open is False
    assert text == (
        "Commit 6070089 · Pull request #5514 · +35 −37 lines in 1 file · 16:20\n"
        "🐛 fix, performance · rule “behaviour” (users observe something else): "
        "requests with several images get another answer\n"
        "All images are loaded first and passed to the engine together. (encode_worker_handler.py hunk 1)\n"
        "Each image still gets a response with its own mm_hash. (encode_worker_handler.py hunks 2, 3)\n"
        "Scope\n"
        "components/src/dynamo/vllm/multimodal_handlers/encode_worker_handler.py: "
        "collects the images in media_list before it calls the engine\n"
        "prefill and decode workers: receive ids such as {request_id}_mm_{idx}\n"
        "Insight: architecture\n"
        "The connector sees one request where it saw one for each image. (encode_worker_handler.py hunk 2)\n"
        "Insight: performance\n"
        "One engine call instead of several; all images are in memory at once.\n"
        "Risks\n"
        "One image that cannot be loaded fails the whole request. (encode_worker_handler.py hunk 1)\n"
        "Consequence: A user with one broken link among several gets no answer at all.\n"
        "Mitigation: Load the images one by one and report the broken one.\n"
        "Advice\n"
        "Test: Send requests with one, several, and one broken image.\n"
        "Monitor: Watch the encode worker's peak memory.\n"
        "Written by AI model example-large, prompt ab12cd34ef56; 100 % of 72 changed lines read\n"
        "Details\n👍\n👎"
    )
    panel = with_tag(card, "collapsible_panel")[0]
    (text,) = (element["content"] for element in panel["elements"] if element["tag"] == "markdown")
    assert "[6070089](https://github.com/ai-dynamo/dynamo/commit/607008992debc3841e030999cf8895cbb6e2f3c0)" in text
    assert "[&#35;5514](https://github.com/ai-dynamo/dynamo/pull/5514)" in text


def test_a_panel_says_who_wrote_it_unless_that_is_said_of_all():
    by_model = (samples.MULTI_IMAGE, samples.IPV6)
    by_rules = tuple(replaced_by_rules(entry) for entry in by_model)
    for entries, said in (
        (by_model, []),
        (by_rules, []),
        ((*by_model, samples.LONG_CONTEXT), ["85 % of 47 changed lines read"]),
    ):
        (card,) = cards(DigestView(digest=dataclasses.replace(samples.DIGEST, entries=entries)))
        told = [text for _, _, text in panels(card) if "Written by" in text]
        assert len(told) == len(said)
        assert all(line in text for line, text in zip(said, told, strict=True))
    (card,) = cards(DigestView(digest=samples.DIGEST))
    assert all("Written by" in text for _, _, text in panels(card))


def replaced_by_rules(entry: Entry) -> Entry:
    made = dataclasses.replace(samples.BY_RULES, lines_changed=72)
    return dataclasses.replace(entry, analysis=dataclasses.replace(entry.analysis, provenance=made))


def test_only_what_can_be_deepened_has_a_button_for_that():
    (card,) = cards(DigestView(digest=samples.DIGEST))
    asked = [question for question in questions(card) if isinstance(question, DeepenCommit)]
    assert asked == [
        DeepenCommit(repo=samples.REPO, sha=entry.commit.sha, day=samples.DAY)
        for entry in (samples.LONG_CONTEXT, samples.DOCKERFILE)
    ]
    verdicts = [question.verdict for question in questions(card) if isinstance(question, GiveFeedback)]
    assert verdicts == [Verdict.UP, Verdict.DOWN] * 6


def test_a_reverted_commit_and_a_late_one_are_marked_on_their_panels():
    later = KnownCommit(sha="1a2b3c4".ljust(40, "0"), committed_at=samples.SEALED_AT + timedelta(days=1))
    gone = dataclasses.replace(
        samples.IPV6, relations=(Related(kind=RelationKind.REVERTS, is_later=True, commit=later),), is_late=True
    )
    (card,) = cards(DigestView(digest=dataclasses.replace(samples.DIGEST, entries=(gone,))))
    assert [title for title, _, _ in panels(card)] == [
        "🐛 ↩ Disaggregated SGLang workers can register IPv6 addresses "
        "#5521 · ishandhanani · late arrival of 2026-01-21 · reverted by 1a2b3c4 on 2026-01-23"
    ]
    assert "1 commit · 1 author · +90 −9 lines · 1 merge commit left out · 1 late arrival" in shown(card).splitlines()


# Around the commits


def test_a_digest_says_what_it_is_at_the_top():
    card = feishu.render(DigestView(digest=samples.TODAY, late_by=timedelta(hours=2)))["content"]
    assert card["header"] == {
        "template": "blue",
        "title": {"tag": "plain_text", "content": "ai-dynamo/dynamo · 2026-01-21"},
        "subtitle": {"tag": "plain_text", "content": "Wednesday · Asia/Shanghai · so far, 14:05 · late by 2 h"},
        "text_tag_list": [
            {"tag": "text_tag", "text": {"tag": "plain_text", "content": "🔴 1 high"}, "color": "red"},
        ],
    }
    assert card["config"] == {
        "update_multi": True,
        "width_mode": "fill",
        "summary": {
            "content": "ai-dynamo/dynamo 2026-01-21 · 1 commit · "
            "🔴 The vLLM encode worker reads all images of a request in one generate call"
        },
    }


def test_below_a_digest_are_its_report_its_neighbours_and_the_settings():
    card = feishu.render(DigestView(digest=samples.DIGEST, framing=Framing(is_subscribed=True)))["content"]
    day, repo = samples.DAY, samples.REPO
    assert footer(card) == [
        ("Full report", MakeReport(when=day, repos=(repo,))),
        ("← 2026-01-20", ShowDigest(when=day.plus(-1), repo=repo)),
        ("2026-01-22 →", ShowDigest(when=day.plus(1), repo=repo)),
        ("Settings", OpenSettings(repo=repo)),
        ("Retry 1 with the AI model", Retry(when=day, repo=repo)),
        (
            "Commits on github.com",
            "https://github.com/ai-dynamo/dynamo/commits?since=2026-01-20T16:00:00Z&until=2026-01-21T16:00:00Z",
        ),
    ]


def test_the_day_after_one_that_is_not_over_is_not_offered():
    texts = [text for text, _ in footer(feishu.render(DigestView(digest=samples.TODAY))["content"])]
    assert "← 2026-01-20" in texts
    assert "2026-01-22 →" not in texts
    assert "Subscribe" in texts


FILTERED = Framing(selection=Selection(minimum=Importance.MEDIUM, paths=("lib/**",), no_bots=True), left_out=28)


def test_what_filters_leave_out_is_counted_named_and_one_click_away():
    sentence = "Shown: medium and high importance, only lib/**, without bots; 28 of 34 commits left out."
    view = DigestView(digest=samples.DIGEST, framing=FILTERED)
    for rung in list(feishu.ladder(view))[:-1]:
        assert ("All 34 commits", ShowIndex(repo=samples.REPO, day=samples.DAY)) in buttons(rung["content"])
        assert sentence in shown(rung["content"])
    assert f"{sentence} “All 34 commits” shows all." in shown(feishu.render(view)["content"])
    assert "shows all" not in shown(feishu.render(view, Reach.NOBODY)["content"])


def test_a_day_without_commits_is_one_line():
    view = DigestView(digest=samples.QUIET)
    card, post = feishu.ladder(view)
    line = {
        "tag": "div",
        "text": {"tag": "plain_text", "content": "ai-dynamo/dynamo: No commits on 2026-01-21 in Asia/Shanghai."},
    }
    assert card["content"]["body"]["elements"] == [line]
    assert "header" not in card["content"]
    assert post["content"] == {
        "en_us": {"title": "", "content": [[{"tag": "text", "text": line["text"]["content"]}]]},
    }


def test_a_day_on_which_filters_leave_nothing_leads_to_what_they_leave_out():
    card = feishu.render(DigestView(digest=samples.QUIET, framing=FILTERED))["content"]
    assert buttons(card) == [("All 28 commits", ShowIndex(repo=samples.REPO, day=samples.DAY))]
    assert "which leave out 28 commits." in shown(card)
    assert buttons(feishu.render(DigestView(digest=samples.QUIET, framing=FILTERED), Reach.NOBODY)["content"]) == []


def test_commits_that_stand_in_the_thread_do_not_stand_in_the_message():
    view = DigestView(digest=distinct(60), framing=Framing(in_thread=True))
    first, *rest = cards(view)
    assert panels(first) == []
    assert "The commits are in the thread." in shown(first)
    assert [card["header"]["subtitle"]["content"] for card in rest] == [
        "1 to 24 of 60",
        "25 to 48 of 60",
        "49 to 60 of 60",
    ]
    assert rest[1]["header"]["title"]["content"] == "ai-dynamo/dynamo · 2026-01-21 · 2/3"
    assert "🟡 Medium · 5 to 20 of 20" in shown(rest[1])


def test_a_corrected_digest_says_so_first():
    card = feishu.render(DigestView(digest=samples.DIGEST, corrected_at=samples.SEALED_AT))["content"]
    assert card["body"]["elements"][0]["text"]["content"] == "↩ Corrected 2026-01-22."


def test_the_picture_of_a_day_is_a_chart_or_bars():
    whole, *lower = (message["content"] for message in feishu.ladder(DigestView(digest=samples.DIGEST)))
    (chart,) = with_tag(whole, "chart")
    assert chart["chart_spec"] == {
        "type": "bar",
        "data": {
            "values": [
                {"area": "…/src/dynamo/sglang", "commits": 2},
                {"area": "top folder", "commits": 1},
                {"area": "…/src/dynamo/vllm", "commits": 1},
                {"area": "container", "commits": 1},
                {"area": "lib", "commits": 1},
            ]
        },
        "direction": "horizontal",
        "xField": "commits",
        "yField": "area",
        "label": {"visible": True},
        "axes": [{"orient": "left", "maxWidth": "50%"}, {"orient": "bottom", "visible": False}],
        "padding": 8,
    }
    assert "Commits by area" in shown(whole).splitlines()
    assert "██ 2 …/src/dynamo/sglang\n█ 1 top folder" in shown(lower[0])


def test_few_commits_need_no_picture():
    card = feishu.render(DigestView(digest=samples.TODAY))["content"]
    assert with_tag(card, "chart") == []
    assert "1 commit · 1 author · +35 −37 lines" in shown(card)


# What stands in a card


@pytest.mark.parametrize(
    ("first", "last", "said"), [(1, 12, "All 12 commits"), (4, 6, "4 to 6 of 12"), (7, 7, "7 of 12")]
)
def test_a_card_says_which_commits_it_has(first: int, last: int, said: str):
    assert wording.part(first, last, 12) == said


def test_an_analysis_says_once_how_important_a_commit_is():
    card = feishu.render(samples.opened(samples.MULTI_IMAGE))["content"]
    assert shown(card["header"]).splitlines()[-1] == "🔴 High"
    assert "🔴" not in shown(card["body"])


# Several days


def test_only_the_most_important_commits_of_several_days_are_called_so():
    view = RangeView(repo=samples.REPO, digests=(samples.DIGEST,))
    assert "Most important" in shown(feishu.render(view)["content"])
    assert "Most important" not in shown(feishu.render(view, Reach.NOBODY)["content"])


def test_a_commit_of_a_range_is_of_its_own_day_and_says_so():
    before = dataclasses.replace(samples.DIGEST, day=samples.DAY.plus(-1), entries=(samples.IPV6,))
    today = dataclasses.replace(samples.DIGEST, entries=(samples.LONG_CONTEXT,))
    card = feishu.render(RangeView(repo=samples.REPO, digests=(before, today)))["content"]
    assert [title.split(" #")[0] for title, _, _ in panels(card)] == [
        "🐛 01-20 Disaggregated SGLang workers can register IPv6 addresses",
        "🐛 01-21 The KV indexer no longer drops the blocks of very long contexts",
    ]
    (deepen,) = (question for question in questions(card) if isinstance(question, DeepenCommit))
    assert deepen.day == today.day


def test_a_range_is_reported_whole_and_its_days_have_buttons():
    before = dataclasses.replace(samples.DIGEST, day=samples.DAY.plus(-1))
    card = feishu.render(RangeView(repo=samples.REPO, digests=(before, samples.DIGEST)))["content"]
    days = DayRange(first=before.day, last=samples.DAY)
    assert footer(card)[:2] == [
        ("Full report", MakeReport(when=days, repos=(samples.REPO,))),
        ("Subscribe", OpenSettings(repo=samples.REPO)),
    ]
    assert [pressed for pressed in buttons(card) if isinstance(pressed[1], ShowDigest)] == [
        ("01-20", ShowDigest(when=before.day, repo=samples.REPO)),
        ("01-21", ShowDigest(when=samples.DAY, repo=samples.REPO)),
    ]


def test_many_days_share_buttons():
    days = tuple(dataclasses.replace(samples.DIGEST, day=samples.DAY.plus(number - 29)) for number in range(30))
    card = feishu.render(RangeView(repo=samples.REPO, digests=days))["content"]
    asked = [pressed for pressed in buttons(card) if isinstance(pressed[1], ShowDigest)]
    assert len(asked) == 10
    first = DayRange(first=days[0].day, last=days[2].day)
    assert asked[0] == ("12-23 … 12-25", ShowDigest(when=first, repo=samples.REPO))
    assert "The buttons below show all days." in shown(card)


# Pages


def test_an_index_is_turned_page_by_page():
    middle = feishu.render(CommitIndex(digest=distinct(60), page=1))["content"]
    assert middle["header"]["subtitle"]["content"] == "All 60 commits · 21 to 40 of 60"
    assert footer(middle) == [
        ("Previous 20", ShowIndex(repo=samples.REPO, day=samples.DAY, page=0)),
        ("Next 20", ShowIndex(repo=samples.REPO, day=samples.DAY, page=2)),
    ]
    last = feishu.render(CommitIndex(digest=distinct(60), page=7))["content"]
    assert footer(last) == [("Previous 20", ShowIndex(repo=samples.REPO, day=samples.DAY, page=1))]


def test_an_analysis_leads_to_its_neighbours_and_takes_a_verdict():
    view = AnalysisView(
        repo=samples.REPO,
        entry=samples.LONG_CONTEXT,
        zone=samples.SHANGHAI,
        day=samples.DAY,
        previous=samples.STREAMING.commit.sha,
        next=samples.DOCKERFILE.commit.sha,
        verdict=Verdict.UP,
    )
    card = feishu.render(view)["content"]
    sha, repo, day = samples.LONG_CONTEXT.commit.sha, samples.REPO, samples.DAY
    assert buttons(card) == [
        ("Previous commit", ShowCommit(sha=samples.STREAMING.commit.sha, repo=repo, day=day)),
        ("Next commit", ShowCommit(sha=samples.DOCKERFILE.commit.sha, repo=repo, day=day)),
        ("Deepen", DeepenCommit(sha=sha, repo=repo, day=day)),
        ("👍 Helpful", GiveFeedback(repo=repo, sha=sha, verdict=Verdict.UP)),
        ("👎 Not right", GiveFeedback(repo=repo, sha=sha, verdict=Verdict.DOWN)),
        ("Open on github.com", f"https://github.com/ai-dynamo/dynamo/commit/{sha}"),
    ]
    assert [button.get("type") for button in with_tag(card, "button")] == [None, None, None, "primary", None, None]
    assert "You found this helpful." in shown(card)


def test_an_analysis_that_does_not_fit_is_turned_page_by_page():
    entry = swollen("word " * 60, 20, 25)
    pages = [feishu.render(dataclasses.replace(samples.opened(entry), page=page))["content"] for page in range(5)]
    assert [f"Page {page} of 5" in shown(pages[page - 1]) for page in range(1, 6)] == [True] * 5
    turns = [[text for text, _ in buttons(page) if "page" in text] for page in pages]
    assert turns == [["Next page"], *[["Previous page", "Next page"]] * 3, ["Previous page"]]
    everything = "\n".join(map(shown, pages))
    assert [f"word {number} (" in everything for number in range(25)] == [True] * 25


# Whole


@pytest.mark.parametrize("language", Language)
def test_a_digest_looks_as_it_did(snapshot, language):
    with speaking(language):
        card = feishu.render(DigestView(digest=samples.DIGEST))
    assert written(card) == snapshot(extension_class=JsonFile)


@pytest.mark.parametrize("language", Language)
def test_an_analysis_looks_as_it_did(snapshot, language):
    with speaking(language):
        card = feishu.render(samples.opened(samples.MULTI_IMAGE))
    assert written(card) == snapshot(extension_class=JsonFile)


def test_a_digest_as_text_looks_as_it_did(snapshot):
    *_, text = feishu.ladder(DigestView(digest=samples.DIGEST))
    assert written(text) == snapshot(extension_class=JsonFile)


# Days and commits to draw


def distinct(number: int) -> Digest:
    """A day whose commits all have their own subject, number and place."""
    entries = tuple(renamed(entry, index) for index, entry in enumerate(samples.many(number).entries))
    return dataclasses.replace(samples.DIGEST, entries=entries)


def renamed(entry: Entry, index: int) -> Entry:
    commit = dataclasses.replace(entry.commit, message=f"fix: commit {index} (#{1000 + index})")
    return dataclasses.replace(
        entry, commit=commit, analysis=dataclasses.replace(entry.analysis, headline=f"commit {index}")
    )


def long_day(number: int, levels: list[Importance] | None = None) -> Digest:
    """The same with so much in each that not all of it has room."""
    entries = tuple(_long(entry, index, levels) for index, entry in enumerate(distinct(number).entries))
    return dataclasses.replace(samples.DIGEST, entries=entries)


def _long(entry: Entry, index: int, levels: list[Importance] | None) -> Entry:
    level = levels[index % len(levels)] if levels else entry.analysis.importance
    analysis = dataclasses.replace(
        entry.analysis,
        rating=Rating(importance=level, reason="said so"),
        types=(ChangeType.FIX,),
        summary=(samples.says("It does something."), samples.says("It does more.")),
        quotation="\n".join(["The author wrote so much that it does not fit everywhere."] * 20),
    )
    return dataclasses.replace(entry, analysis=analysis)


def nth_sha(index: int) -> str:
    return samples.many(index + 1).entries[index].commit.sha


def swollen(text: str, files: int, statements: int) -> Entry:
    """A commit that changed so many files, and of which so much is said."""
    entry = hostile_entry(text)
    changed = tuple(
        FileChange(path=f"{text}/{number}", status=FileStatus.MODIFIED, additions=1, deletions=None)
        for number in range(files)
    )
    analysis = dataclasses.replace(
        entry.analysis,
        summary=tuple(samples.says(f"{text} {number}", (text, number)) for number in range(statements)),
        risks=entry.analysis.risks * statements,
        advice=entry.analysis.advice * statements,
        scope=entry.analysis.scope * statements,
    )
    return dataclasses.replace(entry, commit=dataclasses.replace(entry.commit, files=changed), analysis=analysis)


# What is asserted of several tests


def covers(when: object, day: Day) -> bool:
    match when:
        case Day():
            return when == day
        case DayRange(first=Day() as first, last=Day() as last):
            return first.date <= day.date <= last.date
        case _:
            return False


def assert_post(message) -> None:
    assert message["msg_type"] == "post"
    assert len(json.dumps(message["content"], ensure_ascii=False, separators=(",", ":")).encode()) <= 16_000
    (post,) = message["content"].values()
    assert post["content"]
    parts = [part for line in post["content"] for part in line]
    assert {part["tag"] for part in parts} <= {"text", "a"}
    assert all(part["text"] and part.get("href", "https://").startswith("https://") for part in parts)


def assert_all_reached(made, view: DigestView, whole: Digest, reach: Reach) -> None:
    """Each commit is listed, or behind the button to all of them."""
    texts = "\n".join(map(shown, made))
    if reach is Reach.APP and ShowIndex(repo=whole.repo, day=whole.day) in questions(made[0]):
        return
    for entry in view.digest.entries if reach is Reach.NOBODY else whole.entries:
        number = entry.commit.pull_request
        assert (entry.commit.short_sha if number is None else f"#{number}") in texts
