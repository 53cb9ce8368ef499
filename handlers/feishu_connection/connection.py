"""Feishu's long connection, kept up: a process holds it, and another one takes its place when it fails."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self

import structlog

from handlers.feishu_connection.lines import read
from handlers.feishu_connection.process import Process

#: Events that are received at the same time; those that come meanwhile wait.
_PLACES: Final = 64
_ADVICE: Final = (
    "Check FEISHU_APP_ID, FEISHU_APP_SECRET and FEISHU_DOMAIN, that the app is one that was built for your company, "
    "and that it has fewer than 50 connections."
)

log = structlog.get_logger()

#: Takes an event or a callback (schema 2.0) and returns a callback's answer; raises if it could not be kept.
Receive = Callable[[Mapping[str, Any]], Awaitable[dict[str, Any] | None]]

#: What Feishu is told of an event, with a callback's answer.
Outcome = tuple[HTTPStatus, dict[str, Any] | None]
_KEPT: Final[Outcome] = (HTTPStatus.OK, None)
#: Makes Feishu send an event again, though never a click.
_NOT_KEPT: Final[Outcome] = (HTTPStatus.INTERNAL_SERVER_ERROR, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds."""

    #: Between two signs of life of the process.
    beat: float = 5
    #: Without a sign of life, after which the process is killed.
    silence: float = 30
    #: For the process to connect, besides what the server tells it to wait.
    patience: float = 30
    #: For an event to be received. Feishu wants an answer within 3.
    answer: float = 2.5
    #: For the process to end once it is told to.
    ending: float = 3
    #: Before a process takes the place of one that failed, the first time; twice as long each further time.
    pause: float = 1
    longest_pause: float = 60
    #: After Feishu refused us: somebody has to act first.
    refused_pause: float = 300

    def before_restart(self, end: "End", *, failures: int, chance: float) -> float:
        """`failures` in a row, from 1; `chance` of 0 to 1 keeps many bots from coming at once."""
        if end.reason in {"refused", "broken"}:
            return self.refused_pause * (0.5 + chance)
        return min(self.pause * 2 ** min(failures - 1, 20), self.longest_pause) * (0.5 + chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Why a process holds the connection no more."""

    #: `refused` by Feishu, `broken` if lark-oapi is not as expected, `silent` or `unreachable` if the other end is,
    #: `hung` or `garbled` if the process was, `died` if it said nothing or could not be started.
    reason: str
    said: str = ""


class LongConnection:
    """Relays what Feishu sends to `receive`, many at a time, from `start` to `stop`."""

    def __init__(
        self,
        receive: Receive,
        *,
        app_id: str,
        app_secret: str,
        base_url: str,
        environment: Mapping[str, str],
        pace: Pace | None = None,
    ) -> None:
        """`environment` is what the process sees of ours: proxies and certificates, and nothing secret."""
        self._receive = receive
        self._pace = pace or Pace()
        self._order = {
            "app_id": app_id,
            "app_secret": app_secret,
            "base_url": base_url,
            "beat": self._pace.beat,
            "patience": self._pace.patience,
        }
        self._environment = environment
        self._places = asyncio.Semaphore(_PLACES)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._keeping: asyncio.Task[None] | None = None
        self._failures = 0
        self._trouble = ""
        #: Set while there is a connection.
        self.connected = asyncio.Event()
        #: Of the process, while there is one.
        self.pid: int | None = None

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def start(self, *, after: asyncio.Event | None = None) -> None:
        """Begins to connect, once `after` is set, and does not wait for it."""
        self._keeping = asyncio.create_task(self._keep(after))

    async def stop(self) -> None:
        """Ends the connection once what has come is answered, in seconds. What is not answered, Feishu sends again."""
        await self._finish(self._pace.answer)
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
            self._keeping = None
        for task in self._tasks:
            task.cancel()
        await self._finish(self._pace.ending)

    async def _finish(self, within: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)

    async def _keep(self, after: asyncio.Event | None) -> None:
        if after is not None:
            await after.wait()
        while True:
            try:
                end = await self._hold()
            except Exception as error:
                log.exception("feishu.connection_crashed")
                end = End(reason="died", said=type(error).__name__)
            self.connected.clear()
            self._failures += 1
            pause = self._pace.before_restart(end, failures=self._failures, chance=random.random())  # noqa: S311
            _log_end(end, pause)
            await asyncio.sleep(pause)

    async def _hold(self) -> End:
        """One process, from its start to its end."""
        process = await Process.start(self._order, environment=self._environment)
        self.pid = process.pid
        within = self._pace.ending
        try:
            end = await self._hear(process)
        except TimeoutError:
            end, within = End(reason="hung"), 0
        except ValueError:
            end, within = End(reason="garbled"), 0
        finally:
            self.pid = None
            code = await process.end(within=within)
        return end or End(reason="died", said=f"exit code {code}")

    async def _hear(self, process: Process) -> End | None:
        """Raises TimeoutError and ValueError as `Process.messages` does."""
        async for message in process.messages(patience=self._pace.silence):
            match message:
                case {"kind": "beat", "connected": bool(connected), "trouble": str(trouble)}:
                    self._note(connected, trouble)
                case {"kind": "event" | "card" as kind, "id": int(number), "payload": str(payload)}:
                    self._begin(self._relay(process, number, kind, payload))
                case {"kind": "end", "reason": str(reason), "said": str(said)}:
                    return End(reason=reason, said=said)
                case _:
                    raise ValueError("not one of our lines")
        return None

    def _note(self, connected: bool, trouble: str) -> None:
        if connected and not self.connected.is_set():
            log.info("feishu.connected")
            self._failures = 0
            self.connected.set()
        elif not connected and self.connected.is_set():
            log.warning("feishu.connection_lost")
            self.connected.clear()
        if trouble and trouble != self._trouble:
            log.warning("feishu.not_connected", error=trouble)
        self._trouble = trouble

    def _begin(self, work: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _relay(self, process: Process, number: int, kind: str, payload: str) -> None:
        code, answer = await self._outcome(kind, payload)
        await process.tell({"id": number, "code": code, "answer": answer})

    async def _outcome(self, kind: str, payload: str) -> Outcome:
        try:
            event = read(payload)
        except ValueError:
            log.error("feishu.event_unreadable", kind=kind)
            return _NOT_KEPT
        receiving: asyncio.Task[Outcome] | None = None
        try:
            async with asyncio.timeout(self._pace.answer):
                await self._places.acquire()
                receiving = self._begin(self._received(event))
                # Not ended when it is late: a click comes once, and an event is known by its id when it comes again.
                return await asyncio.shield(receiving)
        except TimeoutError:
            log.warning("feishu.event_late", kind=kind)
            return _KEPT if receiving is not None and _is_click(kind, event) else _NOT_KEPT

    async def _received(self, event: Mapping[str, Any]) -> Outcome:
        try:
            return HTTPStatus.OK, await self._receive(event)
        except Exception:
            log.exception("feishu.event_not_received")
            return _NOT_KEPT
        finally:
            self._places.release()


def _is_click(kind: str, event: Mapping[str, Any]) -> bool:
    """https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication"""
    match event:
        case {"header": {"event_type": "card.action.trigger"}}:
            return True
        case _:
            return kind == "card"


def _log_end(end: End, pause: float) -> None:
    facts = {"reason": end.reason, "said": end.said, "again_in_seconds": round(pause, 1)}
    if end.reason == "refused":
        log.error("feishu.connection_refused", **facts, advice=_ADVICE)
    elif end.reason == "broken":
        log.error("feishu.connection_impossible", **facts)
    else:
        log.warning("feishu.connection_ended", **facts)
