"""Commits that nobody made, to try things with."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import Commit, CommitDiff, Digest, Entry, FileChange, FileStatus, Person, Repo
from bot.core.rules import RuleAnalyst

_NOBODY: Final = Person(name="Nobody", email="nobody@example.org")
_MADE_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def _commit(number: int, message: str, path: str, patch: str) -> CommitDiff:
    lines = patch.splitlines()
    change = FileChange(
        path=path,
        status=FileStatus.MODIFIED,
        additions=sum(line.startswith("+") for line in lines),
        deletions=sum(line.startswith("-") for line in lines),
    )
    return CommitDiff(
        commit=Commit(
            sha=f"{number:040}",
            parents=(),
            author=_NOBODY,
            authored_at=_MADE_AT,
            committer=_NOBODY,
            committed_at=_MADE_AT,
            message=message,
            files=(change,),
        ),
        patches={path: patch},
    )


COMMIT: Final = _commit(
    0, "fix: wait five seconds, not three", "lib/wait.py", "@@ -1 +1 @@\n-SECONDS = 3\n+SECONDS = 5"
)
#: One of each importance, in more than one place.
_DAY: Final = (
    _commit(
        1,
        "feat!: let callers say how long to wait (#1)\n\nBREAKING CHANGE: `wait` takes seconds.",
        "lib/api.py",
        "@@ -1 +1 @@\n-def wait():\n+def wait(seconds):",
    ),
    COMMIT,
    _commit(2, "docs: say how long it waits", "docs/wait.md", "@@ -1 +1 @@\n-Three seconds.\n+Five seconds."),
)


async def digest(repo: Repo) -> Digest:
    """A day of three commits, summarised by rules."""
    day = Day(date=date(2026, 1, 1), zone=ZoneInfo("UTC"))
    entries = [Entry(commit=each.commit, analysis=await RuleAnalyst().analyse(repo, each)) for each in _DAY]
    return Digest(repo=repo, day=day, entries=tuple(entries), as_of=day.window().until, sealed=True)
