"""The composition root: the only place that names concrete classes, and the owner of the clock."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from pydantic import SecretStr

from bot import feishu_app, prompts, slack_app, watching
from bot.adapters.database.census import DatabaseCensus
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.inbox import DatabaseInbox
from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.stores import stores
from bot.adapters.database.workspaces import DatabaseWorkspaces
from bot.adapters.terminal import TerminalMessenger
from bot.core.analyst import ModelAnalyst, Prompts
from bot.core.asker import Access
from bot.core.backfill import Backfill
from bot.core.desk import Desk
from bot.core.digests import Digests
from bot.core.errors import NotUnderstood
from bot.core.metering import UNMETERED, Censuses, Meter
from bot.core.model import Repo
from bot.core.ports import (
    Analyst,
    Clock,
    CommitSource,
    Inbox,
    LanguageModel,
    Messenger,
    ModelMemory,
    Subscriptions,
    Workspaces,
)
from bot.core.prices import Budget
from bot.core.rounds import Rounds
from bot.core.rules import RuleAnalyst
from bot.core.service import Defaults, Instructions, assemble
from bot.core.subscribing import DEFAULT_HOUR
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from bot.feishu_app import Feishu, FeishuGroup
from bot.settings import Settings
from bot.slack_app import Slack
from bot.watching import Watching

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute

    from bot.adapters.git import Clones
    from bot.adapters.openai import OpenAIModel
    from handlers.web import Check, Exposition

#: Objects made before the youngest are searched for garbage. The SDKs make thousands of classes that are all kept, and
#: with Python's 700, searching among them takes a third of the time of loading them.
GARBAGE_THRESHOLD: Final = 20_000
#: Seconds that a process which is told to stop waits for posts under way.
GRACE: Final = 20

log = structlog.get_logger()

T = TypeVar("T")


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
    subscriptions: Subscriptions
    workspaces: Workspaces
    inbox: Inbox
    censuses: Censuses
    #: Each is None where it is not configured.
    slack: Slack | None
    feishu: Feishu | None
    feishu_group: FeishuGroup | None

    @property
    def platforms(self) -> frozenset[Platform]:
        """Those that can be posted to."""
        chats = {Platform.SLACK: self.slack, Platform.FEISHU: self.feishu, Platform.FEISHU_WEBHOOK: self.feishu_group}
        return frozenset(platform for platform, configured in chats.items() if configured is not None)

    async def channel(self, named: str) -> Channel:
        """Of Slack `C0123` or `T0123/C0123`, of Feishu `oc_…`, or `feishu-webhook`. Raises BotError."""
        if named == Platform.FEISHU_WEBHOOK:
            return _configured(self.feishu_group, "FEISHU_WEBHOOK_URL").channel
        if named.startswith("oc_"):
            return await _configured(self.feishu, "FEISHU_APP_ID").channel(named)
        return await _configured(self.slack, "SLACK_BOT_TOKEN or SLACK_CLIENT_ID").channel(named)


@asynccontextmanager
async def composed(settings: Settings, *, now: Clock = now, meter: Meter = UNMETERED) -> AsyncGenerator[App]:
    """The application with its database open and up to date; everything is closed at the end."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    async with AsyncExitStack() as stack:
        engine = open_database(settings.database_url)
        stack.push_async_callback(engine.dispose)
        await migrate(engine)
        default_repo = await _default_repo(settings)
        source = await _source(settings, default_repo, now, stack)
        memory = DatabaseModelMemory(engine)
        model = language_model(settings, memory, now, meter)
        if model is not None:
            stack.push_async_callback(model.close)
        analyst = _analyst(settings, model, source)
        slack = slack_app.compose(settings, engine, now, partial(meter.waited, Platform.SLACK))
        feishu = feishu_app.compose(settings, now, partial(meter.waited, Platform.FEISHU))
        feishu_group = feishu_app.compose_group(settings, now, partial(meter.waited, Platform.FEISHU_WEBHOOK))
        kept = stores(engine)
        service = assemble(
            stores=kept,
            source=source,
            analyst=analyst,
            model=model,
            memory=memory if model is not None else None,
            messengers=_messengers(slack, feishu, feishu_group),
            instructions=Instructions(
                translation=prompts.read("translation"), lead=prompts.read("lead"), question=prompts.read("question")
            ),
            defaults=Defaults(repo=default_repo, zone=settings.zone, language=settings.digest_language),
            access=Access(private=settings.private_repos_of),
            now=now,
            meter=meter,
        )
        yield App(
            settings=settings,
            now=now,
            default_repo=default_repo,
            source=source,
            analyst=analyst,
            digests=service.digests,
            backfill=service.backfill,
            desk=service.desk,
            rounds=service.rounds,
            subscriptions=kept.subscriptions,
            workspaces=DatabaseWorkspaces(engine),
            inbox=DatabaseInbox(engine),
            censuses=DatabaseCensus(engine),
            slack=slack,
            feishu=feishu,
            feishu_group=feishu_group,
        )


