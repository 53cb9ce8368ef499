"""Days and ranges of days as people name them, and which days they are when it is a certain day somewhere.

Parsing and resolving are apart, because only who answers knows the time and the zone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from bot.core.days import Day
from bot.core.errors import NotUnderstood
from bot.core.language import _

#: Days that one question may ask for.
DAYS_MAX: Final = 92
#: Years of which one can ask. At the ends of what a `date` can be, a day would have no instants in some zones.
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999


class RelativeDay(Enum):
    """A day by its distance from today."""

    TODAY = 0
    YESTERDAY = -1


class RelativeWeek(Enum):
    """A week by its distance from this one. Weeks begin on Monday; this one ends today."""

    THIS = 0
    LAST = -1


class Weekday(Enum):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWeekday:
    """The newest such day before today, or that of the week before this one: Chinese tells 周五 from 上周五."""

    weekday: Weekday
    of_last_week: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDays:
    """So many finished days, up to yesterday."""

    number: int


OneDay = date | RelativeDay | LastWeekday


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRange:
    """From one day to another, both included."""

    first: OneDay | Day
    last: OneDay | Day


#: A Day is one that has been shown already, in its own zone; buttons name it.
When = OneDay | Day | LastDays | RelativeWeek | DayRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days from `first` to `last`, both included and in one zone."""

    first: Day
    last: Day

    @property
    def days(self) -> tuple[Day, ...]:
        """Oldest first."""
        return tuple(self.first.plus(number) for number in range((self.last.date - self.first.date).days + 1))


# What people write

_WORDS: Final[Mapping[str, OneDay | RelativeWeek]] = {
    "today": RelativeDay.TODAY,
    "今天": RelativeDay.TODAY,
    "yesterday": RelativeDay.YESTERDAY,
    "昨天": RelativeDay.YESTERDAY,
    "this week": RelativeWeek.THIS,
    "本周": RelativeWeek.THIS,
    "这周": RelativeWeek.THIS,
    "last week": RelativeWeek.LAST,
    "上周": RelativeWeek.LAST,
    "上个星期": RelativeWeek.LAST,
    "上星期": RelativeWeek.LAST,
}
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
LOOKS_LIKE_DATE: Final = re.compile(r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?|\d{8}")
_LAST_DAYS: Final = re.compile(r"(?:最近|过去|last )?(\d{1,6}) ?(?:d|days?|天)")
_ENGLISH_WEEKDAY: Final = re.compile(
    r"(?:last )?(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?", re.IGNORECASE
)
_CHINESE_WEEKDAY: Final = re.compile(r"(上)?个?(?:周|星期|礼拜)([一二三四五六日天])")
_CHINESE_DAYS: Final = "一二三四五六日"
#: Between two days: dots, also those that input methods make one character of, a tilde, or a word.
_TO: Final = re.compile(r"\s*(?:\.{2,3}|~|至|到)\s*|\s+to\s+|\s+-\s+")


def parse_when(text: str) -> When:
    """A day or a range of days: `2026-01-21`, `yesterday`, `last friday`, `7d`, `last week`, `2026-01-15..2026-01-21`.

    Raises NotUnderstood.
    """
    folded = " ".join(text.casefold().split())
    first, *rest = _TO.split(folded)
    if not rest:
        return _when(folded, text)
    if len(rest) > 1 or not first or not rest[0]:
        raise NotUnderstood(_("“{text}” is not a range of days.", text=text), example="2026-01-15..2026-01-21")
    return DayRange(first=_one_day(first, text), last=_one_day(rest[0], text))


def _one_day(folded: str, text: str) -> OneDay:
    match _when(folded, folded):
        case LastDays() | RelativeWeek():
            raise NotUnderstood(_("“{text}” is not a range of days.", text=text), example="2026-01-15..2026-01-21")
        case day:
            return day


def _when(folded: str, text: str) -> OneDay | LastDays | RelativeWeek:
    if (word := _WORDS.get(folded)) is not None:
        return word
    if _ISO_DATE.fullmatch(folded):
        return parse_date(folded)
    if match := _LAST_DAYS.fullmatch(folded):
        return _last_days(int(match[1]))
    if (weekday := _weekday(folded)) is not None:
        return weekday
    if LOOKS_LIKE_DATE.fullmatch(folded):
        raise NotUnderstood(_("“{text}” is not a date: write year-month-day.", text=text), example="2026-01-21")
    raise NotUnderstood(_("“{text}” is neither a day nor a command.", text=text), example="yesterday")


def parse_date(folded: str) -> date:
    """Of a year that we know: others lead out of what clocks can count. Raises NotUnderstood."""
    try:
        day = date.fromisoformat(folded)
    except ValueError:
        raise NotUnderstood(_("There is no day {day} in the calendar.", day=folded), example="2026-01-21") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        text = _("I know the years from {first} to {last}.", first=FIRST_YEAR, last=LAST_YEAR)
        raise NotUnderstood(text, example="2026-01-21")
    return day


def _last_days(number: int) -> LastDays:
    if not 1 <= number <= DAYS_MAX:
        raise NotUnderstood(_("A range has 1 to {number} days.", number=DAYS_MAX), example="7d")
    return LastDays(number=number)


def _weekday(folded: str) -> LastWeekday | None:
    if match := _ENGLISH_WEEKDAY.fullmatch(folded):
        named = next(day for day in Weekday if day.name.casefold().startswith(match[1][:3]))
        return LastWeekday(weekday=named)
    if match := _CHINESE_WEEKDAY.fullmatch(folded):
        number = _CHINESE_DAYS.index(match[2].replace("天", "日"))
        return LastWeekday(weekday=Weekday(number), of_last_week=match[1] is not None)
    return None


# Which days they are


def resolve(when: When, today: Day) -> Span:
    """The days that are meant when it is `today`. Raises NotUnderstood for the future and for what is no range."""
    span = _span(when, today)
    for day in (span.first, span.last):
        if day.date > today.date:
            text = _("{day} has not begun: there it is {today}.", day=day, today=today.date)
            raise NotUnderstood(text, example="yesterday")
    if span.first.date > span.last.date:
        example = f"{span.last.date}..{span.first.date}"
        raise NotUnderstood(_("A range begins with its earlier day."), example=example)
    if (span.last.date - span.first.date).days >= DAYS_MAX:
        raise NotUnderstood(_("A range has 1 to {number} days.", number=DAYS_MAX), example="7d")
    return span


def _span(when: When, today: Day) -> Span:
    match when:
        case LastDays(number=number):
            return Span(first=today.plus(-number), last=today.plus(-1))
        case RelativeWeek.THIS:
            return Span(first=_monday(today), last=today)
        case RelativeWeek.LAST:
            return Span(first=_monday(today).plus(-7), last=_monday(today).plus(-1))
        case DayRange(first=first, last=last):
            return Span(first=_day(first, today), last=_day(last, today))
        case Day():
            return Span(first=when, last=when)
        case _:
            return Span(first=_day(when, today), last=_day(when, today))


def _day(when: OneDay | Day, today: Day) -> Day:
    match when:
        case Day():
            return when
        case RelativeDay():
            return today.plus(when.value)
        case LastWeekday(weekday=weekday, of_last_week=True):
            return _monday(today).plus(weekday.value - 7)
        case LastWeekday(weekday=weekday):
            return today.plus(-((today.date.weekday() - weekday.value - 1) % 7 + 1))
        case _:
            return Day(date=when, zone=today.zone)


def _monday(day: Day) -> Day:
    return day.plus(-day.date.weekday())
