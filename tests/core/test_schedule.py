from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.core.ranges import Weekday
from bot.core.schedule import due, missed_since, next_delivery, plan
from bot.core.subscriptions import EVERY_DAY, WORKDAYS, Pause, Subscription, SubscriptionTerms
from tests.fakes import CHANNEL, REPO

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def subscription(
    days: frozenset[Weekday] = EVERY_DAY,
    *,
    at: time = time(9),
    zone: ZoneInfo = SHANGHAI,
    created_at: datetime = LONG_AGO,
    pause: Pause | None = None,
) -> Subscription:
    terms = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=at, zone=zone, subscriber="U1", days=days)
    return Subscription(id=1, terms=terms, created_at=created_at, pause=pause)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def told(subscription: Subscription, now: datetime) -> str | None:
    """`first..last` of the days that are due."""
    occurrence = due(subscription, now)
    return occurrence and f"{occurrence.first_day}..{occurrence.day}"


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-01-22 08:59:59", "2026-01-20..2026-01-20"),
        ("2026-01-22 09:00:00", "2026-01-21..2026-01-21"),
        ("2026-01-23 00:30:00", "2026-01-21..2026-01-21"),
    ],
)
def test_a_daily_digest_is_about_the_day_before(now: str, days: str):
    assert told(subscription(), at(now)) == days


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2026-01-23 09:00", "2026-01-22..2026-01-22"),  # Friday
        ("2026-01-24 12:00", "2026-01-22..2026-01-22"),  # Saturday: still that of Friday
        ("2026-01-26 09:00", "2026-01-23..2026-01-25"),  # Monday
        ("2026-01-27 09:00", "2026-01-26..2026-01-26"),
    ],
)
def test_on_monday_a_weekdays_schedule_reaches_back_to_friday(now: str, days: str):
    assert told(subscription(WORKDAYS), at(now)) == days


def test_a_weekly_digest_is_about_the_week_before():
    monday = subscription(frozenset({Weekday.MONDAY}))
    assert told(monday, at("2026-01-26 09:00")) == "2026-01-19..2026-01-25"
    assert told(monday, at("2026-02-01 10:00")) == "2026-01-19..2026-01-25"


def test_the_first_digest_reaches_back_to_the_day_before_subscribing():
    fresh = subscription(WORKDAYS, created_at=at("2026-01-24 15:00"))  # on Saturday
    assert told(fresh, at("2026-01-26 09:00")) == "2026-01-23..2026-01-25"
    early = subscription(created_at=at("2026-01-22 08:00"))
    assert told(early, at("2026-01-22 09:00")) == "2026-01-21..2026-01-21"
    late = subscription(created_at=at("2026-01-22 10:00"))
    assert told(late, at("2026-01-22 11:00")) is None


def test_nothing_is_due_in_a_pause_and_the_first_digest_after_it_tells_what_was_missed():
    paused = subscription(pause=Pause(since=at("2026-01-20 10:00"), until=at("2026-01-23 00:00")))
    assert told(paused, at("2026-01-20 11:00")) == "2026-01-19..2026-01-19"  # before the pause
    assert told(paused, at("2026-01-22 09:00")) is None
    assert told(paused, at("2026-01-23 09:00")) == "2026-01-20..2026-01-22"
    assert told(paused, at("2026-01-24 09:00")) == "2026-01-23..2026-01-23"


def test_a_pause_that_began_before_the_hour_keeps_that_days_digest_back_too():
    paused = subscription(pause=Pause(since=at("2026-01-20 08:00"), until=at("2026-01-21 00:00")))
    assert told(paused, at("2026-01-21 09:00")) == "2026-01-19..2026-01-20"
    assert str(missed_since(paused, at("2026-01-21 01:00"))) == "2026-01-19 (Asia/Shanghai)"


def test_a_pause_without_an_end_has_no_next_delivery():
    assert next_delivery(subscription(pause=Pause(since=LONG_AGO)), at("2026-01-22 08:00")) is None
    until = Pause(since=LONG_AGO, until=at("2026-02-01 00:00"))
    assert next_delivery(subscription(pause=until), at("2026-01-22 08:00")) == at("2026-02-01 09:00")
    assert next_delivery(subscription(WORKDAYS), at("2026-01-23 09:00")) == at("2026-01-26 09:00")


def test_a_long_pause_reaches_back_no_further_than_a_range_may():
    paused = subscription(pause=Pause(since=at("2025-06-01 10:00"), until=at("2026-01-22 00:00")))
    assert told(paused, at("2026-01-22 09:00")) == "2025-10-22..2026-01-21"


