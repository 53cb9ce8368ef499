import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, date, time, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import DatabaseUnreachable, downgrade, migrate, open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.schema import commits, digest_commits, metadata
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.days import Day
from bot.core.model import AnalystKind, Commit, CommitDiff, SealedDay
from bot.core.subscriptions import SubscriptionTerms
from tests.counterparts.postgres import Postgres
from tests.counterparts.processes import free_port
from tests.fakes import CHANNEL, NOW, REPO, analysis_of, claim_due, commit, diff_of

pytestmark = pytest.mark.both_databases

COMMIT = commit("feat: greet")
DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=DAY.zone, subscriber="U1")


async def test_the_migrations_make_the_very_tables_that_the_code_uses(engine: AsyncEngine):
    def differences(connection: Connection) -> list[object]:
        options = {"include_object": lambda _object, name, *_rest: not _is_index_of_words(name)}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def _is_index_of_words(name: str | None) -> bool:
    """Which SQLAlchemy knows nothing of. What FTS5 keeps are tables, too: https://www.sqlite.org/fts5.html"""
    return name is not None and name.startswith("cards_index")


async def test_migrations_go_back_to_nothing_and_forward_again(engine: AsyncEngine):
    async def tables() -> set[str]:
        async with engine.connect() as connection:
            names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        return {name for name in names if name != "alembic_version" and not _is_index_of_words(name)}

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
    assert [delivery.day for delivery in await claim_due(ledger, NOW, NOW + timedelta(minutes=1), 10)] == [DAY.date]
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


async def test_a_server_that_is_not_there_or_refuses_is_told_without_its_password(postgres_server: Postgres):
    nowhere = open_database(f"postgresql://ada:hush@127.0.0.1:{free_port()}/digest")
    with pytest.raises(DatabaseUnreachable, match=r"cannot be reached: .*Connect call failed"):
        await migrate(nowhere)
    await nowhere.dispose()
    missing = open_database(postgres_server.address("missing"))
    with pytest.raises(DatabaseUnreachable) as refusal:
        await migrate(missing)
    assert str(refusal.value) == 'The database cannot be reached: database "missing" does not exist.'
    await missing.dispose()


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


async def test_texts_are_compared_by_code_points(engine: AsyncEngine):
    """As ranges of beginnings need it, whatever language the server speaks; SQLite does nothing else."""
    collations = "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_schema = 'public' "
    others = f"{collations} AND data_type IN ('text', 'character varying') AND table_name <> 'alembic_version'"
    if engine.dialect.name == "postgresql":
        async with engine.connect() as connection:
            assert (await connection.scalars(text(others))).all() == ["C"]


async def test_what_no_text_may_hold_is_looked_for_all_the_same(archive: DatabaseArchive):
    nasty = commit("fix: end\x00of\x00text " + "long " * 200)
    await archive.save_commit(REPO, diff_of(nasty), NOW)
    await archive.save_analysis(REPO, analysis_of(nasty), AnalystKind.MODEL, NOW)
    assert await archive.search(REPO, ["END\x00OF"], 5) == ([nasty.sha], 1)
    assert await archive.matching(REPO, "\x00") == []


