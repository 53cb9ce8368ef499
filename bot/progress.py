"""A progress bar for people who wait at a terminal."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from bot.core.digests import Observer
from bot.core.language import _
from bot.core.replies import Progress


@contextmanager
def progress_bar() -> Generator[Observer]:
    """A bar on standard error that goes away when the work is done."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_("Reading"), total=None)

        def observe(progress: Progress) -> None:
            bar.update(task, description=_described(progress), completed=progress.done, total=progress.total)

        yield observe


def _described(progress: Progress) -> str:
    translating = _("Translating {repo}", repo=progress.repo)
    reading = _("Reading {repo}", repo=progress.repo)
    text = translating if progress.translating else reading
    if progress.days == 1:
        return text
    return _("{text} (day {day} of {days})", text=text, day=progress.day, days=progress.days)
