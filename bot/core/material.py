"""What a model is given of a commit: without orders and secrets, packed into parts."""

from dataclasses import dataclass
from typing import Final

from bot.core.attributes import NONE, Attributes
from bot.core.injection import defused
from bot.core.model import CommitDiff
from bot.core.packing import BYTES_PER_TOKEN, Plan, plan
from bot.core.redaction import redact
from bot.core.rules import cut, without_trailers

#: Characters of the commit's message that are sent.
MESSAGE_MAX: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    message: str
    plan: Plan
    #: Secrets that were taken out.
    redactions: int
    #: Lines that spoke to the model and were taken out.
    withheld: int


def material(
    diff: CommitDiff, *, budget: int, bytes_per_token: float | None, attributes: Attributes = NONE
) -> Material:
    """`budget` is in tokens of diff per question. Takes seconds for megabytes: call it in a thread."""
    safe = defused(diff)
    planned = plan(safe.diff, budget=budget, bytes_per_token=bytes_per_token or BYTES_PER_TOKEN, attributes=attributes)
    message = redact(safe.diff.commit.message[: MESSAGE_MAX * 2])  # first, since half a secret is not found
    return Material(
        message=cut(without_trailers(message.text), MESSAGE_MAX),
        plan=planned,
        redactions=planned.redactions + message.count,
        withheld=safe.lines,
    )
