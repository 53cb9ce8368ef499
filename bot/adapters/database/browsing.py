"""Sealed days and their commits, found by when they were, without the documents that tell more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, extract, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.cards import NOT_ANALYSED
from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import digest_commits, digests
from bot.core.browsing import Shelf
from bot.core.days import Day
from bot.core.model import Importance, Repo, SealedDay
from bot.core.pages import Counts, ListedRepository
from bot.core.ranges import Span

_REPOSITORIES = repositories.TABLE
#: Days and what is learned of them belong to branches, visibility to the repository they are of.
_WHOLE = repositories.TABLE.alias("whole")
_OF_WHOLE = and_(_WHOLE.c.host == _REPOSITORIES.c.host, _WHOLE.c.key == _REPOSITORIES.c.key, _WHOLE.c.branches == "")


class DatabaseShelves:
    """Implements `bot.core.browsing.Shelves`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def find(self, repo: Repo) -> Shelf | None:
        query = (
            select(*repositories.NAMES, _WHOLE.c.is_public)
            .join_from(_REPOSITORIES, _WHOLE, _OF_WHOLE)
            .where(_REPOSITORIES.c.id == repositories.id_of(repo).scalar_subquery())
        )
        async with self._reads.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return _shelf(row) if row is not None else None

    async def all(self) -> Sequence[tuple[Shelf, ListedRepository]]:
        days = _per_zone(digests, func.count().label("days"), func.max(digests.c.day).label("newest")).subquery()
        listed = digest_commits.c.importance.is_not(None)
        commits = _per_zone(digest_commits, func.count().label("commits")).where(listed).subquery()
        query = (
            select(*repositories.NAMES, _WHOLE.c.is_public, days.c.zone, days.c.days, days.c.newest, commits.c.commits)
            .join_from(_REPOSITORIES, _WHOLE, _OF_WHOLE)
            .join(days, days.c.repository_id == _REPOSITORIES.c.id)
            .outerjoin(commits, and_(commits.c.repository_id == _REPOSITORIES.c.id, commits.c.zone == days.c.zone))
            .order_by(_REPOSITORIES.c.key, _REPOSITORIES.c.host, _REPOSITORIES.c.branches, days.c.zone)
        )
        async with self._reads.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [(_shelf(row), _listed(row)) for row in rows]

    async def note_visibility(self, repo: Repo, *, is_public: bool | None) -> None:
        noted = update(_REPOSITORIES).where(_REPOSITORIES.c.id == repositories.id_of(repo.whole).scalar_subquery())
        async with self._writes.begin() as connection:
            await connection.execute(noted.values(is_public=is_public))

    async def counts(self, repo: Repo, span: Span) -> Mapping[date, Counts]:
        sealed = select(digests.c.day).where(*_within(digests, repo, span)).order_by(digests.c.day)
        levels = (
            select(digest_commits.c.day, digest_commits.c.importance, func.count().label("commits"))
            .where(*_within(digest_commits, repo, span), digest_commits.c.importance > NOT_ANALYSED)
            .group_by(digest_commits.c.day, digest_commits.c.importance)
        )
        by_day = defaultdict[date, dict[str, int]](dict)
        async with self._reads.connect() as connection:
            days = (await connection.execute(sealed)).scalars().all()
            for row in await connection.execute(levels):
                by_day[row.day][Importance(row.importance).name.lower()] = row.commits
        return {day: Counts(**by_day[day]) for day in days}

    async def years(self, repo: Repo, zone: ZoneInfo) -> Sequence[int]:
        year = extract("year", digests.c.day)
        query = select(year).where(*_in_zone(digests, repo, zone)).distinct().order_by(year)
        async with self._reads.connect() as connection:
            return [int(year) for year in (await connection.execute(query)).scalars()]

    async def sealed(self, repo: Repo, span: Span) -> Mapping[Day, SealedDay]:
        query = select(digests).where(*_within(digests, repo, span)).order_by(digests.c.day)
        async with self._reads.connect() as connection:
            rows = (await connection.execute(query)).all()
        return {
            Day(date=row.day, zone=span.first.zone): SealedDay(
                shas=tuple(row.shas), merges=tuple(row.merges), late=tuple(row.late), sealed_at=row.sealed_at
            )
            for row in rows
        }

    async def neighbours(self, repo: Repo, day: Day) -> tuple[date | None, date | None]:
        own = _in_zone(digests, repo, day.zone)
        earlier = select(func.max(digests.c.day)).where(*own, digests.c.day < day.date)
        later = select(func.min(digests.c.day)).where(*own, digests.c.day > day.date)
        async with self._reads.connect() as connection:
            return (await connection.execute(earlier)).scalar_one(), (await connection.execute(later)).scalar_one()

    async def busy(self, repo: Repo, zone: ZoneInfo, limit: int) -> Sequence[Day]:
        listed = (*_in_zone(digest_commits, repo, zone), digest_commits.c.importance > NOT_ANALYSED)
        query = select(digest_commits.c.day).where(*listed).distinct().order_by(digest_commits.c.day.desc())
        async with self._reads.connect() as connection:
            return [Day(date=day, zone=zone) for day in (await connection.execute(query.limit(limit))).scalars()]

    async def day_of(self, repo: Repo, zone: ZoneInfo, sha: str) -> Day | None:
        listed = (*_in_zone(digest_commits, repo, zone), digest_commits.c.importance.is_not(None))
        query = select(digest_commits.c.day).where(*listed, digest_commits.c.sha == sha)
        async with self._reads.connect() as connection:
            day = (await connection.execute(query)).scalar_one_or_none()
        return Day(date=day, zone=zone) if day is not None else None

    async def rated(self, repo: Repo, span: Span) -> Mapping[str, Importance]:
        query = select(digest_commits.c.sha, digest_commits.c.importance).where(
            *_within(digest_commits, repo, span), digest_commits.c.importance > NOT_ANALYSED
        )
        async with self._reads.connect() as connection:
            return {row.sha: Importance(row.importance) for row in await connection.execute(query)}


def _shelf(row: Any) -> Shelf:
    return Shelf(repo=repositories.from_row(row), is_public=row.is_public)


def _listed(row: Any) -> ListedRepository:
    return ListedRepository(
        repo=repositories.from_row(row),
        zone=ZoneInfo(row.zone),
        days=row.days,
        newest=row.newest,
        commits=row.commits or 0,
    )


def _per_zone(table: Any, *figures: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return select(table.c.repository_id, table.c.zone, *figures).group_by(table.c.repository_id, table.c.zone)


def _in_zone(table: Any, repo: Repo, zone: ZoneInfo) -> tuple[ColumnElement[bool], ...]:
    return table.c.repository_id == repositories.id_of(repo).scalar_subquery(), table.c.zone == zone.key


def _within(table: Any, repo: Repo, span: Span) -> tuple[ColumnElement[bool], ...]:
    return (
        *_in_zone(table, repo, span.first.zone),
        table.c.day.between(span.first.date, span.last.date),
    )
