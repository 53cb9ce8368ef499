"""What the core needs from outside. Adapters implement these; nothing here knows how."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.days import Day, Window
from bot.core.jobs import Collect, Deliver
from bot.core.model import (
    Analysis,
    AnalystKind,
    Commit,
    CommitDiff,
    CommitRef,
    History,
    KnownCommit,
    Language,
    Lead,
    Relation,
    Repo,
    SealedDay,
)
from bot.core.patterns import RepoPattern
from bot.core.relations import Mention
from bot.core.replies import Reply
from bot.core.schedule import Plan
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
    Readers,
    Run,
    Subscription,
    SubscriptionTerms,
    Verdict,
)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayListing:
    #: Newest first, every one with `window.since <= committed_at < window.until`.
    commits: tuple[CommitRef, ...]
    #: The instant (UTC) up to which the source knows the repository: now, or a local clone's last fetch.
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchListing:
    """A branch from its newest commit backwards, or several branches, each commit once."""

    #: At least what was asked for, children before parents; there may be more.
    commits: tuple[CommitRef, ...]
    #: The newest commit of the branch; None in an empty repository. Where branches are named, the newest commit of each
    #: with its name, as `bot.core.branches.dump_tips` writes them.
    tip: str | None
    #: The tip that was known is not on the branch any more, so `commits` do not tell all that is new.
    rewritten: bool = False
    #: Commits that were on the branch at that tip and are not now, as far as the source can still tell.
    vanished: frozenset[str] = frozenset()
    #: As in DayListing.
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryInfo:
    """One line of the list of an owner's repositories."""

    repo: Repo
    is_fork: bool = False
    #: Nothing is written to it any more.
    is_archived: bool = False


class CommitSource(Protocol):
    """The commits of a repository's default branch, or of all branches that `repo.branches` names, each once.

    Every method raises RepositoryNotFound, SourceRefused or SourceUnavailable; empty means that there is nothing. Where
    branches are named, listing raises BranchNotFound if there is none, and TooManyBranches.
    """

    async def list(self, repo: Repo, window: Window) -> DayListing:
        """The commits whose committer instant lies in the window. An empty repository has none."""
        ...

    async def recent(self, repo: Repo, since: datetime, tip: str | None) -> BranchListing:
        """All commits since then, those dated in the future too, and, whatever their dates say, all that the branch has

        gained since its newest commit was `tip`. An empty repository has none.

        Several branches gain what is new on one of them, a new branch its commits too. They are rewritten if commits
        have vanished that were on one and are on none now, by a force push or because the branch was deleted.
        """
        ...

    def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """These commits whole, in any order, each as soon as it is there. Raises NotFound for one that is not there."""
        ...

    async def paths(self, repo: Repo, sha: str) -> frozenset[str]:
        """The paths of all files of the repository at that commit. Raises NotFound as well."""
        ...

    async def file(self, repo: Repo, sha: str, path: str) -> str | None:
        """The text of a file at that commit; None if there is no such file. Raises NotFound as well."""
        ...

    async def history(self, repo: Repo) -> History | None:
        """From when to when the repository has commits; None for an empty one."""
        ...

    async def is_public(self, repo: Repo) -> bool | None:
        """Whether everybody may read the repository at its host; None where that is not known."""
        ...

    async def repositories(self, owner: str) -> Sequence[RepositoryInfo]:
        """All repositories of an organisation or a user that this source serves, by name.

        One that was renamed has its new name only. Raises OwnerNotFound, TooManyRepositories.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TipMove:
    """What a digest's listing did to the tip of the branch, from which the next one tells what is new."""

    #: As it was stored when the day was listed.
    before: str | None
    #: The newest commit then; None if that was not looked at, which leaves the tip where it is.
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a language model."""

    #: What it is for: `analysis`, `translation`, `lead`; counted apart.
    purpose: str
    #: The same for every question of a purpose, so that hosts can cache it.
    instructions: str
    #: What strangers wrote is fenced in it as data.
    content: str
    #: JSON schema in strict mode's subset: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's answer: not yet validated, and never trusted."""

    #: The JSON object alone if there is one in the answer, else all of it.
    text: str
    #: As the host names it.
    model: str
    prompt_tokens: int
    completion_tokens: int
    #: US dollars; None where no price is known.
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """What a question has to reckon with."""

    #: Bytes of UTF-8 per token, on average; None until the host has counted some.
    bytes_per_token: float | None = None
    #: Of the day's budget, the share that is spent: 0 without a budget, 1 or more when nothing is left.
    budget_used: float = 0.0


