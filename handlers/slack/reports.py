"""A report leaves as a file."""

from bot.core.asker import Asker
from bot.core.language import _
from bot.core.ports import Messenger
from bot.core.replies import Notice, Report
from formatters.markdown.attachment import attached


async def send(messenger: Messenger, asker: Asker, report: Report) -> Notice:
    """Sends the file to who asked. Raises BotError."""
    attachment = attached(report)
    await messenger.send(asker.channel, asker.user, attachment)
    return Notice(text=_("I have sent you {file} as a direct message.", file=attachment.name))
