"""One working stand-in per port, for tests of the core; what they stand for is tested against real counterparts."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha1

from bot.core.collecting import Collecting
from bot.core.days import Window
from bot.core.digests import Digests
from bot.core.errors import BotError
from bot.core.model import (
    Analysis,
    AnalystKind,
    Channel,
    Commit,
    CommitDiff,
    CommitRef,
    FileChange,
    FileStatus,
    History,
    Importance,
    Person,
    Platform,
    Provenance,
    Rating,
    Repo,
)
from bot.core.ports import Analyst, Archive, Clock, CommitSource, DayListing, Messenger
from bot.core.replies import Reply
from bot.core.understanding import Understanding

REPO = Repo(owner="octo", name="hello")
CHANNEL = Channel(platform=Platform.SLACK, workspace="T1", id="C1")
#: 09:30 in Shanghai.
NOW = datetime(2026, 1, 22, 1, 30, tzinfo=UTC)


class FakeClock:
    """Stands still until it is told otherwise."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


def commit(subject: str = "feat: greet", at: str = "2026-01-21T08:00:00+00:00", **changes: object) -> Commit:
    """A commit of one changed file, whose SHA follows from its subject."""
    instant = datetime.fromisoformat(at).astimezone(UTC)
    person = Person(name="Ada", email="ada@example.org")
    facts: dict[str, object] = {
        "sha": sha1(subject.encode()).hexdigest(),
        "parents": (),
        "author": person,
        "authored_at": instant,
        "committer": person,
        "committed_at": instant,
        "message": subject,
        "files": (FileChange(path="src/hello.py", status=FileStatus.MODIFIED, additions=3, deletions=1),),
    }
    return Commit(**(facts | changes))  # pyright: ignore[reportArgumentType]


def diff_of(commit: Commit) -> CommitDiff:
    return CommitDiff(commit=commit, patches={"src/hello.py": "@@ -1 +1,3 @@\n-a\n+b\n+c\n+d"})


def analysis_of(commit: Commit, analyst: AnalystKind = AnalystKind.MODEL) -> Analysis:
    return Analysis(
        sha=commit.sha,
        types=(),
        rating=Rating(importance=Importance.MEDIUM, reason="source changed"),
        headline=f"About {commit.subject}",
        provenance=Provenance(analyst=analyst, version="1", model="fake-1" if analyst is AnalystKind.MODEL else None),
    )


class FakeSource:
    def __init__(self, commits: Iterable[Commit] = (), as_of: datetime | None = None) -> None:
        self.commits = list(commits)
        #: The instant up to which it knows the repository.
        self.as_of = as_of or datetime(2100, 1, 1, tzinfo=UTC)
        self.problem: BotError | None = None
        #: Raised after that many commits have been read.
        self.breaks_after: int | None = None
        self.listed = 0
        self.read_shas: list[str] = []

    async def list(self, repo: Repo, window: Window) -> DayListing:
        self.listed += 1
        if self.problem:
            raise self.problem
        newest_first = sorted(self.commits, key=lambda commit: commit.committed_at, reverse=True)
        refs = [
            CommitRef(sha=commit.sha, parents=commit.parents, committed_at=commit.committed_at)
            for commit in newest_first
            if commit.committed_at in window
        ]
        return DayListing(commits=tuple(refs), as_of=self.as_of)

    async def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        for number, sha in enumerate(shas):
            if self.problem and self.breaks_after == number:
                raise self.problem
            self.read_shas.append(sha)
            yield diff_of(next(commit for commit in self.commits if commit.sha == sha))

    async def paths(self, repo: Repo, sha: str) -> frozenset[str]:
        return frozenset(file.path for commit in self.commits for file in commit.files)

    async def history(self, repo: Repo) -> History | None:
        instants = [commit.committed_at for commit in self.commits]
        return History(first=min(instants), last=max(instants)) if instants else None


class FakeAnalyst:
    kind = AnalystKind.MODEL

    def __init__(self) -> None:
        self.problems: dict[str, Exception] = {}
        self.asked: list[str] = []
        #: Set it to hold all answers back until it is released.
        self.gate = asyncio.Event()
        self.gate.set()

    async def analyse(self, repo: Repo, diff: CommitDiff) -> Analysis:
        self.asked.append(diff.commit.subject)
        await self.gate.wait()
        if problem := self.problems.get(diff.commit.subject):
            raise problem
        return analysis_of(diff.commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The core over an archive, with what is outside faked."""

    collecting: Collecting
    understanding: Understanding
    digests: Digests


def core(*, source: CommitSource, analyst: Analyst, archive: Archive, now: Clock) -> Core:
    collecting = Collecting(source=source, archive=archive, now=now)
    understanding = Understanding(analyst=analyst, archive=archive, now=now)
    digests = Digests(collecting=collecting, understanding=understanding, now=now)
    return Core(collecting=collecting, understanding=understanding, digests=digests)


class FakeMessenger:
    """A platform that keeps what it accepts, also when its answer gets lost."""

    def __init__(self) -> None:
        self.posted: list[tuple[Channel, Reply, str]] = []
        #: Raised instead of accepting.
        self.refuses: BotError | None = None
        #: Raised after accepting.
        self.breaks: Exception | None = None
        self.unreadable: BotError | None = None

    async def post(self, channel: Channel, reply: Reply, *, key: str) -> str:
        if self.refuses:
            raise self.refuses
        self.posted.append((channel, reply, key))
        if self.breaks:
            raise self.breaks
        return f"message {len(self.posted)}"

    async def check(self, channel: Channel) -> None:
        if self.refuses:
            raise self.refuses

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        if self.unreadable:
            raise self.unreadable
        keys = [posted for where, _, posted in self.posted if where == channel]
        return f"message {keys.index(key) + 1}" if key in keys else None


_source: type[CommitSource] = FakeSource
_analyst: type[Analyst] = FakeAnalyst
_messenger: type[Messenger] = FakeMessenger
