"""One working stand-in per port, for tests of the core; what they stand for is tested against real counterparts."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import cast
from zoneinfo import ZoneInfo

from bot.adapters.signing import SignedLinks
from bot.core.asker import OPEN, Access
from bot.core.browsing import Shelves
from bot.core.collecting import FOREVER
from bot.core.days import Day, Window
from bot.core.errors import AnalystUnavailable, BotError
from bot.core.jobs import Collect, Deliver, Queue
from bot.core.metering import UNMETERED, Meter
from bot.core.model import (
    Analysis,
    AnalystKind,
    Commit,
    CommitDiff,
    CommitRef,
    FileChange,
    FileStatus,
    History,
    Importance,
    Language,
    Lead,
    Person,
    Provenance,
    Rating,
    Repo,
)
from bot.core.patterns import RepoPattern
from bot.core.ports import (
    Analyst,
    Archive,
    Attachment,
    BranchListing,
    Clock,
    CommitSource,
    Completion,
    Corrections,
    DayListing,
    FeedbackStore,
    Followings,
    LanguageModel,
    LeadStore,
    Ledger,
    Messenger,
    ModelCall,
    ModelMemory,
    ModelState,
    ModelTraits,
    Posts,
    Question,
    RepositoryInfo,
    Spending,
    Subscriptions,
)
from bot.core.replies import Reply
from bot.core.service import Defaults, Instructions, Service, Stores, assemble
from bot.core.subscriptions import (
    Channel,
    Correction,
    Delivery,
    Expansion,
    Feedback,
    Following,
    FollowingTerms,
    Pause,
    Platform,
    Post,
    Subscription,
    SubscriptionTerms,
    Verdict,
)

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
        self.public: bool | None = None
        #: Files of every commit, by path.
        self.texts: dict[str, str] = {}
        #: Raised after that many commits have been read.
        self.breaks_after: int | None = None
        self.listed = 0
        #: What an owner has, and who was asked about.
        self.owned: list[RepositoryInfo] = []
        self.owners_asked: list[str] = []
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

    async def recent(self, repo: Repo, since: datetime, tip: str | None) -> BranchListing:
        """The branch is a line: each commit stands on the one before it in `commits`."""
        shas = [commit.sha for commit in self.commits]
        gained = shas[shas.index(tip) + 1 :] if tip in shas else []
        listing = await self.list(repo, Window(since=datetime.min.replace(tzinfo=UTC), until=FOREVER))
        return BranchListing(
            commits=tuple(ref for ref in listing.commits if ref.committed_at >= since or ref.sha in gained),
            tip=shas[-1] if shas else None,
            rewritten=tip is not None and tip not in shas,
            as_of=listing.as_of,
        )

    async def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        for number, sha in enumerate(shas):
            if self.problem and self.breaks_after == number:
                raise self.problem
            self.read_shas.append(sha)
            yield diff_of(next(commit for commit in self.commits if commit.sha == sha))

    async def paths(self, repo: Repo, sha: str) -> frozenset[str]:
        return frozenset(file.path for commit in self.commits for file in commit.files)

    async def file(self, repo: Repo, sha: str, path: str) -> str | None:
        return self.texts.get(path)

    async def repositories(self, owner: str) -> Sequence[RepositoryInfo]:
        self.owners_asked.append(owner)
        if self.problem:
            raise self.problem
        return self.owned

    async def history(self, repo: Repo) -> History | None:
        instants = [commit.committed_at for commit in self.commits]
        return History(first=min(instants), last=max(instants)) if instants else None

    async def is_public(self, repo: Repo) -> bool | None:
        if self.problem:
            raise self.problem
        return self.public


class FakeAnalyst:
    kind = AnalystKind.MODEL

    def __init__(self) -> None:
        self.problems: dict[str, Exception] = {}
        self.asked: list[str] = []
        #: Set it to hold all answers back until it is released.
        self.gate = asyncio.Event()
        self.gate.set()

    async def prepare(self) -> None:
        pass

    async def analyse(self, repo: Repo, diff: CommitDiff, *, deep: bool = False) -> Analysis:
        self.asked.append(diff.commit.subject)
        await self.gate.wait()
        if problem := self.problems.get(diff.commit.subject):
            raise problem
        return analysis_of(diff.commit)


class FakeLanguageModel:
    """Says what a test tells it to, by purpose, and remembers what it was asked."""

    name = "fake-1"

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.repairs: list[tuple[str, str]] = []
        #: What is answered to a question of that purpose: an error is raised, anything but text is sent as JSON.
        self.answers: dict[str, Callable[[Question], object]] = {}
        #: Set it to hold all answers back until it is released.
        self.gate = asyncio.Event()
        self.gate.set()

    def asked(self, purpose: str) -> list[Question]:
        return [question for question in self.questions if question.purpose == purpose]

    async def warm_up(self) -> None:
        pass

    async def state(self) -> ModelState:
        return ModelState()

    async def ask(self, question: Question, *, repair: tuple[str, str] | None = None) -> Completion:
        self.questions.append(question)
        self.repairs += [repair] if repair else []
        await self.gate.wait()
        answer = self.answers.get(question.purpose, _unreachable)(question)
        if isinstance(answer, BotError):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        return Completion(text=text, model=self.name, prompt_tokens=100, completion_tokens=10, price=0.001)


def _unreachable(_: Question) -> object:
    return AnalystUnavailable()


class FakeModelMemory:
    """What two processes remember of a model's host if they are given the same one."""

    def __init__(self) -> None:
        self.traits: dict[tuple[str, str], ModelTraits] = {}
        self.calls: list[ModelCall] = []

    async def recall(self, endpoint: str, model: str) -> ModelTraits | None:
        return self.traits.get((endpoint, model))

    async def remember(self, endpoint: str, model: str, traits: ModelTraits, at: datetime) -> None:
        self.traits[endpoint, model] = traits

    async def record(self, call: ModelCall) -> None:
        self.calls.append(call)

    async def spent(self, since: datetime) -> Spending:
        calls = [call for call in self.calls if call.at >= since]
        return Spending(
            tokens=sum(call.prompt_tokens + call.completion_tokens for call in calls),
            price=sum(call.price or 0 for call in calls),
        )


