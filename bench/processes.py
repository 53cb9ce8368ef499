"""What the command and the running bot cost: start-up, memory, and how fast it acknowledges while it works."""

import asyncio
import os
import statistics
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from aiohttp import ClientError, ClientSession

from bench.figures import Figure
from bench.stage import DAY, LATENCY, Stage, staged
from tests.counterparts.processes import free_port
from tests.slack_people import People

COMMAND = Path(sys.executable).with_name("dynamo-digest")
BUSY_COMMITS = 120
ACKNOWLEDGEMENTS = 200
LARGE_COMMITS = 200


async def help_text(_folder: Path) -> Sequence[Figure]:
    def once() -> float:
        began = perf_counter()
        subprocess.run([COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - began

    return [
        Figure(name="dynamo-digest --help", value=statistics.median(once() for _ in range(9)), unit="s", limit=0.25)
    ]


async def idle_memory(folder: Path) -> Sequence[Figure]:
    async with staged(folder, 1) as stage, bot(stage) as (process, address, ready), ClientSession() as session:
        people = People(stage.slack, session, address)
        await people.type("help")
        await asyncio.sleep(1)
        megabytes = resident(process.pid)
    return [
        Figure(name="the bot with Slack answers after", value=ready, unit="s", limit=2.5),
        Figure(name="the idle bot with Slack", value=megabytes, unit="MB", limit=120),
    ]


async def acknowledgements(folder: Path) -> Sequence[Figure]:
    """Commands and clicks, some at a time, from the start of a digest of many commits to its end."""
    async with staged(folder, BUSY_COMMITS) as stage, bot(stage) as (_, address, _), ClientSession() as session:
        people = People(stage.slack, session, address)
        url = stage.slack.response_url()
        await people.send(await people.typed(str(DAY.date), url=url))
        seconds: list[float] = []
        while len(seconds) < ACKNOWLEDGEMENTS:
            body = await people.typed("help", url=stage.slack.response_url())
            acknowledged = await people.send(body)
            clicked, _ = await people.click(
                {"action_id": "commit.open", "value": "1 commit github.com octo/hello 0000"}
            )
            assert acknowledged.status == clicked.status == 200
            seconds += [acknowledged.seconds, clicked.seconds]
        busy = not any("Summaries" in str(body) for body in stage.slack.responses(url))
        percentile = statistics.quantiles(seconds, n=100)[98]
    name = f"acknowledgement, 99 of 100, while {BUSY_COMMITS} commits are read"
    return [
        Figure(name=name, value=percentile, unit="s", limit=0.5),
        Figure(name="  the digest was ready before the last of them (1: yes)", value=float(not busy), unit="", limit=0),
    ]


async def large_day(folder: Path) -> Sequence[Figure]:
    """Many commits, eight questions at a time: from the command to its answer, in a bot that has just started."""
    async with staged(folder, LARGE_COMMITS) as stage, bot(stage) as (process, address, _), ClientSession() as session:
        people = People(stage.slack, session, address)
        url = stage.slack.response_url()
        began = perf_counter()
        await people.send(await people.typed(str(DAY.date), url=url))
        while not any("Summaries" in str(body) for body in stage.slack.responses(url)):
            await asyncio.sleep(0.05)
        seconds, megabytes = perf_counter() - began, resident(process.pid)
    ideal = (LARGE_COMMITS / 8 + 1) * LATENCY
    return [
        Figure(name=f"{LARGE_COMMITS} commits from GitHub, 0.5 s a model call, with lead", value=seconds, unit="s"),
        Figure(name="  beside the time that the model alone takes", value=seconds / ideal, unit="", limit=1.5),
        Figure(name="  the bot's memory after it", value=megabytes, unit="MB", limit=300),
    ]


@asynccontextmanager
async def bot(stage: Stage, **configuration: str) -> AsyncIterator[tuple[subprocess.Popen[bytes], str, float]]:
    """The process, its address, and the seconds until it answered; `configuration` is added to the stage's."""
    port = free_port()
    environment = {**os.environ, **stage.environment("bot"), "PORT": str(port), **configuration}
    began = perf_counter()
    process = subprocess.Popen([COMMAND, "run"], env=environment, stderr=subprocess.DEVNULL, cwd=stage.folder)
    try:
        address = f"http://127.0.0.1:{port}"
        await _answers(f"{address}/healthz")
        yield process, address, perf_counter() - began
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _answers(url: str) -> None:
    async with ClientSession() as session, asyncio.timeout(30):
        while True:
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except ClientError:
                await asyncio.sleep(0.02)


def resident(pid: int) -> float:
    """Megabytes of memory that the process holds."""
    kilobytes = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], check=True, capture_output=True, text=True).stdout
    return int(kilobytes) / 1024
