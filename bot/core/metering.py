"""What operators watch: whoever learns a fact tells the meter, which alone knows what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from bot.core.pacing import RateLimit
from bot.core.ports import ModelCall
from bot.core.subscriptions import DeliveryState, Platform


class Meter(Protocol):
    """Counts at once and never fails. It is told of no channel, repository or person, which nobody can count up."""

    def delivered(self, platform: Platform, state: DeliveryState, late_by: timedelta | None = None) -> None:
        """An attempt to deliver has ended in that state: `due` means that there will be another one.

        `late_by` is how long after its hour a digest arrived; None for what did not arrive.
        """
        ...

    def asked(self, call: ModelCall) -> None: ...

    def waited(self, platform: Platform, limit: RateLimit, span: timedelta) -> None: ...


class Unmetered:
    """Implements `Meter` where nobody watches."""

    def delivered(self, platform: Platform, state: DeliveryState, late_by: timedelta | None = None) -> None: ...

    def asked(self, call: ModelCall) -> None: ...

    def waited(self, platform: Platform, limit: RateLimit, span: timedelta) -> None: ...


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


class Censuses(Protocol):
    async def taken(self, now: datetime) -> Census | None:
        """None if the database does not answer."""
        ...

    async def is_possible(self) -> bool:
        """Whether the database answers, found out at little cost."""
        ...
