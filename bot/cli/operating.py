"""Commands of those who keep the bot going."""

import sys
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Final

import click

from bot.cli.options import of_session
from bot.cli.session import Session

if TYPE_CHECKING:
    from bot.core.outlook import Outlook
    from bot.operating import Operating

_PLATFORMS: Final = ("slack", "feishu", "feishu-webhook", "terminal")


@click.command()
@click.option("--channel", metavar="ID", help="Only what one channel may know: see `subscribe`, or `terminal`.")
@of_session
def status(session: Session, channel: str | None) -> None:
    """How the bot fares, for operators: what is due, late, failed, broken, next, and what the model cost.

    It changes nothing, not even the schema. Exit codes: 0 all is well, 1 something needs attention, so that it can be
    a check. With --channel: what that is subscribed to, how the last delivery went, and when the next one comes.
    """
    if channel is not None:
        session.ask("status", channel=None if channel == "terminal" else channel)
        return
    outlooks: list[Outlook] = []

    async def look(operating: "Operating") -> None:
        outlooks.append(await operating.outlooks.taken(operating.now()))

    session.operate(look, as_it_is=True)
    _show(session, outlooks[0])


def _show(session: Session, outlook: "Outlook") -> None:
    from bot.core.outlook import attention

    if session.as_json:
        from formatters.json import dump

        click.echo(dump(outlook), nl=False)
    else:
        from shutil import get_terminal_size

        from formatters.operators import render

        click.echo(render(outlook, width=get_terminal_size().columns, color=sys.stdout.isatty()), nl=False)
    if any(attention(outlook)):
        raise SystemExit(1)


@click.command()
@click.option(
    "--send-test-card",
    metavar="CHAT",
    default="",
    help="Also posts a card with every part that we use, to Feishu's oc_… or ou_…, or to feishu-webhook.",
)
@of_session
def doctor(session: Session, send_test_card: str) -> None:
    """Checks every credential, scope and limit that the configuration relies on."""
    from functools import partial

    from bot.doctor import examine

    session.perform(partial(examine, test_card_to=send_test_card))


@click.command("export")
@click.option("--platform", type=click.Choice(_PLATFORMS), required=True, help="On which the workspace is.")
@click.option("--workspace", metavar="ID", required=True, help="Slack's T0123, or Feishu's tenant key.")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", atomic=True), default="-", help="A file.")
@of_session
def export(session: Session, platform: str, workspace: str, output: IO[str]) -> None:
    """Everything that a workspace owns, as lines of JSON: subscriptions, deliveries, posts and feedback.

    Tokens and installations are left out, which only installing the app gives, and so are messages that were not
    answered yet. What was being sent at that moment is uncertain elsewhere.
    """

    async def write(operating: "Operating") -> None:
        from bot.core.belongings import Owner, exported
        from bot.core.subscriptions import Platform

        owner = Owner(platform=Platform(platform), workspace=workspace)
        number = -2  # the first line and the last one
        async for line in exported(owner, operating.belongings):
            output.write(line)
            number += 1
        click.echo(f"{number} rows of {owner.platform} {owner.workspace}.", err=True)

    session.operate(write)


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--as", "workspace", metavar="ID", help="Makes it another workspace's than the one that the file names.")
@of_session
def import_(session: Session, file: IO[bytes], workspace: str | None) -> None:
    """Takes in what `export` wrote: all of it, or nothing. What is there already stays as it is."""

    async def read(operating: "Operating") -> None:
        from bot.core.belongings import imported

        owner, added = await imported(_lines(file), operating.belongings, workspace)
        click.echo(f"{owner.platform} {owner.workspace}: {_counted(added)}.", err=True)

    session.operate(read)


@click.command()
@of_session
def prune(session: Session) -> None:
    """Forgets at once what the clock forgets once a day: what is older than RETENTION_…_DAYS say."""

    async def sweep(operating: "Operating") -> None:
        forgotten = await operating.sweeping.sweep(operating.now())
        numbers = {what.value: number for what, number in forgotten.items()}
        if session.as_json:
            import json

            click.echo(json.dumps(numbers, indent=2))
        else:
            click.echo(f"Forgotten: {_counted(numbers)}.")

    session.operate(sweep)


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Each of them, or the beginning of one that is longer than any can be."""
    from bot.core.belongings import LINE_MAX

    while line := file.readline(LINE_MAX + 1):
        yield line


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in numbers.items()) or "nothing new"


COMMANDS: Final = (status, doctor, export, import_, prune)
