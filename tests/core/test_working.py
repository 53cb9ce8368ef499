"""Jobs within one process: each once at a time, as often as it is asked for, and so many of a kind at once."""

import asyncio
from collections.abc import Collection

import pytest

from bot.core.jobs import Correct, Deliver, Job
from bot.core.subscriptions import Platform
from bot.core.working import AT_ONCE, Working


class Performing:
    """Does a job for as long as the gate is shut."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun: list[Job] = []
        self.most = self._now = 0
        self.following: dict[Job, Collection[Job]] = {}
        self.breaks: set[Job] = set()

    async def __call__(self, job: Job) -> Collection[Job]:
        self.begun.append(job)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self.gate.wait()
        finally:
            self._now -= 1
        if job in self.breaks:
            raise RuntimeError("a fault of ours")
        return self.following.pop(job, ())


@pytest.fixture
def perform() -> Performing:
    return Performing()


def deliver(number: int) -> Deliver:
    return Deliver(platform=Platform.SLACK, workspace=f"T{number}")


async def begun() -> None:
    """Until every task that can has begun."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_the_same_job_is_not_done_twice_at_a_time(perform: Performing):
    working = Working(perform)
    await working.enqueue([deliver(1), deliver(1)])
    await begun()
    assert perform.begun == [deliver(1)]


async def test_what_is_asked_for_once_more_while_it_is_done_is_done_once_more(perform: Performing):
    working = Working(perform)
    await working.enqueue([deliver(1)])
    await begun()
    for _ in range(3):
        await working.enqueue([deliver(1)])
    perform.gate.set()
    await working.finish()
    assert perform.begun == [deliver(1)] * 2


async def test_what_is_asked_for_while_it_waits_for_its_turn_is_done_once(perform: Performing):
    working = Working(perform)
    most = AT_ONCE[Deliver]
    everything = [deliver(number) for number in range(most + 1)]
    await working.enqueue(everything)
    await begun()
    await working.enqueue([everything[-1]])
    assert perform.begun == everything[:-1]
    perform.gate.set()
    await working.finish()
    assert (perform.begun, perform.most) == (everything, most)


async def test_no_more_of_a_kind_are_done_at_once_than_may_and_another_kind_waits_for_none_of_them(perform: Performing):
    working = Working(perform)
    await working.enqueue([deliver(number) for number in range(AT_ONCE[Deliver] + 9)])
    await working.enqueue([Correct()])
    await begun()
    assert (len(perform.begun), perform.begun[-1]) == (AT_ONCE[Deliver] + 1, Correct())
    perform.gate.set()
    await working.finish()


async def test_a_job_that_crashes_takes_no_other_down_and_may_be_asked_for_again(perform: Performing):
    working = Working(perform)
    perform.breaks.add(deliver(1))
    await working.enqueue([deliver(1), deliver(2)])
    perform.gate.set()
    await working.finish()
    perform.breaks.clear()
    await working.enqueue([deliver(1)])
    await working.finish()
    assert perform.begun == [deliver(1), deliver(2), deliver(1)]


async def test_what_follows_from_a_job_is_waited_for_too(perform: Performing):
    working = Working(perform)
    perform.following[Correct()] = [deliver(1)]
    await working.enqueue([Correct()])
    perform.gate.set()
    await working.finish()
    assert perform.begun == [Correct(), deliver(1)]