class LanguageModel(Protocol):
    """Any host of a language model."""

    #: As it is configured.
    name: str

    async def state(self) -> ModelState: ...

    async def warm_up(self) -> None:
        """Loads what the first question needs. May be left out."""
        ...

    async def ask(self, question: Question, *, repair: tuple[str, str] | None = None) -> Completion:
        """The answer. `repair` is an earlier answer to the same question and what was wrong with it.

        Raises AnalystUnavailable (AnalystTimeout, AnalystRateLimited), AnalystRefused, AnswerCut, AnswerInvalid
        (declined, not from a model), QuestionTooLong, BudgetSpent.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One request to a model's host, answered or not."""

    at: datetime
    #: Of its question.
    purpose: str
    #: The host's base address, without credentials.
    endpoint: str
    model: str
    #: The form of answer that was asked for: json_schema, json_object, tool, text.
    rung: str
    #: As the host names it, else as it was asked for; empty for the host's own choice.
    service_tier: str
    #: By which the host knows it; empty if it said none.
    request_id: str
    seconds: float
    prompt_tokens: int = 0
    #: Those of `prompt_tokens` that the host had read before.
    cached_tokens: int = 0
    completion_tokens: int = 0
    #: US dollars; None where no price is known.
    price: float | None = None
    #: The class of what went wrong; empty for an answer.
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelTraits:
    """What has been learned of a model at a host."""

    #: The form of answer that it takes: json_schema, json_object, tool, text.
    rung: str
    #: Bytes of UTF-8 per token of prompt, on average; None until it has answered.
    bytes_per_token: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    #: Of prompts and answers.
    tokens: int
    #: US dollars of the calls whose price is known.
    price: float


class ModelMemory(Protocol):
    """What is worth keeping of a model's host from one process to the next."""

    async def recall(self, endpoint: str, model: str) -> ModelTraits | None: ...

    async def remember(self, endpoint: str, model: str, traits: ModelTraits, at: datetime) -> None: ...

    async def record(self, call: ModelCall) -> None: ...

    async def spent(self, since: datetime) -> Spending:
        """By all recorded calls from that instant on, whatever their model and purpose."""
        ...


class Analyst(Protocol):
    kind: AnalystKind

    async def prepare(self) -> None:
        """Loads what the first analysis needs, while commits are still being read. May be left out."""
        ...

    async def analyse(self, repo: Repo, diff: CommitDiff, *, deep: bool = False) -> Analysis:
        """`deep` asks for all parts whatever the commit's importance.

        Raises AnalystUnavailable, AnalystRefused, AnswerInvalid, BudgetSpent.
        """
        ...


