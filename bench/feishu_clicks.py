"""How fast Feishu's readers get an answer when many click in a stored digest while another one is being made."""

import asyncio
import json
import re
import statistics
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.figures import Figure
from bench.processes import bot
from bench.stage import DAY, staged
from handlers.feishu import PATH
from tests.counterparts.feishu import APP_ID, APP_SECRET, ENCRYPT_KEY, VERIFICATION_TOKEN, FakeFeishu, Posted

STORED_COMMITS = 60
BUSY_COMMITS = 160
CLICKS_PER_SECOND = 50
SECONDS = 10
#: The bot sends five messages a second to one of them.
GROUPS = 50


async def clicks(folder: Path) -> Sequence[Figure]:
    async with staged(folder, BUSY_COMMITS, before=STORED_COMMITS) as stage, FakeFeishu() as feishu:
        feishu.limits_rates = feishu.checks_cards = False
        async with bot(stage, **_configuration(feishu)) as (_, address, _):
            await feishu.listen_at(f"{address}{PATH}")
            stored = await _stored(feishu, str(DAY.date - timedelta(days=1)))
            busy = feishu.chat("busy", members=["alice"])
            await feishu.says(str(DAY.date), chat=busy)
            answered = await _click(feishu, stored)
            is_busy = not any(_commits(each.content) for each in _in(feishu, busy))
    what = f"{CLICKS_PER_SECOND} clicks/s in Feishu while {BUSY_COMMITS} commits are read, 99 of 100"
    return [
        Figure(name=f"{what}: answered", value=statistics.quantiles(answered, n=100)[98], unit="s", limit=0.5),
        Figure(
            name="  the digest was ready before the last of them (1: yes)", value=float(not is_busy), unit="", limit=0
        ),
    ]


def _configuration(feishu: FakeFeishu) -> dict[str, str]:
    return {
        "FEISHU_APP_ID": APP_ID,
        "FEISHU_APP_SECRET": APP_SECRET,
        "FEISHU_DOMAIN": feishu.url,
        "FEISHU_ENCRYPT_KEY": ENCRYPT_KEY,
        "FEISHU_VERIFICATION_TOKEN": VERIFICATION_TOKEN,
    }


async def _stored(feishu: FakeFeishu, day: str) -> dict[str, Any]:
    """The card of that day, which is read now, with buttons of its commits."""
    group = feishu.chat("team", members=["alice"])
    await feishu.says(day, chat=group)
    async with asyncio.timeout(60):
        while not any(_commits(each.content) for each in _in(feishu, group)):
            await asyncio.sleep(0.05)
    return _in(feishu, group)[0].content


async def _click(feishu: FakeFeishu, card: dict[str, Any]) -> list[float]:
    """Clicks at even intervals, whether or not the ones before are answered; seconds to each answer."""
    cards = [_posted(feishu, card, number) for number in range(GROUPS)]
    values = _commits(card)

    async def click(number: int) -> float:
        value = {"act": "ask", "question": values[number // GROUPS % len(values)]}
        began = perf_counter()
        answer = await feishu.clicks(cards[number % GROUPS], value)
        assert answer["toast"]["type"] == "info", answer
        return perf_counter() - began

    first = perf_counter()
    tasks: list[asyncio.Task[float]] = []
    for number in range(CLICKS_PER_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, first + number / CLICKS_PER_SECOND - perf_counter()))
        tasks.append(asyncio.create_task(click(number)))
    return list(await asyncio.gather(*tasks))


def _posted(feishu: FakeFeishu, card: dict[str, Any], number: int) -> Posted:
    """The card as it stands in another group."""
    group = feishu.chat(f"team {number}", members=["alice"])
    message = Posted(
        id=f"om_{number}", chat=group, msg_type="interactive", content=card, created=feishu.now(), sender=APP_ID
    )
    feishu.messages[message.id] = message
    return message


def _in(feishu: FakeFeishu, group: str) -> list[Posted]:
    return [each for each in feishu.messages.values() if each.chat == group]


def _commits(card: dict[str, Any]) -> list[str]:
    """The questions of its buttons that open a commit."""
    return re.findall(r'"question": "(1 commit [^"]+)"', json.dumps(card))
