"""Feishu, composed: an app with its gateway and what listens to it, and a group's custom bot."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr

from bot.core.answering import Desk
from bot.core.errors import BotError
from bot.core.metering import Meter
from bot.core.pacing import Waits
from bot.core.ports import Clock, Inbox, Messenger, Posts, Subscriptions
from bot.core.subscriptions import Channel, Platform
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.adapters.feishu.gateway import FeishuGateway
    from bot.adapters.feishu.webhook import FeishuWebhook
    from handlers.feishu import Receiver
    from handlers.web import Check, Listening

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feishu:
    """Feishu as far as we call it."""

    gateway: "FeishuGateway"
    messenger: Messenger

    async def channel(self, chat: str) -> Channel:
        """The group of that id (`oc_…`). Raises BotError."""
        from bot.adapters.feishu.chats import CHAT
        from bot.adapters.feishu.failures import part_of

        answer = await self.gateway.call(CHAT, path={"chat_id": chat})
        return Channel(platform=Platform.FEISHU, workspace=str(part_of(answer, "data", "tenant_key")), id=chat)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeishuGroup:
    """The group of a custom bot."""

    channel: Channel
    messenger: "FeishuWebhook"


def compose(settings: Settings, posts: Posts, now: Clock, waits: Waits) -> Feishu | None:
    """None where there is no app."""
    if not settings.uses_feishu:
        return None
    from bot.adapters.feishu.gateway import FeishuGateway
    from bot.adapters.feishu.messenger import FeishuMessenger

    gateway = FeishuGateway(
        settings.feishu_app_id, _value(settings.feishu_app_secret), base_url=settings.feishu_base_url, waits=waits
    )
    return Feishu(gateway=gateway, messenger=FeishuMessenger(gateway, now=now, earlier=posts.newest))


def compose_group(settings: Settings, now: Clock, waits: Waits) -> FeishuGroup | None:
    """None where there is no custom bot."""
    url = _value(settings.feishu_webhook_url)
    if not url:
        return None
    from bot.adapters.feishu.webhook import FeishuWebhook, channel_of

    messenger = FeishuWebhook(url, secret=_value(settings.feishu_webhook_secret), now=now, waits=waits)
    return FeishuGroup(channel=channel_of(url), messenger=messenger)


async def listen(
    feishu: Feishu,
    settings: Settings,
    *,
    desk: Desk,
    subscriptions: Subscriptions,
    inbox: Inbox,
    now: Clock,
    stack: AsyncExitStack,
    answering: asyncio.Event | None,
    meter: Meter,
) -> "Listening":
    """Starts to listen, by long connection once `answering` is set."""
    from bot.adapters.feishu.surfaces import FeishuSurfaces
    from handlers import feishu as handler
    from handlers.web import Listening

    await stack.enter_async_context(feishu.gateway.connected())
    receiver = handler.register(
        desk,
        feishu=FeishuSurfaces(feishu.gateway),
        messenger=feishu.messenger,
        subscriptions=subscriptions,
        inbox=inbox,
        host=settings.github_host,
        now=now,
        meter=meter,
    )
    stack.push_async_callback(receiver.finish)
    await receiver.start()
    offering = asyncio.create_task(_offer_command(feishu.gateway, answering))
    stack.callback(offering.cancel)
    if settings.feishu_encrypt_key is None:
        return Listening(routes=[], checks=[_connect(receiver, settings, stack, answering)])
    token = _value(settings.feishu_verification_token)
    key = _value(settings.feishu_encrypt_key)
    return Listening(routes=[handler.route(receiver, encrypt_key=key, verification_token=token, now=now)])


async def _offer_command(gateway: "FeishuGateway", answering: asyncio.Event | None) -> None:
    """The native slash command, which is a convenience: what it writes may also be typed."""
    from bot.adapters.feishu import slash_commands

    if answering is not None:
        await answering.wait()
    try:
        await slash_commands.register(gateway)
    except BotError as error:
        log.info("feishu.without_slash_command", error=str(error))


def _connect(
    receiver: "Receiver", settings: Settings, stack: AsyncExitStack, answering: asyncio.Event | None
) -> "Check":
    from handlers.feishu_connection.connection import LongConnection

    connection = LongConnection(
        receiver.receive,
        app_id=settings.feishu_app_id,
        app_secret=_value(settings.feishu_app_secret),
        base_url=settings.feishu_base_url,
        environment=settings.inherited_environment,
    )
    stack.push_async_callback(connection.stop)
    connection.start(after=answering)

    async def check() -> str:
        return "" if connection.connected.is_set() else "Feishu's long connection is not up."

    return check


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
