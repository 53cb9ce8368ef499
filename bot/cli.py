"""The command line. Only what a command uses is imported, and only when it runs."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.app import App
    from bot.core.asker import Asker
    from bot.core.replies import Reply

_WRONG_USAGE = 2


def main() -> None:
    cli()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dynamo-digest")
def cli() -> None:
    """One digest a day of what was merged into the repositories your team depends on.

    Configuration comes from the environment and .env; see README.md. Exit codes: 0 done, 1 failed, 2 wrong usage.
    """


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command that reads a repository takes."""
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
        session = _Session(
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


@cli.command()
@click.argument("words", nargs=-1, metavar="[WHEN] [REPO]")
@_options
def show(session: "_Session", words: tuple[str, ...]) -> None:
    """The digest of a day (2026-01-21, last friday) or of several (7d, last week, 2026-01-15..2026-01-21)."""
    session.ask(" ".join(words))


@cli.command()
@click.argument("words", nargs=-1, metavar="[WHEN] [REPO…]")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file, instead of the terminal."
)
@_options
def report(session: "_Session", words: tuple[str, ...], output: Path | None) -> None:
    """A day or several, of one repository or several, in one Markdown file: every commit with its analysis."""
    from formatters.markdown import render

    session.ask(" ".join(("report", *words)), render=render, output=output)


@cli.command()
@click.argument("sha")
@click.argument("repo", required=False)
@click.option("--deep", is_flag=True, help="A full analysis, whatever its importance; needs a language model.")
@_options
def commit(session: "_Session", sha: str, repo: str | None, deep: bool) -> None:
    """The whole analysis of one commit that has been in a digest."""
    session.ask(f"{'deepen' if deep else 'commit'} {sha} {repo or ''}")


@cli.command()
@click.argument("words", nargs=-1, metavar="[WHEN] [REPO]")
@_options
def retry(session: "_Session", words: tuple[str, ...]) -> None:
    """Asks the language model again for what rules had to write in its place."""
    session.ask(" ".join(("retry", *words)))


def _channel_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--channel",
        metavar="ID",
        help="Slack's C0123 or T0123/C0123, Feishu's oc_…, or feishu-webhook; else this terminal.",
    )(command)


@cli.command()
@click.argument("words", nargs=-1, metavar="REPO [OPTIONS OF THE GRAMMAR]")
@_channel_option
@_options
def subscribe(session: "_Session", words: tuple[str, ...], channel: str | None) -> None:
    """Daily digests of a repository for a channel.

    In any order: at 09:00, tz ZONE, on weekdays or mon,thu, weekly mon, lang zh|en, min high|medium|low, paths GLOB,…,
    not-paths GLOB,…, authors NAME,…, not-authors NAME,…, no-bots, branch GLOB, quiet silent|line, thread on|off.
    """
    session.ask(" ".join(("subscribe", *words)), channel=channel)


@cli.command()
@click.argument("repo", metavar="REPO|all")
@_channel_option
@_options
def unsubscribe(session: "_Session", repo: str, channel: str | None) -> None:
    """Ends a channel's daily digests of a repository, or of all."""
    session.ask(f"unsubscribe {repo}", channel=channel)


@cli.command("list")
@_channel_option
@_options
def list_(session: "_Session", channel: str | None) -> None:
    """What a channel is subscribed to."""
    session.ask("list", channel=channel)


@cli.command()
@_channel_option
@_options
def status(session: "_Session", channel: str | None) -> None:
    """The same: what a channel is subscribed to, how the last delivery went, and when the next one comes."""
    session.ask("status", channel=channel)


@cli.command()
@click.argument("words", nargs=-1, metavar="[REPO] [7d | until 2026-02-01]")
@_channel_option
@_options
def pause(session: "_Session", words: tuple[str, ...], channel: str | None) -> None:
    """Holds a channel's digests back, until `resume` or that day; the next one then tells what was missed."""
    session.ask(" ".join(("pause", *words)), channel=channel)


