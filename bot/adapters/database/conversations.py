"""What is said in the console's channels."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, Row, Select, cast, delete, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.adapters.database.engine import for_writing
from bot.adapters.database.schema import console_messages as messages
from bot.core.conversations import Drawing, Said, Utterance
from bot.core.ports import Attachment

#: Messages of a channel, so that a console that runs for years stays small.
KEPT: Final = 500

_NEXT_VERSION: Final = select(func.coalesce(func.max(messages.c.version), cast(literal(0), Integer)) + 1)


class DatabaseConversations:
    """Implements `bot.core.conversations.Conversations`, for one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reads = engine
        self._writes = for_writing(engine)

    async def say(self, channel: str, utterance: Utterance, at: datetime) -> Said:
        async with self._writes.begin() as connection:
            before = await _one(connection, _keyed(channel, utterance.key)) if utterance.key else None
            if before is not None:
                return before
            version = (await connection.execute(_NEXT_VERSION)).scalar_one()
            row = {
                "channel": channel,
                "key": utterance.key or None,
                "thread": utterance.thread,
                "version": version,
                "said_at": at,
                "body": asdict(utterance),
            }
            number = (await connection.execute(insert(messages).values(row).returning(messages.c.id))).scalar_one()
            await _forget(connection, channel)
        return Said(id=number, channel=channel, utterance=utterance, at=at, version=version)

    async def change(self, channel: str, number: int, utterance: Utterance) -> Said | None:
        async with self._writes.begin() as connection:
            version = (await connection.execute(_NEXT_VERSION)).scalar_one()
            changed = (
                update(messages)
                .where(messages.c.channel == channel, messages.c.id == number)
                .values(version=version, body=asdict(utterance))
                .returning(messages)
            )
            row = (await connection.execute(changed)).one_or_none()
        return _said(row) if row is not None else None

    async def find(self, channel: str, *, key: str) -> Said | None:
        async with self._reads.connect() as connection:
            return await _one(connection, _keyed(channel, key))

    async def by_id(self, channel: str, number: int) -> Said | None:
        query = select(messages).where(messages.c.channel == channel, messages.c.id == number)
        async with self._reads.connect() as connection:
            return await _one(connection, query)

    async def since(self, channel: str, version: int) -> Sequence[Said]:
        query = select(messages).where(messages.c.channel == channel, messages.c.version > version)
        async with self._reads.connect() as connection:
            return [_said(row) for row in await connection.execute(query.order_by(messages.c.id))]

    async def channels(self) -> Sequence[str]:
        query = select(messages.c.channel).distinct().order_by(messages.c.channel)
        async with self._reads.connect() as connection:
            return (await connection.execute(query)).scalars().all()


def _keyed(channel: str, key: str) -> Select[Any]:
    return select(messages).where(messages.c.channel == channel, messages.c.key == key)


async def _one(connection: AsyncConnection, query: Select[Any]) -> Said | None:
    row = (await connection.execute(query)).one_or_none()
    return _said(row) if row is not None else None


async def _forget(connection: AsyncConnection, channel: str) -> None:
    """What is older than the newest ones."""
    of_channel = select(messages.c.id).where(messages.c.channel == channel)
    oldest_kept = of_channel.order_by(messages.c.id.desc()).offset(KEPT - 1).limit(1).scalar_subquery()
    await connection.execute(delete(messages).where(messages.c.channel == channel, messages.c.id < oldest_kept))


def _said(row: Row[Any]) -> Said:
    body: Mapping[str, Any] = row.body
    attachment = body["attachment"]
    utterance = Utterance(
        **{
            **body,
            "drawing": Drawing(**body["drawing"]),
            "attachment": Attachment(**attachment) if attachment else None,
        }
    )
    return Said(id=row.id, channel=row.channel, utterance=utterance, at=row.said_at, version=row.version)
