"""Whether the bot can post where digests are subscribed."""

from collections.abc import Iterable

from bot.core.errors import BotError, CredentialsRejected, PlatformUnavailable
from bot.core.ports import Messenger
from bot.core.subscriptions import Channel


async def can_post(messenger: Messenger, subscribed: Iterable[Channel]) -> str:
    """What to say if it can. Raises BotError, which names those in which it cannot."""
    channels = list(dict.fromkeys(subscribed))
    problems: list[str] = []
    for channel in channels:
        try:
            await messenger.check(channel)
        except (CredentialsRejected, PlatformUnavailable):
            raise
        except BotError as error:
            problems.append(f"{channel.id}: {error}")
    if problems:
        raise BotError("; ".join(problems))
    return f"the bot can post in all {len(channels)} that are subscribed" if channels else "none is subscribed yet"
