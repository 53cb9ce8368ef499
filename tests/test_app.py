"""What is composed of which configuration."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.git import GitSource
from bot.adapters.github import GitHubSource
from bot.app import composed, language_model, run
from bot.core.model import Repo
from bot.settings import Settings
from bot.watching import Role
from handlers import schedule
from tests.counterparts.histories import History
from tests.database.test_retention import OLD, fill, numbers
from tests.fakes import FakeClock, FakeModelMemory


def configured(database_url: str, **changes: Any) -> Settings:
    return Settings(_env_file=None, database_url=database_url, **changes)  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({}, GitSource),
        ({"github_token": "ghp_1"}, GitHubSource),
        ({"github_app_id": 1, "github_app_private_key": "key"}, GitHubSource),
        ({"digest_source": "github"}, GitHubSource),
        ({"digest_source": "git", "github_token": "ghp_1"}, GitSource),
        ({"digest_git_dir": Path(), "github_token": "ghp_1"}, GitSource),
    ],
)
async def test_commits_come_from_github_with_credentials_and_from_git_without(
    database_url: str, changes: dict[str, Any], source: type
):
    async with composed(configured(database_url, **changes)) as app:
        assert type(app.source) is source


async def test_a_local_clone_says_itself_what_it_is_unless_it_is_told(database_url: str, tmp_path: Path):
    clone = History.start(tmp_path / "hello").path
    async with composed(configured(database_url, digest_git_dir=clone)) as app:
        assert app.default_repo == Repo(owner="local", name="hello", host="")
    async with composed(configured(database_url, digest_git_dir=clone, digest_default_repo="octo/hello")) as app:
        assert app.default_repo == Repo(owner="octo", name="hello")


@pytest.mark.parametrize(
    ("changes", "asks_a_model"),
    [
        ({}, False),
        ({"openai_api_key": "sk-1", "openai_model": "large"}, True),
        ({"openai_base_url": "http://127.0.0.1:11434/v1", "openai_model": "local"}, True),
    ],
)
def test_a_model_is_asked_where_one_is_configured(database_url: str, changes: dict[str, Any], asks_a_model: bool):
    model = language_model(configured(database_url, **changes), FakeModelMemory(), FakeClock())
    assert (model is not None) is asks_a_model


async def test_the_clock_forgets_what_is_older_than_configured(
    database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
):
    await fill(engine, OLD, "1.0")
    monkeypatch.setattr(schedule, "start", partial(schedule.start, sweep_every=0.02))
    running = asyncio.create_task(run(configured(database_url, retention_posts_days=30), {Role.CLOCK}))
    try:
        async with asyncio.timeout(20):
            while (await numbers(engine))["posts"]:
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
