"""The options that commands share, and the session that is made of them."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from bot.cli.session import Session


def of_session(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command takes that opens the database or reads a repository; it gets a `Session` of it."""
    for option in (
        click.option("--repo", "default_repo", metavar="OWNER/NAME", help="The repository, if not named otherwise."),
        click.option("--timezone", metavar="ZONE", help="Whose days: Asia/Shanghai, UTC, America/New_York …"),
        click.option("--language", type=click.Choice(["zh", "en"]), help="In which the answer is given."),
        click.option("--source", type=click.Choice(["auto", "github", "git"]), help="Where commits are read from."),
        click.option("--git-dir", type=click.Path(path_type=Path, exists=True), help="A local clone to read."),
        click.option("--json", "as_json", is_flag=True, help="The same values for programs."),
    ):
        command = option(command)

    @wraps(command)
    def with_session(
        *args: Any,
        default_repo: str | None,
        timezone: str | None,
        language: str | None,
        source: str | None,
        git_dir: Path | None,
        as_json: bool,
        **kwargs: Any,
    ) -> None:
        session = Session(
            as_json=as_json,
            timezone=timezone,
            language=language,
            overrides={
                "digest_default_repo": default_repo,
                "digest_timezone": timezone,
                "digest_language": language,
                "digest_source": source or ("git" if git_dir else None),
                "digest_git_dir": git_dir,
            },
        )
        command(session, *args, **kwargs)

    return with_session


def of_channel(command: Callable[..., Any]) -> Callable[..., Any]:
    """For which channel a command is."""
    return click.option(
        "--channel",
        metavar="ID",
        help="Slack's C0123 or T0123/C0123, Feishu's oc_…, or feishu-webhook; else this terminal.",
    )(command)