@pytest.mark.parametrize(
    ("clock", "now", "days"),
    [
        (time(2, 30), "2026-03-08 03:29:59", "2026-03-06..2026-03-06"),
        (time(2, 30), "2026-03-08 03:30:00", "2026-03-07..2026-03-07"),
        (time(1, 30), "2026-11-01 01:30:00", "2026-10-31..2026-10-31"),
        (time(1, 30), "2026-11-01 03:00:00", "2026-10-31..2026-10-31"),
    ],
    ids=["before the hour that is skipped", "after it", "the first time it is shown", "after the second"],
)
def test_when_clocks_change_a_day_is_told_once(clock: time, now: str, days: str):
    assert told(subscription(at=clock, zone=NEW_YORK), at(now, NEW_YORK)) == days


# What is done at an instant, by what the ledger knows


MONDAYS = frozenset({Weekday.MONDAY})


def planned(subscription: Subscription, told: str | None, now: str, *, was_foreseen: bool = True) -> tuple[str, str]:
    """`first..last` of what is added to the ledger, and when the subscription is looked at again, in its zone."""
    day = date.fromisoformat(told) if told else None
    zone = subscription.terms.zone
    found = plan(subscription, day, at(now, zone), was_foreseen=was_foreseen)
    added = f"{found.occurrence.first_day}..{found.occurrence.day}" if found.occurrence else "nothing"
    return added, f"{found.look_again_at.astimezone(zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("days", "told", "now", "was_foreseen", "expected"),
    [
        (EVERY_DAY, "2026-01-20", "2026-01-22 09:00", True, ("2026-01-21..2026-01-21", "2026-01-22 15:00")),
        (EVERY_DAY, "2026-01-21", "2026-01-22 09:00", True, ("nothing", "2026-01-22 15:00")),
        (EVERY_DAY, "2026-01-20", "2026-01-22 07:00", True, ("nothing", "2026-01-22 09:00")),
        (EVERY_DAY, "2026-01-17", "2026-01-22 09:30", True, ("2026-01-18..2026-01-21", "2026-01-22 15:30")),
        (EVERY_DAY, None, "2026-01-22 09:00", True, ("2026-01-21..2026-01-21", "2026-01-22 15:00")),
        (MONDAYS, "2026-01-18", "2026-01-28 09:00", True, ("2026-01-19..2026-01-25", "2026-01-28 15:00")),
        (MONDAYS, "2026-01-18", "2026-01-28 09:00", False, ("nothing", "2026-01-28 15:00")),
        (MONDAYS, "2026-01-18", "2026-01-27 08:59", False, ("2026-01-19..2026-01-25", "2026-01-27 14:59")),
        (MONDAYS, "2026-01-23", "2026-01-26 09:00", True, ("2026-01-24..2026-01-25", "2026-01-26 15:00")),
        (EVERY_DAY, "2026-01-22", "2026-01-22 09:00", True, ("nothing", "2026-01-22 15:00")),
    ],
    ids=[
        "at its hour", "again", "two hours before", "after days without any", "the first of all",
        "two days late", "two days late, and nobody was to know", "not yet a day late",
        "a daily one that has become weekly", "a clock that was put back",
    ],
)  # fmt: skip
def test_what_is_due_follows_what_was_told(
    days: frozenset[Weekday], told: str | None, now: str, was_foreseen: bool, expected: tuple[str, str]
):
    assert planned(subscription(days), told, now, was_foreseen=was_foreseen) == expected


def test_days_are_those_of_the_subscriptions_zone():
    new_york = subscription(zone=NEW_YORK)
    assert planned(new_york, "2026-01-20", "2026-01-22 09:00") == ("2026-01-21..2026-01-21", "2026-01-22 15:00")
    assert planned(new_york, "2026-01-20", "2026-01-22 08:59") == ("nothing", "2026-01-22 09:00")


def test_what_a_pause_swallowed_is_told_at_the_first_hour_after_it_and_looked_for_in_between():
    paused = subscription(pause=Pause(since=at("2026-01-20 10:00"), until=at("2026-01-23 00:00")))
    assert planned(paused, "2026-01-19", "2026-01-22 09:00") == ("nothing", "2026-01-22 15:00")
    assert planned(paused, "2026-01-19", "2026-01-23 09:00") == ("2026-01-20..2026-01-22", "2026-01-23 15:00")


def test_a_pause_without_an_end_is_looked_at_all_the_same():
    paused = subscription(pause=Pause(since=at("2026-01-20 10:00")))
    assert planned(paused, "2026-01-19", "2026-01-22 09:00") == ("nothing", "2026-01-22 15:00")
