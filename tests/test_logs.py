import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import aiohttp
import httpx
import pytest
import structlog
from sqlalchemy import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from bot.adapters.database.engine import open_database
from bot.adapters.database.schema import deliveries
from bot.core.errors import BotError, ChannelGone, DeliveryUncertain, MessageRejected, PlatformUnavailable
from bot.logs import configure_logging
from bot.settings import Settings
from tests.core.test_rounds import NINE, TERMS, Stage
from tests.counterparts.processes import free_port

SECRETS = ("xoxb-hush", "xoxb-hush-longer")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, crashes = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = crashes
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_event_is_one_line_of_keys_and_values(capsys: pytest.CaptureFixture[str]):
    configure_logging(secrets=SECRETS)
    structlog.get_logger("bot.core.digests").info("digest.made", repo="octo/hello", commits=12)
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "digest.made", "level": "info", "repo": "octo/hello", "commits": 12}


def test_no_secret_is_written_wherever_it_comes_from(capsys: pytest.CaptureFixture[str]):
    configure_logging(secrets=SECRETS)
    structlog.get_logger("bot").warning("slack.failed", error="token xoxb-hush-longer, then xoxb-hush")
    logging.getLogger("slack_bolt").error("request with %s", "xoxb-hush")
    try:
        raise RuntimeError("with xoxb-hush inside")
    except RuntimeError:
        structlog.get_logger("bot").exception("bot.crashed")
        logging.getLogger("aiohttp").exception("crashed")
    written = lines(capsys)
    assert len(written) == 4
    assert "hush" not in json.dumps(written)
    assert written[0]["error"] == "token [secret], then [secret]"


def test_libraries_are_quiet_below_a_warning(capsys: pytest.CaptureFixture[str]):
    configure_logging(secrets=())
    logging.getLogger("apscheduler").info("a job ran")
    assert lines(capsys) == []


def test_no_secret_is_written_in_what_is_no_text(capsys: pytest.CaptureFixture[str]):
    configure_logging(secrets=SECRETS)
    error = ConnectionError("with xoxb-hush")
    structlog.get_logger("bot").info("tried", all=["xoxb-hush", {"xoxb-hush": (1, 2.5, None, True)}], error=error)
    (line,) = lines(capsys)
    assert line["all"] == ["[secret]", {"[secret]": [1, 2.5, None, True]}]
    assert line["error"] == "ConnectionError('with [secret]')"


@pytest.mark.parametrize("secret", ['p@ss w/rd"\\', "p'ss\nw\u00f6rd"])
@pytest.mark.parametrize("written", [quote_plus, lambda secret: quote(secret, safe=""), json.dumps, repr])
def test_no_secret_is_written_in_the_form_of_an_address_or_a_representation(
    secret: str, written: Callable[[str], str], capsys: pytest.CaptureFixture[str]
):
    configure_logging(secrets=[secret])
    structlog.get_logger("bot").info("tried", text=written(f"<{secret}>").strip("'\""))
    (line,) = lines(capsys)
    assert line["text"] in {"<[secret]>", "%3C[secret]%3E"}


def test_what_nobody_catches_is_one_line_without_secrets(capsys: pytest.CaptureFixture[str]):
    configure_logging(secrets=SECRETS)
    try:
        raise RuntimeError("with xoxb-hush inside")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    (line,) = lines(capsys)
    assert line["event"] == "bot.crashed"
    assert line["exception"].endswith("RuntimeError: with [secret] inside")


# What others say of us in their errors


def logged(capsys: pytest.CaptureFixture[str], error: Exception) -> str:
    """The line that an error makes, with its traceback and those of its causes."""
    structlog.get_logger("bot").error("crashed", exc_info=error)
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=error)
    return capsys.readouterr().err


def configured(**values: str) -> Settings:
    settings = Settings(_env_file=None, **values)  # pyright: ignore[reportCallIssue, reportArgumentType]
    configure_logging(secrets=settings.secrets)
    return settings


@pytest.mark.parametrize("password", ["hush-hush", "h%40sh%2Fhush"])
async def test_the_password_of_a_database_is_in_no_error(password: str, capsys: pytest.CaptureFixture[str]):
    settings = configured(database_url=f"postgresql://me:{password}@127.0.0.1:{free_port()}/digest")
    engine = open_database(settings.database_url)
    with pytest.raises(OSError) as refused:
        async with engine.connect():
            pass
    await engine.dispose()
    told = logged(capsys, refused.value)
    assert "Traceback" in told
    assert [form for form in (password, unquote(password)) if form in told] == []


