"""Creates Feishu's app by QR code, and puts its credentials where the bot reads them."""

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from shutil import get_terminal_size
from typing import Final

import click

from bot import env_file
from bot.adapters.feishu.registration import AccountsUnreachable, CreationUnavailable, NewApp, register
from bot.core.errors import BotError, NotUnderstood

#: The modules of white that a code needs around it are four; on terminals phones take it with one.
_BORDER: Final = 1
_BY_HAND: Final = 'README.md has the ten steps that create it by hand, under "Feishu and Lark".'
_CONSOLES: Final = {"feishu": "https://open.feishu.cn/app", "lark": "https://open.larksuite.com/app"}


async def set_up(path: Path, *, lark: bool, force: bool, accounts_url: str = "") -> None:
    """Raises BotError; nothing is written then, and it is said if there is an app all the same."""
    before = env_file.read(path)
    env_file.check(path)
    _may_replace(before, path, force=force)
    click.echo("Loading Feishu's SDK, which takes some seconds …")
    try:
        app = await register(on_link=_show, on_state=_tell, lark=lark, accounts_url=accounts_url)
    except CreationUnavailable as error:
        raise CreationUnavailable(f"{error} {_BY_HAND}") from None
    except AccountsUnreachable as error:
        raise AccountsUnreachable(
            f"{error} If you have confirmed it, it is at {_CONSOLES['lark' if lark else 'feishu']}, with its secret."
        ) from None
    _keep(app, before, path)
    _say_what_is_next(app, before)


def _may_replace(before: Mapping[str, str], path: Path, *, force: bool) -> None:
    """Raises NotUnderstood if the file names an app already and nobody said that another may take its place."""
    known = before.get("FEISHU_APP_ID") or ("FEISHU_APP_SECRET" in before and "one without FEISHU_APP_ID")
    if not known or force:
        return
    question = f"{path} has a Feishu app already ({known}). Put a new one in its place?"
    if not sys.stdin.isatty() or not click.confirm(question):
        raise NotUnderstood(f"{path} has a Feishu app already ({known}).", example="feishu setup --force")


def _show(link: str, lasts: timedelta) -> None:
    import segno

    code = segno.make(link, error="l", micro=False)
    columns = code.symbol_size(border=_BORDER)[0]
    if sys.stdout.isatty() and columns <= get_terminal_size().columns:
        code.terminal(compact=True, border=_BORDER)
        click.echo("Scan this with Feishu or Lark, or open the link where you are logged in:\n")
    else:
        if sys.stdout.isatty():
            click.echo(f"A QR code needs {columns} columns here, and there are {get_terminal_size().columns}.")
        click.echo("Open this link where you are logged in to Feishu or Lark:\n")
    click.echo(f"{link}\n\nIt is good for {lasts // timedelta(minutes=1)} minutes.")


def _tell(state: str) -> None:
    click.echo(f"{state} …", err=True)


def _keep(app: NewApp, before: Mapping[str, str], path: Path) -> None:
    """Raises BotError, and never loses sight of the app."""
    values = {"FEISHU_APP_ID": app.app_id, "FEISHU_APP_SECRET": app.app_secret}
    if "://" not in before.get("FEISHU_DOMAIN", ""):  # else it is a proxy's, which stays
        values["FEISHU_DOMAIN"] = app.domain
    try:
        env_file.write(path, values)
    except BotError as error:
        where = f"{_CONSOLES[app.domain]}/{app.app_id}"
        raise BotError(f"{error} The app {app.app_id} was created; its secret is at {where}.") from None
    click.echo(f"\nCreated {app.app_id}. {', '.join(values)} are in {path}, which only you can read.")


def _say_what_is_next(app: NewApp, before: Mapping[str, str]) -> None:
    console = f"{_CONSOLES[app.domain]}/{app.app_id}"
    click.echo(
        "\nWhat is next:\n"
        "1. dynamo-digest run       starts the bot, which connects to Feishu by itself.\n"
        f"2. {console}/event  must say long connection for events and for callbacks; save it\n"
        "   while the bot runs, and publish a version if the console asks for one.\n"
        "3. dynamo-digest doctor    says what is missing.\n"
        "4. Add the bot to a group and write: @Dynamo Digest settings"
    )
    if "FEISHU_ENCRYPT_KEY" in before:
        click.echo(
            "\nFEISHU_ENCRYPT_KEY is still set, and makes the bot wait for events over HTTP:\n"
            "give the new app that key, or remove it.",
            err=True,
        )
