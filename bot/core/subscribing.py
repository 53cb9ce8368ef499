"""Answers what people want to change or know about what a channel gets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from bot.core.asker import Access, Asker
from bot.core.commands import (
    Elsewhere,
    OpenSettings,
    PauseDigests,
    ResumeDigests,
    SendNow,
    ShowDigest,
    ShowHome,
    Subscribe,
)
from bot.core.days import Day
from bot.core.errors import NotFound
from bot.core.language import _, joined, spoken
from bot.core.model import Repo
from bot.core.ports import Clock, CommitSource, FeedbackStore, Ledger, Messenger, ModelMemory, Subscriptions
from bot.core.ranges import DayRange
from bot.core.replies import Home, ListedSubscription, Notice, Offer, SettingsForm, Spent, SubscriptionList
from bot.core.schedule import missed_since, next_delivery
from bot.core.subscriptions import EVERY_DAY, Channel, Pause, Platform, Run, Selection, Subscription, SubscriptionTerms

DEFAULT_HOUR: Final = time(9, 0)
#: Of a channel's feedback, what its status shows.
FEEDBACK_SHOWN: Final = 50

log = structlog.get_logger()


class Subscribing:
    def __init__(
        self,
        *,
        source: CommitSource,
        subscriptions: Subscriptions,
        ledger: Ledger,
        feedback: FeedbackStore,
        messengers: Mapping[Platform, Messenger],
        access: Access,
        now: Clock,
        default_repo: Repo,
        default_zone: ZoneInfo,
        memory: ModelMemory | None = None,
    ) -> None:
        """`memory` tells what the language model costs; None where there is none."""
        self._source = source
        self._subscriptions = subscriptions
        self._ledger = ledger
        self._feedback = feedback
        self._messengers = messengers
        self._access = access
        self._now = now
        self._default_repo = default_repo
        self._default_zone = default_zone
        self._memory = memory

    # Beginning, changing, ending

    async def subscribe(self, command: Subscribe, asker: Asker) -> Notice:
        repo = command.repo or self._default_repo
        self._access.check(repo, asker.channel)
        # What would fail tomorrow at nine is better known now.
        await self._messengers[asker.channel.platform].check(asker.channel, asker.user)
        await self._source.list(repo, Day.containing(self._now(), self._default_zone).window())
        terms = await self.terms(replace(command, repo=repo), asker)
        subscription, is_new = await self._subscriptions.subscribe(terms, self._now())
        log.info("subscription.created" if is_new else "subscription.changed", repo=str(repo), id=subscription.id)
        return Notice(text=self._told(subscription, is_new=is_new), example=f"unsubscribe {repo}")

    async def terms(self, command: Subscribe, asker: Asker) -> SubscriptionTerms:
        """What the command makes of the present terms, or of those that a new subscription begins with."""
        repo = command.repo or self._default_repo
        present = await self._find(repo, asker.channel)
        before = present.terms if present else await self._first_terms(repo, asker)
        given = {
            "at": command.at,
            "zone": command.zone,
            "language": command.language,
            "days": command.days,
            "quiet": command.quiet,
            "in_thread": command.in_thread,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        return replace(before, subscriber=asker.user, selection=_selection(command, before.selection), **changes)

    async def _first_terms(self, repo: Repo, asker: Asker) -> SubscriptionTerms:
        """09:00 in the zone of who subscribes, in the language spoken, everything, every day."""
        return SubscriptionTerms(
            channel=asker.channel,
            repo=repo,
            at=DEFAULT_HOUR,
            zone=asker.zone or await self._zone_of(asker) or self._default_zone,
            subscriber=asker.user,
            language=spoken(),
        )

    async def _zone_of(self, asker: Asker) -> ZoneInfo | None:
        return await self._messengers[asker.channel.platform].zone(asker.channel, asker.user) if asker.user else None

    def _told(self, subscription: Subscription, *, is_new: bool) -> str:
        terms = subscription.terms
        next_at = next_delivery(subscription, self._now())
        facts: dict[str, object] = {"repo": terms.repo, "time": f"{terms.at:%H:%M}", "zone": terms.zone.key}
        if next_at is None:
            return _("This channel's digests of {repo} are changed, and paused.", **facts)
        facts["next"] = next_at.astimezone(terms.zone).date()
        if terms.days != EVERY_DAY:
            return _(
                "This channel gets the digest of {repo} on the days chosen, at {time} ({zone}), next on {next}. "
                "Each digest is about the days since the one before.",
                **facts,
            )
        if is_new:
            text = _(
                "This channel now gets the digest of {repo} every day at {time} ({zone}), next on {next}.", **facts
            )
        else:
            text = _(
                "This channel still gets the digest of {repo} every day at {time} ({zone}), next on {next}.", **facts
            )
        return _("{text} Each digest is about the day before.", text=text)

    async def unsubscribe(self, repo: Repo | None, asker: Asker) -> Notice:
        ended = await self._subscriptions.unsubscribe(asker.channel, repo)
        if not ended:
            if repo is None:
                return Notice(text=_("This channel is not subscribed to anything."), example="list")
            return Notice(
                text=_("This channel is not subscribed to {repo}.", repo=repo),
                example=await self._of_other_branches(repo, asker) or "list",
            )
        names = joined(str(subscription.terms.repo) for subscription in ended)
        log.info("subscription.ended", repos=names, by=asker.user)
        text = _("This channel gets no more digests of {repos}.", repos=names)
        return Notice(text=text, example=f"subscribe {ended[0].terms.repo}")

    async def _of_other_branches(self, repo: Repo, asker: Asker) -> str:
        """How to end what the channel follows of the same repository, if that is one thing."""
        subscribed = await self._subscriptions.of_channel(asker.channel)
        others = [each.terms.repo for each in subscribed if each.terms.repo.whole == repo.whole]
        return f"unsubscribe {others[0]}" if len(others) == 1 else ""

    # Pausing

    async def pause(self, command: PauseDigests, asker: Asker) -> Notice:
        chosen = await self._chosen(command.repo, asker)
        today = Day.containing(self._now(), chosen[0].terms.zone).date
        if command.until is not None and command.until < today:
            return Notice(text=_("{day} is over.", day=command.until), example=f"snooze {chosen[0].terms.repo} 7d")
        paused = [await self._paused(subscription, command) for subscription in chosen]
        names = joined(str(subscription.terms.repo) for subscription in chosen)
        resume = f"resume {chosen[0].terms.repo}"
        until = {pause.until for pause in paused}
        if None in until:
            text = _("This channel gets no digests of {repos} until somebody resumes them.", repos=names)
            return Notice(text=text, example=resume)
        zone = chosen[0].terms.zone
        day = max(instant for instant in until if instant is not None).astimezone(zone).date()
        text = _(
            "This channel gets no digests of {repos} before {day}. The first one after that tells what was missed.",
            repos=names,
            day=day,
        )
        return Notice(text=text, example=resume)

    async def _paused(self, subscription: Subscription, command: PauseDigests) -> Pause:
        """A pause that is under way goes on, so that what it has kept back is told at its end."""
        now = self._now()
        current = subscription.pause
        since = current.since if current is not None and now in current else now
        pause = Pause(since=since, until=_until(command, subscription.terms.zone, now))
        await self._subscriptions.set_pause(subscription, pause)
        log.info("subscription.paused", id=subscription.id, until=str(pause.until))
        return pause

    async def resume(self, command: ResumeDigests, asker: Asker) -> Notice:
        """Ends pauses, and tries broken ones again, whose channel has to be in order for that."""
        chosen = await self._chosen(command.repo, asker)
        if any(subscription.broken for subscription in chosen):
            await self._messengers[asker.channel.platform].check(asker.channel)
        offers: list[Offer] = []
        for subscription in chosen:
            offers += await self._resumed(subscription)
        names = joined(str(subscription.terms.repo) for subscription in chosen)
        text = _("This channel gets digests of {repos} again. The next one tells what was missed.", repos=names)
        return Notice(text=text, example="status", offers=tuple(offers))

    async def _resumed(self, subscription: Subscription) -> Sequence[Offer]:
        now = self._now()
        if subscription.broken:
            await self._subscriptions.mark_broken(subscription, "")
        pause = subscription.pause
        if pause is None or now not in pause:
            return ()
        ended = replace(subscription, pause=replace(pause, until=now))
        await self._subscriptions.set_pause(subscription, ended.pause)
        log.info("subscription.resumed", id=subscription.id)
        first = missed_since(ended, now)
        if first is None:
            return ()
        yesterday = Day.containing(now, subscription.terms.zone).plus(-1)
        when = first if first == yesterday else DayRange(first=first, last=yesterday)
        return (Offer(label=_("What I missed"), question=ShowDigest(repo=subscription.terms.repo, when=when)),)

    # Sending what failed

    async def send_now(self, command: SendNow, asker: Asker) -> Notice:
        (subscription, *_others) = await self._chosen(command.repo, asker)
        now = self._now()
        if subscription.broken:  # else nothing would come of it
            await self._messengers[asker.channel.platform].check(asker.channel)
            await self._subscriptions.mark_broken(subscription, "")
        yesterday = Day.containing(now, subscription.terms.zone).plus(-1).date
        day = command.day or await self._last_day(subscription) or yesterday
        if day > yesterday:
            return Notice(text=_("{day} is not over yet.", day=day), example="today")
        missing = await self._ledger.again(subscription, day, now) or await self._ledger.schedule(
            subscription, day, day, now
        )
        if not missing:
            return Notice(
                text=_("The digest of {day} has been delivered, or is on its way.", day=day), example=f"{day}"
            )
        return Notice(text=_("The digest of {day} comes in a moment.", day=day))

    async def _last_day(self, subscription: Subscription) -> date | None:
        run = (await self._ledger.runs([subscription])).get(subscription.id)
        return run.day if run else None

    # Telling

    async def listed(self, asker: Asker) -> SubscriptionList:
        subscriptions = await self._subscriptions.of_channel(asker.channel)
        return SubscriptionList(
            subscriptions=await self._with_runs(subscriptions),
            spent=await self._spent(),
            feedback=tuple(await self._feedback.in_channel(asker.channel, FEEDBACK_SHOWN)),
        )

    async def home(self, command: ShowHome, asker: Asker) -> Home:
        channel = asker.channel
        everywhere = await self._subscriptions.of_workspace(channel.platform, channel.workspace)
        subscriptions = [each for each in everywhere if self._may_see(each, asker)]
        shown = await self._with_runs(subscriptions)
        return Home(subscriptions=shown, default_repo=self._default_repo, page=command.page)

    async def form(self, command: OpenSettings, asker: Asker) -> SettingsForm:
        """Of the one named, else of the channel's only one, else of a new one."""
        subscribed = await self._subscriptions.of_channel(asker.channel)
        present = [each for each in subscribed if command.repo in {None, each.terms.repo}]
        if len(present) == 1:
            (one,) = present
            is_resting = bool(one.broken) or (one.pause is not None and self._now() in one.pause)
            return SettingsForm(terms=one.terms, subscription=one.id, is_resting=is_resting)
        return SettingsForm(terms=await self._first_terms(command.repo or self._default_repo, asker))

    async def elsewhere(self, command: Elsewhere, asker: Asker) -> tuple[Subscription, Asker]:
        """The subscription, and who asks as if in its channel.

        Raises NotFound for one of another workspace, and for one that this person has no say in.
        """
        channel = asker.channel
        subscription = await self._subscriptions.by_id(channel.platform, channel.workspace, command.subscription)
        if subscription is None or not await self._has_a_say(subscription, asker):
            raise NotFound(_("There is no such subscription any more, or you are not in its channel."))
        return subscription, replace(asker, channel=subscription.terms.channel)

    def _may_see(self, subscription: Subscription, asker: Asker) -> bool:
        """A direct conversation is its own person's alone."""
        channel = subscription.terms.channel
        return asker.user == subscription.terms.subscriber or not self._messengers[channel.platform].is_direct(channel)

    async def _has_a_say(self, subscription: Subscription, asker: Asker) -> bool:
        channel = subscription.terms.channel
        if asker.channel == channel or asker.user == subscription.terms.subscriber:
            return True
        return await self._messengers[channel.platform].admits(channel, asker.user)

    async def _with_runs(self, subscriptions: Sequence[Subscription]) -> tuple[ListedSubscription, ...]:
        now = self._now()
        runs: Mapping[int, Run] = await self._ledger.runs(subscriptions) if subscriptions else {}
        return tuple(
            ListedSubscription(
                subscription=subscription, next_at=next_delivery(subscription, now), last=runs.get(subscription.id)
            )
            for subscription in subscriptions
        )

    async def _spent(self) -> Spent | None:
        if self._memory is None:
            return None
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        spent = await self._memory.spent(midnight)
        return Spent(tokens=spent.tokens, price=spent.price or None)

    async def _chosen(self, repo: Repo | None, asker: Asker) -> Sequence[Subscription]:
        """The channel's subscription of the repository, or all of them; at least one. Raises NotFound."""
        subscribed = await self._subscriptions.of_channel(asker.channel)
        chosen = [each for each in subscribed if repo in {None, each.terms.repo}]
        if not chosen and repo is not None:
            raise NotFound(_("This channel is not subscribed to {repo}.", repo=repo))
        if not chosen:
            raise NotFound(_("This channel is not subscribed to anything."))
        return chosen

    async def _find(self, repo: Repo, channel: Channel) -> Subscription | None:
        subscribed = await self._subscriptions.of_channel(channel)
        return next((each for each in subscribed if each.terms.repo == repo), None)


def _selection(command: Subscribe, before: Selection) -> Selection:
    given = {
        "minimum": command.minimum,
        "paths": command.paths,
        "not_paths": command.not_paths,
        "authors": command.authors,
        "not_authors": command.not_authors,
        "no_bots": command.no_bots,
    }
    return replace(before, **{name: value for name, value in given.items() if value is not None})


def _until(command: PauseDigests, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The instant (UTC) at which the first day after the pause begins there."""
    today = Day.containing(now, zone)
    if command.days is not None:
        return today.plus(command.days).window().since
    if command.until is not None:
        return Day(date=command.until, zone=zone).window().until
    return None
