"""State machines over a database of their own for each example."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import Row, select

from bot.adapters.database.engine import open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.schema import deliveries
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.ranges import Weekday
from bot.core.subscriptions import EVERY_DAY, WORKDAYS, Channel, Pause, Platform, Subscription, SubscriptionTerms
from tests.counterparts.postgres import Postgres
from tests.fakes import REPO, FakeClock

T = TypeVar("T")
#: The address of a new, migrated database.
Fresh = Callable[[], AbstractContextManager[str]]

START: Final = datetime(2026, 3, 26, 12, tzinfo=UTC)  # two days before clocks change in Berlin
CHANNELS: Final = tuple(
    Channel(platform=Platform.SLACK, workspace=workspace, id=name)
    for workspace, name in (("T1", "C1"), ("T1", "C2"), ("T2", "C3"))
)
ZONES: Final = ("UTC", "Europe/Berlin", "Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Subscribing:
    """For the first time, or on other terms, which also mends what is broken."""

    at: time
    zone: ZoneInfo
    days: frozenset[Weekday]


Act = Subscribing | str
ACTS: Final[st.SearchStrategy[Act]] = st.one_of(
    st.builds(
        Subscribing,
        st.sampled_from((time(0), time(2, 30), time(9))),
        st.sampled_from(ZONES).map(ZoneInfo),
        st.sampled_from((EVERY_DAY, WORKDAYS, frozenset({Weekday.MONDAY}))),
    ),
    st.sampled_from(("unsubscribe", "pause", "snooze", "resume", "break", "mend")),
)
MINUTES: Final = st.sampled_from((1, 4, 11, 45, 60 * 3, 60 * 9, 60 * 24, 60 * 50))


class DeliveryMachine(RuleBasedStateMachine):
    """People subscribe and change their minds, time passes, and clocks are put forward and back."""

    def __init__(self, fresh: Fresh) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._open = fresh()
        self.database = self._open.__enter__()
        self.clock = FakeClock(START)
        self.engine = open_database(self.database)
        self.ledger = DatabaseLedger(self.engine)
        self.subscriptions = DatabaseSubscriptions(self.engine)

    def run(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await work

        return self._runner.run(wait())

    def teardown(self) -> None:
        self.run(self.engine.dispose())
        self._runner.close()
        self._open.__exit__(None, None, None)

    def rows(self) -> dict[tuple[int, Any], Row[Any]]:
        """All of the ledger, by subscription and day."""

        async def read() -> list[Row[Any]]:
            async with self.engine.connect() as connection:
                query = select(deliveries).order_by(deliveries.c.subscription_id, deliveries.c.day)
                return list(await connection.execute(query))

        return {(row.subscription_id, row.day): row for row in self.run(read())}

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.clock.forward(timedelta(minutes=minutes))

    @rule(hours=st.sampled_from((-1, 1)))
    def the_clock_jumps(self, hours: int) -> None:
        self.clock.forward(timedelta(hours=hours))

    @rule(channel=st.sampled_from(CHANNELS), act=ACTS)
    def somebody_changes_their_mind(self, channel: Channel, act: Act) -> None:
        found = self.run(self.subscriptions.of_channel(channel))
        if isinstance(act, Subscribing):
            terms = SubscriptionTerms(
                channel=channel, repo=REPO, subscriber="U1", at=act.at, zone=act.zone, days=act.days
            )
            self.run(self.subscriptions.subscribe(terms, self.clock.now))
        elif found:
            self.run(self._done(found[0], act))

    async def _done(self, subscription: Subscription, act: Act) -> None:
        now, pause = self.clock.now, subscription.pause
        match act:
            case "unsubscribe":
                await self.subscriptions.unsubscribe(subscription.terms.channel, subscription.terms.repo)
            case "pause":
                await self.subscriptions.set_pause(subscription, Pause(since=now))
            case "snooze":
                await self.subscriptions.set_pause(subscription, Pause(since=now, until=now + timedelta(hours=30)))
            case "resume" if pause is not None and now in pause:
                await self.subscriptions.set_pause(subscription, replace(pause, until=now))
            case "break":
                await self.subscriptions.mark_broken(subscription, "The channel is gone.", now)
            case "mend":
                await self.subscriptions.mend(subscription)
            case _:
                pass


def explored(machine: Callable[[], DeliveryMachine], examples: int, steps: int) -> None:
    """Lets chance, which is the same every time, look for a run in which something is not as it has to be."""
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.generate,),  # shrinking takes minutes; the same chance finds it again
        suppress_health_check=(HealthCheck.too_slow,),
    )
    run_state_machine_as_test(cast("type[DeliveryMachine]", machine), settings=how)


@pytest.fixture
def fresh_sqlite(migrated_file: Path, tmp_path: Path) -> Fresh:
    numbers = count()

    @contextmanager
    def fresh() -> Iterator[str]:
        path = Path(shutil.copy(migrated_file, tmp_path / f"{next(numbers)}.db"))
        yield f"sqlite:///{path}"
        path.unlink()

    return fresh


@pytest.fixture
def fresh_postgres(postgres_server: Postgres) -> Fresh:
    return postgres_server.migrated_database
