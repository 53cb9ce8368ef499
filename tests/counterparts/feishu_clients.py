"""Clients of the fake of Feishu that nobody here wrote, as processes which are spoken with in lines of JSON."""

import asyncio
import contextlib
import json
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import IO, Any

from tests.counterparts import node
from tests.counterparts.feishu import FakeFeishu

HERE = Path(__file__).parent
#: Python with NoneBot, which does not fit beside Feishu's own packages.
NONEBOT = HERE.parents[1] / ".venv" / "nonebot" / "bin" / "python"
#: Seconds. The largest of them takes ten to import when nothing is cached.
PATIENCE = 60.0
_STOP_SECONDS = 5.0
#: Characters of what it printed.
_ERRORS_MAX = 3000


class Client:
    """A process; what it says that is no JSON (logs of the libraries) is passed over."""

    def __init__(self, process: Process, errors: IO[bytes]) -> None:
        self._process, self._errors = process, errors

    async def ask(self, said: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said).encode() + b"\n")
        await self._process.stdin.drain()

    async def line(self) -> Any:
        """The next thing it says. Raises AssertionError with its errors if it ends instead, and TimeoutError."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := await self._process.stdout.readline():
                with contextlib.suppress(ValueError):
                    return json.loads(line)
        self._errors.seek(0)
        raise AssertionError(f"it ended: {self._errors.read().decode(errors='replace')[:_ERRORS_MAX]}")


def of_node() -> list[str]:
    return [str(node.binary()), "feishu_node_client.mjs"]


def of_python(module: str) -> list[str]:
    return [sys.executable, "-W", "ignore", f"{module}.py"]


def of_nonebot() -> list[str]:
    return [str(NONEBOT), "feishu_nonebot.py"]


@contextlib.asynccontextmanager
async def client(command: Sequence[str], feishu: FakeFeishu, mode: str, **more: Any) -> AsyncIterator[Client]:
    """The process with the app's credentials, until the block ends."""
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=HERE, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
        started = Client(process, errors)
        try:
            await started.ask({"mode": mode, **_app(feishu), **more})
            yield started
        finally:
            await _stop(process)


def _app(feishu: FakeFeishu) -> dict[str, str]:
    return {
        "url": feishu.url,
        "app_id": feishu.app_id,
        "app_secret": feishu.app_secret,
        "encrypt_key": feishu.encrypt_key,
        "verification_token": feishu.verification_token,
    }


async def _stop(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
