"""Patches become hunks, whatever stands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.patches import Hunk, hunks
from tests.understanding.commits import anything

PATCH = (
    "@@ -10,3 +10,4 @@ def greet(name):\n a\n-b\n+c\n+d\n e\n"
    "@@ -40 +41 @@ class Other:\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file"
)


def test_a_hunk_tells_its_number_its_ranges_its_context_and_its_lines() -> None:
    assert hunks(PATCH) == (
        Hunk(
            number=1,
            old=range(10, 13),
            new=range(10, 14),
            context="def greet(name):",
            lines=(" a", "-b", "+c", "+d", " e"),
        ),
        Hunk(number=2, old=range(40, 41), new=range(41, 42), context="class Other:", lines=("-x", "+y")),
    )


def test_lines_are_told_apart_by_their_signs() -> None:
    first, _ = hunks(PATCH)
    assert (first.added, first.removed, first.unchanged) == (["c", "d"], ["b"], ["a", "e"])


def test_the_two_halves_of_a_changed_type_are_two_hunks() -> None:
    patch = "@@ -1 +0,0 @@\n-target\n\\ No newline at end of file\n@@ -0,0 +1 @@\n+text"
    assert [(hunk.number, hunk.lines) for hunk in hunks(patch)] == [(1, ("-target",)), (2, ("+text",))]


@pytest.mark.parametrize("odd", ["a\rb", "a\fb", "a\x0bb", "a\u2028b", "@@ -1 +1 @@", "-- x", "++ b/y", "a" * 100_000])
def test_only_a_line_feed_ends_a_line(odd: str) -> None:
    (hunk,) = hunks(f"@@ -1,2 +1,2 @@\n-{odd}\n+{odd}\r\n z")
    assert hunk.lines == (f"-{odd}", f"+{odd}\r", " z")
    assert hunk.new == range(1, 3)


def test_an_empty_line_without_its_space_is_unchanged() -> None:
    (hunk,) = hunks("@@ -1,3 +1,3 @@\n a\n\n-b\n+c")
    assert hunk.unchanged == ["a", ""]


def test_a_hunk_that_miscounts_its_lines_costs_only_its_own_line_numbers() -> None:
    short, whole = hunks("@@ -1,9 +1,9 @@ f()\n-a\n+b\n@@ -20 +20 @@\n-c\n+d")
    assert (short.lines, short.new, short.context) == (("-a", "+b"), range(0), "f()")
    assert (whole.lines, whole.new) == (("-c", "+d"), range(20, 21))


@pytest.mark.parametrize("text", ["", "\n", "no patch", "@@", "@@ ", "diff --git a/x b/x", "@@@ -1 -1 +1 @@@\n  a"])
def test_text_without_hunks_has_none_that_count(text: str) -> None:
    assert all(hunk.new == range(0) for hunk in hunks(text))


def test_numbers_of_any_length_are_survived() -> None:
    (hunk,) = hunks(f"@@ -{'9' * 5_000} +1 @@\n-a\n+b")
    assert hunk.lines == ("-a", "+b")


@given(
    st.one_of(
        anything,
        st.lists(st.sampled_from([*PATCH.split("\n"), "", "\\", "--- a", "+++ b", "@@ -1 +1 @@"])).map("\n".join),
    )
)
def test_no_text_breaks_it_and_no_line_is_made_up(text: str) -> None:
    lines = {"", *text.split("\n")}
    for number, hunk in enumerate(hunks(text), start=1):
        assert hunk.number == number
        assert {line for line in hunk.lines if line.strip(" ")} <= lines