async def test_a_sha_is_found_by_its_beginning_and_wildcards_are_characters(archive: DatabaseArchive):
    await archive.save_commit(REPO, diff_of(COMMIT), NOW)
    assert await archive.matching(REPO, COMMIT.sha[:4]) == [COMMIT.sha]
    assert await archive.matching(REPO, COMMIT.sha[:4].upper()) == [COMMIT.sha]
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
    claimed = await asyncio.gather(*(claim_due(ledger, NOW, NOW + timedelta(minutes=1), 10) for ledger in ledgers))
    assert sorted(len(deliveries) for deliveries in claimed) == [0, 0, 0, 1]
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_many_that_claim_at_once_share_what_is_due(database_url: str, subscriptions: DatabaseSubscriptions):
    engines = [open_database(database_url) for _ in range(4)]
    ledgers = [DatabaseLedger(engine) for engine in engines]
    for number in range(40):
        channel = replace(CHANNEL, id=f"C{number}")
        subscription, _ = await subscriptions.subscribe(replace(TERMS, channel=channel), NOW)
        await ledgers[0].schedule(subscription, DAY.date, DAY.date, NOW)
    claimed: list[int] = []
    while any(some := await asyncio.gather(*(claim_due(each, NOW, NOW + timedelta(minutes=1), 3) for each in ledgers))):
        assert all(len(deliveries) <= 3 for deliveries in some)
        claimed += [delivery.subscription.id for deliveries in some for delivery in deliveries]
    assert len(claimed) == len(set(claimed)) == 40
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_of_many_that_seal_a_day_at_once_one_counts_for_all(database_url: str):
    engines = [open_database(database_url) for _ in range(4)]
    days = [SealedDay(shas=(f"{number:040x}",), merges=(), sealed_at=NOW) for number in range(8)]
    sealed = await asyncio.gather(
        *(DatabaseArchive(engines[number % 4]).seal(REPO, DAY, day) for number, day in enumerate(days))
    )
    assert len(set(sealed)) == 1
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_a_commit_stands_in_one_of_the_days_that_are_sealed_at_once(database_url: str):
    engines = [open_database(database_url) for _ in range(4)]
    days = [Day(date=DAY.date + timedelta(days=number), zone=DAY.zone) for number in range(8)]
    both = SealedDay(shas=("a" * 40,), merges=("b" * 40,), sealed_at=NOW)
    sealed = await asyncio.gather(
        *(DatabaseArchive(engines[number % 4]).seal(REPO, day, both) for number, day in enumerate(days))
    )
    assert sorted(len(day.shas + day.merges) for day in sealed) == [0] * 7 + [2]
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_of_many_that_subscribe_a_channel_at_once_one_is_told_that_it_is_new(database_url: str):
    engines = [open_database(database_url) for _ in range(4)]
    answers = await asyncio.gather(*(DatabaseSubscriptions(engine).subscribe(TERMS, NOW) for engine in engines))
    assert sorted(is_new for _, is_new in answers) == [False, False, False, True]
    assert len({subscription.id for subscription, _ in answers}) == 1
    ended = await asyncio.gather(*(DatabaseSubscriptions(engine).unsubscribe(CHANNEL, None) for engine in engines))
    assert sorted(map(len, ended)) == [0, 0, 0, 1]
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_many_processes_that_write_the_same_in_another_order_do_not_wait_for_ever(database_url: str):
    engines = [open_database(database_url) for _ in range(4)]
    archives = [DatabaseArchive(engine) for engine in engines]
    written = [commit(f"feat: {number}") for number in range(60)]
    repos = [replace(REPO, name=f"hello-{number}") for number in range(3)]

    async def write(archive: DatabaseArchive, order: list[Commit]) -> None:
        await asyncio.gather(*(archive.save_commit(repo, diff_of(one), NOW) for one in order for repo in repos))
        for repo in repos:
            await archive.related(repo, [one.sha for one in order], NOW)
            await archive.mark_orphans(repo, NOW, [], [one.sha for one in order], NOW)

    await asyncio.gather(*(write(archives[number], written[:: 1 - 2 * (number % 2)]) for number in range(4)))
    for repo in repos:
        assert await archives[0].unknown(repo, [one.sha for one in written]) == set()
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def test_many_processes_that_migrate_at_once_wait_for_each_other(engine: AsyncEngine, database_url: str):
    await downgrade(engine)
    engines = [open_database(database_url) for _ in range(4)]
    await asyncio.gather(*(migrate(one) for one in engines))
    async with engine.connect() as connection:
        assert (await connection.scalars(select(commits.c.sha))).all() == []
    await asyncio.gather(*(one.dispose() for one in engines))


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
    assert await claim_due(ledger, NOW, NOW + timedelta(minutes=1), 10) == []
