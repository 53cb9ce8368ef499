"""Text in Markdown reads as it was written, and a report is built as a report should be."""

import dataclasses
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.replies import DigestView, Notice
from formatters import markdown
from formatters.markdown.text import code, prose
from formatters.wording import visible
from tests.formatters import samples
from tests.formatters.test_conformance import HOSTILE
from tests.formatters.texts import anything, digests

_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
_LITERAL = {"text", "code_inline", "text_special"}


def inline(document: str) -> list[Token]:
    return [token for token in _PARSER.parse(document) if token.type == "inline"]


def read(token: Token) -> str:
    return "".join(child.content for child in token.children)


@settings(max_examples=100, deadline=None)
@given(anything)
def test_any_text_reads_as_it_was_written(text):
    document = markdown.render(Notice(text=text))
    tokens = inline(document)
    assert "".join(map(read, tokens)) == visible(text)
    assert {token.type for token in _PARSER.parse(document)} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {child.type for token in tokens for child in token.children} <= _LITERAL


@settings(max_examples=100, deadline=None)
@given(anything)
def test_any_subject_reads_as_it_was_written_in_a_table(text):
    digest = samples.many(1, message=f"x {text}")
    table = markdown.render(DigestView(digest=digest)).split("\n\n")[1]
    cells = inline(table)
    assert len(cells) == 8
    assert read(cells[6]) == visible(digest.entries[0].commit.subject)
    assert {child.type for child in cells[6].children} <= _LITERAL


@settings(max_examples=100, deadline=None)
@given(anything)
def test_any_headline_keeps_its_heading_one_heading(text):
    (entry,) = samples.many(1).entries
    hostile = dataclasses.replace(entry, analysis=dataclasses.replace(entry.analysis, headline=text))
    document = markdown.render(DigestView(digest=dataclasses.replace(samples.DIGEST, entries=(hostile,))))
    assert [token.tag for token in _PARSER.parse(document) if token.type == "heading_open"] == [
        "h1",
        "h2",
        "h2",
        "h2",
        "h3",
    ]


@pytest.mark.parametrize(
    "text", ["see https://evil.example/a_b*c|d", "mail me@evil.example", "by @someone", "www.evil.example"]
)
def test_what_github_would_link_by_itself_stands_between_backticks(text):
    document = markdown.render(Notice(text=text))
    assert re.search(r"`[^`]*(https|@|www)[^`]*`", document)
    assert read(inline(document)[0]) == text


@pytest.mark.parametrize("identifier", ["snake_case_name", "#5514", "a-b", "1.5x faster", "-j8 +x", "x = y"])
def test_harmless_characters_stay_readable(identifier):
    assert markdown.render(Notice(text=identifier)) == f"{identifier}\n"


def test_identifiers_of_an_analysis_are_code():
    (token,) = inline(f"- {prose('Sets `a_*b` and `<c>` to *2*')}")
    assert [child.content for child in token.children if child.type == "code_inline"] == ["a_*b", "<c>"]
    assert read(token) == "Sets a_*b and <c> to *2*"


@pytest.mark.parametrize("path", ["a`b.py", "``", "`", "a``b`", " a ", "a\nb"])
def test_a_path_with_backticks_is_code_all_the_same(path):
    (token,) = inline(code(path))
    assert [(child.type, child.content) for child in token.children] == [("code_inline", visible(path))]


# The report


@settings(max_examples=5, deadline=None)
@given(digests(most=9), digests(most=9))
def test_heading_levels_never_skip(first, second):
    for document in (markdown.report([first]), markdown.report([first, second])):
        levels = [int(token.tag[1]) for token in _PARSER.parse(document) if token.type == "heading_open"]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_several_repositories_are_chapters_of_one_report():
    other = dataclasses.replace(samples.TODAY, repo=dataclasses.replace(samples.REPO, name="other"))
    document = markdown.report([samples.DIGEST, other, samples.QUIET])
    headings = re.findall(r"^(#+) (.*)$", document, re.MULTILINE)
    assert headings[0] == ("#", "Commits of 2026-01-21 (Asia/Shanghai)")
    assert [text for level, text in headings if level == "##"] == [
        "📋 Contents",
        "ai-dynamo/dynamo: 2026-01-21 (Asia/Shanghai)",
        "ai-dynamo/other: 2026-01-21 (Asia/Shanghai)",
        "ai-dynamo/dynamo: 2026-01-21 (Asia/Shanghai)",
    ]


def test_a_report_of_several_days_names_the_first_and_the_last():
    later = dataclasses.replace(samples.QUIET, day=samples.DAY.plus(2))
    title = markdown.report([later, samples.DIGEST]).split("\n", 1)[0]
    assert title == "# Commits of 2026-01-21 (Asia/Shanghai) to 2026-01-23 (Asia/Shanghai)"


def test_a_report_needs_a_digest():
    with pytest.raises(ValueError, match="needs a digest"):
        markdown.report([])


def test_the_table_is_newest_first_in_local_time():
    document = markdown.report([samples.DIGEST])
    times = re.findall(r"^\| (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \|", document, re.MULTILINE)
    assert times[0] == "2026-01-21 23:41:53"
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quotation_keeps_its_lines(text):
    lines = ["first", text.replace("\n", " "), "", "last \\", "- item"]
    (entry,) = samples.many(1).entries
    quoting = dataclasses.replace(entry, analysis=dataclasses.replace(entry.analysis, quotation="\n".join(lines)))
    tokens = _PARSER.parse(markdown.report([dataclasses.replace(samples.DIGEST, entries=(quoting,))]))
    start, end = (
        next(i for i, token in enumerate(tokens) if token.type == f"blockquote_{side}") for side in ("open", "close")
    )
    quoted = [token for token in tokens[start:end] if token.type == "inline"]
    assert {token.type for token in tokens[start + 1 : end]} == {"paragraph_open", "inline", "paragraph_close"}
    shown = "\n".join(
        "".join(child.content or "\n" * (child.type == "hardbreak") for child in token.children) for token in quoted
    )
    assert shown.split("\n") == [
        shown_line for line in lines for shown_line in map(visible, line.splitlines()) if shown_line
    ]
