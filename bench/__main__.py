"""Runs every measurement, prints each figure beside what was promised, and fails if a promise is not kept."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import digests, processes
from bench.figures import Figure
from bot.logs import configure_logging

MEASUREMENTS: Sequence[Callable[[Path], Awaitable[Sequence[Figure]]]] = (
    processes.help_text,
    processes.idle_memory,
    digests.first_and_second_run,
    digests.requests_to_github,
    processes.acknowledgements,
)


async def main() -> int:
    configure_logging(secrets=(), level=logging.ERROR)
    kept = True
    for measure in MEASUREMENTS:
        with TemporaryDirectory() as folder:
            for figure in await measure(Path(folder)):
                kept &= figure.is_kept
                print(figure, flush=True)
    return 0 if kept else 1


sys.exit(asyncio.run(main()))
