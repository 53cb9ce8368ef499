"""The composition root: the only place that names concrete classes, and the owner of the clock."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.terminal import TerminalMessenger
from bot.core.collecting import Collecting
from bot.core.desk import Desk
from bot.core.digests import Digests
from bot.core.model import Platform, Repo
from bot.core.ports import Clock, CommitSource, Messenger
from bot.core.rounds import Rounds
from bot.core.rules import RuleAnalyst
from bot.core.understanding import Understanding
from bot.settings import Settings

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient
    from starlette.applications import Starlette

    from bot.adapters.git import Clones
    from bot.adapters.openai import ModelAnalyst

#: Seconds that a process which is told to stop waits for posts under way.
GRACE: Final = 20

log = structlog.get_logger()


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything that answers questions; what listens to a platform is added by `run`."""

    settings: Settings
    now: Clock
    default_repo: Repo
    source: CommitSource
    digests: Digests
    desk: Desk
    rounds: Rounds
    slack: "AsyncWebClient | None"


@asynccontextmanager
async def composed(settings: Settings, *, now: Clock = now) -> AsyncGenerator[App]:
    """The application with its database open and up to date; everything is closed at the end."""
    async with AsyncExitStack() as stack:
        engine = open_database(settings.database_url)
        stack.push_async_callback(engine.dispose)
        await migrate(engine)
        default_repo = await _default_repo(settings)
        source = await _source(settings, default_repo, now, stack)
        analyst = model_analyst(settings)
        if analyst is not None:
            stack.push_async_callback(analyst.close)
        archive = DatabaseArchive(engine)
        subscriptions = DatabaseSubscriptions(engine)
        slack = slack_client(settings)
        messengers = _messengers(slack)
        understanding = Understanding(analyst=analyst or RuleAnalyst(), archive=archive, now=now)
        collecting = Collecting(source=source, archive=archive, now=now)
        digests = Digests(collecting=collecting, understanding=understanding, now=now)
        yield App(
            settings=settings,
            now=now,
            default_repo=default_repo,
            source=source,
            digests=digests,
            desk=Desk(
                digests=digests,
                understanding=understanding,
                source=source,
                archive=archive,
                subscriptions=subscriptions,
                messengers=messengers,
                now=now,
                default_repo=default_repo,
                default_zone=settings.zone,
            ),
            rounds=Rounds(
                digests=digests,
                subscriptions=subscriptions,
                ledger=DatabaseLedger(engine),
                messengers=messengers,
                now=now,
            ),
            slack=slack,
        )


async def run(settings: Settings) -> None:
    """The bot: the clock, the HTTP port and what is configured, until the process is told to stop."""
    from handlers import schedule, web

    async with composed(settings) as app, AsyncExitStack() as listening:
        application = await listen(app, listening)
        clock = schedule.start(app.rounds)
        log.info("bot.started", host=settings.host, port=settings.port)
        try:
            await web.serve(application, host=settings.host, port=settings.port)
        finally:
            clock.shutdown(wait=False)
            await _finish(app.rounds)
            log.info("bot.stopped")


async def listen(app: App, stack: AsyncExitStack) -> "Starlette":
    """Starts to listen to what is configured; the application is what the HTTP port serves."""
    from handlers import web

    if app.slack is None:
        return web.application([])
    from handlers import slack

    bolt = _bolt(app, app.slack)
    if app.settings.slack_app_token is None:
        return web.application([slack.route(bolt)])
    await _connect(bolt, app.settings, stack)
    return web.application([])


async def _finish(rounds: Rounds) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await rounds.finish()
    except TimeoutError:
        log.warning("bot.stopped_early", seconds=GRACE)  # the ledger knows, and the next process goes on


def _bolt(app: App, client: "AsyncWebClient") -> "AsyncApp":
    from slack_bolt.async_app import AsyncApp

    from handlers import slack

    bolt = AsyncApp(client=client, signing_secret=_value(app.settings.slack_signing_secret) or "")
    slack.register(bolt, app.desk, host=app.settings.github_host)
    return bolt


