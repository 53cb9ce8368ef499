"""The command line. Only what a command uses is imported, and only when it runs."""

import click

from bot.cli import installing, operating, reading, running, subscriptions


def main() -> None:
    cli()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dynamo-digest")
def cli() -> None:
    """One digest a day of what was merged into the repositories your team depends on.

    Configuration comes from the environment and .env; see README.md. Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


for command in (
    *reading.COMMANDS,
    *subscriptions.COMMANDS,
    *running.COMMANDS,
    *operating.COMMANDS,
    *installing.COMMANDS,
):
    cli.add_command(command)
