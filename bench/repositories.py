"""A night in which a thousand repositories have twenty commits each: how long it takes beside the model's own time.

The commits are in memory, since no clone and no host is measured here; all else is real: SQLite, the model's adapter
over HTTP, what is asked and checked of each commit, the ledger. A digest is posted into a channel that costs nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from bench.figures import Figure
from bench.posting import counts, platform_process
from bench.stage import LATENCY
from bot import prompts
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.stores import stores
from bot.adapters.openai import OpenAIModel
from bot.core.analyst import ModelAnalyst, Prompts
from bot.core.metering import UNMETERED
from bot.core.model import CommitDiff, Repo
from bot.core.service import Defaults, Instructions, Service, assemble
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from tests.fakes import FakeClock, FakeMessenger, FakeSource, commit

REPOSITORIES: Final = 1_000
COMMITS: Final = 20
IN_FLIGHT: Final = 64
NINE: Final = datetime.fromisoformat("2026-01-22T09:00:00+00:00")
#: Beside the ideal time.
MOST: Final = 1.15


async def night(folder: Path) -> Sequence[Figure]:
    return await _night(folder, REPOSITORIES)


async def short_night(folder: Path) -> Sequence[Figure]:
    return await _night(folder, REPOSITORIES // 20)


async def _night(folder: Path, repositories: int) -> Sequence[Figure]:
    engine = open_database(f"sqlite:///{folder}/bench.db")
    await migrate(engine)
    async with platform_process(LATENCY) as address:
        model = _model(engine, address)
        clock, messenger = FakeClock(NINE - timedelta(hours=1)), FakeMessenger()
        service = _service(engine, model, clock, messenger)
        await _subscribe(engine, repositories)
        await model.warm_up()
        clock.now = NINE
        cost = await _until_delivered(service)
        made = await counts(address, "model")
        await model.close()
    await engine.dispose()
    calls = made["analyses"] + made["leads"]
    ideal = (repositories * (COMMITS + 1)) * LATENCY / IN_FLIGHT
    name = f"{repositories} repositories with {COMMITS} commits, {LATENCY} s a call, {IN_FLIGHT} at once"
    return [
        Figure(name=f"{name}: time", value=cost.wall, unit="s"),
        Figure(name="  beside the ideal time", value=cost.wall / ideal, unit="", limit=MOST),
        Figure(name="  calls of the model for each commit, with leads", value=calls / repositories / COMMITS, unit=""),
        Figure(name="  digests that arrived nowhere", value=repositories - len(messenger.posted), unit="", limit=0),
        Figure(name="  CPU of the bot for a commit", value=1000 * cost.cpu / repositories / COMMITS, unit="ms"),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cost:
    """In seconds."""

    cpu: float
    wall: float


async def _until_delivered(service: Service) -> _Cost:
    began, worked = time.perf_counter(), time.process_time()
    await service.rounds.tick()
    await service.rounds.finish()
    return _Cost(cpu=time.process_time() - worked, wall=time.perf_counter() - began)


class _Source(FakeSource):
    """Commits that differ between repositories, as their SHAs do."""

    async def read(self, repo: Repo, shas: Sequence[str]):
        for sha in shas:
            each = next(each for each in self.commits if each.sha == sha)
            yield CommitDiff(commit=each, patches={"src/hello.py": _PATCH})


_PATCH: Final = "@@ -1,40 +1,80 @@\n" + "".join(
    f"-def greet_{line}():\n-    return {line}\n+def greet_{line}():\n+    return {line + 1}\n" for line in range(40)
)


def _source() -> _Source:
    return _Source(
        [
            commit(f"feat: greet {number} (#{number + 1})", f"2026-01-21T0{number // 10 + 6}:{number % 10:02}:00+00:00",
                   sha=sha1(f"{number}".encode()).hexdigest())
            for number in range(COMMITS)
        ]
    )  # fmt: skip


def _model(engine: AsyncEngine, address: str) -> OpenAIModel:
    return OpenAIModel(
        api_key="a-key",
        base_url=f"{address}/v1",
        model="counterpart-1",
        memory=DatabaseModelMemory(engine),
        now=lambda: NINE,
        max_in_flight=IN_FLIGHT,
    )


def _service(engine: AsyncEngine, model: OpenAIModel, clock: FakeClock, messenger: FakeMessenger) -> Service:
    source = _source()
    asked = Prompts(**{name: prompts.read(name) for name in ("analysis", "reduction", "repair")})
    return assemble(
        stores=stores(engine),
        source=source,
        analyst=ModelAnalyst(model=model, source=source, prompts=asked),
        model=model,
        memory=DatabaseModelMemory(engine),
        messengers={Platform.SLACK: messenger},
        instructions=Instructions(**{name: prompts.read(name) for name in ("translation", "lead", "question")}),
        defaults=Defaults(repo=_repo(0), zone=ZoneInfo("UTC")),
        now=clock,
        meter=UNMETERED,
    )


def _repo(number: int) -> Repo:
    return Repo(owner="octo", name=f"hello-{number}")


async def _subscribe(engine: AsyncEngine, repositories: int) -> None:
    subscriptions = stores(engine).subscriptions
    for number in range(repositories):
        terms = SubscriptionTerms(
            channel=Channel(platform=Platform.SLACK, workspace=f"T{number % 40}", id=f"C{number}"),
            repo=_repo(number),
            at=NINE.time(),
            zone=ZoneInfo("UTC"),
            subscriber="U1",
        )
        await subscriptions.subscribe(terms, NINE - timedelta(hours=1))
