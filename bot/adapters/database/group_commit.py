"""Writes that are asked for at the same time go into one transaction: committing costs more than writing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

#: Writes of one transaction.
MOST: Final = 100

T = TypeVar("T")
R = TypeVar("R")

#: Writes all of them in the transaction of a connection, and returns what came of each, in their order.
Write = Callable[[AsyncConnection, Sequence[T]], Awaitable[Sequence[R]]]


@dataclass(frozen=True)
class _Asked(Generic[T, R]):
    item: T
    written: "asyncio.Future[R]"


class GroupCommit(Generic[T, R]):
    """While one transaction is under way, what comes waits for the next."""

    def __init__(self, writes: AsyncEngine, write: Write[T, R], *, gather: float = 0.0) -> None:
        """`gather` is for how many seconds a transaction waits for more, where nobody waits for its end."""
        self._writes = writes
        self._write = write
        self._gather = gather
        self._waiting: list[_Asked[T, R]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, item: T) -> R:
        """Returns when it is committed. Raises what SQLAlchemy raises."""
        asked = _Asked[T, R](item, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await asked.written

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                if self._gather and len(self._waiting) < MOST:
                    await asyncio.sleep(self._gather)
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                try:
                    await self._commit(some)
                except Exception:  # noqa: BLE001 - whose fault it was is found out by writing each alone
                    await self._commit_each(some)
        finally:
            self._writing = None

    async def _commit_each(self, some: Sequence[_Asked[T, R]]) -> None:
        for asked in some:
            try:
                await self._commit([asked])
            except Exception as error:  # noqa: BLE001 - it is raised where the write was asked for
                if not asked.written.done():
                    asked.written.set_exception(error)

    async def _commit(self, some: Sequence[_Asked[T, R]]) -> None:
        async with self._writes.begin() as connection:
            results = await self._write(connection, [asked.item for asked in some])
        for asked, result in zip(some, results, strict=True):
            if not asked.written.done():
                asked.written.set_result(result)
