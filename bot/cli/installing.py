"""Commands that create the app on a chat platform."""

from pathlib import Path
from typing import Final

import click

from bot.cli.failures import WRONG_USAGE, failure, finish


@click.group()
def manifest() -> None:
    """The app as a chat platform creates it."""


@manifest.command("slack")
@click.option("--url", metavar="https://HOST", help="Where the outside reaches the bot; else PUBLIC_URL.")
@click.option("--socket-mode", is_flag=True, help="Slack is asked for events, so that no public address is needed.")
def slack_manifest(url: str | None, socket_mode: bool) -> None:
    """Prints what to paste at api.slack.com/apps, "From a manifest". Without an address it is for Socket Mode."""
    import json

    from bot.adapters.slack.manifest import manifest as made

    address = url or _configured_address()
    if address and not address.startswith("https://"):
        raise failure("Slack takes addresses with https:// only.", WRONG_USAGE)
    if not address and not socket_mode:
        click.echo("Without --url or PUBLIC_URL, this manifest is for Socket Mode.", err=True)
    click.echo(json.dumps(made(address, socket_mode=socket_mode or not address), indent=2))


@manifest.command("feishu")
@click.option("--url", metavar="https://HOST", help="Where the outside reaches the bot; else PUBLIC_URL.")
@click.option("--long-connection", is_flag=True, help="Without an address, even if PUBLIC_URL is set.")
@click.option("--scopes", "only_scopes", is_flag=True, help="Only what the console imports as scopes.")
def feishu_manifest(url: str | None, long_connection: bool, only_scopes: bool) -> None:
    """Prints what to set at open.feishu.cn/app. Without an address it is for a long connection."""
    import json

    from bot.adapters.feishu.manifest import manifest as made
    from bot.adapters.feishu.manifest import scopes_to_import

    address = "" if long_connection or only_scopes else url or _configured_address()
    if address and not address.startswith("https://"):
        raise failure("Feishu takes addresses with https:// only.", WRONG_USAGE)
    click.echo(json.dumps(scopes_to_import() if only_scopes else made(address), indent=2, ensure_ascii=False))


@click.group()
def feishu() -> None:
    """Installing Feishu's, or Lark's, app."""


@feishu.command()
@click.option("--lark", is_flag=True, help="For Lark, outside China.")
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=".env",
    show_default=True,
    help="Where its credentials are written.",
)
@click.option("--force", is_flag=True, help="Puts it in the place of an app that the file has, without asking.")
@click.option("--accounts-url", metavar="URL", default="", help="Behind a proxy: what stands for accounts.feishu.cn.")
def setup(lark: bool, env_file: Path, force: bool, accounts_url: str) -> None:
    """Creates the app: scan a QR code, or open a link, and confirm."""
    from bot.feishu_setup import set_up

    finish(set_up(env_file, lark=lark, force=force, accounts_url=accounts_url))


def _configured_address() -> str:
    from bot.settings import SettingsInvalid, load_settings

    try:
        return load_settings().public_url
    except SettingsInvalid as error:
        raise failure(str(error), WRONG_USAGE) from None


COMMANDS: Final = (manifest, feishu)
