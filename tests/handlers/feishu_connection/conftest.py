"""A long connection to the fake of Feishu, held by a real process, and whoever receives what comes over it."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from handlers.feishu_connection.connection import LongConnection, Pace
from tests.counterparts.feishu import FakeFeishu

#: Seconds within which a test has to get somewhere, on a busy machine.
PATIENCE = 60.0
#: Nothing that a test waits for takes long, and nothing that it does not wait for happens.
BRISK = Pace(beat=0.1, pause=0.01, longest_pause=0.01, refused_pause=0.01)
_INHERITED = ("PATH", "HOME", "COVERAGE_PROCESS_CONFIG")


class Receiver:
    """Keeps what it receives; what a test says happens to an event by its id, else nothing."""

    def __init__(self) -> None:
        self.events: list[Mapping[str, Any]] = []
        self._behaviour: dict[str, Callable[[], Awaitable[dict[str, Any] | None]]] = {}

    def when(self, event_id: str, behave: Callable[[], Awaitable[dict[str, Any] | None]]) -> None:
        self._behaviour[event_id] = behave

    def answer(self, event_id: str, answer: dict[str, Any]) -> None:
        async def at_once() -> dict[str, Any]:
            return answer

        self.when(event_id, at_once)

    async def receive(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        self.events.append(event)
        behave = self._behaviour.get(event["header"]["event_id"])
        return await behave() if behave is not None else None


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """What was logged, as a list that grows."""
    with capture_logs() as written:
        yield written


def connection(feishu: FakeFeishu, receiver: Receiver, *, pace: Pace = BRISK, **changes: Any) -> LongConnection:
    given: dict[str, Any] = {
        "app_id": feishu.app_id,
        "app_secret": feishu.app_secret,
        "base_url": feishu.url,
        "environment": {name: os.environ[name] for name in _INHERITED if name in os.environ},
    }
    return LongConnection(receiver.receive, pace=pace, **(given | changes))


@asynccontextmanager
async def connected(
    feishu: FakeFeishu, receiver: Receiver, *, pace: Pace = BRISK, **changes: Any
) -> AsyncIterator[LongConnection]:
    """Once Feishu has accepted it."""
    async with asyncio.timeout(PATIENCE), connection(feishu, receiver, pace=pace, **changes) as held:
        await held.connected.wait()
        yield held


def event(event_id: str, event_type: str = "im.message.receive_v1", **said: Any) -> dict[str, Any]:
    return {"schema": "2.0", "header": {"event_id": event_id, "event_type": event_type}, "event": said}


def click(event_id: str) -> dict[str, Any]:
    return event(event_id, "card.action.trigger", action={"value": {"do": "more"}})


async def logged(log: list[Any], name: str, times: int = 1) -> list[Any]:
    """The log lines of that name, once there are so many."""
    async with asyncio.timeout(PATIENCE):
        while len(found := [line for line in log if line["event"] == name]) < times:
            await asyncio.sleep(0.01)
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def gone(pid: int) -> None:
    """Until the process has ended."""
    async with asyncio.timeout(PATIENCE):
        while is_alive(pid):
            await asyncio.sleep(0.01)
