"""The branches that are followed in a clone, and the commits on them."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.adapters.git.clones import Clone
from bot.adapters.git.commands import Git
from bot.adapters.git.presence import present
from bot.adapters.git.reading import instant
from bot.adapters.git.references import branches, default_tip
from bot.core.branches import dump_tips, followed, load_tips
from bot.core.days import Window
from bot.core.model import CommitRef, Repo
from bot.core.ports import BranchListing

PADDING: Final = timedelta(days=1)
#: git reads no dates outside of these years.
_READABLE: Final = (datetime(1971, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))


async def heads(clone: Clone, repo: Repo) -> dict[str, str]:
    """The newest commit of each branch followed, by its name; the default branch goes without. Empty without commits.

    Raises BranchNotFound, TooManyBranches.
    """
    if repo.branches:
        return followed(repo, await branches(clone.git))
    tip = await default_tip(clone.git)
    return {"": tip} if tip else {}


async def commits_around(clone: Clone, repo: Repo, window: Window) -> list[CommitRef]:
    """Commits in the window and some around it, each once, in git's order."""
    newest = await heads(clone, repo)
    return await _walked(clone.git, newest.values(), *_limits(window)) if newest else []


async def branches_since(clone: Clone, repo: Repo, since: datetime, known: str | None) -> BranchListing:
    """What `CommitSource.recent` promises: what the branches have gained together, and what none of them has any more.

    A branch that is new has gained what was on none of the others.
    """
    newest = await heads(clone, repo)
    if not newest:
        return BranchListing(commits=(), tip=None, rewritten=known is not None, as_of=clone.as_of)
    walked = await _walked(clone.git, newest.values(), *_limits(Window(since=since, until=_READABLE[1])))
    refs = {ref.sha: ref for ref in walked}
    before = load_tips(known)
    vanished: frozenset[str] = frozenset()
    if before and before != newest:
        present_before = await present(clone.git, before.values(), walk="--no-walk=unsorted")
        vanished = await _vanished(clone.git, set(before.values()), present_before, newest.values())
        if present_before and (repo.branches or not vanished):
            gained = await _walked(clone.git, newest.values(), *(f"^{sha}" for sha in present_before))
            refs |= {ref.sha: ref for ref in gained}
    return BranchListing(
        commits=tuple(refs.values()),
        tip=dump_tips(newest),
        rewritten=bool(vanished),
        vanished=vanished,
        as_of=clone.as_of,
    )


async def _vanished(git: Git, old: set[str], present_old: Sequence[str], new: Collection[str]) -> frozenset[str]:
    """What is reachable from old tips only, and the tips alone that the clone does not have (any more)."""
    absent = old.difference(present_old)
    if not present_old:
        return frozenset(absent)
    reachable = await git.run("rev-list", *present_old, "--not", *new)
    return frozenset(absent | set(reachable.decode().split()))


async def _walked(git: Git, tips: Collection[str], *limits: str) -> list[CommitRef]:
    """In git's order: children before parents, and the newest first otherwise."""
    starts = sorted(set(tips))
    # From one start, git meets children first anyway, without having read all of the history before.
    order = ("--date-order",) if len(starts) > 1 else ()
    output = await git.run("rev-list", "--timestamp", "--parents", *order, *limits, *starts)
    return [_ref(line.split()) for line in output.decode().splitlines()]


def _ref(fields: Sequence[str]) -> CommitRef:
    epoch, sha, *parents = fields
    return CommitRef(sha=sha, parents=tuple(parents), committed_at=instant(epoch))


def _limits(window: Window) -> list[str]:
    """`--since` would end the walk at the first older commit, and lose what a skewed clock put behind it."""
    oldest, newest = _READABLE
    limits: list[str] = []
    if oldest < window.since < newest:
        limits.append(f"--since-as-filter={(window.since - PADDING).isoformat()}")
    if oldest < window.until < newest:
        limits.append(f"--until={(window.until + PADDING).isoformat()}")
    return limits
