"""When turns come: whole schedules of many who wait side by side, on a loop whose time passes while all sleep."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.pacing import Pace, Rest, gives_way, giving_way
from tests.stopwatch import Watch, hastened

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Somebody asks for a turn."""

    key: str = "C1"
    #: Seconds since the beginning.
    at: float = 0.0
    gives_way: bool = False


def schedule(limit: int, asks: Sequence[Ask], span: timedelta = SECOND) -> list[float]:
    """When each of them has its turn, in seconds since the beginning."""

    async def scene() -> list[float]:
        clock = asyncio.get_running_loop().time
        pace = Pace(limit, span, clock=clock, sleep=asyncio.sleep)

        async def taken(ask: Ask) -> float:
            await asyncio.sleep(ask.at)
            if ask.gives_way:
                with giving_way():
                    await pace.turn(ask.key)
            else:
                await pace.turn(ask.key)
            return round(clock(), 6)

        return await asyncio.gather(*map(taken, asks))

    return hastened(scene)


@pytest.mark.parametrize("gives_way", [False, True])
def test_turns_of_one_channel_are_an_interval_apart_and_others_do_not_wait(gives_way: bool):
    asks = [Ask(key=key, at=at, gives_way=gives_way) for key, at in (("C1", 0), ("C2", 0), ("C1", 0), ("C1", 0))]
    asks.append(Ask(at=62.2, gives_way=gives_way))
    assert schedule(1, asks, timedelta(seconds=1.1)) == [0.0, 0.0, 1.1, 2.2, 62.2]


@pytest.mark.parametrize("gives_way", [False, True])
def test_so_many_turns_as_are_allowed_within_a_second_come_at_once(gives_way: bool):
    asks = [Ask(at=at, gives_way=gives_way) for at in (0.0, 0.0, 0.4, 0.5, 0.6, 0.7, 0.8)]
    assert schedule(3, asks) == [0.0, 0.0, 0.4, 1.0, 1.0, 1.4, 2.0]


