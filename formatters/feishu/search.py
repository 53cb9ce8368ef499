"""Commits that were found, each in a panel with its analysis."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import Entry, Repo
from bot.core.replies import SearchResults
from formatters import found
from formatters import wording as say
from formatters.feishu import elements, limits
from formatters.feishu.budget import Cost, Room, cost
from formatters.feishu.cards import Content
from formatters.feishu.drawing import Drawing
from formatters.feishu.elements import Element
from formatters.feishu.panels import Form, Listed
from formatters.feishu.text import grey, prose

#: Kept for the line that says how many are not shown, and for what may stand above.
_BESIDE = Cost(5_000, 20)


def content(reply: SearchResults) -> Content:
    words = found.summary(reply)
    head = Content(title="", summary=words, elements=[elements.paragraph(words)])
    return with_commits(head, reply.repo, reply.zone, reply.entries, total=reply.total)


def with_commits(around: Content, repo: Repo, zone: ZoneInfo, entries: Sequence[Entry], *, total: int = 0) -> Content:
    """The same with as many commits below as there is room for, and how many more there are of `total`."""
    room = Room(Drawing().room(around) - _BESIDE)
    shown = list(_that_fit((_panel(repo, zone, entry) for entry in entries), room))
    left_out = max(total, len(entries)) - len(shown)
    more = [elements.note(say.more_items(left_out))] if left_out else []
    return replace(around, elements=[*around.elements, *shown, *more])


def _that_fit(panels: Iterator[Element], room: Room) -> Iterator[Element]:
    for panel in panels:
        if not room.take(cost(panel)):
            return
        yield panel


def _panel(repo: Repo, zone: ZoneInfo, entry: Entry) -> Element:
    """`🔴 2026-01-21 Headline 8877c46`, with what a digest shows of a commit behind it."""
    commit = entry.commit
    day = Day.containing(commit.committed_at, zone)
    date = day.date.isoformat()
    headline = prose(say.headline(entry), limits.HEADLINE_MAX)
    title = f"{say.ICONS[entry.analysis.importance]} {date} {headline} {grey(commit.short_sha)}"
    return elements.panel(title, Listed(repo=repo, day=day, asks=True).panel(entry, Form.SHORT)["elements"])