class Archive(Protocol):
    """Commits, analyses and sealed days, each stored once.

    Commits, and what is known of each, belong to the whole repository; days and tips to the branches followed.
    """

    async def unknown(self, repo: Repo, shas: Collection[str]) -> set[str]:
        """Those of the commits that were never stored."""
        ...

    async def unread(self, repo: Repo, shas: Collection[str]) -> set[str]:
        """Those of the commits whose changes are not stored: they were never read, or are not kept any more."""
        ...

    async def save_commit(self, repo: Repo, diff: CommitDiff, first_seen_at: datetime) -> None:
        """Storing a known commit again changes nothing, but that its changes are kept again."""
        ...

    async def commits(self, repo: Repo, shas: Collection[str]) -> Mapping[str, Commit]:
        """The stored ones of these commits, by SHA."""
        ...

    async def diff(self, repo: Repo, sha: str) -> CommitDiff | None:
        """The stored commit with its changes; None also if those are not kept any more."""
        ...

    async def matching(self, repo: Repo, sha_prefix: str) -> Sequence[str]:
        """At most two stored SHAs that begin so."""
        ...

    async def search(
        self, repo: Repo, words: Collection[str], limit: int, *, skip: int = 0
    ) -> tuple[Sequence[str], int]:
        """The newest commits in whose facts or analyses all of the words stand, after `skip` others, and how many there

        are in all. Of a word that has no letter or digit nothing is asked; where none has, nothing is found. The last
        word, identifiers of several words and SHAs may go on. Capitals do not count, nor how an identifier joins its
        words. Without orphans.
        """
        ...

    async def save_analysis(self, repo: Repo, analysis: Analysis, requested: AnalystKind, at: datetime) -> None:
        """`requested` is whom we asked, which differs from who wrote it when rules stood in for the model.

        A translation is stored beside its original, a deep analysis beside a shorter one.
        """
        ...

    async def analyses(
        self, repo: Repo, shas: Collection[str], requested: AnalystKind, language: Language | None = None
    ) -> Mapping[str, Analysis]:
        """The stored analyses of these commits that need not be made again when `requested` is the analyst:

        whatever the model was asked for, and the rules' own only where rules are all there is. Newest wins, a deep one
        before others, a model's before one in which rules stood in. In `language` where it is stored in that, else in
        its own, which without `language` it always is.
        """
        ...

    async def seal(
        self, repo: Repo, day: Day, sealed: SealedDay, *, repeats: Collection[str] = (), tip: TipMove | None = None
    ) -> SealedDay:
        """Stores the day unless it is sealed, and returns what is stored: the first one wins.

        With it, in one transaction: what stands in another digest of the zone by now is left out; every commit, merge
        and one of `repeats` (commits that are not shown, because their change stands in a digest already) is noted as
        settled in this zone; and the tip moves, or is forgotten if it is not where it was when the day was listed.
        """
        ...

    async def sealed(self, repo: Repo, day: Day) -> SealedDay | None: ...

    async def sealed_dates(self, repo: Repo, zone: ZoneInfo) -> frozenset[date]:
        """All days that are sealed in the zone."""
        ...

    async def settled(self, repo: Repo, zone: ZoneInfo, shas: Collection[str]) -> Mapping[str, date]:
        """Those of the commits that some digest of the zone has dealt with, and in which day's."""
        ...

    async def tip(self, repo: Repo, zone: ZoneInfo) -> str | None:
        """The newest commit of the branch when a digest of the zone was last made from it."""
        ...

    async def first_seen(self, repo: Repo, shas: Collection[str]) -> Mapping[str, datetime]:
        """When the stored ones of these commits were stored."""
        ...

    async def dated_ahead(self, repo: Repo, window: Window) -> Sequence[CommitRef]:
        """Commits of the whole repository first seen within the window and dated later than that; without orphans."""
        ...

    async def mark_orphans(
        self, repo: Repo, since: datetime, on_branch: Collection[str], gone: Collection[str], at: datetime
    ) -> int:
        """After a force push: marks stored commits that are `gone`, and those made since then that are not `on_branch`;

        takes the mark off those that are on it. Returns how many are newly marked.
        """
        ...

    async def orphans(self, repo: Repo, zone: ZoneInfo) -> Sequence[str]:
        """Commits that stand in a digest of the zone, and that a force push took off the branch."""
        ...

    async def unrelated(self, repo: Repo, shas: Collection[str]) -> Sequence[str]:
        """Those of the commits that are stored, and whose relations were not looked for yet."""
        ...

    async def known(self, repo: Repo, shas: Collection[str]) -> Mapping[str, KnownCommit]:
        """The stored ones of these commits, as far as others refer to them."""
        ...

    async def named(self, repo: Repo, names: Collection[str]) -> Sequence[KnownCommit]:
        """The stored commits on the branch that answer to any of these names.

        A name is the target of a Mention, or `~` and a patch id.
        """
        ...

    async def naming(self, repo: Repo, names: Collection[str]) -> Mapping[str, Sequence[Mention]]:
        """The stored mentions of these very targets, by the SHA of the commit that makes them."""
        ...

    async def relations(self, repo: Repo, shas: Collection[str]) -> Sequence[Relation]:
        """Those in which one of the commits stands on either side."""
        ...

    async def save_relations(
        self, repo: Repo, found: Collection[Relation], said: Mapping[str, Sequence[Mention]]
    ) -> None:
        """Stores relations, and what commits (by SHA) mention; what is stored already stays."""
        ...

    async def related(self, repo: Repo, shas: Collection[str], at: datetime) -> None:
        """Notes that the relations of these commits have been looked for."""
        ...


