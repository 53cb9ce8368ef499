"""Composes once what many channels are sent in the same minute."""

import asyncio
from datetime import timedelta
from typing import Final

from bot.core.composing import Composing, view_of
from bot.core.ports import Clock
from bot.core.recent import Recent
from bot.core.replies import DigestView, RangeView
from bot.core.subscriptions import Delivery

#: For so long a view is posted again as it is. What is not true any more when it is posted is corrected as others are.
KEPT: Final = timedelta(seconds=45)
#: Views in memory; the oldest makes room.
MOST: Final = 64

_View = DigestView | RangeView


class ViewCache:
    def __init__(self, *, composing: Composing, now: Clock) -> None:
        self._composing = composing
        self._composed = Recent[asyncio.Task[_View]](now=now, kept=KEPT, most=MOST)

    async def of(self, delivery: Delivery) -> _View:
        """The very same object for deliveries that are alike. Raises as `view_of` does, which is not remembered."""
        terms = delivery.subscription.terms
        key = (
            terms.repo, terms.zone.key, delivery.first_day, delivery.day,
            terms.selection, terms.in_thread, terms.language,
        )  # fmt: skip
        task = self._composed.get(key)
        if task is None or _has_failed(task):
            task = asyncio.create_task(view_of(delivery, self._composing))
            task.add_done_callback(_has_failed)  # seen, even when everybody who waited has left
            self._composed.keep(key, task)
        return await asyncio.shield(task)


def _has_failed(task: asyncio.Task[_View]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
