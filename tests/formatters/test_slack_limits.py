"""Whatever the day was like, Slack accepts the message: held against Slack's own models and a second set of tables."""

import dataclasses
import html
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slackblocks import _limits
from slackblocks._surfaces import validate_surface_blocks

from bot.core.buttons import decode
from bot.core.model import Analysis, FileChange, FileStatus, Statement
from bot.core.replies import CommitIndex, DigestView, ListedSubscription, Notice, Reply, SubscriptionList
from formatters import slack
from formatters.slack.blocks import length, weigh
from tests.formatters import samples
from tests.formatters.test_conformance import HOSTILE, hostile_entry
from tests.formatters.texts import anything, digests

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(anything)
def test_a_text_is_as_long_as_its_characters(text):
    assert length(text) == sum(map(weigh, text)) == units(html.escape(text, quote=False))


@few
@given(digests(), st.sampled_from([timedelta(), timedelta(days=3, hours=4, minutes=5)]))
def test_any_digest_is_within_every_limit(digest, late_by):
    assert_accepted(DigestView(digest=digest, late_by=late_by))


@few
@given(digests(), st.integers(0, 9))
def test_any_page_of_an_index_is_within_every_limit(digest, page):
    assert_accepted(CommitIndex(digest=digest, page=page))


@few
@given(anything, st.integers(0, 300), st.integers(0, 60))
def test_any_analysis_is_within_every_limit(text, files, statements):
    assert_accepted(samples.opened(_swollen(text, files, statements)))


@few
@given(anything, anything)
def test_any_notice_is_within_every_limit(text, example):
    assert_accepted(Notice(text=text, example=example))


@few
@given(anything, st.integers(0, 60))
def test_any_list_of_subscriptions_is_within_every_limit(broken, number):
    subscription = dataclasses.replace(samples.SUBSCRIPTION, broken=broken)
    listed = ListedSubscription(subscription=subscription, next_at=samples.SEALED_AT)
    assert_accepted(SubscriptionList(subscriptions=(listed,) * number))


@pytest.mark.parametrize("reply", samples.REPLIES.values(), ids=samples.REPLIES.keys())
def test_every_sample_is_within_every_limit(reply):
    assert_accepted(reply)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_digest_of_500_hostile_commits_is_within_every_limit(text):
    assert_accepted(DigestView(digest=dataclasses.replace(samples.DIGEST, entries=(hostile_entry(text * 200),) * 500)))


@pytest.mark.parametrize("files", [1, 100, 300, 3000])
def test_files_that_are_not_listed_are_counted(files):
    shown = "".join(json.dumps(page) for page in _every_page(samples.opened(_swollen("a" * 150, files, 1))))
    left_out = re.search(r"\\u2026 ([\d,]+) more files?", shown)
    assert shown.count(", added") + (int(left_out[1].replace(",", "")) if left_out else 0) == files


def _every_page(reply):
    """Walks through the pages of an analysis as its buttons do."""
    while True:
        blocks = slack.render_view(reply)["blocks"]
        yield blocks
        following = [each for block in blocks for each in _buttons(block) if each["action_id"] == "commit.page.next"]
        if not following:
            return
        reply = dataclasses.replace(reply, page=decode(following[0]["value"]).page)


def test_a_message_with_a_shortened_analysis_has_the_button_to_all_of_it():
    message = slack.render(samples.opened(_swollen("long words " * 60, 40, 30)))
    assert any(button["action_id"] == "commit.open" for block in message["blocks"] for button in _buttons(block))


def _swollen(text: str, files: int, statements: int):
    """An analysis with more of everything than any analyst should write."""
    entry = hostile_entry(text)
    analysis: Analysis = entry.analysis
    changes = tuple(
        FileChange(path=f"{index}/{text}", status=FileStatus.ADDED, additions=index, deletions=0)
        for index in range(files)
    )
    return dataclasses.replace(
        entry,
        commit=dataclasses.replace(entry.commit, files=changes, files_truncated=True),
        analysis=dataclasses.replace(
            analysis,
            summary=tuple(Statement(text=f"{index} {text}") for index in range(statements)),
            scope=analysis.scope * statements,
            risks=analysis.risks * statements,
            advice=analysis.advice * statements,
        ),
    )


