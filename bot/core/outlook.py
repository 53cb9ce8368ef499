"""How the bot fares as a whole, for those who keep it going. It tells of no channel and of no commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from bot.core.metering import Standing
from bot.core.subscriptions import DeliveryState, Platform

#: How many of each list are shown: reasons, workspaces, instants.
SHOWN: Final = 10
#: A row that has been due for longer waits for somebody who does not come.
OVERDUE: Final = timedelta(minutes=10)
#: The share of deliveries that is promised to be on time.
PROMISED: Final = 0.99


class DatabaseKind(StrEnum):
    SQLITE = "sqlite"
    POSTGRES = "postgresql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    kind: DatabaseKind
    #: Empty where nothing was ever migrated.
    version: str
    #: That this program was written for.
    newest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    platform: Platform
    standing: Standing
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternTrouble:
    """Patterns of which the repositories could not all be followed when they were last looked for."""

    reason: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """What stands for many repositories; the subscriptions of those are counted among all others."""

    number: int = 0
    troubles: tuple[PatternTrouble, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    state: DeliveryState
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Deliveries of the last day that failed, or may not have arrived, for the same reason."""

    state: DeliveryState
    reason: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Punctuality:
    """From the hour of deliveries until they arrived; only of those that have."""

    #: The span that it looks back over.
    span: timedelta
    number: int
    #: Half of them took at most so long, and 99 of 100.
    p50: timedelta
    p99: timedelta
    #: Between 0 and 1.
    on_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenWorkspace:
    """One in which nothing is delivered any more to anybody."""

    platform: Platform
    workspace: str
    reason: str
    #: None for what an older version has noted.
    since: datetime | None
    subscriptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDue:
    at: datetime
    subscriptions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """Today (UTC)."""

    calls: int
    failed: int
    tokens: int
    #: US dollars, as far as prices are known.
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Jobs of one kind that wait for a worker."""

    job: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    at: datetime
    schema: Schema
    subscriptions: tuple[Subscribed, ...] = ()
    patterns: Patterns = Patterns()
    #: That were due in the last 24 hours.
    deliveries: tuple[Delivered, ...] = ()
    due_now: int = 0
    #: Since when the row is due that has been so for the longest.
    oldest_due: datetime | None = None
    worked_on: int = 0
    troubles: tuple[Trouble, ...] = ()
    #: Over a day and over a week; one in which nothing arrived is missing.
    punctuality: tuple[Punctuality, ...] = ()
    broken: tuple[BrokenWorkspace, ...] = ()
    next_due: tuple[NextDue, ...] = ()
    model: ModelUse | None = None
    #: None where there is no queue.
    backlog: tuple[Waiting, ...] | None = None


class Backlog(Protocol):
    async def waiting(self) -> tuple[Waiting, ...]:
        """By the name of the job."""
        ...


class Outlooks(Protocol):
    async def taken(self, now: datetime) -> Outlook:
        """Of a database whose schema is not the newest, only that. Raises DatabaseUnreachable."""
        ...


def attention(outlook: Outlook) -> Iterator[str]:
    """What somebody should look at, in a few words each; nothing while all is well."""
    if outlook.schema.version != outlook.schema.newest:
        yield "the schema is not this program's: run `dynamo-digest migrate`"
    if outlook.oldest_due is not None and outlook.at - outlook.oldest_due > OVERDUE:
        yield "deliveries are due and nobody makes them"
    if outlook.broken:
        yield "workspaces are broken"
    states = {trouble.state for trouble in outlook.troubles}
    if DeliveryState.FAILED in states:
        yield "deliveries have failed"
    if DeliveryState.UNCERTAIN in states:
        yield "whether deliveries arrived is uncertain"
    if any(one.on_time < PROMISED for one in outlook.punctuality[:1]):
        yield "less than 99 of 100 deliveries were on time"
