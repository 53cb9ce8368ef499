"""Answers what people want to read: days, commits, reports, what stands in stored analyses."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from bot.core.asker import Access, Asker
from bot.core.commands import (
    DeepenCommit,
    GiveFeedback,
    MakeReport,
    Retry,
    Search,
    ShowCommit,
    ShowDigest,
    ShowIndex,
    When,
)
from bot.core.composing import Composing
from bot.core.days import Day
from bot.core.digests import Digests, Observer
from bot.core.errors import NotFound, NotUnderstood
from bot.core.language import _, spoken
from bot.core.model import Digest, Repo
from bot.core.ports import Archive, Clock, CommitSource, FeedbackStore, Subscriptions
from bot.core.ranges import Span, resolve
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    FeedbackForm,
    Framing,
    Notice,
    RangeView,
    Reply,
    Report,
    SearchResults,
)
from bot.core.subscriptions import EVERYTHING, Feedback, Selection, Subscription, Verdict
from bot.core.understanding import Understanding

#: Commits that one search shows.
HITS_SHOWN: Final = 20
#: Words that one search looks for.
WORDS_MAX: Final = 8
#: Characters of what somebody says of an analysis.
REASON_MAX: Final = 1_000
#: Commits that are looked up at once. More of them would only hold each other up, and the windows of those who have
#: just clicked.
OPENED_AT_ONCE: Final = 4
_WHOLE_SHA: Final = 40
#: Days whose order is kept in memory, so that turning from commit to commit asks little of the database.
ORDERS_KEPT: Final = 64


class Reading:
    def __init__(
        self,
        *,
        digests: Digests,
        composing: Composing,
        understanding: Understanding,
        source: CommitSource,
        archive: Archive,
        subscriptions: Subscriptions,
        feedback: FeedbackStore,
        access: Access,
        now: Clock,
        default_repo: Repo,
        default_zone: ZoneInfo,
    ) -> None:
        self._digests = digests
        self._composing = composing
        self._understanding = understanding
        self._source = source
        self._archive = archive
        self._subscriptions = subscriptions
        self._feedback = feedback
        self._access = access
        self._now = now
        self._default_repo = default_repo
        self._default_zone = default_zone
        self._opening = asyncio.Semaphore(OPENED_AT_ONCE)
        self._orders: dict[tuple[Repo, Day], Sequence[str]] = {}

    # Days

    async def digest(self, command: ShowDigest, asker: Asker, observer: Observer | None) -> Reply:
        repo = await self.repo(command.repo, asker)
        span = await self._span(command.when, repo, asker)
        subscription = await self._subscription(repo, asker)
        selection = subscription.terms.selection if subscription else EVERYTHING
        framing = Framing(is_private=True, is_subscribed=subscription is not None)
        view = await self._composing.of(repo, span, selection=selection, framing=framing, observer=observer)
        if not view.entries and not view.framing.left_out:
            return await self._outside_history(view) or view
        return view

    async def preview(self, repo: Repo, selection: Selection, zone: ZoneInfo, observer: Observer | None) -> Reply:
        """Yesterday as those would see it who subscribe so."""
        yesterday = Day.containing(self._now(), zone).plus(-1)
        framing = Framing(is_private=True, is_subscribed=True)
        span = Span(first=yesterday, last=yesterday)
        return await self._composing.of(repo, span, selection=selection, framing=framing, observer=observer)

    async def index(self, command: ShowIndex, asker: Asker, observer: Observer | None) -> Reply:
        self._access.check(command.repo, asker.channel)
        return CommitIndex(digest=await self._digests.of(command.repo, command.day, observer), page=command.page)

    async def retried(self, command: Retry, asker: Asker, observer: Observer | None) -> Reply:
        repo = await self.repo(command.repo, asker)
        span = await self._span(command.when, repo, asker)
        for day in span.days:
            await self._digests.retry(repo, day, observer)
            self._orders.pop((repo, day), None)
        return await self.digest(ShowDigest(when=command.when, repo=repo), asker, observer)

    async def report(self, command: MakeReport, asker: Asker, observer: Observer | None) -> Reply:
        repos = [await self.repo(repo, asker) for repo in command.repos] or [await self.repo(None, asker)]
        views = [
            await self._composing.of(repo, await self._span(command.when, repo, asker), observer=observer)
            for repo in dict.fromkeys(repos)
        ]
        return Report(views=tuple(views))

    async def _span(self, when: When, repo: Repo, asker: Asker) -> Span:
        """The days that are meant, in the zone of who asks. Raises NotUnderstood."""
        zone = when.zone if isinstance(when, Day) else asker.zone or await self._usual_zone(repo, asker)
        return resolve(when, Day.containing(self._now(), zone))

    async def _outside_history(self, view: DigestView | RangeView) -> Notice | None:
        """Why a day is empty, if the repository did not exist then. An ordinary quiet day is no such thing."""
        digest: Digest = view.digest if isinstance(view, DigestView) else view.digests[-1]
        history = await self._source.history(digest.repo)
        if history is None:
            return Notice(text=_("{repo} has no commits at all yet.", repo=digest.repo))
        first = Day.containing(history.first, digest.day.zone)
        if digest.day.date < first.date:
            text = _("{repo} began later: its first commit is of {day}.", repo=digest.repo, day=first)
            return Notice(text=text, example=f"{first.date}")
        return None

    # Commits

    async def commit(self, command: ShowCommit, asker: Asker) -> AnalysisView:
        async with self._opening:
            return await self._opened(command, asker)

    async def _opened(self, command: ShowCommit, asker: Asker) -> AnalysisView:
        repo = await self.repo(command.repo, asker)
        # A button names the whole SHA, and then there is nothing to look for.
        sha = command.sha if len(command.sha) == _WHOLE_SHA else await self._sha(repo, command.sha)
        entry = await self._understanding.entry(repo, sha, spoken())
        if entry is None:
            raise _not_in_a_digest(repo, sha)
        zone = command.day.zone if command.day else asker.zone or await self._usual_zone(repo, asker)
        channel = asker.channel
        view = AnalysisView(
            repo=repo,
            entry=entry,
            zone=zone,
            page=command.page,
            verdict=await self._feedback.of(channel.platform, channel.workspace, asker.user, repo, sha),
        )
        return replace(view, **await self._place(repo, sha, command.day)) if command.day else view

    async def deepened(self, command: DeepenCommit, asker: Asker) -> AnalysisView:
        repo = await self.repo(command.repo, asker)
        sha = await self._sha(repo, command.sha)
        await self._digests.read_again(repo, sha)
        await self._understanding.deepen(repo, sha)
        return await self.commit(ShowCommit(sha=sha, repo=repo, day=command.day), asker)

    async def feedback(self, command: GiveFeedback, asker: Asker) -> Reply:
        self._access.check(command.repo, asker.channel)
        if command.verdict is Verdict.DOWN and command.reason is None:
            return FeedbackForm(repo=command.repo, sha=command.sha)
        given = Feedback(
            channel=asker.channel,
            user=asker.user,
            repo=command.repo,
            sha=await self._sha(command.repo, command.sha),
            verdict=command.verdict,
            reason=(command.reason or "").strip()[:REASON_MAX],
        )
        await self._feedback.give(given, self._now())
        return Notice(text=_("Thank you. What you think of an analysis shows in the channel's status."))

    async def search(self, command: Search, asker: Asker) -> SearchResults:
        repo = await self.repo(command.repo, asker)
        words = command.words.split()[:WORDS_MAX]
        shas, total = await self._archive.search(repo, words, HITS_SHOWN)
        entries = await self._understanding.entries(repo, shas, spoken())
        return SearchResults(
            words=" ".join(words),
            repo=repo,
            zone=asker.zone or await self._usual_zone(repo, asker),
            entries=tuple(entries[sha] for sha in shas if sha in entries),
            total=total,
        )

    async def _sha(self, repo: Repo, prefix: str) -> str:
        """Of the one stored commit that begins so. Raises NotFound, NotUnderstood."""
        matching = await self._archive.matching(repo, prefix)
        if len(matching) > 1:
            text = _("Several commits begin with {sha}: give more digits.", sha=prefix)
            raise NotUnderstood(text, example=f"commit {matching[0]}")
        if not matching:
            raise _not_in_a_digest(repo, prefix)
        return matching[0]

    async def _place(self, repo: Repo, sha: str, day: Day) -> dict[str, object]:
        """Where the commit stands in the day's digest: the fields of AnalysisView that tell it."""
        order = await self._order(repo, day)
        if sha not in order:
            return {"day": day}
        at = order.index(sha)
        following = order[at + 1] if at + 1 < len(order) else None
        return {"day": day, "previous": order[at - 1] if at else None, "next": following}

    async def _order(self, repo: Repo, day: Day) -> Sequence[str]:
        key = (repo, day)
        if key not in self._orders:
            order = await self._digests.order(repo, day)
            if not order:
                return ()
            if len(self._orders) >= ORDERS_KEPT:
                del self._orders[next(iter(self._orders))]
            self._orders[key] = order
        return self._orders[key]

    # What is meant where nothing is said

    async def repo(self, named: Repo | None, asker: Asker) -> Repo:
        """The one named, else the channel's only subscription, else the configured default.

        Raises RepositoryNotFound for one that is not for this workspace.
        """
        repo = named or await self._usual_repo(asker)
        self._access.check(repo, asker.channel)
        return repo

    async def _usual_repo(self, asker: Asker) -> Repo:
        subscribed = await self._subscriptions.of_channel(asker.channel)
        return subscribed[0].terms.repo if len(subscribed) == 1 else self._default_repo

    async def _usual_zone(self, repo: Repo, asker: Asker) -> ZoneInfo:
        """The zone in which this channel gets the repository's digests, so that the command and the post agree."""
        subscription = await self._subscription(repo, asker)
        return subscription.terms.zone if subscription else self._default_zone

    async def _subscription(self, repo: Repo, asker: Asker) -> Subscription | None:
        subscribed = await self._subscriptions.of_channel(asker.channel)
        return next((each for each in subscribed if each.terms.repo == repo), None)


def _not_in_a_digest(repo: Repo, sha: str) -> NotFound:
    return NotFound(_("No commit {sha} of {repo} has been in a digest. Ask for its day first.", sha=sha, repo=repo))
