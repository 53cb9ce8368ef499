import asyncio
import sqlite3
from datetime import UTC, date, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import downgrade, migrate, open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.schema import commits, digest_commits, metadata
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.days import Day
from bot.core.model import AnalystKind, CommitDiff, SealedDay
from bot.core.subscriptions import SubscriptionTerms
from tests.fakes import CHANNEL, NOW, REPO, analysis_of, commit, diff_of

COMMIT = commit("feat: greet")
DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=DAY.zone, subscriber="U1")


async def test_the_migrations_make_the_very_tables_that_the_code_uses(engine: AsyncEngine):
    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrations_go_back_to_nothing_and_forward_again(engine: AsyncEngine):
    async def tables() -> set[str]:
        async with engine.connect() as connection:
            return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names())) - {"alembic_version"}

    await downgrade(engine)
    assert await tables() == set()
    await migrate(engine)
    assert await tables() == set(metadata.tables)


async def test_what_is_stored_survives_going_back_a_version_and_forward_again(
    engine: AsyncEngine, archive: DatabaseArchive, subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger
):
    subscription, _ = await subscriptions.subscribe(TERMS, NOW)
    await ledger.schedule(subscription, DAY.date, DAY.date, NOW)
    await archive.save_commit(REPO, diff_of(COMMIT), NOW)
    await archive.save_analysis(REPO, analysis_of(COMMIT), AnalystKind.MODEL, NOW)
    sealed = await archive.seal(REPO, DAY, SealedDay(shas=(COMMIT.sha,), merges=(), sealed_at=NOW))
    await engine.dispose()
    await downgrade(engine, "0001")
    await migrate(engine)
    assert list(await subscriptions.active()) == [subscription]
    assert [delivery.day for delivery in await ledger.claim(NOW, NOW + timedelta(minutes=1), 10)] == [DAY.date]
    assert await archive.analyses(REPO, [COMMIT.sha], AnalystKind.MODEL) == {COMMIT.sha: analysis_of(COMMIT)}
    assert await archive.sealed(REPO, DAY) == sealed
    async with engine.connect() as connection:
        assert (await connection.execute(select(digest_commits.c.sha, digest_commits.c.day))).all() == [
            (COMMIT.sha, DAY.date)
        ]


async def test_a_new_database_is_made_with_its_folder(tmp_path: Path):
    engine = open_database(f"sqlite:///{tmp_path}/not/there/yet.db")
    await migrate(engine)
    await engine.dispose()
    with sqlite3.connect(tmp_path / "not/there/yet.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_commit_comes_back_as_it_went_in(archive: DatabaseArchive):
    nasty = commit("fix: \u202e\U0001f600 \x00 <!channel>", files=())
    diff = CommitDiff(commit=nasty, patches={'a\tb"c.py': "@@ -1 +1 @@\n-\x00\n+é"})
    await archive.save_commit(REPO, diff, NOW)
    assert await archive.diff(REPO, nasty.sha) == diff
    assert await archive.commits(REPO, [nasty.sha, "f" * 40]) == {nasty.sha: nasty}
    assert await archive.unknown(REPO, [nasty.sha, "f" * 40]) == {"f" * 40}


async def test_a_commit_stored_again_changes_nothing(archive: DatabaseArchive, engine: AsyncEngine):
    await archive.save_commit(REPO, diff_of(COMMIT), NOW)
    await archive.save_commit(REPO, CommitDiff(commit=COMMIT, patches={}), NOW + timedelta(days=1))
    assert await archive.diff(REPO, COMMIT.sha) == diff_of(COMMIT)
    async with engine.connect() as connection:
        assert (await connection.scalars(select(commits.c.first_seen_at))).all() == [NOW]


async def test_an_instant_without_a_zone_is_refused(engine: AsyncEngine):
    statement = select(commits).where(commits.c.committed_at == NOW.replace(tzinfo=None))
    async with engine.connect() as connection:
        with pytest.raises(StatementError, match="needs a time zone"):
            await connection.execute(statement)


async def test_an_instant_of_any_zone_comes_back_in_utc(archive: DatabaseArchive, engine: AsyncEngine):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-8)))
    await archive.save_commit(REPO, diff_of(COMMIT), elsewhere)
    async with engine.connect() as connection:
        (stored,) = await connection.scalars(select(commits.c.first_seen_at))
    assert (stored, stored.tzinfo) == (NOW, UTC)


