"""Repositories are rows that others point at; a name with other capitals is the same repository."""

from sqlalchemy import Select, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.database.schema import repositories
from bot.core.model import Repo


def id_of(repo: Repo) -> Select[int]:
    """The repository's id, as a subquery that is empty for an unknown one."""
    return select(repositories.c.id).where(repositories.c.host == repo.host, repositories.c.key == repo.key[1])


async def ensure(connection: AsyncConnection, repo: Repo) -> int:
    """The repository's id; the row is made when missing."""
    row = {"host": repo.host, "key": repo.key[1], "owner": repo.owner, "name": repo.name}
    await connection.execute(insert(repositories).values(row).on_conflict_do_nothing())
    return (await connection.execute(id_of(repo))).scalar_one()
