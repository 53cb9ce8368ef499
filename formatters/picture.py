"""A day as a small picture: how many commits in which of its areas."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from bot.core.areas import AREAS_MAX, Area, by_area
from bot.core.language import N_, _, decimal
from bot.core.model import Digest, Importance
from bot.core.pages import Counts
from formatters import wording as say

TITLE: Final = N_("Commits by area")
#: Fewer commits than this are seen at a glance without a picture.
COMMITS_MIN: Final = 3
#: Characters of an area's name; of a long one the end tells most.
NAME_MAX: Final = 20
#: Characters of the longest bar.
_BAR_MAX: Final = 16


class Bar(NamedTuple):
    """An area by the importance of its commits."""

    name: str
    counts: Counts


def of(digest: Digest) -> tuple[Area, ...]:
    """The areas of `by_importance` with the number of their commits."""
    return tuple(Area(bar.name, bar.counts.total) for bar in by_importance(digest))


def by_importance(digest: Digest) -> tuple[Bar, ...]:
    """Areas with names that can be shown and all differ, the busiest first and what is left over last.

    Empty where a picture would tell nothing: few commits, all in one place, or each in another one.
    """
    if len(digest.entries) < COMMITS_MIN:
        return ()
    found = by_area([entry.commit for entry in digest.entries], most=AREAS_MAX - 1)
    busiest = next(iter(found.values()))
    if len(found) < 2 or len(busiest) == 1:
        return ()
    names = {commit.sha: _name(folder) for folder, commits in found.items() for commit in commits}
    levels: dict[str, Counter[Importance]] = {_name(folder): Counter() for folder in found}
    for entry in digest.entries:
        name = names.get(entry.commit.sha) or _("elsewhere")
        levels.setdefault(name, Counter())[entry.analysis.importance] += 1
    return tuple(Bar(name, say.counts(of_area)) for name, of_area in levels.items() if of_area)


def _name(folder: str) -> str:
    shown = say.visible(folder) or _("top folder")
    if len(shown) <= NAME_MAX:
        return shown
    end = shown[2 - NAME_MAX :]
    return "…/" + (end.partition("/")[2] or end)


def bars(shown: Sequence[Area]) -> str:
    """A line each, for a font whose characters are all as wide: `lib/llm  ████████ 4`."""
    width = max(map(_columns, (area.folder for area in shown)))
    most = max(area.commits for area in shown)
    return "\n".join(f"{area.folder}{' ' * (width - _columns(area.folder))}  {bar(area, most)}" for area in shown)


def bar(area: Area, most: int) -> str:
    """`████████ 4`, where the longest bar stands for `most` commits."""
    return f"{'█' * max(area.commits * min(most, _BAR_MAX) // most, 1)} {decimal(area.commits)}"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
