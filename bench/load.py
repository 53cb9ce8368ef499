"""Asks for pages at even intervals, whether or not those before are answered: a process of its own beside the bot's.

`python -m bench.load RATE SECONDS ADDRESS…` prints the seconds that each answer took, as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from time import perf_counter

from aiohttp import ClientSession, TCPConnector


async def asked(rate: int, seconds: int, addresses: Sequence[str]) -> list[float]:
    """Seconds from when each was to be asked to its last byte."""
    async with ClientSession(connector=TCPConnector(limit=0), headers={"Accept-Encoding": "gzip"}) as session:

        async def ask(address: str, due: float) -> float:
            async with session.get(address) as answer:
                await answer.read()
                answer.raise_for_status()
            return perf_counter() - due

        first = perf_counter()
        tasks: list[asyncio.Task[float]] = []
        for number in range(rate * seconds):
            due = first + number / rate
            await asyncio.sleep(max(0.0, due - perf_counter()))
            tasks.append(asyncio.create_task(ask(addresses[number % len(addresses)], due)))
        return list(await asyncio.gather(*tasks))


if __name__ == "__main__":
    _, rate, seconds, *addresses = sys.argv
    print(json.dumps(asyncio.run(asked(int(rate), int(seconds), addresses))))
