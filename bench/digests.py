"""How long a digest takes, and what it costs the second time."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.figures import Figure
from bench.stage import DAY, Stage, staged
from bot.app import composed

COMMITS = 20


async def first_and_second_run(folder: Path) -> Sequence[Figure]:
    """In a process of its own, as the counterparts' work is not the bot's; it has not loaded the model's SDK yet."""
    figures: list[Figure] = []
    async with staged(folder, COMMITS) as stage:
        sources = {
            "a local clone": {"DIGEST_SOURCE": "git", "DIGEST_GIT_DIR": str(folder / "history")},
            "GitHub": {"DIGEST_SOURCE": "github"},
        }
        for name, source in sources.items():
            before = len(stage.model.calls), sum(stage.github.counts.values())
            first, second = await _one_day(stage, stage.environment(name.replace(" ", "-")) | source)
            calls = len(stage.model.calls) - before[0]
            figures += [
                Figure(name=f"{COMMITS} commits from {name}, 0.5 s a call, with lead", value=first, unit="s", limit=3),
                Figure(name="  the same day again", value=second, unit="s", limit=0.15),
                Figure(
                    name="  model calls for both, of which the last is for the lead", value=calls, unit="", limit=21
                ),
            ]
            if name == "GitHub":
                requests = sum(stage.github.counts.values()) - before[1]
                figures.append(Figure(name="  requests for both", value=requests, unit="", limit=1 + COMMITS))
    return figures


async def _one_day(stage: Stage, configuration: Mapping[str, str]) -> tuple[float, float]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.one_day"),
        env={**os.environ, **configuration},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    first, second = json.loads(printed)
    return first, second


async def requests_to_github(folder: Path) -> Sequence[Figure]:
    """A day that grows: every commit is fetched once."""
    async with staged(folder, COMMITS) as stage:
        stage.model.latency = 0
        async with composed(stage.settings(digest_source="github")) as app:
            await app.digests.of(app.default_repo, DAY)
        requests = sum(stage.github.counts.values())
    return [Figure(name=f"requests to GitHub for {COMMITS} new commits", value=requests, unit="", limit=1 + COMMITS)]
