"""How fast one digest reaches many channels, beside what the platforms' limits allow, and what a post costs the bot."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession

from bench import platforms
from bench.figures import Figure
from bench.rendering import day
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.core.pacing import giving_way
from bot.core.ports import Messenger
from bot.core.replies import DigestView
from bot.core.subscriptions import Channel, Platform
from tests.counterparts.processes import free_port, running

WORKSPACES: Final = 40
CHANNELS: Final = 250
GROUPS: Final = 1_200
#: Commits of the digest.
COMMITS: Final = 20
#: Seconds that a platform takes for an answer.
LATENCY: Final = 0.1
#: Messages of one workspace that are under way at once.
AT_ONCE: Final = 16


async def slack(_folder: Path) -> Sequence[Figure]:
    async with platform_process() as address:
        gateway = SlackGateway(_Tokens(), base_url=f"{address}/api/")
        async with gateway.connected():
            channels = [
                [Channel(platform=Platform.SLACK, workspace=f"T{team}", id=f"C{number}") for number in range(CHANNELS)]
                for team in range(WORKSPACES)
            ]
            cost = await posted(SlackMessenger(gateway), channels)
        told = await counts(address, "slack")
    allowed = platforms.SLACK_WORKSPACE[0] / platforms.SLACK_WORKSPACE[1] * WORKSPACES
    return figures(f"one digest to {CHANNELS} channels of each of {WORKSPACES} workspaces", told, cost, allowed)


async def feishu(_folder: Path) -> Sequence[Figure]:
    async with platform_process() as address:
        gateway = FeishuGateway("cli_bench", "a-secret", address)
        async with gateway.connected():
            messenger = FeishuMessenger(gateway, now=lambda: datetime.now(UTC))
            groups = [Channel(platform=Platform.FEISHU, workspace="tenant", id=f"oc_{each}") for each in range(GROUPS)]
            cost = await posted(messenger, [groups])
        told = await counts(address, "feishu")
    allowed = platforms.FEISHU_MINUTE[0] / platforms.FEISHU_MINUTE[1]
    return figures(f"one digest to {GROUPS} groups of one Feishu tenant", told, cost, allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of all posts, in seconds of this process."""

    cpu: float
    wall: float


async def posted(messenger: Messenger, workspaces: Sequence[Sequence[Channel]]) -> Cost:
    """Posts one digest into all channels, those of each workspace in their order, as the clock does.

    The first post is not counted: whatever the others find remembered is made for it.
    """
    digest = day(COMMITS)

    async def post(channels: Iterator[Channel]) -> None:
        for channel in channels:
            await messenger.post(channel, DigestView(digest=digest), key=f"{channel.workspace} {channel.id}")

    waiting = [iter(channels) for channels in workspaces]
    await post(islice(waiting[0], 1))
    began, worked = time.perf_counter(), time.process_time()
    with giving_way():
        await asyncio.gather(*(post(channels) for channels in waiting for _ in range(AT_ONCE)))
    return Cost(cpu=time.process_time() - worked, wall=time.perf_counter() - began)


def figures(name: str, told: dict[str, Any], cost: Cost, allowed: float, *, most_cpu: float = 2) -> Sequence[Figure]:
    """`allowed` is how many posts a second the limits allow, all in all; `most_cpu` is in milliseconds."""
    posts, ideal = told["posts"], told["posts"] / allowed
    return [
        Figure(name=f"{name}: time beside the shortest allowed", value=cost.wall / ideal, unit="", limit=1 / 0.95),
        Figure(name="  seconds until 99 of 100 have arrived", value=_percentile(told["at"], 0.99), unit="s"),
        Figure(name="  posts that arrived nowhere or twice", value=wrong(told), unit="", limit=0),
        Figure(name="  posts that were refused as too many, of 1,000", value=1000 * told["refused"] / posts, unit=""),
        Figure(name="  CPU of the bot for a post", value=1000 * cost.cpu / posts, unit="ms", limit=most_cpu),
        Figure(name="  the platform was busy", value=100 * told["busy"], unit="%"),
    ]


def wrong(told: dict[str, Any]) -> int:
    return abs(told["posts"] - told["places"]) + told["twice"]


def _percentile(at: Sequence[float], part: float) -> float:
    return sorted(at)[int(part * (len(at) - 1))] - min(at)


@asynccontextmanager
async def platform_process(latency: float = LATENCY) -> AsyncIterator[str]:
    """The address of both platforms, which run in a process of their own."""
    port = free_port()
    command = [sys.executable, "-m", platforms.__name__, str(port), str(latency)]
    with running(command, cwd=Path(__file__).parent.parent, env=os.environ, port=port):
        yield f"http://127.0.0.1:{port}"


async def counts(address: str, platform: str, page: str = "counts") -> dict[str, Any]:
    """What has arrived there: see `bench.platforms.Platforms`; the page `progress` says little and costs little."""
    async with ClientSession() as session, session.get(f"{address}/{page}") as answer:
        told = await answer.json()
    return {**told[platform], "busy": told["busy"]}


class _Tokens:
    """Implements `Tokens` of the gateway for workspaces whose token is their id."""

    async def token(self, workspace: str) -> str:
        return workspace

    async def renewed(self, workspace: str, rejected: str) -> str:
        raise NotImplementedError
