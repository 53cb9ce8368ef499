"""Commands that start the bot, and what has to be done before it starts."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bot.cli.failures import WRONG_USAGE, failure, finish
from bot.cli.options import of_session
from bot.cli.session import Session

if TYPE_CHECKING:
    from bot.app import App


@click.command()
@of_session
def run(session: Session) -> None:
    """The bot. Without credentials for a chat platform: the newest day of a local clone, in the terminal."""
    settings = session.settings(quiet=False)
    if settings.uses_chat:
        from bot.app import run

        finish(run(settings))
    else:
        from bot.first_look import look

        here = {"digest_source": "git", "digest_git_dir": settings.digest_git_dir or Path()}
        replace(session, overrides={**session.overrides, **here}).perform(look)


@click.command()
@of_session
def console(session: Session) -> None:
    """The bot as a chat in the browser of this machine, without any account: http://127.0.0.1:8080/console."""
    settings = session.settings(quiet=False)
    if settings.uses_chat:
        raise failure("The console is there only without a chat platform; `run` starts the bot.", WRONG_USAGE)
    from bot.app import run

    finish(run(settings))


@click.command()
@of_session
def web(session: Session) -> None:
    """Answers people; needs a Postgres database and a worker. Any number of them share the work."""
    _run_as(session, "web")


@click.command()
@of_session
def worker(session: Session) -> None:
    """Makes and delivers digests; needs a Postgres database. Any number of them share the work."""
    _run_as(session, "worker")


@click.command()
@of_session
def clock(session: Session) -> None:
    """Sees to it that digests are made when they are due; needs a Postgres database. A second one does no harm."""
    _run_as(session, "clock")


def _run_as(session: Session, role: str) -> None:
    from bot.app import run
    from bot.watching import Role

    settings = session.settings(quiet=False)
    if not settings.shares_database:
        message = f"DATABASE_URL: {role} needs postgresql://…, which processes share; with SQLite, `run` does it all."
        raise failure(message, WRONG_USAGE)
    finish(run(settings, {Role(role)}))


@click.command()
@of_session
def migrate(session: Session) -> None:
    """Brings the database to the newest version."""

    async def migrated(_app: "App") -> None:
        click.echo("The database is up to date.")

    session.perform(migrated)


COMMANDS: Final = (run, console, web, worker, clock, migrate)
