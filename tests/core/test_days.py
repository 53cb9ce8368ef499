from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.days import Day, Window, parse_zone
from bot.core.errors import NotUnderstood

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def test_a_day_in_shanghai_begins_at_16_utc_of_the_day_before():
    window = Day(date=date(2026, 1, 21), zone=SHANGHAI).window()
    assert window == Window(
        since=datetime(2026, 1, 20, 16, tzinfo=UTC),
        until=datetime(2026, 1, 21, 16, tzinfo=UTC),
    )


def test_a_window_has_its_beginning_and_not_its_end():
    window = Day(date=date(2026, 1, 21), zone=SHANGHAI).window()
    assert window.since in window
    assert window.until - timedelta(microseconds=1) in window
    assert window.until not in window


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 6, 1), 24)])
def test_a_day_is_as_long_as_its_clocks_make_it(day: date, hours: int):
    window = Day(date=day, zone=NEW_YORK).window()
    assert window.until - window.since == timedelta(hours=hours)


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "America/Sao_Paulo", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Beirut"]
)
def test_days_follow_each_other_without_gap_or_overlap_for_ten_years(zone: str):
    day = Day(date=date(2016, 1, 1), zone=ZoneInfo(zone))
    for _ in range(3653):
        assert day.window().until == day.plus(1).window().since
        assert Day.containing(day.window().since, day.zone) == day
        day = day.plus(1)


def test_an_hour_that_clocks_skip_comes_once_after_the_gap():
    skipped = Day(date=date(2026, 3, 8), zone=NEW_YORK).at(time(2, 30))
    assert skipped.astimezone(NEW_YORK).time() == time(3, 30)


def test_of_an_hour_that_clocks_show_twice_the_first_counts():
    assert Day(date=date(2026, 11, 1), zone=NEW_YORK).at(time(1, 30)) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Asia"])
def test_what_is_no_zone_is_told_so(name: str):
    with pytest.raises(NotUnderstood, match="is not a time zone"):
        parse_zone(name)
