"""Breaks and mends what a channel is subscribed to, as the platform says that the channel ends or is there again."""

from datetime import datetime

import structlog

from bot.core.commands import Elsewhere, ResumeDigests
from bot.core.errors import BotError
from bot.core.language import _, speaking
from bot.core.ports import Messenger, Subscriptions
from bot.core.replies import Notice, Offer
from bot.core.subscriptions import Channel, Subscription

log = structlog.get_logger()


class ChannelHealth:
    """Breaks and mends what a channel is subscribed to."""

    def __init__(self, subscriptions: Subscriptions, messenger: Messenger) -> None:
        self._subscriptions = subscriptions
        self._messenger = messenger

    async def end(self, channel: Channel, reason: str, at: datetime) -> None:
        """Once told is enough: what is broken already, alone or with others of its pattern, stays as it is."""
        ended = [each for each in await self._subscriptions.of_channel(channel) if not each.broken]
        for subscription in ended:
            with speaking(subscription.terms.language):
                if await self._subscriptions.mark_broken(subscription, _(reason), at):
                    await self._tell(subscription, _(reason))
        if ended:
            log.warning("channel.ended", **_facts(channel), reason=reason)

    async def mend(self, channel: Channel) -> None:
        for subscription in await self._subscriptions.of_channel(channel):
            if subscription.broken:
                await self._subscriptions.mend(subscription)
                log.info("channel.mended", **_facts(channel))

    async def _tell(self, subscription: Subscription, reason: str) -> None:
        terms = subscription.terms
        if not terms.subscriber:
            return
        told = _(
            "{reason} So the digest of {repo} is not posted there any more.", reason=reason, repo=subscription.followed
        )
        resume = Offer(label=_("Resume"), question=Elsewhere(subscription=subscription.id, command=ResumeDigests()))
        try:
            await self._messenger.tell(terms.channel, terms.subscriber, Notice(text=told, offers=(resume,)))
        except BotError as error:
            log.warning("subscriber.not_told", workspace=terms.channel.workspace, error=str(error))


def _facts(channel: Channel) -> dict[str, str]:
    return {"platform": channel.platform.value, "workspace": channel.workspace, "channel": channel.id}
