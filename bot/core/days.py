"""Calendar days in a time zone, and the instants at which something is due on them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core.errors import NotUnderstood
from bot.core.language import _


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open interval `[since, until)` between two instants in UTC."""

    since: datetime
    until: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.since <= instant < self.until

    def padded(self, by: timedelta) -> "Window":
        """A wider window, for sources that treat the ends of an interval loosely."""
        return Window(since=self.since - by, until=self.until + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A calendar date in a time zone: `[00:00, next 00:00)` there, which is 23 or 25 hours when clocks change."""

    date: date
    zone: ZoneInfo

    @classmethod
    def containing(cls, instant: datetime, zone: ZoneInfo) -> "Day":
        return cls(date=instant.astimezone(zone).date(), zone=zone)

    def plus(self, days: int) -> "Day":
        return Day(date=self.date + timedelta(days=days), zone=self.zone)

    def at(self, wall_clock: time) -> datetime:
        """The instant (UTC) at which clocks there show `wall_clock` on this day.

        A time that clocks skip moves forward by the length of the gap; of one that they show twice, the first is meant.
        """
        return datetime.combine(self.date, wall_clock, tzinfo=self.zone).astimezone(UTC)

    def window(self) -> Window:
        return Window(since=self.at(time.min), until=self.plus(1).at(time.min))

    def __str__(self) -> str:
        return f"{self.date.isoformat()} ({self.zone.key})"


def parse_zone(name: str) -> ZoneInfo:
    """A time zone by its name in the IANA database. Raises NotUnderstood."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder's name or an absolute path is no zone either
        raise NotUnderstood(
            _("“{name}” is not a time zone of the IANA database.", name=name),
            example="subscribe ai-dynamo/dynamo tz Asia/Shanghai",
        ) from None
