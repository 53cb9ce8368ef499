"""Composes once what many channels are sent in the same minute."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.core.composing import Composing, view_of
from bot.core.ports import Clock
from bot.core.replies import DigestView, RangeView
from bot.core.subscriptions import Delivery

#: For so long a view is posted again as it is. What is not true any more when it is posted is corrected as others are.
KEPT: Final = timedelta(seconds=45)
#: Views in memory; the oldest makes room.
MOST: Final = 64

_View = DigestView | RangeView


@dataclass(frozen=True, slots=True)
class _Composed:
    at: datetime
    task: asyncio.Task[_View]


class ViewCache:
    def __init__(self, *, composing: Composing, now: Clock) -> None:
        self._composing = composing
        self._now = now
        self._composed: dict[Hashable, _Composed] = {}

    async def of(self, delivery: Delivery) -> _View:
        """The very same object for deliveries that are alike. Raises as `view_of` does, which is not remembered."""
        terms = delivery.subscription.terms
        key = (
            terms.repo, terms.zone.key, delivery.first_day, delivery.day,
            terms.selection, terms.in_thread, terms.language,
        )  # fmt: skip
        return await asyncio.shield(self._task(key, delivery))

    def _task(self, key: Hashable, delivery: Delivery) -> asyncio.Task[_View]:
        now = self._now()
        known = self._composed.get(key)
        if known is not None and known.at <= now < known.at + KEPT:
            return known.task
        task = asyncio.create_task(view_of(delivery, self._composing))
        self._composed.pop(key, None)
        self._composed[key] = _Composed(now, task)
        if len(self._composed) > MOST:
            del self._composed[next(iter(self._composed))]
        task.add_done_callback(lambda task: self._ended(key, task))
        return task

    def _ended(self, key: Hashable, task: asyncio.Task[_View]) -> None:
        if task.cancelled() or task.exception() is not None:
            known = self._composed.get(key)
            if known is not None and known.task is task:
                del self._composed[key]
