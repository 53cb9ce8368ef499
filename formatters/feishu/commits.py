"""The commits of a digest, grouped by importance: as much of each as a card holds, the most important first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Final

from bot.core.language import _
from bot.core.model import Entry, Importance
from formatters import labels
from formatters import wording as say
from formatters.feishu import elements
from formatters.feishu.budget import NOTHING, Cost, Room, cost
from formatters.feishu.elements import Element
from formatters.feishu.panels import Form, Listed
from formatters.feishu.text import bold

#: What the heading of a level takes, and a panel around its lines.
_HEADING: Final = Cost(160, 1)
_LIST: Final = Cost(600, 4)
#: Where not every commit has room for a line, the part of the room that lines may take; the rest is for details.
_LINES: Final = 2 / 3
#: Lines that stand there without a click.
_OPEN_MAX: Final = 12
#: So few commits have a panel each before any of them has more in it.
_FEW: Final = 15
#: After so many panels that do not fit, no others are made to see whether they do.
_FAILURES: Final = 3
_LEVELS: Final = tuple(sorted(Importance, reverse=True))


@dataclass(slots=True)
class Piece:
    """A commit as it stands in a card: as a panel, or as a line where there is none."""

    entry: Entry
    form: Form
    cost: Cost
    line: str = ""
    panel: Element | None = None

    @property
    def level(self) -> Importance:
        return self.entry.analysis.importance


class Commits:
    """Commits, ranked, for one card or for several."""

    def __init__(self, ranked: Sequence[Entry], listed: Listed) -> None:
        self.all = ranked
        self._listed = listed
        self._lines: dict[str, str] = {}
        totals = Counter(entry.analysis.importance for entry in ranked)
        self._totals = {level: totals[level] for level in _LEVELS}
        self._starts = dict(zip(_LEVELS, accumulate(self._totals.values(), initial=0), strict=False))

    def fit(self, free: Cost) -> bool:
        """Whether every commit has at least a line there."""
        return len(self._taken(Room(free), 0, Form.LINE)) == len(self.all)

    def fitting(self, free: Cost, *, start: int = 0, stop: int | None = None, floor: Form = Form.LINE) -> "Listing":
        """As many of them as there is room for, from `start` on, each at least in the form `floor`.

        What is left then goes to details: each important commit gets a panel, and each one where there are few; then
        whole analyses are shown, and at last what can be done with them; always the most important ones first.
        """
        room = Room(free)
        pieces = self._taken(room, start, floor, stop)
        if floor is Form.LINE and start + len(pieces) < len(self.all):
            room = Room(Cost(int(free.bytes * _LINES), free.elements))
            pieces = self._taken(room, start, floor, stop)
            room.free += Cost(free.bytes - int(free.bytes * _LINES))
        self._detail(room, pieces)
        return Listing(pieces, start, self._totals, self._starts)

    def spread(self, first: Cost, free: Cost, *, floor: Form, most: int) -> "list[Listing] | None":
        """All of them in at most so many cards, each at least in the form `floor`; None if that cannot be.

        `first` is the room in the first card, `free` in each other one.
        """
        starts = [0]
        while (start := starts[-1] + self._number(free if starts[-1] else first, starts[-1], floor)) < len(self.all):
            if start == starts[-1] or len(starts) == most:
                return None
            starts.append(start)
        return [self.fitting(free if start else first, start=start, floor=floor) for start in starts]

    def pages(self, free: Cost, start: int, floor: Form) -> list["Listing"]:
        """All of them from `start` on, for as many cards as they need."""
        listings: list[Listing] = []
        while start < len(self.all):
            listings.append(self.fitting(free, start=start, floor=floor))
            start += listings[-1].number
        return listings

    def starts(self, free: Cost, *, most: int) -> Iterator[int]:
        """Where each page begins, if all commits have a panel and there are no more than `most` on a page."""
        start = 0
        while start < len(self.all):
            yield start
            start += len(self._taken(Room(free), start, Form.SHORT, start + most))

    def _number(self, free: Cost, start: int, floor: Form) -> int:
        return len(self._taken(Room(free), start, floor))

    def _taken(self, room: Room, start: int, floor: Form, stop: int | None = None) -> list[Piece]:
        taken: list[Piece] = []
        levels: set[Importance] = set()
        for entry in self.all[start:stop]:
            piece = self._piece(entry, floor)
            beside = _HEADING + (NOTHING if piece.panel else _LIST) if piece.level not in levels else NOTHING
            if not room.take(piece.cost + beside):
                break
            levels.add(piece.level)
            taken.append(piece)
        return taken

    def _piece(self, entry: Entry, form: Form) -> Piece:
        if form is Form.LINE:
            line = self._line(entry)
            return Piece(entry, form, Cost(len(line.encode()) + len("- \\n")), line)
        panel = self._listed.panel(entry, form)
        return Piece(entry, form, cost(panel), panel=panel)

    def _line(self, entry: Entry) -> str:
        """Made once, however often it is seen whether it fits."""
        if (known := self._lines.get(entry.commit.sha)) is None:
            known = self._lines[entry.commit.sha] = self._listed.line(entry)
        return known

    def _detail(self, room: Room, pieces: Sequence[Piece]) -> None:
        lines = Counter(piece.level for piece in pieces if piece.form is Form.LINE)
        for form, wanted in _steps(pieces, asks=self._listed.asks):
            failures = 0
            for piece in wanted:
                if failures == _FAILURES:
                    break
                failures += not self._enlarge(piece, form, room, lines)

    def _enlarge(self, piece: Piece, form: Form, room: Room, lines: Counter[Importance]) -> bool:
        """Whether there is room for more of it; the last line of a level leaves the room of its list."""
        larger = self._piece(piece.entry, form)
        is_last = piece.form is Form.LINE and lines[piece.level] == 1
        if not room.take(larger.cost - piece.cost - (_LIST if is_last else NOTHING)):
            return False
        lines[piece.level] -= piece.form is Form.LINE
        piece.form, piece.cost, piece.panel = form, larger.cost, larger.panel
        return True


def _steps(pieces: Sequence[Piece], *, asks: bool) -> Iterator[tuple[Form, Iterable[Piece]]]:
    """What becomes larger, in this order. Each step finds the pieces as the one before has left them."""
    first = Importance.LOW if len(pieces) <= _FEW else Importance.MEDIUM
    yield Form.SHORT, (piece for piece in pieces if piece.form < Form.SHORT and piece.level >= first)
    for level in _LEVELS:
        yield Form.WHOLE, (piece for piece in pieces if piece.form < Form.WHOLE and piece.level is level)
    yield Form.SHORT, (piece for piece in pieces if piece.form < Form.SHORT)
    if asks:
        yield Form.ACTIVE, (piece for piece in pieces if piece.form is Form.WHOLE)


@dataclass(frozen=True, slots=True)
class Listing:
    """Commits that fit into one card."""

    pieces: Sequence[Piece]
    #: The place of the first one among all commits, from 0.
    start: int
    #: How many commits each level has, and where it begins.
    totals: Mapping[Importance, int]
    starts: Mapping[Importance, int]

    @property
    def number(self) -> int:
        return len(self.pieces)

    @property
    def stop(self) -> int:
        """The place after the last one."""
        return self.start + self.number

    @property
    def is_open(self) -> bool:
        """Whether each commit can be opened where it stands."""
        return all(piece.panel for piece in self.pieces)

    def elements(self) -> Iterator[Element]:
        first = self.start
        for level, group in groupby(self.pieces, key=lambda piece: piece.level):
            pieces = list(group)
            yield from self._group(level, pieces, first)
            first += len(pieces)

    def _group(self, level: Importance, pieces: Sequence[Piece], first: int) -> Iterator[Element]:
        """Many lines are behind one click, and those of low importance are, unless there are no others."""
        title = bold(self._title(level, first - self.starts[level], len(pieces)))
        panels = [piece.panel for piece in pieces if piece.panel]
        lines = [piece.line for piece in pieces if not piece.panel]
        if panels:
            yield elements.markdown(title)
            yield from panels
        if lines:
            name = say.more_items(len(lines)) if panels else title
            is_open = len(lines) <= _OPEN_MAX and (level > Importance.LOW or level is self.pieces[0].level)
            yield elements.panel(name, [elements.markdown(elements.bullets(lines))], expanded=is_open)

    def _title(self, level: Importance, before: int, number: int) -> str:
        """`🔴 High · 4 commits`; a group that has only some of its level says which."""
        name = f"{say.ICONS[level]} {_(say.LEVELS[level])} · "
        total = self.totals[level]
        return name + (say.commits(total) if number == total else labels.page(before + 1, before + number, total))
