"""What is in a clone, asked without downloading it."""

from collections.abc import Collection
from typing import Final

from bot.adapters.git.commands import Git

LOOKUP_TIMEOUT: Final = 600  # seconds


async def unknown_commit(git: Git, shas: Collection[str]) -> str | None:
    """The first of these that is no commit here."""
    known = set(await present(git, shas, walk="--no-walk=unsorted"))
    return next((sha for sha in shas if sha not in known), None)


async def present(git: Git, objects: Collection[str], *, walk: str) -> list[str]:
    """Those of the objects that are in the clone. `rev-list` is the command that asks without downloading them."""
    options = (walk, "--ignore-missing", "--missing=print", "--stdin")
    output = await git.run("rev-list", *options, given=lines(objects), timeout=LOOKUP_TIMEOUT)
    return [line.split()[0] for line in output.decode().splitlines() if line[:1] != "?"]


def lines(objects: Collection[str]) -> bytes:
    return "".join(f"{name}\n" for name in objects).encode()
