"""Commits that a force push took off the branches followed, and those that are dated ahead of when they were seen.

Of the default branch, each stored commit is marked. Where other branches are followed, the marks are on what stands in
digests of theirs: a commit that is not on them is no orphan as long as it may be on others.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Update, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import cards, repositories
from bot.adapters.database.json_values import load_commit
from bot.adapters.database.schema import commits, digest_commits
from bot.core.days import Window
from bot.core.model import CommitRef, Repo

#: SQLite takes 32,766 parameters in a statement, https://www.sqlite.org/limits.html, and asyncpg 32,767.
SHAS_PER_STATEMENT: Final = 10_000


class Orphans:
    """The part of `bot.core.ports.Archive` that is about commits on and off their branches."""

    _reads: AsyncEngine
    _writes: AsyncEngine

    async def dated_ahead(self, repo: Repo, window: Window) -> Sequence[CommitRef]:
        query = (
            select(commits.c.facts)
            .where(commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery())
            .where(commits.c.committed_at > window.since)  # which has an index, and follows from the next lines
            .where(commits.c.first_seen_at >= window.since, commits.c.first_seen_at < window.until)
            .where(commits.c.committed_at > commits.c.first_seen_at)
        )
        if not repo.branches:
            query = query.where(commits.c.orphaned_at.is_(None))
        async with self._reads.connect() as connection:
            found = [load_commit(facts) for facts in (await connection.execute(query)).scalars()]
        return [CommitRef(sha=one.sha, parents=one.parents, committed_at=one.committed_at) for one in found]

    async def mark_orphans(
        self, repo: Repo, since: datetime, on_branch: Collection[str], gone: Collection[str], at: datetime
    ) -> int:
        async with self._writes.begin() as connection:
            repository_id = await repositories.hold(connection, repo)
            table = digest_commits if repo.branches else commits
            theirs = table.c.repository_id == repositories.id_of(repo).scalar_subquery()
            marking = update(table).where(theirs)
            known = set((await connection.execute(_known_since(repo, since))).scalars())
            off_branch = (known | set(gone)) - set(on_branch)
            marked = await _mark(connection, marking.where(table.c.orphaned_at.is_(None)), off_branch, at)
            back = await _mark(connection, marking.where(table.c.orphaned_at.is_not(None)), on_branch, None)
            if not repo.branches:
                await cards.write(connection, repository_id, marked | back)
        return len(marked)

    async def orphans(self, repo: Repo, zone: ZoneInfo) -> Sequence[str]:
        standing = (
            digest_commits.c.repository_id == repositories.id_of(repo).scalar_subquery(),
            digest_commits.c.zone == zone.key,
        )
        query = select(digest_commits.c.sha).where(*standing)
        if repo.branches:
            query = query.where(digest_commits.c.orphaned_at.is_not(None))
        else:
            query = query.join_from(digest_commits, commits, _same_commit(repo)).where(
                commits.c.orphaned_at.is_not(None)
            )
        async with self._reads.connect() as connection:
            return (await connection.execute(query)).scalars().all()


def standing_elsewhere(repo: Repo) -> Select[str]:
    """The SHAs of commits that stand in digests of other branches than the default one, and are on those."""
    return select(digest_commits.c.sha).where(
        digest_commits.c.repository_id.in_(repositories.ids_of_all(repo)),
        digest_commits.c.repository_id != repositories.id_of(repo.whole).scalar_subquery(),
        digest_commits.c.orphaned_at.is_(None),
    )


def batches(shas: Collection[str], size: int = SHAS_PER_STATEMENT) -> Iterator[list[str]]:
    remaining = iter(shas)
    while some := list(islice(remaining, size)):
        yield some


def _known_since(repo: Repo, since: datetime) -> Select[str]:
    """The SHAs of commits made since then that are known to have been on the branches followed.

    Of the default branch, those are all that are stored but for what has only ever stood in digests of others.
    """
    in_digests = select(digest_commits.c.sha).where(
        digest_commits.c.repository_id == repositories.id_of(repo).scalar_subquery()
    )
    made_since = select(commits.c.sha).where(
        commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(), commits.c.committed_at >= since
    )
    own: ColumnElement[bool] = commits.c.sha.in_(in_digests)
    if not repo.branches:
        own |= commits.c.sha.not_in(standing_elsewhere(repo))
    return made_since.where(own)


def _same_commit(repo: Repo) -> ColumnElement[bool]:
    whole = repositories.id_of(repo.whole).scalar_subquery()
    return and_(commits.c.repository_id == whole, commits.c.sha == digest_commits.c.sha)


async def _mark(
    connection: AsyncConnection, marking: Update, shas: Collection[str], orphaned_at: datetime | None
) -> set[str]:
    """Sets or takes off the mark; returns the commits that it changed."""
    marked: set[str] = set()
    table: Any = marking.table
    for some in batches(shas):
        changed = marking.where(table.c.sha.in_(some)).values(orphaned_at=orphaned_at).returning(table.c.sha)
        marked.update((await connection.execute(changed)).scalars())
    return marked
