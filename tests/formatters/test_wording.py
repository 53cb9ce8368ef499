"""The words that all formatters share."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.grammar import parse
from bot.core.model import ChangeType, Importance, ImportanceRule
from formatters import wording as say


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 commits"), (1, "1 commit"), (2, "2 commits"), (1200, "1,200 commits")]
)
def test_counts_have_their_number(number, words):
    assert say.commits(number) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(minutes=45), "45 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=1, minutes=20, seconds=59), "1 h 20 min"),
        (timedelta(days=3, hours=4, minutes=5), "3 d 4 h"),
    ],
)
def test_a_length_of_time_has_its_two_largest_units(length, words):
    assert say.duration(length) == words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\tc", "a b c"),
        ("\x1b[31m", "␛[31m"),
        ("\x7f\x9b\u202e\u2066\ud800", "␡����"),
        ("  two  spaces ", "two spaces"),
        ("👩‍👩‍👧 עברית", "👩‍👩‍👧 עברית"),
    ],
)
def test_what_cannot_be_seen_becomes_something_seen(text, shown):
    assert say.visible(text) == shown


@given(st.text(st.characters()))
def test_making_text_visible_twice_changes_nothing(text):
    assert say.visible(say.visible(text)) == say.visible(text)


@given(st.text(), st.integers(1, 50))
def test_cut_text_is_a_beginning_within_its_limit(text, limit):
    short = say.cut(text, limit)
    assert len(short) <= limit
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text(), st.integers(4, 50))
def test_text_is_cut_by_weight_between_code_points(text, limit):
    short = say.cut(text, limit, weigh=lambda character: len(character.encode()))
    assert len(short.encode()) <= limit
    assert short == text or text.startswith(short[:-1])


@given(st.text(st.sampled_from("ab `\n")))
def test_spans_are_the_text_without_the_backticks_of_code(text):
    shown = "".join(span.text for span in say.spans(text))
    assert shown.replace("`", "").replace(" ", "") == say.visible(text).replace("`", "").replace(" ", "")


def test_identifiers_stand_between_backticks():
    assert list(say.spans("sets `a_b` to `` or ` c `!")) == [
        ("sets ", False),
        ("a_b", True),
        (" to `` or ", False),
        ("c", True),
        ("!", False),
    ]


@pytest.mark.parametrize("example", [example for example, _ in say.GRAMMAR])
def test_every_command_of_the_help_is_understood(example):
    assert parse(example)


@pytest.mark.parametrize("word", say.GRAMMAR_NOTE.removesuffix(".").split(": ")[1].split())
def test_every_chinese_word_of_the_help_is_understood(word):
    arguments = {
        "提交": " 8877c46",
        "深入": " 8877c46",
        "订阅": " a/b",
        "退订": " 全部",
        "搜索": " kv",
        "免打扰": " 7d",
    }
    assert parse(f"退订 {word}" if word == "全部" else word + arguments.get(word, ""))


def test_everything_that_can_be_named_has_a_name():
    assert set(say.ICONS) == set(say.LEVELS) == set(Importance)
    assert set(say.TYPE_ICONS) == set(ChangeType)
    assert set(say.RULES) == set(ImportanceRule)
