"""What a following leaves behind: in a workspace that is broken or forgotten, and in an older version."""

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import downgrade, migrate
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.schema import followings as followed
from bot.adapters.database.schema import subscriptions as subscribed
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.database.workspaces import DatabaseWorkspaces
from bot.core.model import Importance, Repo
from bot.core.patterns import RepoPattern
from bot.core.subscriptions import (
    WORKDAYS,
    Expansion,
    Following,
    FollowingTerms,
    Membership,
    Platform,
    QuietDays,
    Selection,
)
from tests.fakes import CHANNEL, NOW

pytestmark = pytest.mark.both_databases

ALL = RepoPattern(owner="acme", names="*")
TERMS = FollowingTerms(
    channel=CHANNEL,
    pattern=ALL,
    excluded=("legacy-*", "tmp"),
    at=time(18, 30),
    zone=ZoneInfo("Asia/Shanghai"),
    subscriber="U1",
    days=WORKDAYS,
    selection=Selection(minimum=Importance.MEDIUM, paths=("lib/**",), no_bots=True),
    quiet=QuietDays.LINE,
    in_thread=True,
)
TOOL = Repo(owner="acme", name="tool")
SITE = Repo(owner="acme", name="Site")


async def begun(followings: DatabaseFollowings, terms: FollowingTerms = TERMS) -> Following:
    following, _ = await followings.follow(terms, NOW)
    await followings.expand(following, [TOOL, SITE], NOW)
    return following


async def test_everything_that_a_following_chooses_is_kept_and_inherited(
    followings: DatabaseFollowings, subscriptions: DatabaseSubscriptions
):
    following = await begun(followings)
    assert following == Following(id=following.id, terms=TERMS, created_at=NOW)
    (stored,) = await followings.of_channel(CHANNEL)
    assert stored == replace(following, checked_at=NOW)
    brought = await subscriptions.of_channel(CHANNEL)
    assert [each.terms for each in brought] == [TERMS.of_repo(SITE), TERMS.of_repo(TOOL)]
    assert {each.membership for each in brought} == {Membership(following=following.id, pattern=ALL)}


async def test_expanding_twice_changes_nothing(followings: DatabaseFollowings):
    following = await begun(followings)
    assert await followings.expand(following, [SITE, TOOL], NOW) == Expansion()


async def test_those_that_were_looked_at_the_longest_ago_come_first(followings: DatabaseFollowings):
    hour = timedelta(hours=1)
    checked = [
        (await followings.follow(replace(TERMS, channel=replace(CHANNEL, id=f"C{number}")), NOW))[0]
        for number in range(4)
    ]
    for number, following in enumerate(checked[1:]):
        await followings.expand(following, [], NOW - number * hour)
    waiting = await followings.unchecked(NOW - hour, 10)
    assert [each.id for each in waiting] == [checked[0].id, checked[3].id, checked[2].id]
    assert [each.id for each in await followings.unchecked(NOW - hour, 1)] == [checked[0].id]
    assert await followings.unchecked(NOW - hour, 1, number=checked[1].id) == []


async def test_a_broken_workspace_breaks_its_followings_and_no_others(
    followings: DatabaseFollowings, subscriptions: DatabaseSubscriptions
):
    abroad = replace(CHANNEL, workspace="T2")
    await begun(followings)
    await begun(followings, replace(TERMS, channel=abroad))
    await subscriptions.mark_workspace_broken(Platform.SLACK, "T1", "The token was revoked.", NOW)
    assert [each.broken for each in await followings.of_channel(CHANNEL)] == ["The token was revoked."]
    assert [each.broken for each in await followings.of_channel(abroad)] == [""]
    assert {each.terms.channel for each in await subscriptions.active()} == {abroad}
    await begun(followings)
    assert [each.broken for each in await subscriptions.of_channel(CHANNEL)] == ["", ""]


async def test_a_workspace_that_is_forgotten_leaves_none(engine: AsyncEngine, followings: DatabaseFollowings):
    await begun(followings)
    await begun(followings, replace(TERMS, channel=replace(CHANNEL, workspace="T2")))
    await DatabaseWorkspaces(engine).forget(Platform.SLACK, "T1")
    async with engine.connect() as connection:
        workspaces = [
            set((await connection.execute(select(each.c.workspace))).scalars()) for each in (followed, subscribed)
        ]
    assert workspaces == [{"T2"}, {"T2"}]


async def test_an_older_version_keeps_what_a_following_has_brought(
    engine: AsyncEngine, followings: DatabaseFollowings, subscriptions: DatabaseSubscriptions
):
    await begun(followings)
    before = await subscriptions.of_channel(CHANNEL)
    await engine.dispose()
    await downgrade(engine, "0008")
    await migrate(engine)
    assert await followings.of_channel(CHANNEL) == []
    assert await subscriptions.of_channel(CHANNEL) == [replace(each, membership=None) for each in before]
