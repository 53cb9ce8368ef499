"""Slack's blocks and Feishu's cards, drawn as HTML: every kind that our formatters make, and nothing that is obeyed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import html5lib
import pytest

from bot.adapters.console import drawn
from bot.core.commands import ShowHelp
from bot.core.replies import (
    Answer,
    CitedSentence,
    DigestView,
    FeedbackForm,
    Framing,
    Home,
    Notice,
    Offer,
    RangeView,
    Reply,
    Report,
    SearchResults,
    SettingsForm,
)
from bot.core.subscriptions import Channel, Platform
from formatters import feishu, slack
from formatters.html import feishu_card, slack_blocks
from formatters.html.values import UnknownPart
from tests.formatters import samples
from tests.formatters.test_conformance import replies_with
from tests.formatters.test_languages import replies

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"' <!channel> [a](javascript:alert(1)) <at id=all>"
_TERMS = samples.SUBSCRIPTION.terms
SAMPLES: list[Reply] = [
    *samples.REPLIES.values(),
    *replies(),
    SettingsForm(terms=_TERMS),
    SettingsForm(terms=_TERMS, subscription=1),
    SettingsForm(terms=_TERMS, subscription=1, is_resting=True),
    SettingsForm(terms=replace(_TERMS, channel=Channel(platform=Platform.SLACK, workspace="T1", id=""))),
    FeedbackForm(repo=samples.REPO, sha="8" * 40),
    Home(subscriptions=(samples.FOLLOWED, samples.LISTED), default_repo=samples.REPO),
    Home(subscriptions=(), default_repo=samples.REPO),
    Report(views=(DigestView(digest=samples.DIGEST),)),
    RangeView(repo=samples.REPO, digests=(samples.DIGEST, samples.QUIET)),
    SearchResults(words="kv", repo=samples.REPO, zone=samples.SHANGHAI, entries=samples.DIGEST.entries, total=99),
    Answer(
        repo=samples.REPO,
        zone=samples.SHANGHAI,
        sentences=(CitedSentence(text="So it is.", shas=(samples.DIGEST.entries[0].commit.sha,)),),
        entries=samples.DIGEST.entries,
    ),
    Notice(text="Late.", offers=(Offer(label="Help", question=ShowHelp()),)),
    DigestView(digest=samples.many(90), framing=Framing(is_private=True, in_thread=True)),
]


def messages(reply: Reply) -> tuple[list[Any], list[Any]]:
    drawing = drawn(reply)
    also_messages = [slack.render(reply), slack.render(reply, frozenset(slack.Native))]
    return [*json.loads(drawing.slack), *also_messages], [*json.loads(drawing.feishu), feishu.card(reply)]


def kinds(value: object, name: str) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get(name), str):
                yield value[name]
            for inner in value.values():
                yield from kinds(inner, name)
        case list():
            for inner in value:
                yield from kinds(inner, name)
        case _:
            pass


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_every_part_that_is_sent_is_drawn_as_html_without_faults(number: int):
    blocks, cards = messages(SAMPLES[number])
    for shown in (*map(slack_blocks.drawn, blocks), *map(feishu_card.drawn, cards), drawn(SAMPLES[number]).html):
        html5lib.HTMLParser(strict=True).parseFragment(shown)


def test_the_samples_have_every_kind_of_part_that_there_is_a_drawing_for():
    """So that what is drawn is what is sent, and neither more nor less is tested."""
    both = [messages(reply) for reply in SAMPLES]
    on_slack = {kind for blocks, _cards in both for kind in kinds(blocks, "type")}
    on_feishu = {kind for _blocks, cards in both for kind in kinds(cards, "tag")}
    drawable = {*slack_blocks._BLOCKS, *slack_blocks._FIELDS}
    assert drawable - on_slack <= {"divider"}
    assert {*feishu_card._ELEMENTS, *feishu_card._FIELDS} - on_feishu <= {"hr"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "video"},
        {"type": "rich_text", "elements": [{"type": "rich_text_new"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "usergroup"}]}]},
        {"type": "actions", "elements": [{"type": "overflow"}]},
        {"type": "input", "element": {"type": "datepicker"}},
    ],
    ids=str,
)
def test_a_block_that_nobody_has_taught_us_to_draw_is_an_error(block: dict[str, Any]):
    with pytest.raises(UnknownPart):
        slack_blocks.drawn({"blocks": [block]})


@pytest.mark.parametrize(
    "element", [{"tag": "img"}, {"tag": "chart", "chart_spec": {"type": "pie"}}, {"tag": "select_person"}], ids=str
)
def test_an_element_that_nobody_has_taught_us_to_draw_is_an_error(element: dict[str, Any]):
    with pytest.raises(UnknownPart):
        feishu_card.drawn({"body": {"elements": [element]}})


def test_what_people_write_is_shown_and_not_obeyed():
    for reply in replies_with(HOSTILE):
        drawing = drawn(reply)
        shown = [drawing.html]
        shown += map(slack_blocks.drawn, json.loads(drawing.slack))
        shown += map(feishu_card.drawn, json.loads(drawing.feishu))
        for each in shown:
            tree = html5lib.parseFragment(each, namespaceHTMLElements=False)
            names = {element.tag for element in tree.iter()}
            assert not names & {"script", "img", "iframe", "at", "style", "object"}
            for element in tree.iter():
                assert not [name for name in element.attrib if str(name).startswith("on") or name == "style"]
                assert not str(element.get("href", "")).startswith("javascript:")


def test_a_block_of_anybody_is_escaped_wherever_it_stands():
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": HOSTILE},
        "value": HOSTILE,
        "action_id": "digest.index",
        "accessibility_label": HOSTILE,
    }
    block = {"type": "actions", "elements": [button, {**button, "url": "javascript:alert(1)"}]}
    tree = html5lib.parseFragment(slack_blocks.drawn({"blocks": [block]}), namespaceHTMLElements=False)
    assert [element.get("value") for element in tree.iter("button")] == [HOSTILE]
    assert not list(tree.iter("script"))
    assert not list(tree.iter("a"))