async def _connect(bolt: "AsyncApp", settings: Settings, stack: AsyncExitStack) -> None:
    """Socket Mode: https://docs.slack.dev/apis/events-api/using-socket-mode"""
    from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
    from slack_sdk.web.async_client import AsyncWebClient

    token = _value(settings.slack_app_token)
    handler = AsyncSocketModeHandler(
        bolt, token, web_client=AsyncWebClient(token=token, base_url=settings.slack_api_url)
    )
    stack.push_async_callback(handler.close_async)
    await handler.connect_async()


def slack_client(settings: Settings) -> "AsyncWebClient | None":
    if settings.slack_bot_token is None:
        return None
    from slack_sdk.web.async_client import AsyncWebClient

    # The SDK would repeat a post whose answer got lost, and that is a second message.
    return AsyncWebClient(token=_value(settings.slack_bot_token), base_url=settings.slack_api_url, retry_handlers=[])


def _messengers(slack: "AsyncWebClient | None") -> dict[Platform, Messenger]:
    messengers: dict[Platform, Messenger] = {Platform.TERMINAL: TerminalMessenger(sys.stdout)}
    if slack is not None:
        from bot.adapters.slack import SlackMessenger

        messengers[Platform.SLACK] = SlackMessenger(slack)
    return messengers


def model_analyst(settings: Settings) -> "ModelAnalyst | None":
    """The analyst that a model's host is configured for; rules are enough without one."""
    if not settings.openai_model:
        return None
    from bot.adapters.openai import ModelAnalyst

    return ModelAnalyst(
        api_key=_value(settings.openai_api_key) or "none",  # local servers take any
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        timeout=settings.openai_timeout,
    )


async def _default_repo(settings: Settings) -> Repo:
    """The configured repository; a local clone for which none is configured says itself what it is."""
    if settings.digest_git_dir is None or "digest_default_repo" in settings.model_fields_set:
        return settings.default_repo
    from bot.adapters.git import origin

    return await origin(settings.digest_git_dir, environment=settings.inherited_environment)


async def _source(settings: Settings, default_repo: Repo, now: Clock, stack: AsyncExitStack) -> CommitSource:
    """GitHub or git. Raises SourceUnavailable if it is to be git and there is none that is new enough."""
    trusted = settings.private_repos | {default_repo}
    has_credentials = settings.github_token is not None or settings.github_app_id is not None
    if settings.digest_source == "github" or (
        settings.digest_source == "auto" and settings.digest_git_dir is None and has_credentials
    ):
        return _github_source(settings, trusted, now, stack)
    from bot.adapters.git import GitSource

    source = GitSource(_clones(settings, default_repo, trusted, now))
    await source.check()
    return source


def _clones(settings: Settings, default_repo: Repo, trusted: frozenset[Repo], now: Clock) -> "Clones":
    from bot.adapters.git import CloneCache, LocalClone

    environment = settings.inherited_environment
    if settings.digest_git_dir is not None:
        return LocalClone(settings.digest_git_dir, now=now, environment=environment, repo=default_repo)
    return CloneCache(
        settings.cache_dir,
        now=now,
        environment=environment,
        base_url=settings.git_url or f"https://{settings.github_host}",
        token=_value(settings.github_token),
        trusted=trusted,
    )


def _github_source(settings: Settings, trusted: frozenset[Repo], now: Clock, stack: AsyncExitStack) -> CommitSource:
    from bot.adapters.github import GitHubApp, GitHubSource

    private_key = _value(settings.github_app_private_key)
    source = GitHubSource(
        now=now,
        base_url=settings.github_api_url,
        token=_value(settings.github_token),
        app=GitHubApp(app_id=str(settings.github_app_id), private_key=private_key) if private_key else None,
        trusted=trusted,
    )
    stack.push_async_callback(source.close)
    return source


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