class LeadStore(Protocol):
    """Leads of days that are over, once in each language."""

    async def save_lead(self, repo: Repo, day: Day, lead: Lead, at: datetime) -> None:
        """Replaces what there is in its language; an original also takes its translations away."""
        ...

    async def lead(self, repo: Repo, day: Day, language: Language) -> Lead | None: ...


class Subscriptions(Protocol):
    async def subscribe(self, terms: SubscriptionTerms, at: datetime) -> tuple[Subscription, bool]:
        """Creates the channel's subscription of the repository, or gives it new terms; and whether it is new.

        Subscribing again mends a broken one.
        """
        ...

    async def unsubscribe(self, channel: Channel, repo: Repo | None) -> Sequence[Subscription]:
        """Ends the subscription of the repository, or all of them; returns what was ended."""
        ...

    async def of_channel(self, channel: Channel) -> Sequence[Subscription]:
        """By repository."""
        ...

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Subscription]:
        """By channel and repository."""
        ...

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Subscription | None:
        """The workspace's subscription of that number; another workspace's is not found."""
        ...

    async def active(self) -> Sequence[Subscription]:
        """All that are not broken; paused ones are among them."""
        ...

    async def set_pause(self, subscription: Subscription, pause: Pause | None) -> None: ...

    async def mark_broken(self, subscription: Subscription, reason: str, at: datetime) -> bool:
        """Nothing is delivered any more, for this reason; since `at`, unless it was broken before. True if it is news.

        All that came with the same following break and mend together.
        """
        ...

    async def mend(self, subscription: Subscription) -> None: ...

    async def mark_workspace_broken(
        self, platform: Platform, workspace: str, reason: str, at: datetime
    ) -> Sequence[Subscription]:
        """The same for all of a workspace's; returns those for which the reason is a new one."""
        ...

    async def mend_workspace(self, platform: Platform, workspace: str) -> None: ...


class Followings(Protocol):
    """What stands for many repositories, and the subscriptions that it has brought."""

    async def follow(self, terms: FollowingTerms, at: datetime) -> tuple[Following, bool]:
        """Creates the channel's following of the pattern, or gives it and its subscriptions new terms; and whether it

        is new. As with a subscription, it mends a broken one.
        """
        ...

    async def unfollow(self, channel: Channel, pattern: RepoPattern | None) -> Sequence[Following]:
        """Ends the following of the pattern, or all of them, with their subscriptions; returns what was ended."""
        ...

    async def exclude(self, channel: Channel, repo: Repo) -> Sequence[Following]:
        """Leaves the repository out of all of the channel's followings that would bring it back; returns those."""
        ...

    async def expand(
        self, following: Following, repos: Collection[Repo], at: datetime, *, error: str = ""
    ) -> Expansion | None:
        """Makes the subscriptions those of exactly these repositories, on the present terms of the following.

        One that the channel has anyway stays as it is. None if there is no such following any more.
        """
        ...

    async def note_error(self, following: Following, error: str, at: datetime) -> None:
        """Its repositories were looked for in vain."""
        ...

    async def of_channel(self, channel: Channel) -> Sequence[Following]:
        """By pattern."""
        ...

    async def of_workspace(self, platform: Platform, workspace: str) -> Sequence[Following]:
        """By channel and pattern."""
        ...

    async def by_id(self, platform: Platform, workspace: str, number: int) -> Following | None:
        """The workspace's following of that number; another workspace's is not found."""
        ...

    async def unchecked(self, since: datetime, limit: int, *, number: int | None = None) -> Sequence[Following]:
        """Those that are not broken and whose repositories were not looked for since then, for the clock, the longest

        ago first; or that of the number, if it is one of them.
        """
        ...

    async def pause(self, following: Following, *, until: datetime | None, at: datetime) -> None:
        """Pauses it and all that it brings; what is paused at that instant stays paused since then."""
        ...

    async def resume(self, following: Following, at: datetime) -> None:
        """Ends the pauses, and mends it with all that it brings."""
        ...