async def test_more_commits_than_a_statement_takes_are_asked_for_in_several(archive: DatabaseArchive):
    shas = [f"{number:040x}" for number in range(33_000)]
    assert await archive.unknown(REPO, shas) == set(shas)


async def test_a_sha_is_found_by_its_beginning_and_wildcards_are_characters(archive: DatabaseArchive):
    await archive.save_commit(REPO, diff_of(COMMIT), NOW)
    assert await archive.matching(REPO, COMMIT.sha[:4]) == [COMMIT.sha]
    assert await archive.matching(REPO, "%") == []


async def test_the_model_s_analysis_is_shown_rather_than_one_by_rules(archive: DatabaseArchive):
    by_model, by_rules = analysis_of(COMMIT), analysis_of(COMMIT, AnalystKind.RULES)
    await archive.save_analysis(REPO, by_model, AnalystKind.MODEL, NOW)
    await archive.save_analysis(REPO, by_rules, AnalystKind.RULES, NOW + timedelta(hours=1))
    for requested in AnalystKind:
        assert await archive.analyses(REPO, [COMMIT.sha], requested) == {COMMIT.sha: by_model}


async def test_the_first_seal_of_a_day_counts(archive: DatabaseArchive):
    first = SealedDay(shas=("a" * 40,), merges=(), sealed_at=NOW)
    assert await archive.sealed(REPO, DAY) is None
    assert await archive.seal(REPO, DAY, first) == first
    assert await archive.seal(REPO, DAY, SealedDay(shas=(), merges=(), sealed_at=NOW)) == first
    assert await archive.sealed(REPO, Day(date=DAY.date, zone=ZoneInfo("UTC"))) is None


async def test_many_processes_that_write_at_once_wait_for_each_other(database_url: str):
    engines = [open_database(database_url) for _ in range(4)]
    archives = [DatabaseArchive(engine) for engine in engines]
    written = [commit(f"feat: {number}") for number in range(40)]
    await asyncio.gather(
        *(archives[number % 4].save_commit(REPO, diff_of(one), NOW) for number, one in enumerate(written))
    )
    assert await archives[0].unknown(REPO, [one.sha for one in written]) == set()
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_only_one_of_many_adds_and_claims_a_delivery(database_url: str, subscriptions: DatabaseSubscriptions):
    subscription, _ = await subscriptions.subscribe(TERMS, NOW)
    engines = [open_database(database_url) for _ in range(4)]
    ledgers = [DatabaseLedger(engine) for engine in engines]
    added = await asyncio.gather(*(ledger.schedule(subscription, DAY.date, DAY.date, NOW) for ledger in ledgers))
    assert sorted(added) == [False, False, False, True]
    claimed = await asyncio.gather(*(ledger.claim(NOW, NOW + timedelta(minutes=1), 10) for ledger in ledgers))
    assert sorted(len(deliveries) for deliveries in claimed) == [0, 0, 0, 1]
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_a_subscription_that_was_ended_meanwhile_is_not_scheduled(
    subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger
):
    subscription, _ = await subscriptions.subscribe(TERMS, NOW)
    await subscriptions.unsubscribe(CHANNEL, REPO)
    assert not await ledger.schedule(subscription, DAY.date, DAY.date, NOW)


async def test_ending_a_subscription_ends_its_deliveries(subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger):
    subscription, _ = await subscriptions.subscribe(TERMS, NOW)
    await ledger.schedule(subscription, DAY.date, DAY.date, NOW)
    await subscriptions.unsubscribe(CHANNEL, None)
    assert await ledger.claim(NOW, NOW + timedelta(minutes=1), 10) == []
