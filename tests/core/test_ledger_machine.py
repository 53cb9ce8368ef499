"""The ledger under whatever processes may do, in whatever order: who holds a row writes it, and nobody else does."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from bot.core.composing import post_of
from bot.core.delivering import LEASE
from bot.core.jobs import Collect, Deliver
from bot.core.schedule import plan
from bot.core.subscriptions import Delivery, DeliveryState
from tests.machines import MINUTES, DeliveryMachine, Fresh, explored, fresh_postgres, fresh_sqlite

__all__ = ["fresh_postgres", "fresh_sqlite"]

S = DeliveryState
#: What may become of a row; a claim that takes it over begins anew.
EDGES = {
    S.DUE: {S.CLAIMED},
    S.CLAIMED: {S.CLAIMED, S.SENDING, S.SENT, S.DUE, S.FAILED, S.SKIPPED, S.UNCERTAIN},
    S.SENDING: {S.CLAIMED, S.SENDING, S.SENT, S.DUE, S.FAILED, S.SKIPPED, S.UNCERTAIN},
    S.SENT: set[DeliveryState](),
    S.FAILED: set[DeliveryState](),
    S.SKIPPED: set[DeliveryState](),
    S.UNCERTAIN: set[DeliveryState](),
}
WRITES = ("sending", "sent", "retry", "failed", "skipped", "uncertain")


class LedgerMachine(DeliveryMachine):
    def __init__(self, fresh: Fresh) -> None:
        super().__init__(fresh)
        #: What processes have claimed, whether they still hold it or not.
        self.held: list[Delivery] = []
        self.before: dict[tuple[int, date], Any] = {}

    @rule(minutes=MINUTES)
    def look(self, minutes: int) -> None:
        self.clock.forward(timedelta(minutes=minutes))
        self.run(self.ledger.look(self.clock.now, 500, plan))

    @rule(days=st.integers(1, 6))
    def days_pass(self, days: int) -> None:
        for _ in range(2 * days):
            self.look(12 * 60)

    @rule()
    def prepare(self) -> None:
        for job in self.run(self.ledger.waiting(self.clock.now)):
            if isinstance(job, Collect):
                self.run(self.ledger.prepared(job, self.clock.now))

    @rule(limit=st.integers(1, 3))
    def claim(self, limit: int) -> None:
        now = self.clock.now
        for job in self.run(self.ledger.waiting(now)):
            if not isinstance(job, Deliver):
                continue
            before = self.rows()
            for delivery in self.run(self.ledger.claim(job, now, now + LEASE, limit)):
                row = before[delivery.subscription.id, delivery.day]
                assert _is_free(row, now), "nobody else held it"
                assert delivery.fence == row.fence + 1
                self.held.append(delivery)

    @rule(number=st.integers(0, 9), write=st.sampled_from(WRITES))
    def write(self, number: int, write: str) -> None:
        if not self.held:
            return
        delivery = self.held[number % len(self.held)]
        row = self.rows().get((delivery.subscription.id, delivery.day))
        is_holder = row is not None and row.fence == delivery.fence and row.state in {S.CLAIMED, S.SENDING}
        assert self.run(self._written(delivery, write)) == is_holder
        if not is_holder:
            assert self.rows().get((delivery.subscription.id, delivery.day)) == row, "a stale fence writes nothing"

    async def _written(self, delivery: Delivery, write: str) -> bool:
        now, ledger = self.clock.now, self.ledger
        match write:
            case "sending":
                return await ledger.sending(delivery, now, now + LEASE)
            case "sent":
                return await ledger.sent(delivery, post_of(delivery, f"message of {delivery.key}"), now)
            case "retry":
                return await ledger.retry(delivery, "Not now.", now + timedelta(minutes=1), refused=False)
            case "failed":
                return await ledger.failed(delivery, "Never.", breaks_at=now if delivery.fence % 2 else None)
            case "skipped":
                return await ledger.skipped(delivery)
            case _:
                return await ledger.uncertain(delivery, "Perhaps.")

    @rule()
    def a_process_dies(self) -> None:
        self.held.clear()

    @invariant()
    def states_move_along_edges(self) -> None:
        rows = self.rows()
        for key, row in rows.items():
            before = self.before.get(key)
            if before is None:
                assert row.state == S.DUE
            elif before != row:
                assert row.fence >= before.fence
                assert row.state == before.state or S(row.state) in EDGES[S(before.state)]
        self.before = rows

    @invariant()
    def no_day_is_told_of_twice_and_none_is_left_out(self) -> None:
        for earlier, later in pairwise(self.before.values()):
            if earlier.subscription_id == later.subscription_id:
                assert later.first_day == earlier.day + timedelta(days=1)
                assert later.first_day <= later.day


def _is_free(row: Any, now: Any) -> bool:
    if row.state == S.DUE:
        return row.prepared and row.due_at <= now
    return row.state in {S.CLAIMED, S.SENDING} and row.lease_until <= now


def test_the_ledger_on_sqlite(fresh_sqlite: Fresh):
    explored(lambda: LedgerMachine(fresh_sqlite), examples=60, steps=40)


def test_the_ledger_on_postgres(fresh_postgres: Fresh):
    explored(lambda: LedgerMachine(fresh_postgres), examples=10, steps=40)