class Planning(Protocol):
    """`bot.core.schedule.plan`."""

    def __call__(self, subscription: Subscription, told: date | None, now: datetime, *, was_foreseen: bool) -> Plan: ...


class Ledger(Protocol):
    """One row per (subscription, local day). Whoever holds the newest fence may write, nobody else."""

    async def schedule(self, subscription: Subscription, first_day: date, day: date, scheduled_at: datetime) -> bool:
        """Adds the row for the days from `first_day` to `day` unless there is one for `day`; True if this added it."""
        ...

    async def again(self, subscription: Subscription, day: date, now: datetime) -> bool:
        """Makes a row due now that ended without a message, as a person asked; False if there is none such.

        One that is uncertain is posted without looking for it, which whoever asks has done.
        """
        ...

    async def runs(self, subscriptions: Collection[Subscription]) -> Mapping[int, Run]:
        """The newest row of each, by the subscription's number."""
        ...

    async def look(self, now: datetime, limit: int, plan: Planning) -> int:
        """Adds what is due now for at most so many of the subscriptions that were to be looked at by now.

        Together with the rows, the jobs that make their digests are enqueued. Returns how many were looked at.
        """
        ...

    async def waiting(self, now: datetime) -> Sequence[Collect | Deliver]:
        """The jobs that move on what is due, or was left by a holder whose lease has run out."""
        ...

    async def readers(self, collect: Collect, now: datetime) -> Sequence[Readers]:
        """For whom the digests of these days have to be made, because they are due and were not prepared."""
        ...

    async def prepared(self, collect: Collect, now: datetime) -> Sequence[Deliver]:
        """Lets the rows of these days be claimed that are due now; returns the jobs that deliver them."""
        ...

    async def claim(self, deliver: Deliver, now: datetime, lease_until: datetime, limit: int) -> Sequence[Delivery]:
        """Takes the workspace's rows that are due and prepared, and those whose holder let the lease run out.

        Oldest first, and for active subscriptions only.
        """
        ...

    async def claim_unprepared(
        self, collect: Collect, language: Language, now: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Delivery]:
        """Takes rows of these days whose digests cannot be made in that language."""
        ...

    async def sending(self, delivery: Delivery, now: datetime, lease_until: datetime) -> bool:
        """Notes that the post begins now. False: somebody else holds the row, so do not post."""
        ...

    async def sent(self, delivery: Delivery, post: Post, at: datetime) -> bool:
        """Notes that it has arrived, and what the message is about."""
        ...

    async def retry(self, delivery: Delivery, error: str, due_at: datetime, *, refused: bool) -> bool:
        """Due again later. `refused`: the platform did not take the message, so nobody needs to look for it."""
        ...

    async def uncertain(self, delivery: Delivery, error: str) -> bool: ...

    async def failed(self, delivery: Delivery, error: str, *, breaks_at: datetime | None = None) -> bool:
        """`breaks_at`: it will never work again, so that the subscription is broken since then, for the same reason."""
        ...

    async def skipped(self, delivery: Delivery) -> bool:
        """A day with nothing to say, for a subscription that wants silence then."""
        ...


class Corrections(Protocol):
    """Posted digests that have to be posted over. Whoever holds the newest fence may write, nobody else."""

    async def mark(self, repo: Repo, shas: Collection[str], at: datetime) -> int:
        """That digests in which one of these commits stands are not true any more; returns how many were posted.

        Those of whatever branches are meant.

        One that is being posted at this moment is marked too, since it may have been made before.
        """
        ...

    async def are_due(self, now: datetime) -> bool:
        """Whether `claim` would take any."""
        ...

    async def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[Correction]:
        """Takes posted digests that are to be corrected now, of active subscriptions."""
        ...

    async def done(self, correction: Correction) -> bool:
        """It tells the truth again, unless it was marked once more meanwhile."""
        ...

    async def retry(self, correction: Correction, error: str, due_at: datetime) -> bool: ...

    async def give_up(self, correction: Correction, error: str) -> bool:
        """It stays as it is."""
        ...


