"""Slack, composed: the gateway, who has installed the app, and what listens to it."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.core.desk import Desk
from bot.core.errors import BotError, NotInstalled
from bot.core.language import _, speaking
from bot.core.metering import Meter
from bot.core.pacing import Waits
from bot.core.ports import Clock, Inbox, Messenger, Subscriptions, Workspaces
from bot.core.subscriptions import Channel, Platform
from bot.settings import Settings

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp

    from bot.adapters.slack.gateway import OneToken, SlackGateway
    from bot.adapters.slack.installations import Installations
    from bot.adapters.slack.stores import InstallationStore, StateStore
    from handlers.slack_install import InstallFlow
    from handlers.web import Check, Listening


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """What installing into many workspaces needs."""

    installations: "Installations"
    store: "InstallationStore"
    states: "StateStore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """Slack as far as we call it."""

    gateway: "SlackGateway"
    messenger: Messenger
    tokens: "OneToken | Installations"
    #: None with the token of one workspace.
    oauth: OAuth | None

    async def workspaces(self) -> Sequence[str]:
        """The ids of those in which the app is installed. Raises BotError."""
        if self.oauth is not None:
            return await self.oauth.installations.workspaces()
        return [str((await self.gateway.call("", "auth.test"))["team_id"])]

    async def channel(self, named: str) -> Channel:
        """`C0123`, or `T0123/C0123` where the app is installed in several workspaces. Raises BotError."""
        workspace, _slash, name = named.rpartition("/")
        installed = await self.workspaces()
        if workspace and workspace not in installed:
            raise NotInstalled
        if not workspace and len(installed) != 1:
            raise BotError(f"Name the workspace too, as in T0123/{name}: the app is installed in {len(installed)}.")
        return Channel(platform=Platform.SLACK, workspace=workspace or installed[0], id=name)


def compose(settings: Settings, engine: AsyncEngine, now: Clock, waits: Waits) -> Slack | None:
    """None where Slack is not configured."""
    if not settings.uses_slack:
        return None
    from bot.adapters.slack.gateway import OneToken, SlackGateway
    from bot.adapters.slack.messenger import SlackMessenger
    from formatters.slack import Native

    oauth = _oauth(settings, engine, now) if settings.slack_client_id else None
    tokens = oauth.installations if oauth is not None else OneToken(_value(settings.slack_bot_token))
    gateway = SlackGateway(tokens, base_url=settings.slack_api_url, waits=waits)
    native = frozenset(Native(kind) for kind in settings.slack_native_blocks)
    return Slack(gateway=gateway, messenger=SlackMessenger(gateway, native=native), tokens=tokens, oauth=oauth)


def _oauth(settings: Settings, engine: AsyncEngine, now: Clock) -> OAuth:
    from bot.adapters.slack.encryption import cipher
    from bot.adapters.slack.gateway import web_client
    from bot.adapters.slack.installations import Installations
    from bot.adapters.slack.stores import InstallationStore, StateStore

    writing = for_writing(engine)
    store = InstallationStore(
        settings.slack_client_id, reading=engine, writing=writing, cipher=cipher(settings.encryption_keys)
    )
    installations = Installations(
        store,
        client_id=settings.slack_client_id,
        client_secret=_value(settings.slack_client_secret),
        client=web_client(settings.slack_api_url),
        now=now,
    )
    return OAuth(installations=installations, store=store, states=StateStore(writing, now))


async def listen(
    slack: Slack,
    settings: Settings,
    *,
    desk: Desk,
    subscriptions: Subscriptions,
    workspaces: Workspaces,
    inbox: Inbox,
    now: Clock,
    stack: AsyncExitStack,
    meter: Meter,
) -> "Listening":
    from bot.adapters.slack.surfaces import SlackSurfaces
    from handlers import slack as handler
    from handlers import slack_install, slack_lifecycle
    from handlers.web import Listening

    await stack.enter_async_context(slack.gateway.connected())
    flow = _flow(slack.oauth, settings, subscriptions) if slack.oauth is not None else None
    bolt = _bolt(slack, settings, flow, meter)
    slack_lifecycle.register(
        bolt, tokens=slack.tokens, subscriptions=subscriptions, workspaces=workspaces, messenger=slack.messenger
    )
    receiver = handler.register(
        bolt,
        desk,
        slack=SlackSurfaces(slack.gateway),
        messenger=slack.messenger,
        inbox=inbox,
        host=settings.github_host,
        now=now,
    )
    stack.push_async_callback(receiver.finish)
    await receiver.start()
    routes = list(slack_install.routes(flow)) if flow is not None else []
    if settings.slack_app_token is None:
        return Listening(routes=[handler.route(bolt), *routes])
    return Listening(routes=routes, checks=[await _connect(bolt, settings, stack)])


def _flow(oauth: OAuth, settings: Settings, subscriptions: Subscriptions) -> "InstallFlow":
    from bot.adapters.slack.gateway import web_client
    from handlers.slack_install import Credentials, InstallFlow

    credentials = Credentials(
        client_id=settings.slack_client_id,
        client_secret=_value(settings.slack_client_secret),
        authorization_url=settings.slack_authorization_url,
        public_url=settings.public_url,
    )
    return InstallFlow(
        credentials,
        client=web_client(settings.slack_api_url),
        installations=oauth.store,
        states=oauth.states,
        subscriptions=subscriptions,
        language=settings.digest_language,
    )


def _bolt(slack: Slack, settings: Settings, flow: "InstallFlow | None", meter: Meter) -> "AsyncApp":
    from bot.adapters.slack.gateway import web_client
    from handlers.slack import CountingApp
    from handlers.slack_install import InstalledWorkspaces

    signing_secret = _value(settings.slack_signing_secret)
    if slack.oauth is None or flow is None:
        client = web_client(settings.slack_api_url, token=_value(settings.slack_bot_token))
        return CountingApp(meter, client=client, signing_secret=signing_secret)
    with speaking(settings.digest_language):
        unknown = _("The app is not installed in this workspace any more. Please install it again.")
    return CountingApp(
        meter,
        client=web_client(settings.slack_api_url),
        signing_secret=signing_secret,
        # One place renews tokens, for requests as for posts.
        authorize=InstalledWorkspaces(slack.oauth.installations.bot),
        oauth_flow=flow,
        oauth_settings=flow.settings,
        user_facing_authorize_error_message=unknown,
    )


async def _connect(bolt: "AsyncApp", settings: Settings, stack: AsyncExitStack) -> "Check":
    """Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode"""
    from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
    from slack_sdk.web.async_client import AsyncWebClient

    token = _value(settings.slack_app_token)
    handler = AsyncSocketModeHandler(
        bolt, token, web_client=AsyncWebClient(token=token, base_url=settings.slack_api_url)
    )
    stack.push_async_callback(handler.close_async)
    await handler.connect_async()
    socket = handler.client

    async def check() -> str:
        return "" if await socket.is_connected() else "Slack's socket is not connected."

    return check


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
