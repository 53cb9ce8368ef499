"""When a subscription is due, and which days its delivery tells of: decisions without a clock of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from bot.core.days import Day
from bot.core.ranges import DAYS_MAX
from bot.core.subscriptions import Subscription, SubscriptionTerms

#: What is later than this is not caught up any more.
CATCH_UP: Final = timedelta(hours=24)
_WEEK: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    #: The days that the digest is about, both included.
    first_day: date
    day: date
    #: The instant (UTC) at which it is to be delivered.
    scheduled_at: datetime


def due(subscription: Subscription, now: datetime) -> Occurrence | None:
    """The newest delivery whose hour has come: it tells of the days since the one before.

    None before the first hour after subscribing, in a pause, and for what is too old to catch up.
    """
    terms = subscription.terms
    today = Day.containing(now, terms.zone)
    for day in (today, today.plus(-1), today.plus(-2)):
        scheduled_at = day.at(terms.at)
        if not _is_on(terms, day) or scheduled_at > now:
            continue
        if scheduled_at < subscription.created_at or now - scheduled_at >= CATCH_UP:
            return None
        if _is_paused(subscription, scheduled_at):
            return None
        first = _first_day(subscription, day)
        return Occurrence(first_day=first.date, day=day.plus(-1).date, scheduled_at=scheduled_at)
    return None


def reaching_back(occurrence: Occurrence, subscription: Subscription, told: date) -> Occurrence:
    """The same, telling also of what lies after `told`, the newest day that a delivery was about.

    So nothing is left out where the terms were changed, the subscription was broken, or the bot was down meanwhile.
    """
    day = Day(date=occurrence.day, zone=subscription.terms.zone).plus(1)
    first = max(told + timedelta(days=1), _oldest(subscription, day).date)
    return replace(occurrence, first_day=min(first, occurrence.first_day))


def next_delivery(subscription: Subscription, now: datetime) -> datetime | None:
    """The first instant (UTC) after `now` at which a digest is to be delivered; None in a pause without an end."""
    pause = subscription.pause
    if pause is not None and now in pause:
        if pause.until is None:
            return None
        now = max(now, pause.until - timedelta(microseconds=1))
    return next_occurrence(subscription.terms, now)


def next_occurrence(terms: SubscriptionTerms, now: datetime) -> datetime:
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


def _is_on(terms: SubscriptionTerms, day: Day) -> bool:
    return any(weekday.value == day.date.weekday() for weekday in terms.days)


def _is_paused(subscription: Subscription, instant: datetime) -> bool:
    return subscription.pause is not None and instant in subscription.pause
