"""How many subscriptions and deliveries there are, by what becomes of them."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.census import DatabaseCensus
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.composing import post_of
from bot.core.metering import Census, Censuses, Standing
from bot.core.subscriptions import Channel, DeliveryState, Pause, Platform, Subscription, SubscriptionTerms
from tests.core.test_rounds import TERMS
from tests.fakes import CHANNEL, NOW, claim_due

pytestmark = pytest.mark.both_databases

MINUTE = timedelta(minutes=1)
TODAY = NOW.date()
_port: type[Censuses] = DatabaseCensus


@pytest.fixture
def census(engine: AsyncEngine) -> DatabaseCensus:
    return DatabaseCensus(engine)


def of_channel(channel: Channel) -> SubscriptionTerms:
    return replace(TERMS, channel=channel, at=time(9))


async def subscribed(subscriptions: DatabaseSubscriptions, number: int) -> list[Subscription]:
    terms = [of_channel(replace(CHANNEL, id=f"C{each}")) for each in range(number)]
    return [(await subscriptions.subscribe(each, NOW - timedelta(days=1)))[0] for each in terms]


async def test_there_is_nothing_at_first(census: DatabaseCensus):
    assert await census.taken(NOW) == Census(subscriptions={}, deliveries={})


async def test_subscriptions_are_active_paused_or_broken(subscriptions: DatabaseSubscriptions, census: DatabaseCensus):
    _active, resumed, snoozed, paused, broken = await subscribed(subscriptions, 5)
    await subscriptions.set_pause(resumed, Pause(since=NOW - MINUTE, until=NOW))
    await subscriptions.set_pause(snoozed, Pause(since=NOW - MINUTE, until=NOW + MINUTE))
    await subscriptions.set_pause(paused, Pause(since=NOW - MINUTE))
    await subscriptions.mark_broken(broken, "The channel is gone.", NOW)
    await subscriptions.subscribe(
        of_channel(Channel(platform=Platform.FEISHU, workspace="tenant", id="oc_1")), NOW - MINUTE
    )
    taken = await census.taken(NOW)
    assert taken is not None
    assert taken.subscriptions == {
        (Platform.FEISHU, Standing.ACTIVE): 1,
        (Platform.SLACK, Standing.ACTIVE): 2,
        (Platform.SLACK, Standing.PAUSED): 2,
        (Platform.SLACK, Standing.BROKEN): 1,
    }


async def test_deliveries_wait_once_they_are_due_until_they_have_ended(
    subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger, census: DatabaseCensus
):
    for number, subscription in enumerate(await subscribed(subscriptions, 5)):
        await ledger.schedule(subscription, TODAY, TODAY, NOW + number * MINUTE)
    sending, sent, _claimed = await claim_due(ledger, NOW + 2 * MINUTE, NOW + 10 * MINUTE, 3)
    for delivery in (sending, sent):
        await ledger.sending(delivery, NOW, NOW + 10 * MINUTE)
    await ledger.sent(sent, post_of(sent, "message 1"), NOW)
    taken = await census.taken(NOW + 3 * MINUTE)
    assert taken is not None
    assert taken.deliveries == {DeliveryState.SENDING: 1, DeliveryState.CLAIMED: 1, DeliveryState.DUE: 1}
