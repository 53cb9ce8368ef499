"""Every local day of three years is told of once, wherever clocks stand and however they change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.core.days import Day
from bot.core.schedule import Occurrence, due, next_occurrence
from bot.core.subscriptions import Subscription, SubscriptionTerms
from tests.fakes import CHANNEL, REPO

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
#: Both hemispheres; steps of an hour and of half of one; offsets of whole, half and three quarters of an hour; zones
#: that change at midnight, that change for Ramadan, and that never do.
ZONES = (
    "America/New_York", "America/St_Johns", "America/Santiago", "Europe/Berlin", "Africa/Casablanca", "Asia/Kathmandu",
    "Asia/Shanghai", "Australia/Lord_Howe", "Pacific/Chatham",
)  # fmt: skip
#: Midnight and half past two are skipped or come twice where clocks change then.
HOURS = (time(0, 0), time(2, 30), time(9, 0))


def subscription(zone: ZoneInfo, at: time) -> Subscription:
    terms = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=at, zone=zone, subscriber="U1")
    return Subscription(id=1, terms=terms, created_at=Day(date=FIRST, zone=zone).window().since)


def ticks(zone: ZoneInfo) -> Iterator[datetime]:
    """Every three hours, and every ten minutes on days on which clocks change, and before and after them."""
    day = Day(date=FIRST, zone=zone)
    while day.date <= LAST:
        window = day.window()
        is_odd = any(
            each.window().until - each.window().since != timedelta(days=1) for each in (day.plus(-1), day, day.plus(1))
        )
        step = timedelta(minutes=10) if is_odd else timedelta(hours=3)
        now = window.since
        while now < window.until:
            yield now
            now += step
        day = day.plus(1)


def deliveries(subscription: Subscription) -> list[Occurrence]:
    """What is added to the ledger, which has a row for each day."""
    rows: dict[date, Occurrence] = {}
    for now in ticks(subscription.terms.zone):
        occurrence = due(subscription, now)
        if occurrence is not None:
            assert occurrence.scheduled_at <= now
            rows.setdefault(occurrence.day, occurrence)
    return list(rows.values())


@pytest.mark.parametrize("at", HOURS, ids=str)
@pytest.mark.parametrize("name", ZONES)
def test_each_local_day_is_delivered_once_in_order_and_at_its_hour(name: str, at: time):
    zone = ZoneInfo(name)
    made = deliveries(subscription(zone, at))
    days = (LAST - FIRST).days
    assert [each.day for each in made] == [FIRST + timedelta(days=number) for number in range(-1, days)]
    assert all(each.first_day == each.day for each in made)
    for earlier, later in pairwise(made):
        # Nothing is early, late or twice where clocks change: a day is as far from the one before as clocks say.
        assert timedelta(hours=22) < later.scheduled_at - earlier.scheduled_at < timedelta(hours=26)
    for each in made:
        shown = each.scheduled_at.astimezone(zone)
        assert shown.date() == each.day + timedelta(days=1)
        assert shown.time() == at or _is_skipped(shown.date(), at, zone)


@pytest.mark.parametrize("name", ZONES)
def test_what_is_said_to_come_next_is_what_comes(name: str):
    zone = ZoneInfo(name)
    made = deliveries(subscription(zone, time(2, 30)))
    for earlier, later in pairwise(made):
        assert next_occurrence(subscription(zone, time(2, 30)).terms, earlier.scheduled_at) == later.scheduled_at


def _is_skipped(day: date, at: time, zone: ZoneInfo) -> bool:
    """Whether clocks there never show that hour on that day."""
    named = datetime.combine(day, at, zone)
    return named.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != named.replace(tzinfo=None)
