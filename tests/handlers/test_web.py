"""What operators' programs are told: whether the process is up, whether it is ready, and its figures."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, closing

from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from bot.adapters.prometheus import CONTENT_TYPE
from bot.app import composed, listen
from bot.core.pulse import Pulse
from bot.settings import Settings
from bot.watching import compose
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
