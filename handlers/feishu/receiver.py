"""The one way in: keeps what Feishu tells us, so that it is answered once, and answers clicks at once."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import structlog

from bot.core.inbound import ANSWERED_WITHIN, Inbound
from bot.core.interactions import arriving, came_to
from bot.core.metering import UNMETERED, Interaction, Meter, Outcome
from bot.core.ports import Clock, Inbox, Received
from bot.core.subscriptions import Platform
from bot.core.underway import GRACE, Underway
from handlers.feishu.clicks import Clicks
from handlers.feishu.events import (
    CLICK,
    ENTERED,
    IGNORED,
    MENU,
    MESSAGE,
    Added,
    Ended,
    Entered,
    Happened,
    MenuKey,
    Message,
    decode,
    message_kind,
    type_of,
)
from handlers.feishu.lifecycle import Lifecycle
from handlers.feishu.messages import Messages
from handlers.feishu.services import Services

log = structlog.get_logger()


class Receiver:
    def __init__(
        self,
        services: Services,
        *,
        lifecycle: Lifecycle,
        inbox: Inbox,
        underway: Underway,
        now: Clock,
        meter: Meter = UNMETERED,
    ) -> None:
        self._services = services
        self._meter = meter
        self._messages = Messages(services)
        self._lifecycle = lifecycle
        self._now = now
        self._inbound = Inbound(inbox, Platform.FEISHU, take_up=self._take_up, underway=underway, now=now)
        self._clicks = Clicks(services, self._inbound, underway)

    async def start(self) -> None:
        """Begins to deal with what other processes have received and not dealt with."""
        await self._inbound.start()

    async def receive(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Keeps the event, which is verified and of schema 2.0, and deals with it afterwards; a click is answered.

        Raises if it could not be kept, so that Feishu has to repeat it.
        """
        with arriving(Platform.FEISHU, _interaction(event), self._meter):
            return await self._receive(event)

    async def _receive(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        kind = type_of(event)
        if kind == CLICK:
            return await self._clicks.answer(event)
        if kind in IGNORED:
            return None
        happened = decode(event, us=await self._services.feishu.us())
        if happened is None or self._is_too_old(happened):
            return None
        received = await self._inbound.keep(_keys(happened), json.dumps(event))
        if received is not None:
            self._begin(received, happened)
        return None

    async def finish(self, within: float = GRACE) -> None:
        """Waits for what is under way, but not for long; what is left is taken up by another process."""
        await self._inbound.finish(within)

    async def _take_up(self, received: Received) -> None:
        """While it is not known who we are, it stays."""
        us = await self._services.feishu.us()
        self._begin(received, decode(json.loads(received.payload), us=us))

    def _is_too_old(self, happened: Happened) -> bool:
        """Of questions only; what has become of a chat is true later, too."""
        at = happened.at if isinstance(happened, Message | MenuKey | Entered) else None
        is_old = at is not None and self._now() - at > ANSWERED_WITHIN
        if is_old:
            log.warning("feishu.event_too_old", at=str(at))
        return is_old

    def _begin(self, received: Received, happened: Happened | None) -> None:
        self._inbound.hold(received, asyncio.create_task(self._deal(happened)))

    async def _deal(self, happened: Happened | None) -> None:
        try:
            await self._dealt_with(happened)
        except Exception:
            came_to(Outcome.CRASHED)
            raise

    async def _dealt_with(self, happened: Happened | None) -> None:
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
            case None:  # of a version that knows more than this one
                return


def _interaction(event: Mapping[str, Any]) -> Interaction | None:
    """None for what nobody has done to get an answer."""
    kind = type_of(event)
    return message_kind(event) if kind == MESSAGE else _INTERACTIONS.get(kind)


_INTERACTIONS: Final = {CLICK: Interaction.BUTTON, MENU: Interaction.COMMAND, ENTERED: Interaction.HOME}


def _keys(happened: Happened) -> list[str]:
    """An event may come twice, and a message in two events."""
    return [f"event {happened.event}", *([f"message {happened.id}"] if isinstance(happened, Message) else [])]
