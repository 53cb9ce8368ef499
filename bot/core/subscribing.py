"""Answers what people want to change or know about what a channel gets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final, overload
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
from bot.core.following import Follower
from bot.core.language import _, joined, ngettext, spoken
from bot.core.model import Repo
from bot.core.patterns import Followed, RepoPattern
from bot.core.ports import Clock, CommitSource, FeedbackStore, Followings, Ledger, Messenger, ModelMemory, Subscriptions
from bot.core.ranges import DayRange
from bot.core.replies import (
    Home,
    Listed,
    ListedFollowing,
    ListedSubscription,
    Notice,
    Offer,
    SettingsForm,
    Spent,
    SubscriptionList,
)
from bot.core.schedule import missed_since, next_delivery
from bot.core.subscriptions import (
    EVERY_DAY,
    Channel,
    Following,
    FollowingTerms,
    Pause,
    Platform,
    Run,
    Selection,
    Subscription,
    SubscriptionTerms,
)

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
        followings: Followings,
        follower: Follower,
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
        self._followings = followings
        self._follower = follower
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
        if isinstance(command.repo, RepoPattern):
            return await self._follow(command, command.repo, asker)
        repo = command.repo or self._default_repo
        self._access.check(repo, asker.channel)
        # What would fail tomorrow at nine is better known now.
        await self._messengers[asker.channel.platform].check(asker.channel, asker.user)
        await self._source.list(repo, Day.containing(self._now(), self._default_zone).window())
        terms = _changed(await self._repo_terms(repo, asker), command, asker)
        subscription, is_new = await self._subscriptions.subscribe(terms, self._now())
        log.info("subscription.created" if is_new else "subscription.changed", repo=str(repo), id=subscription.id)
        return Notice(text=self._told(subscription, is_new=is_new), example=f"unsubscribe {repo}")

    async def _follow(self, command: Subscribe, pattern: RepoPattern, asker: Asker) -> Notice:
        await self._messengers[asker.channel.platform].check(asker.channel, asker.user)
        terms = _changed(await self._pattern_terms(pattern, asker), command, asker)
        following, is_new, number = await self._follower.begin(terms)
        log.info(
            "following.created" if is_new else "following.changed", pattern=str(following.followed), id=following.id
        )
        return Notice(text=self._told_of(following, number), example=f"unsubscribe {following.followed}")

    async def preview(self, terms: FollowingTerms) -> Notice:
        """Which repositories somebody would follow so."""
        return Notice(text=await self._follower.preview(terms), example=f"subscribe {terms.pattern}")

    async def terms(self, command: Subscribe, asker: Asker) -> SubscriptionTerms | FollowingTerms:
        """What the command makes of the present terms, or of those that a new subscription begins with."""
        if isinstance(command.repo, RepoPattern):
            return _changed(await self._pattern_terms(command.repo, asker), command, asker)
        return _changed(await self._repo_terms(command.repo or self._default_repo, asker), command, asker)

    async def _repo_terms(self, repo: Repo, asker: Asker) -> SubscriptionTerms:
        subscribed = await self._subscriptions.of_channel(asker.channel)
        present = next((each.terms for each in subscribed if each.terms.repo == repo), None)
        return present or await self._first_terms(repo, asker)

    async def _pattern_terms(self, pattern: RepoPattern, asker: Asker) -> FollowingTerms:
        followed = await self._followings.of_channel(asker.channel)
        present = next((each.terms for each in followed if each.followed == pattern), None)
        return present or (await self._first_terms(self._default_repo, asker)).of_pattern(pattern)

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

    def _told_of(self, following: Following, number: int) -> str:
        terms = following.terms
        next_at = next_delivery(following, self._now())
        if next_at is None:
            return _("This channel's digests of {repo} are changed, and paused.", repo=terms.pattern)
        return _(
            "This channel follows {pattern}, at present {repositories}. Each has its own digest here after a day with "
            "commits, at {time} ({zone}), next on {next}. New ones join within an hour, but for forks.",
            pattern=terms.pattern,
            repositories=ngettext("{number} repository", "{number} repositories", number),
            time=f"{terms.at:%H:%M}",
            zone=terms.zone.key,
            next=next_at.astimezone(terms.zone).date(),
        )

    async def unsubscribe(self, followed: Followed | None, asker: Asker) -> Notice:
        ended = await self._ended(followed, asker.channel)
        left_out_of = await self._followings.exclude(asker.channel, followed) if isinstance(followed, Repo) else ()
        if not ended and not left_out_of:
            return await self._not_subscribed(followed, asker)
        names = joined(map(str, ended or (followed,)))
        log.info("subscription.ended", repos=names, by=asker.user)
        text = _("This channel gets no more digests of {repos}.", repos=names)
        if left_out_of:
            patterns = joined(str(following.followed) for following in left_out_of)
            text = _("{text} It is left out of {patterns} from now on.", text=text, patterns=patterns)
        return Notice(text=text, example=f"subscribe {(*ended, followed)[0]}")

    async def _ended(self, followed: Followed | None, channel: Channel) -> Sequence[Followed]:
        """Ends it, or everything; what a pattern had brought ends with that and is not told of."""
        ended: list[Followed] = []
        if not isinstance(followed, Repo):
            ended += [following.followed for following in await self._followings.unfollow(channel, followed)]
        if not isinstance(followed, RepoPattern):
            ended += [each.terms.repo for each in await self._subscriptions.unsubscribe(channel, followed)]
        return ended

    async def _not_subscribed(self, followed: Followed | None, asker: Asker) -> Notice:
        if followed is None:
            return Notice(text=_("This channel is not subscribed to anything."), example="list")
        others = await self._of_other_branches(followed, asker) if isinstance(followed, Repo) else ""
        return Notice(text=_("This channel is not subscribed to {repo}.", repo=followed), example=others or "list")

    async def _of_other_branches(self, repo: Repo, asker: Asker) -> str:
        """How to end what the channel follows of the same repository, if that is one thing."""
        subscribed = await self._subscriptions.of_channel(asker.channel)
        others = [each.terms.repo for each in subscribed if each.terms.repo.whole == repo.whole]
        return f"unsubscribe {others[0]}" if len(others) == 1 else ""

    # Pausing

    async def pause(self, command: PauseDigests, asker: Asker) -> Notice:
        chosen = await self._chosen(command.repo, asker)
        first = chosen[0].terms
        today = Day.containing(self._now(), first.zone).date
        if command.until is not None and command.until < today:
            return Notice(text=_("{day} is over.", day=command.until), example=f"snooze {first.followed} 7d")
        until = {await self._paused(each, command) for each in chosen}
        names = _names(chosen)
        resume = f"resume {first.followed}"
        if None in until:
            text = _("This channel gets no digests of {repos} until somebody resumes them.", repos=names)
            return Notice(text=text, example=resume)
        day = max(instant for instant in until if instant is not None).astimezone(first.zone).date()
        text = _(
            "This channel gets no digests of {repos} before {day}. The first one after that tells what was missed.",
            repos=names,
            day=day,
        )
        return Notice(text=text, example=resume)

    async def _paused(self, chosen: Subscription | Following, command: PauseDigests) -> datetime | None:
        """Until when; a pause that is under way goes on, so that what it has kept back is told at its end."""
        now = self._now()
        until = _until(command, chosen.terms.zone, now)
        if isinstance(chosen, Following):
            await self._followings.pause(chosen, until=until, at=now)
            log.info("following.paused", id=chosen.id, until=str(until))
            return until
        current = chosen.pause
        since = current.since if current is not None and now in current else now
        await self._subscriptions.set_pause(chosen, Pause(since=since, until=until))
        log.info("subscription.paused", id=chosen.id, until=str(until))
        return until

    async def resume(self, command: ResumeDigests, asker: Asker) -> Notice:
        """Ends pauses, and tries broken ones again, whose channel has to be in order for that."""
        chosen = await self._chosen(command.repo, asker)
        if any(each.broken for each in chosen):
            await self._messengers[asker.channel.platform].check(asker.channel)
        offers: list[Offer] = []
        for each in chosen:
            offers += await self._resumed(each)
        text = _(
            "This channel gets digests of {repos} again. The next one tells what was missed.", repos=_names(chosen)
        )
        return Notice(text=text, example="status", offers=tuple(offers))

    async def _resumed(self, chosen: Subscription | Following) -> Sequence[Offer]:
        """What was missed of many repositories is no answer to one question, and told by the next digest of each."""
        now = self._now()
        if isinstance(chosen, Following):
            await self._followings.resume(chosen, now)
            log.info("following.resumed", id=chosen.id)
            return ()
        if chosen.broken:
            await self._subscriptions.mend(chosen)
        pause = chosen.pause
        if pause is None or now not in pause:
            return ()
        ended = replace(chosen, pause=replace(pause, until=now))
        await self._subscriptions.set_pause(chosen, ended.pause)
        log.info("subscription.resumed", id=chosen.id)
        first = missed_since(ended, now)
        if first is None:
            return ()
        yesterday = Day.containing(now, chosen.terms.zone).plus(-1)
        when = first if first == yesterday else DayRange(first=first, last=yesterday)
        return (Offer(label=_("What I missed"), question=ShowDigest(repo=chosen.terms.repo, when=when)),)

    # Sending what failed

    async def send_now(self, command: SendNow, asker: Asker) -> Notice:
        subscription = await self._first_of(command.repo, asker)
        now = self._now()
        if subscription.broken:  # else nothing would come of it
            await self._messengers[asker.channel.platform].check(asker.channel)
            await self._subscriptions.mend(subscription)
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
        followings = await self._followings.of_channel(asker.channel)
        return SubscriptionList(
            subscriptions=await self._with_runs(subscriptions, followings),
            spent=await self._spent(),
            feedback=tuple(await self._feedback.in_channel(asker.channel, FEEDBACK_SHOWN)),
        )

    async def home(self, command: ShowHome, asker: Asker) -> Home:
        workspace = (asker.channel.platform, asker.channel.workspace)
        subscriptions = [
            each for each in await self._subscriptions.of_workspace(*workspace) if self._may_see(each, asker)
        ]
        followings = [each for each in await self._followings.of_workspace(*workspace) if self._may_see(each, asker)]
        shown = await self._with_runs(subscriptions, followings)
        return Home(subscriptions=shown, default_repo=self._default_repo, page=command.page)

    async def form(self, command: OpenSettings, asker: Asker) -> SettingsForm:
        """Of the one named, else of the channel's only one, else of a new one."""
        present = await self._matching(command.repo, asker)
        if len(present) == 1:
            (one,) = present
            is_resting = bool(one.broken) or (one.pause is not None and self._now() in one.pause)
            return SettingsForm(terms=one.terms, subscription=one.id, is_resting=is_resting)
        return SettingsForm(terms=await self.terms(Subscribe(repo=command.repo), asker))

    async def elsewhere(self, command: Elsewhere, asker: Asker) -> tuple[Followed, Asker]:
        """What it is about, and who asks as if in its channel.

        Raises NotFound for one of another workspace, and for one that this person has no say in.
        """
        channel = asker.channel
        known = self._followings if command.is_following else self._subscriptions
        about = await known.by_id(channel.platform, channel.workspace, command.subscription)
        if about is None or not await self._has_a_say(about, asker):
            raise NotFound(_("There is no such subscription any more, or you are not in its channel."))
        return about.terms.followed, replace(asker, channel=about.terms.channel)

    def _may_see(self, subscription: Subscription | Following, asker: Asker) -> bool:
        """A direct conversation is its own person's alone."""
        channel = subscription.terms.channel
        return asker.user == subscription.terms.subscriber or not self._messengers[channel.platform].is_direct(channel)

    async def _has_a_say(self, subscription: Subscription | Following, asker: Asker) -> bool:
        channel = subscription.terms.channel
        if asker.channel == channel or asker.user == subscription.terms.subscriber:
            return True
        return await self._messengers[channel.platform].admits(channel, asker.user)

    async def _with_runs(
        self, subscriptions: Sequence[Subscription], followings: Sequence[Following]
    ) -> tuple[Listed, ...]:
        """The followings, and the subscriptions that none of them has brought."""
        now = self._now()
        runs: Mapping[int, Run] = await self._ledger.runs(subscriptions) if subscriptions else {}
        listed = [
            ListedSubscription(subscription=each, next_at=next_delivery(each, now), last=runs.get(each.id))
            for each in subscriptions
        ]
        own = [each for each in listed if each.subscription.membership is None]
        return (*(_with_members(each, listed, now) for each in followings), *own)

    async def _spent(self) -> Spent | None:
        if self._memory is None:
            return None
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        spent = await self._memory.spent(midnight)
        return Spent(tokens=spent.tokens, price=spent.price or None)

    async def _chosen(self, followed: Followed | None, asker: Asker) -> Sequence[Subscription | Following]:
        """What the channel follows of it, or all that it follows; at least one. Raises NotFound."""
        chosen = await self._matching(followed, asker)
        if not chosen:
            raise _not_followed(followed)
        return chosen

    async def _matching(self, followed: Followed | None, asker: Asker) -> Sequence[Subscription | Following]:
        """Followings stand for all that they have brought, unless one of those is named."""
        subscribed = await self._subscriptions.of_channel(asker.channel)
        if isinstance(followed, Repo):
            return [each for each in subscribed if each.terms.repo == followed]
        own = [each for each in subscribed if each.membership is None and followed is None]
        followings = await self._followings.of_channel(asker.channel)
        return [*(each for each in followings if followed in {None, each.followed}), *own]

    async def _first_of(self, repo: Repo | None, asker: Asker) -> Subscription:
        """The channel's subscription of the repository, else its first one. Raises NotFound."""
        subscribed = await self._subscriptions.of_channel(asker.channel)
        chosen = next((each for each in subscribed if repo in {None, each.terms.repo}), None)
        if chosen is None:
            raise _not_followed(repo)
        return chosen


