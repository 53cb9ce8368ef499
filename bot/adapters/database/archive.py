"""Commits, analyses and sealed days, each stored once."""

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import cards, repositories
from bot.adapters.database.json_values import dump_analysis, dump_commit, load_analysis, load_commit
from bot.adapters.database.orphans import batches
from bot.adapters.database.related import RelatedCommits
from bot.adapters.database.schema import analyses, commits
from bot.adapters.database.sealing import Sealing
from bot.adapters.database.searching import Searching
from bot.adapters.database.together import Together
from bot.adapters.database.upserts import insert
from bot.core.model import Analysis, AnalystKind, Commit, CommitDiff, Language, Repo
from bot.core.relations import known_commit

_NEW_COMMIT: Final = insert(commits)
#: A commit that is stored stays as it is; only changes that were forgotten come back.
_SAVE_COMMIT: Final = _NEW_COMMIT.on_conflict_do_update(
    index_elements=["repository_id", "sha"],
    set_={"patches": _NEW_COMMIT.excluded.patches},
    where=commits.c.patches.is_(None),
)
_NEW_ANALYSIS: Final = insert(analyses)
_SAVE_ANALYSIS: Final = _NEW_ANALYSIS.on_conflict_do_update(
    index_elements=[*("repository_id", "sha", "requested", "analyst", "version", "model", "language", "is_deep")],
    set_={name: _NEW_ANALYSIS.excluded[name] for name in ("made_at", "body")},
)


class DatabaseArchive(Sealing, RelatedCommits, Searching):
    """Implements `bot.core.ports.Archive`."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self._together = Together(self._writes)

    async def unknown(self, repo: Repo, shas: Collection[str]) -> set[str]:
        return set(shas) - await self._of(repo, shas, select(commits.c.sha))

    async def unread(self, repo: Repo, shas: Collection[str]) -> set[str]:
        return set(shas) - await self._of(repo, shas, select(commits.c.sha).where(commits.c.patches.is_not(None)))

    async def _of(self, repo: Repo, shas: Collection[str], stored: Select[str]) -> set[str]:
        """Those of the SHAs that the query finds."""
        found: set[str] = set()
        async with self._reads.connect() as connection:
            for some in batches(shas):
                query = stored.where(
                    commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(), commits.c.sha.in_(some)
                )
                found.update((await connection.execute(query)).scalars())
        return found

    async def save_commit(self, repo: Repo, diff: CommitDiff, first_seen_at: datetime) -> None:
        names = known_commit(diff)
        row = {
            "sha": diff.commit.sha,
            "committed_at": diff.commit.committed_at,
            "first_seen_at": first_seen_at,
            "facts": dump_commit(diff.commit),
            "patches": _compress(diff.patches),
            "pull_request": names.pull_request,
            "subject_key": names.subject_key,
            "patch_id": names.patch_id or None,
        }
        await self._together.insert(_SAVE_COMMIT, repo.whole, row, then=cards.write)

    async def commits(self, repo: Repo, shas: Collection[str]) -> Mapping[str, Commit]:
        found: dict[str, Commit] = {}
        async with self._reads.connect() as connection:
            for some in batches(shas):
                query = select(commits.c.sha, commits.c.facts).where(
                    commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(), commits.c.sha.in_(some)
                )
                found.update({sha: load_commit(facts) for sha, facts in await connection.execute(query)})
        return found

    async def diff(self, repo: Repo, sha: str) -> CommitDiff | None:
        query = select(commits.c.facts, commits.c.patches).where(
            commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(), commits.c.sha == sha
        )
        query = query.where(commits.c.patches.is_not(None))
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return CommitDiff(commit=load_commit(row.facts), patches=_decompress(row.patches)) if row else None

    async def matching(self, repo: Repo, sha_prefix: str) -> Sequence[str]:
        query = (
            select(commits.c.sha)
            .where(commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery())
            .where(commits.c.sha.startswith(sha_prefix.lower(), autoescape=True))
            .limit(2)
        )
        async with self._reads.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def save_analysis(self, repo: Repo, analysis: Analysis, requested: AnalystKind, at: datetime) -> None:
        row = {
            "sha": analysis.sha,
            "requested": requested.value,
            "analyst": analysis.provenance.analyst.value,
            "version": analysis.provenance.version,
            "model": analysis.provenance.model or "",
            "language": analysis.language.value,
            "is_deep": analysis.is_deep,
            "made_at": at,
            "body": dump_analysis(analysis),
        }
        await self._together.insert(_SAVE_ANALYSIS, repo.whole, row, then=cards.write)

    async def analyses(
        self, repo: Repo, shas: Collection[str], requested: AnalystKind, language: Language | None = None
    ) -> Mapping[str, Analysis]:
        best: dict[str, Row[Any]] = {}
        others: dict[tuple[object, ...], Row[Any]] = {}
        async with self._reads.connect() as connection:
            for some in batches(shas):
                query = (
                    select(analyses)
                    .where(analyses.c.repository_id == repositories.id_of(repo.whole).scalar_subquery())
                    .where(analyses.c.sha.in_(some))
                    # The last one of a SHA is kept: a model's after one by rules, a deep one after others, the newest
                    # after older ones.
                    .order_by(*cards.BEST_LAST)
                )
                if requested is AnalystKind.MODEL:
                    query = query.where(analyses.c.requested == AnalystKind.MODEL.value)
                rows = (await connection.execute(query)).all()
                best.update({row.sha: row for row in rows if row.body.get("translated_from") is None})
                others.update({_identity(row): row for row in rows if row.language == language})
        return {sha: load_analysis(_in_other_language(row, others).body) for sha, row in best.items()}


def _identity(row: Row[Any]) -> tuple[object, ...]:
    """What an analysis has in common with its translation."""
    return row.sha, row.requested, row.analyst, row.version, row.model, row.is_deep


def _in_other_language(original: Row[Any], others: Mapping[tuple[object, ...], Row[Any]]) -> Row[Any]:
    """The translation, if there is one that was made from what the original says now."""
    other = others.get(_identity(original))
    return other if other is not None and other.made_at >= original.made_at else original


def _compress(patches: Mapping[str, str]) -> bytes:
    return zlib.compress(json.dumps(dict(patches)).encode())


def _decompress(patches: bytes) -> Mapping[str, str]:
    return json.loads(zlib.decompress(patches))
