"""Runs in which processes die after steps that chance picks, and others go on: whether anything is lost or doubled.

A process of these runs has the real ledger and archive, and dies within the process that measures: from the step on
that is its last one, nothing that it begins or goes on with gets through to the database or the platforms.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final, Protocol, cast
from zoneinfo import ZoneInfo

import aiosqlite
from sqlalchemy import event

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.engine import open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.errors import DeliveryUncertain, PlatformUnavailable
from bot.core.metering import Unmetered
from bot.core.ports import Messenger
from bot.core.rounds import Rounds
from bot.core.steps import Step
from bot.core.subscriptions import Channel, Platform, Selection, SubscriptionTerms
from tests.fakes import REPO, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, commit, service

NINE: Final = datetime(2026, 1, 22, 9, tzinfo=UTC)
DAYS: Final = 2
#: Minutes after nine at which the clock ticks: leases end, and what a platform refused is tried again.
TICKS: Final = (0, 1, 4, 8, 15, 30)
#: And when all is to have arrived, by a process that does not die.
LAST_TICKS: Final = (60, 180, 300)
#: Which steps are counted until a process dies, and to how many: of all, or only of those into the instant in which a
#: platform has taken a message and nobody has noted it.
DEATHS: Final[Sequence[tuple[Collection[Step], int]]] = ((tuple(Step), 60), ((Step.POSTED,), 4))


class World(Protocol):
    """The platforms of one run."""

    @property
    def channels(self) -> Sequence[Channel]:
        """Those that subscribe."""
        ...

    @property
    def messengers(self) -> Mapping[Platform, Messenger]: ...

    async def arrived(self) -> Counter[tuple[str, str]]:
        """How many messages about which day stand in which channel, by its id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    deaths: int
    lost: Sequence[tuple[str, str]]
    doubled: Sequence[tuple[str, str]]


Death = tuple[Collection[Step], int]
NEVER: Final[Death] = ((), 1)


class _Died(BaseException):
    """Whoever is dead gets no further."""


_OF_PROCESS: Final = ContextVar["Process | None"]("process", default=None)


def _task(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **how: Any) -> "asyncio.Task[Any]":
    """Remembers with each process what it has begun."""
    task = asyncio.Task(work, loop=loop, **how)
    if (process := _OF_PROCESS.get()) is not None:
        tasks = process.closing if work.__qualname__ == "AsyncConnection.close" else process.tasks
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    return task


class Process(Unmetered):
    """Implements `Meter`, by which it learns of its last step."""

    def __init__(
        self,
        database: str,
        messengers: Mapping[Platform, Messenger],
        clock: FakeClock,
        source: FakeSource,
        death: "Death",
    ) -> None:
        self._counted, self._left = death
        self.is_dead = False
        self._died = asyncio.Event()
        self.tasks: set[asyncio.Task[Any]] = set()
        #: SQLAlchemy's, which give connections back.
        self.closing: set[asyncio.Task[Any]] = set()
        self._connections: list[aiosqlite.Connection] = []
        self._engine = open_database(database)
        for name in ("before_cursor_execute", "commit"):
            event.listen(self._engine.sync_engine, name, self._check)
        event.listen(self._engine.sync_engine, "connect", self._connected)
        self.rounds: Rounds = service(
            source=source,
            analyst=FakeAnalyst(),
            archive=DatabaseArchive(self._engine),
            now=clock,
            subscriptions=DatabaseSubscriptions(self._engine),
            ledger=DatabaseLedger(self._engine),
            corrections=DatabaseCorrections(self._engine),
            posts=DatabasePosts(self._engine),
            messengers={name: _line(messenger, self) for name, messenger in messengers.items()},
            meter=self,
        ).rounds

    def reached(self, step: Step) -> None:
        self._left -= step in self._counted
        if self._left == 0:
            self.is_dead = True
            self._died.set()
        self._check()

    def _check(self, *_: object) -> None:
        if self.is_dead:
            raise _Died

    async def call(self, method: Any, *arguments: Any, **named: Any) -> Any:
        """Of a messenger: what a platform has taken stays there, also when who sent it has died meanwhile."""
        self._check()
        await asyncio.sleep(0)
        answer = await method(*arguments, **named)
        self._check()
        return answer

    async def tick(self) -> None:
        _OF_PROCESS.set(self)
        tick, died = asyncio.create_task(self._tick()), asyncio.create_task(self._died.wait())
        await asyncio.wait({tick, died}, return_when=asyncio.FIRST_COMPLETED)
        died.cancel()
        if self.is_dead:
            await self.end()
        else:
            tick.result()

    async def _tick(self) -> None:
        await self.rounds.tick()
        await self.rounds.finish()

    def _connected(self, connection: Any, _record: object) -> None:
        self._connections.append(connection.driver_connection)

    async def end(self) -> None:
        """As the operating system does it: what waits for ever ends, and so does every transaction."""
        while self.tasks:
            for task in self.tasks:
                task.cancel()
            await asyncio.wait(self.tasks, timeout=0.1)  # some wait for each other, and are told again
        if self.closing:
            await asyncio.wait(self.closing)
        await self._engine.dispose()
        for connection in self._connections:
            await connection.close()


