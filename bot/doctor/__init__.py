"""Checks what the configuration relies on, one line each, and goes on after a failure."""

from collections.abc import Awaitable, Callable
from functools import partial

import click
from sqlalchemy import make_url

from bot.app import App
from bot.core.days import Day
from bot.core.errors import BotError
from bot.core.model import AnalystKind
from bot.doctor import sample
from bot.doctor.feishu import feishu_checks
from bot.doctor.slack import slack_checks


async def examine(app: App, *, test_card_to: str = "") -> None:
    """Prints every finding; one of them is a card that is posted to a chat of Feishu's, if one is named.

    Raises BotError if one of them is a failure.
    """
    checks: dict[str, Callable[[], Awaitable[str]]] = {
        "database": partial(_database, app),
        "commits": partial(_commits, app),
        "model": partial(_model, app),
        **await slack_checks(app),
        **await feishu_checks(app, test_card_to=test_card_to),
    }
    failed: list[str] = []
    for name, check in checks.items():
        try:
            finding = await check()
        except BotError as error:
            failed.append(name)
            click.echo(f"{click.style('✗', fg='red')} {name}: {error}")
        else:
            click.echo(f"{click.style('✓', fg='green')} {name}: {finding}")
    if failed:
        raise BotError(f"Not in order: {', '.join(failed)}.")


async def _database(app: App) -> str:
    # Or `app` would not be here.
    return f"{make_url(app.settings.database_url).render_as_string(hide_password=True)} is open and up to date"


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
    made = (await app.analyst.analyse(app.default_repo, sample.COMMIT)).provenance
    tokens = f"{made.prompt_tokens:,} prompt tokens and {made.completion_tokens:,} of answer"
    price = "" if made.price is None else f", ${made.price:.4f}"
    return f"{made.model} analysed a sample commit for {tokens}{price}"
