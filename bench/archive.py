"""How fast the archive's pages come, from a bot of one process over a SQLite file, and how large they are."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from aiohttp import ClientError, ClientSession

from bench.figures import Figure
from bench.processes import COMMAND
from bench.rendering import day
from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.engine import migrate, open_database
from bot.core.addresses import Addresses
from bot.core.language import Language
from bot.core.model import AnalystKind, CommitDiff, SealedDay
from bot.core.ranges import Span
from tests.counterparts.processes import free_port

COMMITS = 60
DAYS = 30
RATE = 200
#: More than a page is kept, so that all of them are made anew once.
SECONDS = 75
#: Without a platform the bot does not run; nobody is there.
_PLATFORM = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "hush", "SLACK_API_URL": "http://127.0.0.1:9/api/"}
_DAY = day(COMMITS)
_ADDRESSES = Addresses(zone=_DAY.day.zone, language=Language.EN)


async def pages(folder: Path) -> Sequence[Figure]:
    url = f"sqlite:///{folder}/archive.db"
    await _fill(url)
    async with _bot(url) as address:
        seconds, size = await _one_by_one([f"{address}{path}" for path in _days()])
        await _one_by_one([f"{address}{path}" for path in _mixed()])
        loaded = await asyncio.to_thread(_loaded, [f"{address}{path}" for path in _mixed()])
    what = f"a day page of {COMMITS} commits"
    return [
        Figure(name=f"{what}, never asked for before, over HTTP", value=seconds, unit="s", limit=0.02),
        Figure(name="  over the wire, with its headers", value=size / 1000, unit="kB", limit=150),
        Figure(name=f"{RATE} pages/s of {len(_mixed())} in one process, half", value=_percentile(loaded, 50), unit="s"),
        Figure(name="  99 of 100", value=_percentile(loaded, 99), unit="s", limit=0.1),
    ]


async def _fill(url: str) -> None:
    """Days with the same commits, which are another repository's in each month but cost the same to read."""
    engine = open_database(url)
    await migrate(engine)
    archive, repo = DatabaseArchive(engine), _DAY.repo
    for entry in _DAY.entries:
        patches = {file.path: "@@ -1,2 +1,3 @@\n-old\n+new\n+line\n context" for file in entry.commit.files}
        await archive.save_commit(repo, CommitDiff(commit=entry.commit, patches=patches), _DAY.as_of)
        await archive.save_analysis(repo, entry.analysis, AnalystKind.RULES, _DAY.as_of)
    shas = tuple(entry.commit.sha for entry in _DAY.entries)
    for number in range(DAYS):
        await archive.seal(repo, _DAY.day.plus(-number), SealedDay(shas=shas, merges=(), sealed_at=_DAY.as_of))
    await DatabaseShelves(engine).note_visibility(repo, is_public=True)
    await engine.dispose()


def _days() -> list[str]:
    return [_ADDRESSES.day(_DAY.day.plus(-number), _DAY.repo) for number in range(DAYS)]


def _mixed() -> list[str]:
    """What people open: days most of all, commits, a week, the calendar, and what they search for."""
    repo, week = _DAY.repo, Span(first=_DAY.day.plus(-6), last=_DAY.day)
    commits = [_ADDRESSES.commit(repo, entry.commit.sha) for entry in _DAY.entries[:20]]
    others = [
        _ADDRESSES.repositories(),
        _ADDRESSES.repository(repo),
        _ADDRESSES.search(repo, "kv router"),
        _ADDRESSES.authors(repo, week),
        _ADDRESSES.span(repo, week),
        _ADDRESSES.feed(repo),
    ]
    return [*_days(), *commits, *others]


@asynccontextmanager
async def _bot(url: str) -> AsyncIterator[str]:
    """The address of the bot over that database."""
    port = free_port()
    environment = (
        os.environ | _PLATFORM | {"DATABASE_URL": url, "PORT": str(port), "DIGEST_TIMEZONE": _DAY.day.zone.key}
    )
    with subprocess.Popen([COMMAND, "run"], env=environment, stderr=subprocess.DEVNULL, cwd="/") as process:
        address = f"http://127.0.0.1:{port}"
        try:
            await _until_it_answers(address)
            yield address
        finally:
            process.terminate()


async def _until_it_answers(address: str) -> None:
    async with asyncio.timeout(20), ClientSession() as session:
        while True:
            try:
                async with session.get(f"{address}/healthz"):
                    return
            except ClientError:
                await asyncio.sleep(0.05)


async def _one_by_one(addresses: Sequence[str]) -> tuple[float, int]:
    """Seconds that half of them need at most, and the bytes of the largest. The first loads what all of them use."""
    seconds: list[float] = []
    sizes: list[int] = []
    async with ClientSession(headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as session:
        for address in addresses:
            began = perf_counter()
            async with session.get(address) as answer:
                sizes.append(
                    len(await answer.read()) + sum(len(name) + len(value) + 4 for name, value in answer.raw_headers)
                )
                answer.raise_for_status()
            seconds.append(perf_counter() - began)
    return statistics.median(seconds[1:]), max(sizes)


def _loaded(addresses: Sequence[str]) -> list[float]:
    command = [sys.executable, "-m", "bench.load", str(RATE), str(SECONDS), *addresses]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1]
