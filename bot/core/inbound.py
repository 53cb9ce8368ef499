"""What a platform sends us: dealt with once by all processes together, and taken up by another where one ends.

It is kept before it is acknowledged. Who has it renews its lease for as long as it is being dealt with; a lease that
ends is that of a process which does not live any more.
"""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

import structlog

from bot.core.errors import BotError
from bot.core.ports import Clock, Inbox, Received
from bot.core.subscriptions import Platform
from bot.core.underway import GRACE, Underway

#: Seconds that keeping may take, tries and all; platforms give up after 3.
KEPT_WITHIN: Final = 2.0
#: Seconds between tries: a server that is started anew, or a lock, is over in moments.
TRIES_EVERY: Final = 0.2
#: How long what a process has is left alone, unless that process says that it goes on.
LEASE: Final = timedelta(seconds=30)
#: Seconds, a small part of the lease.
SWEEPS_EVERY: Final = 5.0
#: How many are taken up by one process at a time, so that all that live share what one has left.
TAKEN_AT_ONCE: Final = 10
#: Who has waited longer than that for an answer is surprised by one. Feishu repeats an event up to seven hours later:
#: https://open.feishu.cn/document/ukTMukTMukTM/uUTNz4SN1MjL1UzM
ANSWERED_WITHIN: Final = timedelta(minutes=10)

log = structlog.get_logger()


class NotKept(BotError):
    """My database does not answer. Please try again in a minute."""

    retry = True


class Inbound:
    """Of one platform. `take_up` begins to deal with what another process has left: it has to `hold` or `settle` it."""

    def __init__(
        self,
        inbox: Inbox,
        platform: Platform,
        *,
        take_up: Callable[[Received], Coroutine[Any, Any, None]],
        underway: Underway,
        now: Clock,
    ) -> None:
        self._inbox = inbox
        self._platform = platform
        self._take_up = take_up
        self._underway = underway
        self._now = now
        #: What this process has, by its number.
        self._held: dict[int, Received] = {}
        #: Those of it that are dealt with, which the database does not know yet.
        self._dealt_with: set[int] = set()
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Takes up what has been left behind, and from now on what will be."""
        await self._swept()
        self._sweeping = asyncio.create_task(self._keep_sweeping())

    async def finish(self, within: float = GRACE) -> None:
        """Waits for what is under way, but not for long; what is left is taken up by another process at once."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        await self._underway.finish(within)
        if self._held:
            with suppress(Exception):  # its lease ends all the same
                await self._inbox.lease(self._held, self._now())

    async def keep(self, keys: Collection[str], payload: str | None) -> Received | None:
        """None if somebody has it already. Without a payload nobody takes it up, and it is known from now on.

        Raises NotKept after KEPT_WITHIN seconds. It may have been kept nevertheless, and is taken up in that case.
        """
        keeping = asyncio.create_task(self._kept(keys, payload))
        await asyncio.wait([keeping], timeout=KEPT_WITHIN)
        if keeping.done():
            return keeping.result()
        self._underway.add(keeping)
        log.warning("inbox.slow", platform=self._platform.value)
        raise NotKept

    def hold(self, received: Received, work: asyncio.Task[None]) -> None:
        """It is dealt with when that task ends; if it is cancelled, by another process."""
        self._held[received.id] = received
        self._underway.add(work)
        work.add_done_callback(partial(self._ended, received))

    async def settle(self, received: Received) -> None:
        """It is dealt with."""
        try:
            await self._inbox.done(received)
        except Exception:
            log.exception("inbox.not_settled", platform=self._platform.value)
            self._held[received.id] = received
            self._dealt_with.add(received.id)
        else:
            self._held.pop(received.id, None)
            self._dealt_with.discard(received.id)

    async def sweep(self) -> None:
        """Says what is still being dealt with, and takes up what nobody deals with any more."""
        for number in tuple(self._dealt_with):
            await self.settle(self._held[number])
        now = self._now()
        if self._held:
            await self._inbox.lease(self._held, now + LEASE)
        left = await self._inbox.take(
            self._platform, now, now + LEASE, since=now - ANSWERED_WITHIN, limit=TAKEN_AT_ONCE
        )
        if left:
            log.info("inbox.taken_up", platform=self._platform.value, number=len(left))
        for received in left:
            self._underway.add(asyncio.create_task(self._take_up(received)))

    async def _kept(self, keys: Collection[str], payload: str | None) -> Received | None:
        loop = asyncio.get_running_loop()
        ends = loop.time() + KEPT_WITHIN - TRIES_EVERY
        while True:
            now = self._now()
            try:
                return await self._inbox.receive(self._platform, keys, payload, now, lease_until=now + LEASE)
            except Exception as error:
                log.warning("inbox.not_kept", platform=self._platform.value, exc_info=error)
                if loop.time() >= ends:
                    raise NotKept from error
                await asyncio.sleep(TRIES_EVERY)

    def _ended(self, received: Received, work: asyncio.Task[None]) -> None:
        """A crash would come again; what a stopped process leaves is not dealt with."""
        if not work.cancelled():
            self._underway.add(asyncio.create_task(self.settle(received)))

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(SWEEPS_EVERY)
            await self._swept()

    async def _swept(self) -> None:
        try:
            await self.sweep()
        except Exception:
            log.exception("inbox.not_swept", platform=self._platform.value)
