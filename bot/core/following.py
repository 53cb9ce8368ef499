"""Follows all of an owner's repositories that a pattern names, also those that come later."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.asker import Access
from bot.core.errors import BotError, RepositoryNotFound, TooManyRepositories
from bot.core.language import _, joined, speaking
from bot.core.model import Repo
from bot.core.ports import Clock, CommitSource, Followings, RepositoryInfo, Subscriptions
from bot.core.subscriptions import Channel, Expansion, Following, FollowingTerms

#: Repositories that one pattern may bring into a channel.
REPOSITORIES_MAX: Final = 200
#: How often a following's repositories are looked for.
LOOK_EVERY: Final = timedelta(hours=1)
#: Followings that one tick asks to look at.
LOOKED_AT_ONCE: Final = 100
#: For how long one list of an owner's repositories serves everybody, and of how many owners.
LISTED_FOR: Final = timedelta(minutes=10)
_OWNERS_REMEMBERED: Final = 100
#: Names that a sentence has room for.
_NAMED: Final = 10

log = structlog.get_logger()


class Follower:
    """Each repository gets an ordinary subscription, so that everything else knows only those."""

    def __init__(
        self,
        *,
        source: CommitSource,
        followings: Followings,
        subscriptions: Subscriptions,
        access: Access,
        now: Clock,
    ) -> None:
        self._followings = followings
        self._subscriptions = subscriptions
        self._access = access
        self._now = now
        self._owners = _Owners(source, now)

    async def matching(self, terms: FollowingTerms) -> Sequence[Repo]:
        """The repositories that match at present and that the channel's workspace may see, by name.

        Forks repeat what others have done, and archived ones do nothing any more: who wants one of those names it.
        Raises OwnerNotFound, SourceRefused, SourceUnavailable, TooManyRepositories.
        """
        listed = await self._owners.repositories(terms.pattern.owner)
        return [
            info.repo
            for info in listed
            if not (info.is_fork or info.is_archived) and terms.cover(info.repo) and self._admits(info.repo, terms)
        ]

    def _admits(self, repo: Repo, terms: FollowingTerms) -> bool:
        try:
            self._access.check(repo, terms.channel)
        except RepositoryNotFound:
            return False
        return True

    async def begin(self, terms: FollowingTerms) -> tuple[Following, bool, int]:
        """Follows them from now on, or on other terms; whether that is new, and how many they are.

        Raises as `matching` does, RepositoryNotFound for none, and TooManyRepositories for more than can be followed.
        """
        found = await self.matching(terms)
        if not found:
            raise RepositoryNotFound(
                _("No repository matches {pattern} that could be followed.", pattern=terms.pattern)
            )
        if len(found) > REPOSITORIES_MAX:
            raise TooManyRepositories(_too_many(terms, found))
        following, is_new = await self._followings.follow(terms, self._now())
        await self._expand(following, found)
        return following, is_new, len(found)

    async def preview(self, terms: FollowingTerms) -> str:
        """Which repositories a following of these terms would have, in words. Raises as `matching` does."""
        found = await self.matching(terms)
        if not found:
            return _("No repository matches {pattern} that could be followed.", pattern=terms.pattern)
        names = joined(repo.name for repo in found[:_NAMED])
        if len(found) > _NAMED:
            names = _("{names} and {number} more", names=names, number=len(found) - _NAMED)
        return _("{pattern} stands for these repositories at present: {names}.", pattern=terms.pattern, names=names)

    async def look(self, number: int) -> None:
        """Refreshes the following of that number, unless somebody just did."""
        for following in await self._followings.unchecked(self._now() - LOOK_EVERY, 1, number=number):
            await self.refresh(following)

    async def due(self) -> Sequence[int]:
        """The numbers of the followings whose repositories are to be looked for; the next tick asks for more."""
        waiting = await self._followings.unchecked(self._now() - LOOK_EVERY, LOOKED_AT_ONCE)
        return [following.id for following in waiting]

    async def refresh(self, following: Following) -> Expansion | None:
        """Lets repositories join and leave as they come and go at their host. Doing it twice changes nothing.

        What goes wrong is kept for whoever asks how it goes, and nothing leaves then. None if nothing was learned.
        """
        with speaking(following.terms.language):
            try:
                found = await self.matching(following.terms)
            except BotError as error:
                log.warning("following.not_refreshed", **_facts(following), error=str(error))
                await self._followings.note_error(following, str(error), self._now())
                return None
            except Exception:  # or every tick would try again at once
                log.exception("following.crashed", **_facts(following))
                await self._followings.note_error(following, str(BotError()), self._now())
                return None
            return await self._expand(following, found)

    async def _expand(self, following: Following, found: Sequence[Repo]) -> Expansion | None:
        kept, error = found, ""
        if len(found) > REPOSITORIES_MAX:
            kept = _first(found, await self._present(following.terms.channel))
            error = _too_many(following.terms, found)
        expansion = await self._followings.expand(following, kept, self._now(), error=error)
        if expansion is not None and (expansion.joined or expansion.left):
            joining, leaving = map(str, expansion.joined), map(str, expansion.left)
            log.info("following.refreshed", **_facts(following), joined=[*joining], left=[*leaving])
        return expansion

    async def _present(self, channel: Channel) -> frozenset[Repo]:
        return frozenset(each.terms.repo for each in await self._subscriptions.of_channel(channel))


class _Owners:
    """What many channels ask of the same owner is asked once."""

    def __init__(self, source: CommitSource, now: Clock) -> None:
        self._source = source
        self._now = now
        self._listed: OrderedDict[str, tuple[datetime, Sequence[RepositoryInfo]]] = OrderedDict()
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def repositories(self, owner: str) -> Sequence[RepositoryInfo]:
        key = owner.casefold()
        async with self._asking[key]:
            at, listed = self._listed.get(key, (None, ()))
            if at is None or self._now() - at >= LISTED_FOR:
                listed = await self._source.repositories(owner)
                self._remember(key, listed)
        return listed

    def _remember(self, key: str, listed: Sequence[RepositoryInfo]) -> None:
        self._listed[key] = self._now(), listed
        self._listed.move_to_end(key)
        while len(self._listed) > _OWNERS_REMEMBERED:
            self._asking.pop(self._listed.popitem(last=False)[0], None)


def _first(found: Sequence[Repo], present: Collection[Repo]) -> Sequence[Repo]:
    """As many as can be followed: those that are there already, then the others by name."""
    return sorted(found, key=lambda repo: (repo not in present, repo.key))[:REPOSITORIES_MAX]


def _too_many(terms: FollowingTerms, found: Sequence[Repo]) -> str:
    return _(
        "{pattern} stands for {number} repositories, and at most {most} can be followed together: name fewer, such as "
        "{owner}/a*, or leave some out with “not”.",
        pattern=terms.pattern,
        number=len(found),
        most=REPOSITORIES_MAX,
        owner=terms.pattern.owner,
    )


def _facts(following: Following) -> dict[str, object]:
    return {"following": following.id, "pattern": str(following.terms.pattern)}
