"""Which commits a day has, and what each of them changes."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.days import Day
from bot.core.errors import SourceBehind
from bot.core.model import CommitDiff, CommitRef, Repo, SealedDay
from bot.core.ports import Archive, Clock, CommitSource


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfCommits:
    """The commits of a day as far as they are known; SHAs, newest first."""

    shas: tuple[str, ...]
    #: Those of `shas` that belong to an earlier day, whose digest was sealed before they showed up.
    late: tuple[str, ...]
    #: Merge commits that bring in commits listed on their own.
    merges: tuple[str, ...]
    #: The instant (UTC) up to which the source knows the day.
    as_of: datetime
    sealed: bool

    @classmethod
    def of(cls, sealed: SealedDay) -> "DayOfCommits":
        return cls(shas=sealed.shas, late=sealed.late, merges=sealed.merges, as_of=sealed.sealed_at, sealed=True)


class Collecting:
    """Lists days and reads commits, each once: what was sealed or stored is never asked for again."""

    def __init__(self, *, source: CommitSource, archive: Archive, now: Clock) -> None:
        self._source = source
        self._archive = archive
        self._now = now

    async def sealed(self, repo: Repo, day: Day) -> DayOfCommits | None:
        sealed = await self._archive.sealed(repo, day)
        return DayOfCommits.of(sealed) if sealed else None

    async def listed(self, repo: Repo, day: Day) -> DayOfCommits:
        """The day as the source has it now. Raises SourceBehind if it knows nothing of that day yet."""
        listing = await self._source.list(repo, day.window())
        if listing.as_of < day.window().since:
            raise SourceBehind(f"The local clone of {repo} was last fetched before {day} began.")
        merges = await self._merges(repo, listing.commits)
        return DayOfCommits(
            shas=tuple(ref.sha for ref in listing.commits if ref.sha not in merges),
            late=(),
            merges=merges,
            as_of=listing.as_of,
            sealed=False,
        )

    async def seal(self, repo: Repo, day: Day, commits: DayOfCommits) -> DayOfCommits:
        """Fixes the commits of a day that is over; one that is not stays as it is. The first seal counts."""
        if commits.sealed or commits.as_of < day.window().until:
            return commits
        sealed = SealedDay(shas=commits.shas, merges=commits.merges, sealed_at=commits.as_of, late=commits.late)
        return DayOfCommits.of(await self._archive.seal(repo, day, sealed))

    async def diffs(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """Each commit, from the archive if it was ever read, else from the source, and then stored."""
        unknown = await self._archive.unknown(repo, shas)
        if unknown:
            async for diff in self._source.read(repo, [sha for sha in shas if sha in unknown]):
                await self._archive.save_commit(repo, diff, self._now())
                yield diff
        for sha in shas:
            if sha not in unknown and (stored := await self._archive.diff(repo, sha)) is not None:
                yield stored

    async def _merges(self, repo: Repo, refs: Sequence[CommitRef]) -> tuple[str, ...]:
        """Merges whose other parents are listed or known on their own; another merge is all there is to see."""
        merged_parents = {parent for ref in refs for parent in ref.parents[1:]}
        known = merged_parents - await self._archive.unknown(repo, merged_parents)
        known |= {ref.sha for ref in refs}
        return tuple(ref.sha for ref in refs if len(ref.parents) > 1 and known.issuperset(ref.parents[1:]))
