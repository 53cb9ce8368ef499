from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from bot.core.days import Day
from bot.core.model import Commit, Digest, Entry, FileChange, FileStatus, Importance, Person, Theme
from bot.core.options import parse_conditions
from bot.core.selecting import is_bot, selected
from bot.core.subscriptions import Selection
from tests.core.test_schedule import SHANGHAI
from tests.fakes import NOW, REPO, analysis_of, commit

DAY = Day.containing(NOW, SHANGHAI)


def entry(
    subject: str, *paths: str, name: str = "Ada Lovelace", email: str = "ada@example.org", level: int = 2
) -> Entry:
    files = tuple(FileChange(path=path, status=FileStatus.MODIFIED, additions=1, deletions=0) for path in paths)
    made: Commit = commit(subject, author=Person(name=name, email=email), files=files)
    analysis = analysis_of(made)
    return Entry(commit=made, analysis=replace(analysis, rating=replace(analysis.rating, importance=Importance(level))))


ROUTER = entry("router", "lib/llm/src/router.rs", level=3)
DOCS = entry("docs", "docs/guide.md", level=1, name="Grace", email="123+grace@users.noreply.github.com")
BOTH = entry("both", "docs/api.md", "lib/llm/src/api.rs")
BUMP = entry("bump", "Cargo.lock", name="dependabot[bot]", email="49699333+dependabot[bot]@users.noreply.github.com")
EMPTY = entry("empty")
DIGEST = Digest(
    repo=REPO,
    day=DAY,
    entries=(ROUTER, DOCS, BOTH, BUMP, EMPTY),
    as_of=NOW,
    sealed=True,
    lead="All of it.",
    themes=(
        Theme(title="docs", shas=(DOCS.commit.sha, BOTH.commit.sha)),
        Theme(title="lib", shas=(ROUTER.commit.sha, BOTH.commit.sha)),
    ),
)


@pytest.mark.parametrize(
    ("selection", "kept"),
    [
        (Selection(), "router docs both bump empty"),
        (Selection(minimum=Importance.MEDIUM), "router both bump empty"),
        (Selection(minimum=Importance.HIGH), "router"),
        (Selection(paths=("lib/**",)), "router both"),
        (Selection(paths=("lib/llm",)), "router both"),
        (Selection(paths=("*.md",)), "docs both"),
        (Selection(not_paths=("docs/",)), "router both bump empty"),
        (Selection(paths=("docs/",), not_paths=("api.md",)), "docs"),
        (Selection(no_bots=True), "router docs both empty"),
        (Selection(authors=("GRACE",)), "docs"),
        (Selection(authors=("ada*",)), "router both empty"),
        (Selection(authors=("ada@example.org", "grace")), "router docs both empty"),
        (Selection(not_authors=("*[bot]",)), "router docs both empty"),
        (Selection(not_authors=("Ada Lovelace",), no_bots=True), "docs"),
    ],
    ids=str,
)
def test_commits_are_kept_that_meet_every_condition(selection: Selection, kept: str):
    assert " ".join(one.commit.subject for one in selected(DIGEST, selection).entries) == kept


def test_of_the_themes_what_the_kept_commits_have_in_common_is_left_and_the_lead_is_not():
    narrowed = selected(DIGEST, Selection(paths=("lib/**",)))
    assert (narrowed.lead, [theme.title for theme in narrowed.themes]) == ("", ["lib"])


def test_a_selection_that_leaves_nothing_out_changes_nothing():
    assert selected(DIGEST, Selection(minimum=Importance.LOW, not_authors=("nobody",))) is DIGEST


@pytest.mark.parametrize(
    ("name", "email", "bot"),
    [
        ("dependabot[bot]", "x@example.org", True),
        ("Renovate", "29139614+renovate[bot]@users.noreply.github.com", True),
        ("GitHub Actions", "41898282+github-actions@users.noreply.github.com", True),
        ("Abbott", "abbott@example.org", False),
    ],
)
def test_bots_are_known_by_their_names(name: str, email: str, bot: bool):
    assert is_bot(Person(name=name, email=email)) is bot


@given(st.lists(st.text(min_size=1, max_size=12), max_size=3), st.lists(st.text(min_size=1, max_size=12), max_size=3))
def test_whatever_authors_are_called_no_commit_is_shown_twice_or_made_up(some: list[str], others: list[str]):
    kept = selected(DIGEST, Selection(authors=tuple(some), not_authors=tuple(others))).entries
    assert [one for one in DIGEST.entries if one in kept] == list(kept)


@pytest.mark.parametrize("path", ["a" * 255, "a/" * 200 + "c", ("a" * 30 + "/") * 20 + "c"])
@pytest.mark.parametrize("pattern", ["**/*a*/**/*b", "*a*b", "**/a/**/b", "a*/a*/**/a*/b", "[a-z]*[a-z]*b"])
def test_no_pattern_that_is_taken_is_slow(pattern: str, path: str):
    parse_conditions("paths", pattern)
    assert not GitIgnoreSpec.from_lines([pattern]).match_file(path)
