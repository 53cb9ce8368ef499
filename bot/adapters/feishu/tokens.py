"""The app's token for one tenant, with which every call is made."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.core.pacing import Stopwatch

#: A token is renewed so long before it expires; Feishu hands out a new one in the last half hour of the old one's life.
#: https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal
RENEW_BEFORE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A token as Feishu issued it."""

    token: str
    lives: timedelta


class TenantToken:
    """Keeps the token, and asks for another when it gets old or is rejected: once, however many need it."""

    def __init__(self, issue: Callable[[], Awaitable[Issued]], *, clock: Stopwatch) -> None:
        """`issue` asks Feishu for one; what it raises (CredentialsRejected, PlatformUnavailable) the others do too."""
        self._issue = issue
        self._clock = clock
        self._renewing: asyncio.Task[None] | None = None
        self._token = ""
        self._renew_at = 0.0

    async def current(self) -> str:
        """One that is valid now."""
        if not self._token or self._clock() >= self._renew_at:
            await self._renewed()
        return self._token

    async def renewed(self, rejected: str) -> str:
        """The one to use in the place of one that Feishu did not accept."""
        if self._token in {"", rejected}:
            self._token = ""
            await self._renewed()
        return self._token

    async def _renewed(self) -> None:
        """Whoever gives up waiting leaves it to the others."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew())
        await asyncio.shield(self._renewing)

    async def _renew(self) -> None:
        issued = await self._issue()
        self._token = issued.token
        self._renew_at = self._clock() + (issued.lives - RENEW_BEFORE).total_seconds()
