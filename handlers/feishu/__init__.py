"""What Feishu sends us: messages, clicks, forms, the bot menu, and what becomes of chats.

Each is kept or answered first, and worked on then. Handlers decode what came, ask the desk, and draw its reply. Who
asks, and from where, is what the verified event says.
"""

from bot.core.answering import Desk
from bot.core.metering import UNMETERED, Meter
from bot.core.ports import Clock, Inbox, Messenger, Subscriptions
from bot.core.underway import Underway
from handlers.feishu.lifecycle import Lifecycle
from handlers.feishu.ports import Feishu
from handlers.feishu.receiver import Receiver
from handlers.feishu.services import Services
from handlers.feishu.text import COMMAND
from handlers.feishu.webhook import PATH, route

__all__ = ["COMMAND", "PATH", "Desk", "Feishu", "Receiver", "register", "route"]


def register(
    desk: Desk,
    *,
    feishu: Feishu,
    messenger: Messenger,
    subscriptions: Subscriptions,
    inbox: Inbox,
    host: str,
    now: Clock,
    meter: Meter = UNMETERED,
) -> Receiver:
    """What answers all that people do, whichever way it comes; `host` is where `owner/name` lives.

    `start` it before anything comes, and let it `finish` when nothing comes any more.
    """
    services = Services(desk=desk, feishu=feishu, messenger=messenger, host=host)
    lifecycle, underway = Lifecycle(services, subscriptions, now), Underway()
    return Receiver(services, lifecycle=lifecycle, inbox=inbox, underway=underway, now=now, meter=meter)
