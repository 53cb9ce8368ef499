"""How subscriptions fare, in the same words everywhere: the newest delivery, what it costs, what people say of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.language import N_, _, decimal
from bot.core.replies import ListedSubscription, Spent
from bot.core.subscriptions import DeliveryState, Feedback, Run, Verdict
from formatters import wording as say

THUMBS: Final = {Verdict.UP: "👍", Verdict.DOWN: "👎"}
SEND_NOW: Final = N_("Send it now")
RESUME: Final = N_("Resume")
PAUSE: Final = N_("Pause")
#: In which a message did not arrive, or may not have, and somebody can send it.
_MISSED: Final = frozenset({DeliveryState.FAILED, DeliveryState.UNCERTAIN})


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
    return last is not None and last.state in _MISSED


def is_resting(listed: ListedSubscription) -> bool:
    """Whether nothing comes until somebody resumes it."""
    return bool(listed.subscription.broken) or listed.next_at is None


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
