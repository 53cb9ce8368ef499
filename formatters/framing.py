"""When a digest comes, of which days it is, and what is not in it. Formatters find these sentences in `wording`."""

from datetime import timedelta

from bot.core.language import _, decimal, ngettext
from bot.core.model import Digest
from bot.core.ranges import Span
from bot.core.replies import POSTED, DigestView, Framing, RangeView
from formatters.counts import commits, merge_commits, sentence
from formatters.terms import selection
from formatters.times import clock, duration


def caveats(view: DigestView | RangeView) -> tuple[str, ...]:
    """That the last day is not over, and that its digest comes late, where so."""
    digest = view.digest if isinstance(view, DigestView) else view.digests[-1]
    so_far = () if digest.sealed else (_("so far, {time}", time=clock(digest.as_of, digest.day.zone)[11:16]),)
    return so_far + delays(view)


def delays(view: DigestView | RangeView) -> tuple[str, ...]:
    """That the digest comes late, where so."""
    return (_("late by {duration}", duration=duration(view.late_by)),) if view.late_by >= timedelta(minutes=1) else ()


def span(view: RangeView) -> str:
    """`2026-01-15 to 2026-01-21 (Asia/Shanghai)`."""
    first, last = (day.date.isoformat() for day in (view.first, view.last))
    return _("{first} to {last} ({zone})", first=first, last=last, zone=view.last.zone.key)


def dates(of: Span) -> str:
    """`2026-01-15 to 2026-01-21`, or the one date."""
    first, last = (day.date.isoformat() for day in (of.first, of.last))
    return first if first == last else _("{first} to {last}", first=first, last=last)


def day_number(view: RangeView) -> str:
    number = len(view.digests)
    return ngettext("{number} day", "{number} days", number)


def quiet(digest: Digest, framing: Framing = POSTED) -> str:
    """The one sentence on a day without commits, or without any that its readers selected."""
    day = _("No commits on {date} in {zone}", date=digest.day.date.isoformat(), zone=digest.day.zone.key)
    if framing.left_out:
        day = _unselected(framing, among=day)
    elif digest.merges:
        day = _("{day}, apart from {merges} of older ones", day=day, merges=merge_commits(digest.merges))
    return sentence(day if digest.sealed else _("{day} so far", day=day))


def quiet_span(view: RangeView) -> str:
    none = _("No commits from {days}", days=span(view))
    return sentence(_unselected(view.framing, among=none) if view.framing.left_out else none)


def quiet_line(view: DigestView | RangeView) -> str:
    """The same with the repository, where it stands alone: `ai-dynamo/dynamo: No commits on 2026-01-21 in UTC.`"""
    if isinstance(view, DigestView):
        return str(view.digest.repo) + _(": ") + quiet(view.digest, view.framing)
    return str(view.repo) + _(": ") + quiet_span(view)


def _unselected(framing: Framing, *, among: str) -> str:
    conditions = selection(framing.selection)
    if not conditions:
        return _("{none}, apart from {commits} left out", none=among, commits=commits(framing.left_out))
    return _(
        "{none} match the filters ({conditions}), which leave out {commits}",
        none=among,
        conditions=conditions,
        commits=commits(framing.left_out),
    )


def left_out(framing: Framing, shown: int) -> str:
    """How many commits are not among those shown, and by which conditions; empty if none."""
    if not framing.left_out:
        return ""
    number = ngettext(
        "{left_out} of {number} commit left out",
        "{left_out} of {number} commits left out",
        shown + framing.left_out,
        left_out=decimal(framing.left_out),
    )
    conditions = selection(framing.selection)
    return sentence(_("Shown: {conditions}; {number}", conditions=conditions, number=number) if conditions else number)
