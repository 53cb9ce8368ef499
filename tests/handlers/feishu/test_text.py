"""What people write in Feishu, as plain text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import ListSubscriptions, ShowDigest, Subscribe
from bot.core.grammar import parse
from bot.core.model import Repo
from handlers.feishu.text import Mention, command, written

US = "ou_us"
MENTIONS = [
    Mention(key="@_user_1", person=US, name="Dynamo Digest"),
    Mention(key="@_user_10", person="ou_ada", name="Ada Lovelace"),
    Mention(key="@_user_2", person="", name="Dynamo Digest"),
]


def said(text: str) -> str | None:
    return written("text", json.dumps({"text": text}), MENTIONS, us=US)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("@_user_1 list", "list"),
        ("@_user_1", ""),
        ("list @_user_1", "list"),
        ("@_user_1：list", "list"),
        ("@_user_1，　昨天", "昨天"),
        ("@_user_1昨天", "昨天"),
        ("@_user_1\u00a0list", "list"),
        ("@_user_1 @_user_1 list", "list"),
        ("@_user_1 authors @_user_10", "authors Ada Lovelace"),
        ("@_user_10 @_user_1 list", "Ada Lovelace  list"),
        ("@_user_1 what does @_user_2 do?", "what does Dynamo Digest do?"),
        ("@_user_1 @_user_3 list", "@_user_3 list"),
        ("@_all @_user_1 list", "list"),
        ("@_user_1 @_all昨天", "昨天"),
        ("@_user_1 search @_allocator", "search @_allocator"),
        ("@_user_1 search Dynamo Digest", "search Dynamo Digest"),
    ],
)
def test_only_our_mention_is_taken_out_and_others_become_names(text: str, means: str):
    assert said(text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("/dynamo-digest 2026-01-21", "2026-01-21"),
        ("／ｄｙｎａｍｏ－ｄｉｇｅｓｔ　２０２６－０１－２１", "２０２６－０１－２１"),
        ("/Dynamo-Digest\nlist", "list"),
        ("/dynamo-digest", ""),
        ("/help", "help "),
        ("／订阅 ai-dynamo/dynamo", "订阅 ai-dynamo/dynamo"),
        ("ai-dynamo/dynamo", "ai-dynamo/dynamo"),
        ("list /dynamo-digest", "list /dynamo-digest"),
        ("/dynamo-digester", "dynamo-digester "),
        ("", ""),
    ],
)
def test_a_slash_before_a_command_says_nothing(text: str, means: str):
    assert command(text) == means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("@_user_1 ２０２６－０１－２１", parse("2026-01-21")),
        ("@_user_1　昨天", ShowDigest()),
        ("@_user_1 列表", ListSubscriptions()),
        ("／ｄｙｎａｍｏ－ｄｉｇｅｓｔ　状态", ListSubscriptions()),
        ("@_user_1 ／订阅　ａｉ－ｄｙｎａｍｏ／ｄｙｎａｍｏ", Subscribe(repo=Repo(owner="ai-dynamo", name="dynamo"))),
    ],
)
def test_full_width_and_chinese_words_are_commands(text: str, means: object):
    assert parse(command(said(text) or "")) == means


def post(*lines: list[dict[str, Any]], title: str = "") -> str:
    return json.dumps({"title": title, "content": list(lines)})


def test_a_rich_text_says_its_words_line_by_line():
    content = post(
        [
            {"tag": "at", "user_id": "@_user_1", "user_name": "Dynamo Digest", "style": []},
            {"tag": "text", "text": "subscribe", "style": ["bold"]},
        ],
        [{"tag": "a", "text": "https://github.com/octo/hello", "href": "https://github.com/octo/hello"}],
        [{"tag": "img", "image_key": "img_1"}, {"tag": "a", "href": "https://example.com"}, {"tag": "hr"}],
        [{"tag": "code_block", "language": "YAML", "text": "authors"}, {"tag": "at", "user_id": "@_user_10"}],
    )
    lines = (written("post", content, MENTIONS, us=US) or "").split("\n")
    assert [" ".join(line.split()) for line in lines] == [
        "subscribe",
        "https://github.com/octo/hello",
        "https://example.com",
        "authors Ada Lovelace",
    ]


def test_a_rich_text_may_have_a_title_and_stand_below_its_language():
    content = json.dumps({"zh_cn": {"title": "昨天", "content": [[{"tag": "text", "text": "octo/hello"}]]}})
    assert written("post", content, [], us=US) == "昨天\nocto/hello"


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image", '{"image_key": "img_1"}'),
        ("file", '{"text": "list"}'),
        ("text", "list"),
        ("text", "[]"),
        ("text", '{"text": null}'),
        ("text", "[" * 100_000),
        ("interactive", '{"elements": []}'),
    ],
)
def test_what_is_no_text_says_nothing(kind: str, content: str):
    assert written(kind, content, [], us=US) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["title", "content", "tag", "text", "href", "user_id", "zh_cn"]), inner)
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_no_rich_text_makes_us_fall(content: Any):
    found = written("post", json.dumps(content), MENTIONS, us=US)
    assert found is None or isinstance(found, str)
