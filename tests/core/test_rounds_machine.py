"""Whole rounds of three processes that die at any time, while people change their minds: what stands in channels."""

import asyncio
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from bot.core.replies import DigestView, RangeView
from bot.core.steps import Step
from bot.core.subscriptions import DeliveryState, Platform
from tests.crashes import NEVER, Death, Process
from tests.fakes import FakeMessenger, FakeSource, commit
from tests.machines import CHANNELS, START, DeliveryMachine, Fresh, explored, fresh_postgres, fresh_sqlite

__all__ = ["fresh_postgres", "fresh_sqlite"]

DEATHS = st.one_of(
    st.just(NEVER),
    st.tuples(st.just(tuple(Step)), st.integers(1, 30)),
    st.tuples(st.just((Step.POSTED,)), st.integers(1, 2)),
)
SETTLED = {DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.UNCERTAIN}


class RoundsMachine(DeliveryMachine):
    def __init__(self, fresh: Fresh) -> None:
        super().__init__(fresh)
        self.messenger = FakeMessenger()
        # Every day has a commit, so that none is quiet.
        days = (START + timedelta(days=number, hours=-2) for number in range(-40, 120))
        self.source = FakeSource([commit(f"feat: {at.date()}", at.isoformat()) for at in days])
        self.processes: dict[int, Process] = {}

    def teardown(self) -> None:
        for process in self.processes.values():
            self.run(process.end())
        super().teardown()

    def process(self, number: int, death: Death) -> Process:
        if number not in self.processes:
            messengers = {Platform.SLACK: self.messenger}
            self.processes[number] = Process(self.database, messengers, self.clock, self.source, death)
        return self.processes[number]

    async def _ticked(self, processes: list[Process]) -> None:
        await asyncio.gather(*(process.tick() for process in processes))

    @rule(numbers=st.sets(st.integers(0, 2), min_size=1), death=DEATHS)
    def tick(self, numbers: set[int], death: Death) -> None:
        """Who is dead is born again; several tick at the same time."""
        self.run(self._ticked([self.process(number, death) for number in sorted(numbers)]))
        self.processes = {number: process for number, process in self.processes.items() if not process.is_dead}

    @rule(days=st.integers(1, 5), death=DEATHS)
    def days_pass(self, days: int, death: Death) -> None:
        for _ in range(4 * days):
            self.clock.forward(timedelta(hours=6))
            self.tick({0}, death)

    @rule()
    def all_goes_well(self) -> None:
        """Nobody dies, and nothing is put off by more than an hour: whatever was due is settled."""
        for minutes in (11, 70, 70):
            self.clock.forward(timedelta(minutes=minutes))
            self.tick({0, 1, 2}, NEVER)
        due = [row for row in self.rows().values() if row.due_at <= self.clock.now - timedelta(hours=2)]
        broken = {each.id for each in self._all() if each.broken}
        waiting = [row for row in due if row.state not in SETTLED and row.subscription_id not in broken]
        assert waiting == []

    def _all(self):
        return [found for channel in CHANNELS for found in self.run(self.subscriptions.of_channel(channel))]

    @invariant()
    def nothing_stands_twice_in_a_channel(self) -> None:
        assert [key for key, number in Counter(key for _, _, key in self.messenger.posted).items() if number > 1] == []

    @invariant()
    def what_channels_were_told_follows_day_after_day(self) -> None:
        told: dict[str, list[tuple[date, date]]] = {}
        for _, reply, key in self.messenger.posted:
            told.setdefault(key.split(":")[0], []).append(_days(reply))
        for spans in told.values():
            for earlier, later in pairwise(sorted(spans)):
                assert later[0] > earlier[1]


def _days(reply: object) -> tuple[date, date]:
    if isinstance(reply, DigestView):
        return reply.digest.day.date, reply.digest.day.date
    assert isinstance(reply, RangeView)
    return reply.first.date, reply.last.date


def test_rounds_on_sqlite(fresh_sqlite: Fresh):
    explored(lambda: RoundsMachine(fresh_sqlite), examples=15, steps=25)


def test_rounds_on_postgres(fresh_postgres: Fresh):
    explored(lambda: RoundsMachine(fresh_postgres), examples=4, steps=20)
