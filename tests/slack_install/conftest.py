"""The app as an operator runs it for many workspaces, in front of two emulated ones."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.app import App, composed, listen
from bot.core.subscriptions import Channel, Platform
from bot.settings import Settings
from bot.slack_app import OAuth, Slack
from tests.counterparts import slack
from tests.counterparts.histories import History
from tests.counterparts.processes import free_port
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_grid import SlackGrid
from tests.serving import served
from tests.slack_people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    app: App
    #: Where the bot listens.
    address: str
    grid: SlackGrid
    browser: ClientSession

    @property
    def slack(self) -> Slack:
        assert self.app.slack is not None
        return self.app.slack

    @property
    def oauth(self) -> OAuth:
        assert self.slack.oauth is not None
        return self.slack.oauth

    @property
    def one(self) -> SlackProxy:
        return self.grid.workspaces[0]

    @property
    def other(self) -> SlackProxy:
        return self.grid.workspaces[1]

    def people(self, workspace: SlackProxy) -> People:
        return People(workspace, self.browser, self.address)


def channel(workspace: SlackProxy, name: str = "general") -> Channel:
    return Channel(platform=Platform.SLACK, workspace=workspace.tenant.team_id, id=workspace.workspace.channels[name])


@pytest.fixture
async def stage(slack_grid: SlackGrid, database_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    history = History.start(tmp_path / "hello")
    port = free_port()
    settings = Settings(
        _env_file=None,
        database_url=database_url,
        digest_git_dir=history.path,
        slack_client_id=slack.CLIENT_ID,
        slack_client_secret=slack.CLIENT_SECRET,
        slack_signing_secret=slack.SIGNING_SECRET,
        slack_api_url=slack_grid.api,
        public_url=f"http://127.0.0.1:{port}",
    )  # pyright: ignore[reportCallIssue, reportArgumentType]
    async with (
        composed(settings) as app,
        AsyncExitStack() as listening,
        ClientSession() as browser,
        served(await listen(app, listening), port=port) as address,
    ):
        yield Stage(app=app, address=address, grid=slack_grid, browser=browser)
