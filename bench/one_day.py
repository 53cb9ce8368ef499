"""A process that makes one day's digest twice, and prints the seconds of both as JSON; configured as the bot is."""

import asyncio
import json
import logging
from time import perf_counter

from bench.stage import DAY
from bot.app import composed
from bot.logs import configure_logging
from bot.settings import load_settings


async def main() -> None:
    configure_logging(secrets=(), level=logging.ERROR)
    async with composed(load_settings()) as app:
        seconds: list[float] = []
        for _ in range(2):
            began = perf_counter()
            await app.digests.of(app.default_repo, DAY)
            seconds.append(perf_counter() - began)
    print(json.dumps(seconds))


asyncio.run(main())