# Slack's limits, once more and by other means


def assert_accepted(reply: Reply) -> None:
    message, view = slack.render(reply), slack.render_view(reply)
    assert 1 <= len(message["text"].encode()) <= 3800
    assert 1 <= len(message["blocks"]) <= 40
    assert characters(message["blocks"]) <= 9000
    validate_surface_blocks(message["blocks"], "message")
    validate_surface_blocks(view["blocks"], "modal")
    assert len(view["blocks"]) <= _limits.VIEW_BLOCKS_MAX_ITEMS
    assert 1 <= units(view["title"]["text"]) <= _limits.VIEW_TITLE_MAX_LENGTH
    View(type="modal", title=view["title"], close=view["close"], blocks=view["blocks"]).validate_json()
    assert len(json.dumps(view, ensure_ascii=False).encode()) < 250_000
    for block in [*message["blocks"], *view["blocks"]]:
        Block.parse(block).to_dict()
        assert_block(block)


def assert_block(block: dict) -> None:
    assert characters([block]) <= 3_100
    for text, most in _sized(block):
        assert 1 <= units(text) <= most
    buttons = list(_buttons(block))
    assert len({button["action_id"] for button in buttons}) == len(buttons) <= _limits.ACTIONS_ELEMENTS_MAX_ITEMS
    for button in buttons:
        assert units(button["text"]["text"]) <= _limits.BUTTON_TEXT_MAX_LENGTH
        assert len(button.get("value", "")) <= _limits.BUTTON_VALUE_MAX_LENGTH
        assert len(button.get("url", "")) <= _limits.BUTTON_URL_MAX_LENGTH
        assert len(button.get("accessibility_label", "")) <= _limits.BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH


def _sized(block: dict) -> Iterator[tuple[str, int]]:
    """Every text of a block with its limit."""
    match block:
        case {"type": "header", "text": {"type": "plain_text", "text": text}}:
            yield text, _limits.HEADER_TEXT_MAX_LENGTH
        case {"type": "section"}:
            yield block["text"]["text"], _limits.SECTION_TEXT_MAX_LENGTH
            assert len(block.get("fields", [])) <= _limits.SECTION_FIELDS_MAX_ITEMS
            for field in block.get("fields", []):
                yield field["text"], _limits.SECTION_FIELDS_ITEM_MAX_LENGTH
        case {"type": "context", "elements": list(elements)}:
            assert len(elements) <= _limits.CONTEXT_ELEMENTS_MAX_ITEMS
            for element in elements:
                yield element["text"], _limits.TEXT_MAX_LENGTH
        case {"type": "rich_text"}:
            for text in _leaves(block):
                yield text, _limits.TEXT_MAX_LENGTH


def _leaves(part: object) -> Iterator[str]:
    match part:
        case {"type": "text" | "link", "text": str(text)}:
            yield text
        case {"elements": list(elements)}:
            assert elements
            for element in elements:
                yield from _leaves(element)


def _buttons(block: dict) -> Iterator[dict]:
    candidates = [*block.get("elements", []), block.get("accessory", {})]
    yield from (candidate for candidate in candidates if candidate.get("type") == "button")


def characters(blocks: list[dict]) -> int:
    """The text of all blocks as Slack counts it: entities as written, UTF-16 units, 100 for each header."""
    return sum(100 * (block["type"] == "header") + sum(_counts(block)) for block in blocks)


def _counts(part: object) -> Iterator[int]:
    match part:
        case {"type": "mrkdwn", "text": str(text)}:
            yield units(text)
        case {"text": str(text)}:
            yield units(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        case dict():
            for value in part.values():
                yield from _counts(value)
        case list():
            for value in part:
                yield from _counts(value)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
