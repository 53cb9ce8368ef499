"""The branches of a clone and of its remote, by name."""

from typing import Final

from bot.adapters.git.commands import Git, GitFailed
from bot.adapters.git.presence import lines

LOCAL: Final = "refs/heads/"
REMOTE: Final = "refs/remotes/origin/"
# Where the default branch ends; HEAD where there is no such ref. Our own clones fetch the remote's HEAD into it.
REMOTE_HEAD: Final = f"{REMOTE}HEAD"


async def default_tip(git: Git) -> str | None:
    """The newest commit of the default branch; None in an empty repository."""
    for ref in (REMOTE_HEAD, "HEAD"):
        if found := await _resolved(git, ref):
            return found
    return None


async def branches(git: Git) -> dict[str, str]:
    """The newest commit of each branch; those of the remote, as last fetched, wherever the clone knows one."""
    output = await git.run("for-each-ref", "--format=%(objectname) %(refname)", REMOTE, LOCAL)
    refs = _refs(output)
    prefix = REMOTE if any(ref.startswith(REMOTE) for ref in refs) else LOCAL
    found = {ref.removeprefix(prefix): sha for ref, sha in refs.items() if ref.startswith(prefix)}
    found.pop("HEAD", None)
    return found


async def remote_branches(git: Git) -> dict[str, str]:
    """The same as the remote has them now. Forgets those that it has not any more."""
    refs = _refs(await git.run("ls-remote", "--heads", "origin"))
    there = {ref.removeprefix(LOCAL): sha for ref, sha in refs.items() if ref != f"{LOCAL}HEAD"}
    known = _refs(await git.run("for-each-ref", "--format=%(objectname) %(refname)", REMOTE))
    gone = [ref for ref in known if ref != REMOTE_HEAD and ref.removeprefix(REMOTE) not in there]
    await git.run("update-ref", "--stdin", given=lines([f"delete {ref}" for ref in gone]))
    return there


def _refs(output: bytes) -> dict[str, str]:
    """The SHA of each ref."""
    pairs = (line.split(maxsplit=1) for line in output.decode(errors="replace").splitlines())
    return {ref: sha for sha, ref in pairs}


async def _resolved(git: Git, ref: str) -> str | None:
    try:
        return (await git.run("rev-parse", "--verify", "--quiet", "--end-of-options", ref)).decode().strip()
    except GitFailed as failure:
        if failure.stderr:  # --quiet is about refs that are not there, nothing else
            raise
        return None
