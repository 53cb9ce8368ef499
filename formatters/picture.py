"""A day as a small picture: how many commits in which of its areas."""

import unicodedata
from collections.abc import Sequence
from typing import Final

from bot.core.areas import AREAS_MAX, Area, areas
from bot.core.language import N_, _, decimal
from bot.core.model import Digest
from formatters import wording as say

TITLE: Final = N_("Commits by area")
#: Fewer commits than this are seen at a glance without a picture.
COMMITS_MIN: Final = 3
#: Characters of an area's name; of a long one the end tells most.
NAME_MAX: Final = 20
#: Characters of the longest bar.
_BAR_MAX: Final = 16


def of(digest: Digest) -> tuple[Area, ...]:
    """Areas with names that can be shown and all differ, the busiest first and what is left over last.

    Empty where a picture would tell nothing: few commits, all in one place, or each in another one.
    """
    if len(digest.entries) < COMMITS_MIN:
        return ()
    found = areas([entry.commit for entry in digest.entries], most=AREAS_MAX - 1)
    if len(found) < 2 or found[0].commits == 1:
        return ()
    counts: dict[str, int] = {}
    for area in found:
        name = _name(area.folder)
        counts[name] = counts.get(name, 0) + area.commits
    if rest := len(digest.entries) - sum(counts.values()):
        others = _("elsewhere")
        counts[others] = counts.get(others, 0) + rest
    return tuple(Area(name, number) for name, number in counts.items())


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
