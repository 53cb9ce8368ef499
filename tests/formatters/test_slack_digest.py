"""Whatever the day and its framing: a message within every limit, from which every commit is reached.

Limits are held against Slack's own models and a second set of tables, as in `test_slack_limits`.
"""

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slackblocks import _limits
from slackblocks._surfaces import validate_surface_blocks

from bot.core.buttons import decode
from bot.core.commands import MakeReport, OpenSettings, Retry, ShowCommit, ShowDigest, ShowHome, ShowIndex
from bot.core.model import Digest, Importance
from bot.core.ranges import DayRange
from bot.core.replies import CommitIndex, DigestView, Framing, Notice, Offer, Progress, RangeView, Reply
from bot.core.subscriptions import Selection
from formatters import slack
from formatters.slack import Native
from tests.formatters import samples
from tests.formatters.test_conformance import assert_inert, every_hostile_text, hostile_digest, hostile_entry
from tests.formatters.test_slack_limits import assert_block, characters, units
from tests.formatters.texts import anything, digests

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

patterns = st.lists(anything, max_size=3).map(tuple)
selections = st.builds(
    Selection,
    minimum=st.sampled_from(Importance),
    paths=patterns,
    not_paths=patterns,
    authors=patterns,
    not_authors=patterns,
    no_bots=st.booleans(),
)
natives = st.frozensets(st.sampled_from(Native))


@st.composite
def views(draw: st.DrawFn) -> tuple[DigestView, Digest]:
    """A digest in any framing, and the same day with what its selection leaves out."""
    whole = draw(digests())
    shown = draw(st.one_of(st.just(len(whole.entries)), st.integers(0, len(whole.entries))))
    framing = Framing(
        selection=draw(selections),
        left_out=len(whole.entries) - shown,
        is_private=draw(st.booleans()),
        is_subscribed=draw(st.booleans()),
        in_thread=draw(st.booleans()),
    )
    digest = dataclasses.replace(whole, entries=whole.entries[:shown])
    late_by = draw(st.sampled_from([timedelta(), timedelta(days=3, hours=4)]))
    corrected_at = draw(st.sampled_from([None, samples.SEALED_AT]))
    return DigestView(digest=digest, framing=framing, late_by=late_by, corrected_at=corrected_at), whole


# Any day


@few
@given(views(), natives)
def test_any_digest_is_accepted_and_every_commit_is_reached(drawn, native):
    view, whole = drawn
    message = slack.render(view, native)
    assert_message(message)
    assert kinds(message) & {"container", "data_visualization"} <= set(native)
    assert_all_reached(message, whole)


@few
@given(views(), natives)
def test_any_rung_of_a_ladder_is_accepted_and_every_commit_is_reached(drawn, native):
    view, whole = drawn
    rungs = list(slack.ladder(view, native))
    assert rungs[0] == slack.render(view, native)
    assert all(lower["blocks"] != higher["blocks"] for higher, lower in pairwise(rungs))
    for rung in rungs[:-1]:
        assert_message(rung)
        assert_all_reached(rung, whole)
    assert rungs[-1]["blocks"] == []
    assert_text(rungs[-1]["text"])
    missing = [entry for entry in whole.entries if entry.commit.short_sha not in rungs[-1]["text"]]
    where = "/commits?since=" if whole.repo.host else f"/dynamo-digest {whole.day.date} {whole.repo}"
    assert not missing or where in rungs[-1]["text"]


@few
@given(views())
def test_any_thread_is_accepted_and_has_every_commit_once_in_order(drawn):
    view, _ = drawn
    messages = slack.thread(view)
    for message in messages:
        assert_message(message)
    if view.framing.in_thread:
        shown = [question.sha for message in messages for question in questions(message, "commit.open")]
        levels = view.digest.by_importance().values()
        assert shown == [entry.commit.sha for level in levels for entry in level]
    else:
        assert messages == []


