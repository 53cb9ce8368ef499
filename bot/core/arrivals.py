"""In which digest a commit stands: decided over what is listed and what is settled, without looking anywhere."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from bot.core.days import Day
from bot.core.model import CommitRef

#: Clocks differ. What is dated further ahead of the instant at which we first see it counts at that instant.
CLOCK_SKEW_MAX: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is known of a repository in one time zone before a day is listed."""

    #: The days whose digests are sealed.
    sealed: frozenset[date]
    #: Commits that a digest has dealt with.
    settled: Collection[str]
    #: When commits that were read before were first seen.
    first_seen: Mapping[str, datetime]
    #: Which is when all others are first seen.
    now: datetime

    def is_ahead(self, ref: CommitRef) -> bool:
        return ref.committed_at > self._first_seen(ref) + CLOCK_SKEW_MAX

    def counts_at(self, ref: CommitRef) -> datetime:
        """The instant that decides the commit's day."""
        return self._first_seen(ref) if self.is_ahead(ref) else ref.committed_at

    def _first_seen(self, ref: CommitRef) -> datetime:
        return self.first_seen.get(ref.sha, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The commits of one day's digest, and those that have to be remembered for another one; newest first."""

    own: tuple[CommitRef, ...]
    #: Of days that were sealed without them.
    late: tuple[CommitRef, ...]
    #: Dated in the future, and not stored yet.
    ahead: tuple[CommitRef, ...]


def arrivals(refs: Iterable[CommitRef], day: Day, past: Past) -> Arrivals:
    """What of these commits belongs into the digest of `day`.

    A commit is the day's own if it counts there, and late if it counts on a day that is sealed. Nothing that a digest
    of this zone has dealt with is either. A commit that counts on a day nobody has asked for is not late: it is listed
    when that day is asked for.

    Late commits go into the newest digest only. Somebody who looks up a day of last month must not take from
    everybody's next digest what they have not read yet.
    """
    own: list[CommitRef] = []
    late: list[CommitRef] = []
    ahead: list[CommitRef] = []
    is_newest = all(sealed < day.date for sealed in past.sealed)
    for ref in sorted(refs, key=lambda ref: ref.committed_at, reverse=True):
        if past.is_ahead(ref) and ref.sha not in past.first_seen:
            ahead.append(ref)
        if ref.sha in past.settled:
            continue
        counts_on = Day.containing(past.counts_at(ref), day.zone).date
        if counts_on == day.date:
            own.append(ref)
        elif is_newest and counts_on in past.sealed:
            late.append(ref)
    return Arrivals(own=tuple(own), late=tuple(late), ahead=tuple(ahead))
