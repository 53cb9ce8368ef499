"""Two workspaces install the app, follow a repository each in its own way, use it for a day, and one of them leaves."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from bot.adapters.database.engine import open_database
from bot.adapters.database.schema import metadata
from bot.app import App, composed, listen
from tests.counterparts import slack, slack_events
from tests.counterparts.github import GitHubProxy
from tests.counterparts.model import Chat, ModelProxy
from tests.counterparts.processes import free_port
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_grid import SlackGrid, install
from tests.e2e.configuration import configured, read_from_github, understood_by
from tests.fakes import FakeClock
from tests.sample_day import COMMITS, build
from tests.serving import served
from tests.slack_people import People, buttons, eventually, texts

NINE = datetime(2026, 1, 22, 1, tzinfo=UTC)  # in Shanghai
REPOSITORY = "ai-dynamo/dynamo"
#: What both analyses and their translations say of every commit.
SAID = "Lines were replaced."
SAID_IN_CHINESE = "若干行被替换。"
DEEP = "Whoever reads these lines reads others now."


def answer(chat: Chat) -> dict[str, Any]:
    """What a careful model might say of any commit and of a day, and in Chinese."""
    form = str(chat.body.get("response_format"))
    if "translations" in form:
        numbers = re.findall(r"^\| (\d+): ", chat.user, re.MULTILINE)
        return {"translations": [{"id": int(number), "text": SAID_IN_CHINESE} for number in numbers]}
    if "themes" in form:
        return {"text": SAID_IN_CHINESE if "简体中文" in chat.user else SAID, "themes": []}
    if "sentences" in form:
        sha = re.search(r"^\| ([0-9a-f]{7}) ", chat.user, re.MULTILINE)
        return {"sentences": [{"text": SAID, "shas": [sha[1]] if sha else []}]}
    return analysis(chat)


def analysis(chat: Chat) -> dict[str, Any]:
    path = re.search(r"=== (\S+) ", chat.user)
    is_deep = "depth: everything" in chat.user
    statement = {"text": DEEP, "evidence": []}
    return {
        "types": ["fix"],
        "importance": "medium",
        "rule": None,
        "reason": "source files changed",
        "headline": SAID,
        "summary": [{"text": SAID, "evidence": []}],
        "scope": [{"name": path[1], "effect": "other lines"}] if path else [],
        "insight": {"architecture": [statement] if is_deep else [], "performance": [], "security": []},
        "risks": [],
        "advice": [{"kind": "check", "text": "Check the lines."}],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    app: App
    clock: FakeClock
    address: str
    browser: ClientSession
    grid: SlackGrid

    def people(self, workspace: SlackProxy) -> People:
        return People(workspace, self.browser, self.address)

    async def tick(self, at: datetime) -> None:
        self.clock.now = at
        await self.app.rounds.tick()
        await self.app.rounds.finish()

    async def rows(self, team_id: str) -> int:
        """How many rows of the database name the workspace."""
        engine = open_database(self.app.settings.database_url)
        async with engine.connect() as connection:
            rows = [
                row
                for table in metadata.sorted_tables
                for row in await connection.execute(select(table))
                if team_id in map(str, row)
            ]
        await engine.dispose()
        return len(rows)


@pytest.fixture
async def stage(
    slack_grid: SlackGrid,
    emulated_github: GitHubProxy,
    emulated_model: ModelProxy,
    database_url: str,
    tmp_path: Path,
) -> AsyncIterator[Stage]:
    await emulated_github.load(build(tmp_path / "history", until=NINE).path, REPOSITORY)
    emulated_model.answer(answer)
    port = free_port()
    settings = configured(
        database_url,
        read_from_github(emulated_github, tmp_path),
        understood_by(emulated_model),
        {
            "slack_client_id": slack.CLIENT_ID,
            "slack_client_secret": slack.CLIENT_SECRET,
            "slack_signing_secret": slack.SIGNING_SECRET,
            "slack_api_url": slack_grid.api,
            "public_url": f"http://127.0.0.1:{port}",
        },
    )
    clock = FakeClock(NINE - timedelta(minutes=10))
    async with (
        composed(settings, now=clock) as app,
        AsyncExitStack() as listening,
        ClientSession() as browser,
        served(await listen(app, listening), port=port) as address,
    ):
        yield Stage(app=app, clock=clock, address=address, browser=browser, grid=slack_grid)


async def test_two_workspaces_from_installing_to_leaving(stage: Stage):
    one, other = stage.grid.workspaces
    ours, theirs = stage.people(one), stage.people(other)
    assert [await install(workspace, stage.address) for workspace in (one, other)] == [200, 200]

    (answered,) = await ours.type(f"subscribe {REPOSITORY} at 09:00 tz Asia/Shanghai not-paths docs/,*.txt")
    assert "every day at 09:00 (Asia/Shanghai), next on 2026-01-22" in shown(answered)
    (answered,) = await theirs.type(f"订阅 {REPOSITORY} at 09:00 tz Asia/Shanghai lang zh paths lib/")
    assert "每天 09:00（Asia/Shanghai）推送" in shown(answered)

    # A day passes.
    await stage.tick(NINE)
    await stage.tick(NINE + timedelta(seconds=5))
    (here,), (there,) = await one.history(), await other.history()
    touching_lib = [commit for commit in COMMITS if any(file["path"].startswith("lib/") for file in commit["files"])]
    assert 0 < len(touching_lib) < len(COMMITS)
    assert len(buttons(here["blocks"], "commit.open")) == len(COMMITS)
    assert len(buttons(there["blocks"], "commit.open")) == len(touching_lib)
    assert (SAID in shown(here), SAID_IN_CHINESE in shown(here)) == (True, False)
    assert (SAID in shown(there), SAID_IN_CHINESE in shown(there)) == (False, True)

    # Somebody reads on, and shows the others.
    await ours.click(buttons(here["blocks"], "commit.open")[0], message=here)
    view = await ours.sees(SAID, "Check the lines.", "counterpart-1")
    await ours.click(buttons(view["blocks"], "commit.deepen")[0], view=view)
    view = await ours.sees(DEEP)
    await ours.click(buttons(view["blocks"], "commit.share")[0], view=view)
    (shared,) = await ours.hears(thread=here["ts"])
    assert DEEP in shown(shared)

    await ours.click(buttons(here["blocks"], "digest.report")[0], message=here)

    async def exported() -> list[Any]:
        direct = await one.direct_channel("alice")
        return [file for message in await one.history(direct) for file in message.get("files", ())]

    (file,) = await eventually(exported)
    assert file["name"] == "ai-dynamo-dynamo-2026-01-21.md"
    document = (await one.content(file)).decode()
    assert document.count(SAID) >= len(COMMITS)

    # One of them leaves.
    assert await stage.rows(one.tenant.team_id) > 0
    one.installing.uninstalled()
    await ours.event(slack_events.app_uninstalled())

    async def is_forgotten() -> bool:
        return await stage.rows(one.tenant.team_id) == 0

    await eventually(is_forgotten)
    await stage.tick(NINE + timedelta(days=1))
    assert len(await one.history()) == 1
    assert len(await other.history()) >= 1
    (answered,) = await theirs.type("状态")
    assert REPOSITORY in shown(answered)


def shown(message: Any) -> str:
    return "\n".join(texts(message["blocks"]))
