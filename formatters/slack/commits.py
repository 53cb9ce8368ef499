"""The commits of a digest, grouped by importance, as many as a message holds."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

from bot.core.language import _
from bot.core.model import Digest, Importance
from formatters import labels
from formatters import wording as say
from formatters.slack import blocks, native
from formatters.slack.blocks import Block
from formatters.slack.budget import Budget
from formatters.slack.native import PLAIN, Native

#: Characters kept for the heading of a group.
_HEADING_WEIGHT: Final = 80


@dataclass(slots=True)
class Group:
    """Commits of one level that stand below one heading, or in one container."""

    level: Importance
    #: Of all commits of that level: the place of the first one here, from 1, and how many there are.
    first: int
    total: int
    rows: list[Block] = field(default_factory=list[Block])

    @property
    def title(self) -> str:
        """`🔴 High · 4 commits`; a group that begins within its level says where."""
        name = f"{say.ICONS[self.level]} {_(say.LEVELS[self.level])} · "
        if self.first == 1:
            return name + say.commits(self.total)
        return name + labels.page(self.first, self.first + len(self.rows) - 1, self.total)


class Commits:
    """All commits of a digest in the order of every listing, for one message or for several."""

    def __init__(self, digest: Digest, *, with_: frozenset[Native] = PLAIN) -> None:
        self.all = say.ranked(digest)
        self._digest = digest
        self._with = with_
        levels = digest.by_importance()
        self._totals = {level: len(entries) for level, entries in levels.items()}
        self._starts = dict(zip(levels, accumulate(self._totals.values(), initial=0), strict=False))

    def fitting(self, budget: Budget, *, start: int = 0, stop: int | None = None) -> "Listing":
        """As many of them as there is room for, from `start` on."""
        return Listing(list(self._groups(budget, start, stop)), self._with)

    def _groups(self, budget: Budget, start: int, stop: int | None) -> Iterator[Group]:
        most = native.CONTAINER_BLOCKS_MAX if Native.CONTAINER in self._with else len(self.all)
        group: Group | None = None
        for place, entry in enumerate(self.all[start:stop], start):
            level = entry.analysis.importance
            is_new = group is None or group.level is not level or len(group.rows) == most
            row = blocks.commit(self._digest.repo, entry, self._digest.day.zone, self._digest.day)
            if not budget.take(row, blocks_beside=is_new, characters_beside=_HEADING_WEIGHT * is_new):
                break
            if group is None or is_new:
                if group is not None:
                    yield group
                group = Group(level, place - self._starts[level] + 1, self._totals[level])
            group.rows.append(row)
        if group is not None:
            yield group


@dataclass(frozen=True, slots=True)
class Listing:
    """Commits that fit into one message."""

    groups: list[Group]
    with_: frozenset[Native] = PLAIN

    @property
    def number(self) -> int:
        return sum(len(group.rows) for group in self.groups)

    @property
    def blocks(self) -> list[Block]:
        if Native.CONTAINER in self.with_:
            return [self._container(group) for group in self.groups]
        return [block for group in self.groups for block in (_heading(group), *group.rows)]

    def _container(self, group: Group) -> Block:
        """Commits of low importance are behind one click, unless there are no others."""
        is_first = group.level is self.groups[0].level
        collapsed = group.level is Importance.LOW and not is_first
        return native.container(group.title, group.rows, collapsed=collapsed)


def _heading(group: Group) -> Block:
    return blocks.rich(blocks.line(blocks.words(group.title, bold=True)))
