"""How the bot of a story is configured: parts of its settings, by the counterparts that they are for."""

from pathlib import Path
from typing import Any

from bot.settings import Settings
from tests.counterparts import github, model, slack
from tests.counterparts.github import GitHubProxy
from tests.counterparts.model import ModelProxy
from tests.counterparts.slack import SlackProxy


def configured(database_url: str, *parts: dict[str, Any]) -> Settings:
    """Whatever is in the environment of the tests."""
    values = {name: value for part in parts for name, value in part.items()}
    return Settings(_env_file=None, database_url=database_url, **values)  # pyright: ignore[reportCallIssue]


def read_from_github(emulated_github: GitHubProxy, folder: Path) -> dict[str, Any]:
    return {
        "cache_dir": folder / "cache",
        "github_token": github.TOKEN,
        "github_api_url": emulated_github.url,
    }


def read_from_clone(path: Path) -> dict[str, Any]:
    return {
        "digest_source": "git",
        "digest_git_dir": path,
        "digest_default_repo": "octo/hello",
        "digest_timezone": "UTC",
    }


def understood_by(emulated_model: ModelProxy) -> dict[str, Any]:
    return {
        "openai_api_key": model.API_KEY,
        "openai_base_url": emulated_model.api,
        "openai_model": "counterpart-1",
    }


def posted_to(emulated_slack: SlackProxy) -> dict[str, Any]:
    return {
        "slack_bot_token": slack.BOT_TOKEN,
        "slack_signing_secret": slack.SIGNING_SECRET,
        "slack_api_url": emulated_slack.api,
    }
