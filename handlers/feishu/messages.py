"""What people write to us, in groups and directly, and what they choose from the bot's menu."""

import asyncio
from typing import Final

from bot.core.answering import Failure, Waiting, attempted, language_of, said, told
from bot.core.asker import Asker
from bot.core.commands import Command, ListSubscriptions, ShowHome
from bot.core.digests import Observer
from bot.core.errors import NotUnderstood
from bot.core.grammar import parse
from bot.core.language import N_, _, speaking
from bot.core.replies import Answer, Notice
from handlers.feishu.events import MenuKey, Message
from handlers.feishu.services import Services
from handlers.feishu.telling import Below, Directly, FeishuTeller, alive
from handlers.feishu.text import command

#: To people of another organisation, with which a group is shared.
GUEST: Final = N_("I answer only people of the organisation that has installed me.")


class Messages:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, message: Message) -> None:
        """By a reply, which stays in the topic of the message."""
        asker = message.asker
        below = Below(services=self._services, message=message.id, chat=asker.channel.id)
        begins = "" if message.above else message.id
        teller = FeishuTeller(self._services, asker, below, key="answer", begins=begins)
        with speaking(await self._services.language(asker)):
            if message.is_guest:
                await teller.answer(Notice(text=_(GUEST)))
                return
            await self._answer(message.text, message.above, asker, teller)

    async def answer_menu(self, chosen: MenuKey) -> None:
        """By a direct message: an entry of the menu is chosen where nobody else is."""
        asker, directly = chosen.asker, Directly(services=self._services, asker=chosen.asker)
        teller = FeishuTeller(self._services, asker, directly, key=f"menu {chosen.event}")
        with speaking(await self._services.language(asker)):
            await self._answer(chosen.key, (), asker, teller)

    async def _answer(self, text: str, above: tuple[str, ...], asker: Asker, teller: FeishuTeller) -> None:
        """What is no command may be a question about the digest below which it was written."""
        try:
            asked = self._meant(parse(command(text), host=self._services.host), asker)
        except NotUnderstood as error:
            if not await self._answered_about(text, above, asker, teller):
                await teller.answer(told(error))
            return
        with speaking(language_of(asked)):
            async with Waiting(teller) as observe:
                reply = await said(lambda: self._services.answer(asked, asker, observe))
            await teller.answer(reply)

    def _meant(self, asked: Command, asker: Asker) -> Command:
        """Whoever asks the bot alone what is followed sees all that they may, as in Slack's App Home."""
        is_alone = self._services.messenger.is_direct(asker.channel)
        return ShowHome() if is_alone and isinstance(asked, ListSubscriptions) else asked

    async def _answered_about(self, text: str, above: tuple[str, ...], asker: Asker, teller: FeishuTeller) -> bool:
        """Whether it was a question about a digest of ours."""
        async with Waiting(teller) as observe:
            asking = asyncio.ensure_future(attempted(lambda: self._asked(text, above, asker, observe)))
            await alive(asking, teller)
            reply = await asking
        if reply is None:
            return False
        await teller.answer(reply.notice if isinstance(reply, Failure) else reply)
        return True

    async def _asked(
        self, text: str, above: tuple[str, ...], asker: Asker, observe: Observer
    ) -> Answer | Notice | None:
        """What is said of the nearest digest above."""
        for message in above:
            answer = await self._services.desk.ask(text, message, asker, observe)
            if answer is not None:
                return answer
        return None