def _line(messenger: Messenger, process: Process) -> Messenger:
    """What a process has to a platform."""

    class Line:
        def __getattr__(self, name: str) -> Any:
            method = getattr(messenger, name)
            if name in {"post", "update", "tell", "find"}:
                return lambda *arguments, **named: process.call(method, *arguments, **named)
            return method

    return cast("Messenger", Line())


class Fakes:
    """Platforms that keep what they take, and sometimes refuse it, or lose the answer."""

    def __init__(self, chance: Random) -> None:
        self._messenger = _Moody(chance)
        self.channels = [
            Channel(platform=platform, workspace=workspace, id=name)
            for platform, workspace, name in (
                (Platform.SLACK, "T1", "C1"),
                (Platform.SLACK, "T1", "C2"),
                (Platform.SLACK, "T2", "C3"),
                (Platform.FEISHU, "F1", "oc_1"),
            )
        ]
        self.messengers: Mapping[Platform, Messenger] = dict.fromkeys(
            (Platform.SLACK, Platform.FEISHU), self._messenger
        )

    async def arrived(self) -> Counter[tuple[str, str]]:
        return Counter((channel.id, key.split(":")[1]) for channel, _, key in self._messenger.posted)


class _Moody(FakeMessenger):
    def __init__(self, chance: Random) -> None:
        super().__init__()
        self._chance = chance

    async def post(self, *arguments: Any, **named: Any) -> str:
        mood = self._chance.random()
        if mood < 0.05:
            raise PlatformUnavailable
        posted = await super().post(*arguments, **named)
        if mood > 0.95:
            raise DeliveryUncertain
        return posted


async def crashed(migrated_file: Path, folder: Path, world: World, chance: Random) -> Outcome:
    """One run over a copy of the database; `folder` is its own."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # what the dead leave behind
    loop.set_task_factory(cast("Any", _task))
    database = f"sqlite:///{shutil.copy(migrated_file, folder / 'digest.db')}"
    await _subscribed(database, world, chance)
    clock, source = FakeClock(), FakeSource(_commits(chance))
    processes: list[Process] = []
    deaths = 0

    def born(death: Death) -> Process:
        return Process(database, world.messengers, clock, source, death)

    for day in range(DAYS):
        for minutes in (*TICKS, *LAST_TICKS):
            clock.now = NINE + timedelta(days=day, minutes=minutes)
            if minutes == LAST_TICKS[0]:
                processes.append(born(NEVER))
            elif not processes or chance.random() < 0.2:
                counted, most = chance.choice(DEATHS)
                processes.append(born((counted, chance.randint(1, most))))
            await asyncio.gather(*(process.tick() for process in processes))
            deaths += sum(process.is_dead for process in processes)
            processes = [process for process in processes if not process.is_dead]
    for process in processes:
        await process.end()
    return _outcome(await world.arrived(), world, deaths)


def _outcome(arrived: Counter[tuple[str, str]], world: World, deaths: int) -> Outcome:
    days = [str((NINE + timedelta(days=day - 1)).date()) for day in range(DAYS)]
    due = {(channel.id, day) for channel in world.channels for day in days}
    return Outcome(
        deaths=deaths,
        lost=sorted(due - arrived.keys()),
        doubled=sorted(key for key, number in arrived.items() if number > 1),
    )


async def _subscribed(database: str, world: World, chance: Random) -> None:
    engine = open_database(database)
    subscriptions = DatabaseSubscriptions(engine)
    for channel in world.channels:
        terms = SubscriptionTerms(
            channel=channel,
            repo=REPO,
            at=time(9, chance.choice((0, 0, 2))),
            zone=ZoneInfo("UTC"),
            subscriber="U1",
            selection=chance.choice((Selection(), Selection(paths=("src/",)))),
        )
        await subscriptions.subscribe(terms, NINE - timedelta(hours=1))
    await engine.dispose()


def _commits(chance: Random) -> Sequence[Any]:
    """Of each day some, oldest first."""
    return [
        commit(f"feat: day {day}, {number}", f"2026-01-{21 + day}T0{number}:00:00+00:00")
        for day in range(DAYS)
        for number in range(1, chance.randint(2, 4))
    ]