@cli.command()
@click.argument("repo", required=False)
@_channel_option
@_options
def resume(session: "_Session", repo: str | None, channel: str | None) -> None:
    """Ends a pause, or tries a channel again that was gone."""
    session.ask(f"resume {repo or ''}", channel=channel)


@cli.command()
@click.argument("words", nargs=-1, metavar="[DAY] [REPO]")
@_channel_option
@_options
def deliver(session: "_Session", words: tuple[str, ...], channel: str | None) -> None:
    """Sends a channel a day that failed, or that was never due."""
    session.deliver(" ".join(("deliver", *words)), channel=channel)


@cli.command()
@click.argument("words", nargs=-1, required=True, metavar="WORDS… [in REPO]")
@_options
def search(session: "_Session", words: tuple[str, ...]) -> None:
    """Commits in whose stored analyses all of the words stand."""
    session.ask(" ".join(("search", *words)))


@cli.command()
@click.argument("days", metavar="FROM..TO")
@click.argument("repo", required=False)
@_options
def backfill(session: "_Session", days: str, repo: str | None) -> None:
    """Reads and analyses past days, oldest first. Stop it and start it again: what is done is kept."""
    session.backfill(days, repo)


@cli.command()
@_options
def run(session: "_Session") -> None:
    """The bot. Without credentials for a chat platform: the newest day of a local clone, in the terminal."""
    session.run()


@cli.command()
@click.option(
    "--send-test-card",
    metavar="CHAT",
    default="",
    help="Also posts a card with every part that we use, to Feishu's oc_… or ou_…, or to feishu-webhook.",
)
@_options
def doctor(session: "_Session", send_test_card: str) -> None:
    """Checks every credential, scope and limit that the configuration relies on."""
    from functools import partial

    from bot.doctor import examine

    session.perform(partial(examine, test_card_to=send_test_card))


@cli.command()
@_options
def migrate(session: "_Session") -> None:
    """Brings the database to the newest version."""

    async def migrated(_app: "App") -> None:
        click.echo("The database is up to date.")

    session.perform(migrated)


@cli.group()
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
        raise _failure("Slack takes addresses with https:// only.", _WRONG_USAGE)
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
        raise _failure("Feishu takes addresses with https:// only.", _WRONG_USAGE)
    click.echo(json.dumps(scopes_to_import() if only_scopes else made(address), indent=2, ensure_ascii=False))


@cli.group()
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

    _finish(set_up(env_file, lark=lark, force=force, accounts_url=accounts_url))


def _configured_address() -> str:
    from bot.settings import SettingsInvalid, load_settings

    try:
        return load_settings().public_url
    except SettingsInvalid as error:
        raise _failure(str(error), _WRONG_USAGE) from None


