"""What becomes of chats: we are added to a group, removed from it, it is dissolved, and somebody opens ours."""

from datetime import datetime

from bot.core.answering import said
from bot.core.asker import Asker
from bot.core.channel_health import ChannelHealth
from bot.core.commands import OpenSettings, ShowHelp
from bot.core.language import _, speaking
from bot.core.ports import Clock, Subscriptions
from bot.core.replies import Notice, Offer, SettingsForm
from bot.core.subscriptions import Channel
from handlers.feishu.events import Added, Ended, Entered
from handlers.feishu.services import Services


class Lifecycle:
    def __init__(self, services: Services, subscriptions: Subscriptions, now: Clock) -> None:
        self._services = services
        self._now = now
        self._subscriptions = subscriptions
        self._health = ChannelHealth(subscriptions, services.messenger)
        #: When we were added last. Events that nobody has acknowledged come again hours later, in any order.
        self._added: dict[Channel, datetime] = {}

    async def added(self, added: Added) -> None:
        """Who follows something here knows us."""
        channel = added.asker.channel
        if added.at is not None:
            self._added[channel] = added.at
        await self._health.mend(channel)
        if await self._subscriptions.of_channel(channel):
            return
        with speaking(await self._services.language(added.asker)):
            greeting = await self._greeting(added.asker, _("Mention me with a command to ask for something."))
            await self._services.messenger.post(channel, greeting, key=f"greeting {added.event}")

    async def entered(self, entered: Entered) -> None:
        asker = entered.asker
        with speaking(await self._services.language(asker)):
            greeting = await self._greeting(asker, _("Write me a command to ask for something."))
            await self._services.feishu.write(asker.user, greeting, key="greeting")

    async def ended(self, ended: Ended) -> None:
        added_at = self._added.get(ended.channel)
        if ended.at is not None and added_at is not None and ended.at < added_at:
            return
        await self._health.end(ended.channel, ended.reason, ended.at or self._now())

    async def _greeting(self, asker: Asker, how: str) -> Notice:
        form = await said(lambda: self._services.answer(OpenSettings(), asker))
        text = _("I tell every day what was committed to a repository, and what it means. {how}", how=how)
        offers = [Offer(label=_("What you can ask"), question=ShowHelp())]
        if isinstance(form, SettingsForm):
            offers.insert(0, Offer(label=_("Subscribe"), question=OpenSettings(repo=form.terms.followed)))
        return Notice(text=text, example="yesterday", offers=tuple(offers))
