"""How long is kept what nobody asks for any more. Days, their analyses and subscriptions are kept for ever.

`bot/settings.py` says what stops working when something is forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

import structlog

from bot.core.ports import Clock

#: How long it is known what platforms have sent us: longer than they repeat it, which Feishu does for seven hours.
#: https://open.feishu.cn/document/ukTMukTMukTM/uUTNz4SN1MjL1UzM
RECEIVED: Final = timedelta(hours=24)
#: Rows that go in one transaction, so that others need not wait long.
BATCH: Final = 1_000
SWEEPS_EVERY: Final = timedelta(days=1)

log = structlog.get_logger()


class Forgettable(StrEnum):
    """What is forgotten after some time, each by an instant of its own."""

    #: Ended ones, by when they were due; but the newest of each subscription, from which its next digest reaches back.
    DELIVERIES = "deliveries"
    #: By when they were posted.
    POSTS = "posts"
    MODEL_CALLS = "model_calls"
    #: The changes of commits that are analysed, by when they were read; the commits themselves are kept.
    DIFFS = "diffs"
    #: What platforms have sent us, with the keys by which it is known again.
    INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long each is kept; None is for ever."""

    deliveries: timedelta | None = None
    posts: timedelta | None = None
    model_calls: timedelta | None = None
    diffs: timedelta | None = None
    inbox: timedelta = RECEIVED

    def oldest(self, now: datetime) -> Mapping[Forgettable, datetime]:
        """The instant before which each is forgotten; what is kept for ever is missing."""
        spans = {what: getattr(self, what.value) for what in Forgettable}
        return {what: now - span for what, span in spans.items() if span is not None}


class Forgetting(Protocol):
    async def forget(self, what: Forgettable, before: datetime, limit: int) -> int:
        """Deletes at most so many from before that instant; returns how many. Fewer than `limit`: none is left.

        Never what is due, uncertain, being worked on or to be corrected.
        """
        ...


class Sweeping:
    """Forgets what is older than the operator wants it. Any number of processes may, over one database."""

    def __init__(self, *, forgetting: Forgetting, retention: Retention, now: Clock) -> None:
        self._forgetting = forgetting
        self._retention = retention
        self._now = now
        self._swept_at: datetime | None = None

    async def tick(self) -> None:
        """Sweeps if this process has not for a day. For the clock, which calls it as often as it likes.

        Raises what goes wrong, and then sweeps the next time.
        """
        now = self._now()
        if self._swept_at is None or now - self._swept_at >= SWEEPS_EVERY:
            await self.sweep(now)
            self._swept_at = now

    async def sweep(self, now: datetime) -> Mapping[Forgettable, int]:
        """How many of each were forgotten."""
        oldest = self._retention.oldest(now)
        forgotten = {what: await self._forget(what, before) for what, before in oldest.items()}
        log.info("retention.swept", **{what.value: number for what, number in forgotten.items()})
        return forgotten

    async def _forget(self, what: Forgettable, before: datetime) -> int:
        total = 0
        while True:
            forgotten = await self._forgetting.forget(what, before, BATCH)
            total += forgotten
            if forgotten < BATCH:
                return total
