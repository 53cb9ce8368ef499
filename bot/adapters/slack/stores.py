"""Who has installed the app, in tables of slack_sdk's whose tokens are encrypted.

Installing into a whole organisation is not supported, so that a workspace's id alone says which installation it is.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final
from weakref import WeakValueDictionary

from cryptography.fernet import MultiFernet
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore, SQLAlchemyInstallationStore
from slack_sdk.oauth.sqlalchemy_utils import normalize_datetime_for_db
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import ColumnElement, Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.slack.encryption import Encrypted
from bot.core.ports import Clock

_SECRET: Final = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token", "incoming_webhook_url")

#: Our key among Postgres' advisory locks; "slck". The other half of it is the workspace.
_CHANGING: Final = 0x736C636B

#: Workspaces at a time. Each takes one of the engine's connections and needs another, so that there have to be more.
_CHANGES: Final = 3

#: Seconds in which people have to decide whether they install the app.
STATE_SECONDS: Final = 600


class InstallationStore(AsyncSQLAlchemyInstallationStore):
    """Keeps the newest installation of each workspace. `writing` announces that its transactions write."""

    def __init__(self, client_id: str, *, reading: AsyncEngine, writing: AsyncEngine, cipher: MultiFernet) -> None:
        super().__init__(client_id=client_id, engine=writing)
        self._reading = reading
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._changes = asyncio.Semaphore(_CHANGES)
        for table in (self.bots, self.installations):
            for column in table.c:
                if column.name in _SECRET:
                    column.type = Encrypted(cipher)

    async def bot(self, workspace: str) -> Bot | None:
        """Raises InvalidToken if it was stored with a key that is not known any more."""
        query = select(self.bots).where(self._of(self.bots, workspace), self.bots.c.bot_token.is_not(None))
        query = query.order_by(self.bots.c.id.desc()).limit(1)
        async with self._reading.connect() as connection:
            row = (await connection.execute(query)).mappings().first()
        return None if row is None else SQLAlchemyInstallationStore.build_bot_entity(row)

    async def installed_at(self, workspace: str) -> datetime | None:
        """When (UTC); None where it is not. Decrypts nothing."""
        query = select(func.max(self.installations.c.installed_at)).where(self._of(self.installations, workspace))
        async with self._reading.connect() as connection:
            stored: datetime | None = (await connection.execute(query)).scalar_one()
        return None if stored is None else stored.replace(tzinfo=UTC)

    async def workspaces(self) -> Sequence[str]:
        """Those whose bot has a token, by id."""
        found = select(self.bots.c.team_id).where(self.bots.c.client_id == self.client_id)
        async with self._reading.connect() as connection:
            return [row.team_id for row in await connection.execute(found.distinct().order_by(self.bots.c.team_id))]

    @asynccontextmanager
    async def changing(self, workspace: str) -> AsyncGenerator[None]:
        """Meanwhile nobody else changes the workspace's tokens, in no process; it may take as long as Slack takes.

        Not by the lock of a row, since that would be in the way of whoever holds it. With SQLite there is one process.
        """
        async with self._locks.setdefault(workspace, asyncio.Lock()):
            if self._reading.dialect.name != "postgresql":
                yield
                return
            async with self._changes, self._reading.connect() as connection:
                locked = func.pg_advisory_xact_lock(_CHANGING, func.hashtext(workspace))
                await connection.execute(select(locked))
                yield

    async def async_save(self, installation: Installation) -> None:
        """Also forgets what was installed in the workspace before: its tokens are dead, or those of the new one."""
        async with self.changing(str(installation.team_id)):
            await self._save(installation)

    async def _save(self, installation: Installation) -> None:
        await super().async_save(installation)
        for table in (self.bots, self.installations):
            mine = self._of(table, str(installation.team_id))
            newest = select(func.max(table.c.id)).where(mine).scalar_subquery()
            async with self.engine.begin() as connection:
                await connection.execute(delete(table).where(mine, table.c.id < newest))

    async def forget_bot(self, workspace: str) -> None:
        """Deletes the bot's tokens; not while they are being renewed, which would store them again."""
        async with self.changing(workspace), self.engine.begin() as connection:
            await connection.execute(delete(self.bots).where(self._of(self.bots, workspace)))
            # An installation holds what the bot got at that moment, too.
            await connection.execute(delete(self.installations).where(self._of(self.installations, workspace)))

    def _of(self, table: Table, workspace: str) -> ColumnElement[bool]:
        return (table.c.client_id == self.client_id) & (table.c.team_id == workspace)


class StateStore(AsyncSQLAlchemyOAuthStateStore):
    """States that were given to browsers, each good for one return."""

    def __init__(self, writing: AsyncEngine, now: Clock) -> None:
        super().__init__(expiration_seconds=STATE_SECONDS, engine=writing)
        self._now = now

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """Also deletes those that nobody came back with."""
        async with self.engine.begin() as connection:
            expired = self.oauth_states.c.expire_at < normalize_datetime_for_db(self._now())
            await connection.execute(delete(self.oauth_states).where(expired))
        return await super().async_issue(*args, **kwargs)

    async def async_consume(self, state: str) -> bool:
        """Whether it was given to a browser and nobody has come back with it, to any process."""
        mine, expires_at = self.oauth_states.c.state == state, self.oauth_states.c.expire_at
        used = delete(self.oauth_states).where(mine).returning(expires_at)
        async with self.engine.begin() as connection:
            expiries = (await connection.execute(used)).scalars().all()
        return any(expiry > normalize_datetime_for_db(self._now()) for expiry in expiries)
