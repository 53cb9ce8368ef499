"""Days of branches beside each other, and commits once for all of them."""

from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import downgrade, migrate
from bot.adapters.database.leads import DatabaseLeads
from bot.adapters.database.schema import commits, repositories
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.days import Day, Window
from bot.core.model import AnalystKind, Lead, Relation, RelationKind, SealedDay
from bot.core.ports import TipMove
from bot.core.relations import Mention, known_commit
from bot.core.subscriptions import SubscriptionTerms
from tests.fakes import CHANNEL, NOW, REPO, analysis_of, commit, diff_of

pytestmark = pytest.mark.both_databases

RELEASES = replace(REPO, branches="release/*")
CAPITALS = replace(REPO, owner="Octo", branches="Release/*")
DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
GREET = commit("feat: greet (#12)")
WAVE = commit("fix: wave")
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=DAY.zone, subscriber="U1")
WEEK = timedelta(days=7)


def a_day_of(*made: str) -> SealedDay:
    return SealedDay(shas=made, merges=(), sealed_at=NOW)


async def test_a_commit_and_all_that_is_known_of_it_is_the_whole_repository_s(
    archive: DatabaseArchive, engine: AsyncEngine
):
    relation = Relation(kind=RelationKind.REVERTS, sha=WAVE.sha, other_sha=GREET.sha)
    said = {WAVE.sha: [Mention(kind=RelationKind.REVERTS, target="#12")]}
    await archive.save_commit(RELEASES, diff_of(GREET), NOW)
    await archive.save_commit(REPO, diff_of(GREET), NOW + WEEK)
    await archive.save_analysis(RELEASES, analysis_of(GREET), AnalystKind.MODEL, NOW)
    await archive.save_relations(RELEASES, [relation], said)
    for repo in (REPO, RELEASES, CAPITALS):
        assert await archive.unknown(repo, [GREET.sha]) == set()
        assert await archive.commits(repo, [GREET.sha]) == {GREET.sha: GREET}
        assert await archive.diff(repo, GREET.sha) == diff_of(GREET)
        assert await archive.matching(repo, GREET.sha[:7]) == [GREET.sha]
        assert await archive.first_seen(repo, [GREET.sha]) == {GREET.sha: NOW}
        assert await archive.analyses(repo, [GREET.sha], AnalystKind.MODEL) == {GREET.sha: analysis_of(GREET)}
        assert await archive.named(repo, ["#12"]) == [known_commit(diff_of(GREET))]
        assert await archive.known(repo, [GREET.sha]) == {GREET.sha: known_commit(diff_of(GREET))}
        assert await archive.relations(repo, [GREET.sha]) == [relation]
        assert await archive.naming(repo, ["#12"]) == said
    await archive.related(RELEASES, [GREET.sha], NOW)
    assert await archive.unrelated(REPO, [GREET.sha]) == []
    async with engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(commits))).scalar_one() == 1
        assert (await connection.scalars(select(repositories.c.branches))).all() == [""]


async def test_days_tips_and_leads_are_those_of_the_branches(archive: DatabaseArchive, engine: AsyncEngine):
    leads = DatabaseLeads(engine)
    lead = Lead(text="A day.", provenance=analysis_of(GREET).provenance)
    tips = f"release/1={'1' * 40} release/2={'2' * 40}"
    await archive.seal(RELEASES, DAY, a_day_of(GREET.sha), tip=TipMove(before=None, after=tips))
    await leads.save_lead(RELEASES, DAY, lead, NOW)
    for repo in (REPO, CAPITALS):
        assert await archive.sealed(repo, DAY) is None
        assert await archive.sealed_dates(repo, DAY.zone) == frozenset()
        assert await archive.settled(repo, DAY.zone, [GREET.sha]) == {}
        assert await archive.tip(repo, DAY.zone) is None
        assert await leads.lead(repo, DAY, lead.language) is None
    assert await archive.sealed(RELEASES, DAY) == a_day_of(GREET.sha)
    assert await archive.settled(RELEASES, DAY.zone, [GREET.sha]) == {GREET.sha: DAY.date}
    assert await archive.tip(RELEASES, DAY.zone) == tips
    assert await leads.lead(RELEASES, DAY, lead.language) == lead
    assert await archive.seal(REPO, DAY, a_day_of(GREET.sha)) == a_day_of(GREET.sha)


