"""The words for what a subscription asks for: which days, and which commits. Formatters find them in `wording`."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.core.language import N_, _, enumerated, joined
from bot.core.model import Importance
from bot.core.ranges import Weekday
from bot.core.subscriptions import EVERY_DAY, WORKDAYS, Following, QuietDays, Selection, Subscription, Terms
from formatters.text import visible

WEEKDAYS: Final = {
    Weekday.MONDAY: N_("Monday"),
    Weekday.TUESDAY: N_("Tuesday"),
    Weekday.WEDNESDAY: N_("Wednesday"),
    Weekday.THURSDAY: N_("Thursday"),
    Weekday.FRIDAY: N_("Friday"),
    Weekday.SATURDAY: N_("Saturday"),
    Weekday.SUNDAY: N_("Sunday"),
}
_MINIMUM: Final = {
    Importance.MEDIUM: N_("medium and high importance"),
    Importance.HIGH: N_("high importance only"),
}


def days(of: frozenset[Weekday]) -> str:
    """`every day`, `on weekdays`, `every Monday`, `on Monday and Thursday`."""
    if of == EVERY_DAY:
        return _("every day")
    if of == WORKDAYS:
        return _("on weekdays")
    names = [_(name) for day, name in WEEKDAYS.items() if day in of]
    return _("every {day}", day=names[0]) if len(names) == 1 else _("on {days}", days=enumerated(names))


def paused(subscription: Subscription | Following, next_at: datetime | None) -> str:
    """`paused until 2026-02-01`, the first day with digests again, `paused`, or nothing.

    Only who knows the time can tell whether a pause is over, but not before a digest was due after it.
    """
    pause = subscription.pause
    if pause is None:
        return ""
    if pause.until is None:
        return _("paused") if next_at is None else ""
    if next_at is not None and _was_due(subscription.terms, pause.until, next_at):
        return ""
    return _("paused until {date}", date=pause.until.astimezone(subscription.terms.zone).date().isoformat())


def _was_due(terms: Terms, since: datetime, until: datetime) -> bool:
    """Whether a digest is due from the one instant on and before the other."""
    day = since.astimezone(terms.zone).date()
    while (due := datetime.combine(day, terms.at, terms.zone)) < until:
        if due >= since and Weekday(day.weekday()) in terms.days:
            return True
        day += timedelta(days=1)
    return False


def selection(of: Selection) -> str:
    """`medium and high importance, only lib/**, without bots`; empty if it leaves out nothing."""
    return joined(_conditions(of))


def _conditions(of: Selection) -> Iterator[str]:
    if of.minimum in _MINIMUM:
        yield _(_MINIMUM[of.minimum])
    if of.paths:
        yield _("only {paths}", paths=_alternatives(of.paths))
    if of.not_paths:
        yield _("without {paths}", paths=_alternatives(of.not_paths))
    if of.authors:
        yield _("only by {authors}", authors=_alternatives(of.authors))
    if of.not_authors:
        yield _("not by {authors}", authors=_alternatives(of.not_authors))
    if of.no_bots:
        yield _("without bots")


def _alternatives(patterns: Sequence[str]) -> str:
    return _(" or ").join(map(visible, patterns))


def choices(terms: Terms) -> tuple[str, ...]:
    """What it asks for beyond its days: which commits, a line on quiet days, and where the commits stand."""
    made = (
        selection(terms.selection),
        _("a line on quiet days") if terms.quiet is QuietDays.LINE else "",
        _("commits in the thread") if terms.in_thread else "",
    )
    return tuple(filter(None, made))
