"""Puts the present digest in the place of a posted one that is not true any more."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from bot.core.composing import Composing, is_sealed, view_of
from bot.core.errors import BotError, MessageGone
from bot.core.language import _, speaking
from bot.core.linking import Linking
from bot.core.metering import Meter
from bot.core.ports import Clock, Corrections, Messenger
from bot.core.replies import DigestView, RangeView
from bot.core.steps import Step
from bot.core.subscriptions import Correction, Platform
from bot.core.timing import lateness, retry_delay

#: Longer than a digest takes to load and update.
LEASE: Final = timedelta(minutes=10)
#: Messages that are updated at a time.
AT_ONCE: Final = 8
#: A message that cannot be corrected for so long stays as it is.
GIVE_UP_AFTER: Final = timedelta(hours=24)

log = structlog.get_logger()


class Correcting:
    """Corrects posted digests in place. Any number of processes may, over one ledger; nothing is ever posted again."""

    def __init__(
        self,
        *,
        composing: Composing,
        linking: Linking,
        corrections: Corrections,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
        meter: Meter,
    ) -> None:
        self._composing = composing
        self._linking = linking
        self._corrections = corrections
        self._messengers = messengers
        self._now = now
        self._meter = meter

    async def is_due(self) -> bool:
        return await self._corrections.are_due(self._now())

    async def correct_all(self) -> None:
        """Corrects what is to be corrected now, a few at a time, until nothing is."""
        while corrections := await self._claimed():
            await asyncio.gather(*(self.correct(correction) for correction in corrections))

    async def _claimed(self) -> Sequence[Correction]:
        now = self._now()
        return await self._corrections.claim(now, now + LEASE, AT_ONCE)

    async def correct(self, correction: Correction) -> None:
        """Never raises: what fails is tried again for a day, then left."""
        try:
            await self._update(correction)
        except BotError as error:
            await self._give_back(correction, error)
        except Exception:
            log.exception("correction.crashed", **_facts(correction))
            await self._give_back(correction, _Crashed())

    async def _update(self, correction: Correction) -> None:
        delivery = correction.delivery
        terms = delivery.subscription.terms
        messenger = self._messengers.get(terms.channel.platform)
        if messenger is None:
            raise _Crashed(_("{platform} is not configured.", platform=terms.channel.platform))
        with speaking(terms.language):
            view = await view_of(delivery, self._composing)
            if not is_sealed(view) or not view.entries:
                raise MessageGone
            view = self._corrected(correction, await self._linking.days(view, terms.channel))
            await messenger.update(terms.channel, correction.message, view, key=delivery.key)
        self._meter.reached(Step.OVERWRITTEN)
        await self._corrections.done(correction)
        self._meter.reached(Step.CORRECTED)
        log.info("correction.sent", **_facts(correction))

    def _corrected(self, correction: Correction, view: DigestView | RangeView) -> DigestView | RangeView:
        delivery = correction.delivery
        posted_at = delivery.sending_since or delivery.scheduled_at
        late_by = lateness(delivery.scheduled_at, posted_at)
        return replace(view, late_by=late_by, corrected_at=self._now())

    async def _give_back(self, correction: Correction, error: BotError) -> None:
        now = self._now()
        delay = retry_delay(error, attempt=correction.delivery.attempts)
        if delay is not None and now + delay < correction.stale_since + GIVE_UP_AFTER:
            await self._corrections.retry(correction, str(error), now + delay)
            log.warning("correction.postponed", **_facts(correction), error=str(error), seconds=delay.total_seconds())
            return
        await self._corrections.give_up(correction, str(error))
        log.warning("correction.given_up", **_facts(correction), error=str(error))


class _Crashed(BotError):
    """A fault in the bot; see its log."""

    retry = True


def _facts(correction: Correction) -> dict[str, object]:
    terms = correction.delivery.subscription.terms
    return {
        "subscription": correction.delivery.subscription.id,
        "repo": str(terms.repo),
        "day": correction.delivery.day.isoformat(),
        "platform": terms.channel.platform.value,
        "channel": terms.channel.id,
        "message": correction.message,
        "attempt": correction.delivery.attempts,
    }
