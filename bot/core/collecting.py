"""Which commits a day has, and what each of them changes.

How a commit is neither lost nor told twice: whatever is reachable from the stored tip of the branch either is settled
in the zone (`digest_commits`), or belongs to a day of the zone that is not sealed. A day is sealed with all that belong
to it, and with the late ones among what the branch has gained since the tip; only then, and in the same transaction,
the tip moves. Where that cannot be told, because there is no tip or the branch was rewritten, the last days' commits
are looked through instead.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from bot.core.arrivals import Arrivals, Past, arrivals
from bot.core.days import Day, Window
from bot.core.errors import RepositoryNotFound, SourceBehind
from bot.core.language import _
from bot.core.metering import Meter
from bot.core.model import CommitDiff, CommitRef, Repo, SealedDay
from bot.core.patch_id import patch_id
from bot.core.ports import Archive, BranchListing, Clock, CommitSource, TipMove
from bot.core.steps import Step
from bot.core.tracing import Work, span
from bot.core.visibility import Visibility

#: How far back late arrivals are looked for by date, where the tip of the branch does not tell them.
LATE_MAX: Final = timedelta(days=7)
#: A day that ended longer ago is listed by its dates alone: walking back to it from the tip would cost too much.
RECENT: Final = timedelta(days=3)
#: Commits that wait to be stored, with their patches in memory.
SAVES_MAX: Final = 16
FOREVER: Final = datetime.max.replace(tzinfo=UTC)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfCommits:
    """The commits of a day as far as they are known; SHAs, newest first."""

    shas: tuple[str, ...]
    #: Those of `shas` that belong to an earlier day, whose digest was sealed before they showed up.
    late: tuple[str, ...]
    #: Merge commits that bring in commits listed on their own.
    merges: tuple[str, ...]
    #: Commits that only repeat, after a force push, a change that stands in a digest.
    repeats: tuple[str, ...] = ()
    #: The instant (UTC) up to which the source knows the day.
    as_of: datetime
    sealed: bool
    #: What sealing the day does to the tip of the branch.
    tip: TipMove | None = None

    @classmethod
    def of(cls, sealed: SealedDay) -> "DayOfCommits":
        return cls(shas=sealed.shas, late=sealed.late, merges=sealed.merges, as_of=sealed.sealed_at, sealed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """What the source says that may belong into a day's digest, and more."""

    refs: Sequence[CommitRef]
    as_of: datetime
    tip: TipMove
    rewritten: bool = False


