"""How the bot fares as a whole, on a terminal. What only operators read is English."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO
from typing import Final

from rich.console import Console
from rich.table import Table

from bot.core.outlook import Outlook, attention
from formatters import wording as say

#: Columns below which a line cannot be read any more.
_NARROWEST: Final = 60


def render(outlook: Outlook, *, width: int = 100, color: bool = True) -> str:
    """A table of what there is, and below it what needs attention."""
    console = Console(
        file=StringIO(),
        width=max(width, _NARROWEST),
        color_system="standard" if color else None,
        force_terminal=color,
        no_color=not color,
        legacy_windows=False,
        markup=False,
        highlight=False,
    )
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for name, lines in _rows(outlook):
        table.add_row(name, "\n".join(map(say.visible, lines)))
    with console.capture() as captured:
        console.print(table)
        troubles = list(attention(outlook))
        for trouble in troubles:
            console.print(f"✗ {trouble}", style="red")
        if not troubles:
            console.print("✓ nothing needs attention", style="green")
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def _rows(outlook: Outlook) -> Iterator[tuple[str, Sequence[str]]]:
    schema = outlook.schema
    is_newest = schema.version == schema.newest
    behind = "" if is_newest else f", and this program's is {schema.newest}"
    yield "database", [f"{schema.kind.value}, schema {schema.version or 'none'}{behind}"]
    if not is_newest:
        return
    yield (
        "subscriptions",
        _or_none(f"{one.platform.value} {one.standing.value}: {one.number}" for one in outlook.subscriptions),
    )
    if (patterns := outlook.patterns).number:
        troubles = (f"{one.number} not looked at in full: {one.reason}" for one in patterns.troubles)
        yield "patterns", [str(patterns.number), *troubles]
    yield "last 24 h", _or_none(f"{one.state.value}: {one.number}" for one in outlook.deliveries)
    since = f", the oldest for {_span(outlook.at - outlook.oldest_due)}" if outlook.oldest_due else ""
    yield "due now", [f"{outlook.due_now}{since}", f"{outlook.worked_on} being worked on"]
    for one in outlook.punctuality:
        days = f"on time, {one.span.days} d"
        yield days, [f"{one.on_time:.1%} of {one.number}; p50 {_span(one.p50)}, p99 {_span(one.p99)}"]
    if outlook.troubles:
        yield (
            "troubles",
            [f"{one.number} {one.state.value}: {one.reason or '?'}" for one in outlook.troubles],
        )
    if outlook.broken:
        yield (
            "broken",
            [
                f"{one.platform.value} {one.workspace} ({one.subscriptions}), {_since(one.since)}: {one.reason}"
                for one in outlook.broken
            ],
        )
    yield "next due", _or_none(f"{_instant(one.at)}: {one.subscriptions}" for one in outlook.next_due)
    if (model := outlook.model) is not None:
        used = f"{model.calls} calls, {model.failed} failed, {model.tokens} tokens, {model.price:.2f} US dollars"
        yield "model today", [used]
    if outlook.backlog is not None:
        yield "queue", _or_none(f"{one.job}: {one.number}" for one in outlook.backlog)


def _or_none(lines: Iterator[str]) -> Sequence[str]:
    return list(lines) or ["none"]


def _since(instant: datetime | None) -> str:
    return f"since {_instant(instant)}" if instant is not None else "for some time"


def _instant(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _span(span: timedelta) -> str:
    seconds = span.total_seconds()
    return (
        f"{seconds:.1f} s"
        if seconds < 600
        else f"{seconds / 60:.0f} min"
        if seconds < 36_000
        else f"{seconds / 3600:.0f} h"
    )
