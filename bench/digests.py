"""How long a digest takes, and what it costs the second time."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from bench.figures import Figure
from bench.stage import DAY, staged
from bot.app import composed

COMMITS = 20


async def first_and_second_run(folder: Path) -> Sequence[Figure]:
    figures: list[Figure] = []
    async with staged(folder, COMMITS) as stage:
        sources = {
            "a local clone": {"digest_source": "git", "digest_git_dir": folder / "history"},
            "GitHub": {"digest_source": "github"},
        }
        for name, changes in sources.items():
            database = f"sqlite:///{folder}/{name.replace(' ', '-')}.db"
            async with composed(stage.settings(database_url=database, **changes)) as app:
                calls = len(stage.model.calls)
                began = perf_counter()
                await app.digests.of(app.default_repo, DAY)
                first = perf_counter()
                asked, requests = len(stage.model.calls), sum(stage.github.counts.values())
                await app.digests.of(app.default_repo, DAY)
                second = perf_counter()
            again = (len(stage.model.calls) - asked) + (sum(stage.github.counts.values()) - requests)
            assert asked - calls == COMMITS + 1  # the last one is for the lead
            figures += [
                Figure(
                    name=f"{COMMITS} commits from {name}, 0.5 s a model call, with lead",
                    value=first - began,
                    unit="s",
                    limit=3,
                ),
                Figure(name="  the same day again", value=second - first, unit="s", limit=0.15),
                Figure(name="  model calls and requests for it", value=again, unit="", limit=0),
            ]
    return figures


async def requests_to_github(folder: Path) -> Sequence[Figure]:
    """A day that grows: every commit is fetched once."""
    async with staged(folder, COMMITS) as stage:
        stage.model.latency = 0
        async with composed(stage.settings(digest_source="github")) as app:
            await app.digests.of(app.default_repo, DAY)
        requests = sum(stage.github.counts.values())
    return [Figure(name=f"requests to GitHub for {COMMITS} new commits", value=requests, unit="", limit=1 + COMMITS)]
