"""Somebody else notices when the bot falls silent."""

from typing import Any

from structlog.testing import capture_logs

from bot.adapters.ping import INTERVAL, Ping
from tests.counterparts.processes import free_port
from tests.pings import Pings
from tests.stopwatch import Watch


async def logged(ping: Ping) -> list[Any]:
    with capture_logs() as logs:
        ping.send()
        await ping.finish()
    return logs


async def test_however_often_all_is_well_it_is_said_once_a_minute(pings: Pings):
    watch = Watch()
    ping = Ping(pings.url, clock=watch)
    for _tick in range(25):  # every 5 s for two minutes
        ping.send()
        await ping.finish()
        watch.now += 5
    assert pings.received == ["GET /hush"] * 3


async def test_a_ping_that_is_refused_is_logged(pings: Pings):
    pings.status = 404
    assert await logged(Ping(pings.url)) == [{"event": "ping.refused", "log_level": "warning", "status": 404}]


async def test_a_ping_that_fails_is_logged_without_its_address_and_sent_again_later():
    watch = Watch()
    ping = Ping(f"http://127.0.0.1:{free_port()}/hush", clock=watch)
    failure = {"event": "ping.failed", "log_level": "warning", "error": "ClientConnectorError"}
    assert await logged(ping) == [failure]
    assert await logged(ping) == []
    watch.now += INTERVAL
    assert await logged(ping) == [failure]


async def test_nothing_is_said_while_something_is_wrong(pings: Pings):
    watch = Watch()
    ping = Ping(pings.url, clock=watch)
    with capture_logs() as logs:
        ping.send(unwell)
        await ping.finish()
    assert logs == [{"event": "ping.withheld", "log_level": "warning", "reason": "The well is dry."}]
    assert pings.received == []
    watch.now += INTERVAL
    ping.send(well)
    await ping.finish()
    assert pings.received == ["GET /hush"]


async def well() -> str:
    return ""


async def unwell() -> str:
    return "The well is dry."
