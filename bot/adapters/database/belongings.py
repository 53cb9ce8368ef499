"""What a workspace owns, read as it is at one instant, and taken in as a whole or not at all."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, select
from sqlalchemy import Row as Stored
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.engine import for_writing
from bot.adapters.database.followings import hold_followings
from bot.adapters.database.json_values import dump_selection, load_selection
from bot.adapters.database.schema import deliveries, feedback, followings, posts, subscriptions
from bot.adapters.database.subscriptions import from_row, in_workspace, selected
from bot.adapters.database.upserts import insert
from bot.core.belongings import (
    UNDER_WAY,
    DeliveryRow,
    ExportInvalid,
    FeedbackRow,
    FollowingRow,
    Owner,
    PatternRow,
    PostRow,
    RepoRow,
    Row,
    SubscriptionRow,
    state_of,
)
from bot.core.language import _
from bot.core.model import Repo
from bot.core.subscriptions import DeliveryState, Membership

#: The tables that rows are of; their fields are called as columns are.
TABLES: Final[Mapping[type[Row], Table]] = {
    FollowingRow: followings,
    SubscriptionRow: subscriptions,
    DeliveryRow: deliveries,
    PostRow: posts,
    FeedbackRow: feedback,
}
#: Columns that say nothing elsewhere: whose a row is, its number and what it refers to by number, who works on it,
#: what follows from the others, and what is found out again.
LEFT_OUT: Final = frozenset({
    "platform", "workspace", "id", "repository_id", "subscription_id", "following_id", "lease_until", "fence", "key",
    "look_again_at", "prepared", "checked_at", "error",
})  # fmt: skip

_BY_REPOSITORY: Final = (repositories.TABLE.c.host, repositories.TABLE.c.key, repositories.TABLE.c.branches)


class DatabaseBelongings:
    """Implements `bot.core.belongings.Belongings`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def of(self, owner: Owner) -> AsyncIterator[Row]:
        async with self._reads.connect() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's transactions see one instant anyway
                await connection.execution_options(isolation_level="REPEATABLE READ")
            for kind, query in _queries(owner).items():
                async for stored in await connection.stream(query):
                    yield _row(kind, stored)

    async def add(self, owner: Owner, rows: Iterable[Collection[Row]]) -> Mapping[str, int]:
        added: Counter[str] = Counter()
        async with self._writes.begin() as connection:
            await hold_followings(connection, _owned(followings, owner))  # so that none goes meanwhile
            for batch in rows:
                kind = next(iter(batch)).kind
                added[kind] += await _add(connection, owner, list(batch))
        return added


def _queries(owner: Owner) -> Mapping[type[Row], Select[Any]]:
    of_subscription = (subscriptions.c.channel, *_BY_REPOSITORY)
    return {
        FollowingRow: select(followings)
        .where(_owned(followings, owner))
        .order_by(followings.c.channel, followings.c.host, followings.c.key),
        SubscriptionRow: selected().where(_owned(subscriptions, owner)).order_by(*of_subscription),
        DeliveryRow: select(deliveries, subscriptions.c.channel, *repositories.NAMES)
        .join_from(deliveries, subscriptions)
        .join(repositories.TABLE, repositories.TABLE.c.id == subscriptions.c.repository_id)
        .where(_owned(subscriptions, owner))
        .order_by(*of_subscription, deliveries.c.day),
        PostRow: select(posts, *repositories.NAMES)
        .join_from(posts, repositories.TABLE)
        .where(_owned(posts, owner))
        .order_by(posts.c.channel, posts.c.message),
        FeedbackRow: select(feedback, *repositories.NAMES)
        .join_from(feedback, repositories.TABLE)
        .where(_owned(feedback, owner))
        .order_by(feedback.c.user, *_BY_REPOSITORY, feedback.c.sha),
    }


def _owned(table: Table, owner: Owner) -> ColumnElement[bool]:
    return in_workspace(owner.platform, owner.workspace, table)


def _row(kind: type[Row], stored: Stored[Any]) -> Row:
    """What is stored was checked when it came in, so that nothing is checked again."""
    values = {name: value for name, value in stored._mapping.items() if name in kind.model_fields}
    if "repo" in kind.model_fields:
        values["repo"] = _repo(repositories.from_row(stored))
    if "selection" in kind.model_fields:
        values["selection"] = load_selection(stored.selection)
    if kind is SubscriptionRow:
        values["following"] = _pattern(from_row(stored).membership)
    if kind is DeliveryRow:
        values |= _at_rest(stored)
    return kind.model_construct(**values)


def _repo(repo: Repo) -> RepoRow:
    return RepoRow.model_construct(host=repo.host, owner=repo.owner, name=repo.name, branches=repo.branches)


