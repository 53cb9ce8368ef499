"""How a command ends when it could not do what it was asked."""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, Final

import click

WRONG_USAGE: Final = 2


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Runs to the end; people see our sentences, never a traceback for what is not our fault."""
    try:
        with said_to_people():
            asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@contextmanager
def said_to_people() -> Generator[None]:
    """Turns an error of ours into one of click's, in the language spoken."""
    from bot.core.errors import BotError, NotUnderstood
    from bot.core.language import _

    try:
        yield
    except NotUnderstood as error:
        verb = "" if error.example.partition(" ")[0] in _commands() else "show "
        example = _("Try: {command}", command=f"dynamo-digest {verb}{error.example}")
        raise failure(f"{error}\n{example}", WRONG_USAGE) from None
    except BotError as error:
        raise failure(str(error), 1) from None


def failure(message: str, code: int) -> click.ClickException:
    return click.UsageError(message) if code == WRONG_USAGE else click.ClickException(message)


def _commands() -> list[str]:
    context = click.get_current_context().find_root()
    return context.command.list_commands(context) if isinstance(context.command, click.Group) else []