@few
@given(st.lists(digests(most=40), min_size=1, max_size=92), selections, st.integers(0, 9), natives, st.booleans())
def test_any_range_is_accepted_and_every_day_is_reached(days, selection, left_out, native, is_private):
    repo = days[0].repo
    made = tuple(
        dataclasses.replace(day, repo=repo, day=samples.DAY.plus(number - len(days))) for number, day in enumerate(days)
    )
    framing = Framing(selection=selection, left_out=left_out, is_private=is_private)
    view = RangeView(repo=repo, digests=made, framing=framing, lead=days[0].lead)
    *rungs, text = slack.ladder(view, native)
    for rung in rungs:
        assert_message(rung)
        days_shown = {question.when for question in questions(rung, "digest.day.")}
        assert {day.day for day in made if day.entries or left_out} == days_shown
    assert_text(text["text"])


@every_hostile_text
def test_nothing_that_people_write_is_obeyed(text):
    selection = Selection(paths=(text,), not_paths=(text,), authors=(text,), not_authors=(text,))
    framing = Framing(selection=selection, left_out=3)
    digest = dataclasses.replace(hostile_digest(text), entries=(hostile_entry(text), *samples.DIGEST.entries))
    views = (
        DigestView(digest=digest, framing=framing),
        DigestView(digest=samples.QUIET, framing=framing),
        RangeView(repo=samples.REPO, digests=(digest, samples.DIGEST), framing=framing),
    )
    threads = slack.thread(DigestView(digest=digest, framing=Framing(in_thread=True)))
    for message in [*threads, *(rung for view in views for rung in slack.ladder(view, frozenset(Native)))]:
        assert_inert(message["blocks"])
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", message["text"])


# Fixed days


def test_a_button_of_a_commit_says_of_which_day_it_is():
    opened = questions(slack.render(DigestView(digest=samples.DIGEST)), "commit.open")
    assert {question.day for question in opened} == {samples.DAY}
    pages = slack.render_view(CommitIndex(digest=samples.DIGEST))
    assert {question.day for question in questions(pages, "commit.open")} == {samples.DAY}


def test_a_commit_of_a_range_is_of_its_own_day():
    before = dataclasses.replace(samples.DIGEST, day=samples.DAY.plus(-1), entries=(samples.IPV6,))
    today = dataclasses.replace(samples.DIGEST, entries=(samples.MULTI_IMAGE,))
    message = slack.render(RangeView(repo=samples.REPO, digests=(before, today)))
    days = {question.sha: question.day for question in questions(message, "commit.open")}
    assert days == {samples.IPV6.commit.sha: before.day, samples.MULTI_IMAGE.commit.sha: today.day}


def test_below_a_digest_are_its_neighbours_its_report_and_the_settings():
    message = slack.render(DigestView(digest=samples.DIGEST, framing=Framing(is_subscribed=True)))
    day, repo = samples.DAY, samples.REPO
    assert footer(message) == [
        ("digest.report", "Full report", MakeReport(when=day, repos=(repo,))),
        ("digest.day.previous", "← 2026-01-20", ShowDigest(when=day.plus(-1), repo=repo)),
        ("digest.day.next", "2026-01-22 →", ShowDigest(when=day.plus(1), repo=repo)),
        ("digest.settings", "Settings", OpenSettings(repo=repo)),
        ("digest.browse", "Commits on github.com", None),
        ("digest.retry", "Retry 1 with the AI model", Retry(when=day, repo=repo)),
    ]


def test_the_day_after_one_that_is_not_over_is_not_offered():
    actions = [action for action, _, _ in footer(slack.render(DigestView(digest=samples.TODAY)))]
    assert "digest.day.previous" in actions
    assert "digest.day.next" not in actions


def test_a_private_digest_can_be_shared_and_an_unknown_repository_subscribed():
    message = slack.render(DigestView(digest=samples.DIGEST, framing=Framing(is_private=True)))
    shown = {action: (text, question) for action, text, question in footer(message)}
    assert shown["digest.share"] == ("Share in channel", ShowDigest(when=samples.DAY, repo=samples.REPO))
    assert shown["digest.settings"] == ("Subscribe", OpenSettings(repo=samples.REPO))
    assert "digest.share" not in {action for action, _, _ in footer(slack.render(DigestView(digest=samples.DIGEST)))}


