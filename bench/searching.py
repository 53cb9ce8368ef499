"""How long it takes to find commits among 100,000, and a year of days, in SQLite."""

import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from bench.figures import Figure
from bot.adapters.database import repositories
from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.cards import number
from bot.adapters.database.engine import for_writing, migrate, open_database
from bot.adapters.database.folding import folded
from bot.adapters.database.schema import cards, digest_commits, digests
from bot.core.days import Day
from bot.core.model import Repo
from bot.core.ranges import Span

COMMITS: Final = 100_000
COMMITS_A_DAY: Final = 60
REPO: Final = Repo(owner="octo", name="large")
ZONE: Final = ZoneInfo("Asia/Shanghai")
LAST: Final = datetime(2026, 1, 21, 12, tzinfo=UTC)
#: Words of a commit and its analysis.
WORDS: Final = 150
_CHINESE: Final = "的修复性能优化缓存调度路由器内存请求响应配置测试文档接口模型推理批处理并发延迟吞吐"
_BATCH: Final = 2_000

QUESTIONS: Final = {
    "a word in every commit": "commit",
    "two letters, as somebody types": "co",
    "two words in every commit": "commit change",
    "two words, one of them rare": "commit KvRouter7777",
    "an identifier": "kv_router_77",
    "a Chinese word of two characters": "缓存",
    "a Chinese sentence": "修复性能优化缓存调度路由器",
    "a Chinese character": "缓",
    "a pull request": "#77777",
    "a word that nobody wrote": "zzzzzz",
    "the beginning of a path": "lib/llm/src/module_7",
}


async def hundred_thousand(folder: Path) -> Sequence[Figure]:
    engine = open_database(f"sqlite:///{folder / 'large.db'}")
    await migrate(engine)
    started = time.perf_counter()
    async with for_writing(engine).begin() as connection:
        repository_id = await repositories.ensure(connection, REPO)
        await repositories.ensure(connection, Repo(owner="octo", name="other"))
    for rows in _batches(repository_id):
        async with for_writing(engine).begin() as connection:
            for table, values in rows.items():
                await connection.execute(insert(table), values)
    filled = time.perf_counter() - started
    archive, shelves = DatabaseArchive(engine), DatabaseShelves(engine)
    figures = [
        Figure(name=f"{COMMITS:,} cards written", value=filled, unit="s"),
        Figure(name="  the database", value=(folder / "large.db").stat().st_size / 1e6, unit="MB"),
    ]
    for name, question in QUESTIONS.items():
        seconds, (_shas, total) = await _slowest(lambda question=question: archive.search(REPO, question.split(), 20))
        figures.append(Figure(name=f"  {name}: {total:,}", value=seconds * 1e3, unit="ms", limit=100))
    last = Day.containing(LAST, ZONE)
    year = Span(first=last.plus(-364), last=last)
    seconds, _ = await _slowest(lambda: shelves.counts(REPO, year))
    figures.append(Figure(name=f"  a year of {COMMITS_A_DAY} commits a day", value=seconds * 1e3, unit="ms", limit=50))
    seconds, _ = await _slowest(shelves.all)
    figures.append(Figure(name="  all repositories with what they have", value=seconds * 1e3, unit="ms"))
    await engine.dispose()
    return figures


async def _slowest(ask: Callable[[], Awaitable[Any]], times: int = 5) -> tuple[float, Any]:
    """Seconds of the slowest, the first of them with whatever has to be read from the file, and an answer."""
    slowest, answer = 0.0, None
    for _ in range(times):
        started = time.perf_counter()
        answer = await ask()
        slowest = max(slowest, time.perf_counter() - started)
    return slowest, answer


def _batches(repository_id: int) -> Iterator[dict[Any, list[dict[str, Any]]]]:
    """Rows of tables; commits oldest first, `COMMITS_A_DAY` a day."""
    said = random.Random(7)
    vocabulary = [f"word{number}" for number in range(30_000)]
    weights = [1 / (rank + 3) for rank in range(len(vocabulary))]
    sentences = [folded(["".join(said.choices(_CHINESE, k=12))], 1_000) for _ in range(500)]
    first = Day.containing(LAST, ZONE).plus(-(COMMITS - 1) // COMMITS_A_DAY)
    for start in range(0, COMMITS, _BATCH):
        own: list[dict[str, Any]] = []
        listed: list[dict[str, Any]] = []
        days: set[date] = set()
        for index in range(start, start + _BATCH):
            day = first.plus(index // COMMITS_A_DAY)
            sha = sha1(str(index).encode(), usedforsecurity=False).hexdigest()
            at = day.window().since + timedelta(seconds=index % COMMITS_A_DAY)
            texts = (
                f"{sha} commit change #{index} KvRouter{index} kv_router_{index % 1000}",
                f"lib/llm/src/module_{index % 50}/scheduler.rs",
            )
            words = (folded(texts, 1_000), *said.choices(vocabulary, weights, k=WORDS), *said.choices(sentences, k=6))
            key = {"repository_id": repository_id, "sha": sha}
            importance = 1 + index % 3
            own.append(
                {**key, "id": number(repository_id, sha, at), "importance": importance, "words": " ".join(words)}
            )
            listed.append({**key, "zone": ZONE.key, "day": day.date, "importance": importance})
            if index % COMMITS_A_DAY == 0:
                days.add(day.date)
        sealed = {"repository_id": repository_id, "zone": ZONE.key, "shas": [], "merges": [], "late": []}
        yield {
            cards: own,
            digest_commits: listed,
            digests: [{**sealed, "day": day, "sealed_at": LAST} for day in sorted(days)],
        }
