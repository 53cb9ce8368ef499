"""What the clock does: a due subscription becomes a row of the ledger, and a row becomes a post, once."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.core.correcting import Correcting
from bot.core.days import Day, last_occurrence
from bot.core.digests import Digests
from bot.core.errors import BotError, HistoryUnreadable, PlatformUnavailable, SourceBehind
from bot.core.language import _, speaking
from bot.core.model import Delivery, Digest, Platform, Subscription
from bot.core.ports import Clock, Ledger, Messenger, Subscriptions
from bot.core.replies import DigestView
from bot.core.timing import lateness, retry_delay

#: Longer than a digest takes to make and post; a crashed holder's row is taken over after it.
LEASE: Final = timedelta(minutes=10)
#: What is later than this is not caught up any more.
CATCH_UP: Final = timedelta(hours=24)
#: Deliveries that one process works on at a time.
CONCURRENT_DELIVERIES: Final = 8

log = structlog.get_logger()


class Rounds:
    """Delivers every (subscription, local day) once. Any number of processes may run rounds over one ledger."""

    def __init__(
        self,
        *,
        digests: Digests,
        subscriptions: Subscriptions,
        ledger: Ledger,
        correcting: Correcting,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
    ) -> None:
        self._digests = digests
        self._subscriptions = subscriptions
        self._ledger = ledger
        self._correcting = correcting
        self._messengers = messengers
        self._now = now
        #: Per subscription, the newest day that is known to be in the ledger; only saves asking again at every tick.
        self._scheduled: dict[int, date] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def tick(self) -> None:
        """Adds what has become due and starts to deliver it, waiting for nothing slow. Call it every few seconds."""
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
        while self._running:
            await asyncio.wait(self._running)

    async def _schedule(self) -> None:
        now = self._now()
        for subscription in await self._subscriptions.active():
            occurrence = due(subscription, now)
            if occurrence is None or self._scheduled.get(subscription.id) == occurrence.day:
                continue
            await self._ledger.schedule(subscription, occurrence.day, occurrence.scheduled_at)
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
        digest = await self._digests.of(terms.repo, Day(date=delivery.day, zone=terms.zone))
        if not digest.sealed:
            raise SourceBehind
        if not digest.entries:
            await self._ledger.skipped(delivery)
            log.info("delivery.skipped", **_facts(delivery))
            return
        await self._post(delivery, messenger, digest)

    async def _settle(self, delivery: Delivery, messenger: Messenger, sending_since: datetime) -> bool:
        """An earlier attempt may have arrived: looks, and says whether the delivery is settled by what it saw."""
        try:
            message = await messenger.find(delivery.subscription.terms.channel, key=delivery.key, since=sending_since)
        except HistoryUnreadable as error:
            await self._ledger.uncertain(delivery, str(error))
            log.error("delivery.uncertain", **_facts(delivery), error=str(error))
            return True
        if message is None:
            return False
        await self._ledger.sent(delivery, message, self._now())
        log.info("delivery.found", **_facts(delivery), message=message)
        return True

    async def _post(self, delivery: Delivery, messenger: Messenger, digest: Digest) -> None:
        now = self._now()
        late_by = now - delivery.scheduled_at
        view = DigestView(digest=digest, late_by=lateness(delivery.scheduled_at, now))
        if not await self._ledger.sending(delivery, now, now + LEASE):
            return
        try:
            message = await messenger.post(delivery.subscription.terms.channel, view, key=delivery.key)
        except PlatformUnavailable as error:
            await self._give_back(delivery, error, refused=True)
            return
        await self._ledger.sent(delivery, message, self._now())
        log.info("delivery.sent", **_facts(delivery), message=message, late_seconds=round(late_by.total_seconds(), 1))

    async def _give_back(self, delivery: Delivery, error: BotError, *, refused: bool = False) -> None:
        """Postpones the delivery or ends it. `refused`: the platform said that it did not take the message."""
        now = self._now()
        delay = retry_delay(error, attempt=delivery.attempts)
        if delay is not None and now + delay < delivery.scheduled_at + CATCH_UP:
            await self._ledger.retry(delivery, str(error), now + delay, refused=refused)
            log.warning("delivery.postponed", **_facts(delivery), error=str(error), seconds=delay.total_seconds())
            return
        await self._ledger.failed(delivery, str(error))
        log.error("delivery.failed", **_facts(delivery), error=str(error))
        if error.permanent:
            await self._subscriptions.mark_broken(delivery.subscription, str(error))
            log.error("subscription.broken", **_facts(delivery), reason=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    #: The day that the digest is about.
    day: date
    #: The instant (UTC) at which it is to be delivered.
    scheduled_at: datetime


def due(subscription: Subscription, now: datetime) -> Occurrence | None:
    """The newest delivery whose hour has come: each day is told about on the following one.

    None before the first hour after subscribing, and for what is too old to catch up.
    """
    terms = subscription.terms
    today, scheduled_at = last_occurrence(terms.at, terms.zone, now)
    if scheduled_at < subscription.created_at or now - scheduled_at >= CATCH_UP:
        return None
    return Occurrence(day=today.plus(-1).date, scheduled_at=scheduled_at)


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