class FakeLeadStore:
    def __init__(self) -> None:
        self.leads: dict[tuple[Repo, Day, Language], Lead] = {}

    async def save_lead(self, repo: Repo, day: Day, lead: Lead, at: datetime) -> None:
        if lead.translated_from is None:
            self.leads = {key: kept for key, kept in self.leads.items() if key[:2] != (repo, day)}
        self.leads[repo, day, lead.language] = lead

    async def lead(self, repo: Repo, day: Day, language: Language) -> Lead | None:
        return self.leads.get((repo, day, language))


class FakeCorrections:
    """Nothing was ever posted, so nothing has to be corrected; remembers what is not true any more."""

    def __init__(self) -> None:
        self.marked: list[str] = []

    async def mark(self, repo: Repo, shas: Collection[str], at: datetime) -> int:
        self.marked += shas
        return 0

    async def are_due(self, now: datetime) -> bool:
        return False

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Correction]:
        return []

    async def done(self, correction: Correction) -> bool:
        return False

    async def retry(self, correction: Correction, error: str, due_at: datetime) -> bool:
        return False

    async def give_up(self, correction: Correction, error: str) -> bool:
        return False


async def claim_due(ledger: Ledger, now: datetime, lease_until: datetime, limit: int = 10) -> list[Delivery]:
    """What a process takes that finds all digests made."""
    for job in await ledger.waiting(now):
        if isinstance(job, Collect):
            await ledger.prepared(job, now)
    jobs = [job for job in await ledger.waiting(now) if isinstance(job, Deliver)]
    return [delivery for job in jobs for delivery in await ledger.claim(job, now, lease_until, limit)]


class FakePosts:
    """Digests that stand in channels, by channel and message."""

    def __init__(self) -> None:
        self.posts: dict[tuple[Channel, str], Post] = {}

    async def record(self, post: Post, at: datetime) -> None:
        self.posts[post.channel, post.message] = post

    async def find(self, channel: Channel, message: str) -> Post | None:
        return self.posts.get((channel, message))

    async def newest(self, channel: Channel) -> str | None:
        return next((message for where, message in reversed(self.posts) if where == channel), None)


class FakeSubscriptions:
    """Nobody has subscribed to anything."""

    async def subscribe(self, terms: SubscriptionTerms, at: datetime) -> tuple[Subscription, bool]:
        return Subscription(id=1, terms=terms, created_at=at), True

    async def unsubscribe(self, channel: Channel, repo: Repo | None) -> Sequence[Subscription]:
        return []

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        return []

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Subscription]:
        return []

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Subscription | None:
        return None

    async def active(self) -> Sequence[Subscription]:
        return []

    async def set_pause(self, subscription: Subscription, pause: Pause | None) -> None: ...

    async def mark_broken(self, subscription: Subscription, reason: str, at: datetime) -> bool:
        return False

    async def mend(self, subscription: Subscription) -> None: ...

    async def mark_workspace_broken(
        self, platform: Platform, workspace: str, reason: str, at: datetime
    ) -> Sequence[Subscription]:
        return []

    async def mend_workspace(self, platform: Platform, workspace: str) -> None: ...


class FakeFollowings:
    """Nobody follows a pattern."""

    async def follow(self, terms: FollowingTerms, at: datetime) -> tuple[Following, bool]:
        return Following(id=1, terms=terms, created_at=at), True

    async def unfollow(self, channel: Channel, pattern: RepoPattern | None) -> Sequence[Following]:
        return []

    async def exclude(self, channel: Channel, repo: Repo) -> Sequence[Following]:
        return []

    async def expand(
        self, following: Following, repos: Collection[Repo], at: datetime, *, error: str = ""
    ) -> Expansion | None:
        return None

    async def note_error(self, following: Following, error: str, at: datetime) -> None: ...

    async def of_channel(self, channel: Channel) -> Sequence[Following]:
        return []

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Following]:
        return []

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Following | None:
        return None

    async def unchecked(self, since: datetime, limit: int, *, number: int | None = None) -> Sequence[Following]:
        return []

    async def pause(self, following: Following, *, until: datetime | None, at: datetime) -> None: ...

    async def resume(self, following: Following, at: datetime) -> None: ...


