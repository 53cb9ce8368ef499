"""The bot for many workspaces as a process of its own, configured by its environment, which Bolt reads as well."""

import signal
from pathlib import Path

from aiohttp import ClientSession

from tests.counterparts import slack
from tests.counterparts.processes import free_port
from tests.counterparts.slack_grid import SlackGrid, install
from tests.sample_day import build
from tests.slack_people import People, eventually, texts
from tests.test_bot_process import is_up, started


async def test_it_is_installed_answers_and_stops_without_a_secret_in_its_log(slack_grid: SlackGrid, tmp_path: Path):
    address = f"http://127.0.0.1:{(port := free_port())}"
    configuration = {
        "PORT": str(port),
        "PUBLIC_URL": address,
        "DIGEST_GIT_DIR": str(build(tmp_path / "dynamo").path),
        "SLACK_CLIENT_ID": slack.CLIENT_ID,
        "SLACK_CLIENT_SECRET": slack.CLIENT_SECRET,
        "SLACK_SIGNING_SECRET": slack.SIGNING_SECRET,
        "SLACK_API_URL": slack_grid.api,
    }
    workspace = slack_grid.workspaces[1]
    with started(tmp_path, **configuration) as process:
        async with ClientSession() as session:
            await eventually(lambda: is_up(session, address))
            assert await install(workspace, address) == 200
            (answer,) = await People(workspace, session, address).type("help")
        assert "/dynamo-digest" in "\n".join(texts(answer["blocks"]))
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert [event for event in ("slack.installed", "bot.stopped") if event not in log] == []
    assert [word for word in (slack.CLIENT_SECRET, "xoxb-", "Traceback") if word in log] == []
    assert {path.name for path in tmp_path.iterdir()} <= {"dynamo", "digest.db", "digest.db-shm", "digest.db-wal"}
