"""Finds what new commits have to do with those that are known, and which posted digests that makes untrue."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import structlog

from bot.core.model import KnownCommit, Related, Relation, RelationKind, Repo
from bot.core.ports import Archive, Clock, Corrections
from bot.core.references import ABBREVIATED, SHA_DIGITS
from bot.core.relations import Known, Mention, mentions, names

#: A posted digest is corrected when one of its commits is reverted within this span of the commit's own instant.
CORRECTED_WITHIN: Final = timedelta(days=30)

log = structlog.get_logger()


class Relating:
    """Looks for the relations of each commit once, when it first stands in a digest."""

    def __init__(self, *, archive: Archive, corrections: Corrections, now: Clock) -> None:
        self._archive = archive
        self._corrections = corrections
        self._now = now

    async def relate(self, repo: Repo, shas: Sequence[str]) -> None:
        """Finds and stores what these stored commits are to others, and others to them."""
        fresh = await self._archive.unrelated(repo, shas)
        if not fresh:
            return
        commits = await self._archive.commits(repo, fresh)
        said: dict[str, Sequence[Mention]] = {sha: mentions(commit, repo) for sha, commit in commits.items()}
        found = await self._found(repo, await self._archive.known(repo, fresh), said)
        # In this order: a process that dies in between leaves the commits to be related once more.
        await self._archive.save_relations(repo, found, said)
        outdated = await self._outdated(repo, found)
        marked = await self._corrections.mark(repo, outdated, self._now()) if outdated else 0
        await self._archive.related(repo, fresh, self._now())
        if found:
            log.info("commits.related", repo=str(repo), relations=len(found), corrections=marked)

    async def _found(
        self, repo: Repo, fresh: Mapping[str, KnownCommit], said: Mapping[str, Sequence[Mention]]
    ) -> Sequence[Relation]:
        earlier = await self._archive.naming(repo, {name for commit in fresh.values() for name in _all_names(commit)})
        all_said = {**earlier, **said}
        targets = {mention.target for some in all_said.values() for mention in some}
        targets.update(name for commit in fresh.values() for name in names(commit) if name.startswith(("=", "~")))
        candidates = {commit.sha: commit for commit in await self._archive.named(repo, targets)}
        involved = dict(fresh) | dict(await self._archive.known(repo, list(earlier)))
        stored = await self._archive.relations(repo, list(candidates | involved))
        known = Known([*candidates.values(), *involved.values()], stored)
        oldest_first = sorted(involved.values(), key=lambda commit: (commit.committed_at, commit.sha))
        found = [relation for commit in oldest_first for relation in known.relate(commit, all_said.get(commit.sha, ()))]
        return [relation for relation in found if relation not in set(stored)]

    async def _outdated(self, repo: Repo, found: Iterable[Relation]) -> Collection[str]:
        """The commits about which a posted digest says too much or too little from now on."""
        telling = [relation for relation in found if relation.kind in _WITHIN]
        shas = {sha for relation in telling for sha in (relation.sha, relation.other_sha)}
        known = await self._archive.known(repo, shas)
        return {
            relation.other_sha
            for relation in telling
            if relation.sha in known
            and relation.other_sha in known
            and known[relation.sha].committed_at - known[relation.other_sha].committed_at <= _WITHIN[relation.kind]
        }


#: What was reverted on the last day of its span gets as long to land again.
_WITHIN: Final[Mapping[RelationKind, timedelta]] = {
    RelationKind.REVERTS: CORRECTED_WITHIN,
    RelationKind.RELANDS: 2 * CORRECTED_WITHIN,
}


def _all_names(commit: KnownCommit) -> Iterable[str]:
    yield from names(commit)
    fewest, most = ABBREVIATED
    yield from (commit.sha[:digits] for digits in (*range(fewest, most + 1), SHA_DIGITS))


async def related(archive: Archive, repo: Repo, shas: Collection[str]) -> Mapping[str, tuple[Related, ...]]:
    """What each of the commits has to do with other stored ones, the oldest of those first."""
    relations = await archive.relations(repo, shas)
    others = {sha for relation in relations for sha in (relation.sha, relation.other_sha)}
    known = await archive.known(repo, others)
    asked = set(shas)
    found: dict[str, list[Related]] = {}
    for relation in relations:
        for own, other, is_later in (
            (relation.sha, relation.other_sha, False),
            (relation.other_sha, relation.sha, True),
        ):
            if own in asked and other in known:
                found.setdefault(own, []).append(Related(kind=relation.kind, is_later=is_later, commit=known[other]))
    return {sha: tuple(sorted(some, key=_oldest_first)) for sha, some in found.items()}


def _oldest_first(related: Related) -> tuple[object, ...]:
    return related.commit.committed_at, related.commit.sha, related.kind
