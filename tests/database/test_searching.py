"""Commits are found by their words, in both databases alike."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import downgrade, migrate
from bot.adapters.database.folding import Sought, folded, sought
from bot.core.days import Day
from bot.core.model import (
    AnalystKind,
    ChangeType,
    Commit,
    FileChange,
    FileStatus,
    Language,
    Person,
    Repo,
    SealedDay,
    Statement,
)
from tests.fakes import NOW, REPO, analysis_of, commit, diff_of

pytestmark = pytest.mark.both_databases

DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))

ROUTER = commit(
    "perf(router): keep KvRouter warm (#1234)",
    "2026-01-21T08:00:00+00:00",
    author=Person(name="Ada Lovelace", email="ada@example.org"),
    files=(
        FileChange(path="lib/llm/src/kv_router/scheduler.rs", status=FileStatus.MODIFIED, additions=1, deletions=1),
    ),
)
CACHE = commit("fix: --max-batch is obeyed", "2026-01-21T07:00:00+00:00", files=())
OTHER = Repo(owner="octo", name="other")


async def keep(archive: DatabaseArchive, commit: Commit, *sentences: str, repo: Repo = REPO) -> None:
    analysis = replace(
        analysis_of(commit),
        types=(ChangeType.PERFORMANCE,),
        summary=tuple(Statement(text=sentence) for sentence in sentences),
    )
    await archive.save_commit(repo, diff_of(commit), NOW)
    await archive.save_analysis(repo, analysis, AnalystKind.MODEL, NOW)


async def translate(archive: DatabaseArchive, commit: Commit, headline: str) -> None:
    translated = replace(analysis_of(commit), headline=headline, language=Language.ZH, translated_from=Language.EN)
    await archive.save_analysis(REPO, translated, AnalystKind.MODEL, NOW)


async def found(archive: DatabaseArchive, words: str, repo: Repo = REPO) -> list[str]:
    shas, total = await archive.search(repo, words.split(), 20)
    assert total == len(shas)
    return list(shas)


@pytest.fixture
async def shelf(archive: DatabaseArchive) -> DatabaseArchive:
    await keep(archive, ROUTER, "Requests reach a worker whose cache is warm.")
    await translate(archive, ROUTER, "路由器的性能优化，缓存命中率更高")
    await keep(archive, CACHE, "The limit of 0.8.1 counts.")
    return archive


@pytest.mark.parametrize(
    "words",
    [
        "KvRouter", "kv_router", "kvrouter", "KV-ROUTER", "router", "kv", "Kv_Rou", "router warm", "WARM Router",
        "缓存", "性能优化", "命中率", "优化 KvRouter", "缓", "ＫｖＲｏｕｔｅｒ",
        "Lovelace", "ada love", "1234", "#1234",
        "lib/llm/src", "scheduler.rs", "kv_router/scheduler.rs", "lib/llm/src/kv_router/sched", "src/kv_router",
        ROUTER.sha, ROUTER.sha[:9], ROUTER.sha[:9].upper(), f"{ROUTER.sha[:12]} router",
    ],
)  # fmt: skip
async def test_a_commit_is_found_by_what_people_call_it(shelf: DatabaseArchive, words: str):
    assert await found(shelf, words) == [ROUTER.sha]


@pytest.mark.parametrize("words", ["--max-batch", "max_batch", "MaxBatch", "batch", "--max-ba", "0.8.1", "0.8"])
async def test_options_and_versions_are_words(shelf: DatabaseArchive, words: str):
    assert await found(shelf, words) == [CACHE.sha]


@pytest.mark.parametrize(
    "words",
    [
        "warm batch", "#123", "#12345", "warmer", "route warm", "优存", "缓存 batch", "outer", "example.org",
        "zzz", "性能缓存化",
    ],
)  # fmt: skip
async def test_all_words_must_stand_there_and_only_the_last_may_go_on(shelf: DatabaseArchive, words: str):
    assert await found(shelf, words) == []


async def test_the_newest_come_first_and_all_are_counted(archive: DatabaseArchive):
    commits = [commit(f"docs: chapter {number}", f"2026-01-21T08:{number:02}:00+00:00") for number in range(30)]
    for one in commits[::2] + commits[1::2]:
        await keep(archive, one)
    newest_first = [one.sha for one in reversed(commits)]
    assert await archive.search(REPO, ["chapter"], 20) == (newest_first[:20], 30)
    assert await archive.search(REPO, ["chapter"], 20, skip=20) == (newest_first[20:], 30)
    assert await archive.search(REPO, ["chapter"], 20, skip=40) == ([], 30)


async def test_a_repository_finds_its_own_commits_only(shelf: DatabaseArchive):
    await keep(shelf, replace(ROUTER, message="feat: elsewhere"), repo=OTHER)
    assert await found(shelf, "elsewhere") == []
    assert await found(shelf, "elsewhere", OTHER) == [ROUTER.sha]
    assert await found(shelf, "elsewhere", Repo(owner="octo", name="nowhere")) == []
    assert await found(shelf, "warm", REPO.with_branches("release/*")) == [ROUTER.sha]


async def test_numbers_of_repositories_are_no_words(shelf: DatabaseArchive):
    """The index has them beside the words."""
    for number in range(1, 5):
        assert await found(shelf, f"{number} warm") == []


async def test_an_analysis_that_was_replaced_is_not_found_by_its_words_any_more(shelf: DatabaseArchive):
    await keep(shelf, ROUTER, "Nothing of the kind.")
    assert await found(shelf, "worker") == []
    assert await found(shelf, "nothing kind") == [ROUTER.sha]


async def test_a_commit_that_is_stored_after_its_analysis_is_found_by_both(archive: DatabaseArchive):
    await archive.save_analysis(REPO, analysis_of(CACHE), AnalystKind.MODEL, NOW)
    assert await found(archive, "about") == []
    await archive.save_commit(REPO, diff_of(CACHE), NOW)
    assert await found(archive, "about batch") == [CACHE.sha]


async def test_orphans_are_not_found_until_they_are_back(shelf: DatabaseArchive):
    since = ROUTER.committed_at - timedelta(days=1)
    await shelf.mark_orphans(REPO, since, [CACHE.sha], [ROUTER.sha], NOW)
    assert await found(shelf, "warm") == []
    await keep(shelf, ROUTER, "It is still warm.")
    assert await found(shelf, "warm") == []
    await shelf.mark_orphans(REPO, since, [CACHE.sha, ROUTER.sha], [], NOW)
    assert await found(shelf, "still warm") == [ROUTER.sha]


HOSTILE = [
    "'", '"', '"warm', "warm'", "warm AND batch", "warm OR batch", "NOT warm", "NEAR(warm batch)", "words:warm",
    "repository_id:1", "-warm", "^warm", "warm*", "*", "%", "_", "\\", "warm\\", "(", "((((", "a" * 10_000,
    "warm " * 2_000, "\x00", "warm\x00", "🎉", "🎉 warm", "缓" * 10_000, "warm & batch", "warm | batch", "!warm",
    "warm:*", "<->", "'warm' <-> 'x'", "warm; DROP TABLE cards", "\ud800", "ﷺ" * 1_000, "́", "½", "#", "##", "#-1",
    "warm\u2028batch", "ı İ ß ﬁ", "\u202ewarm",
]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
async def test_whatever_is_asked_is_words_and_no_order(shelf: DatabaseArchive, words: str):
    either = {ROUTER.sha, CACHE.sha}
    assert set(await found(shelf, words)) <= either
    assert set((await shelf.search(REPO, [words], 5))[0]) <= either


async def test_operators_of_neither_database_are_operators(shelf: DatabaseArchive):
    assert await found(shelf, "warm OR batch") == []
    assert await found(shelf, "warm | batch") == []
    assert await found(shelf, "NOT batch") == []
    assert await found(shelf, "!batch") == [CACHE.sha]
    assert await found(shelf, "warm NEAR") == []
    assert await found(shelf, "war") == [ROUTER.sha]
    assert await found(shelf, "war*") == await found(shelf, "war:*") == []


async def test_what_was_stored_before_there_was_an_index_is_found(engine: AsyncEngine, shelf: DatabaseArchive):
    many = [commit(f"docs: chapter {number}") for number in range(600)]
    await asyncio.gather(*(keep(shelf, one) for one in many))
    gone = commit("feat: gone")
    await keep(shelf, gone)
    await shelf.mark_orphans(REPO, NOW, [], [gone.sha], NOW)
    await shelf.seal(
        REPO, DAY, SealedDay(shas=(ROUTER.sha, "1" * 40), merges=("2" * 40,), sealed_at=NOW), repeats=["3" * 40]
    )
    before = await _rows(engine)
    await engine.dispose()
    await downgrade(engine, "0011")
    await migrate(engine)
    assert await _rows(engine) == before
    assert await found(shelf, "KvRouter 缓存") == [ROUTER.sha]
    assert (await shelf.search(REPO, ["chapter"], 1))[1] == len(many)
    assert await found(shelf, "gone") == []
    await keep(shelf, ROUTER, "Another sentence.")
    assert await found(shelf, "another sentence") == [ROUTER.sha]
    assert await found(shelf, "worker") == []


async def _rows(engine: AsyncEngine) -> list[object]:
    cards = "SELECT id, repository_id, sha, importance, words FROM cards ORDER BY id"
    listed = "SELECT zone, sha, day, importance FROM digest_commits ORDER BY sha"
    async with engine.connect() as connection:
        return [tuple(row) for query in (cards, listed) for row in await connection.execute(text(query))]


# Whatever is written


PIECES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(
        ["KvRouter", "kv_router", "--max-batch", "性能优化", "缓存", "#1234", "v0.8.1", "lib/llm.rs", "HTTPServer2"]
    ),
)
TEXTS = st.lists(PIECES, max_size=8).map(" ".join)


def stands(words: str, indexed: str) -> bool:
    """What both databases are asked, by the simplest means."""
    there = indexed.split(" ")
    return all(
        any(one.startswith(word) if goes_on else one == word for one in there) for word, goes_on in sought(words)
    )


@given(TEXTS)
@example("İ ß ﬁ ½ ﷺ")
def test_what_is_indexed_is_found_by_each_of_its_words(text: str):
    indexed = folded([text], 60_000)
    for word in text.split():
        assert stands(word, indexed), word
        assert stands(word.upper().lower() if word.isascii() else word, indexed), word


@given(TEXTS)
def test_what_is_indexed_is_letters_and_digits_between_spaces(text: str):
    for word in folded([text], 60_000).split(" "):
        assert '"' not in word
        assert "'" not in word
        assert "\\" not in word
        assert len(word) <= 64


def test_a_text_that_is_cut_is_cut_between_words():
    assert folded(["one two three"], 8) == "one two"
    assert folded(["one two"], 7) == "one two"
    assert folded(["缓" * 100, "x" * 100], 100) == f"缓 缓缓 {'x' * 64}"


def test_the_end_of_what_is_typed_may_go_on():
    assert sought("fix kv_router Sched") == (Sought("fix", False), Sought("kvrouter", True), Sought("sched", True))
    assert sought("fix ") == (Sought("fix", False),)
    assert sought("性能 #12") == (Sought("性能", False), Sought("#12", False))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=TEXTS, number=st.integers(0, 10**6))
async def test_either_database_finds_whatever_was_written(archive: DatabaseArchive, words: str, number: int):
    """In English and Chinese: a sentence of the analysis, and its translation's headline."""
    one = commit(f"feat: number {number}")
    await keep(archive, one, words)
    await translate(archive, one, f"关于编号{number}")
    for word in (*words.split(), f"编号{number}", "关于"):
        shas, total = await archive.search(REPO, [word], 100)
        assert (one.sha in shas or total > 100) == bool(sought(word)), word