def test_who_has_asked_something_goes_before_a_thousand_who_give_way_and_these_lose_one_turn_only():
    line = [Ask(gives_way=True) for _ in range(1_000)]
    turns = schedule(5, [*line, Ask(at=10.5)])
    assert turns == [
        *(float(number // 5) for number in range(55)),
        *((number + 1) // 5 for number in range(55, 1_000)),
        11,
    ]


def test_they_come_in_the_order_in_which_they_asked_each_among_their_own():
    asks = [Ask(gives_way=True), Ask(gives_way=True), Ask(), Ask(), Ask(at=2.5), Ask(at=2.6, gives_way=True)]
    assert schedule(1, asks) == [0.0, 4.0, 1.0, 2.0, 3.0, 5.0]


def test_who_gives_up_waiting_leaves_the_turn_to_the_next():
    async def scene() -> list[float]:
        clock = asyncio.get_running_loop().time
        pace, turns = Pace(1, SECOND, clock=clock, sleep=asyncio.sleep), list[float]()

        async def take() -> None:
            await pace.turn("C1")
            turns.append(clock())

        with giving_way():
            waiting = [asyncio.create_task(take()) for _ in range(4)]
        await asyncio.sleep(0.5)
        waiting[1].cancel()
        await asyncio.wait(waiting)
        return turns

    assert hastened(scene) == [0.0, 1.0, 2.0]


def test_what_is_slept_too_long_does_not_add_up():
    async def scene() -> list[float]:
        clock = asyncio.get_running_loop().time
        pace = Pace(1, SECOND, clock=clock, sleep=lambda seconds: asyncio.sleep(seconds + 0.25))
        turns: list[float] = []
        for _ in range(4):
            with giving_way():
                await pace.turn("C1")
            turns.append(clock())
        return turns

    assert hastened(scene) == [0.0, 1.25, 2.25, 3.25]


def test_giving_way_is_for_what_is_done_meanwhile_and_for_what_begins_meanwhile():
    async def scene() -> list[bool]:
        async def asked() -> bool:
            return gives_way()

        with giving_way():
            begun = asyncio.create_task(asked())
            within = gives_way()
        return [within, await begun, gives_way()]

    assert asyncio.run(scene()) == [True, True, False]


asks = st.builds(
    Ask,
    key=st.sampled_from(["C1", "C2"]),
    at=st.floats(0, 5, allow_subnormal=False).map(lambda at: round(at, 3)),
    gives_way=st.booleans(),
)


@settings(deadline=None)
@given(limit=st.integers(1, 4), asks=st.lists(asks, min_size=1, max_size=40, unique_by=lambda ask: ask.at))
def test_no_span_has_more_turns_than_allowed_order_is_kept_and_no_turn_is_left_unused(limit: int, asks: list[Ask]):
    asks = sorted(asks, key=lambda ask: ask.at)
    taken = list(zip(asks, schedule(limit, asks), strict=True))
    for key in {ask.key for ask in asks}:
        mine = [(ask, turn) for ask, turn in taken if ask.key == key]
        turns = sorted(turn for _ask, turn in mine)
        for earlier, later in zip(turns, turns[limit:], strict=False):
            assert later - earlier >= 1 - 1e-5
        for kind in (True, False):
            of_kind = [turn for ask, turn in mine if ask.gives_way is kind]
            assert of_kind == sorted(of_kind)
        # Whoever is made to wait has `limit` others in the second before: nobody waits for nothing, so nobody starves.
        for ask, turn in mine:
            if turn > ask.at + 1e-5:
                assert len([other for other in turns if turn - 1 - 1e-5 <= other <= turn]) > limit


@settings(deadline=None)
@given(limit=st.integers(1, 5), pauses=st.lists(st.floats(0, 2), min_size=1, max_size=40))
def test_who_waits_for_nobody_never_waits_longer_than_it_must(limit: int, pauses: list[float]):
    watch = Watch()
    turns: list[float] = []

    async def take() -> None:
        pace = Pace(limit, SECOND, clock=watch, sleep=watch.sleep)
        for pause in pauses:
            watch.now += pause
            asked = watch.now
            await pace.turn("oc_1")
            turns.append(watch.now)
            earlier = turns[-1 - limit] + 1 if len(turns) > limit else 0
            assert watch.now == pytest.approx(max(asked, earlier))

    asyncio.run(take())


# What it costs, and what is kept


class Counted:
    """A channel's name that counts how often any is compared or looked up."""

    operations = count()

    def __init__(self, name: int) -> None:
        self._name = name

    def __hash__(self) -> int:
        next(self.operations)
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        next(self.operations)
        return isinstance(other, Counted) and self._name == other._name


async def _operations(channels: int) -> float:
    """Of one turn and one rest, on average, where so many channels are busy at once."""
    watch = Watch()
    pace, rest = Pace(1, timedelta(hours=1), clock=watch, sleep=watch.sleep), Rest(clock=watch)
    before = next(Counted.operations)
    for number in range(channels):
        await pace.turn(Counted(number))
        rest.begin(Counted(number), timedelta(hours=1))
    return (next(Counted.operations) - before) / channels


async def test_a_turn_costs_the_same_however_many_channels_there_are():
    few, many = await _operations(100), await _operations(10_000)
    assert many < few * 1.5


@pytest.mark.parametrize("channels", [1, 1_000])
async def test_channels_that_are_quiet_are_forgotten(channels: int):
    watch = Watch()
    pace, rest = Pace(1, timedelta(seconds=1.1), clock=watch, sleep=watch.sleep), Rest(clock=watch)
    for number in range(channels):
        await pace.turn(number)
        rest.begin(number, timedelta(seconds=5))
    for number in range(channels, channels + 1_000):
        watch.now += 1
        await pace.turn(number)
        rest.begin(number, timedelta(seconds=5))
    assert len(pace._turns) <= 3
    assert len(rest._until) <= 8
    assert rest.left(channels + 999) == timedelta(seconds=5)
    assert rest.left(channels) == timedelta()


async def test_a_busy_channel_keeps_no_quiet_one_from_being_forgotten():
    watch = Watch()
    pace = Pace(1, SECOND, clock=watch, sleep=watch.sleep)
    turns: dict[object, list[float]] = defaultdict(list)
    for number in range(1_000):
        for key in ("busy", number):
            await pace.turn(key)
            turns[key].append(watch.now)
    assert len(pace._turns) <= 4
    assert turns["busy"] == [100.0 + number for number in range(1_000)]
