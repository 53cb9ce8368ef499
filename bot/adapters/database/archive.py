"""Commits, analyses and sealed days, each stored once."""

import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.json_values import dump_analysis, dump_commit, load_analysis, load_commit
from bot.adapters.database.schema import analyses, commits, digests
from bot.core.days import Day
from bot.core.model import Analysis, AnalystKind, Commit, CommitDiff, Repo, SealedDay

#: SQLite takes 32,766 parameters in a statement: https://www.sqlite.org/limits.html
_SHAS_PER_STATEMENT: Final = 10_000


class DatabaseArchive:
    """Implements `bot.core.ports.Archive`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def unknown(self, repo: Repo, shas: Collection[str]) -> set[str]:
        known: set[str] = set()
        async with self._reads.connect() as connection:
            for some in _batches(shas):
                query = select(commits.c.sha).where(
                    commits.c.repository_id == repositories.id_of(repo).scalar_subquery(), commits.c.sha.in_(some)
                )
                known.update((await connection.execute(query)).scalars())
        return set(shas) - known

    async def save_commit(self, repo: Repo, diff: CommitDiff, first_seen_at: datetime) -> None:
        async with self._writes.begin() as connection:
            row = {
                "repository_id": await repositories.ensure(connection, repo),
                "sha": diff.commit.sha,
                "committed_at": diff.commit.committed_at,
                "first_seen_at": first_seen_at,
                "facts": dump_commit(diff.commit),
                "patches": _compress(diff.patches),
            }
            await connection.execute(insert(commits).values(row).on_conflict_do_nothing())

    async def commits(self, repo: Repo, shas: Collection[str]) -> Mapping[str, Commit]:
        found: dict[str, Commit] = {}
        async with self._reads.connect() as connection:
            for some in _batches(shas):
                query = select(commits.c.sha, commits.c.facts).where(
                    commits.c.repository_id == repositories.id_of(repo).scalar_subquery(), commits.c.sha.in_(some)
                )
                found.update({sha: load_commit(facts) for sha, facts in await connection.execute(query)})
        return found

    async def diff(self, repo: Repo, sha: str) -> CommitDiff | None:
        query = select(commits.c.facts, commits.c.patches).where(
            commits.c.repository_id == repositories.id_of(repo).scalar_subquery(), commits.c.sha == sha
        )
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return CommitDiff(commit=load_commit(row.facts), patches=_decompress(row.patches)) if row else None

    async def matching(self, repo: Repo, sha_prefix: str) -> Sequence[str]:
        query = (
            select(commits.c.sha)
            .where(commits.c.repository_id == repositories.id_of(repo).scalar_subquery())
            .where(commits.c.sha.startswith(sha_prefix, autoescape=True))
            .limit(2)
        )
        async with self._reads.connect() as connection:
            return (await connection.execute(query)).scalars().all()

    async def save_analysis(self, repo: Repo, analysis: Analysis, requested: AnalystKind, at: datetime) -> None:
        async with self._writes.begin() as connection:
            row = {
                "repository_id": await repositories.ensure(connection, repo),
                "sha": analysis.sha,
                "requested": requested.value,
                "analyst": analysis.provenance.analyst.value,
                "version": analysis.provenance.version,
                "model": analysis.provenance.model or "",
                "language": analysis.language.value,
                "is_deep": False,
                "made_at": at,
                "body": dump_analysis(analysis),
            }
            statement = insert(analyses).values(row)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[
                        *("repository_id", "sha", "requested", "analyst", "version", "model", "language", "is_deep")
                    ],
                    set_={"made_at": statement.excluded.made_at, "body": statement.excluded.body},
                )
            )

    async def analyses(self, repo: Repo, shas: Collection[str], requested: AnalystKind) -> Mapping[str, Analysis]:
        best: dict[str, Analysis] = {}
        async with self._reads.connect() as connection:
            for some in _batches(shas):
                query = (
                    select(analyses.c.sha, analyses.c.body)
                    .where(analyses.c.repository_id == repositories.id_of(repo).scalar_subquery())
                    .where(analyses.c.sha.in_(some))
                    # The last one of a SHA is kept: a model's after one by rules, the newest after older ones.
                    .order_by(analyses.c.analyst == AnalystKind.MODEL.value, analyses.c.made_at, analyses.c.id)
                )
                if requested is AnalystKind.MODEL:
                    query = query.where(analyses.c.requested == AnalystKind.MODEL.value)
                best.update({row.sha: row.body for row in await connection.execute(query)})
        return {sha: load_analysis(body) for sha, body in best.items()}

    async def seal(self, repo: Repo, day: Day, sealed: SealedDay) -> SealedDay:
        async with self._writes.begin() as connection:
            row = {
                "repository_id": await repositories.ensure(connection, repo),
                "day": day.date,
                "zone": day.zone.key,
                "shas": list(sealed.shas),
                "merges": list(sealed.merges),
                "late": list(sealed.late),
                "sealed_at": sealed.sealed_at,
            }
            await connection.execute(insert(digests).values(row).on_conflict_do_nothing())
        return await self.sealed(repo, day) or sealed

    async def sealed(self, repo: Repo, day: Day) -> SealedDay | None:
        query = select(digests.c.shas, digests.c.merges, digests.c.late, digests.c.sealed_at).where(
            digests.c.repository_id == repositories.id_of(repo).scalar_subquery(),
            digests.c.day == day.date,
            digests.c.zone == day.zone.key,
        )
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return SealedDay(shas=tuple(row.shas), merges=tuple(row.merges), late=tuple(row.late), sealed_at=row.sealed_at)


def _batches(shas: Collection[str]) -> Iterator[list[str]]:
    remaining = iter(shas)
    while some := list(islice(remaining, _SHAS_PER_STATEMENT)):
        yield some


def _compress(patches: Mapping[str, str]) -> bytes:
    return zlib.compress(json.dumps(dict(patches)).encode())


def _decompress(patches: bytes) -> Mapping[str, str]:
    return json.loads(zlib.decompress(patches))
