"""Tokens as they were a moment ago: to read and decrypt one takes longer than all the rest of a post."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol
from weakref import WeakValueDictionary

from bot.core.pacing import Stopwatch

#: Seconds for which a token that was read is used. One that is rejected is read again before that is believed.
REMEMBERED: Final = 30.0


class Tokens(Protocol):
    """The bots' tokens, by workspace."""

    async def token(self, workspace: str) -> str:
        """One that is valid now. Raises CredentialsRejected (NotInstalled), PlatformUnavailable."""
        ...

    async def renewed(self, workspace: str, rejected: str) -> str:
        """The one to use in the place of one that Slack said has expired. Raises the same."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    token: str
    until: float


class RememberedTokens:
    """Implements `Tokens`."""

    def __init__(self, tokens: Tokens, *, clock: Stopwatch) -> None:
        self._tokens = tokens
        self._clock = clock
        #: By workspace, in the order in which they were read.
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._reading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def token(self, workspace: str) -> str:
        if (known := self._remembered(workspace)) is not None:
            return known
        async with self._reading.setdefault(workspace, asyncio.Lock()):  # many posts miss it at once
            return self._remembered(workspace) or await self.stored(workspace)

    async def stored(self, workspace: str) -> str:
        """The one that is valid now, whatever was remembered."""
        self._known.pop(workspace, None)
        return self._remember(workspace, await self._tokens.token(workspace))

    async def renewed(self, workspace: str, rejected: str) -> str:
        self._known.pop(workspace, None)
        return self._remember(workspace, await self._tokens.renewed(workspace, rejected))

    def _remember(self, workspace: str, token: str) -> str:
        self._known[workspace] = _Known(token, self._clock() + REMEMBERED)
        self._known.move_to_end(workspace)
        return token

    def _remembered(self, workspace: str) -> str | None:
        while self._known and next(iter(self._known.values())).until <= self._clock():
            self._known.popitem(last=False)
        known = self._known.get(workspace)
        return None if known is None else known.token
