"""The composition root: the only place that names concrete classes, and the owner of the clock."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog
from pydantic import SecretStr

from bot import prompts
from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.leads import DatabaseLeads
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.terminal import TerminalMessenger
from bot.core.analyst import ModelAnalyst, Prompts
from bot.core.backfill import Backfill
from bot.core.collecting import Collecting
from bot.core.correcting import Correcting
from bot.core.desk import Desk
from bot.core.digests import Digests
from bot.core.lead import LeadWriter
from bot.core.model import Platform, Repo
from bot.core.ports import Analyst, Clock, CommitSource, LanguageModel, Messenger, ModelMemory
from bot.core.prices import Budget
from bot.core.relating import Relating
from bot.core.rounds import Rounds
from bot.core.rules import RuleAnalyst
from bot.core.translation import Translator
from bot.core.understanding import Understanding
from bot.settings import Settings

if TYPE_CHECKING:
    from slack_bolt.async_app import AsyncApp
    from slack_sdk.web.async_client import AsyncWebClient
    from starlette.applications import Starlette

    from bot.adapters.git import Clones
    from bot.adapters.openai import OpenAIModel

#: Objects made before the youngest are searched for garbage. The SDKs make thousands of classes that are all kept, and
#: with Python's 700, searching among them takes a third of the time of loading them.
GARBAGE_THRESHOLD: Final = 20_000
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
    analyst: Analyst
    digests: Digests
    backfill: Backfill
    desk: Desk
    rounds: Rounds
    slack: "AsyncWebClient | None"


@asynccontextmanager
async def composed(settings: Settings, *, now: Clock = now) -> AsyncGenerator[App]:
    """The application with its database open and up to date; everything is closed at the end."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    async with AsyncExitStack() as stack:
        engine = open_database(settings.database_url)
        stack.push_async_callback(engine.dispose)
        await migrate(engine)
        default_repo = await _default_repo(settings)
        source = await _source(settings, default_repo, now, stack)
        model = language_model(settings, DatabaseModelMemory(engine), now)
        if model is not None:
            stack.push_async_callback(model.close)
        analyst = _analyst(settings, model, source)
        archive = DatabaseArchive(engine)
        subscriptions = DatabaseSubscriptions(engine)
        slack = slack_client(settings)
        messengers = _messengers(slack)
        translator = Translator(model=model, instructions=prompts.read("translation"))
        leads = LeadWriter(
            model=model,
            instructions=prompts.read("lead"),
            translator=translator,
            store=DatabaseLeads(engine),
            now=now,
        )
        understanding = Understanding(analyst=analyst, archive=archive, translator=translator, now=now)
        collecting = Collecting(source=source, archive=archive, now=now)
        corrections = DatabaseCorrections(engine)
        relating = Relating(archive=archive, corrections=corrections, now=now)
        digests = Digests(collecting=collecting, understanding=understanding, relating=relating, leads=leads, now=now)
        yield App(
            settings=settings,
            now=now,
            default_repo=default_repo,
            source=source,
            analyst=analyst,
            digests=digests,
            backfill=Backfill(collecting=collecting, understanding=understanding, now=now),
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
                default_language=settings.digest_language,
            ),
            rounds=Rounds(
                digests=digests,
                subscriptions=subscriptions,
                ledger=DatabaseLedger(engine),
                correcting=Correcting(digests=digests, corrections=corrections, messengers=messengers, now=now),
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


def language_model(settings: Settings, memory: ModelMemory, now: Clock) -> "OpenAIModel | None":
    """The model that is configured; rules are enough without one."""
    if not settings.openai_model:
        return None
    from bot.adapters.openai import OpenAIModel

    return OpenAIModel(
        api_key=_value(settings.openai_api_key) or "",
        base_url=settings.openai_base_url,
        model=settings.openai_model,
        memory=memory,
        now=now,
        timeout=settings.openai_timeout,
        max_tokens=settings.openai_max_tokens,
        temperature=settings.openai_temperature,
        service_tier=settings.openai_service_tier,
        budget=Budget(tokens=settings.openai_budget_tokens, price=settings.openai_budget_usd),
        prices=settings.prices,
    )


def _analyst(settings: Settings, model: LanguageModel | None, source: CommitSource) -> Analyst:
    if model is None:
        return RuleAnalyst()
    return ModelAnalyst(
        model=model,
        source=source,
        prompts=Prompts(
            analysis=prompts.read("analysis"), reduction=prompts.read("reduction"), repair=prompts.read("repair")
        ),
        language=settings.digest_language,
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
        labels=settings.github_labels,
    )
    stack.push_async_callback(source.close)
    return source


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
