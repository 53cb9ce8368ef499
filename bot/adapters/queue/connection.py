"""A connection that lasts: when the server ends it, another one takes its place, and nobody who uses it notices."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import Relay
from pgqueuer.core.tm import TaskManager
from pgqueuer.ports.driver import Driver, NotifyCallback

#: Seconds after which a server that says nothing counts as gone. No statement of the queue takes long.
SILENCE: Final = 30
#: Seconds between attempts to connect again: the first pause, doubled from one to the next, and the longest.
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0

#: What a statement raises when its connection ends under it; it may or may not have been done.
_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,  # a TimeoutError is one
)
_UNREACHABLE: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)

T = TypeVar("T")
log = structlog.get_logger()


class Closed(Exception):
    """The connection was closed by us, as everything stops."""


class LastingConnection(Driver):
    """Implements PgQueuer's `Driver`; a statement that a lost connection leaves in doubt is done again.

    That is harmless to the queue: what is enqueued twice is there once, what is taken twice is given up by whoever
    does not know of it, and what was noted as done is noted again.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._listeners: list[tuple[str, NotifyCallback]] = []
        self._closing = asyncio.Event()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in await self._ask(lambda connection: connection.fetch(query, *args))]

    async def execute(self, query: str, *args: object) -> str:
        return await self._ask(lambda connection: connection.execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        await self._ask(lambda connection: connection.add_listener(channel, Relay(callback)))
        self._listeners.append((channel, callback))

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._listeners.remove((channel, callback))
        await self._ask(lambda connection: connection.remove_listener(channel, Relay(callback)))

    @property
    def shutdown(self) -> asyncio.Event:
        return self._closing

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> "LastingConnection":
        """It opens when it is first used, and is closed by `close` alone: users of it write on as they end."""
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def close(self) -> None:
        """Who waits for an answer hears `Closed` instead."""
        self._closing.set()
        async with self._one_at_a_time:
            if self._connection is not None:
                self._connection.terminate()

    async def _ask(self, ask: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        while True:
            async with self._one_at_a_time:
                connection = await self._open()
                try:
                    return await ask(connection)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                    if not (isinstance(error, _LOST) or connection.is_closed()):
                        raise
                    log.warning("queue.disconnected", reason=str(error) or type(error).__name__)
                    connection.terminate()

    async def _open(self) -> asyncpg.Connection:
        if self._closing.is_set():
            raise Closed
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connected()
        return self._connection

    async def _connected(self) -> asyncpg.Connection:
        pause = FIRST_PAUSE
        while not self._closing.is_set():
            try:
                return await self._connect()
            except _UNREACHABLE as error:
                log.debug("queue.unreachable", reason=str(error), seconds=pause)
            await self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise Closed

    async def _connect(self) -> asyncpg.Connection:
        connection: Any = await asyncpg.connect(self._url, timeout=SILENCE, command_timeout=SILENCE)
        for channel, callback in self._listeners:
            await connection.add_listener(channel, Relay(callback))
        log.info("queue.connected")
        return connection

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return


class Share(Driver):
    """What one of several queue managers uses of a connection: when it ends, it no longer listens."""

    def __init__(self, connection: LastingConnection) -> None:
        self._connection = connection
        self._listeners: list[tuple[str, NotifyCallback]] = []
        self.fetch = connection.fetch
        self.execute = connection.execute
        self.notify = connection.notify

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        self._listeners.append((channel, callback))
        await self._connection.add_listener(channel, callback)

    @property
    def shutdown(self) -> asyncio.Event:
        return self._connection.shutdown

    @property
    def tm(self) -> TaskManager:
        return TaskManager()

    async def __aenter__(self) -> "Share":
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._listeners:
            await self._connection.remove_listener(*self._listeners.pop())
