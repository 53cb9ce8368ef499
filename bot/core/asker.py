"""Who asks, and what they may."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.core.errors import RepositoryNotFound
from bot.core.language import Language
from bot.core.model import Repo
from bot.core.subscriptions import Channel, Platform


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
        """Raises RepositoryNotFound, as if there were no such repository. Who owns the machine may see all."""
        workspaces = self.private.get(repo.whole)
        if workspaces and channel.workspace not in workspaces and channel.platform is not Platform.TERMINAL:
            raise RepositoryNotFound


#: Every repository is for everybody.
OPEN = Access(private={})