def test_a_range_is_shared_and_reported_whole():
    before = dataclasses.replace(samples.DIGEST, day=samples.DAY.plus(-1))
    view = RangeView(repo=samples.REPO, digests=(before, samples.DIGEST), framing=Framing(is_private=True))
    shown = {action: question for action, _, question in footer(slack.render(view))}
    days = DayRange(first=before.day, last=samples.DAY)
    assert shown["digest.share"] == ShowDigest(when=days, repo=samples.REPO)
    assert shown["digest.report"] == MakeReport(when=days, repos=(samples.REPO,))


def test_a_range_that_comes_late_says_so():
    view = RangeView(repo=samples.REPO, digests=(samples.DIGEST,), late_by=timedelta(hours=2))
    assert "late by 2 h" in written(slack.render(view)["blocks"])
    assert "late by 2 h" in slack.render(view)["text"]


FILTERED = Framing(selection=Selection(minimum=Importance.MEDIUM, paths=("lib/**",), no_bots=True), left_out=28)


def test_what_filters_leave_out_is_counted_named_and_one_click_away():
    message = slack.render(DigestView(digest=samples.DIGEST, framing=FILTERED))
    sentence = "Shown: medium and high importance, only lib/**, without bots; 28 of 34 commits left out."
    assert f"{sentence} “All 34 commits” shows all." in written(message["blocks"])
    assert sentence in message["text"]
    assert ("digest.index", "All 34 commits", ShowIndex(repo=samples.REPO, day=samples.DAY)) in footer(message)


def test_a_day_on_which_filters_leave_nothing_says_so():
    message = slack.render(DigestView(digest=samples.QUIET, framing=FILTERED))
    sentence = (
        "No commits on 2026-01-21 in Asia/Shanghai match the filters (medium and high importance, only lib/**, "
        "without bots), which leave out 28 commits."
    )
    assert sentence in written(message["blocks"])
    assert sentence in message["text"]
    assert message["blocks"][0]["accessory"]["action_id"] == "digest.index"
    assert message["blocks"][0]["accessory"]["text"]["text"] == "All 28 commits"


def test_a_posted_day_without_commits_is_one_line():
    sentence = "ai-dynamo/dynamo: No commits on 2026-01-21 in Asia/Shanghai."
    line = {"type": "section", "text": {"type": "plain_text", "text": sentence, "emoji": False}}
    view = DigestView(digest=samples.QUIET)
    assert list(slack.ladder(view)) == [{"text": sentence, "blocks": [line]}, {"text": sentence, "blocks": []}]
    late = slack.render(dataclasses.replace(view, late_by=timedelta(hours=2)))
    assert late["blocks"] == [
        line,
        {"type": "context", "elements": [{"type": "plain_text", "text": "late by 2 h", "emoji": False}]},
    ]


def test_posted_days_without_commits_are_one_line():
    days = (dataclasses.replace(samples.QUIET, day=samples.DAY.plus(-1)), samples.QUIET)
    message = slack.render(RangeView(repo=samples.REPO, digests=days))
    assert message["text"] == "ai-dynamo/dynamo: No commits from 2026-01-20 to 2026-01-21 (Asia/Shanghai)."
    assert [block["text"]["text"] for block in message["blocks"]] == [message["text"]]


def test_an_answer_on_a_day_without_commits_leads_to_other_days():
    message = slack.render(DigestView(digest=samples.QUIET, framing=Framing(is_private=True)))
    assert [action for action, *_ in footer(message)][:2] == ["digest.day.previous", "digest.day.next"]


def test_identifiers_have_no_backticks_where_they_cannot_be_set_as_code():
    view = DigestView(digest=dataclasses.replace(samples.DIGEST, lead="`a_b` goes."))
    message = slack.render(view)
    assert "`" not in written(message["blocks"]) + message["text"]
    assert "all images of a request in one generate call" in message["text"]


