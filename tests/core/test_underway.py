"""Answers that are still being made when the process is told to stop."""

import asyncio

from structlog.testing import capture_logs

from bot.core.underway import Underway


async def test_what_is_begun_meanwhile_is_waited_for_as_well():
    underway, ended = Underway(), []

    async def answer(number: int) -> None:
        await asyncio.sleep(0)
        if number:
            underway.add(asyncio.create_task(answer(number - 1)))
        ended.append(number)

    underway.add(asyncio.create_task(answer(3)))
    await underway.finish()
    assert ended == [3, 2, 1, 0]
    await underway.finish()


async def test_a_crash_is_logged():
    async def crash() -> None:
        raise ZeroDivisionError

    underway = Underway()
    with capture_logs() as logged:
        underway.add(asyncio.create_task(crash()))
        await underway.finish()
        await asyncio.sleep(0)
    assert [each["event"] for each in logged] == ["answer.crashed"]


async def test_what_takes_too_long_is_left():
    underway, gate = Underway(), asyncio.Event()
    waiting = asyncio.create_task(gate.wait())
    underway.add(waiting)
    await underway.finish(within=0.01)
    assert not waiting.done()
    gate.set()
    await underway.finish()
    assert waiting.done()
