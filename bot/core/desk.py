"""Answers commands: whoever asks, on whichever platform, gets the same Reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from bot.core.commands import (
    Command,
    DeepenCommit,
    ListSubscriptions,
    Retry,
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
from bot.core.language import Language, _, joined, spoken
from bot.core.model import Channel, Digest, Platform, Repo, Subscription, SubscriptionTerms
from bot.core.ports import Archive, Clock, CommitSource, Messenger, Subscriptions
from bot.core.ranges import Span, resolve
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
    #: Chosen for this question; None: the channel's, else the configured one.
    language: Language | None = None


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
        default_language: Language = Language.EN,
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
        #: For those of whom nothing else is known.
        self.default_language = default_language

    async def language(self, asker: Asker) -> Language:
        """In which to answer: what was chosen, else the language of the channel's digests, else the configured one."""
        if asker.language is not None:
            return asker.language
        subscribed = await self._of(asker)
        return subscribed[0].terms.language if subscribed else self.default_language

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        """The reply to a command, in the language spoken: ask for `language` first, and draw the reply in it as well.

        Raises BotError, whose text is for the person who asked.
        """
        match command:
            case ShowDigest(when=when, repo=repo):
                return await self._digest(when, repo, asker, observer)
            case ShowIndex(repo=repo, day=day, page=page):
                return CommitIndex(digest=await self._digests.of(repo, day, observer), page=page)
            case ShowCommit(sha=sha, repo=repo):
                return await self._commit(sha, repo, asker)
            case DeepenCommit(sha=sha, repo=repo):
                return await self._deepened(sha, repo, asker)
            case Retry(when=when, repo=repo):
                return await self._retried(when, repo, asker, observer)
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
        span = await self._span(when, repo, asker)
        if len(span.days) > 1:
            view = await self._digests.of_range(repo, span, observer)
            empty = not any(digest.entries for digest in view.digests)
            return (await self._outside_history(view.digests[-1]) if empty else None) or view
        digest = await self._digests.of(repo, span.first, observer)
        if not digest.entries and (notice := await self._outside_history(digest)) is not None:
            return notice
        return DigestView(digest=digest)

    async def _span(self, when: When, repo: Repo, asker: Asker) -> Span:
        """The days that are meant, in the zone of who asks. Raises NotUnderstood."""
        zone = when.zone if isinstance(when, Day) else asker.zone or await self._usual_zone(repo, asker)
        return resolve(when, Day.containing(self._now(), zone))

    async def _retried(self, when: When, named: Repo | None, asker: Asker, observer: Observer | None) -> Reply:
        repo = named or await self._usual_repo(asker)
        span = await self._span(when, repo, asker)
        for day in span.days:
            await self._digests.retry(repo, day, observer)
        return await self._digest(when, repo, asker, observer)

    async def _outside_history(self, digest: Digest) -> Notice | None:
        """Why a day is empty, if the repository did not exist then. An ordinary quiet day is no such thing."""
        history = await self._source.history(digest.repo)
        if history is None:
            return Notice(text=_("{repo} has no commits at all yet.", repo=digest.repo))
        first = Day.containing(history.first, digest.day.zone)
        if digest.day.date < first.date:
            text = _("{repo} began later: its first commit is of {day}.", repo=digest.repo, day=first)
            return Notice(text=text, example=f"{first.date}")
        return None

    async def _deepened(self, sha: str, named: Repo | None, asker: Asker) -> Reply:
        repo = named or await self._usual_repo(asker)
        whole = await self._sha(repo, sha)
        await self._understanding.deepen(repo, whole)
        return await self._commit(whole, repo, asker)

    async def _sha(self, repo: Repo, prefix: str) -> str:
        """Of the one stored commit that begins so. Raises NotFound, NotUnderstood."""
        matching = await self._archive.matching(repo, prefix)
        if len(matching) > 1:
            text = _("Several commits begin with {sha}: give more digits.", sha=prefix)
            raise NotUnderstood(text, example=f"commit {matching[0]}")
        if not matching:
            raise NotFound(
                _("No commit {sha} of {repo} has been in a digest. Ask for its day first.", sha=prefix, repo=repo)
            )
        return matching[0]

    async def _commit(self, sha: str, named: Repo | None, asker: Asker) -> Reply:
        repo = named or await self._usual_repo(asker)
        entry = await self._understanding.entry(repo, await self._sha(repo, sha), spoken())
        if entry is None:
            raise NotFound
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
            language=command.language or (previous.language if previous else spoken()),
        )
        subscription, is_new = await self._subscriptions.subscribe(terms, now)
        log.info("subscription.created" if is_new else "subscription.changed", repo=str(repo), id=subscription.id)
        next_at = next_occurrence(terms.at, terms.zone, now).astimezone(terms.zone)
        facts = {"repo": repo, "time": f"{terms.at:%H:%M}", "zone": terms.zone.key, "next": next_at.date()}
        if is_new:
            text = _(
                "This channel now gets the digest of {repo} every day at {time} ({zone}), next on {next}.", **facts
            )
        else:
            text = _(
                "This channel still gets the digest of {repo} every day at {time} ({zone}), next on {next}.", **facts
            )
        about = _("{text} Each digest is about the day before.", text=text)
        return Notice(text=about, example=f"unsubscribe {repo}")

    async def _unsubscribe(self, repo: Repo | None, asker: Asker) -> Reply:
        ended = await self._subscriptions.unsubscribe(asker.channel, repo)
        if not ended:
            if repo is None:
                return Notice(text=_("This channel is not subscribed to anything."), example="list")
            return Notice(text=_("This channel is not subscribed to {repo}.", repo=repo), example="list")
        names = joined(str(subscription.terms.repo) for subscription in ended)
        log.info("subscription.ended", repos=names, by=asker.user)
        text = _("This channel gets no more digests of {repos}.", repos=names)
        return Notice(text=text, example=f"subscribe {ended[0].terms.repo}")

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
