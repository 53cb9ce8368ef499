"""Instants, days and lengths of time in words. Formatters find them in `wording`."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.language import _
from bot.core.ranges import Weekday
from formatters.terms import WEEKDAYS


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` there."""
    return instant.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def duration(length: timedelta) -> str:
    """The two largest units of a length of at least a minute: `2 h`, `1 h 20 min`, `3 d 4 h`."""
    minutes = length // timedelta(minutes=1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = (
        _("{number} d", number=days) if days else "",
        _("{number} h", number=hours) if hours else "",
        _("{number} min", number=minutes) if minutes else "",
    )
    return " ".join([part for part in parts if part][:2])


def weekday(day: Day) -> str:
    return _(WEEKDAYS[Weekday(day.date.weekday())])
