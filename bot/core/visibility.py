"""Learns which repositories everybody may read at their host: only those does the archive show to the public."""

from datetime import date

import structlog

from bot.core.browsing import Shelves
from bot.core.errors import BotError
from bot.core.model import Repo
from bot.core.ports import Clock, CommitSource

log = structlog.get_logger()


class Visibility:
    """Asks the host once a day in each process, when a day of the repository is sealed."""

    def __init__(self, *, source: CommitSource, shelves: Shelves, now: Clock) -> None:
        self._source = source
        self._shelves = shelves
        self._now = now
        self._learned: dict[Repo, date] = {}

    async def learn(self, repo: Repo) -> None:
        """Nothing fails because of it: what cannot be learned is not public."""
        today = self._now().date()
        if self._learned.get(repo.whole) == today:
            return
        try:
            is_public = await self._source.is_public(repo.whole)
        except BotError as error:
            log.warning("visibility.unknown", repo=str(repo), error=str(error))
            is_public = None
        else:
            self._learned[repo.whole] = today
        await self._shelves.note_visibility(repo, is_public=is_public)

    async def forget(self, repo: Repo) -> None:
        """The host does not show it to us any more, so nobody knows whether it shows it to others."""
        self._learned.pop(repo.whole, None)
        await self._shelves.note_visibility(repo, is_public=None)
