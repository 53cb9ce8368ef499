import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.logs import configure_logging

SECRETS = ("xoxb-hush", "xoxb-hush-longer")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
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
