"""What is stored of a workspace: found there, nowhere else, and nowhere any more when it is forgotten."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.feedback import DatabaseFeedback
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.schema import deliveries, feedback, followings, posts, subscriptions
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.database.workspaces import DatabaseWorkspaces
from bot.core.days import Day
from bot.core.model import Importance
from bot.core.patterns import RepoPattern
from bot.core.subscriptions import (
    WORKDAYS,
    Channel,
    Feedback,
    Pause,
    Platform,
    Post,
    QuietDays,
    Selection,
    SubscriptionTerms,
    Verdict,
)
from tests.fakes import CHANNEL, NOW, REPO

pytestmark = pytest.mark.both_databases

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = Day(date=date(2026, 1, 21), zone=SHANGHAI)
ABROAD = replace(CHANNEL, workspace="T2")
TERMS = SubscriptionTerms(
    channel=CHANNEL,
    repo=REPO,
    at=time(9),
    zone=SHANGHAI,
    subscriber="U1",
    days=WORKDAYS,
    selection=Selection(minimum=Importance.MEDIUM, paths=("lib/**",), not_authors=("*[bot]",), no_bots=True),
    quiet=QuietDays.LINE,
    in_thread=True,
)
PATTERN = RepoPattern(owner="acme", names="*")


class Stores:
    def __init__(self, engine: AsyncEngine) -> None:
        self.subscriptions = DatabaseSubscriptions(engine)
        self.followings = DatabaseFollowings(engine)
        self.ledger = DatabaseLedger(engine)
        self.posts = DatabasePosts(engine)
        self.feedback = DatabaseFeedback(engine)
        self.workspaces = DatabaseWorkspaces(engine)

    async def fill(self, channel: Channel) -> int:
        """A row of everything; the number of the subscription."""
        await self.followings.follow(replace(TERMS, channel=channel).of_pattern(PATTERN, ("legacy-*",)), NOW)
        subscription, _ = await self.subscriptions.subscribe(replace(TERMS, channel=channel), NOW)
        await self.ledger.schedule(subscription, DAY.date, DAY.date, NOW)
        await self.posts.record(Post(channel=channel, message="1.2", repo=REPO, first=DAY, last=DAY), NOW)
        given = Feedback(channel=channel, user="U1", repo=REPO, sha="a" * 40, verdict=Verdict.UP)
        await self.feedback.give(given, NOW)
        return subscription.id


@pytest.fixture
def stores(engine: AsyncEngine) -> Stores:
    return Stores(engine)


async def test_everything_that_a_subscription_chooses_is_kept(stores: Stores):
    subscription, is_new = await stores.subscriptions.subscribe(TERMS, NOW)
    assert (subscription.terms, is_new) == (TERMS, True)
    pause = Pause(since=NOW, until=NOW + timedelta(days=7))
    await stores.subscriptions.set_pause(subscription, pause)
    (stored,) = await stores.subscriptions.of_channel(CHANNEL)
    assert stored == replace(subscription, pause=pause)
    await stores.subscriptions.set_pause(subscription, None)
    assert await stores.subscriptions.by_id(Platform.SLACK, "T1", subscription.id) == subscription


async def test_a_number_finds_a_subscription_in_its_own_workspace_only(stores: Stores):
    number = await stores.fill(CHANNEL)
    assert await stores.subscriptions.by_id(Platform.SLACK, "T2", number) is None
    assert await stores.subscriptions.by_id(Platform.FEISHU, "T1", number) is None
    assert list(await stores.subscriptions.of_workspace(Platform.SLACK, "T2")) == []


async def test_a_post_is_found_by_channel_and_message(stores: Stores):
    await stores.fill(CHANNEL)
    week = Post(channel=CHANNEL, message="1.2", repo=REPO, first=DAY.plus(-6), last=DAY)
    await stores.posts.record(week, NOW)
    assert await stores.posts.find(CHANNEL, "1.2") == week
    assert await stores.posts.find(CHANNEL, "1.3") is None
    assert await stores.posts.find(ABROAD, "1.2") is None


async def test_the_newest_post_is_that_of_the_channel(stores: Stores):
    await stores.fill(CHANNEL)
    post = Post(channel=CHANNEL, message="1.3", repo=REPO, first=DAY, last=DAY)
    await stores.posts.record(post, NOW + timedelta(days=1))
    assert await stores.posts.newest(CHANNEL) == "1.3"
    assert await stores.posts.newest(ABROAD) is None


async def test_a_person_has_one_opinion_of_a_commit_and_the_channel_shows_it(stores: Stores):
    await stores.fill(CHANNEL)
    changed = Feedback(channel=CHANNEL, user="U1", repo=REPO, sha="a" * 40, verdict=Verdict.DOWN, reason="vague")
    await stores.feedback.give(changed, NOW + timedelta(minutes=1))
    assert list(await stores.feedback.in_channel(CHANNEL, 10)) == [changed]
    assert await stores.feedback.of(Platform.SLACK, "T1", "U1", REPO, "a" * 40) is Verdict.DOWN
    assert await stores.feedback.of(Platform.SLACK, "T2", "U1", REPO, "a" * 40) is None
    assert list(await stores.feedback.in_channel(ABROAD, 10)) == []


async def test_a_workspace_that_is_forgotten_leaves_nothing_and_others_stay(engine: AsyncEngine, stores: Stores):
    await stores.fill(CHANNEL)
    await stores.fill(ABROAD)
    await stores.workspaces.forget(Platform.SLACK, "T1")
    async with engine.connect() as connection:
        for table in (subscriptions, followings, posts, feedback):
            rows = (await connection.execute(select(table.c.workspace))).scalars().all()
            assert rows == ["T2"]
        assert (await connection.execute(select(func.count()).select_from(deliveries))).scalar_one() == 1


async def test_breaking_a_workspace_tells_which_subscriptions_that_changed(stores: Stores):
    await stores.fill(CHANNEL)
    await stores.fill(ABROAD)
    dead, gone, later = "The token is dead.", "The app was removed.", NOW + timedelta(hours=1)
    broken = await stores.subscriptions.mark_workspace_broken(Platform.SLACK, "T1", dead, NOW)
    assert [(each.terms.channel, each.broken, each.broken_since) for each in broken] == [(CHANNEL, dead, NOW)]
    assert list(await stores.subscriptions.mark_workspace_broken(Platform.SLACK, "T1", dead, later)) == []
    assert [each.terms.channel for each in await stores.subscriptions.active()] == [ABROAD]
    again = await stores.subscriptions.mark_workspace_broken(Platform.SLACK, "T1", gone, later)
    assert [(each.broken, each.broken_since) for each in again] == [(gone, NOW)]
    assert list(await stores.subscriptions.of_channel(CHANNEL)) == list(again)
    await stores.subscriptions.mend_workspace(Platform.SLACK, "T1")
    assert [each.broken_since for each in await stores.subscriptions.active()] == [None, None]


async def test_since_when_a_subscription_is_broken_is_kept_until_it_is_mended(stores: Stores):
    await stores.fill(CHANNEL)
    (subscription,) = await stores.subscriptions.of_channel(CHANNEL)
    await stores.subscriptions.mark_broken(subscription, "The channel was archived.", NOW)
    await stores.subscriptions.mark_broken(subscription, "The channel was deleted.", NOW + timedelta(hours=1))
    (broken,) = await stores.subscriptions.of_channel(CHANNEL)
    assert broken == replace(subscription, broken="The channel was deleted.", broken_since=NOW)
    await stores.subscriptions.mend(broken)
    assert list(await stores.subscriptions.of_channel(CHANNEL)) == [subscription]
    await stores.subscriptions.mark_broken(subscription, "The channel was archived.", NOW)
    mended, _is_new = await stores.subscriptions.subscribe(TERMS, NOW)
    assert (mended.broken, mended.broken_since) == ("", None)
