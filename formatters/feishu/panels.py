"""One commit among others: as a line, or as a panel that opens."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.commands import ShowCommit
from bot.core.days import Day
from bot.core.language import _
from bot.core.model import Entry, Repo
from formatters import labels, related
from formatters import wording as say
from formatters.feishu import analysis, elements, limits, wording
from formatters.feishu.elements import Element
from formatters.feishu.text import escape, grey, literal, prose

#: Bytes of an analysis that is short enough to stand in a panel whatever else there is.
_SHORT_MAX: Final = 700


class Form(IntEnum):
    """How much of a commit is there, each form more than the one before."""

    #: One line in a list, with a link.
    LINE = 0
    #: A panel with what matters most, and a button to the rest.
    SHORT = 1
    #: A panel with the whole analysis, and a button to its files and to what can be done with it.
    WHOLE = 2
    #: The same with buttons that do that at once.
    ACTIVE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Where commits are listed."""

    repo: Repo
    #: The digest that their buttons belong to.
    day: Day
    #: Somebody hears what is clicked.
    asks: bool
    #: It is said below who wrote all analyses.
    are_alike: bool = False
    #: By SHA, where commits of several days stand together; their dates are shown then.
    days: Mapping[str, Day] = field(default_factory=dict[str, Day])

    @property
    def zone(self) -> ZoneInfo:
        return self.day.zone

    def line(self, entry: Entry) -> str:
        """`🐛 Headline · #5514 · Ada`, in Markdown, with a link to where it can be read."""
        address = analysis.Body(repo=self.repo, entry=entry, zone=self.zone).address()
        return " · ".join([self._headline(entry, limits.LINE_MAX), address, *self._notes(entry)])

    def panel(self, entry: Entry, form: Form) -> Element:
        """At least as much as `form` says: a short analysis is whole at once."""
        body = analysis.Body(repo=self.repo, entry=entry, zone=self.zone)
        summary, details = body.summary(), list(body.details())
        is_whole = form > Form.SHORT or sum(map(len, (*summary, *details))) <= _SHORT_MAX
        parts = self._whole(body, summary, details) if is_whole else self._short(body, summary)
        text = elements.markdown("\n\n".join(filter(None, parts)))
        return elements.panel(self._title(entry), [text, *self._buttons(entry, form, is_whole)])

    def _whole(self, body: analysis.Body, summary: Sequence[str], details: Sequence[str]) -> Iterator[str]:
        yield f"{body.addresses()} · {self._clock(body.entry)}"
        if relations := list(islice(body.relations(), related.BRIEF_MAX)):
            yield elements.bullets(relations)
        yield body.reasons()
        if summary:
            yield elements.bullets(summary)
        yield from details
        if not (self.are_alike and say.is_based_on_all(body.entry.analysis.provenance)):
            yield body.writer()

    def _short(self, body: analysis.Body, summary: Sequence[str]) -> Iterator[str]:
        yield f"{body.address()} · {body.churn()} · {self._clock(body.entry)}"
        yield body.reasons()
        if summary:
            yield elements.bullets(summary[:1])
        if not self.asks:
            yield grey(_(wording.SHORTENED))

    def _clock(self, entry: Entry) -> str:
        return say.clock(entry.commit.committed_at, self.zone)[11:16]

    def _title(self, entry: Entry) -> str:
        number = entry.commit.pull_request
        address = entry.commit.short_sha if number is None else f"&#35;{number}"
        notes = grey(" · ".join([address, *self._notes(entry)]))
        return f"{self._headline(entry, limits.HEADLINE_MAX)} {notes}"

    def _headline(self, entry: Entry, most: int) -> str:
        types = entry.analysis.types
        icon = f"{say.TYPE_ICONS[types[0]]} " if types else ""
        date = f"{self.days[entry.commit.sha].date:%m-%d} " if self.days else ""
        return f"{icon}{date}{related.mark(entry)}{prose(say.headline(entry), most)}"

    def _notes(self, entry: Entry) -> Iterator[str]:
        yield literal(say.author(entry.commit.author), limits.NAME_MAX)
        yield from filter(None, (escape(say.late(entry, self.zone)), self._related(entry)))

    def _related(self, entry: Entry) -> str:
        return literal(related.brief(entry, self.zone), limits.RELATED_MAX) if entry.relations else ""

    def _buttons(self, entry: Entry, form: Form, is_whole: bool) -> list[Element]:
        if not self.asks:
            return []
        day = self.days.get(entry.commit.sha, self.day)
        label = _(labels.DETAILS) if is_whole else _(wording.FULL_ANALYSIS)
        details = elements.button(label, ShowCommit(repo=self.repo, sha=entry.commit.sha, day=day))
        if form is Form.ACTIVE:
            deepen = analysis.deepen(self.repo, entry, day)
            return [elements.short_row(details, *deepen, *analysis.thumbs(self.repo, entry))]
        return [details]
