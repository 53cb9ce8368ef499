"""When the digests of a subscription come. Formatters find these words in `wording`."""

from bot.core.language import _
from bot.core.replies import Listed
from bot.core.subscriptions import Terms
from formatters.terms import choices, days, paused
from formatters.times import clock


def schedule(listed: Listed) -> str:
    """When digests come: `every day at 09:00 (Asia/Shanghai), next 2026-01-22 09:00`, or that they are paused."""
    terms = listed.of.terms
    when = hours(terms)
    coming = _("next {next}", next=clock(listed.next_at, terms.zone)[:16]) if listed.next_at else ""
    for note in filter(None, (paused(listed.of, listed.next_at), coming)):
        when = _("{schedule}, {note}", schedule=when, note=note)
    return when


def hours(terms: Terms) -> str:
    """`every day at 09:00 (Asia/Shanghai)`."""
    return _("{days} at {time} ({zone})", days=days(terms.days), time=f"{terms.at:%H:%M}", zone=terms.zone.key)


def every(terms: Terms) -> str:
    """All that a subscription asks for."""
    return _("; ").join((hours(terms), *choices(terms)))
