"""Which repository a clone is of."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from bot.adapters.git.commands import Git, GitFailed
from bot.core.errors import NotUnderstood
from bot.core.model import Repo

#: `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name.git`; anything before is a path.
_ADDRESS: Final = re.compile(
    r"(?:\w+://)?(?:[^@/]+@)?(?P<host>[\w.-]+\.[a-z]{2,})(?::\d+)?[:/](?P<path>.+?)/?", re.IGNORECASE
)


async def origin(path: Path, *, environment: Mapping[str, str]) -> Repo:
    """The repository that the clone's `origin` names; one without is called `local/FOLDER`, and nothing links to it."""
    local = await asyncio.to_thread(path.resolve)
    try:
        answer = await Git(environment=environment).run("-C", str(local), "config", "--get", "remote.origin.url")
    except GitFailed:  # no origin, or no clone, of which reading it will tell
        answer = b""
    return _named(answer.decode(errors="replace").strip()) or Repo(owner="local", name=_plain(local.name), host="")


def _named(address: str) -> Repo | None:
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    try:
        return Repo.parse("/".join(match["path"].split("/")[-2:]), host=match["host"])
    except NotUnderstood:
        return None


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name)[:100].strip(".") or "repository"
