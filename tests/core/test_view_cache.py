"""What many channels get in the same minute is composed once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from bot.core.composing import Composing
from bot.core.errors import SourceUnavailable
from bot.core.language import Language
from bot.core.model import Repo
from bot.core.ranges import Span
from bot.core.replies import DigestView
from bot.core.subscriptions import Delivery, QuietDays, Selection, Subscription, SubscriptionTerms
from bot.core.view_cache import KEPT, MOST, ViewCache
from tests.fakes import CHANNEL, NOW, REPO, FakeClock

TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=ZoneInfo("UTC"), subscriber="U1")


class Counting:
    """Composes nothing, a new one each time."""

    def __init__(self) -> None:
        self.composed: list[Span] = []
        self.problem: Exception | None = None

    async def of(self, repo: Repo, span: Span, **_: object) -> DigestView:
        self.composed.append(span)
        await asyncio.sleep(0)
        if self.problem:
            raise self.problem
        return cast("DigestView", object())


@pytest.fixture
def composing() -> Counting:
    return Counting()


@pytest.fixture
def views(composing: Counting, clock: FakeClock) -> ViewCache:
    return ViewCache(composing=cast("Composing", composing), now=clock)


def delivery(number: int = 1, *, day: date = date(2026, 1, 21), terms: SubscriptionTerms = TERMS) -> Delivery:
    subscription = Subscription(id=number, terms=terms, created_at=datetime(2025, 1, 1, tzinfo=UTC))
    return Delivery(subscription=subscription, day=day, first_day=day, scheduled_at=NOW, fence=1, attempts=1)


async def all_of(views: ViewCache, deliveries: Sequence[Delivery]) -> Sequence[object]:
    return await asyncio.gather(*(views.of(each) for each in deliveries))


async def test_deliveries_that_are_alike_get_the_very_same_object(views: ViewCache, composing: Counting):
    there = replace(TERMS, channel=replace(CHANNEL, workspace="T2"), at=time(10), quiet=QuietDays.LINE)
    first, second = await all_of(views, [delivery(1), delivery(2, terms=there)])
    assert first is second is await views.of(delivery(3))
    assert len(composing.composed) == 1


@pytest.mark.parametrize(
    "other",
    [
        delivery(day=date(2026, 1, 20)),
        delivery(terms=replace(TERMS, repo=Repo(owner="octo", name="other"))),
        delivery(terms=replace(TERMS, zone=ZoneInfo("Asia/Shanghai"))),
        delivery(terms=replace(TERMS, selection=Selection(no_bots=True))),
        delivery(terms=replace(TERMS, in_thread=True)),
        delivery(terms=replace(TERMS, language=Language.ZH)),
        replace(delivery(), first_day=date(2026, 1, 20)),
    ],
    ids=["day", "repository", "zone", "selection", "thread", "language", "first day"],
)
async def test_whatever_tells_two_apart_is_composed_for_each(views: ViewCache, other: Delivery):
    first, second = await all_of(views, [delivery(), other])
    assert first is not second


async def test_a_view_is_composed_again_when_it_is_old_or_the_clock_was_put_back(views: ViewCache, clock: FakeClock):
    first = await views.of(delivery())
    clock.forward(KEPT - timedelta(seconds=1))
    assert await views.of(delivery()) is first
    clock.forward(timedelta(seconds=1))
    second = await views.of(delivery())
    clock.forward(-timedelta(hours=1))
    assert len({id(first), id(second), id(await views.of(delivery()))}) == 3


async def test_an_error_is_raised_for_all_who_wait_and_is_not_remembered(views: ViewCache, composing: Counting):
    composing.problem = SourceUnavailable()
    outcomes = await asyncio.gather(*(views.of(delivery(number)) for number in (1, 2)), return_exceptions=True)
    assert outcomes == [composing.problem] * 2
    composing.problem = None
    await views.of(delivery())
    assert len(composing.composed) == 2


async def test_who_leaves_takes_the_view_from_nobody_else(views: ViewCache, composing: Counting):
    leaving = asyncio.create_task(views.of(delivery(1)))
    staying = asyncio.create_task(views.of(delivery(2)))
    await asyncio.sleep(0)
    leaving.cancel()
    await staying
    assert (leaving.cancelled(), len(composing.composed)) == (True, 1)


async def test_the_oldest_view_makes_room(views: ViewCache, composing: Counting):
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(MOST + 1)]
    for day in (*days, days[-1], days[1], days[0]):
        await views.of(delivery(day=day))
    assert len(composing.composed) == MOST + 2
