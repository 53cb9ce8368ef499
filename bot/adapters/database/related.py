"""What commits say of one another, and by what names they are found."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.orphans import batches, standing_elsewhere
from bot.adapters.database.schema import commits, mentions, relations
from bot.adapters.database.upserts import insert
from bot.core.model import KnownCommit, Relation, RelationKind, Repo
from bot.core.relations import Mention

#: Of names that are looked for as beginnings, each is a condition: https://www.sqlite.org/limits.html
_BEGINNINGS_PER_STATEMENT: Final = 200
_ROWS_PER_STATEMENT: Final = 1_000
#: Commits that answer to one name; who has the same subject as hundreds of others is not told apart by it.
_NAMESAKES_MAX: Final = 10_000
#: Sorts behind every other character.
_LAST: Final = "\U0010ffff"

_KNOWN: Final = (
    commits.c.sha,
    commits.c.committed_at,
    commits.c.pull_request,
    commits.c.subject_key,
    commits.c.patch_id,
)


#: A query, and which values of a column it is narrowed to.
_Lookup = tuple[Select[*tuple[Any, ...]], ColumnElement[Any], Collection[Any]]


class RelatedCommits:
    """The part of `bot.core.ports.Archive` that is about what commits have to do with one another."""

    _reads: AsyncEngine
    _writes: AsyncEngine

    async def unrelated(self, repo: Repo, shas: Collection[str]) -> Sequence[str]:
        return [row.sha for row in await self._rows((_of(repo, commits.c.related_at.is_(None)), commits.c.sha, shas))]

    async def known(self, repo: Repo, shas: Collection[str]) -> Mapping[str, KnownCommit]:
        rows = await self._rows((_of(repo), commits.c.sha, shas))
        return {row.sha: _commit(row) for row in rows}

    async def named(self, repo: Repo, names: Collection[str]) -> Sequence[KnownCommit]:
        present = _of(repo, or_(commits.c.orphaned_at.is_(None), commits.c.sha.in_(standing_elsewhere(repo))))
        numbers = {name[1:].partition("=")[0] for name in names if name.startswith("#")}
        rows = await self._rows(
            (present, commits.c.pull_request, [int(number) for number in numbers]),
            (present, commits.c.subject_key, _after("=", names)),
            (present, commits.c.patch_id, _after("~", names)),
        )
        if beginnings := list(_beginnings(names)):
            async with self._reads.connect() as connection:
                for start in range(0, len(beginnings), _BEGINNINGS_PER_STATEMENT):
                    some = or_(*beginnings[start : start + _BEGINNINGS_PER_STATEMENT])
                    rows += (await connection.execute(present.where(some).limit(_NAMESAKES_MAX))).all()
        return list({row.sha: _commit(row) for row in rows}.values())

    async def naming(self, repo: Repo, names: Collection[str]) -> Mapping[str, Sequence[Mention]]:
        query = select(mentions.c.sha, mentions.c.kind, mentions.c.target).where(
            mentions.c.repository_id == repositories.id_of(repo.whole).scalar_subquery()
        )
        found: dict[str, list[Mention]] = {}
        for row in await self._rows((query, mentions.c.target, names)):
            found.setdefault(row.sha, []).append(Mention(kind=RelationKind(row.kind), target=row.target))
        return found

    async def relations(self, repo: Repo, shas: Collection[str]) -> Sequence[Relation]:
        query = select(relations.c.kind, relations.c.sha, relations.c.other_sha).where(
            relations.c.repository_id == repositories.id_of(repo.whole).scalar_subquery()
        )
        rows = await self._rows((query, relations.c.sha, shas), (query, relations.c.other_sha, shas))
        found = (Relation(kind=RelationKind(row.kind), sha=row.sha, other_sha=row.other_sha) for row in rows)
        return list(dict.fromkeys(found))

    async def save_relations(
        self, repo: Repo, found: Collection[Relation], said: Mapping[str, Sequence[Mention]]
    ) -> None:
        async with self._writes.begin() as connection:
            of_repo = {"repository_id": await repositories.hold(connection, repo.whole)}
            named = [
                of_repo | {"sha": sha, "kind": mention.kind.value, "target": mention.target}
                for sha, all_of_one in said.items()
                for mention in all_of_one
            ]
            related = [
                of_repo | {"kind": relation.kind.value, "sha": relation.sha, "other_sha": relation.other_sha}
                for relation in found
            ]
            for table, rows in ((mentions, named), (relations, related)):
                for start in range(0, len(rows), _ROWS_PER_STATEMENT):
                    statement = insert(table).on_conflict_do_nothing()
                    await connection.execute(statement, rows[start : start + _ROWS_PER_STATEMENT])

    async def related(self, repo: Repo, shas: Collection[str], at: datetime) -> None:
        async with self._writes.begin() as connection:
            of_repo = commits.c.repository_id == await repositories.hold(connection, repo.whole)
            for some in batches(shas):
                await connection.execute(update(commits).where(of_repo, commits.c.sha.in_(some)).values(related_at=at))

    async def _rows(self, *lookups: "_Lookup") -> list[Any]:
        """Those in which a column has one of its values, for each lookup."""
        rows: list[Any] = []
        if any(values for _query, _column, values in lookups):
            async with self._reads.connect() as connection:
                for query, column, values in lookups:
                    for some in batches(values):
                        rows += (await connection.execute(query.where(column.in_(some)))).all()
        return rows


def _of(repo: Repo, *conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    of_repo = commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery()
    return select(*_KNOWN).where(of_repo, *conditions)


def _after(mark: str, names: Collection[str]) -> list[str]:
    return [name[1:] for name in names if name.startswith(mark)]


def _beginnings(names: Collection[str]) -> Iterator[ColumnElement[bool]]:
    """SHAs and cut subjects, as ranges: indexes know nothing of LIKE."""
    for name in names:
        if name.startswith("=") and name.endswith("…"):
            yield and_(commits.c.subject_key >= name[1:-1], commits.c.subject_key < name[1:-1] + _LAST)
        elif not name.startswith(("#", "=", "~")):
            yield and_(commits.c.sha >= name, commits.c.sha <= name.ljust(40, "f"))


def _commit(row: Any) -> KnownCommit:
    return KnownCommit(
        sha=row.sha,
        committed_at=row.committed_at,
        pull_request=row.pull_request,
        subject_key=row.subject_key or "",
        patch_id=row.patch_id or "",
    )
