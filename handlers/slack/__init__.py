"""What Slack sends us: commands, clicks, forms, mentions, direct messages. Each is acknowledged first, then answered.

Handlers decode what came, ask the desk, and draw its reply. Who asks, and from where, is what the signed request says.
"""

import structlog
from slack_bolt.async_app import AsyncApp

from bot.core.answering import Desk
from bot.core.ports import Messenger
from handlers.slack import analyses, clicks, commands, home, mentions, settings
from handlers.slack.commands import COMMAND
from handlers.slack.ports import Slack
from handlers.slack.receiving import PATH, route
from handlers.slack.services import Services
from handlers.slack.underway import Underway

__all__ = ["COMMAND", "PATH", "Desk", "Slack", "register", "route"]

log = structlog.get_logger()


def register(app: AsyncApp, desk: Desk, *, slack: Slack, messenger: Messenger, host: str) -> Underway:
    """Answers all that people do, and returns what is being answered; `host` is where `owner/name` lives."""
    services = Services(desk=desk, slack=slack, messenger=messenger, host=host)
    for kind in (commands, mentions, analyses, settings, home):
        kind.register(app, services)
    clicks.register(app, services)  # last: it answers every button that nobody else does

    @app.error
    async def note(error: Exception) -> None:
        log.error("slack.crashed", exc_info=error)

    underway = Underway()
    underway.watch(app)
    return underway
