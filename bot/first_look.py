"""What somebody sees who has configured nothing: a real digest of a local clone, and what to set to go on."""

from pathlib import Path
from shutil import get_terminal_size

import click

from bot.app import App
from bot.core.days import Day
from bot.core.errors import NotFound
from bot.core.language import _
from bot.core.model import Digest
from bot.core.replies import DigestView
from bot.progress import progress_bar
from formatters import markdown, terminal

REPORTS = Path("reports")

_NEXT_STEPS = """
That was a digest made from {repo} on this machine, without any account. To go on:
  a language model   OPENAI_API_KEY and OPENAI_MODEL (any compatible server: OPENAI_BASE_URL)
  another repository make run CLONE=path/to/clone REPO=owner/name, or GITHUB_TOKEN to read from GitHub
  Slack              SLACK_BOT_TOKEN with SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)
  Feishu or Lark     FEISHU_WEBHOOK_URL of a group's custom bot, or an app: `dynamo-digest feishu setup`
Put them into .env (see .env.example), check them with `dynamo-digest doctor`, and `make run` is the bot.
"""


async def look(app: App) -> None:
    """Shows the newest day that has commits, and writes its report. Raises NotFound for an empty repository."""
    repo = app.default_repo
    history = await app.source.history(repo)
    if history is None:
        raise NotFound(_("{repo} has no commits yet, so there is nothing to digest.", repo=repo))
    day = Day.containing(history.last, app.settings.zone)
    with progress_bar() as observe:
        digest = await app.digests.of(repo, day, observe)
    click.echo(terminal.render(DigestView(digest=digest), width=get_terminal_size().columns))
    click.echo(_("The whole report: {path}", path=_write_report(digest)))
    click.echo(_NEXT_STEPS.format(repo=repo))


def _write_report(digest: Digest) -> Path:
    path = REPORTS / f"{digest.repo.owner}-{digest.repo.name}-{digest.day.date}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown.render(DigestView(digest=digest)), encoding="utf-8")
    return path
