"""The process that holds the long connection, as the bot sees it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from subprocess import PIPE
from typing import Any, Final, Self

from handlers.feishu_connection.lines import LINE_MAX, read, written

#: `-P`, because nothing that lies where the bot was started is to be imported.
_COMMAND: Final = ("-P", "-m", "handlers.feishu_connection.child")


class Process:
    """Started with its orders; told and heard in lines."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout

    @classmethod
    async def start(cls, order: Mapping[str, Any], *, environment: Mapping[str, str]) -> Self:
        """Raises OSError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *_COMMAND,
            stdin=PIPE,
            stdout=PIPE,
            env=environment,
            limit=LINE_MAX,
            start_new_session=True,  # who interrupts the bot at a terminal interrupts the bot
        )
        started = cls(process)
        # Over a pipe, because arguments and environment can be read from outside.
        await started.tell(order)
        return started

    @property
    def pid(self) -> int:
        return self._process.pid

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Says nothing to a process that has ended."""
        with suppress(ConnectionError):
            self._stdin.write(written(message))
            await self._stdin.drain()

    async def messages(self, *, patience: float) -> AsyncIterator[dict[str, Any]]:
        """What the process says, until it ends.

        Raises TimeoutError after `patience` seconds of silence, ValueError if it does not speak in our lines.
        """
        while True:
            async with asyncio.timeout(patience):
                line = await self._stdout.readline()
            if not line:
                return
            yield read(line)

    async def end(self, *, within: float) -> int:
        """The exit code: of its own accord within so many seconds, else killed."""
        self._stdin.close()
        try:
            async with asyncio.timeout(within):
                return await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            return await self._process.wait()
