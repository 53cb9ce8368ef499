"""Commands of who gets what, and when."""

from typing import TYPE_CHECKING, Final

import click

from bot.cli.options import of_channel, of_session
from bot.cli.session import Session

if TYPE_CHECKING:
    from bot.app import App


@click.command()
@click.argument("words", nargs=-1, metavar="REPO [OPTIONS OF THE GRAMMAR]")
@of_channel
@of_session
def subscribe(session: Session, words: tuple[str, ...], channel: str | None) -> None:
    """Daily digests of a repository for a channel, or of each that a pattern names: 'acme/*' not legacy-*,tmp.

    In any order: at 09:00, tz ZONE, on weekdays or mon,thu, weekly mon, lang zh|en, min high|medium|low, paths GLOB,…,
    not-paths GLOB,…, authors NAME,…, not-authors NAME,…, no-bots, branch GLOB, quiet silent|line, thread on|off.
    """
    session.ask(" ".join(("subscribe", *words)), channel=channel)


@click.command()
@click.argument("repo", metavar="REPO|PATTERN|all")
@of_channel
@of_session
def unsubscribe(session: Session, repo: str, channel: str | None) -> None:
    """Ends a channel's daily digests of a repository, or of all."""
    session.ask(f"unsubscribe {repo}", channel=channel)


@click.command("list")
@of_channel
@of_session
def list_(session: Session, channel: str | None) -> None:
    """What a channel is subscribed to."""
    session.ask("list", channel=channel)


@click.command()
@click.argument("words", nargs=-1, metavar="[REPO] [7d | until 2026-02-01]")
@of_channel
@of_session
def pause(session: Session, words: tuple[str, ...], channel: str | None) -> None:
    """Holds a channel's digests back, until `resume` or that day; the next one then tells what was missed."""
    session.ask(" ".join(("pause", *words)), channel=channel)


@click.command()
@click.argument("repo", required=False)
@of_channel
@of_session
def resume(session: Session, repo: str | None, channel: str | None) -> None:
    """Ends a pause, or tries a channel again that was gone."""
    session.ask(f"resume {repo or ''}", channel=channel)


@click.command()
@click.argument("words", nargs=-1, metavar="[DAY] [REPO]")
@of_channel
@of_session
def deliver(session: Session, words: tuple[str, ...], channel: str | None) -> None:
    """Sends a channel a day that failed, or that was never due."""

    async def at_once(app: "App") -> None:
        await app.rounds.tick()
        await app.rounds.finish()

    session.ask(" ".join(("deliver", *words)), channel=channel, then=at_once)


COMMANDS: Final = (subscribe, unsubscribe, list_, pause, resume, deliver)
