"""The words for what a subscription asks for."""

import dataclasses
from datetime import UTC, datetime, time

import pytest

from bot.core.model import Importance
from bot.core.ranges import Weekday
from bot.core.replies import DigestView, Framing, ListedSubscription, RangeView
from bot.core.subscriptions import EVERY_DAY, EVERYTHING, WORKDAYS, Pause, QuietDays, Selection, Subscription
from formatters import markdown, terminal
from formatters import wording as say
from tests.formatters import samples

JANUARY_1 = datetime(2026, 1, 1, tzinfo=UTC)


def listed(next_at: datetime | None, *, pause: Pause | None = None, **terms: object) -> ListedSubscription:
    made: Subscription = samples.SUBSCRIPTION
    subscription = dataclasses.replace(made, pause=pause, terms=dataclasses.replace(made.terms, **terms))
    return ListedSubscription(subscription=subscription, next_at=next_at)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (EVERY_DAY, "every day"),
        (WORKDAYS, "on weekdays"),
        (frozenset({Weekday.MONDAY}), "every Monday"),
        (frozenset({Weekday.THURSDAY, Weekday.MONDAY}), "on Monday and Thursday"),
        (frozenset({Weekday.SUNDAY, Weekday.MONDAY, Weekday.FRIDAY}), "on Monday, Friday and Sunday"),
    ],
)
def test_days_have_a_name_together(days, words):
    assert say.days(days) == words


def test_a_schedule_has_its_days_hour_zone_and_next_digest():
    made = listed(datetime(2026, 1, 22, 1, tzinfo=UTC), days=WORKDAYS)
    assert say.schedule(made) == "on weekdays at 09:00 (Asia/Shanghai), next 2026-01-22 09:00"


def test_a_pause_without_an_end_has_no_next_digest():
    made = listed(None, pause=Pause(since=JANUARY_1))
    assert say.schedule(made) == "every day at 09:00 (Asia/Shanghai), paused"


def test_a_pause_with_an_end_says_when_digests_come_again():
    made = listed(
        datetime(2026, 2, 1, 1, tzinfo=UTC), pause=Pause(since=JANUARY_1, until=datetime(2026, 1, 31, 16, tzinfo=UTC))
    )
    expected = "every day at 09:00 (Asia/Shanghai), paused until 2026-02-01, next 2026-02-01 09:00"
    assert say.schedule(made) == expected


def test_a_pause_that_is_over_is_not_told_of():
    pause = Pause(since=JANUARY_1, until=datetime(2026, 1, 3, tzinfo=UTC))
    assert "paused" not in say.schedule(listed(datetime(2026, 1, 22, 1, tzinfo=UTC), pause=pause))
    weekly = listed(datetime(2026, 1, 12, 1, tzinfo=UTC), pause=pause, days=frozenset({Weekday.MONDAY}))
    assert "paused" not in say.schedule(weekly)


def test_a_weekly_digest_right_after_a_pause_is_the_first_one():
    pause = Pause(since=JANUARY_1, until=datetime(2026, 1, 6, tzinfo=UTC))
    weekly = listed(datetime(2026, 1, 12, 1, tzinfo=UTC), pause=pause, days=frozenset({Weekday.MONDAY}))
    assert "paused until 2026-01-06, next 2026-01-12 09:00" in say.schedule(weekly)


@pytest.mark.parametrize("at", [time(0), time(23, 59)])
def test_a_pause_that_ends_on_the_day_of_the_next_digest_is_told_of_or_over(at):
    pause = Pause(since=JANUARY_1, until=datetime(2026, 1, 20, 16, tzinfo=UTC))
    next_at = datetime.combine(samples.DAY.date, at, samples.SHANGHAI)
    assert "paused until 2026-01-21" in say.schedule(listed(next_at, pause=pause, at=at))


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (EVERYTHING, ""),
        (Selection(minimum=Importance.HIGH), "high importance only"),
        (
            Selection(minimum=Importance.MEDIUM, paths=("lib/**", "docs/*.md"), no_bots=True),
            "medium and high importance, only lib/** or docs/*.md, without bots",
        ),
        (
            Selection(not_paths=("*.lock",), authors=("ada", "grace"), not_authors=("bob",)),
            "without *.lock, only by ada or grace, not by bob",
        ),
    ],
)
def test_a_selection_is_its_conditions(selection, words):
    assert say.selection(selection) == words


def test_choices_are_what_differs_from_the_defaults():
    terms = samples.SUBSCRIPTION.terms
    assert say.choices(terms) == ()
    chosen = dataclasses.replace(terms, selection=Selection(no_bots=True), quiet=QuietDays.LINE, in_thread=True)
    assert say.choices(chosen) == ("without bots", "a line on quiet days", "commits in the thread")


# What a digest says of its selection, in every format


FRAMING = Framing(selection=Selection(minimum=Importance.HIGH), left_out=2)
VIEWS = {
    "digest": (
        DigestView(digest=samples.DIGEST, framing=FRAMING),
        "Shown: high importance only; 2 of 8 commits left out.",
    ),
    "range": (
        RangeView(repo=samples.REPO, digests=(samples.DIGEST,), framing=FRAMING),
        "Shown: high importance only; 2 of 8 commits left out.",
    ),
    "nothing": (
        DigestView(digest=samples.QUIET, framing=FRAMING),
        "No commits on 2026-01-21 in Asia/Shanghai match the filters (high importance only), "
        "which leave out 2 commits.",
    ),
    "nothing in days": (
        RangeView(repo=samples.REPO, digests=(samples.QUIET,), framing=FRAMING),
        "No commits from 2026-01-21 to 2026-01-21 (Asia/Shanghai) match the filters (high importance only), "
        "which leave out 2 commits.",
    ),
    "without conditions": (
        DigestView(digest=samples.QUIET, framing=Framing(left_out=1)),
        "No commits on 2026-01-21 in Asia/Shanghai, apart from 1 commit left out.",
    ),
}


@pytest.mark.parametrize(("view", "words"), VIEWS.values(), ids=VIEWS.keys())
def test_what_a_selection_leaves_out_is_said_on_a_terminal_and_in_a_report(view, words):
    assert words in terminal.render(view, width=200, color=False)
    assert words in markdown.render(view).replace("\\", "")


@pytest.mark.parametrize("render", [markdown.render, lambda view: terminal.render(view, width=200, color=False)])
def test_a_late_arrival_is_counted_everywhere(render):
    late = dataclasses.replace(samples.IPV6, is_late=True)
    digest = dataclasses.replace(samples.DIGEST, entries=(late, samples.MULTI_IMAGE))
    assert "1 late arrival" in render(DigestView(digest=digest))
