"""What operators watch: whoever learns a fact tells the meter, which alone knows what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from bot.core.pacing import RateLimit
from bot.core.ports import ModelCall
from bot.core.steps import Step
from bot.core.subscriptions import DeliveryState, Platform


class Interaction(StrEnum):
    """What a person does."""

    COMMAND = "command"
    BUTTON = "button"
    FORM = "form"
    #: In a channel.
    MENTION = "mention"
    #: To us alone.
    MESSAGE = "message"
    #: About the digest below which it is written.
    QUESTION = "question"
    #: Looks at our page.
    HOME = "home"


class Outcome(StrEnum):
    """What an interaction came to, from the best to the worst."""

    ANSWERED = "answered"
    NOT_UNDERSTOOD = "not_understood"
    #: We could not, or they may not.
    REFUSED = "refused"
    CRASHED = "crashed"


class Meter(Protocol):
    """Counts at once and never fails. It is told of no channel, repository or person, which nobody can count up."""

    def delivered(self, platform: Platform, state: DeliveryState, late_by: timedelta | None = None) -> None:
        """An attempt to deliver has ended in that state: `due` means that there will be another one.

        `late_by` is how long after its hour a digest arrived; None for what did not arrive.
        """
        ...

    def asked(self, call: ModelCall) -> None: ...

    def waited(self, platform: Platform, limit: RateLimit, span: timedelta) -> None: ...

    def acknowledged(self, platform: Platform, what: Interaction, after: timedelta) -> None:
        """The platform was told that it arrived, so long after it did."""
        ...

    def answered(self, platform: Platform, what: Interaction, outcome: Outcome, after: timedelta) -> None:
        """The whole answer is there, so long after the arrival."""
        ...

    def reached(self, step: Step) -> None:
        """A step on a digest's way was taken."""
        ...


class Unmetered:
    """Implements `Meter` where nobody watches."""

    def delivered(self, platform: Platform, state: DeliveryState, late_by: timedelta | None = None) -> None: ...

    def asked(self, call: ModelCall) -> None: ...

    def waited(self, platform: Platform, limit: RateLimit, span: timedelta) -> None: ...

    def acknowledged(self, platform: Platform, what: Interaction, after: timedelta) -> None: ...

    def answered(self, platform: Platform, what: Interaction, outcome: Outcome, after: timedelta) -> None: ...

    def reached(self, step: Step) -> None: ...


UNMETERED: Final[Meter] = Unmetered()


class Standing(StrEnum):
    """Whether a subscription gets anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """How many there are at an instant; what there is none of may be left out."""

    subscriptions: Mapping[tuple[Platform, Standing], int]
    #: Rows of the ledger that are due by now, and those that are being worked on.
    deliveries: Mapping[DeliveryState, int]
    #: Jobs by kind and state, such as ("deliver", "queued"); none where a process does its work without a queue.
    jobs: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Since when what is due by now waits that waits longest; None where nothing waits."""

    #: Until its digests are made.
    to_be_made: datetime | None
    #: Until somebody posts it, or looks what became of it; None too while anything is being posted.
    to_be_posted: datetime | None


class Censuses(Protocol):
    async def taken(self, now: datetime) -> Census | None:
        """None if the database does not answer."""
        ...

    async def is_possible(self) -> bool:
        """Whether the database answers, found out at little cost."""
        ...

    async def waiting(self, now: datetime) -> Waiting | None:
        """None if the database does not answer."""
        ...
