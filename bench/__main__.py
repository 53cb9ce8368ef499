"""Runs measurements, prints each figure beside what was promised, and fails if a promise is not kept.

What takes minutes is measured only when it is asked for by name.
"""

import asyncio
import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from bench import (
    archive,
    backfill,
    clicks,
    crashes,
    digests,
    evidence,
    feishu_clicks,
    feishu_connection,
    importance,
    obedience,
    packing,
    posting,
    processes,
    rendering,
    repositories,
    rounds,
    ticks,
    workers,
)
from bench.figures import Figure
from bot.logs import configure_logging

Measurement = Callable[[Path], Awaitable[Sequence[Figure]]]

#: Those that take minutes, each by the name by which it is asked for.
LONG: Mapping[str, Measurement] = {
    "posting-slack": posting.slack,
    "posting-feishu": posting.feishu,
    "crashes": crashes.runs,
    "rounds": rounds.one_minute,
    "repositories": repositories.night,
    "workers": workers.one_two_and_four,
}

MEASUREMENTS: Sequence[Measurement] = (
    processes.help_text,
    processes.idle_memory,
    feishu_connection.alone,
    feishu_connection.beside_slack,
    digests.first_and_second_run,
    digests.requests_to_github,
    processes.acknowledgements,
    clicks.clicks,
    feishu_clicks.clicks,
    processes.large_day,
    backfill.many_days,
    evidence.survival,
    evidence.speed,
    obedience.attacks,
    importance.agreement,
    rendering.large_day,
    archive.pages,
    ticks.sqlite,
    ticks.on_postgres,
    repositories.short_night,
)


def arguments() -> Namespace:
    parser = ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--clone", type=Path, help="measure prompts on this clone's history, and nothing else")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, help="first day, as 2026-01-10")
    parser.add_argument("--to", dest="last", type=date.fromisoformat, help="last day")
    parser.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("Asia/Shanghai"), help="of these days")
    parser.add_argument("--part", choices=LONG, help="measure only this, which takes minutes")
    return parser.parse_args()


async def main() -> int:
    configure_logging(secrets=(), level=logging.ERROR)
    given = arguments()
    if given.clone:
        return shown(await packing.packed_history(given.clone, given.first, given.last, given.zone))
    missed = 0
    for measure in [LONG[given.part]] if given.part else MEASUREMENTS:
        with TemporaryDirectory() as folder:
            missed |= shown(await measure(Path(folder)))
    print(f"What takes minutes: make bench PART=… ({', '.join(LONG)})")
    print("What prompts cost on a real history: make bench CLONE=path FROM=2026-01-10 TO=2026-02-10")
    return missed


def shown(figures: Sequence[Figure]) -> int:
    """Prints the figures; 1 if a promise is not kept, else 0."""
    for figure in figures:
        print(figure, flush=True)
    return 0 if all(figure.is_kept for figure in figures) else 1


sys.exit(asyncio.run(main()))
