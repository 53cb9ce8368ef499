"""Writes that are asked for at the same time go into one transaction: committing costs more than inserting."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.core.model import Repo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Write:
    statement: Insert
    repo: Repo
    row: Mapping[str, Any]
    written: "asyncio.Future[None]"


class Together:
    """Inserts rows that belong to repositories. While one transaction is under way, what comes waits for the next."""

    def __init__(self, writes: AsyncEngine) -> None:
        self._writes = writes
        self._waiting: list[_Write] = []
        self._writing: asyncio.Task[None] | None = None

    async def insert(self, statement: Insert, repo: Repo, row: Mapping[str, Any]) -> None:
        """Returns when the row, to which its `repository_id` is added, is committed. Raises what SQLAlchemy raises.

        Rows of equal statements should be of one and the same statement, which is then executed once for all of them.
        """
        write = _Write(statement=statement, repo=repo, row=row, written=asyncio.get_running_loop().create_future())
        self._waiting.append(write)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        await write.written

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting, []
                try:
                    await self._write(some)
                except Exception:  # noqa: BLE001 - whose row it was is found out by writing each alone
                    await self._write_each(some)
        finally:
            self._writing = None

    async def _write_each(self, writes: Sequence[_Write]) -> None:
        for write in writes:
            try:
                await self._write([write])
            except Exception as error:  # noqa: BLE001 - it is raised where the row came from
                if not write.written.done():
                    write.written.set_exception(error)

    async def _write(self, writes: Sequence[_Write]) -> None:
        async with self._writes.begin() as connection:
            # In the same order by everybody, so that two that hold several never wait for each other.
            repos = sorted({write.repo for write in writes}, key=lambda repo: repo.key)
            ids = {repo: await repositories.hold(connection, repo) for repo in repos}
            for statement in dict.fromkeys(write.statement for write in writes):
                await _execute(connection, statement, [one for one in writes if one.statement is statement], ids)
        for write in writes:
            if not write.written.done():
                write.written.set_result(None)


async def _execute(
    connection: AsyncConnection, statement: Insert, writes: Sequence[_Write], ids: Mapping[Repo, int]
) -> None:
    await connection.execute(statement, [{**write.row, "repository_id": ids[write.repo]} for write in writes])
