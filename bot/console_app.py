"""The console, composed: the bot as a chat in the browser, where no chat platform is configured."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.core.answering import Desk
from bot.core.conversations import Conversations
from bot.core.metering import Meter
from bot.core.model import Repo
from bot.core.ports import Clock
from bot.core.underway import Underway
from bot.settings import Settings

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from bot.adapters.console import ConsoleMessenger

#: Of HOST and PUBLIC_URL.
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    conversations: Conversations
    messenger: "ConsoleMessenger"


def why_off(settings: Settings) -> str:
    """Why there is no console, though there is no chat platform; empty where there is one of the two.

    Whoever reaches it may do everything, and it asks nobody who they are.
    """
    if settings.uses_chat:
        return ""
    if settings.host not in _LOOPBACK:
        return f"The console is for this machine only. Set HOST to 127.0.0.1 instead of {settings.host} to have it."
    if settings.public_url and urlsplit(settings.public_url).hostname not in _LOOPBACK:
        return "The console is for this machine only. Leave PUBLIC_URL, which leads others here, unset to have it."
    return ""


def compose(settings: Settings, engine: AsyncEngine, now: Clock) -> Console | None:
    """None where there is a chat platform, and where others than this machine may reach us."""
    if settings.uses_chat or why_off(settings):
        return None
    from bot.adapters.console import ConsoleMessenger
    from bot.adapters.database.conversations import DatabaseConversations

    conversations = DatabaseConversations(engine)
    return Console(conversations=conversations, messenger=ConsoleMessenger(conversations, now))


def listen(
    console: Console,
    settings: Settings,
    default_repo: Repo,
    *,
    desk: Desk,
    now: Clock,
    stack: AsyncExitStack,
    meter: Meter,
) -> "list[BaseRoute]":
    """What people type as `owner/name` is where the default repository is, which a local clone may have no name for."""
    from handlers import console as handler

    services = handler.Services(
        desk=desk,
        console=console.messenger,
        conversations=console.conversations,
        host=default_repo.host,
        now=now,
        meter=meter,
    )
    underway = Underway()
    stack.push_async_callback(underway.finish)
    pages = handler.ConsolePages(services, handler.Answers(services, underway), zone=settings.zone)
    return handler.routes(pages)


def refusing(settings: Settings) -> "list[BaseRoute]":
    """A page that says why there is no console, where somebody may look for one."""
    why = why_off(settings)
    if not why:
        return []
    from handlers import console as handler

    log.warning("console.off", reason=why)
    return [handler.refusing(why)]