async def test_an_address_that_is_a_secret_is_in_no_error(capsys: pytest.CaptureFixture[str]):
    address = f"http://127.0.0.1:{free_port()}/open-apis/bot/v2/hook/hush-0123-4567-89ab"
    configured(feishu_webhook_url=address, ping_url=address)
    with pytest.raises(httpx.HTTPError) as by_httpx:
        async with httpx.AsyncClient() as client:
            (await client.get(address)).raise_for_status()
    with pytest.raises(aiohttp.ClientError) as by_aiohttp:
        async with aiohttp.ClientSession() as session:
            await session.get(f"{address}?again")
    refused = httpx.HTTPStatusError(
        f"Client error '404' for url '{address}'", request=httpx.Request("GET", address), response=httpx.Response(404)
    )
    for error in (by_httpx.value, by_aiohttp.value, refused):
        assert "hush" not in logged(capsys, error)


def test_names_and_passwords_in_addresses_are_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hush-proxy@127.0.0.1:3128")
    configured(
        git_url="https://hush-token@git.example.org",
        openai_base_url="https://me:hush-model@models.example.org/v1",
        openai_model="large",
        otel_exporter_otlp_headers="api-key=hush%2Dcollector,tenant=octo",
    )
    said = "hush-proxy hush-token hush-model hush%2Dcollector hush-collector me"
    structlog.get_logger("bot").info("tried", text=said)
    (line,) = lines(capsys)
    assert line["text"] == "[secret] [secret] [secret] [secret] [secret] me"


@pytest.mark.both_databases
async def test_what_a_commit_says_is_in_no_error_of_a_database(engine: AsyncEngine, capsys: pytest.CaptureFixture[str]):
    configure_logging(secrets=SECRETS)
    row = {"subscription_id": 4711, "day": date(2026, 1, 21), "state": "due", "last_error": "fix: hush"}
    with pytest.raises(SQLAlchemyError) as refused:
        async with engine.begin() as connection:
            await connection.execute(insert(deliveries).values(row))  # without what must not be empty
    told = logged(capsys, refused.value)
    assert "IntegrityError" in told
    assert "hush" not in told


# One line for each attempt to deliver, and for each digest


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
    return stage


async def told(stage: Stage, at: datetime = NINE) -> list[dict[str, Any]]:
    with capture_logs() as captured:
        await stage.tick(at=at)
    return [dict(line) for line in captured if str(line["event"]).startswith(("delivery.", "digest."))]


async def test_a_digest_and_its_delivery_are_a_line_each(stage: Stage):
    made, sent = await told(stage, at=NINE + timedelta(seconds=42))
    assert made == {
        "event": "digest.made", "log_level": "info", "repo": "octo/hello", "day": "2026-01-21 (Asia/Shanghai)",
        "commits": 1, "merges": 0, "late": 0, "stand_ins": 0, "sealed": True, "analysed": 1,
        "prompt_tokens": 0, "completion_tokens": 0, "price": None, "seconds": 0.0,
    }  # fmt: skip
    assert sent == {
        "event": "delivery.sent", "log_level": "info", "subscription": 1, "repo": "octo/hello", "day": "2026-01-21",
        "platform": "slack", "channel": "C1", "attempt": 1, "message": "message 1", "commits": 1, "seconds": 0.0,
        "late_seconds": 42.0, "recorded": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "event", "level"),
    [
        (PlatformUnavailable(), "delivery.postponed", "warning"),
        (DeliveryUncertain(), "delivery.postponed", "warning"),
        (ChannelGone(), "delivery.failed", "error"),
        (MessageRejected(), "delivery.failed", "error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_an_attempt_that_does_not_arrive_is_one_line_that_says_why(
    error: BotError, event: str, level: str, stage: Stage
):
    stage.messenger.refuses = error
    _made, line = await told(stage)
    assert (line["event"], line["log_level"], line["kind"]) == (event, level, type(error).__name__)


async def test_a_day_without_commits_is_one_line(stage: Stage):
    stage.source.commits = []
    _made, line = await told(stage)
    assert (line["event"], line["commits"]) == ("delivery.skipped", 0)


async def test_a_digest_that_is_only_loaded_is_no_line(stage: Stage):
    await told(stage)
    await stage.subscriptions.subscribe(replace(TERMS, channel=replace(TERMS.channel, id="C2")), stage.clock.now)
    assert [line["event"] for line in await told(stage, at=NINE + timedelta(minutes=5))] == ["delivery.sent"]
    assert [line["event"] for line in await told(stage, at=NINE + timedelta(days=1))] == [
        "digest.made",
        "delivery.skipped",
        "delivery.skipped",
    ]
