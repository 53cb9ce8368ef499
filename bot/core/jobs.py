"""Work for whichever process is free. The database says what there is to do; a job only says that it is time to look.

So a job that is lost, late or done twice does no harm: whoever does it looks first whether there is anything to do, and
the clock asks again for what is left.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.model import Repo
from bot.core.subscriptions import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Make the digests of these days, both included, for whom they are due."""

    repo: Repo
    zone: ZoneInfo
    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Analyse:
    """Analyse a stored commit."""

    repo: Repo
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Post what is due in a workspace. One process at a time does, so that it alone keeps the workspace's limits."""

    platform: Platform
    workspace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """Correct posted digests that are not true any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Look for the repositories that a following stands for."""

    #: The following's number.
    following: int


Job = Collect | Analyse | Deliver | Correct | Follow


class Jobs(Protocol):
    async def enqueue(self, jobs: Collection[Job]) -> None:
        """Has each of them done soon, unless the same one waits already; returns before it is."""
        ...

    async def finish(self) -> None:
        """Waits until what this process has begun has ended."""
        ...


class Colleagues(Protocol):
    async def perform(self, job: Job) -> None:
        """Has it done by whichever process is free, and returns when that has ended, well or not."""
        ...


class Queue(Jobs, Colleagues, Protocol):
    """What several processes share."""
