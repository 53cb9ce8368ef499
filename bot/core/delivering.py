"""Posts the digests that are due in a workspace, each once."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.asker import Access
from bot.core.composing import is_sealed
from bot.core.errors import BotError, HistoryUnreadable, PlatformUnavailable, SourceBehind
from bot.core.jobs import Deliver
from bot.core.language import _, speaking
from bot.core.linking import Linking
from bot.core.metering import Meter
from bot.core.outcomes import Crashed, Outcomes, attempt, facts
from bot.core.ports import Clock, Ledger, Messenger
from bot.core.replies import DigestView, RangeView
from bot.core.schedule import CATCH_UP
from bot.core.steps import Step
from bot.core.subscriptions import Delivery, Platform, QuietDays
from bot.core.timing import lateness
from bot.core.tracing import Work, span
from bot.core.view_cache import ViewCache

#: Longer than a digest that was made already takes to load and post; a crashed holder's row is taken over after it.
LEASE: Final = timedelta(minutes=3)
#: Deliveries to one workspace that are claimed at a time; half of them at once when the others have ended.
CLAIMED: Final = 64
#: Of these, so many are worked on: more than the platforms' limits let through. Those alone may have to be looked for
#: in the channels' histories if the process dies.
AT_ONCE: Final = 16
#: Seconds after which is looked for what has become due since, where a message takes longer than that.
LOOK_AGAIN: Final = 3

log = structlog.get_logger()


class Delivering:
    def __init__(
        self,
        *,
        views: ViewCache,
        linking: Linking,
        ledger: Ledger,
        outcomes: Outcomes,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
        meter: Meter,
        access: Access,
    ) -> None:
        self._views = views
        self._linking = linking
        self._ledger = ledger
        self._outcomes = outcomes
        self._messengers = messengers
        self._now = now
        self._meter = meter
        self._access = access

    async def deliver(self, job: Deliver) -> None:
        """Delivers what is due in the workspace, a few at a time, until nothing is."""
        places = asyncio.Semaphore(AT_ONCE)
        under_way: set[asyncio.Task[None]] = set()
        may_be_more = True
        try:
            while may_be_more or under_way:
                claimed = await self._claimed(job, CLAIMED - len(under_way))
                under_way |= {asyncio.create_task(self._in_its_place(delivery, places)) for delivery in claimed}
                may_be_more = bool(claimed) or len(under_way) == CLAIMED
                under_way = await _left(under_way, CLAIMED // 2 if may_be_more else 0)
        finally:
            await asyncio.gather(*under_way)

    async def _claimed(self, job: Deliver, places: int) -> list[Delivery]:
        now = self._now()
        claimed = await self._ledger.claim(job, now, now + LEASE, places) if places else ()
        if claimed:
            self._meter.reached(Step.CLAIMED)
        return list(claimed)

    async def _in_its_place(self, delivery: Delivery, places: asyncio.Semaphore) -> None:
        async with places:
            await self._guarded(delivery)

    async def _guarded(self, delivery: Delivery) -> None:
        """One delivery must not take others down: a fault of ours is logged and tried again like an outage."""
        with speaking(delivery.subscription.terms.language), attempt(delivery):
            try:
                await self._deliver(delivery)
            except BotError as error:
                await self._outcomes.give_back(delivery, error)
            except Exception:
                log.exception("delivery.crashed", **facts(delivery))
                await self._outcomes.give_back(delivery, Crashed())

    async def _deliver(self, delivery: Delivery) -> None:
        terms = delivery.subscription.terms
        messenger = self._messengers.get(terms.channel.platform)
        if messenger is None:
            raise _NotConfigured(_("{platform} is not configured.", platform=terms.channel.platform))
        if delivery.sending_since is not None and await self._settle(delivery, messenger, delivery.sending_since):
            return
        if self._now() - delivery.scheduled_at >= CATCH_UP:
            raise _TooLate
        self._access.check(terms.repo, terms.channel)
        with span(Work.COMPOSE):
            view = await self._views.of(delivery)
        if not is_sealed(view):
            raise SourceBehind
        if not view.entries and terms.quiet is QuietDays.SILENT:
            await self._outcomes.skipped(delivery)
            return
        await self._post(delivery, messenger, await self._linking.days(view, terms.channel))

    async def _settle(self, delivery: Delivery, messenger: Messenger, sending_since: datetime) -> bool:
        """An earlier attempt may have arrived: looks, and says whether the delivery is settled by what it saw."""
        try:
            message = await messenger.find(delivery.subscription.terms.channel, key=delivery.key, since=sending_since)
        except HistoryUnreadable as error:
            await self._outcomes.uncertain(delivery, error)
            return True
        if message is None:
            return False
        await self._outcomes.found(delivery, message, sending_since - delivery.scheduled_at)
        return True

    async def _post(self, delivery: Delivery, messenger: Messenger, view: DigestView | RangeView) -> None:
        now = self._now()
        if late_by := lateness(delivery.scheduled_at, now):
            view = replace(view, late_by=late_by)
        if not await self._ledger.sending(delivery, now, now + LEASE):
            self._outcomes.taken_over(delivery)
            return
        self._meter.reached(Step.SENDING)
        try:
            with span(Work.POST):
                message = await messenger.post(delivery.subscription.terms.channel, view, key=delivery.key)
        except PlatformUnavailable as error:
            # What was refused now says nothing of an attempt before, whose answer got lost.
            await self._outcomes.give_back(delivery, error, refused=delivery.sending_since is None)
            return
        self._meter.reached(Step.POSTED)
        await self._outcomes.sent(delivery, message, commits=len(view.entries), took=self._now() - now)


async def _left(under_way: set[asyncio.Task[None]], few: int) -> set[asyncio.Task[None]]:
    """Those that are left when no more than a few are, or when none has ended for a while."""
    while len(under_way) > few:
        done, under_way = await asyncio.wait(under_way, timeout=LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            break
    return under_way


class _TooLate(BotError):
    """The bot came to it more than a day after the scheduled hour."""


class _NotConfigured(BotError):
    """The platform is not configured."""

    retry = True
