"""A dead man's switch: somebody else notices when we fall silent, as https://healthchecks.io does.

Asked with aiohttp, since httpx would write the address into its log, and the address is a secret.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.core.pacing import Stopwatch

#: Seconds between two pings, and for an answer.
INTERVAL: Final = 60
TIMEOUT: Final = 5

#: What is wrong, in one line without secrets; empty if nothing is.
Trouble = Callable[[], Awaitable[str]]

log = structlog.get_logger()


class Ping:
    """Says to an address that all is well, and nothing while something is not."""

    def __init__(self, url: str, *, clock: Stopwatch = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._next = float("-inf")
        self._under_way: set[asyncio.Task[None]] = set()

    def send(self, trouble: Trouble | None = None) -> None:
        """Asks the address, at most once an INTERVAL, and waits for nothing. That it failed is only logged.

        If there is `trouble`, the address is not asked.
        """
        now = self._clock()
        if now < self._next:
            return
        self._next = now + INTERVAL
        task = asyncio.create_task(self._ask(trouble))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self) -> None:
        """Waits for an answer that is under way."""
        if self._under_way:
            await asyncio.wait(self._under_way)

    async def _ask(self, trouble: Trouble | None) -> None:
        if trouble is not None and (reason := await trouble()):
            log.warning("ping.withheld", reason=reason)
            return
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=TIMEOUT), trust_env=True) as session,
                session.get(self._url) as answer,
            ):
                if answer.status >= 400:
                    log.warning("ping.refused", status=answer.status)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning("ping.failed", error=type(error).__name__)  # whose text may have the address
