"""Commits by the words on their cards, which SQLite's FTS5 or Postgres' full text search has indexed."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Select, Text, bindparam, cast, column, func, select, table
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.folding import Sought, sought
from bot.adapters.database.schema import cards
from bot.core.model import Repo

#: Words that are looked for; who pastes a page is not asking for all of it.
SOUGHT_MAX: Final = 16
#: Characters of a question that are read.
QUESTION_MAX: Final = 1_000

#: https://www.sqlite.org/fts5.html; the column of the table's own name takes questions.
_INDEX: Final = table("cards_index", column("rowid"), column("cards_index"))


class Searching:
    """The part of `bot.core.ports.Archive` that finds."""

    _reads: AsyncEngine

    async def search(
        self, repo: Repo, words: Collection[str], limit: int, *, skip: int = 0
    ) -> tuple[Sequence[str], int]:
        wanted = sought(" ".join(words)[:QUESTION_MAX])[:SOUGHT_MAX]
        if not wanted:
            return (), 0
        async with self._reads.connect() as connection:
            repository_id = (await connection.execute(repositories.id_of(repo.whole))).scalar_one_or_none()
            if repository_id is None:
                return (), 0
            return await _found(connection, _matching(connection.dialect.name, repository_id, wanted), limit, skip)


async def _found(
    connection: AsyncConnection, matching: Select[Any], limit: int, skip: int
) -> tuple[Sequence[str], int]:
    """The commits of some of these cards, and how many there are."""
    (newest,) = matching.selected_columns
    ids = (await connection.execute(matching.order_by(newest.desc()).limit(limit).offset(skip))).scalars().all()
    if not skip and len(ids) < limit:
        total = len(ids)
    else:
        total = (await connection.execute(matching.with_only_columns(func.count()))).scalar_one()
    rows = await connection.execute(select(cards.c.sha).where(cards.c.id.in_(ids)).order_by(cards.c.id.desc()))
    return rows.scalars().all(), total


def _matching(dialect: str, repository_id: int, wanted: Sequence[Sought]) -> Select[Any]:
    """The numbers of the repository's cards on which all of that stands."""
    return _by_fts5(repository_id, wanted) if dialect == "sqlite" else _by_tsquery(repository_id, wanted)


def _by_fts5(repository_id: int, wanted: Sequence[Sought]) -> Select[Any]:
    """Words have neither quotes nor operators in them, and stand between quotes all the same."""
    own = f'repository_id : "{repository_id}"'
    stand = " AND ".join(f'"{one.word}"{" *" if one.is_beginning else ""}' for one in wanted)
    return select(_INDEX.c.rowid).where(_INDEX.c.cards_index.op("MATCH")(f"{own} AND words : ({stand})"))


def _by_tsquery(repository_id: int, wanted: Sequence[Sought]) -> Select[Any]:
    stand = " & ".join(f"'{one.word}'{':*' if one.is_beginning else ''}" for one in wanted)
    question = cast(cast(bindparam(None, stand), Text), TSQUERY)
    indexed = func.array_to_tsvector(func.string_to_array(cards.c.words, " "))
    return select(cards.c.id).where(cards.c.repository_id == repository_id, indexed.op("@@")(question))
