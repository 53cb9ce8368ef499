"""What becomes of an attempt to deliver: it is noted, counted and logged, and somebody is told why nothing arrived."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Final

import structlog

from bot.core.commands import Elsewhere, ResumeDigests, SendNow
from bot.core.composing import post_of
from bot.core.errors import BotError, ChannelGone, CredentialsRejected, RepositoryNotFound
from bot.core.language import _
from bot.core.metering import Meter
from bot.core.ports import Clock, Ledger, Messenger, Subscriptions
from bot.core.replies import Notice, Offer
from bot.core.schedule import CATCH_UP
from bot.core.steps import Step
from bot.core.subscriptions import Delivery, DeliveryState, Platform
from bot.core.timing import retry_delay
from bot.core.tracing import Work, note, span

#: Of the lines about what is no success.
_LEVELS: Final = {
    DeliveryState.DUE: logging.WARNING,
    DeliveryState.UNCERTAIN: logging.ERROR,
    DeliveryState.FAILED: logging.ERROR,
}

_Facts = Mapping[str, object]

#: Of what was told of one pattern's repositories, so much is remembered.
TOLD_MAX: Final = 10_000

log = structlog.get_logger()


class Outcomes:
    def __init__(
        self,
        *,
        subscriptions: Subscriptions,
        ledger: Ledger,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
        meter: Meter,
    ) -> None:
        self._subscriptions = subscriptions
        self._ledger = ledger
        self._messengers = messengers
        self._now = now
        self._meter = meter
        #: What was told of a pattern and a day; only one process delivers to a workspace, and to hear it twice does
        #: no harm.
        self._told: OrderedDict[tuple[int, date, type[BotError]], None] = OrderedDict()

    async def sent(self, delivery: Delivery, message: str, *, commits: int, took: timedelta) -> None:
        """It shows so many commits; posting them took so long."""
        late_by = self._now() - delivery.scheduled_at
        more: _Facts = {"message": message, "commits": commits, "seconds": _seconds(took)}
        await self._arrived("delivery.sent", delivery, message, late_by, more)

    async def found(self, delivery: Delivery, message: str, late_by: timedelta) -> None:
        """An attempt that never reported back did arrive."""
        await self._arrived("delivery.found", delivery, message, late_by, {"message": message})

    async def _arrived(self, event: str, delivery: Delivery, message: str, late_by: timedelta, more: _Facts) -> None:
        """Unless the workspace was forgotten, or another process has seen it, meanwhile."""
        is_mine = await self._ledger.sent(delivery, post_of(delivery, message), self._now())
        if is_mine:
            self._meter.reached(Step.RECORDED)
        self._ended(event, delivery, DeliveryState.SENT, is_mine, more, late_by)

    async def skipped(self, delivery: Delivery) -> None:
        """There was nothing to say, and the subscription is silent then."""
        is_mine = await self._ledger.skipped(delivery)
        self._meter.reached(Step.GIVEN_BACK)
        self._ended("delivery.skipped", delivery, DeliveryState.SKIPPED, is_mine, {"commits": 0})

    async def uncertain(self, delivery: Delivery, error: BotError) -> None:
        """It may have arrived, and nobody can look."""
        text = _(
            "Whether the digest arrived could not be found out, so that it was not sent again: {reason}", reason=error
        )
        await self._tell(delivery, text, _send_again(delivery))
        is_mine = await self._ledger.uncertain(delivery, str(error))
        self._meter.reached(Step.GIVEN_BACK)
        self._ended("delivery.uncertain", delivery, DeliveryState.UNCERTAIN, is_mine, _why(error))

    async def give_back(self, delivery: Delivery, error: BotError, *, refused: bool = False) -> None:
        """Postpones the delivery or ends it. `refused`: the platform said that it did not take the message."""
        now = self._now()
        delay = retry_delay(error, attempt=delivery.attempts)
        if delay is None or now + delay >= delivery.scheduled_at + CATCH_UP:
            await self._failed(delivery, error)
            return
        is_mine = await self._ledger.retry(delivery, str(error), now + delay, refused=refused)
        self._meter.reached(Step.GIVEN_BACK)
        more = {**_why(error), "retry_in_seconds": _seconds(delay)}
        self._ended("delivery.postponed", delivery, DeliveryState.DUE, is_mine, more)

    async def _failed(self, delivery: Delivery, error: BotError) -> None:
        """The subscriber is told first: who dies in between tells it twice, which is better than never."""
        await self._say_why(delivery, error)
        # In one transaction, or the next day fails as well where nobody lived to stop the subscription.
        breaks_at = self._now() if error.permanent and not isinstance(error, CredentialsRejected) else None
        is_mine = await self._ledger.failed(delivery, str(error), breaks_at=breaks_at)
        self._meter.reached(Step.GIVEN_BACK)
        self._ended("delivery.failed", delivery, DeliveryState.FAILED, is_mine, _why(error))
        if breaks_at and is_mine:
            log.error("subscription.broken", **facts(delivery), reason=str(error))
        if isinstance(error, CredentialsRejected):
            await self._break_workspace(delivery, error)

    def taken_over(self, delivery: Delivery) -> None:
        """By another process, because this one was too slow, before anything was posted."""
        note(state="taken_over")
        log.warning("delivery.taken_over", **facts(delivery))

    def _ended(
        self,
        event: str,
        delivery: Delivery,
        state: DeliveryState,
        is_mine: bool,
        more: _Facts,
        late_by: timedelta | None = None,
    ) -> None:
        """One line for each attempt; only whoever holds the delivery counts it."""
        if is_mine:
            self._meter.delivered(delivery.subscription.terms.channel.platform, state, late_by)
        late = late_by if late_by is not None else self._now() - delivery.scheduled_at
        note(state=state.value, late_seconds=_seconds(late))
        line = {**facts(delivery), **more, "late_seconds": _seconds(late), "recorded": is_mine}
        log.log(_LEVELS.get(state, logging.INFO), event, **line)

    async def _break_workspace(self, delivery: Delivery, error: BotError) -> None:
        """Where nobody lives to do so, the next delivery in the workspace does."""
        channel = delivery.subscription.terms.channel
        broken = await self._subscriptions.mark_workspace_broken(
            channel.platform, channel.workspace, str(error), self._now()
        )
        log.error("workspace.broken", **facts(delivery), reason=str(error), subscriptions=len(broken))

    # Somebody is told why

    async def _say_why(self, delivery: Delivery, error: BotError) -> None:
        """Where anything can be said at all, and was not said of another repository of the same pattern."""
        if isinstance(error, CredentialsRejected) or not self._is_news(delivery, error):
            return
        if isinstance(error, ChannelGone):
            text = _("Nothing more is sent until you resume it: {reason}", reason=error)
            await self._tell(delivery, text, _resume(delivery))
        else:
            await self._tell(delivery, str(error), _send_again(delivery))

    def _is_news(self, delivery: Delivery, error: BotError) -> bool:
        """A repository that nobody named and that is gone is none: it leaves at the next look."""
        belonging = delivery.subscription.membership
        if belonging is None:
            return True
        if isinstance(error, RepositoryNotFound):
            return False
        key = (belonging.following, delivery.day, type(error))
        if key in self._told:
            return False
        self._told[key] = None
        if len(self._told) > TOLD_MAX:
            self._told.popitem(last=False)
        return True

    async def _tell(self, delivery: Delivery, text: str, offer: Offer) -> None:
        """Privately: an outage is never announced in the channel. That nobody could be told is only logged."""
        terms = delivery.subscription.terms
        messenger = self._messengers.get(terms.channel.platform)
        if messenger is None or not terms.subscriber:
            return
        what = _("The digest of {repo} for {day} did not arrive.", repo=terms.repo, day=delivery.day)
        if belonging := delivery.subscription.membership:
            what = _("{text} Others of {pattern} may not have arrived either.", text=what, pattern=belonging.pattern)
        notice = Notice(text=f"{what} {text}", example="status", offers=(offer,))
        try:
            await messenger.tell(terms.channel, terms.subscriber, notice)
        except BotError as error:
            log.warning("subscriber.not_told", **facts(delivery), error=str(error))
        self._meter.reached(Step.TOLD)


def _resume(delivery: Delivery) -> Offer:
    resume = Elsewhere(subscription=delivery.subscription.id, command=ResumeDigests())
    return Offer(label=_("Resume"), question=resume)


def _send_again(delivery: Delivery) -> Offer:
    again = Elsewhere(subscription=delivery.subscription.id, command=SendNow(day=delivery.day))
    return Offer(label=_("Send it now"), question=again)


class Crashed(BotError):
    """A fault in the bot; see its log."""

    retry = True


def attempt(delivery: Delivery) -> AbstractContextManager[object]:
    """The span of an attempt to deliver. Where it goes, the log says by the subscription."""
    terms = delivery.subscription.terms
    return span(
        Work.DELIVERY,
        subscription=delivery.subscription.id,
        repo=str(terms.repo),
        day=str(delivery.day),
        platform=terms.channel.platform.value,
        attempt=delivery.attempts,
    )


def _why(error: BotError) -> dict[str, object]:
    return {"error": str(error), "kind": type(error).__name__}


def _seconds(span: timedelta) -> float:
    return round(span.total_seconds(), 1)


def facts(delivery: Delivery) -> dict[str, object]:
    """What every line of the log about a delivery says."""
    terms = delivery.subscription.terms
    return {
        "subscription": delivery.subscription.id,
        "repo": str(terms.repo),
        "day": delivery.day.isoformat(),
        "platform": terms.channel.platform.value,
        "channel": terms.channel.id,
        "attempt": delivery.attempts,
    }
