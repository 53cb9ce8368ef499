"""Untrusted text in Feishu's Markdown, as CommonMark reads it: it is shown, and not obeyed."""

import re
from string import punctuation

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from formatters.feishu.text import bold, code, cut, escape, grey, length, link, literal, prose
from formatters.wording import unquoted, visible
from tests.formatters.test_conformance import HOSTILE
from tests.formatters.texts import anything

OF_FEISHU = [
    "<at id=all></at>",
    "<person id='ou_1'></person>",
    "<font color='red'>unclosed",
    "<raw>raw",
    ":OK: :THUMBSUP:",
    "$x^2$ and $$y$$",
    "    four spaces",
    "\t\tvoid f();",
    "~~~ fence",
    "____ ****",
    "| a | b |\n|---|---|\n| c | d |",
    "+86 138 0000 0000",
    "＜at id=all＞",
    "`<at id=all></at>`",
    "`` `x` ``",
]
unhurried = settings(deadline=None)
every_text = pytest.mark.parametrize("text", [*HOSTILE, *OF_FEISHU])

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def read(markdown: str) -> str:
    """What a reader sees of one paragraph, which must not have anything else in it."""
    return "".join(token.content for token in _inline(markdown))


def kinds(markdown: str) -> set[str]:
    return {token.type for token in _inline(markdown)}


def _inline(markdown: str) -> list[Token]:
    opening, inline, closing = MARKDOWN.parse(markdown)
    assert (opening.type, inline.type, closing.type) == ("paragraph_open", "inline", "paragraph_close")
    return inline.children or []


# One text


@every_text
def test_text_is_shown_as_it_is(text):
    shown = literal(text, 10_000)
    assert read(shown) == visible(text)
    assert kinds(shown) == {"text"}


@unhurried
@given(anything)
def test_any_text_is_shown_as_it_is(text):
    if visible(text):
        assert read(literal(text, 1_000_000)) == visible(text)
        assert kinds(literal(text, 1_000_000)) <= {"text", "text_special"}
    else:
        assert literal(text, 100) == ""


@unhurried
@given(anything)
def test_no_punctuation_stands_in_it_but_that_of_entities_and_what_means_nothing(text):
    rest = re.sub(r"&#\d+;", "\0", literal(text, 1_000_000))
    assert set(rest) & set(punctuation) <= set(",;%()'/-.:")
    for mark in re.finditer("[-'/]", rest):
        assert rest[mark.start() - 1].isalnum()
        assert rest[mark.end()].isalnum()
    assert not re.search(r"(^|[\dwW\W])[.]|[.:]([^ ]|$)|(^|[\d\W])[)]", rest)


@pytest.mark.parametrize(
    "address",
    ["www.evil.example", "WWW.evil.example", "see www.`evil.example`", "https://x/y", "//x", "a@b.example", "1.2.3.4"],
)
def test_no_address_is_left_for_those_who_look_for_some(address: str):
    for shown in (literal(address, 1000), prose(address, 1000)):
        assert not re.search(r"\w[.]|:/|//|@", re.sub("`[^`]*`", " ", shown))


def test_what_is_no_code_begins_no_list_with_what_stands_before_it():
    assert kinds(prose("12`) @`", 1000)) == {"text"}


def test_a_sentence_is_not_much_longer_than_it_looks():
    sentence = (
        "The worker's low-level loop (decode, prefill) waits: 5 % of requests, or more; see there. Then it goes on."
    )
    assert escape(sentence) == sentence.removesuffix(".") + "&#46;"


@pytest.mark.parametrize(
    "text", ["1. one", "1) one", "12) x", "- one", "-one", "/command", "'x'", ":OK: :OK: ", "a.rs"]
)
def test_what_might_begin_something_is_an_entity(text: str):
    assert escape(text) != text
    assert kinds(literal(text, 1000)) == {"text"}


@unhurried
@given(anything)
def test_nothing_invisible_is_passed_on(text):
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", literal(text, 1_000_000))


@unhurried
@given(anything)
def test_a_sentence_loses_nothing_but_its_backticks(text):
    if visible(text):
        assert read(prose(text, 1_000_000)) == unquoted(text)
        assert kinds(prose(text, 1_000_000)) <= {"text", "text_special", "code_inline"}


def test_the_identifiers_of_a_sentence_are_code():
    shown = prose("`lib/llm` passes `{request_id}_mm_{idx}` and `Vec<u8>` on.", 1000)
    assert shown == "`lib/llm` passes `{request_id}_mm_{idx}` and Vec&#60;u8&#62; on&#46;"


# Code


@pytest.mark.parametrize(
    "name", ["lib/llm/src/kv_router.rs", "__init__", "a-b_c.d", "f(x, y)", "x = 1 + 2", "{id}_mm", "at 09:00", "lib/**"]
)
def test_a_harmless_name_is_code(name):
    assert code(name) == f"`{name}`"
    assert read(code(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "<at id=all>",
        ":OK:",
        "a`b",
        "www.evil.example",
        "WWW.evil",
        "https://x",
        "//x",
        "a@b.example",
        "$x$",
        "1:2:3",
        "a:1",
        "",
        " ",
    ],
)
def test_a_name_that_might_be_obeyed_is_text(name):
    assert "`" not in code(name)
    assert code(name) == escape(name)


# Length


@unhurried
@given(anything)
def test_a_text_is_as_long_as_its_escaped_bytes(text):
    assert length(visible(text)) == len(literal(text, 1_000_000).encode())


@unhurried
@given(anything)
def test_a_text_is_cut_where_its_escaped_bytes_end(text):
    shown = cut(text, 60)
    assert length(shown) <= 60
    assert shown == visible(text) or shown.endswith("…")
    assert visible(text).startswith(shown.removesuffix("…"))


@pytest.mark.parametrize("text", ["x/" * 99, "a. " * 99, "`" * 99, "ab-" * 99])
@pytest.mark.parametrize("limit", range(10, 30))
def test_what_stood_between_letters_has_room_at_the_end(text: str, limit: int):
    assert limit - 8 <= length(cut(text, limit)) <= limit


# What we add


def test_words_of_ours_may_be_bold_grey_and_lead_somewhere():
    assert bold("High") == "**High**"
    assert grey(escape("#7")) == "<font color='grey'>&#35;7</font>"
    assert link("https://github.com/o/n/pull/7", "&#35;7") == "[&#35;7](https://github.com/o/n/pull/7)"
    assert link(None, "&#35;7") == "&#35;7"
    assert bold("") == grey("") == ""


@every_text
def test_an_address_ends_where_it_should(text):
    shown = link(f"https://github.com/o/n/tree/{visible(text)}", "here")
    opening, words, closing = _inline(shown)
    assert (opening.type, words.content, closing.type) == ("link_open", "here", "link_close")
    assert str(opening.attrs["href"]).startswith("https://github.com/o/n/tree/")
