"""One invocation: its configuration, and how its answer is shown."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.failures import WRONG_USAGE, failure, finish, said_to_people

if TYPE_CHECKING:
    from bot.app import App
    from bot.core.asker import Asker
    from bot.core.replies import Reply
    from bot.operating import Operating
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What an invocation was given; `overrides` are settings that win over the environment."""

    as_json: bool
    timezone: str | None
    language: str | None
    overrides: Mapping[str, object]

    def ask(
        self,
        text: str,
        channel: str | None = None,
        render: "Callable[[Reply], str] | None" = None,
        output: Path | None = None,
        then: "Callable[[App], Awaitable[None]] | None" = None,
    ) -> None:
        """Answers a command of the grammar, as a chat platform would; shows the reply or writes it to `output`."""

        async def answer(app: "App") -> None:
            from bot.core.grammar import parse
            from bot.core.language import speaking

            asker = await self._asker(app, channel)
            with speaking(await app.desk.language(asker)):
                with progress_bar() as observe:
                    reply = await app.desk.answer(parse(text, host=app.settings.github_host), asker, observe)
                self._show(reply, render, output)
                if then is not None:
                    await then(app)

        self.perform(answer)

    def perform(self, work: "Callable[[App], Awaitable[None]]") -> None:
        """Runs what needs the whole application, with its database open and up to date."""
        from bot.app import composed
        from bot.core.language import speaking

        async def performed() -> None:
            settings = self.settings(quiet=True)
            with speaking(settings.digest_language), said_to_people():
                async with composed(settings) as app:
                    await work(app)

        finish(performed())

    def operate(self, work: "Callable[[Operating], Awaitable[None]]", *, as_it_is: bool = False) -> None:
        """Runs what needs the database alone, which is brought up to date unless it is to be left as it is."""
        from bot.app import now
        from bot.operating import opened

        async def performed() -> None:
            async with opened(self.settings(quiet=True), now, as_it_is=as_it_is) as operating:
                await work(operating)

        finish(performed())

    def settings(self, *, quiet: bool) -> "Settings":
        """The configuration; logs are set up by it, and not shown to a person at a terminal if `quiet`."""
        import logging

        from bot.logs import configure_logging
        from bot.settings import SettingsInvalid, load_settings

        try:
            settings = load_settings(**self.overrides)
        except SettingsInvalid as error:
            raise failure(str(error), WRONG_USAGE) from None
        level = logging.ERROR if quiet and sys.stderr.isatty() else logging.INFO
        configure_logging(secrets=settings.secrets, level=level)
        return settings

    async def _asker(self, app: "App", channel: str | None) -> "Asker":
        from bot.core.asker import Asker
        from bot.core.days import parse_zone
        from bot.core.model import Language
        from bot.core.subscriptions import Channel, Platform

        zone = parse_zone(self.timezone) if self.timezone else None
        if channel is None:
            here = Channel(platform=Platform.TERMINAL, workspace="local", id="terminal")
        else:
            here = await app.channel(channel)
        return Asker(channel=here, user="", zone=zone, language=Language(self.language) if self.language else None)

    def _show(self, reply: "Reply", render: "Callable[[Reply], str] | None", output: Path | None) -> None:
        if self.as_json:
            from formatters.json import render as render_json

            text = render_json(reply)
        elif render is not None:
            text = render(reply)
        else:
            from shutil import get_terminal_size

            from formatters.terminal import render as render_terminal

            width, color = get_terminal_size().columns, sys.stdout.isatty()
            text = render_terminal(reply, width=width, color=color)
        if output is None:
            click.echo(text, nl=False)
        else:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8")
            click.echo(f"Written to {output}", err=True)


def progress_bar() -> AbstractContextManager[Any]:
    """Shows how far a day is read while its digest is made; on a terminal only."""
    if not sys.stderr.isatty():
        return nullcontext(None)
    from bot.progress import progress_bar

    return progress_bar()
