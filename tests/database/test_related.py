"""Related commits and corrections in a real database."""

import asyncio
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.engine import downgrade, migrate, open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.schema import commits, deliveries
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.composing import post_of
from bot.core.days import Day
from bot.core.model import KnownCommit, Relation, RelationKind, Repo, SealedDay
from bot.core.relations import Mention, known_commit
from bot.core.subscriptions import SubscriptionTerms
from tests.fakes import CHANNEL, NOW, REPO, claim_due, commit, diff_of

pytestmark = pytest.mark.both_databases

GREET = commit("feat(hello): Greet everybody (#12)")
WAVE = commit("fix: wave")
DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=DAY.zone, subscriber="U1")


async def saved(archive: DatabaseArchive) -> KnownCommit:
    for one in (GREET, WAVE):
        await archive.save_commit(REPO, diff_of(one), NOW)
    return known_commit(diff_of(GREET))


async def test_a_commit_is_found_by_each_of_its_names(archive: DatabaseArchive):
    greet = await saved(archive)
    key = "feat(hello): greet everybody"
    names = ["#12", f"={key}", f"#12={key}", "=feat(hello): greet…", GREET.sha, GREET.sha[:7]]
    for name in names:
        assert await archive.named(REPO, [name]) == [greet], name
    for name in ("#1", "=feat(hello)", "~" + "0" * 40, "0" * 40, "=%…"):
        assert await archive.named(REPO, [name]) == [], name
    assert greet in await archive.named(REPO, [f"~{greet.patch_id}"])
    assert await archive.named(Repo(owner="octo", name="other"), names) == []
    assert len(await archive.named(REPO, [*names, WAVE.sha])) == 2
    assert await archive.known(REPO, [GREET.sha, "f" * 40]) == {GREET.sha: greet}


async def test_names_are_looked_up_in_indexes(archive: DatabaseArchive, engine: AsyncEngine):
    await saved(archive)
    async with engine.connect() as connection:
        for condition in (
            "pull_request IN (12)",
            "subject_key IN ('x')",
            "patch_id IN ('x')",
            "(sha >= 'a' AND sha <= 'b' OR sha >= 'c' AND sha <= 'd')",
            "(subject_key >= 'a' AND subject_key < 'b')",
        ):
            plan = await planned(connection, f"SELECT sha FROM commits WHERE repository_id = 1 AND {condition}")
            assert "SCAN commits" not in plan
            assert "Seq Scan" not in plan
        stale = "stale_since <= '2026-01-21' AND sent_at IS NOT NULL AND due_at <= '2026-01-21'"
        plan = await planned(connection, f"SELECT day FROM deliveries WHERE {stale}")
        assert "ix_deliveries_stale_since" in plan


async def planned(connection: AsyncConnection, query: str) -> str:
    """How the database would go about it, by Postgres's way of thinking if the tables were large."""
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
    return "\n".join(row[-1] for row in await connection.execute(text(f"{explain} {query}")))


async def test_orphans_answer_to_no_name(archive: DatabaseArchive, engine: AsyncEngine):
    await saved(archive)
    async with engine.begin() as connection:
        await connection.execute(update(commits).where(commits.c.sha == GREET.sha).values(orphaned_at=NOW))
    assert await archive.named(REPO, ["#12", GREET.sha]) == []


async def test_relations_come_back_from_both_sides(archive: DatabaseArchive):
    await saved(archive)
    relation = Relation(kind=RelationKind.REVERTS, sha=WAVE.sha, other_sha=GREET.sha)
    said = {WAVE.sha: [Mention(kind=RelationKind.REVERTS, target="#12")]}
    for _again in range(2):
        await archive.save_relations(REPO, [relation], said)
    for shas in ([WAVE.sha], [GREET.sha], [WAVE.sha, GREET.sha]):
        assert await archive.relations(REPO, shas) == [relation]
    assert await archive.relations(REPO, ["f" * 40]) == []
    assert await archive.naming(REPO, ["#12", "#13"]) == said


async def test_what_was_looked_for_is_not_looked_for_again(archive: DatabaseArchive):
    await saved(archive)
    assert await archive.unrelated(REPO, [GREET.sha, WAVE.sha, "f" * 40]) == sorted([GREET.sha, WAVE.sha])
    await archive.related(REPO, [GREET.sha], NOW)
    assert await archive.unrelated(REPO, [GREET.sha, WAVE.sha]) == [WAVE.sha]


