"""Commits from GitHub's REST API, through PyGithub."""

from bot.adapters.github.clients import GitHubApp
from bot.adapters.github.source import GitHubSource

__all__ = ["GitHubApp", "GitHubSource"]
