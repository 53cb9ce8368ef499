"""How fast 1, 2 and 4 workers deliver from one Postgres database, where nothing but computing limits them."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bench import rounds
from bench.databases import postgres
from bench.figures import Figure
from bench.posting import counts, platform_process
from bench.processes import COMMAND
from bench.stage import REPO
from bot.app import composed
from bot.core.ports import Subscriptions
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from bot.settings import Settings
from tests.counterparts.histories import History

#: So many workspaces that their limits allow more than any machine posts.
WORKSPACES: Final = 400
CHANNELS: Final = 10
COMMITS: Final = 20
#: Seconds that processes get to start, and after which what has not arrived is lost.
STARTING: Final = 12
PATIENCE: Final = 150


async def one_two_and_four(folder: Path) -> Sequence[Figure]:
    rates = [(number, await _rate(folder / str(number), number)) for number in (1, 2, 4)]
    figures = [
        Figure(name=f"{number} worker(s) on Postgres: deliveries", value=rate, unit="/s") for number, rate in rates
    ]
    return [
        *figures,
        *(Figure(name=f"  {number} beside one", value=rate / rates[0][1], unit="") for number, rate in rates[1:]),
    ]


async def _rate(folder: Path, workers: int) -> float:
    """Deliveries a second, from the tenth to the ninth of ten."""
    folder.mkdir(mode=0o755)
    now = datetime.now(UTC)
    _write(folder / "history", now - timedelta(days=1))
    async with postgres(folder) as database, platform_process() as address:
        settings = rounds.settings(folder, address) | {"database_url": database}
        async with composed(Settings.model_validate(settings)) as app:
            await rounds.install(app, WORKSPACES)
            await _subscribe(app.subscriptions, now)
        environment = {**os.environ, **{name.upper(): str(value) for name, value in settings.items()}}
        async with _processes(["worker"] * workers, environment):
            await asyncio.sleep(STARTING)
            async with _processes(["clock"], environment):
                at = await _arrived(address)
    return 0.8 * len(at) / (at[int(0.9 * len(at))] - at[int(0.1 * len(at))])


def _write(path: Path, day: datetime) -> None:
    history = History.start(path)
    for number in range(COMMITS):
        at = day.replace(hour=6, minute=number)
        history.commit(f"feat: greet {number} (#{number + 1})", {"src/greet.py": f"GREETINGS = {number}\n"}, at=at)


async def _subscribe(subscriptions: Subscriptions, now: datetime) -> None:
    """They were due a moment ago."""
    for team in range(WORKSPACES):
        terms = [_terms(f"T{team}", f"C{number}", now) for number in range(CHANNELS)]
        await asyncio.gather(*(subscriptions.subscribe(each, now - timedelta(days=1)) for each in terms))


def _terms(workspace: str, channel: str, now: datetime) -> SubscriptionTerms:
    return SubscriptionTerms(
        channel=Channel(platform=Platform.SLACK, workspace=workspace, id=channel),
        repo=REPO,
        at=now.replace(second=0, microsecond=0).time(),
        zone=rounds.ZONE,
        subscriber="U1",
    )


@asynccontextmanager
async def _processes(roles: Sequence[str], environment: dict[str, str]) -> AsyncIterator[None]:
    started = [
        subprocess.Popen([COMMAND, role], env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for role in roles
    ]
    try:
        yield
    finally:
        for process in started:
            process.terminate()
        await asyncio.gather(*(asyncio.to_thread(process.wait) for process in started))


async def _arrived(address: str) -> Sequence[float]:
    began = time.monotonic()
    while (await counts(address, "slack", "progress"))["posts"] < WORKSPACES * CHANNELS:
        if time.monotonic() - began > PATIENCE:
            break
        await asyncio.sleep(1)
    return sorted((await counts(address, "slack"))["at"])
