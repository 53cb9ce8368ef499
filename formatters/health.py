"""How subscriptions fare, in the same words everywhere: the newest delivery, what it costs, what people say of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bot.core.language import N_, _, decimal, joined, ngettext
from bot.core.replies import Listed, ListedFollowing, ListedSubscription, Spent
from bot.core.subscriptions import DeliveryState, Feedback, Run, Verdict
from formatters import wording as say

THUMBS: Final = {Verdict.UP: "👍", Verdict.DOWN: "👎"}
SEND_NOW: Final = N_("Send it now")
RESUME: Final = N_("Resume")
PAUSE: Final = N_("Pause")
#: Of the repositories of a pattern, those of which a missed delivery is told.
_MISSED_TOLD: Final = 3


class Standing(NamedTuple):
    """One thing to know of how it goes."""

    text: str
    is_trouble: bool = False


def standing(listed: Listed) -> Iterator[Standing]:
    """How the newest delivery went, or what did not go well of many; and why nothing comes, if so."""
    match listed:
        case ListedSubscription(last=Run() as last):
            yield Standing(run(last, listed.of.terms.zone), last.was_missed)
        case ListedSubscription():
            pass
        case ListedFollowing():
            yield from map(_missed, listed.missed[:_MISSED_TOLD])
            if more := len(listed.missed) - _MISSED_TOLD if len(listed.missed) > _MISSED_TOLD else 0:
                text = ngettext("{number} more digest did not arrive", "{number} more digests did not arrive", more)
                yield Standing(text, is_trouble=True)
            if error := say.visible(listed.following.error):
                yield Standing(_("Repositories could not be looked for: {error}", error=error), is_trouble=True)
    if why := broken(listed):
        yield Standing(why, is_trouble=True)


def _missed(listed: ListedSubscription) -> Standing:
    went = run(listed.last, listed.of.terms.zone) if listed.last else ""
    return Standing(f"{listed.followed.name} {went}", is_trouble=True)


def members(listed: Listed) -> str:
    """`12 repositories, without legacy-*, tmp`; empty for a repository."""
    if isinstance(listed, ListedSubscription):
        return ""
    number = ngettext("{number} repository", "{number} repositories", listed.repositories)
    excluded = listed.following.terms.excluded
    return (
        _("{repositories}, without {excluded}", repositories=number, excluded=joined(excluded)) if excluded else number
    )


def missed(listed: Listed) -> Sequence[ListedSubscription]:
    """Whose newest delivery somebody may want to have sent now."""
    if isinstance(listed, ListedFollowing):
        return listed.missed[:_MISSED_TOLD]
    return [listed] if was_missed(listed.last) else []


def run(last: Run, zone: ZoneInfo) -> str:
    """How the newest delivery went: `2026-01-20: delivered 2026-01-21 09:00`."""
    day = last.day.isoformat()
    match last.state:
        case DeliveryState.SENT:
            return _("{day}: delivered {instant}", day=day, instant=say.clock(last.at, zone)[:16])
        case DeliveryState.FAILED:
            return _("{day}: not delivered: {error}", day=day, error=_error(last))
        case DeliveryState.UNCERTAIN:
            return _("{day}: may not have arrived: {error}", day=day, error=_error(last))
        case DeliveryState.SKIPPED:
            return _("{day}: nothing to tell", day=day)
        case DeliveryState.DUE if last.error:
            return _("{day}: is tried again: {error}", day=day, error=_error(last))
        case _:
            return _("{day}: on its way", day=day)


def _error(last: Run) -> str:
    return say.visible(last.error) or _("no reason known")


def was_missed(last: Run | None) -> bool:
    """Whether somebody may want to have it sent now."""
    return last is not None and last.was_missed


def is_resting(listed: Listed) -> bool:
    """Whether nothing comes until somebody resumes it."""
    return bool(listed.of.broken) or listed.next_at is None


def broken(listed: Listed) -> str:
    """`nothing has been delivered since 2026-01-21 09:00: the channel was archived`; empty while all is well."""
    reason = say.visible(listed.of.broken)
    if not reason:
        return ""
    since = listed.of.broken_since
    if since is None:
        return _("nothing is delivered at present") + _(": ") + reason
    instant = say.clock(since, listed.of.terms.zone)[:16]
    return _("nothing has been delivered since {instant}", instant=instant) + _(": ") + reason


def question(sha: str) -> str:
    """What somebody is asked who does not like the analysis of a commit."""
    return _("What is not right in the analysis of {sha}?", sha=sha[:7])


def spent(today: Spent) -> str:
    tokens = decimal(today.tokens)
    if today.price is None:
        return _("The AI model has used {tokens} tokens today (UTC).", tokens=tokens)
    return _(
        "The AI model has used {tokens} tokens today (UTC), for about {price} US dollars.",
        tokens=tokens,
        price=f"{today.price:.2f}",
    )


def verdicts(given: Sequence[Feedback]) -> str:
    """`What people here think of analyses: 👍 3, 👎 1`."""
    counts = Counter(each.verdict for each in given)
    shown = _(", ").join(f"{THUMBS[verdict]} {decimal(counts[verdict])}" for verdict in Verdict)
    return _("What people here think of analyses: {counts}", counts=shown)


def reason(given: Feedback) -> str:
    """`👎 8877c46: the second sentence is wrong`."""
    return f"{THUMBS[given.verdict]} {given.sha[:7]}{_(': ')}{say.visible(given.reason)}"


def reasons(given: Sequence[Feedback]) -> Sequence[Feedback]:
    """Those that say why."""
    return [each for each in given if say.visible(each.reason)]
