import asyncio
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.core.pacing import Pace, Rest
from tests.stopwatch import Watch


async def test_turns_of_one_channel_are_an_interval_apart_and_others_do_not_wait():
    watch = Watch()
    pace = Pace(1, timedelta(seconds=1.1), clock=watch, sleep=watch.sleep)
    turns: list[tuple[str, float]] = []
    for channel in ("C1", "C2", "C1", "C1"):
        await pace.turn(channel)
        turns.append((channel, round(watch.now - 100, 1)))
    watch.now += 60
    await pace.turn("C1")
    turns.append(("C1", round(watch.now - 100, 1)))
    assert turns == [("C1", 0.0), ("C2", 0.0), ("C1", 1.1), ("C1", 2.2), ("C1", 62.2)]


async def test_so_many_turns_as_are_allowed_within_a_second_come_at_once():
    watch = Watch()
    pace = Pace(3, timedelta(seconds=1), clock=watch, sleep=watch.sleep)
    turns: list[float] = []
    for pause in (0.0, 0.0, 0.4, 0.0, 0.0, 0.0, 0.0):
        watch.now += pause
        await pace.turn("oc_1")
        turns.append(round(watch.now - 100, 1))
    assert turns == [0.0, 0.0, 0.4, 1.0, 1.0, 1.4, 2.0]


async def test_channels_that_are_quiet_are_forgotten():
    watch = Watch()
    pace, rest = Pace(1, timedelta(seconds=1.1), clock=watch, sleep=watch.sleep), Rest(clock=watch)
    for number in range(1_000):
        await pace.turn(number)
        rest.begin(number, timedelta(seconds=5))
        watch.now += 1
    assert len(pace._turns) <= 2
    assert len(rest._until) <= 6
    assert rest.left(999) == timedelta(seconds=4)
    assert rest.left(1) == timedelta()


@given(limit=st.integers(1, 5), pauses=st.lists(st.floats(0, 2), min_size=1, max_size=40))
def test_no_span_ever_has_more_turns_than_allowed_and_none_waits_longer_than_it_must(limit: int, pauses: list[float]):
    watch = Watch()
    turns: list[float] = []

    async def take() -> None:
        pace = Pace(limit, timedelta(seconds=1), clock=watch, sleep=watch.sleep)
        for pause in pauses:
            watch.now += pause
            asked = watch.now
            await pace.turn("oc_1")
            turns.append(watch.now)
            earlier = turns[-1 - limit] + 1 if len(turns) > limit else 0
            assert watch.now == max(asked, earlier)

    asyncio.run(take())
