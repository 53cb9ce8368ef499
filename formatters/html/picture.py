"""The picture of a day: a bar for each area, by the importance of its commits.

Lengths are shares of the picture's width, so that its letters keep their size on every screen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot.core.language import _
from bot.core.model import Digest
from bot.core.pages import Counts
from formatters import picture
from formatters import wording as say

# Per cent of the width: where bars begin, and the longest one.
_LEFT: Final = 40.0
_LONGEST: Final = 52.0
# Pixels.
_ROW: Final = 24


class Segment(NamedTuple):
    """A part of a bar."""

    #: A class of the stylesheet.
    level: str
    #: Per cent.
    x: str
    width: str


class Row(NamedTuple):
    name: str
    counts: Counts
    segments: tuple[Segment, ...]
    #: Pixels from above.
    y: int
    #: Per cent: where the bar ends.
    end: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    title: str
    #: All that is to be seen in it, as one text.
    description: str
    rows: tuple[Row, ...]
    #: Pixels.
    height: int


def drawn(digest: Digest) -> Picture | None:
    """None where a picture would tell nothing."""
    bars = picture.by_importance(digest)
    if not bars:
        return None
    most = max(bar.counts.total for bar in bars)
    described = _("; ").join(bar.name + _(": ") + say.level_numbers(bar.counts) for bar in bars)
    return Picture(
        title=_(picture.TITLE),
        description=described,
        rows=tuple(_row(bar, most, number * _ROW) for number, bar in enumerate(bars)),
        height=len(bars) * _ROW,
    )


def segments(counts: Counts, most: int, *, left: float = 0.0, longest: float = 100.0) -> tuple[Segment, ...]:
    """The levels one after the other; `most` commits are as long as `longest` per cent."""
    return tuple(_segments(counts, longest / most, left))


def _segments(counts: Counts, scale: float, left: float) -> Iterator[Segment]:
    for level, number in (("high", counts.high), ("medium", counts.medium), ("low", counts.low)):
        if number:
            yield Segment(level, _per_cent(left), _per_cent(number * scale))
            left += number * scale


def _row(bar: picture.Bar, most: int, y: int) -> Row:
    end = _LEFT + _LONGEST * bar.counts.total / most
    return Row(bar.name, bar.counts, segments(bar.counts, most, left=_LEFT, longest=_LONGEST), y, _per_cent(end))


def _per_cent(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".") + "%"
