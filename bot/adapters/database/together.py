"""Rows that belong to repositories, inserted together."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.group_commit import GroupCommit
from bot.core.model import Repo

#: Writes what follows from rows about these commits of a repository, by its id and their SHAs.
Then = Callable[[AsyncConnection, int, Collection[str]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    statement: Insert
    repo: Repo
    values: Mapping[str, Any]
    then: Then | None


class Together:
    def __init__(self, writes: AsyncEngine) -> None:
        self._commits = GroupCommit(writes, _insert)

    async def insert(self, statement: Insert, repo: Repo, row: Mapping[str, Any], *, then: Then | None = None) -> None:
        """Returns when the row, to which its `repository_id` is added, is committed. Raises what SQLAlchemy raises.

        Rows of equal statements should be of one and the same statement, which is then executed once for all of them.
        `then` is called in the same transaction when all rows are there.
        """
        await self._commits.write(_Row(statement=statement, repo=repo, values=row, then=then))


async def _insert(connection: AsyncConnection, rows: Sequence[_Row]) -> Sequence[None]:
    # In the same order by everybody, so that two that hold several never wait for each other.
    repos = sorted({row.repo for row in rows}, key=lambda repo: repo.key)
    ids = {repo: await repositories.hold(connection, repo) for repo in repos}
    for statement in dict.fromkeys(row.statement for row in rows):
        theirs = [{**row.values, "repository_id": ids[row.repo]} for row in rows if row.statement is statement]
        await connection.execute(statement, theirs)
    following = defaultdict[tuple[Then, Repo], list[str]](list)
    for row in rows:
        if row.then is not None:
            following[row.then, row.repo].append(row.values["sha"])
    for (then, repo), shas in following.items():
        await then(connection, ids[repo], shas)
    return [None] * len(rows)