class Posts(Protocol):
    """Digests that stand in channels, so that what is said in their threads is understood months later."""

    async def record(self, post: Post, at: datetime) -> None:
        """Recording the same message again replaces what was known of it."""
        ...

    async def find(self, channel: Channel, message: str) -> Post | None: ...

    async def newest(self, channel: Channel) -> str | None:
        """The message of the digest that was posted there last."""
        ...


class FeedbackStore(Protocol):
    async def give(self, feedback: Feedback, at: datetime) -> None:
        """Replaces what the same person said of the same commit before."""
        ...

    async def of(self, platform: Platform, workspace: str, user: str, repo: Repo, sha: str) -> Verdict | None: ...

    async def in_channel(self, channel: Channel, limit: int) -> Sequence[Feedback]:
        """Newest first."""
        ...


class Workspaces(Protocol):
    async def forget(self, platform: Platform, workspace: str) -> None:
        """Deletes everything that is stored of a workspace and its people."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to send."""

    #: With its ending: `ai-dynamo-dynamo-2026-01-21.md`.
    name: str
    title: str
    text: str


class Messenger(Protocol):
    """One chat platform, as far as the core needs it.

    Every method raises CredentialsRejected and PlatformUnavailable as well.
    """

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        """Posts the reply as one message that carries `key`, and returns the platform's id of the message.

        With `thread`, the id of a message, into its thread. Raises ChannelGone, MessageRejected, DeliveryUncertain.
        """
        ...

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        """Puts the reply in the place of the message that was posted with `key`; doing it twice changes nothing.

        Raises MessageGone, and what `post` raises.
        """
        ...

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        """Posts the reply to one person of the channel's workspace, for nobody else to see. Raises as `post` does."""
        ...

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        """Sends one person a file; into `channel` if that is theirs alone, else as a direct message."""
        ...

    async def check(self, channel: Channel, user: str = "") -> None:
        """Raises ChannelGone if the bot cannot post there, with what to do about it.

        `user` is who asks from there: a direct conversation has to be that person's with the bot.
        """
        ...

    def is_direct(self, channel: Channel) -> bool:
        """Whether it is a conversation of the bot with one person, which is nobody else's business."""
        ...

    async def admits(self, channel: Channel, user: str) -> bool:
        """Whether that person is in the channel, and so may decide what it gets; never for a direct one."""
        ...

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        """The time zone in the profile of a person of the channel's workspace; None if it is not known."""
        ...

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        """The id of the message posted with `key` since then.

        None if there is none, and also where the platform still makes no second message of the same key, so that
        posting it again is safe. Raises HistoryUnreadable.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a platform has sent us and nobody has dealt with yet."""

    id: int
    #: As it came, JSON; empty for what is not to be taken up.
    payload: str
    received_at: datetime


class Inbox(Protocol):
    """What platforms send us at least once, kept so that each is dealt with once, by one process, and none is lost."""

    async def receive(
        self, platform: Platform, keys: Collection[str], payload: str | None, at: datetime, *, lease_until: datetime
    ) -> Received | None:
        """Keeps it, unless something was received before under one of the keys; None then.

        Keys are of one platform; whoever gets it back has to deal with it, and to say `done`. Without a payload, its
        keys are remembered and nobody takes it up.
        """
        ...

    async def done(self, received: Received) -> None:
        """It is dealt with; its payload is deleted, its keys are remembered."""
        ...

    async def take(
        self, platform: Platform, now: datetime, lease_until: datetime, *, since: datetime, limit: int
    ) -> Sequence[Received]:
        """What was received since then, is not done, and whose lease is over: a process that ended left it behind.

        The oldest come first; nobody else gets them until `lease_until`. What was taken a few times in vain, perhaps
        because processes end of it, is left alone.
        """
        ...

    async def lease(self, numbers: Collection[int], until: datetime) -> None:
        """Until then, nobody else takes these, by their `id`."""
        ...
