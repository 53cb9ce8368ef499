"""Repositories are rows that others point at; a name with other capitals is the same repository.

One of which certain branches are followed has a row of its own: days, leads, tips and subscriptions point at that,
while commits and all that is said of them point at the row of the whole repository.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.database.schema import repositories
from bot.adapters.database.upserts import insert
from bot.core.model import Repo

TABLE: Final = repositories
#: What `from_row` reads.
NAMES: Final = (repositories.c.host, repositories.c.owner, repositories.c.name, repositories.c.branches)


def from_row(row: Row[Any]) -> Repo:
    return Repo(owner=row.owner, name=row.name, host=row.host, branches=row.branches)


def id_of(repo: Repo) -> Select[int]:
    """The repository's id, as a subquery that is empty for an unknown one."""
    return ids_of_all(repo).where(repositories.c.branches == repo.branches)


def ids_of_all(repo: Repo) -> Select[int]:
    """The ids of the repository with whatever branches are followed."""
    host, key, _branches = repo.key
    return select(repositories.c.id).where(repositories.c.host == host, repositories.c.key == key)


def ids_of_whole(repository_id: int) -> Select[int]:
    """The same by the id of any of them."""
    own, every = repositories.alias(), repositories.alias()
    same = (every.c.host == own.c.host) & (every.c.key == own.c.key)
    return select(every.c.id).join(own, same).where(own.c.id == repository_id)


async def ensure(connection: AsyncConnection, repo: Repo) -> int:
    """The repository's id; the row is made when missing."""
    known = (await connection.execute(id_of(repo))).scalar_one_or_none()
    if known is not None:
        return known
    host, key, branches = repo.key
    row = {"host": host, "key": key, "branches": branches, "owner": repo.owner, "name": repo.name}
    await connection.execute(insert(repositories).values(row).on_conflict_do_nothing())
    return (await connection.execute(id_of(repo))).scalar_one()


async def ensure_all(connection: AsyncConnection, repos: Collection[Repo]) -> Mapping[Repo, int]:
    """The ids of whole repositories of one host, in the order in which any others make them too, so that none wait

    for each other.
    """
    found = await _ids(connection, repos)
    for repo in sorted(set(repos) - found.keys(), key=lambda repo: repo.key):
        found[repo] = await ensure(connection, repo)
    return found


async def _ids(connection: AsyncConnection, repos: Collection[Repo]) -> dict[Repo, int]:
    keys = {repo.key[1] for repo in repos}
    hosts = {repo.host for repo in repos}
    query = select(repositories).where(
        repositories.c.host.in_(hosts), repositories.c.key.in_(keys), repositories.c.branches == ""
    )
    return {from_row(row): row.id for row in await connection.execute(query)}


async def hold(connection: AsyncConnection, repo: Repo) -> int:
    """Like `ensure`; and until the transaction ends, others that hold the repository, of whatever branches, wait.

    Whoever writes more than a row of what belongs to a repository, or what follows from what was read of it, holds it
    first: neither is it then changed in between, nor do two wait for each other. In SQLite all writers wait anyway.
    """
    repository_id = await ensure(connection, repo)
    await hold_all(connection, ids_of_all(repo))
    return repository_id


async def hold_all(connection: AsyncConnection, ids: Select[int]) -> None:
    """Holds those of these ids, in the order in which everybody does."""
    rows = select(repositories.c.id).where(repositories.c.id.in_(ids)).order_by(repositories.c.id)
    # The kind of lock that does not stop others from referring to the row.
    (await connection.execute(rows.with_for_update(key_share=True))).all()
