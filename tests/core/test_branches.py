from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.core import buttons
from bot.core.branches import dump_tips, is_name, literal_start, load_tips, matches
from bot.core.commands import ShowCommit, ShowDigest, ShowIndex
from bot.core.days import Day
from bot.core.errors import NotUnderstood
from bot.core.model import Digest, Repo
from formatters.wording import day_url

WHOLE = Repo(owner="octo", name="hello")
RELEASES = replace(WHOLE, branches="release/*")
DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
PATTERNS = ["release/*", "main", "v[0-9].?", "feature/a@b", "user/x+y#1=z!", "发布/*", "*", "a" * 100]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_repository_and_its_branches_are_written_as_one_word_and_read_again(pattern: str):
    repo = WHOLE.with_branches(pattern)
    assert str(repo) == f"octo/hello@{pattern}"
    assert Repo.parse(str(repo)) == repo
    assert Repo.parse(f"https://ghe.example/octo/hello.git@{pattern}") == replace(repo, host="ghe.example")


WRONG = ["", "-x", "/x", "x/", "x.", "a..b", "a//b", ".x", "a/.b", "a b", "a~b", "a^b", "a:b", "a\\b", "@{x", "a,b"]
UNSAFE = ["a" * 101, "a\nb", "<x>", "`x`", "a\u202eb", "x|y"]


@pytest.mark.parametrize("pattern", [*WRONG, *UNSAFE])
def test_what_is_no_pattern_of_branches_is_not_understood(pattern: str):
    with pytest.raises(NotUnderstood) as raised:
        WHOLE.with_branches(pattern)
    assert raised.value.example == "subscribe octo/hello branch release/*"
    with pytest.raises(NotUnderstood):
        Repo.parse(f"octo/hello@{pattern}")


def test_branches_are_part_of_what_a_repository_is():
    assert WHOLE != RELEASES
    assert Repo.parse("Octo/HELLO@release/*") == RELEASES != Repo.parse("octo/hello@Release/*")
    assert RELEASES.whole == WHOLE == WHOLE.whole
    assert RELEASES.with_branches("main").whole == WHOLE
    assert len({WHOLE, RELEASES, Repo.parse("OCTO/hello@release/*")}) == 2
    assert (RELEASES.full_name, WHOLE.full_name) == ("octo/hello", "octo/hello")


def test_addresses_are_those_of_the_repository():
    assert RELEASES.url == "https://github.com/octo/hello"
    assert RELEASES.commit_url("1" * 40) == WHOLE.commit_url("1" * 40)
    assert RELEASES.pull_request_url(7) == WHOLE.pull_request_url(7)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("host", ["github.com", "ghe.example", ""])
def test_a_button_names_the_branches_too(pattern: str, host: str):
    repo = Repo(owner="o" * 100, name="n" * 100, host=host, branches=pattern)
    for question in (
        ShowCommit(repo=repo, sha="1" * 40, day=DAY, page=2),
        ShowDigest(repo=repo, when=DAY),
        ShowIndex(repo=repo, day=DAY, page=1),
    ):
        value = buttons.encode(question)
        assert buttons.decode(value) == question
        assert len(value) <= 500


def test_a_pattern_matches_as_git_lists_branches():
    assert matches("release/1.0", "release/*")
    assert matches("release/1.0/fix", "release/*")
    assert not matches("Release/1.0", "release/*")
    assert not matches("my-release/1.0", "release/*")
    assert matches("v1.2", "v[0-9].?")
    assert [is_name(pattern) for pattern in ("main", "release/*", "v?", "v[1]", "")] == [
        True,
        False,
        False,
        False,
        False,
    ]
    assert [literal_start(pattern) for pattern in ("main", "release/*", "*")] == ["main", "release/", ""]


@pytest.mark.parametrize("heads", [{}, {"": "a" * 40}, {"b=c": "1" * 40, "a": "2" * 40}])
def test_tips_come_back_as_they_went_in(heads: dict[str, str]):
    assert load_tips(dump_tips(heads)) == heads


def test_the_tip_of_the_default_branch_is_its_sha():
    assert dump_tips({"": "a" * 40}) == "a" * 40
    assert dump_tips({}) is None


@pytest.mark.parametrize(
    ("branches", "url"),
    [
        ("", "https://github.com/octo/hello/commits?since=2026-01-20T16:00:00Z&until=2026-01-21T16:00:00Z"),
        (
            "release/1.0#x",
            "https://github.com/octo/hello/commits/release/1.0%23x?since=2026-01-20T16:00:00Z&until=2026-01-21T16:00:00Z",
        ),
        ("release/*", None),
    ],
)
def test_the_host_s_list_of_a_day_is_that_of_its_one_branch(branches: str, url: str | None):
    repo = replace(WHOLE, branches=branches)
    digest = Digest(repo=repo, day=DAY, entries=(), as_of=datetime(2026, 1, 22, tzinfo=UTC), sealed=True)
    assert day_url(digest) == url