async def test_orphans_of_branches_are_what_stood_in_their_digests(archive: DatabaseArchive):
    for one in (GREET, WAVE):
        await archive.save_commit(REPO, diff_of(one), NOW)
    await archive.seal(REPO, DAY, a_day_of(WAVE.sha))
    await archive.seal(RELEASES, DAY, a_day_of(GREET.sha))
    assert await archive.mark_orphans(RELEASES, NOW - WEEK, [], [], NOW) == 1
    assert await archive.orphans(RELEASES, DAY.zone) == [GREET.sha]
    assert await archive.orphans(REPO, DAY.zone) == []
    assert await archive.mark_orphans(RELEASES, NOW - WEEK, [GREET.sha], [], NOW) == 0
    assert await archive.orphans(RELEASES, DAY.zone) == []
    assert await archive.mark_orphans(RELEASES, NOW, [], [GREET.sha, WAVE.sha], NOW) == 1


async def test_a_commit_of_another_branch_is_no_orphan_of_the_default_one(archive: DatabaseArchive):
    for one in (GREET, WAVE):
        await archive.save_commit(REPO, diff_of(one), NOW)
    await archive.seal(RELEASES, DAY, a_day_of(GREET.sha))
    assert await archive.mark_orphans(REPO, NOW - WEEK, [], [], NOW) == 1  # WAVE
    assert await archive.named(REPO, [GREET.sha, WAVE.sha]) == [known_commit(diff_of(GREET))]
    await archive.seal(REPO, DAY, a_day_of(GREET.sha))
    assert await archive.mark_orphans(REPO, NOW - WEEK, [], [], NOW) == 1  # now that it was on that branch as well
    assert await archive.named(REPO, [GREET.sha]) == [known_commit(diff_of(GREET))]
    await archive.mark_orphans(RELEASES, NOW - WEEK, [], [], NOW)
    assert await archive.named(REPO, [GREET.sha]) == []


async def test_what_is_dated_ahead_is_known_to_every_branch(archive: DatabaseArchive):
    ahead = commit("feat: tomorrow", (NOW + WEEK).isoformat())
    await archive.save_commit(RELEASES, diff_of(ahead), NOW)
    window = Window(since=NOW, until=NOW + timedelta(hours=1))
    for repo in (REPO, RELEASES):
        assert [ref.sha for ref in await archive.dated_ahead(repo, window)] == [ahead.sha]


async def test_a_channel_follows_branches_beside_the_default_one(subscriptions: DatabaseSubscriptions):
    for repo in (RELEASES, REPO, CAPITALS):
        assert (await subscriptions.subscribe(replace(TERMS, repo=repo), NOW))[1]
    assert not (await subscriptions.subscribe(replace(TERMS, repo=RELEASES), NOW))[1]
    assert [one.terms.repo for one in await subscriptions.of_channel(CHANNEL)] == [REPO, CAPITALS, RELEASES]
    (ended,) = await subscriptions.unsubscribe(CHANNEL, RELEASES)
    assert ended.terms.repo == RELEASES
    assert [one.terms.repo for one in await subscriptions.active()] == [REPO, CAPITALS]


async def refer_to_something(connection: AsyncConnection) -> None:
    """All that refers does; SQLite has not watched over that while migrating, and Postgres always does."""
    if connection.dialect.name == "sqlite":
        assert (await connection.execute(text("PRAGMA foreign_key_check"))).all() == []


async def test_going_back_a_version_forgets_branches_and_keeps_everything_else(
    engine: AsyncEngine, archive: DatabaseArchive, subscriptions: DatabaseSubscriptions
):
    await archive.save_commit(REPO, diff_of(GREET), NOW)
    for repo in (REPO, RELEASES):
        await archive.seal(repo, DAY, a_day_of(GREET.sha), tip=TipMove(before=None, after="1" * 40))
        await subscriptions.subscribe(replace(TERMS, repo=repo), NOW)
    await engine.dispose()
    await downgrade(engine, "0003")
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT key FROM repositories"))).all() == [("octo/hello",)]
        await refer_to_something(connection)
    await engine.dispose()
    await migrate(engine)
    async with engine.connect() as connection:
        await refer_to_something(connection)
    assert [one.terms.repo for one in await subscriptions.active()] == [REPO]
    assert await archive.sealed(REPO, DAY) == a_day_of(GREET.sha)
    assert await archive.tip(REPO, DAY.zone) == "1" * 40
    assert await archive.sealed(RELEASES, DAY) is None
    assert await archive.commits(REPO, [GREET.sha]) == {GREET.sha: GREET}