class _Session:
    """One invocation: its configuration, and how its answer is shown."""

    def __init__(
        self, *, as_json: bool, timezone: str | None, language: str | None, overrides: dict[str, object]
    ) -> None:
        self._as_json = as_json
        self._timezone = timezone
        self._language = language
        self._overrides = overrides

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
                with _progress_bar() as observe:
                    reply = await app.desk.answer(parse(text, host=app.settings.github_host), asker, observe)
                self._show(reply, render, output)
                if then is not None:
                    await then(app)

        self.perform(answer)

    def deliver(self, text: str, *, channel: str | None) -> None:
        """Has a day delivered at once, by this process."""

        async def deliver(app: "App") -> None:
            await app.rounds.tick()
            await app.rounds.finish()

        self.ask(text, channel=channel, then=deliver)

    def backfill(self, days: str, repo: str | None) -> None:
        """Fills in the finished days of a range, and says how many that were."""

        async def fill(app: "App") -> None:
            from bot.core.backfill import parse_finished_days
            from bot.core.days import Day, parse_zone
            from bot.core.language import _, ngettext
            from bot.core.model import Repo

            zone = parse_zone(self._timezone) if self._timezone else app.settings.zone
            span = parse_finished_days(days, Day.containing(app.now(), zone))
            which = Repo.parse(repo, host=app.settings.github_host) if repo else app.default_repo
            with _progress_bar() as observe:
                done = await app.backfill.run(which, span, observe)
            filled = ngettext("{number} day filled in", "{number} days filled in", done.days)
            commits = ngettext("{number} commit", "{number} commits", done.commits)
            known = ngettext("{number} day was there", "{number} days were there", done.known_days)
            click.echo(
                _(
                    "{repo}: {filled}, {commits}; {known}. {seconds} s.",
                    repo=which,
                    filled=filled,
                    commits=commits,
                    known=known,
                    seconds=f"{done.seconds:.1f}",
                ),
                err=True,
            )

        self.perform(fill)

    def run(self) -> None:
        """The bot until it is told to stop, or a first look without credentials."""
        settings = self._settings(quiet=False)
        if settings.uses_chat:
            from bot.app import run

            _finish(run(settings))
        else:
            from bot.first_look import look

            self._overrides |= {"digest_source": "git", "digest_git_dir": settings.digest_git_dir or Path()}
            self.perform(look)

    def perform(self, work: "Callable[[App], Awaitable[None]]") -> None:
        from bot.app import composed
        from bot.core.language import speaking

        async def performed() -> None:
            settings = self._settings(quiet=True)
            with speaking(settings.digest_language), _said_to_people():
                async with composed(settings) as app:
                    await work(app)

        _finish(performed())

    def _settings(self, *, quiet: bool) -> Any:
        import logging

        from bot.logs import configure_logging
        from bot.settings import SettingsInvalid, load_settings

        try:
            settings = load_settings(**self._overrides)
        except SettingsInvalid as error:
            raise _failure(str(error), _WRONG_USAGE) from None
        # A person at a terminal sees progress and the answer; programs and services get log lines.
        level = logging.ERROR if quiet and sys.stderr.isatty() else logging.INFO
        configure_logging(secrets=settings.secrets, level=level)
        return settings

    async def _asker(self, app: "App", channel: str | None) -> "Asker":
        from bot.core.asker import Asker
        from bot.core.days import parse_zone
        from bot.core.model import Language
        from bot.core.subscriptions import Channel, Platform

        zone = parse_zone(self._timezone) if self._timezone else None
        if channel is None:
            here = Channel(platform=Platform.TERMINAL, workspace="local", id="terminal")
        else:
            here = await app.channel(channel)
        return Asker(channel=here, user="", zone=zone, language=Language(self._language) if self._language else None)

    def _show(self, reply: "Reply", render: "Callable[[Reply], str] | None", output: Path | None) -> None:
        if self._as_json:
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


def _finish(work: Any) -> None:
    """Runs to the end; people see our sentences, never a traceback for what is not our fault."""
    try:
        with _said_to_people():
            asyncio.run(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@contextmanager
def _said_to_people() -> Generator[None]:
    """Turns an error of ours into one of click's, in the language spoken."""
    from bot.core.errors import BotError, NotUnderstood
    from bot.core.language import _

    try:
        yield
    except NotUnderstood as error:
        verb = "" if error.example.partition(" ")[0] in cli.commands else "show "
        example = _("Try: {command}", command=f"dynamo-digest {verb}{error.example}")
        raise _failure(f"{error}\n{example}", _WRONG_USAGE) from None
    except BotError as error:
        raise _failure(str(error), 1) from None


def _failure(message: str, code: int) -> click.ClickException:
    return click.UsageError(message) if code == _WRONG_USAGE else click.ClickException(message)


def _progress_bar() -> AbstractContextManager[Any]:
    """Shows how far a day is read while its digest is made; on a terminal only."""
    from contextlib import nullcontext

    if not sys.stderr.isatty():
        return nullcontext(None)
    from bot.progress import progress_bar

    return progress_bar()
