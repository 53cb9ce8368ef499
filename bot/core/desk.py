"""Answers commands: whoever asks, on whichever platform, gets the same Reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from bot.core.commands import (
    Command,
    ListSubscriptions,
    RelativeDay,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    ShowIndex,
    Subscribe,
    Unsubscribe,
    When,
)
from bot.core.days import Day, next_occurrence
from bot.core.digests import Digests, Observer
from bot.core.errors import NotFound, NotUnderstood
from bot.core.model import Channel, Digest, Platform, Repo, Subscription, SubscriptionTerms
from bot.core.ports import Archive, Clock, CommitSource, Messenger, Subscriptions
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    Help,
    ListedSubscription,
    Notice,
    Reply,
    SubscriptionList,
)
from bot.core.understanding import Understanding

DEFAULT_HOUR: Final = time(9, 0)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, from where. All of it comes from a verified request, never from a button's value."""

    channel: Channel
    user: str
    #: The zone that the person asks in; None: the subscription's, else the configured one.
    zone: ZoneInfo | None = None


class Desk:
    def __init__(
        self,
        *,
        digests: Digests,
        understanding: Understanding,
        source: CommitSource,
        archive: Archive,
        subscriptions: Subscriptions,
        messengers: Mapping[Platform, Messenger],
        now: Clock,
        default_repo: Repo,
        default_zone: ZoneInfo,
    ) -> None:
        self._digests = digests
        self._understanding = understanding
        self._source = source
        self._archive = archive
        self._subscriptions = subscriptions
        self._messengers = messengers
        self._now = now
        self._default_repo = default_repo
        self._default_zone = default_zone

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        """The reply to a command. Raises BotError, whose text is for the person who asked."""
        match command:
            case ShowDigest(when=when, repo=repo):
                return await self._digest(when, repo, asker, observer)
            case ShowIndex(repo=repo, day=day, page=page):
                return CommitIndex(digest=await self._digests.of(repo, day, observer), page=page)
            case ShowCommit(sha=sha, repo=repo):
                return await self._commit(sha, repo, asker)
            case Subscribe():
                return await self._subscribe(command, asker)
            case Unsubscribe(repo=repo):
                return await self._unsubscribe(repo, asker)
            case ListSubscriptions():
                return await self._list(asker)
            case ShowHelp():
                return Help()

    async def _digest(self, when: When, named: Repo | None, asker: Asker, observer: Observer | None) -> Reply:
        repo = named or await self._usual_repo(asker)
        zone = asker.zone or await self._usual_zone(repo, asker)
        today = Day.containing(self._now(), zone)
        day = today.plus(when.value) if isinstance(when, RelativeDay) else Day(date=when, zone=zone)
        if day.date > today.date:
            raise NotUnderstood(f"{day} has not begun: there it is {today.date}.", example="yesterday")
        digest = await self._digests.of(repo, day, observer)
        if not digest.entries and (notice := await self._outside_history(digest)) is not None:
            return notice
        return DigestView(digest=digest)

    async def _outside_history(self, digest: Digest) -> Notice | None:
        """Why a day is empty, if the repository did not exist then. An ordinary quiet day is no such thing."""
        history = await self._source.history(digest.repo)
        if history is None:
            return Notice(text=f"{digest.repo} has no commits at all yet.")
        first = Day.containing(history.first, digest.day.zone)
        if digest.day.date < first.date:
            return Notice(text=f"{digest.repo} began later: its first commit is of {first}.", example=f"{first.date}")
        return None

    async def _commit(self, sha: str, named: Repo | None, asker: Asker) -> Reply:
        repo = named or await self._usual_repo(asker)
        matching = await self._archive.matching(repo, sha)
        if len(matching) > 1:
            raise NotUnderstood(f"Several commits begin with {sha}: give more digits.", example=f"commit {matching[0]}")
        entry = await self._understanding.entry(repo, matching[0]) if matching else None
        if entry is None:
            raise NotFound(f"No commit {sha} of {repo} has been in a digest. Ask for its day first.")
        return AnalysisView(repo=repo, entry=entry, zone=asker.zone or await self._usual_zone(repo, asker))

    async def _subscribe(self, command: Subscribe, asker: Asker) -> Reply:
        repo = command.repo or self._default_repo
        now = self._now()
        # What would fail tomorrow at nine is better known now.
        await self._messengers[asker.channel.platform].check(asker.channel)
        await self._source.list(repo, Day.containing(now, self._default_zone).window())
        known = {subscription.terms.repo: subscription.terms for subscription in await self._of(asker)}
        previous = known.get(repo)
        terms = SubscriptionTerms(
            channel=asker.channel,
            repo=repo,
            at=command.at or (previous.at if previous else DEFAULT_HOUR),
            zone=command.zone or (previous.zone if previous else asker.zone or self._default_zone),
            subscriber=asker.user,
        )
        subscription, is_new = await self._subscriptions.subscribe(terms, now)
        log.info("subscription.created" if is_new else "subscription.changed", repo=str(repo), id=subscription.id)
        next_at = next_occurrence(terms.at, terms.zone, now).astimezone(terms.zone)
        verb = "now gets" if is_new else "still gets"
        return Notice(
            text=f"This channel {verb} the digest of {repo} every day at {terms.at:%H:%M} ({terms.zone.key}), "
            f"next on {next_at:%Y-%m-%d}. Each digest is about the day before.",
            example=f"unsubscribe {repo}",
        )

    async def _unsubscribe(self, repo: Repo | None, asker: Asker) -> Reply:
        ended = await self._subscriptions.unsubscribe(asker.channel, repo)
        if not ended:
            what = f"to {repo}" if repo else "to anything"
            return Notice(text=f"This channel is not subscribed {what}.", example="list")
        names = ", ".join(str(subscription.terms.repo) for subscription in ended)
        log.info("subscription.ended", repos=names, by=asker.user)
        return Notice(text=f"This channel gets no more digests of {names}.", example=f"subscribe {ended[0].terms.repo}")

    async def _list(self, asker: Asker) -> Reply:
        now = self._now()
        return SubscriptionList(
            subscriptions=tuple(
                ListedSubscription(
                    subscription=subscription,
                    next_at=next_occurrence(subscription.terms.at, subscription.terms.zone, now),
                )
                for subscription in await self._of(asker)
            )
        )

    async def _usual_repo(self, asker: Asker) -> Repo:
        """The channel's only subscription, else the configured default."""
        subscribed = await self._of(asker)
        return subscribed[0].terms.repo if len(subscribed) == 1 else self._default_repo

    async def _usual_zone(self, repo: Repo, asker: Asker) -> ZoneInfo:
        """The zone in which this channel gets the repository's digests, so that the command and the post agree."""
        zones = [subscription.terms.zone for subscription in await self._of(asker) if subscription.terms.repo == repo]
        return zones[0] if zones else self._default_zone

    async def _of(self, asker: Asker) -> Sequence[Subscription]:
        return await self._subscriptions.of_channel(asker.channel)
