"""Sealed days, which commits they dealt with, and what is known of the branch they were made from."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.cards import NOT_ANALYSED
from bot.adapters.database.engine import for_writing
from bot.adapters.database.orphans import Orphans, batches
from bot.adapters.database.schema import branch_tips, cards, commits, digest_commits, digests
from bot.adapters.database.upserts import insert
from bot.core.days import Day
from bot.core.model import Repo, SealedDay
from bot.core.ports import TipMove

_ROWS_PER_STATEMENT: Final = 1_000


class Sealing(Orphans):
    """The part of `bot.core.ports.Archive` that is about days."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def seal(
        self, repo: Repo, day: Day, sealed: SealedDay, *, repeats: Collection[str] = (), tip: TipMove | None = None
    ) -> SealedDay:
        async with self._writes.begin() as connection:
            repository_id = await repositories.hold(connection, repo)
            stored = (await connection.execute(_sealed(repo, day))).one_or_none()
            if stored is not None:
                return _sealed_day(stored)
            elsewhere = await _settled(connection, repo, day.zone, [*sealed.shas, *sealed.merges])
            final = _without(sealed, elsewhere)
            row = {
                "repository_id": repository_id,
                "day": day.date,
                "zone": day.zone.key,
                "shas": list(final.shas),
                "merges": list(final.merges),
                "late": list(final.late),
                "sealed_at": final.sealed_at,
            }
            await connection.execute(insert(digests).values(row))
            importance = await _importance(connection, repo, final.shas)
            await _settle(connection, repository_id, day, importance | dict.fromkeys((*final.merges, *repeats)))
            if tip is not None:
                await _move(connection, repository_id, day.zone, tip, final.sealed_at)
            return final

    async def sealed(self, repo: Repo, day: Day) -> SealedDay | None:
        async with self._reads.connect() as connection:
            row = (await connection.execute(_sealed(repo, day))).one_or_none()
        return _sealed_day(row) if row is not None else None

    async def sealed_dates(self, repo: Repo, zone: ZoneInfo) -> frozenset[date]:
        query = select(digests.c.day).where(
            digests.c.repository_id == repositories.id_of(repo).scalar_subquery(), digests.c.zone == zone.key
        )
        async with self._reads.connect() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def settled(self, repo: Repo, zone: ZoneInfo, shas: Collection[str]) -> Mapping[str, date]:
        async with self._reads.connect() as connection:
            return await _settled(connection, repo, zone, shas)

    async def tip(self, repo: Repo, zone: ZoneInfo) -> str | None:
        query = select(branch_tips.c.sha).where(
            branch_tips.c.repository_id == repositories.id_of(repo).scalar_subquery(),
            branch_tips.c.branch == _branch(zone),
        )
        async with self._reads.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()

    async def first_seen(self, repo: Repo, shas: Collection[str]) -> Mapping[str, datetime]:
        found: dict[str, datetime] = {}
        async with self._reads.connect() as connection:
            for some in batches(shas):
                query = select(commits.c.sha, commits.c.first_seen_at).where(
                    commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(), commits.c.sha.in_(some)
                )
                found.update({row.sha: row.first_seen_at for row in await connection.execute(query)})
        return found


def _sealed(repo: Repo, day: Day) -> Select[Any, Any, Any, Any]:
    return select(digests.c.shas, digests.c.merges, digests.c.late, digests.c.sealed_at).where(
        digests.c.repository_id == repositories.id_of(repo).scalar_subquery(),
        digests.c.day == day.date,
        digests.c.zone == day.zone.key,
    )


def _sealed_day(row: Any) -> SealedDay:
    return SealedDay(shas=tuple(row.shas), merges=tuple(row.merges), late=tuple(row.late), sealed_at=row.sealed_at)


def _without(sealed: SealedDay, elsewhere: Collection[str]) -> SealedDay:
    """What is left when another digest of the zone has dealt with some of it meanwhile."""
    shas, merges, late = (
        tuple(sha for sha in some if sha not in elsewhere) for some in (sealed.shas, sealed.merges, sealed.late)
    )
    return SealedDay(shas=shas, merges=merges, late=late, sealed_at=sealed.sealed_at)


async def _settled(connection: AsyncConnection, repo: Repo, zone: ZoneInfo, shas: Collection[str]) -> dict[str, date]:
    found: dict[str, date] = {}
    for some in batches(shas):
        query = select(digest_commits.c.sha, digest_commits.c.day).where(
            digest_commits.c.repository_id == repositories.id_of(repo).scalar_subquery(),
            digest_commits.c.zone == zone.key,
            digest_commits.c.sha.in_(some),
        )
        found.update({row.sha: row.day for row in await connection.execute(query)})
    return found


async def _importance(connection: AsyncConnection, repo: Repo, shas: Sequence[str]) -> dict[str, int | None]:
    """Of listed commits, as it stands on their cards."""
    found: dict[str, int | None] = dict.fromkeys(shas, NOT_ANALYSED)
    for some in batches(shas):
        query = select(cards.c.sha, cards.c.importance).where(
            cards.c.repository_id == repositories.id_of(repo.whole).scalar_subquery(), cards.c.sha.in_(some)
        )
        found |= {row.sha: row.importance for row in await connection.execute(query)}
    return found


async def _settle(
    connection: AsyncConnection, repository_id: int, day: Day, importance: Mapping[str, int | None]
) -> None:
    """Notes commits, by SHA, with their importance where they are listed."""
    for some in batches(importance, _ROWS_PER_STATEMENT):
        rows = [
            {
                "repository_id": repository_id,
                "zone": day.zone.key,
                "sha": sha,
                "day": day.date,
                "importance": importance[sha],
            }
            for sha in some
        ]
        await connection.execute(insert(digest_commits).on_conflict_do_nothing(), rows)


async def _move(connection: AsyncConnection, repository_id: int, zone: ZoneInfo, tip: TipMove, at: datetime) -> None:
    of_branch = (branch_tips.c.repository_id == repository_id, branch_tips.c.branch == _branch(zone))
    present = (await connection.execute(select(branch_tips.c.sha).where(*of_branch))).scalar_one_or_none()
    if present != tip.before:
        # Days were listed from one tip and sealed at another: what is new is told by dates next time.
        await connection.execute(delete(branch_tips).where(*of_branch))
    elif tip.after is not None:
        row = {"repository_id": repository_id, "branch": _branch(zone), "sha": tip.after, "seen_at": at}
        statement = insert(branch_tips).values(row)
        changes = {"sha": statement.excluded.sha, "seen_at": statement.excluded.seen_at}
        await connection.execute(
            statement.on_conflict_do_update(index_elements=["repository_id", "branch"], set_=changes)
        )


def _branch(zone: ZoneInfo) -> str:
    """The default branch as the digests of a zone have seen it: what is new since then differs from zone to zone."""
    return f"HEAD@{zone.key}"
