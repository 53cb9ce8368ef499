"""What operators' programs are told: whether the process is up, whether it is ready, and its figures."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from bot.adapters.prometheus import CONTENT_TYPE
from bot.app import composed, listen
from bot.core.metering import Census, Waiting
from bot.core.pulse import Backlog, Pulse
from bot.settings import Settings
from bot.watching import ALL, Role, compose
from handlers import web
from tests.stopwatch import Watch


async def asked(application: Starlette, path: str) -> Response:
    async with AsyncClient(transport=ASGITransport(application), base_url="http://bot") as client:
        return await client.get(path)


async def well() -> str:
    return ""


async def unwell() -> str:
    return "The well is dry."


async def down() -> str:
    return "The mill stands still."


async def test_the_bot_is_ready_when_everything_is():
    answer = await asked(web.application([], checks=[well, well]), "/readyz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_what_is_not_ready_is_told_line_by_line_and_the_process_is_up_all_the_same():
    application = web.application([], checks=[unwell, well, down])
    answer = await asked(application, "/readyz")
    assert (answer.status_code, answer.text) == (503, "The well is dry.\nThe mill stands still.\n")
    assert (await asked(application, "/healthz")).status_code == 200


async def test_figures_come_in_prometheus_text_format():
    async def expose() -> bytes:
        return b"up 1\n"

    answer = await asked(web.application([], exposition=expose), "/metrics")
    assert (answer.content, answer.headers["Content-Type"]) == (b"up 1\n", CONTENT_TYPE)


async def test_a_clock_that_has_not_ticked_for_a_minute_is_not_ready():
    watch = Watch()
    pulse = Pulse(watch)
    assert await pulse.trouble() == "The clock has not ticked yet."
    pulse.beat()
    watch.now += 60
    assert await pulse.trouble() == ""
    watch.now += 15
    assert await pulse.trouble() == "The clock has not ticked for 75 s."


async def test_a_worker_whose_queue_is_not_asked_is_not_ready():
    watch = Watch()
    queue = Pulse(watch, whose="The queue", beats="been asked")
    assert await queue.trouble() == "The queue has not been asked yet."
    queue.beat()
    watch.now += 61
    assert await queue.trouble() == "The queue has not been asked for 61 s."


NINE = datetime(2026, 1, 22, 9, tzinfo=UTC)


class Answering:
    """A database that answers with what it is given."""

    def __init__(self, waiting: Waiting | None) -> None:
        self._waiting = waiting

    async def taken(self, now: datetime) -> Census | None:
        return None

    async def is_possible(self) -> bool:
        return True

    async def waiting(self, now: datetime) -> Waiting | None:
        return self._waiting


async def backlog(after: timedelta, *, made: bool = True) -> str:
    since = NINE - after
    waiting = Waiting(to_be_posted=since if made else None, to_be_made=None if made else since)
    return await Backlog(Answering(waiting), lambda: NINE).trouble()


async def test_deliveries_that_nobody_works_on_are_not_ready():
    assert await backlog(timedelta(minutes=15)) == ""
    stuck = "Deliveries are due since 2026-01-22 08:44 UTC, and none is being worked on."
    assert await backlog(timedelta(minutes=16)) == stuck


async def test_digests_may_take_longer_to_be_made():
    assert await backlog(timedelta(hours=2), made=False) == ""
    assert await backlog(timedelta(minutes=121), made=False) == (
        "Digests are due since 2026-01-22 06:59 UTC, and are not made."
    )


async def test_what_nobody_can_tell_is_not_stuck():
    assert await Backlog(Answering(None), lambda: NINE).trouble() == ""


@pytest.mark.parametrize(
    ("roles", "troubles"),
    [
        ({Role.WEB}, ["The well is dry."]),
        ({Role.WORKER}, ["The queue has not been asked yet."]),
        ({Role.CLOCK}, ["The clock has not ticked yet."]),
        (ALL, ["The well is dry.", "The queue has not been asked yet.", "The clock has not ticked yet."]),
    ],
    ids=["web", "worker", "clock", "all"],
)
async def test_a_process_has_to_do_only_what_its_roles_are(roles: set[Role], troubles: list[str]):
    watched = compose(Settings(_env_file=None))  # pyright: ignore[reportCallIssue]
    nothing = Waiting(to_be_made=None, to_be_posted=None)
    checks = watched.checks(roles, censuses=Answering(nothing), now=lambda: NINE, platforms=[unwell])
    answer = await asked(web.application([], checks=checks), "/readyz")
    assert answer.text.splitlines() == troubles


def configured(database_url: str, **changes: object) -> Settings:
    return Settings(_env_file=None, database_url=database_url, **changes)  # pyright: ignore[reportCallIssue, reportArgumentType]


async def test_the_bot_is_ready_once_it_has_ticked_and_until_its_database_is_gone(database_url: str):
    settings = configured(database_url)
    watched = compose(settings)
    async with composed(settings, meter=watched.prometheus) as app, AsyncExitStack() as listening:
        application = await listen(app, listening, watched=watched)
        watched.ticked(False)
        answer = await asked(application, "/readyz")
        assert (answer.status_code, answer.text) == (503, "The clock has not ticked yet.\n")
        watched.ticked(True)
        assert (await asked(application, "/readyz")).status_code == 200
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as database:
            database.execute("DROP TABLE deliveries")
        answer = await asked(application, "/readyz")
        assert (answer.status_code, answer.text) == (503, "The database does not answer.\n")
        figures = await asked(application, "/metrics")
        assert figures.status_code == 200
        assert 'dynamo_digest_ticks_total{outcome="failed"} 1.0' in figures.text
        assert "dynamo_digest_subscriptions{" not in figures.text


async def test_feishu_s_long_connection_has_to_be_up(database_url: str):
    settings = configured(database_url, feishu_app_id="cli_1", feishu_app_secret="hush")
    async with composed(settings) as app, AsyncExitStack() as listening:
        application = await listen(app, listening, answering=asyncio.Event())
        answer = await asked(application, "/readyz")
        assert (answer.status_code, answer.text) == (503, "Feishu's long connection is not up.\n")