def test_commits_that_stand_in_the_thread_do_not_stand_in_the_message():
    view = DigestView(digest=samples.many(90), framing=Framing(in_thread=True))
    message = slack.render(view)
    assert not questions(message, "commit.open")
    assert "The commits are in the thread." in written(message["blocks"])
    assert [len(questions(part, "commit.open")) for part in slack.thread(view)] == [38, 38, 14]
    assert "🟡 Medium · 9 to 30 of 30" in written(slack.thread(view)[1]["blocks"])


@pytest.mark.parametrize(
    "reply", [RangeView(repo=samples.REPO, digests=(samples.DIGEST,)), Notice(text="no"), samples.REPLIES["help"]]
)
def test_nothing_else_has_a_thread(reply: Reply):
    assert slack.thread(reply) == []


def test_native_lists_open_and_close_and_low_importance_is_closed():
    message = slack.render(DigestView(digest=samples.many(36)), frozenset({Native.CONTAINER}))
    containers = [block for block in message["blocks"] if block["type"] == "container"]
    assert [(one["title"]["text"], len(one["child_blocks"]), one["default_collapsed"]) for one in containers] == [
        ("🔴 High · 12 commits", 10, False),
        ("🔴 High · 11 to 12 of 12", 2, False),
        ("🟡 Medium · 12 commits", 10, False),
        ("🟡 Medium · 11 to 12 of 12", 2, False),
        ("🟢 Low · 12 commits", 5, True),
    ]
    assert "+ 7 more: 7 low. “All 36 commits” shows all." in written(message["blocks"])


def test_a_day_of_low_importance_only_is_not_closed():
    message = slack.render(DigestView(digest=low_day()), frozenset({Native.CONTAINER}))
    assert [block["default_collapsed"] for block in message["blocks"] if block["type"] == "container"] == [False]


def low_day() -> Digest:
    return dataclasses.replace(samples.DIGEST, entries=(samples.ATTRIBUTIONS,) * 3)


def test_the_picture_of_a_day_is_a_native_chart_or_bars():
    native = slack.render(DigestView(digest=samples.DIGEST), frozenset({Native.DATA_VISUALIZATION}))
    (chart,) = (block for block in native["blocks"] if block["type"] == "data_visualization")
    points = [
        {"label": "…/src/dynamo/sglang", "value": 2},
        {"label": "top folder", "value": 1},
        {"label": "…/src/dynamo/vllm", "value": 1},
        {"label": "container", "value": 1},
        {"label": "lib", "value": 1},
    ]
    assert chart == {
        "type": "data_visualization",
        "title": "Commits by area",
        "chart": {
            "type": "bar",
            "series": [{"name": "Commits", "data": points}],
            "axis_config": {"categories": [point["label"] for point in points]},
        },
    }
    assert "…/src/dynamo/vllm    █ 1" in written(slack.render(DigestView(digest=samples.DIGEST))["blocks"])


def test_few_commits_and_commits_in_one_place_need_no_picture():
    for digest in (low_day(), samples.TODAY):
        assert "█" not in written(slack.render(DigestView(digest=digest))["blocks"])


def test_a_late_arrival_is_counted_and_marked():
    late = dataclasses.replace(samples.IPV6, is_late=True)
    digest = dataclasses.replace(samples.DIGEST, entries=(samples.MULTI_IMAGE, late))
    shown = written(slack.render(DigestView(digest=digest))["blocks"])
    assert " · 1 late arrival" in shown
    assert "late arrival of 2026-01-21" in shown


def test_the_ladder_goes_down_from_native_blocks_to_text():
    view = DigestView(digest=samples.DIGEST)
    native = frozenset(Native)
    full, plain, reduced, text = slack.ladder(view, native)
    assert full == slack.render(view, native)
    assert plain == slack.render(view)
    assert kinds(reduced) == {"header", "section", "actions"}
    assert text == {"text": plain["text"], "blocks": []}
    assert list(slack.ladder(view)) == [plain, reduced, text]


def test_other_replies_have_a_ladder_of_two():
    for reply in (Notice(text="no"), Progress(repo=samples.REPO, done=0, total=None)):
        assert list(slack.ladder(reply, frozenset(Native))) == [
            slack.render(reply),
            {**slack.render(reply), "blocks": []},
        ]


