"""The composition root: the only place that names concrete classes, and the owner of the clock."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import console_app, feishu_app, operating, prompts, slack_app, watching
from bot.adapters.database.census import DatabaseCensus, without_queue
from bot.adapters.database.engine import migrate, open_database
from bot.adapters.database.inbox import DatabaseInbox
from bot.adapters.database.ledger import left_to_the_next_tick
from bot.adapters.database.model_memory import DatabaseModelMemory
from bot.adapters.database.stores import stores
from bot.adapters.database.workspaces import DatabaseWorkspaces
from bot.adapters.signing import SignedLinks
from bot.adapters.terminal import TerminalMessenger
from bot.console_app import Console
from bot.core.analyst import ModelAnalyst, Prompts
from bot.core.asker import Access
from bot.core.backfill import Backfill
from bot.core.browsing import Browsing
from bot.core.desk import Desk
from bot.core.digests import Digests
from bot.core.errors import NotUnderstood
from bot.core.linking import Signing
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
from bot.core.pulse import Backlog
from bot.core.retention import Sweeping
from bot.core.rounds import Rounds, Work
from bot.core.rules import RuleAnalyst
from bot.core.service import Defaults, Instructions, assemble
from bot.core.subscribing import DEFAULT_HOUR
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from bot.feishu_app import Feishu, FeishuGroup
from bot.settings import Settings
from bot.slack_app import Slack
from bot.watching import ALL, Role, Watching

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute

    from bot.adapters.git import Clones
    from bot.adapters.openai import OpenAIModel
    from bot.adapters.queue.queue import PgQueue
    from handlers.archive import Pages
    from handlers.jobs import Worker
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
    browsing: Browsing
    signing: Signing
    work: Work
    rounds: Rounds
    #: None where this process does all of its work itself.
    queue: "PgQueue | None"
    subscriptions: Subscriptions
    workspaces: Workspaces
    inbox: Inbox
    censuses: Censuses
    sweeping: Sweeping
    #: Each is None where it is not configured.
    slack: Slack | None
    feishu: Feishu | None
    feishu_group: FeishuGroup | None
    #: None where there is any of them, and where others may reach this machine.
    console: Console | None

    @property
    def platforms(self) -> frozenset[Platform]:
        """Those that can be posted to."""
        chats = {
            Platform.SLACK: self.slack,
            Platform.FEISHU: self.feishu,
            Platform.FEISHU_WEBHOOK: self.feishu_group,
            Platform.CONSOLE: self.console,
        }
        return frozenset(platform for platform, configured in chats.items() if configured is not None)

    async def channel(self, named: str) -> Channel:
        """Of Slack `C0123` or `T0123/C0123`, of Feishu `oc_…`, or `feishu-webhook`. Raises BotError."""
        if named == Platform.FEISHU_WEBHOOK:
            return _configured(self.feishu_group, "FEISHU_WEBHOOK_URL").channel
        if named.startswith("oc_"):
            return await _configured(self.feishu, "FEISHU_APP_ID").channel(named)
        return await _configured(self.slack, "SLACK_BOT_TOKEN or SLACK_CLIENT_ID").channel(named)


@asynccontextmanager
async def composed(
    settings: Settings, *, now: Clock = now, meter: Meter = UNMETERED, roles: Collection[Role] = ()
) -> AsyncGenerator[App]:
    """The application with its database open and up to date; everything is closed at the end.

    A process that has any of the `roles` shares its work with others if they can share a database; a command has none.
    """
    gc.set_threshold(GARBAGE_THRESHOLD)
    async with AsyncExitStack() as stack:
        engine = open_database(settings.database_url)
        stack.push_async_callback(engine.dispose)
        await _migrate(engine, settings)
        queue = await _queue(settings, roles, stack)
        default_repo = await _default_repo(settings)
        source = await _source(settings, default_repo, now, stack)
        memory = DatabaseModelMemory(engine)
        model = language_model(settings, memory, now, meter)
        if model is not None:
            stack.push_async_callback(model.close)
        analyst = _analyst(settings, model, source)
        kept = stores(engine, queue.enqueue_within if queue is not None else left_to_the_next_tick)
        slack = slack_app.compose(settings, engine, now, partial(meter.waited, Platform.SLACK))
        feishu = feishu_app.compose(settings, kept.posts, now, partial(meter.waited, Platform.FEISHU))
        feishu_group = feishu_app.compose_group(settings, now, partial(meter.waited, Platform.FEISHU_WEBHOOK))
        console = console_app.compose(settings, engine, now)
        signing = SignedLinks(settings.signing_keys, now=now)
        service = assemble(
            stores=kept,
            source=source,
            analyst=analyst,
            model=model,
            memory=memory if model is not None else None,
            messengers=_messengers(slack, feishu, feishu_group, console),
            instructions=Instructions(
                translation=prompts.read("translation"), lead=prompts.read("lead"), question=prompts.read("question")
            ),
            defaults=Defaults(repo=default_repo, zone=settings.zone, language=settings.digest_language),
            access=Access(private=settings.private_repos_of),
            public_url=settings.public_url,
            signing=signing,
            open_to_all=settings.archive_repos_of,
            learns_visibility=bool(settings.public_url),
            now=now,
            meter=meter,
            queue=queue,
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
            browsing=service.browsing,
            signing=signing,
            work=service.work,
            rounds=service.rounds,
            queue=queue,
            subscriptions=kept.subscriptions,
            workspaces=DatabaseWorkspaces(engine),
            inbox=DatabaseInbox(engine),
            censuses=DatabaseCensus(engine, queue.depth if queue is not None else without_queue),
            sweeping=operating.compose(settings, engine, now).sweeping,
            slack=slack,
            feishu=feishu,
            feishu_group=feishu_group,
            console=console,
        )


async def run(settings: Settings, roles: Collection[Role] = ALL) -> None:
    """The bot, or the part of it that has these roles, until the process is told to stop."""
    watched = watching.compose(settings)
    with watched.tracing():
        await _run(settings, roles, watched)


async def _run(settings: Settings, roles: Collection[Role], watched: Watching) -> None:
    async with composed(settings, meter=watched.prometheus, roles=roles) as app, AsyncExitStack() as stack:
        stack.push_async_callback(watched.finish)
        until_told = await _answering(app, watched, roles, stack) if Role.WEB in roles else _silent()
        async with _working(app, watched, roles):
            log.info("bot.started", roles=sorted(roles))
            await until_told()
    log.info("bot.stopped")


async def _answering(
    app: App, watched: Watching, roles: Collection[Role], stack: AsyncExitStack
) -> Callable[[], Awaitable[object]]:
    """Listens to what is configured; what is returned serves the HTTP port until the process is told to stop."""
    from handlers import web

    answering = asyncio.Event()
    application = await listen(app, stack, answering=answering, watched=watched, roles=roles)
    return partial(web.serve, application, host=app.settings.host, port=app.settings.port, answering=answering.set)


def _silent() -> Callable[[], Awaitable[object]]:
    """For a process that answers nobody; what is returned waits until it is told to stop."""
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told.wait


@asynccontextmanager
async def _working(app: App, watched: Watching, roles: Collection[Role]) -> AsyncGenerator[None]:
    """The worker and the clock are started if they are among the roles; at the end, what they have begun ends."""
    worker = _worker(app.queue, app.work, watched) if Role.WORKER in roles and app.queue is not None else None
    clock = await _clock(app, watched) if Role.CLOCK in roles else None
    try:
        yield
    finally:
        if clock is not None:
            clock.shutdown(wait=False)
        await asyncio.gather(_finish(app.rounds), *([worker.stop(GRACE)] if worker is not None else []))


def _worker(queue: "PgQueue", work: Work, watched: Watching) -> "Worker":
    from handlers.jobs import Worker

    worker = Worker(queue, work, asked=watched.queue.beat)
    worker.start()
    return worker


async def _clock(app: App, watched: Watching) -> "AsyncIOScheduler":
    from handlers import schedule

    await _follow(app)
    ticked = partial(watched.ticked, backlog=Backlog(app.censuses, app.now))
    return schedule.start(app.rounds, ticked=ticked, sweep=app.sweeping.tick)


async def listen(
    app: App,
    stack: AsyncExitStack,
    *,
    answering: asyncio.Event | None = None,
    watched: Watching | None = None,
    roles: Collection[Role] = ALL,
) -> "Starlette":
    """Starts to listen to what is configured; the application is what the HTTP port serves.

    What takes seconds to load waits until `answering` is set, so that it delays nothing else. Without `watched`
    nobody sees more than whether platforms are listened to.
    """
    from formatters.html import STYLESHEET
    from handlers import archive, web

    routes: list[BaseRoute] = []
    listens: list[Check] = []
    meter = watched.prometheus if watched is not None else UNMETERED
    if app.slack is not None:
        slack = await slack_app.listen(
            app.slack,
            app.settings,
            desk=app.desk,
            subscriptions=app.subscriptions,
            workspaces=app.workspaces,
            inbox=app.inbox,
            now=app.now,
            stack=stack,
            meter=meter,
        )
        routes += slack.routes
        listens += slack.checks
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
            meter=meter,
        )
        routes += feishu.routes
        listens += feishu.checks
    if app.console is not None:
        routes += console_app.listen(
            app.console, app.settings, app.default_repo, desk=app.desk, now=app.now, stack=stack, meter=meter
        )
    else:
        routes += console_app.refusing(app.settings)
    routes.append(archive.mounted(_pages(app), STYLESHEET))
    if watched is None:
        return web.application(routes, checks=listens)
    shared = frozenset(roles) if app.queue is not None else frozenset(roles) - {Role.WORKER}
    checks = watched.checks(shared, censuses=app.censuses, now=app.now, platforms=listens)
    return web.application(routes, checks=checks, exposition=_exposition(app, watched))


def _pages(app: App) -> "Pages":
    from handlers.archive import Pages, Usual

    settings = app.settings
    return Pages(
        browsing=app.browsing,
        signing=app.signing,
        usual=Usual(zone=settings.zone, language=settings.digest_language),
        base_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        now=app.now,
    )


async def _migrate(engine: AsyncEngine, settings: Settings) -> None:
    if not settings.shares_database:
        await migrate(engine)
        return
    from bot.adapters.queue.tables import install

    await migrate(engine, install)


async def _queue(settings: Settings, roles: Collection[Role], stack: AsyncExitStack) -> "PgQueue | None":
    if not roles or not settings.shares_database:
        return None
    from bot.adapters.queue.queue import BACKGROUND, FOR_SOMEBODY, opened

    somebody_asks = Role.WEB in roles and Role.WORKER not in roles
    return await stack.enter_async_context(
        opened(settings.database_url, priority=FOR_SOMEBODY if somebody_asks else BACKGROUND)
    )


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


def _messengers(
    slack: Slack | None, feishu: Feishu | None, group: FeishuGroup | None, console: Console | None
) -> dict[Platform, Messenger]:
    configured: dict[Platform, Messenger | None] = {
        Platform.TERMINAL: TerminalMessenger(sys.stdout),
        Platform.SLACK: slack.messenger if slack else None,
        Platform.FEISHU: feishu.messenger if feishu else None,
        Platform.FEISHU_WEBHOOK: group.messenger if group else None,
        Platform.CONSOLE: console.messenger if console else None,
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
        max_in_flight=settings.openai_max_in_flight,
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
        host=settings.github_host,
        token=_value(settings.github_token),
        app=GitHubApp(app_id=str(settings.github_app_id), private_key=private_key) if private_key else None,
        trusted=trusted,
        labels=settings.github_labels,
    )
    stack.push_async_callback(source.close)
    return source


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret is not None else None