class Collecting:
    """Lists days and reads commits, each once: what was sealed or stored is never asked for again."""

    def __init__(
        self, *, source: CommitSource, archive: Archive, now: Clock, meter: Meter, visibility: Visibility | None = None
    ) -> None:
        """`visibility` learns whether the repository is public; without, nobody needs to know."""
        self._source = source
        self._archive = archive
        self._now = now
        self._meter = meter
        self._visibility = visibility

    async def sealed(self, repo: Repo, day: Day) -> DayOfCommits | None:
        sealed = await self._archive.sealed(repo, day)
        return DayOfCommits.of(sealed) if sealed else None

    async def listed(self, repo: Repo, day: Day) -> DayOfCommits:
        """The day as the source has it now, with what came late. Raises SourceBehind if it knows nothing of it yet."""
        sealed = await self._archive.sealed_dates(repo, day.zone)
        try:
            listing = await self._listing(repo, day, sealed)
        except RepositoryNotFound:
            if self._visibility is not None:
                await self._visibility.forget(repo)
            raise
        self._meter.reached(Step.LISTED)
        if listing.as_of < day.window().since:
            raise SourceBehind(_("The local clone of {repo} was last fetched before {day} began.", repo=repo, day=day))
        past = await self._past(repo, day.zone, listing.refs, sealed)
        found = arrivals(listing.refs, day, past)
        await self._remember(repo, found.ahead)
        repeats = await self._repeats(repo, day.zone, found) if listing.rewritten else frozenset[str]()
        return await self._day(repo, found, listing.as_of, listing.tip, repeats)

    async def listed_range(self, repo: Repo, days: Sequence[Day]) -> list[tuple[Day, DayOfCommits]]:
        """Those of these finished days, which follow each other, that are not sealed yet, from one look at the source.

        Late arrivals stay for the next day that is listed alone. Raises SourceBehind if the source does not know one of
        the days to its end.
        """
        zone = days[0].zone
        sealed = await self._archive.sealed_dates(repo, zone)
        open_days = [day for day in days if day.date not in sealed]
        if not open_days:
            return []
        window = Window(since=open_days[0].window().since, until=open_days[-1].window().until)
        tip = TipMove(before=await self._archive.tip(repo, zone), after=None)
        listing = await self._source.list(repo, window)
        if listing.as_of < window.until:
            raise SourceBehind(
                _("The local clone of {repo} was last fetched before {day} was over.", repo=repo, day=open_days[-1])
            )
        refs = await self._with_dated_ahead(repo, window, listing.commits)
        past = await self._past(repo, zone, refs, sealed)
        by_date: defaultdict[date, list[CommitRef]] = defaultdict(list)
        for ref in refs:
            by_date[Day.containing(past.counts_at(ref), zone).date].append(ref)
        return [
            (day, await self._day(repo, arrivals(by_date[day.date], day, past), listing.as_of, tip))
            for day in open_days
        ]

    async def seal(self, repo: Repo, day: Day, commits: DayOfCommits) -> DayOfCommits:
        """Fixes the commits of a day that is over; one that is not stays as it is. The first seal counts."""
        if commits.sealed or commits.as_of < day.window().until:
            return commits
        sealed = SealedDay(shas=commits.shas, merges=commits.merges, sealed_at=commits.as_of, late=commits.late)
        stored = await self._archive.seal(repo, day, sealed, repeats=commits.repeats, tip=commits.tip)
        self._meter.reached(Step.SEALED)
        if self._visibility is not None:
            await self._visibility.learn(repo)
        return DayOfCommits.of(stored)

    async def diffs(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """Each commit, from the archive if its changes are kept there, else from the source, and then stored."""
        unread = await self._archive.unread(repo, shas)
        if unread:
            async for diff in self._read(repo, [sha for sha in shas if sha in unread]):
                yield diff
        for sha in shas:
            if sha not in unread and (stored := await self._archive.diff(repo, sha)) is not None:
                yield stored

    async def _read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """Each commit from the source. All are stored when this ends, and while the next ones are read."""
        saves: set[asyncio.Task[None]] = set()
        try:
            async for diff in _traced(repo, self._source.read(repo, shas)):
                saves.add(asyncio.create_task(self._save(repo, diff)))
                yield diff
                if len(saves) >= SAVES_MAX:
                    done, saves = await asyncio.wait(saves, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
        finally:
            await asyncio.gather(*saves)

    async def _save(self, repo: Repo, diff: CommitDiff) -> None:
        await self._archive.save_commit(repo, diff, self._now())
        self._meter.reached(Step.READ)

    # What the source says

    async def _listing(self, repo: Repo, day: Day, sealed: Collection[date]) -> _Listing:
        window = day.window()
        before = await self._archive.tip(repo, day.zone)
        is_newest = all(one < day.date for one in sealed)
        if is_newest and self._now() - window.until <= RECENT:
            return await self._from_tip(repo, day, before, sealed)
        since = _look_back(day, sealed) if is_newest else window.since
        listing = await self._source.list(repo, Window(since=since, until=window.until))
        refs = await self._with_dated_ahead(repo, window, listing.commits)
        return _Listing(refs=refs, as_of=listing.as_of, tip=TipMove(before=before, after=None))

    async def _from_tip(self, repo: Repo, day: Day, before: str | None, sealed: Collection[date]) -> _Listing:
        since = _look_back(day, sealed) if before is None else day.window().since
        branch = await self._source.recent(repo, since, before)
        refs = branch.commits
        if branch.rewritten:
            refs = await self._after_rewriting(repo, day, branch)
        return _Listing(
            refs=await self._with_dated_ahead(repo, day.window(), refs),
            as_of=branch.as_of,
            tip=TipMove(before=before, after=branch.tip),
            rewritten=branch.rewritten,
        )

    async def _after_rewriting(self, repo: Repo, day: Day, branch: BranchListing) -> Sequence[CommitRef]:
        """All commits of the last days. What is not among them any more, although we stored it, is marked."""
        since = day.window().since - LATE_MAX
        refs: Sequence[CommitRef] = (await self._source.list(repo, Window(since=since, until=FOREVER))).commits
        if repo.branches:  # others than the rewritten one may have gained what is older
            refs = list({ref.sha: ref for ref in (*refs, *branch.commits)}.values())
        on_branch = {ref.sha for ref in refs}
        orphans = await self._archive.mark_orphans(repo, since, on_branch, branch.vanished, self._now())
        log.warning("branch.rewritten", repo=str(repo), tip=branch.tip, orphans=orphans)
        return refs

    async def _with_dated_ahead(self, repo: Repo, window: Window, refs: Sequence[CommitRef]) -> Sequence[CommitRef]:
        """And those that were first seen in the window, whatever later date they bear, and are on these branches."""
        listed = {ref.sha for ref in refs}
        ahead = [ref for ref in await self._archive.dated_ahead(repo, window) if ref.sha not in listed]
        if not ahead:
            return refs
        dates = [ref.committed_at for ref in ahead]
        around = Window(since=min(dates), until=max(dates) + timedelta(seconds=1))
        on_branch = {ref.sha for ref in (await self._source.list(repo, around)).commits}
        return [*refs, *(ref for ref in ahead if ref.sha in on_branch)]

    # What belongs into the digest

    async def _past(self, repo: Repo, zone: ZoneInfo, refs: Sequence[CommitRef], sealed: frozenset[date]) -> Past:
        shas = [ref.sha for ref in refs]
        return Past(
            sealed=sealed,
            settled=await self._archive.settled(repo, zone, shas),
            first_seen=await self._archive.first_seen(repo, shas),
            now=self._now(),
        )

    async def _day(
        self, repo: Repo, found: Arrivals, as_of: datetime, tip: TipMove, repeats: Collection[str] = ()
    ) -> DayOfCommits:
        refs = [ref for ref in (*found.own, *found.late) if ref.sha not in repeats]
        merges = await self._merges(repo, refs)
        return DayOfCommits(
            shas=tuple(ref.sha for ref in refs if ref.sha not in merges),
            late=tuple(ref.sha for ref in found.late if ref.sha not in merges and ref.sha not in repeats),
            merges=merges,
            repeats=tuple(repeats),
            as_of=as_of,
            sealed=False,
            tip=tip,
        )

    async def _merges(self, repo: Repo, refs: Sequence[CommitRef]) -> tuple[str, ...]:
        """Merges whose other parents are listed or known on their own; another merge is all there is to see."""
        merged_parents = {parent for ref in refs for parent in ref.parents[1:]}
        if not merged_parents:
            return ()
        known = merged_parents - await self._archive.unknown(repo, merged_parents)
        known |= {ref.sha for ref in refs}
        return tuple(ref.sha for ref in refs if len(ref.parents) > 1 and known.issuperset(ref.parents[1:]))

    async def _remember(self, repo: Repo, ahead: Sequence[CommitRef]) -> None:
        """Stores commits dated in the future, since the instant at which they are stored is what they count at."""
        for ref in ahead:
            log.warning("commit.dated_ahead", repo=str(repo), sha=ref.sha, committed_at=ref.committed_at.isoformat())
        async for _diff in self.diffs(repo, [ref.sha for ref in ahead]):
            pass

    async def _repeats(self, repo: Repo, zone: ZoneInfo, found: Arrivals) -> frozenset[str]:
        """Those of the commits whose change stands in a digest as a commit that the force push took off the branch."""
        orphans = await self._archive.orphans(repo, zone)
        if not orphans:
            return frozenset()
        told = await self._told(repo, orphans)
        candidates = [ref.sha for ref in (*found.own, *found.late)]
        return frozenset({diff.commit.sha async for diff in self.diffs(repo, candidates) if patch_id(diff) in told})

    async def _told(self, repo: Repo, orphans: Sequence[str]) -> set[str | None]:
        """What these commits change. The host may have no more of them, so that nothing is read again."""
        forgotten = await self._archive.unread(repo, orphans)
        kept = {patch_id(diff) async for diff in self.diffs(repo, [sha for sha in orphans if sha not in forgotten])}
        known = await self._archive.known(repo, forgotten)
        return (kept | {commit.patch_id for commit in known.values()}) - {None, ""}


async def _traced(repo: Repo, diffs: AsyncIterator[CommitDiff]) -> AsyncIterator[CommitDiff]:
    """The same, with a span for what it took to get each; whoever uses it meanwhile is no part of that."""
    while True:
        with span(Work.READ, repo=str(repo)):
            diff = await anext(diffs, None)
        if diff is None:
            return
        yield diff


def _look_back(day: Day, sealed: Collection[date]) -> datetime:
    """From when on commits may be late for `day`: before the first sealed day nothing is."""
    since = day.window().since
    earliest = day.plus(-LATE_MAX.days)
    return earliest.window().since if any(earliest.date <= one < day.date for one in sealed) else since
