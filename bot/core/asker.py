"""Who asks, and what they may."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.errors import RepositoryNotFound
from bot.core.language import Language
from bot.core.model import Repo
from bot.core.subscriptions import Channel, Platform

#: Those of whoever sits at the machine that the bot runs on.
_OF_THE_MACHINE: Final = frozenset({Platform.TERMINAL, Platform.CONSOLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, from where. All of it comes from a verified request, never from a button's value."""

    channel: Channel
    user: str
    #: The zone that the person asks in; None: the subscription's, else the configured one.
    zone: ZoneInfo | None = None
    #: Chosen for this question; None: the channel's, else the configured one.
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Which workspaces a private repository is for; what is named for none is for all."""

    private: Mapping[Repo, frozenset[str]]

    def check(self, repo: Repo, channel: Channel) -> None:
        """Raises RepositoryNotFound, as if there were no such repository."""
        if not self.admits(repo, channel.platform, channel.workspace):
            raise RepositoryNotFound

    def admits(self, repo: Repo, platform: Platform, workspace: str) -> bool:
        """Who owns the machine may see all."""
        workspaces = self.private.get(repo.whole)
        return not workspaces or workspace in workspaces or platform in _OF_THE_MACHINE


#: Every repository is for everybody.
OPEN = Access(private={})