async def test_commits_of_an_older_version_get_their_names(archive: DatabaseArchive, engine: AsyncEngine):
    greet = await saved(archive)
    await engine.dispose()
    await downgrade(engine, "0002")
    await migrate(engine)
    (found,) = await archive.named(REPO, ["#12"])
    assert (found.sha, found.subject_key, found.patch_id) == (greet.sha, greet.subject_key, "")
    assert GREET.sha in await archive.unrelated(REPO, [GREET.sha])


async def posted(engine: AsyncEngine, repo: Repo = REPO) -> None:
    """A digest with one of the commits that was delivered."""
    archive, ledger = DatabaseArchive(engine), DatabaseLedger(engine)
    await saved(archive)
    await archive.seal(repo, DAY, SealedDay(shas=(GREET.sha,), merges=(), sealed_at=NOW))
    subscription, _ = await DatabaseSubscriptions(engine).subscribe(replace(TERMS, repo=repo), NOW)
    await ledger.schedule(subscription, DAY.date, DAY.date, NOW)
    (delivery,) = await claim_due(ledger, NOW, NOW + timedelta(minutes=1), 1)
    await ledger.sending(delivery, NOW, NOW + timedelta(minutes=1))
    await ledger.sent(delivery, post_of(delivery, "1.0"), NOW)


async def test_only_digests_in_which_a_commit_stands_are_marked(engine: AsyncEngine):
    await posted(engine)
    corrections = DatabaseCorrections(engine)
    assert await corrections.mark(REPO, [WAVE.sha], NOW) == 0
    assert await corrections.mark(REPO, [], NOW) == 0
    assert await corrections.mark(REPO, [WAVE.sha, GREET.sha], NOW) == 1


async def test_digests_of_all_branches_are_marked(engine: AsyncEngine):
    corrections = DatabaseCorrections(engine)
    for number, branches in enumerate(["", "release/*", "main"], start=1):
        await posted(engine, replace(REPO, branches=branches))
        for repo in (REPO, replace(REPO, branches="release/*")):
            assert await corrections.mark(repo, [GREET.sha], NOW) == number
    assert await corrections.mark(Repo(owner="octo", name="other"), [GREET.sha], NOW) == 0


async def test_only_one_of_many_claims_a_correction(engine: AsyncEngine, database_url: str):
    await posted(engine)
    later = NOW + timedelta(minutes=5)
    await DatabaseCorrections(engine).mark(REPO, [GREET.sha], later)
    engines = [open_database(database_url) for _ in range(4)]
    all_of_them = [DatabaseCorrections(one) for one in engines]
    claimed = await asyncio.gather(*(one.claim(later, later + timedelta(minutes=1), 10) for one in all_of_them))
    assert sorted(map(len, claimed)) == [0, 0, 0, 1]
    await asyncio.gather(*(one.dispose() for one in engines))


async def test_whoever_lost_the_lease_can_write_no_more(engine: AsyncEngine):
    await posted(engine)
    corrections = DatabaseCorrections(engine)
    later = NOW + timedelta(minutes=5)
    await corrections.mark(REPO, [GREET.sha], later)
    (stale,) = await corrections.claim(later, later + timedelta(minutes=1), 1)
    (fresh,) = await corrections.claim(later + timedelta(minutes=1), later + timedelta(minutes=2), 1)
    assert not await corrections.done(stale)
    assert not await corrections.retry(stale, "late", later)
    assert not await corrections.give_up(stale, "late")
    assert (fresh.message, fresh.delivery.sending_since, fresh.delivery.attempts) == ("1.0", NOW, 2)
    assert await corrections.retry(fresh, "outage", later + timedelta(minutes=9))
    assert await corrections.claim(later + timedelta(minutes=8), later + timedelta(minutes=20), 1) == []
    (again,) = await corrections.claim(later + timedelta(minutes=9), later + timedelta(minutes=20), 1)
    assert await corrections.done(again)
    async with engine.connect() as connection:
        row = (await connection.execute(select(deliveries))).one()
    assert (row.state, row.stale_since, row.lease_until, row.message) == ("sent", None, None, "1.0")
