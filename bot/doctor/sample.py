"""A commit that nobody made, to try things with."""

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import Commit, CommitDiff, Digest, Entry, FileChange, FileStatus, Person, Repo
from bot.core.rules import RuleAnalyst

_NOBODY: Final = Person(name="Nobody", email="nobody@example.org")
_MADE_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)

COMMIT: Final = CommitDiff(
    commit=Commit(
        sha="0" * 40,
        parents=(),
        author=_NOBODY,
        authored_at=_MADE_AT,
        committer=_NOBODY,
        committed_at=_MADE_AT,
        message="fix: wait five seconds, not three",
        files=(FileChange(path="wait.py", status=FileStatus.MODIFIED, additions=1, deletions=1),),
    ),
    patches={"wait.py": "@@ -1 +1 @@\n-SECONDS = 3\n+SECONDS = 5"},
)


async def digest(repo: Repo) -> Digest:
    """The day of that commit alone, summarised by rules."""
    analysis = await RuleAnalyst().analyse(repo, COMMIT)
    day = Day(date=date(2026, 1, 1), zone=ZoneInfo("UTC"))
    return Digest(
        repo=repo,
        day=day,
        entries=(Entry(commit=COMMIT.commit, analysis=analysis),),
        as_of=day.window().until,
        sealed=True,
    )