def _pattern(membership: Membership | None) -> PatternRow | None:
    if membership is None:
        return None
    pattern = membership.pattern
    return PatternRow.model_construct(host=pattern.host, owner=pattern.owner, names=pattern.names)


def _at_rest(stored: Stored[Any]) -> dict[str, str]:
    before = DeliveryState(stored.state)
    state = state_of(before, stored.sending_since)
    became_uncertain = state is DeliveryState.UNCERTAIN and before is not state
    error = stored.last_error or (_(UNDER_WAY) if became_uncertain else "")
    return {"state": state.value, "last_error": error}


# Taking in


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbers:
    """Of what rows of one kind may belong to."""

    repositories: Mapping[Repo, int]
    #: By channel, and by the pattern's key.
    followings: Mapping[tuple[str, tuple[str, str]], int]
    #: By channel, and by the repository's number.
    subscriptions: Mapping[tuple[str, int], int]

    def of(self, row: Row) -> dict[str, int | None]:
        """The columns that refer to other rows. Raises ExportInvalid."""
        match row:
            case FollowingRow():
                return {}
            case SubscriptionRow():
                return {"repository_id": self.repositories[row.repo.repo], "following_id": self._following(row)}
            case DeliveryRow():
                return {"subscription_id": self._subscription(row)}
            case PostRow() | FeedbackRow():
                return {"repository_id": self.repositories[row.repo.repo]}

    def _following(self, row: SubscriptionRow) -> int | None:
        if row.following is None:
            return None
        number = self.followings.get((row.channel, row.following.pattern.key))
        if number is None:
            raise ExportInvalid(_("The export has a subscription of a pattern that is not followed."))
        return number

    def _subscription(self, row: DeliveryRow) -> int:
        number = self.subscriptions.get((row.channel, self.repositories[row.repo.repo]))
        if number is None:
            raise ExportInvalid(_("The export has a delivery of something that is not subscribed."))
        return number


async def _add(connection: AsyncConnection, owner: Owner, rows: Sequence[Row]) -> int:
    """Rows of one kind; how many were new."""
    table = TABLES[type(rows[0])]
    numbers = await _numbers(connection, owner, rows)
    values = [_values(row, owner) | numbers.of(row) for row in rows]
    statement = insert(table).on_conflict_do_nothing().returning(next(iter(table.primary_key)))
    return len((await connection.execute(statement, values)).all())


def _values(row: Row, owner: Owner) -> dict[str, Any]:
    """The columns that refer to no other row."""
    values = {name: getattr(row, name) for name in type(row).model_fields if name in TABLES[type(row)].c}
    whose = {"platform": owner.platform.value, "workspace": owner.workspace}
    match row:
        case FollowingRow():
            identity = {"key": row.pattern.key[1], "excluded": list(row.excluded)}
            return values | whose | identity | {"selection": dump_selection(row.selection)}
        case SubscriptionRow():
            return values | whose | {"selection": dump_selection(row.selection)}
        case DeliveryRow():
            return values
        case PostRow() | FeedbackRow():
            return values | whose


async def _numbers(connection: AsyncConnection, owner: Owner, rows: Sequence[Row]) -> _Numbers:
    """Those of repositories are made when missing."""
    repos = {row.repo.repo for row in rows if not isinstance(row, FollowingRow)}
    ids = {repo: await repositories.ensure(connection, repo) for repo in sorted(repos, key=lambda repo: repo.key)}
    children = {row.channel for row in rows if isinstance(row, SubscriptionRow) and row.following is not None}
    delivered = {row.channel for row in rows if isinstance(row, DeliveryRow)}
    return _Numbers(
        repositories=ids,
        followings=await _followings(connection, owner, children) if children else {},
        subscriptions=await _subscriptions(connection, owner, delivered) if delivered else {},
    )


async def _followings(
    connection: AsyncConnection, owner: Owner, channels: Collection[str]
) -> dict[tuple[str, tuple[str, str]], int]:
    columns = (followings.c.channel, followings.c.host, followings.c.key, followings.c.id)
    query = select(*columns).where(_owned(followings, owner), followings.c.channel.in_(channels))
    return {(row.channel, (row.host, row.key)): row.id for row in await connection.execute(query)}


async def _subscriptions(
    connection: AsyncConnection, owner: Owner, channels: Collection[str]
) -> dict[tuple[str, int], int]:
    columns = (subscriptions.c.channel, subscriptions.c.repository_id, subscriptions.c.id)
    query = select(*columns).where(_owned(subscriptions, owner), subscriptions.c.channel.in_(channels))
    return {(row.channel, row.repository_id): row.id for row in await connection.execute(query)}
