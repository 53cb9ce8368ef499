"""Several branches of one repository: which there are, and what is on them together.

Finding them is one request, since GitHub narrows references to those that begin in a certain way:
https://docs.github.com/en/rest/git/refs#list-matching-references. Each branch is one more, as long as its newest commit
is another one: from a commit that was looked at before, the same pages lead, and they are remembered. Branches that end
at the same commit are looked at once. A branch is never passed over because its newest commit is old, since what is
behind it may bear a newer date.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from itertools import groupby
from typing import TYPE_CHECKING, Final

from bot.adapters.github.failures import empty_is_no_error
from bot.adapters.github.listing import Branch, KnownPages, branch_since, commits_in, compared
from bot.core.branches import dump_tips, followed, literal_start, load_tips
from bot.core.days import Window
from bot.core.model import CommitRef, Repo

if TYPE_CHECKING:
    from github.GitRef import GitRef
    from github.Repository import Repository

_HEADS: Final = "refs/heads/"


def heads(repository: "Repository", repo: Repo) -> dict[str, str]:
    """The newest commit of each branch that is followed, by its name. Raises BranchNotFound, TooManyBranches."""
    found: dict[str, str] = {}
    with empty_is_no_error():
        start = f"heads/{literal_start(repo.branches)}".removesuffix("/")
        refs: Iterable[GitRef] = repository.get_git_matching_refs(start)
        found = {ref.ref.removeprefix(_HEADS): ref.object.sha for ref in refs}
    return followed(repo, found)


def commits_on_branches(
    repository: "Repository", newest: Mapping[str, str], window: Window, known: KnownPages
) -> list[CommitRef]:
    """The commits in the window on any of these branches, each once, the newest first."""
    refs: dict[str, CommitRef] = {}
    for head in _each_once(newest):
        listed = commits_in(repository, window, known, head=head, trusting=True)
        refs |= {ref.sha: ref for ref in listed or ()}
    return newest_first(refs.values())


def branches_since(
    repository: "Repository", newest: Mapping[str, str], since: datetime, tips: str | None, known: KnownPages
) -> Branch:
    """What `CommitSource.recent` promises, of these branches together.

    A branch that is new has gained what was not on the one named before it. What a branch had, and none of them has
    now, has vanished.
    """
    before = load_tips(tips)
    together = Branch(tip=dump_tips(newest))
    lost = {tip for name, tip in before.items() if name not in newest}
    for name, head in newest.items():
        one = branch_since(repository, since, before.get(name), known, head=head, trusting=True)
        together.refs |= one.refs
        if one.rewritten:
            lost.add(before[name])
        if one.rewritten or (before and name not in before):
            gained = compared(repository, _base(before, name), head, diverged=True) or ()
            together.refs |= {ref.sha: ref for ref in gained}
    gone = [_gone(repository, tip, _each_once(newest)) for tip in sorted(lost)]
    together.vanished = frozenset().union(*gone) - together.refs.keys()
    together.rewritten = bool(together.vanished)
    together.refs = {ref.sha: ref for ref in newest_first(together.refs.values())}
    return together


def newest_first(refs: Collection[CommitRef]) -> list[CommitRef]:
    """Children before their parents where both bear the same instant."""
    by_date = sorted(refs, key=lambda ref: ref.committed_at, reverse=True)
    ordered: list[CommitRef] = []
    for _instant, same in groupby(by_date, key=lambda ref: ref.committed_at):
        ordered += _children_first(list(same))
    return ordered


def _children_first(refs: Sequence[CommitRef]) -> Sequence[CommitRef]:
    if len(refs) == 1:
        return refs
    by_sha = {ref.sha: ref for ref in refs}
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(by_sha, ()))
    for ref in refs:
        for parent in by_sha.keys() & set(ref.parents):
            sorter.add(parent, ref.sha)
    return [by_sha[sha] for sha in sorter.static_order()]


def _base(before: Mapping[str, str], name: str) -> str:
    """The tip with which a branch is compared: its own, else that of the one named before, such as the last release."""
    if name in before:
        return before[name]
    return before[max((other for other in before if other < name), default=min(before))]


def _gone(repository: "Repository", tip: str, newest: Sequence[str]) -> frozenset[str]:
    """What the tip reaches and none of the newest commits does; the tip alone where GitHub has forgotten it."""
    gone: frozenset[str] | None = None
    for head in newest:
        found = compared(repository, head, tip, diverged=True)
        if found is None:
            return frozenset({tip})
        here = frozenset(ref.sha for ref in found)
        gone = here if gone is None else gone & here
        if not gone:
            break
    return gone or frozenset()


def _each_once(newest: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(newest.values()))
