"""What Slack sends us: commands, clicks, forms, mentions, direct messages. Each is acknowledged first, then answered.

Handlers decode what came, ask the desk, and draw its reply. Who asks, and from where, is what the signed request says.
"""

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core import interactions
from bot.core.answering import Desk
from bot.core.metering import Outcome
from bot.core.ports import Clock, Inbox, Messenger
from handlers.slack import analyses, clicks, commands, home, mentions, settings
from handlers.slack.commands import COMMAND
from handlers.slack.counting import CountingApp
from handlers.slack.ports import Slack
from handlers.slack.receiver import Receiver
from handlers.slack.receiving import PATH, route
from handlers.slack.services import Services

__all__ = ["COMMAND", "PATH", "CountingApp", "Desk", "Receiver", "Slack", "register", "route"]

log = structlog.get_logger()


def register(
    app: AsyncApp, desk: Desk, *, slack: Slack, messenger: Messenger, inbox: Inbox, host: str, now: Clock
) -> Receiver:
    """Answers all that people do; `host` is where `owner/name` lives.

    `start` what it returns once everything else is registered, and let it `finish` when nothing comes any more.
    """
    services = Services(desk=desk, slack=slack, messenger=messenger, host=host)
    for kind in (commands, mentions, analyses, settings, home):
        kind.register(app, services)
    clicks.register(app, services)  # last: it answers every button that nobody else does

    @app.error
    async def note(error: Exception) -> None:
        interactions.came_to(Outcome.CRASHED)
        log.error("slack.crashed", exc_info=error)

    return Receiver(app, services, inbox=inbox, now=now)
