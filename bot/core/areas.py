"""Where in a repository a day was busy: a few folders that tell most, found from the paths of its commits alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final, NamedTuple

from bot.core.model import Commit

#: Areas that one picture shows.
AREAS_MAX: Final = 8
#: Folders of a path that are told apart.
_DEPTH: Final = 4
#: An area with more than this share of the commits is too coarse, and parted into its folders.
_COARSE: Final = 4

Folder = tuple[str, ...]


class Area(NamedTuple):
    #: `lib/llm`; empty for files outside any folder, and for commits without files.
    folder: str
    commits: int


class _Placed(NamedTuple):
    #: Where most of its lines changed.
    folder: Folder
    commit: Commit


def areas(commits: Sequence[Commit], *, most: int = AREAS_MAX) -> tuple[Area, ...]:
    """The busiest first, no more than `most`; each commit counts once, where most of its lines changed."""
    return tuple(Area(folder, len(members)) for folder, members in by_area(commits, most=most).items())


def by_area(commits: Sequence[Commit], *, most: int = AREAS_MAX) -> dict[str, Sequence[Commit]]:
    """The same areas in the same order, by folder, with their commits."""
    groups = _groups([_Placed(_folder(commit), commit) for commit in commits], 1)
    while (coarsest := _coarsest(groups, len(commits))) is not None:
        members = groups[coarsest]
        parts = _groups(members, len(_common(members)) + 1)  # folders that all of them share tell nothing
        if len(groups) - 1 + len(parts) > most:
            break
        del groups[coarsest]
        groups |= parts
    found = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {"/".join(folder): [placed.commit for placed in members] for folder, members in found[:most]}


def _groups(members: Iterable[_Placed], depth: int) -> dict[Folder, list[_Placed]]:
    groups = defaultdict[Folder, list[_Placed]](list)
    for placed in members:
        groups[placed.folder[:depth]].append(placed)
    return dict(groups)


def _common(members: Sequence[_Placed]) -> Folder:
    """What all of them begin with: no other differs more from the first than the last does."""
    folders = [placed.folder for placed in members]
    first, last = min(folders), max(folders)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return tuple(part for part, _ in same)


def _coarsest(groups: dict[Folder, list[_Placed]], total: int) -> Folder | None:
    """The largest group that is worth parting and can be."""
    parted = [
        (len(members), prefix)
        for prefix, members in groups.items()
        if len(members) > max(total / _COARSE, 1) and any(len(placed.folder) > len(prefix) for placed in members)
    ]
    return max(parted)[1] if parted else None


def _folder(commit: Commit) -> Folder:
    """Where most of its changed lines are: the heaviest folder, in that the heaviest, and so on."""
    weights = Counter[Folder]()
    for file in commit.files:
        folders = tuple(file.path.split("/")[:-1][:_DEPTH])
        for depth in range(1, len(folders) + 1):
            weights[folders[:depth]] += file.churn + 1
        weights[(*folders, "")] += file.churn + 1  # files of this very folder compete with those below it
    return _heaviest(weights)


def _heaviest(weights: Counter[Folder]) -> Folder:
    below = defaultdict[Folder, list[Folder]](list)
    for folder in weights:
        below[folder[:-1]].append(folder)
    found: Folder = ()
    while candidates := below.get(found):
        found = max(candidates, key=lambda folder: (weights[folder], folder))
        if not found[-1]:
            return found[:-1]
    return found
