"""What the clock does: a due subscription becomes a row of the ledger, and a row becomes a post, once."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.core.asker import OPEN, Access
from bot.core.commands import Elsewhere, ResumeDigests, SendNow
from bot.core.composing import Composing, is_sealed, post_of, view_of
from bot.core.correcting import Correcting
from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    HistoryUnreadable,
    PlatformUnavailable,
    SourceBehind,
)
from bot.core.language import _, speaking
from bot.core.metering import Meter
from bot.core.ports import Clock, Ledger, Messenger, Posts, Subscriptions
from bot.core.replies import DigestView, Notice, Offer, RangeView
from bot.core.schedule import CATCH_UP, due, reaching_back
from bot.core.subscriptions import Delivery, DeliveryState, Platform, QuietDays, Run
from bot.core.timing import lateness, retry_delay

#: Longer than a digest takes to make and post; a crashed holder's row is taken over after it.
LEASE: Final = timedelta(minutes=10)
#: Deliveries that one process works on at a time.
CONCURRENT_DELIVERIES: Final = 8

log = structlog.get_logger()


class Rounds:
    """Delivers every (subscription, local day) once. Any number of processes may run rounds over one ledger."""

    def __init__(
        self,
        *,
        composing: Composing,
        subscriptions: Subscriptions,
        ledger: Ledger,
        posts: Posts,
        correcting: Correcting,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
        meter: Meter,
        access: Access = OPEN,
    ) -> None:
        self._composing = composing
        self._posts = posts
        self._access = access
        self._subscriptions = subscriptions
        self._ledger = ledger
        self._correcting = correcting
        self._messengers = messengers
        self._now = now
        self._meter = meter
        #: Per subscription, the newest day that is known to be in the ledger; only saves asking again at every tick.
        self._scheduled: dict[int, date] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._ticks: set[asyncio.Task[None]] = set()

    async def tick(self) -> None:
        """Adds what has become due and starts to deliver it, waiting for nothing slow. Call it every few seconds.

        A tick that is cancelled goes on to its end, for which `finish` waits: it may be in the middle of a transaction.
        """
        tick = asyncio.create_task(self._tick())
        self._ticks.add(tick)
        tick.add_done_callback(self._ticked)
        await asyncio.shield(tick)

    def _ticked(self, tick: asyncio.Task[None]) -> None:
        self._ticks.discard(tick)
        if not tick.cancelled():
            tick.exception()  # seen, even when whoever called has left

    async def _tick(self) -> None:
        await self._schedule()
        now = self._now()
        places = CONCURRENT_DELIVERIES - len(self._running)
        for delivery in await self._ledger.claim(now, now + LEASE, places) if places else ():
            self._start(self._guarded(delivery))
        places = CONCURRENT_DELIVERIES - len(self._running)
        for correction in await self._correcting.claim(places) if places else ():
            self._start(self._correcting.correct(correction))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        """Waits until everything that was started has ended."""
        while under_way := self._running | self._ticks:
            await asyncio.wait(under_way)

    async def _schedule(self) -> None:
        now = self._now()
        found = [(subscription, due(subscription, now)) for subscription in await self._subscriptions.active()]
        new = [
            (subscription, occurrence)
            for subscription, occurrence in found
            if occurrence is not None and self._scheduled.get(subscription.id) != occurrence.day
        ]
        runs: Mapping[int, Run] = (
            await self._ledger.runs([subscription for subscription, _occurrence in new]) if new else {}
        )
        for subscription, occurrence in new:
            if run := runs.get(subscription.id):
                occurrence = reaching_back(occurrence, subscription, run.day)
            await self._ledger.schedule(subscription, occurrence.first_day, occurrence.day, occurrence.scheduled_at)
            self._scheduled[subscription.id] = occurrence.day

    async def _guarded(self, delivery: Delivery) -> None:
        """One delivery must not take others down: a fault of ours is logged and tried again like an outage."""
        with speaking(delivery.subscription.terms.language):
            try:
                await self._deliver(delivery)
            except BotError as error:
                await self._give_back(delivery, error)
            except Exception:
                log.exception("delivery.crashed", **_facts(delivery))
                await self._give_back(delivery, _Crashed())

    async def _deliver(self, delivery: Delivery) -> None:
        terms = delivery.subscription.terms
        messenger = self._messengers.get(terms.channel.platform)
        if messenger is None:
            raise _NotConfigured(_("{platform} is not configured.", platform=terms.channel.platform))
        if self._now() - delivery.scheduled_at >= CATCH_UP:
            raise _TooLate
        if delivery.sending_since is not None and await self._settle(delivery, messenger, delivery.sending_since):
            return
        self._access.check(terms.repo, terms.channel)
        view = await view_of(delivery, self._composing)
        if not is_sealed(view):
            raise SourceBehind
        if not view.entries and terms.quiet is QuietDays.SILENT:
            await self._ledger.skipped(delivery)
            self._count(delivery, DeliveryState.SKIPPED)
            log.info("delivery.skipped", **_facts(delivery))
            return
        await self._post(delivery, messenger, view)

    async def _settle(self, delivery: Delivery, messenger: Messenger, sending_since: datetime) -> bool:
        """An earlier attempt may have arrived: looks, and says whether the delivery is settled by what it saw."""
        try:
            message = await messenger.find(delivery.subscription.terms.channel, key=delivery.key, since=sending_since)
        except HistoryUnreadable as error:
            await self._ledger.uncertain(delivery, str(error))
            self._count(delivery, DeliveryState.UNCERTAIN)
            log.error("delivery.uncertain", **_facts(delivery), error=str(error))
            text = _(
                "Whether the digest arrived could not be found out, so that it was not sent again: {reason}",
                reason=error,
            )
            await self._tell(delivery, messenger, text, self._send_again(delivery))
            return True
        if message is None:
            return False
        await self._arrived(delivery, message, late_by=sending_since - delivery.scheduled_at)
        log.info("delivery.found", **_facts(delivery), message=message)
        return True

    async def _post(self, delivery: Delivery, messenger: Messenger, view: DigestView | RangeView) -> None:
        now = self._now()
        channel = delivery.subscription.terms.channel
        view = replace(view, late_by=lateness(delivery.scheduled_at, now))
        if not await self._ledger.sending(delivery, now, now + LEASE):
            return
        try:
            message = await messenger.post(channel, view, key=delivery.key)
        except PlatformUnavailable as error:
            # What was refused now says nothing of an attempt before, whose answer got lost.
            await self._give_back(delivery, error, refused=delivery.sending_since is None)
            return
        late_by = self._now() - delivery.scheduled_at
        await self._arrived(delivery, message, late_by=late_by)
        log.info("delivery.sent", **_facts(delivery), message=message, late_seconds=round(late_by.total_seconds(), 1))

    async def _arrived(self, delivery: Delivery, message: str, *, late_by: timedelta) -> None:
        """Remembers the message, unless the workspace was forgotten, or another process has seen it, meanwhile."""
        now = self._now()
        if await self._ledger.sent(delivery, message, now):
            self._count(delivery, DeliveryState.SENT, late_by)
            await self._posts.record(post_of(delivery, message), now)

    async def _give_back(self, delivery: Delivery, error: BotError, *, refused: bool = False) -> None:
        """Postpones the delivery or ends it. `refused`: the platform said that it did not take the message."""
        now = self._now()
        delay = retry_delay(error, attempt=delivery.attempts)
        if delay is not None and now + delay < delivery.scheduled_at + CATCH_UP:
            await self._ledger.retry(delivery, str(error), now + delay, refused=refused)
            self._count(delivery, DeliveryState.DUE)
            log.warning("delivery.postponed", **_facts(delivery), error=str(error), seconds=delay.total_seconds())
            return
        await self._ledger.failed(delivery, str(error))
        self._count(delivery, DeliveryState.FAILED)
        log.error("delivery.failed", **_facts(delivery), error=str(error))
        await self._say_why(delivery, error)

    def _count(self, delivery: Delivery, state: DeliveryState, late_by: timedelta | None = None) -> None:
        self._meter.delivered(delivery.subscription.terms.channel.platform, state, late_by)

    # Somebody is told why

    async def _say_why(self, delivery: Delivery, error: BotError) -> None:
        """What will never work again becomes a state; the subscriber hears of it, where anything can be said at all."""
        subscription = delivery.subscription
        channel = subscription.terms.channel
        messenger = self._messengers.get(channel.platform)
        if isinstance(error, CredentialsRejected):
            broken = await self._subscriptions.mark_workspace_broken(channel.platform, channel.workspace, str(error))
            log.error("workspace.broken", **_facts(delivery), reason=str(error), subscriptions=len(broken))
            return
        if error.permanent:
            await self._subscriptions.mark_broken(subscription, str(error))
            log.error("subscription.broken", **_facts(delivery), reason=str(error))
        if messenger is None:
            return
        if isinstance(error, ChannelGone):
            resume = Elsewhere(subscription=subscription.id, command=ResumeDigests())
            offer = Offer(label=_("Resume"), question=resume)
            await self._tell(
                delivery, messenger, _("Nothing more is sent until you resume it: {reason}", reason=error), offer
            )
        else:
            await self._tell(delivery, messenger, str(error), self._send_again(delivery))

    def _send_again(self, delivery: Delivery) -> Offer:
        again = Elsewhere(subscription=delivery.subscription.id, command=SendNow(day=delivery.day))
        return Offer(label=_("Send it now"), question=again)

    async def _tell(self, delivery: Delivery, messenger: Messenger, text: str, offer: Offer) -> None:
        """Privately: an outage is never announced in the channel. That nobody could be told is only logged."""
        terms = delivery.subscription.terms
        if not terms.subscriber:
            return
        what = _("The digest of {repo} for {day} did not arrive.", repo=terms.repo, day=delivery.day)
        try:
            await messenger.tell(
                terms.channel, terms.subscriber, Notice(text=f"{what} {text}", example="status", offers=(offer,))
            )
        except BotError as error:
            log.warning("subscriber.not_told", **_facts(delivery), error=str(error))


class _Crashed(BotError):
    """A fault in the bot; see its log."""

    retry = True


class _TooLate(BotError):
    """The bot was down for more than a day after the scheduled hour."""


class _NotConfigured(BotError):
    """The platform is not configured."""

    retry = True


def _facts(delivery: Delivery) -> dict[str, object]:
    terms = delivery.subscription.terms
    return {
        "subscription": delivery.subscription.id,
        "repo": str(terms.repo),
        "day": delivery.day.isoformat(),
        "platform": terms.channel.platform.value,
        "channel": terms.channel.id,
        "attempt": delivery.attempts,
    }
