"""Ten thousand channels of one repository, all due in the same minute: one process, SQLite, Slack with its limits."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as wall_clock
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from slack_sdk.oauth.installation_store import Installation

from bench import platforms
from bench.figures import Figure
from bench.posting import CHANNELS, COMMITS, WORKSPACES, Cost, counts, platform_process, wrong
from bench.stage import DAY, REPO, write
from bot.app import App, composed
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from bot.settings import Settings
from handlers import schedule
from tests.counterparts.model import API_KEY

#: Everybody's minute.
DUE: Final = datetime(2026, 1, 22, 9, tzinfo=UTC)
ZONE: Final = ZoneInfo(DAY.zone.key)
#: Seconds after which whatever has not arrived counts as lost.
PATIENCE: Final = 300


async def one_minute(folder: Path) -> Sequence[Figure]:
    write(folder / "history", COMMITS, before=1)
    clock = _Clock()
    async with (
        platform_process() as address,
        composed(Settings.model_validate(settings(folder, address)), now=clock) as app,
    ):
        await install(app, WORKSPACES)
        await _subscribe(app)
        await app.digests.of(
            REPO, replace(DAY, date=DAY.date - timedelta(days=1))
        )  # of the day before, as in any process that runs for a while
        before = await counts(address, "model")
        cost = await _delivered(app, clock, address)
        slack, model = await counts(address, "slack"), await counts(address, "model")
    name = f"{WORKSPACES * CHANNELS} channels of one repository due in one minute, on SQLite"
    allowed = platforms.SLACK_WORKSPACE[0] / platforms.SLACK_WORKSPACE[1] * WORKSPACES
    late = sorted(at - clock.real(DUE) for at in slack["at"])
    sent = len(late)
    return [
        Figure(name=f"{name}: the rate allowed beside that kept", value=allowed * (late[-1] - late[0]) / sent, unit="",
               limit=1 / 0.95),
        Figure(name="  99 of 100 have arrived after", value=late[int(0.99 * sent)], unit="s", limit=60),
        Figure(name="  the first has arrived after", value=late[0], unit="s"),
        Figure(name="  channels that got nothing", value=WORKSPACES * CHANNELS - slack["places"], unit="", limit=0),
        Figure(name="  posts that arrived nowhere or twice", value=wrong(slack), unit="", limit=0),
        Figure(name="  posts that were refused as too many, of 1,000", value=1000 * slack["refused"] / sent, unit=""),
        Figure(name="  analyses by the model for each commit",
               value=(model["analyses"] - before["analyses"]) / COMMITS, unit="", limit=1),
        Figure(name="  CPU of the bot for a delivery, from the tick to the last note", value=1000 * cost.cpu / sent,
               unit="ms"),
    ]  # fmt: skip


class _Clock:
    """Real time, moved so that `DUE` comes when it is set."""

    def __init__(self) -> None:
        self._moved = DUE - timedelta(hours=1) - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._moved

    def set(self, now: datetime) -> None:
        self._moved = now - datetime.now(UTC)

    def real(self, moved: datetime) -> float:
        """In seconds since the epoch."""
        return (moved - self._moved).timestamp()


def settings(folder: Path, address: str) -> dict[str, Any]:
    return {
        "database_url": f"sqlite:///{folder}/bench.db",
        "cache_dir": folder / "cache",
        "digest_default_repo": str(REPO),
        "digest_git_dir": folder / "history",
        "digest_source": "git",
        "digest_timezone": DAY.zone.key,
        "digest_language": "en",
        "openai_api_key": API_KEY,
        "openai_base_url": f"{address}/v1",
        "openai_model": "counterpart-1",
        "slack_client_id": "1.2",
        "slack_client_secret": "a-client-secret-that-nobody-guesses",
        "slack_signing_secret": "a-signing-secret",
        "slack_api_url": f"{address}/api/",
        "public_url": "https://digest.example.org",
    }


async def install(app: App, workspaces: int) -> None:
    """The app into all workspaces, the token of each is its id."""
    assert app.slack is not None
    assert app.slack.oauth is not None
    for team in range(workspaces):
        installation = Installation(
            app_id="A1", user_id="U1", team_id=f"T{team}", bot_token=f"T{team}", bot_id="B1", bot_user_id="U2",
            bot_scopes="chat:write",
        )  # fmt: skip
        await app.slack.oauth.store.async_save(installation)


async def _subscribe(app: App) -> None:
    for team in range(WORKSPACES):
        terms = [_terms(f"T{team}", f"C{number}") for number in range(CHANNELS)]
        await asyncio.gather(*(app.subscriptions.subscribe(each, app.now()) for each in terms))


def _terms(workspace: str, channel: str) -> SubscriptionTerms:
    return SubscriptionTerms(
        channel=Channel(platform=Platform.SLACK, workspace=workspace, id=channel),
        repo=REPO,
        at=wall_clock(DUE.hour),
        zone=ZONE,
        subscriber="U1",
    )


async def _delivered(app: App, clock: _Clock, address: str) -> Cost:
    """From the minute in which all are due until the last of them has arrived."""
    assert app.slack is not None
    async with app.slack.gateway.connected():
        ticking = schedule.start(app.rounds)
        await asyncio.sleep(schedule.TICK - time.time() % schedule.TICK)  # as minutes begin together with ticks
        clock.set(DUE)
        began, worked = time.perf_counter(), time.process_time()
        async with asyncio.timeout(PATIENCE):
            while (await counts(address, "slack", "progress"))["posts"] < WORKSPACES * CHANNELS:
                await asyncio.sleep(1)
        cost = Cost(cpu=time.process_time() - worked, wall=time.perf_counter() - began)
        ticking.shutdown(wait=False)
        await app.rounds.finish()
    return cost
