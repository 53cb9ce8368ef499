"""What all handlers are given, and what they do with a question."""

from dataclasses import dataclass

from bot.core import answering
from bot.core.answering import Desk
from bot.core.asker import Asker
from bot.core.buttons import decode
from bot.core.commands import Command
from bot.core.digests import Observer
from bot.core.errors import NotFound
from bot.core.language import Language, _
from bot.core.ports import Messenger
from bot.core.replies import Notice, Reply, Report
from handlers.slack.ports import Slack
from handlers.slack.reports import send


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    desk: Desk
    slack: Slack
    messenger: Messenger
    #: Where `owner/name` lives.
    host: str

    async def language(self, asker: Asker, button: str = "") -> Language:
        """In which to answer, what the button asks if there is one."""
        return await answering.language(self.desk, asker, button)

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        """The desk's reply; a report is sent, and the reply tells where it went. Raises BotError."""
        reply = await self.desk.answer(command, asker, observer)
        return await send(self.messenger, asker, reply) if isinstance(reply, Report) else reply

    async def share(self, button: str, asker: Asker, *, thread: str | None) -> Notice:
        """Answers what the button asks in the channel, for all to see. Raises BotError."""
        if not asker.channel.id:
            raise NotFound(_("This was not opened from a channel, so there is none to share it in."))
        return await self.desk.share(decode(button), asker, thread=thread)
