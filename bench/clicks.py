"""How fast a window opens when many people click in a stored digest while another one is being made."""

import asyncio
import statistics
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from aiohttp import ClientSession

from bench.figures import Figure
from bench.processes import bot
from bench.stage import DAY, Stage, staged
from tests.counterparts.slack import SlackProxy
from tests.slack_people import People, buttons

STORED_COMMITS = 60
BUSY_COMMITS = 120
CLICKS_PER_SECOND = 50
SECONDS = 10


def _windows(slack: SlackProxy) -> tuple[dict[str, float], dict[str, float]]:
    """When each window was open, and when it showed its analysis, by the trigger of its click."""
    opened: dict[str, float] = {}
    filled: dict[str, float] = {}
    triggers: dict[str, str] = {}
    for call in slack.calls:
        if call.answer is None or not call.answer.get("ok"):
            continue
        if call.method == "views.open":
            triggers[call.answer["view"]["id"]] = call.arguments["trigger_id"]
            opened[call.arguments["trigger_id"]] = call.at
        elif call.method == "views.update":
            filled[triggers[call.answer["view"]["id"]]] = call.at
    return opened, filled


async def clicks(folder: Path) -> Sequence[Figure]:
    async with (
        staged(folder, BUSY_COMMITS, before=STORED_COMMITS) as stage,
        bot(stage) as (_, address, _),
        ClientSession() as session,
    ):
        people = People(stage.slack, session, address)
        stored = await _digest_of(stage, people, str(DAY.date - timedelta(days=1)))
        url = stage.slack.response_url()
        await people.send(await people.typed(str(DAY.date), url=url))
        acknowledged, began = await _click(stage, people, buttons(stored["blocks"], "commit.open"))
        busy = not any("Summaries" in str(body) for body in stage.slack.responses(url))
        async with asyncio.timeout(30):
            while len(_windows(stage.slack)[1]) < len(began):
                await asyncio.sleep(0.1)
    opened, filled = ([moments[trigger] - at for trigger, at in began.items()] for moments in _windows(stage.slack))
    what = f"{CLICKS_PER_SECOND} clicks/s while {BUSY_COMMITS} commits are read, 99 of 100"
    return [
        Figure(name=f"{what}: acknowledged", value=_p99(acknowledged), unit="s", limit=0.5),
        Figure(name="  a window is open", value=_p99(opened), unit="s", limit=0.8),
        Figure(name="  and shows the analysis", value=_p99(filled), unit="s"),
        Figure(name="  the digest was ready before the last of them (1: yes)", value=float(not busy), unit="", limit=0),
    ]


async def _digest_of(stage: Stage, people: People, day: str) -> dict[str, Any]:
    url = stage.slack.response_url()
    await people.send(await people.typed(day, url=url))
    while not any("Summaries" in str(body) for body in stage.slack.responses(url)):
        await asyncio.sleep(0.05)
    return stage.slack.responses(url)[-1]


async def _click(
    stage: Stage, people: People, opening: Sequence[dict[str, Any]]
) -> tuple[list[float], dict[str, float]]:
    """Clicks at even intervals, whether or not the ones before are answered; seconds to each acknowledgement."""
    began: dict[str, float] = {}

    async def click(number: int) -> float:
        trigger = await stage.slack.trigger_id()
        began[trigger] = perf_counter()
        acknowledged, _ = await people.click(opening[number % len(opening)], trigger_id=trigger)
        assert acknowledged.status == 200
        return acknowledged.seconds

    first = perf_counter()
    tasks: list[asyncio.Task[float]] = []
    for number in range(CLICKS_PER_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, first + number / CLICKS_PER_SECOND - perf_counter()))
        tasks.append(asyncio.create_task(click(number)))
    return list(await asyncio.gather(*tasks)), began


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]
