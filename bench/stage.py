"""What measurements share: a history of commits, counterparts, and the bot's configuration for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import Repo
from bot.settings import Settings
from tests.counterparts import github, model, node, slack
from tests.counterparts.histories import History

DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("UTC"))
REPO = Repo(owner="octo", name="hello")
#: Seconds that the model takes for an answer.
LATENCY = 0.5

ANALYSIS: dict[str, Any] = {
    "types": ["feature"],
    "importance": "medium",
    "rule": None,
    "reason": "source files changed",
    "headline": "The greeting has another number",
    "summary": [{"text": "The greeting has another number.", "evidence": []}],
    "scope": [],
    "insight": {"architecture": [], "performance": [], "security": []},
    "risks": [],
    "advice": [],
}
LEAD: dict[str, Any] = {"text": "The greeting has another number.", "themes": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    folder: Path
    github: github.GitHubProxy
    model: model.ModelProxy
    slack: slack.SlackProxy

    def settings(self, **changes: Any) -> Settings:
        """The bot's configuration against the counterparts; each database name is a new database."""
        return Settings(
            _env_file=None, **({name.lower(): value for name, value in self.environment().items()} | changes)
        )

    def environment(self, database: str = "bench") -> dict[str, str]:
        return {
            "DATABASE_URL": f"sqlite:///{self.folder}/{database}.db",
            "CACHE_DIR": str(self.folder / "cache"),
            "DIGEST_DEFAULT_REPO": str(REPO),
            "DIGEST_TIMEZONE": DAY.zone.key,
            "GITHUB_TOKEN": github.TOKEN,
            "GITHUB_API_URL": self.github.url,
            "OPENAI_API_KEY": model.API_KEY,
            "OPENAI_BASE_URL": self.model.api,
            "OPENAI_MODEL": "counterpart-1",
            "SLACK_BOT_TOKEN": slack.BOT_TOKEN,
            "SLACK_SIGNING_SECRET": slack.SIGNING_SECRET,
            "SLACK_API_URL": self.slack.api,
        }


@asynccontextmanager
async def staged(folder: Path, commits: int, *, before: int = 0) -> AsyncIterator[Stage]:
    """Counterparts with a day of so many commits at GitHub, which is also at `folder / "history"`.

    `before` is how many the day before it has.
    """
    node.install()
    history = write(folder / "history", commits, before=before)
    with github.serving() as github_server, slack.serving() as slack_server, model.serving() as model_server:
        async with (
            github.GitHubProxy(github_server) as hub,
            slack.SlackProxy(slack_server) as workspace,
            model.ModelProxy(model_server) as mind,
        ):
            await workspace.furnish()
            workspace.checks_blocks = False
            await hub.load(history.path, str(REPO))
            hub.counts.clear()
            mind.answer(lambda chat: LEAD if "themes" in str(chat.body.get("response_format")) else ANALYSIS)
            mind.latency = LATENCY
            yield Stage(folder=folder, github=hub, model=mind, slack=workspace)


def write(path: Path, commits: int, *, before: int = 0) -> History:
    history = History.start(path)
    morning = datetime(2026, 1, 21, 6, tzinfo=UTC)
    days = [morning - timedelta(days=1)] * before + [morning] * commits
    for number, day in enumerate(days):
        source = "".join(f"def greet_{line}():\n    return {line + number}\n" for line in range(40))
        history.commit(
            f"feat: greet {number} (#{number + 1})", {"src/greet.py": source}, at=day + timedelta(minutes=number % 600)
        )
    return history
