"""Commands that read what was merged."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bot.cli.options import of_session
from bot.cli.session import Session, progress_bar

if TYPE_CHECKING:
    from bot.app import App
    from bot.core.backfill import Backfilled
    from bot.core.model import Repo


@click.command()
@click.argument("words", nargs=-1, metavar="[WHEN] [REPO]")
@of_session
def show(session: Session, words: tuple[str, ...]) -> None:
    """The digest of a day (2026-01-21, last friday) or of several (7d, last week, 2026-01-15..2026-01-21)."""
    session.ask(" ".join(words))


@click.command()
@click.argument("words", nargs=-1, metavar="[WHEN] [REPO…]")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, instead of the terminal."
)
@of_session
def report(session: Session, words: tuple[str, ...], output: Path | None) -> None:
    """A day or several, of one repository or several, in one Markdown file: every commit with its analysis."""
    from formatters.markdown import render

    session.ask(" ".join(("report", *words)), render=render, output=output)


@click.command()
@click.argument("sha")
@click.argument("repo", required=False)
@click.option("--deep", is_flag=True, help="A full analysis, whatever its importance; needs a language model.")
@of_session
def commit(session: Session, sha: str, repo: str | None, deep: bool) -> None:
    """The whole analysis of one commit that has been in a digest."""
    session.ask(f"{'deepen' if deep else 'commit'} {sha} {repo or ''}")


@click.command()
@click.argument("words", nargs=-1, metavar="[WHEN] [REPO]")
@of_session
def retry(session: Session, words: tuple[str, ...]) -> None:
    """Asks the language model again for what rules had to write in its place."""
    session.ask(" ".join(("retry", *words)))


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS… [in REPO]")
@of_session
def search(session: Session, words: tuple[str, ...]) -> None:
    """Commits in whose stored analyses all of the words stand."""
    session.ask(" ".join(("search", *words)))


@click.command()
@click.argument("days", metavar="FROM..TO")
@click.argument("repo", required=False)
@of_session
def backfill(session: Session, days: str, repo: str | None) -> None:
    """Reads and analyses past days, oldest first. Stop it and start it again: what is done is kept."""

    async def fill(app: "App") -> None:
        from bot.core.backfill import parse_finished_days
        from bot.core.days import Day, parse_zone
        from bot.core.model import Repo

        zone = parse_zone(session.timezone) if session.timezone else app.settings.zone
        span = parse_finished_days(days, Day.containing(app.now(), zone))
        which = Repo.parse(repo, host=app.settings.github_host) if repo else app.default_repo
        with progress_bar() as observe:
            done = await app.backfill.run(which, span, observe)
        click.echo(_filled(which, done), err=True)

    session.perform(fill)


def _filled(repo: "Repo", done: "Backfilled") -> str:
    from bot.core.language import _, ngettext

    return _(
        "{repo}: {filled}, {commits}; {known}. {seconds} s.",
        repo=repo,
        filled=ngettext("{number} day filled in", "{number} days filled in", done.days),
        commits=ngettext("{number} commit", "{number} commits", done.commits),
        known=ngettext("{number} day was there", "{number} days were there", done.known_days),
        seconds=f"{done.seconds:.1f}",
    )


COMMANDS: Final = (show, report, commit, retry, search, backfill)
