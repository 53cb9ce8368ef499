"""What all handlers are given, and what they do with a question."""

from dataclasses import dataclass, replace

from bot.core import answering
from bot.core.answering import Desk
from bot.core.asker import Asker
from bot.core.commands import Command
from bot.core.digests import Observer
from bot.core.language import Language
from bot.core.ports import Messenger
from bot.core.replies import DigestView, RangeView, Reply
from handlers.feishu.ports import Feishu


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    desk: Desk
    feishu: Feishu
    messenger: Messenger
    #: Where `owner/name` lives.
    host: str

    async def language(self, asker: Asker, button: str = "") -> Language:
        """In which to answer, what the button asks if there is one."""
        return await answering.language(self.desk, asker, button)

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        """The desk's reply, which all in the chat will see. Raises BotError."""
        reply = await self.desk.answer(command, asker, observer)
        if isinstance(reply, DigestView | RangeView):
            return replace(reply, framing=replace(reply.framing, is_private=False))
        return reply