def test_a_notice_offers_what_can_be_done():
    offers = (
        Offer(label="Open it", question=ShowCommit(repo=samples.REPO, sha="8877c46")),
        Offer(label="Home", question=ShowHome()),
    )
    message = slack.render(Notice(text="There.", offers=offers))
    assert_message(message)
    assert footer(message) == [("offer.0", "Open it", offers[0].question), ("offer.1", "Home", offers[1].question)]


# Limits and reading


def assert_message(message: slack.SlackMessage) -> None:
    blocks = message["blocks"]
    assert_text(message["text"])
    assert 1 <= len(blocks) + sum(len(block.get("child_blocks", [])) for block in blocks) <= 40
    assert characters(blocks) + sum(map(_chart_characters, blocks)) <= 9000
    assert sum(block["type"] == "data_visualization" for block in blocks) <= 2
    validate_surface_blocks(blocks, "message")
    for block in blocks:
        _assert_native(block)
        for part in block.get("child_blocks", [block]):
            assert_block(part)
        if block["type"] != "data_visualization":  # slack_sdk has no model of it
            Block.parse(block).to_dict()


def assert_text(text: str) -> None:
    assert 1 <= len(text.encode()) <= 3800


def _assert_native(block: dict) -> None:
    match block:
        case {"type": "container", "child_blocks": children}:
            assert {child["type"] for child in children} <= {"section", "context", "actions", "divider", "header"}
            assert 1 <= len(children) <= _limits.CONTAINER_CHILD_BLOCKS_MAX_ITEMS
            assert 1 <= units(block["title"]["text"]) <= 150
        case {"type": "data_visualization", "chart": {"type": "bar", "series": series, "axis_config": axis}}:
            assert 1 <= units(block["title"]) <= 50
            assert 1 <= len(axis["categories"]) == len(set(axis["categories"])) <= 20
            assert 1 <= len(series) <= 12
            for one in series:
                assert [point["label"] for point in one["data"]] == axis["categories"]
                assert all(1 <= units(point["label"]) <= 20 and point["value"] > 0 for point in one["data"])
        case {"type": kind}:
            assert kind not in {"container", "data_visualization"}


def _chart_characters(block: dict) -> int:
    return sum(map(units, _strings(block))) if block["type"] == "data_visualization" else 0


def _strings(part: object) -> Iterator[str]:
    match part:
        case str():
            yield part
        case dict():
            for value in part.values():
                yield from _strings(value)
        case list():
            for value in part:
                yield from _strings(value)


def assert_all_reached(message: slack.SlackMessage, whole: Digest) -> None:
    """Every commit of the day has its button, or the index does."""
    everything = {entry.commit.sha for entry in whole.entries}
    listed = {question.sha for question in questions(message, "commit.open")}
    index = questions(message, "digest.index")
    assert listed <= everything
    assert listed == everything or indexed(whole, index[0]) == everything


def indexed(whole: Digest, question: ShowIndex) -> set[str]:
    """What all pages of an index list."""
    found: set[str] = set()
    while True:
        page = slack.render_view(CommitIndex(digest=whole, page=question.page))
        found |= {opened.sha for opened in questions(page, "commit.open")}
        following = [turn for turn in questions(page, "index.turn") if turn.page > question.page]
        if not following:
            return found
        question = following[0]


def questions(part: object, action: str) -> list:
    """What the buttons whose action begins so ask."""
    match part:
        case {"action_id": str(name), "value": str(value)} if name.startswith(action):
            return [decode(value)]
        case dict():
            return [found for value in part.values() for found in questions(value, action)]
        case list():
            return [found for value in part for found in questions(value, action)]
        case _:
            return []


def footer(message: slack.SlackMessage) -> list[tuple[str, str, object]]:
    """The action, text and question of each button in the last block."""
    return [
        (button["action_id"], button["text"]["text"], decode(button["value"]) if "value" in button else None)
        for button in message["blocks"][-1]["elements"]
    ]


def kinds(message: slack.SlackMessage) -> set[str]:
    return {block["type"] for block in message["blocks"]}


def written(blocks: list) -> str:
    return json.dumps(blocks, ensure_ascii=False)
