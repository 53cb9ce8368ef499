"""A year as months of weeks, each day with what it weighs."""

from calendar import Calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from bot.core.days import Day
from bot.core.model import Importance
from bot.core.pages import CalendarPage, Counts
from bot.core.ranges import Span

#: Commits of a day's highest level from which its colour is a step deeper.
DEPTHS: Final = (1, 2, 5)
_MONDAYS_FIRST: Final = Calendar(firstweekday=0)


class Kind(StrEnum):
    """What is known of a day; classes of the stylesheet."""

    UNREAD = "unread"
    QUIET = "quiet"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    date: date
    #: None: nothing is stored of it.
    counts: Counts | None

    @property
    def kind(self) -> Kind:
        if self.counts is None:
            return Kind.UNREAD
        return Kind.QUIET if self.counts.highest is None else Kind[self.counts.highest.name]

    @property
    def depth(self) -> int:
        """From 1 to 3."""
        return sum(_highest(self.counts) >= least for least in DEPTHS) if self.counts else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    number: int
    #: From Monday; None before the first day and after the last.
    weeks: tuple[tuple[Cell | None, ...], ...]
    span: Span

    @property
    def counts(self) -> Counts:
        """Of all of its days."""
        each = [cell.counts for week in self.weeks for cell in week if cell and cell.counts]
        return Counts(
            high=sum(of.high for of in each), medium=sum(of.medium for of in each), low=sum(of.low for of in each)
        )

    @property
    def is_read(self) -> bool:
        return any(cell and cell.counts is not None for week in self.weeks for cell in week)


def months(page: CalendarPage) -> tuple[Month, ...]:
    return tuple(_month(page, number) for number in range(1, 13))


def _month(page: CalendarPage, number: int) -> Month:
    weeks = tuple(tuple(_week(page, number, week)) for week in _MONDAYS_FIRST.monthdatescalendar(page.year, number))
    cells = [cell for week in weeks for cell in week if cell]
    first, last = (Day(date=cell.date, zone=page.zone) for cell in (cells[0], cells[-1]))
    return Month(number=number, weeks=weeks, span=Span(first=first, last=last))


def _week(page: CalendarPage, month: int, days: list[date]) -> Iterator[Cell | None]:
    for day in days:
        yield Cell(date=day, counts=page.days.get(day)) if day.month == month else None


def _highest(counts: Counts) -> int:
    levels = {None: 0, Importance.HIGH: counts.high, Importance.MEDIUM: counts.medium, Importance.LOW: counts.low}
    return levels[counts.highest]
