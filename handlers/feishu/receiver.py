"""The one way in: keeps what Feishu tells us, so that it is answered once, and answers clicks at once."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from bot.core.errors import BotError
from bot.core.ports import Clock, Inbox, Received
from bot.core.subscriptions import Platform
from bot.core.underway import GRACE, Underway
from handlers.feishu.clicks import Clicks
from handlers.feishu.events import (
    CLICK,
    IGNORED,
    Added,
    Ended,
    Entered,
    Happened,
    MenuKey,
    Message,
    decode,
    type_of,
)
from handlers.feishu.lifecycle import Lifecycle
from handlers.feishu.messages import Messages
from handlers.feishu.services import Services

#: Who has waited longer than that for an answer is surprised by one. Feishu repeats an event up to seven hours later:
#: https://open.feishu.cn/document/ukTMukTMukTM/uUTNz4SN1MjL1UzM
ANSWERED_WITHIN: Final = timedelta(minutes=10)
#: How long it is known what was received: longer than Feishu repeats it.
REMEMBERED_FOR: Final = timedelta(hours=24)
FORGETS_EVERY: Final = timedelta(hours=1)

log = structlog.get_logger()


class Receiver:
    def __init__(
        self,
        services: Services,
        *,
        clicks: Clicks,
        lifecycle: Lifecycle,
        inbox: Inbox,
        underway: Underway,
        now: Clock,
    ) -> None:
        self._services = services
        self._messages = Messages(services)
        self._clicks = clicks
        self._lifecycle = lifecycle
        self._inbox = inbox
        self._underway = underway
        self._now = now
        self._forgets_at: datetime | None = None

    async def start(self) -> None:
        """Begins to deal with what an earlier process has received and not dealt with."""
        left = await self._inbox.unfinished(Platform.FEISHU, self._now() - ANSWERED_WITHIN)
        if left:
            self._underway.add(asyncio.create_task(self._take_up(left)))

    async def receive(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Keeps the event, which is verified and of schema 2.0, and deals with it afterwards; a click is answered.

        Raises if it could not be kept, so that Feishu has to repeat it.
        """
        kind = type_of(event)
        if kind == CLICK:
            return await self._clicks.answer(event)
        if kind in IGNORED:
            return None
        happened = decode(event, us=await self._services.feishu.us())
        if happened is None or self._is_too_old(happened):
            return None
        received = await self._inbox.receive(Platform.FEISHU, _keys(happened), json.dumps(event), self._now())
        if received is not None:
            self._begin(received, happened)
        return None

    async def finish(self, within: float = GRACE) -> None:
        """Waits for what is under way, but not for long; what is left is taken up by the next process."""
        await self._underway.finish(within)

    async def _take_up(self, left: Sequence[Received]) -> None:
        try:
            us = await self._services.feishu.us()
        except BotError as error:
            log.warning("feishu.not_taken_up", number=len(left), error=str(error))
            return
        log.info("feishu.taken_up", number=len(left))
        for received in left:
            self._begin(received, decode(json.loads(received.payload), us=us))

    def _is_too_old(self, happened: Happened) -> bool:
        """Of questions only; what has become of a chat is true later, too."""
        at = happened.at if isinstance(happened, Message | MenuKey | Entered) else None
        is_old = at is not None and self._now() - at > ANSWERED_WITHIN
        if is_old:
            log.warning("feishu.event_too_old", at=str(at))
        return is_old

    def _begin(self, received: Received, happened: Happened | None) -> None:
        self._underway.add(asyncio.create_task(self._work(received, happened)))

    async def _work(self, received: Received, happened: Happened | None) -> None:
        """A crash would come again; what a stopped process leaves is not done."""
        try:
            if happened is not None:
                await self._deal(happened)
        except Exception:
            log.exception("feishu.crashed")
        await self._inbox.done(received)
        await self._forget()

    async def _deal(self, happened: Happened) -> None:
        match happened:
            case Message():
                await self._messages.answer(happened)
            case MenuKey():
                await self._messages.answer_menu(happened)
            case Entered():
                await self._lifecycle.entered(happened)
            case Added():
                await self._lifecycle.added(happened)
            case Ended():
                await self._lifecycle.ended(happened)

    async def _forget(self) -> None:
        now = self._now()
        if self._forgets_at is None or now >= self._forgets_at:
            self._forgets_at = now + FORGETS_EVERY
            await self._inbox.forget(now - REMEMBERED_FOR)


def _keys(happened: Happened) -> list[str]:
    """An event may come twice, and a message in two events."""
    return [f"event {happened.event}", *([f"message {happened.id}"] if isinstance(happened, Message) else [])]
