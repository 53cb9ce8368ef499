"""Checks what the configuration relies on, one line each, and goes on after a failure."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import click

from bot.app import App
from bot.core.days import Day
from bot.core.errors import BotError
from bot.core.model import AnalystKind, Commit, CommitDiff, FileChange, FileStatus, Person

#: What the Slack app must be allowed to do: https://docs.slack.dev/reference/scopes
SLACK_SCOPES: Final = ("chat:write", "commands", "channels:read")
#: What makes it better: finding out after a crash whether a message arrived.
SLACK_USEFUL_SCOPES: Final = ("channels:history", "groups:history", "groups:read")

_NOBODY: Final = Person(name="Nobody", email="nobody@example.org")
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SAMPLE: Final = CommitDiff(
    commit=Commit(
        sha="0" * 40,
        parents=(),
        author=_NOBODY,
        authored_at=_EPOCH,
        committer=_NOBODY,
        committed_at=_EPOCH,
        message="fix: wait five seconds, not three",
        files=(FileChange(path="wait.py", status=FileStatus.MODIFIED, additions=1, deletions=1),),
    ),
    patches={"wait.py": "@@ -1 +1 @@\n-SECONDS = 3\n+SECONDS = 5"},
)


async def examine(app: App) -> None:
    """Prints every finding. Raises BotError if one of them is a failure."""
    checks: dict[str, Callable[[App], Awaitable[str]]] = {
        "database": _database,
        "commits": _commits,
        "model": _model,
        "slack": _slack,
    }
    failed: list[str] = []
    for name, check in checks.items():
        try:
            finding = await check(app)
        except BotError as error:
            failed.append(name)
            click.echo(f"{click.style('✗', fg='red')} {name}: {error}")
        else:
            click.echo(f"{click.style('✓', fg='green')} {name}: {finding}")
    if failed:
        raise BotError(f"Not in order: {', '.join(failed)}.")


async def _database(app: App) -> str:
    return f"{app.settings.database_url} is open and up to date"  # or `app` would not be here


async def _commits(app: App) -> str:
    repo = app.default_repo
    today = Day.containing(app.now(), app.settings.zone)
    listing = await app.source.list(repo, today.window())
    return (
        f"{repo} can be read ({type(app.source).__name__}), {len(listing.commits)} commits today, as of {listing.as_of}"
    )


async def _model(app: App) -> str:
    if app.analyst.kind is AnalystKind.RULES:
        return "none is configured, so summaries are made by rules"
    made = (await app.analyst.analyse(app.default_repo, _SAMPLE)).provenance
    tokens = f"{made.prompt_tokens:,} prompt tokens and {made.completion_tokens:,} of answer"
    price = "" if made.price is None else f", ${made.price:.4f}"
    return f"{made.model} analysed a sample commit for {tokens}{price}"


async def _slack(app: App) -> str:
    if app.slack is None:
        return "not configured"
    from slack_sdk.errors import SlackApiError

    try:
        answer: Any = await app.slack.auth_test()
    except SlackApiError as error:
        raise BotError(f"the token was rejected: {error.response['error']}") from None
    granted = set(answer.headers.get("x-oauth-scopes", "").replace(" ", "").split(","))
    if missing := [scope for scope in SLACK_SCOPES if scope not in granted]:
        raise BotError(f"the app lacks the scopes {', '.join(missing)}; add them and reinstall it")
    useful = [scope for scope in SLACK_USEFUL_SCOPES if scope not in granted]
    hint = f"; {', '.join(useful)} would make it better" if useful else ""
    return f"{answer['team']} as {answer['user']}{hint}"
