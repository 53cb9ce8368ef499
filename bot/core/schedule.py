"""When a subscription is due, and which days its delivery tells of: decisions without a clock of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.ranges import DAYS_MAX, Weekday
from bot.core.subscriptions import Following, Subscription

#: What is later than this is not caught up any more.
CATCH_UP: Final = timedelta(hours=24)
#: Subscriptions are looked at again after this time at the latest, whatever was foreseen: rules of zones change.
LOOK_AGAIN: Final = timedelta(hours=6)
_WEEK: Final = 7


class Timetable(Protocol):
    """When deliveries are wanted; the terms of a subscription say so."""

    @property
    def at(self) -> time: ...

    @property
    def zone(self) -> ZoneInfo: ...

    @property
    def days(self) -> frozenset[Weekday]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A timetable that many subscriptions share."""

    at: time
    zone: ZoneInfo
    days: frozenset[Weekday]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    #: The days that the digest is about, both included.
    first_day: date
    day: date
    #: The instant (UTC) at which it is to be delivered.
    scheduled_at: datetime


def due(subscription: Subscription, now: datetime) -> Occurrence | None:
    """The newest delivery whose hour has come, however long ago: it tells of the days since the one before.

    None before the first hour after subscribing, and for one that a pause swallowed.
    """
    terms = subscription.terms
    today = Day.containing(now, terms.zone)
    days = (today.plus(-number) for number in range(_WEEK + 2))
    day = next((day for day in days if _is_on(terms, day) and day.at(terms.at) <= now), None)
    if day is None or day.at(terms.at) < subscription.created_at or _is_paused(subscription, day.at(terms.at)):
        return None
    first = _first_day(subscription, day)
    return Occurrence(first_day=first.date, day=day.plus(-1).date, scheduled_at=day.at(terms.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do for a subscription at this instant, and when to look at it again."""

    #: To be added to the ledger; None if nothing is due, or is in it already.
    occurrence: Occurrence | None
    look_again_at: datetime


def plan(subscription: Subscription, told: date | None, now: datetime, *, was_foreseen: bool) -> Plan:
    """`told` is the newest day that is in the ledger.

    An hour that was foreseen and is too long ago to catch up was missed, of which somebody has to hear. One that nobody
    foresaw lies before a person changed the terms, or mended what was broken, and the next delivery tells of its days.
    """
    next_at = next_delivery(subscription, now)
    look_again_at = min(next_at, now + LOOK_AGAIN) if next_at else now + LOOK_AGAIN
    occurrence = due(subscription, now)
    if occurrence is not None and told is not None:
        occurrence = None if occurrence.day <= told else reaching_back(occurrence, subscription, told)
    if occurrence is not None and now - occurrence.scheduled_at >= CATCH_UP and not was_foreseen:
        occurrence = None
    return Plan(occurrence=occurrence, look_again_at=look_again_at)


def reaching_back(occurrence: Occurrence, subscription: Subscription, told: date) -> Occurrence:
    """The same, telling of all that lies after `told`, the newest day that a delivery was about, and of no more.

    So nothing is left out or told twice where the terms were changed, the subscription was broken, or the bot was down
    meanwhile.
    """
    day = Day(date=occurrence.day, zone=subscription.terms.zone).plus(1)
    return replace(occurrence, first_day=max(told + timedelta(days=1), _oldest(subscription, day).date))


def next_delivery(subscription: Subscription | Following, now: datetime) -> datetime | None:
    """The first instant (UTC) after `now` at which a digest is to be delivered; None in a pause without an end."""
    pause = subscription.pause
    if pause is not None and now in pause:
        if pause.until is None:
            return None
        now = max(now, pause.until - timedelta(microseconds=1))
    return next_occurrence(subscription.terms, now)


def next_occurrence(terms: Timetable, now: datetime) -> datetime:
    """The first instant (UTC) after `now` that these terms name."""
    today = Day.containing(now, terms.zone)
    days = (today.plus(number) for number in range(_WEEK + 2))
    return next(day.at(terms.at) for day in days if _is_on(terms, day) and day.at(terms.at) > now)


def missed_since(subscription: Subscription, now: datetime) -> Day | None:
    """The first day that nothing was delivered of because of a pause; None if none was missed by now."""
    pause = subscription.pause
    if pause is None:
        return None
    paused_on = Day.containing(pause.since, subscription.terms.zone)
    first = paused_on if paused_on.at(subscription.terms.at) < pause.since else paused_on.plus(-1)
    yesterday = Day.containing(now, subscription.terms.zone).plus(-1)
    return first if first.date <= yesterday.date else None


def _first_day(subscription: Subscription, delivered_on: Day) -> Day:
    """The day after the one that the delivery before told of.

    Deliveries that a pause swallowed told of none. The first of all reaches back to the day before subscribing.
    """
    oldest = _oldest(subscription, delivered_on)
    for day in _before(delivered_on):
        if day.date <= oldest.date:
            return oldest
        if _is_on(subscription.terms, day) and not _is_paused(subscription, day.at(subscription.terms.at)):
            return day
    return oldest


def _oldest(subscription: Subscription, delivered_on: Day) -> Day:
    subscribed_on = Day.containing(subscription.created_at, subscription.terms.zone)
    return max(subscribed_on.plus(-1), delivered_on.plus(-DAYS_MAX), key=lambda day: day.date)


def _before(day: Day) -> Iterator[Day]:
    for number in range(1, DAYS_MAX + 1):
        yield day.plus(-number)


def _is_on(terms: Timetable, day: Day) -> bool:
    return any(weekday.value == day.date.weekday() for weekday in terms.days)


def _is_paused(subscription: Subscription, instant: datetime) -> bool:
    return subscription.pause is not None and instant in subscription.pause
