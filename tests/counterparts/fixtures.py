"""The pytest fixtures of the counterparts: `pytest_plugins = ["tests.counterparts.fixtures"]` in a conftest.py.

A server process lives as long as the test session and starts when a test first needs it; every test finds it empty.
A test talks to the proxy in front of it, which lives in the test's own event loop.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.counterparts import github, model, node, postgres, slack, slack_types
from tests.counterparts.feishu import FakeFeishu
from tests.counterparts.slack_grid import SlackGrid


@pytest.fixture(scope="session")
def node_modules() -> None:
    """The npm packages that the servers are made of."""
    node.install()


@pytest.fixture(scope="session")
def github_server(node_modules: None) -> Iterator[github.EmulatedGitHub]:
    with github.serving() as server:
        yield server


@pytest.fixture(scope="session")
def slack_server(node_modules: None) -> Iterator[slack.EmulatedSlack]:
    with slack.serving() as server:
        yield server


@pytest.fixture(scope="session")
def model_server(node_modules: None) -> Iterator[model.EmulatedModel]:
    with model.serving() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Postgres]:
    with postgres.running() as server:
        yield server


@pytest_asyncio.fixture
async def emulated_github(github_server: github.EmulatedGitHub) -> AsyncIterator[github.GitHubProxy]:
    """A GitHub without repositories."""
    github_server.reset()
    async with github.GitHubProxy(github_server) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def emulated_slack(slack_server: slack.EmulatedSlack) -> AsyncIterator[slack.SlackProxy]:
    """A Slack workspace with alice and bob, and the bot in general and random."""
    slack_server.reset()
    async with slack.SlackProxy(slack_server) as proxy:
        await proxy.furnish()
        yield proxy
    assert proxy.refusals == [], "Slack would have refused these messages or views"


@pytest.fixture(scope="session")
def second_slack_server(node_modules: None) -> Iterator[slack.EmulatedSlack]:
    with slack.serving(2) as server:
        yield server


@pytest_asyncio.fixture
async def slack_grid(
    slack_server: slack.EmulatedSlack, second_slack_server: slack.EmulatedSlack
) -> AsyncIterator[SlackGrid]:
    """Two workspaces behind one address: `grid.workspaces[0]` and `[1]`, each with alice and bob."""
    servers = [slack_server, second_slack_server]
    for server in servers:
        server.reset()
    async with SlackGrid(servers) as grid:
        yield grid
    for workspace in grid.workspaces:
        assert workspace.refusals == [], "Slack would have refused these messages or views"


@pytest.fixture(scope="session", autouse=True)
def published_slack_types() -> Iterator[None]:
    """At the end of the session, every message and view that was made is held against the published types."""
    yield
    problems = slack_types.collected.problems()
    assert not problems, "Not as Slack's types have it:\n" + "\n".join(problems)


@pytest_asyncio.fixture
async def emulated_model(model_server: model.EmulatedModel) -> AsyncIterator[model.ModelProxy]:
    """A model that has nothing to say yet."""
    model_server.reset()
    async with model.ModelProxy(model_server) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def feishu() -> AsyncIterator[FakeFeishu]:
    """A Feishu tenant with one app, and nobody in it yet."""
    async with FakeFeishu() as tenant:
        yield tenant
    assert tenant.refusals == [], "Feishu would have refused these cards"
    assert tenant.unknown == [], "Feishu has no such methods"
