"""Every link of a table of contents leads to one heading, as the npm package that follows GitHub's filter says."""

import json
import subprocess
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core.language import Language, speaking
from formatters import markdown
from formatters.markdown.document import Slugger, slug
from tests.counterparts import node
from tests.formatters import samples
from tests.formatters.texts import anything, digests

_SCRIPT = """
import GithubSlugger from 'github-slugger'
import { createInterface } from 'node:readline'
for await (const line of createInterface({ input: process.stdin })) {
  const slugger = new GithubSlugger()
  console.log(JSON.stringify(JSON.parse(line).map((text) => slugger.slug(text))))
}
"""
_PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
few = settings(max_examples=12, deadline=None)


class GitHubSlugger:
    """One process of Node.js for all documents."""

    def __init__(self) -> None:
        node.install()
        command = [str(node.binary()), "--input-type=module", "--eval", _SCRIPT]
        self._process = subprocess.Popen(
            command, cwd=node.HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def anchors(self, headings: list[str]) -> list[str]:
        self._process.stdin.write(json.dumps(headings) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=10)


@pytest.fixture(scope="module")
def github():
    slugger = GitHubSlugger()
    yield slugger
    slugger.close()


def headings(document: str) -> list[str]:
    tokens = _PARSER.parse(document)
    return [
        "".join(child.content for child in tokens[position + 1].children)
        for position, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def contents(document: str) -> list[str]:
    """The anchors which the document's own links name."""
    return [
        unquote(child.attrGet("href"))[1:]
        for token in _PARSER.parse(document)
        for child in token.children or ()
        if child.type == "link_open" and child.attrGet("href").startswith("#")
    ]


def assert_links_lead_somewhere(github: GitHubSlugger, document: str, commits: int) -> None:
    anchors = github.anchors(headings(document))
    assert len(set(anchors)) == len(anchors)
    links = contents(document)
    assert len(links) == len(set(links)) >= commits
    assert set(links) <= set(anchors)


def test_every_link_of_a_report_is_the_anchor_of_one_heading(github):
    assert_links_lead_somewhere(github, markdown.report([samples.DIGEST]), 6)


def test_links_work_with_several_repositories_in_one_report(github):
    assert_links_lead_somewhere(github, markdown.report([samples.DIGEST, samples.TODAY, samples.QUIET]), 7)


def test_links_work_in_chinese(github):
    with speaking(Language.ZH):
        document = markdown.report([samples.DIGEST, samples.TODAY, samples.QUIET])
    assert "#-高重要度变更-3" in document
    assert_links_lead_somewhere(github, document, 7)


@few
@given(digest=digests(most=9), language=st.sampled_from(Language))
def test_links_work_whatever_the_headlines_are(github, digest, language):
    with speaking(language):
        document = markdown.report([digest])
    if not any(map(_is_new, document)):
        assert_links_lead_somewhere(github, document, len(digest.entries))


@few
@given(
    st.lists(
        anything.filter(lambda text: not any(map(_is_new, text)) and "\ud83d" not in text and "\ud800" not in text)
    )
)
def test_anchors_are_githubs_for_any_headings(github, texts):
    repeated = texts + texts + [f"{text} 1" for text in texts]
    slugger = Slugger()
    assert [slugger.anchor(text) for text in repeated] == github.anchors(repeated)


def test_every_character_is_kept_or_dropped_as_github_does(github):
    characters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000 and not _is_new(chr(code))]
    texts = [f"{position}a{character}b" for position, character in enumerate(characters)]
    assert [slug(text) for text in texts] == github.anchors(texts)


def _is_new(character: str) -> bool:
    """Younger than Unicode 13, for which the npm package was made, or than 3.2, which Python knows to tell."""
    return unicodedata.ucd_3_2_0.category(character) == "Cn" and character not in "🅰🅱🆎🔴🟡🟢🐛🧪🧱🧹⚡📦📊📋"