class FakeFeedback:
    def __init__(self) -> None:
        self.given: list[Feedback] = []

    async def give(self, feedback: Feedback, at: datetime) -> None:
        self.given.insert(0, feedback)

    async def of(self, platform: Platform, workspace: str, user: str, repo: Repo, sha: str) -> Verdict | None:
        said = (one for one in self.given if (one.user, one.repo, one.sha) == (user, repo, sha))
        return next((one.verdict for one in said if one.channel.workspace == workspace), None)

    async def in_channel(self, channel: Channel, limit: int) -> Sequence[Feedback]:
        return [one for one in self.given if one.channel == channel][:limit]


def service(
    *,
    source: CommitSource,
    analyst: Analyst,
    archive: Archive,
    now: Clock,
    subscriptions: Subscriptions | None = None,
    followings: Followings | None = None,
    ledger: Ledger | None = None,
    messengers: Mapping[Platform, Messenger] | None = None,
    model: LanguageModel | None = None,
    store: LeadStore | None = None,
    shelves: Shelves | None = None,
    corrections: Corrections | None = None,
    posts: Posts | None = None,
    feedback: FeedbackStore | None = None,
    access: Access = OPEN,
    open_to_all: Collection[Repo] = (),
    public_url: str = "",
    link_keys: Sequence[str] = (),
    learns_visibility: bool = False,
    meter: Meter = UNMETERED,
    queue: Queue | None = None,
) -> Service:
    """The product over an archive, with what is outside faked; `model` writes leads, translates and answers."""
    return assemble(
        stores=Stores(
            archive=archive,
            leads=store or FakeLeadStore(),
            shelves=shelves or cast("Shelves", None),
            subscriptions=subscriptions or FakeSubscriptions(),
            followings=followings or FakeFollowings(),
            ledger=ledger or cast("Ledger", None),
            corrections=corrections or FakeCorrections(),
            posts=posts or FakePosts(),
            feedback=feedback or FakeFeedback(),
        ),
        source=source,
        analyst=analyst,
        model=model,
        memory=None,
        messengers=messengers or {},
        instructions=Instructions(translation="translate", lead="lead", question="answer"),
        defaults=Defaults(repo=REPO, zone=ZoneInfo("Asia/Shanghai")),
        access=access,
        open_to_all=open_to_all,
        public_url=public_url,
        signing=SignedLinks(link_keys, now=now),
        learns_visibility=learns_visibility,
        now=now,
        meter=meter,
        queue=queue,
    )


class FakeMessenger:
    """A platform that keeps what it accepts, also when its answer gets lost."""

    def __init__(self) -> None:
        self.posted: list[tuple[Channel, Reply, str]] = []
        #: In which threads, by the order of `posted`.
        self.threads: list[str | None] = []
        #: What was put in the place of an earlier message: by its id, in the order of arrival.
        self.updated: list[tuple[Channel, str, Reply, str]] = []
        #: What single people were told and sent, by their id.
        self.told: list[tuple[str, Reply]] = []
        self.sent: list[tuple[str, Attachment]] = []
        #: Who is in the channels, and in which time zones.
        self.members: set[str] = set()
        self.zones: dict[str, ZoneInfo] = {}
        #: Raised instead of accepting.
        self.refuses: BotError | None = None
        #: Raised after accepting.
        self.breaks: Exception | None = None
        self.unreadable: BotError | None = None
        #: From when on messages were looked for.
        self.looked_since: list[datetime] = []

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        if self.refuses:
            raise self.refuses
        self.posted.append((channel, reply, key))
        self.threads.append(thread)
        if self.breaks:
            raise self.breaks
        return f"message {len(self.posted)}"

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        if self.refuses:
            raise self.refuses
        self.updated.append((channel, message, reply, key))
        if self.breaks:
            raise self.breaks

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        self.told.append((user, reply))

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        self.sent.append((user, attachment))

    async def check(self, channel: Channel, user: str = "") -> None:
        if self.refuses:
            raise self.refuses

    def is_direct(self, channel: Channel) -> bool:
        return channel.id.startswith("D")

    async def admits(self, channel: Channel, user: str) -> bool:
        return user in self.members

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        return self.zones.get(user)

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        self.looked_since.append(since)
        if self.unreadable:
            raise self.unreadable
        keys = [posted for where, _, posted in self.posted if where == channel]
        return f"message {keys.index(key) + 1}" if key in keys else None


_source: type[CommitSource] = FakeSource
_analyst: type[Analyst] = FakeAnalyst
_messenger: type[Messenger] = FakeMessenger
_model_memory: type[ModelMemory] = FakeModelMemory
_model: type[LanguageModel] = FakeLanguageModel
_lead_store: type[LeadStore] = FakeLeadStore
_corrections: type[Corrections] = FakeCorrections
_posts: type[Posts] = FakePosts
_feedback: type[FeedbackStore] = FakeFeedback
_subscriptions: type[Subscriptions] = FakeSubscriptions
_followings: type[Followings] = FakeFollowings