async def run(settings: Settings) -> None:
    """The bot: the clock, the HTTP port and what is configured, until the process is told to stop."""
    from handlers import schedule, web

    watched = watching.compose(settings)
    async with composed(settings, meter=watched.prometheus) as app, AsyncExitStack() as listening:
        await _follow(app)
        answering = asyncio.Event()
        application = await listen(app, listening, answering=answering, watched=watched)
        clock = schedule.start(app.rounds, ticked=watched.ticked)
        log.info("bot.started", host=settings.host, port=settings.port)
        try:
            await web.serve(application, host=settings.host, port=settings.port, answering=answering.set)
        finally:
            clock.shutdown(wait=False)
            await _finish(app.rounds)
            await watched.finish()
            log.info("bot.stopped")


async def listen(
    app: App, stack: AsyncExitStack, *, answering: asyncio.Event | None = None, watched: Watching | None = None
) -> "Starlette":
    """Starts to listen to what is configured; the application is what the HTTP port serves.

    What takes seconds to load waits until `answering` is set, so that it delays nothing else. Without `watched` there
    are no metrics, and no clock that has to tick.
    """
    from handlers import web

    routes: list[BaseRoute] = []
    checks: list[Check] = [_database(app)]
    if app.slack is not None:
        slack = await slack_app.listen(
            app.slack,
            app.settings,
            desk=app.desk,
            subscriptions=app.subscriptions,
            workspaces=app.workspaces,
            stack=stack,
        )
        routes += slack.routes
        checks += slack.checks
    if app.feishu is not None:
        feishu = await feishu_app.listen(
            app.feishu,
            app.settings,
            desk=app.desk,
            subscriptions=app.subscriptions,
            inbox=app.inbox,
            now=app.now,
            stack=stack,
            answering=answering,
        )
        routes += feishu.routes
        checks += feishu.checks
    if watched is None:
        return web.application(routes, checks=checks)
    return web.application(routes, checks=[watched.pulse.trouble, *checks], exposition=_exposition(app, watched))


def _database(app: App) -> "Check":
    async def check() -> str:
        return "" if await app.censuses.is_possible() else "The database does not answer."

    return check


def _exposition(app: App, watched: Watching) -> "Exposition":
    async def expose() -> bytes:
        return watched.prometheus.exposition(await app.censuses.taken(app.now()), app.platforms)

    return expose


async def _follow(app: App) -> None:
    """A custom bot's group follows the default repository unless it follows something: nobody there can ask for it."""
    group = app.feishu_group
    if group is None or await app.subscriptions.of_channel(group.channel):
        return
    terms = SubscriptionTerms(
        channel=group.channel,
        repo=app.default_repo,
        at=DEFAULT_HOUR,
        zone=app.settings.zone,
        subscriber="",
        language=app.settings.digest_language,
    )
    await app.subscriptions.subscribe(terms, app.now())
    log.info("feishu_webhook.subscribed", repo=str(app.default_repo))


async def _finish(rounds: Rounds) -> None:
    try:
        async with asyncio.timeout(GRACE):
            await rounds.finish()
    except TimeoutError:
        log.warning("bot.stopped_early", seconds=GRACE)  # the ledger knows, and the next process goes on


def _messengers(slack: Slack | None, feishu: Feishu | None, group: FeishuGroup | None) -> dict[Platform, Messenger]:
    configured: dict[Platform, Messenger | None] = {
        Platform.TERMINAL: TerminalMessenger(sys.stdout),
        Platform.SLACK: slack.messenger if slack else None,
        Platform.FEISHU: feishu.messenger if feishu else None,
        Platform.FEISHU_WEBHOOK: group.messenger if group else None,
    }
    return {platform: messenger for platform, messenger in configured.items() if messenger is not None}


def _configured(platform: T | None, setting: str) -> T:
    if platform is None:
        raise NotUnderstood(f"--channel needs {setting} for that.", example="doctor")
    return platform


def language_model(
    settings: Settings, memory: ModelMemory, now: Clock, meter: Meter = UNMETERED
) -> "OpenAIModel | None":
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
        meter=meter,
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