def _not_followed(followed: Followed | None) -> NotFound:
    if followed is None:
        return NotFound(_("This channel is not subscribed to anything."))
    return NotFound(_("This channel is not subscribed to {repo}.", repo=followed))


def _names(chosen: Sequence[Subscription | Following]) -> str:
    return joined(str(each.terms.followed) for each in chosen)


def _with_members(following: Following, listed: Sequence[ListedSubscription], now: datetime) -> ListedFollowing:
    members = [
        each for each in listed if (belonging := each.subscription.membership) and belonging.following == following.id
    ]
    missed = [(each.last.day, each) for each in members if each.last is not None and each.last.was_missed]
    missed.sort(key=lambda pair: pair[0], reverse=True)
    return ListedFollowing(
        following=following,
        repositories=len(members),
        next_at=next_delivery(following, now),
        missed=tuple(each for _day, each in missed),
    )


@overload
def _changed(before: SubscriptionTerms, command: Subscribe, asker: Asker) -> SubscriptionTerms: ...
@overload
def _changed(before: FollowingTerms, command: Subscribe, asker: Asker) -> FollowingTerms: ...
def _changed(
    before: SubscriptionTerms | FollowingTerms, command: Subscribe, asker: Asker
) -> SubscriptionTerms | FollowingTerms:
    """What is given changes, the rest stays."""
    given = {
        "at": command.at,
        "zone": command.zone,
        "language": command.language,
        "days": command.days,
        "quiet": command.quiet,
        "in_thread": command.in_thread,
        **({"excluded": command.excluded} if isinstance(before, FollowingTerms) else {}),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return replace(before, subscriber=asker.user, selection=_selection(command, before.selection), **changes)


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
