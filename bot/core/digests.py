"""One spine: the clock, a command and a button all get a day's digest from here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from bot.core.days import Day
from bot.core.errors import BotError, SourceBehind, SourceUnavailable
from bot.core.model import Analysis, AnalystKind, CommitDiff, CommitRef, Digest, Entry, Repo, SealedDay
from bot.core.ports import Analyst, Archive, Clock, CommitSource
from bot.core.replies import Progress
from bot.core.rules import RuleAnalyst, fallback_reason

#: Commits whose patches are in memory at once: those being analysed, and as many waiting.
READ_AHEAD: Final = 16

Observer = Callable[[Progress], None]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    shas: tuple[str, ...]
    merges: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Run:
    """A digest that is being made, and everybody who waits for it."""

    task: "asyncio.Task[Digest]"
    observers: list[Observer] = field(default_factory=list[Observer])


class Digests:
    """Makes a day's digest, or loads it: a commit is read and analysed once, whoever asks and however often."""

    def __init__(self, *, source: CommitSource, analyst: Analyst, archive: Archive, now: Clock) -> None:
        self._source = source
        self._analyst = analyst
        self._stand_in = RuleAnalyst()
        self._archive = archive
        self._now = now
        self._runs: dict[tuple[Repo, Day], _Run] = {}

    async def of(self, repo: Repo, day: Day, observer: Observer | None = None) -> Digest:
        """The digest of `day`; `observer` hears of progress. Who asks while it is being made waits for the same run.

        A run goes on when nobody waits any longer, because what it reads is kept. Raises RepositoryNotFound,
        SourceRefused, SourceUnavailable; an analyst's failure is none, since rules stand in.
        """
        key = (repo, day)
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _Run(task=asyncio.create_task(self._make(repo, day, self._announcer(key))))
            run.task.add_done_callback(lambda task: self._ended(key, task))
        if observer is not None:
            run.observers.append(observer)
        return await asyncio.shield(run.task)

    def _ended(self, key: tuple[Repo, Day], task: "asyncio.Task[Digest]") -> None:
        del self._runs[key]
        if not task.cancelled():
            task.exception()  # seen, even when everybody who waited has left

    def _announcer(self, key: tuple[Repo, Day]) -> Observer:
        def announce(progress: Progress) -> None:
            for observer in self._runs[key].observers:
                observer(progress)

        return announce

    async def _make(self, repo: Repo, day: Day, announce: Observer) -> Digest:
        started = self._now()
        sealed = await self._archive.sealed(repo, day)
        if sealed is not None:
            listing, as_of = _Listing(shas=sealed.shas, merges=sealed.merges), sealed.sealed_at
        else:
            announce(Progress(repo=repo, done=0, total=None))
            listed = await self._source.list(repo, day.window())
            if listed.as_of < day.window().since:
                raise SourceBehind(f"The local clone of {repo} was last fetched before {day} began.")
            listing, as_of = await self._without_merges(repo, listed.commits), listed.as_of
        made = await self._understand(repo, listing.shas, announce)
        is_over = as_of >= day.window().until
        if sealed is None and is_over:
            sealed = await self._archive.seal(
                repo, day, SealedDay(shas=listing.shas, merges=listing.merges, sealed_at=as_of)
            )
            if sealed.shas != listing.shas:  # another process read the day at the same time, and its list counts
                return await self._make(repo, day, announce)
        log.info(
            "digest.made",
            repo=str(repo),
            day=str(day),
            commits=len(listing.shas),
            analysed=made,
            sealed=is_over,
            seconds=(self._now() - started).total_seconds(),
        )
        return Digest(
            repo=repo,
            day=day,
            entries=await self._entries(repo, listing.shas),
            merges=len(listing.merges),
            as_of=as_of,
            sealed=is_over,
        )

    async def _without_merges(self, repo: Repo, refs: Sequence[CommitRef]) -> _Listing:
        """Leaves out merges of commits that are listed or known on their own; another merge is all there is to see."""
        merged_parents = {parent for ref in refs for parent in ref.parents[1:]}
        known = merged_parents - await self._archive.unknown(repo, merged_parents)
        known |= {ref.sha for ref in refs}
        merges = tuple(ref.sha for ref in refs if len(ref.parents) > 1 and known.issuperset(ref.parents[1:]))
        return _Listing(shas=tuple(ref.sha for ref in refs if ref.sha not in merges), merges=merges)

    async def _understand(self, repo: Repo, shas: Sequence[str], announce: Observer) -> int:
        """Analyses what is not analysed yet; returns how many that were."""
        known = await self._archive.analyses(repo, shas, self._analyst.kind)
        missing = [sha for sha in shas if sha not in known]
        if not missing:
            return 0
        done = len(known)
        announce(Progress(repo=repo, done=done, total=len(shas)))
        places = asyncio.Semaphore(READ_AHEAD)

        async def understand(diff: CommitDiff) -> None:
            nonlocal done
            try:
                await self._analyse(repo, diff)
            finally:
                places.release()
            done += 1
            announce(Progress(repo=repo, done=done, total=len(shas)))

        tasks: list[asyncio.Task[None]] = []
        try:
            async for diff in self._diffs(repo, missing):
                await places.acquire()
                tasks.append(asyncio.create_task(understand(diff)))
        finally:
            # Also when reading broke off: what is being analysed has been paid for, so let it end and be stored.
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(missing)

    async def _diffs(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        """Each commit, from the archive if it was ever read, else from the source, and then stored."""
        unknown = await self._archive.unknown(repo, shas)
        if unknown:
            async for diff in self._source.read(repo, [sha for sha in shas if sha in unknown]):
                await self._archive.save_commit(repo, diff, self._now())
                yield diff
        for sha in shas:
            if sha not in unknown and (stored := await self._archive.diff(repo, sha)) is not None:
                yield stored

    async def _analyse(self, repo: Repo, diff: CommitDiff) -> None:
        analysis = await self._analysis(repo, diff)
        await self._archive.save_analysis(repo, analysis, self._analyst.kind, self._now())

    async def _analysis(self, repo: Repo, diff: CommitDiff) -> Analysis:
        try:
            return await self._analyst.analyse(repo, diff)
        except BotError as error:
            log.warning("analysis.fell_back", repo=str(repo), sha=diff.commit.sha, error=str(error))
            analysis = await self._stand_in.analyse(repo, diff)
            return replace(analysis, provenance=replace(analysis.provenance, fallback=fallback_reason(error)))

    async def _entries(self, repo: Repo, shas: Sequence[str]) -> tuple[Entry, ...]:
        commits = await self._archive.commits(repo, shas)
        analyses = await self._archive.analyses(repo, shas, self._analyst.kind)
        if absent := [sha for sha in shas if sha not in commits or sha not in analyses]:
            raise SourceUnavailable(f"{repo} lists commit {absent[0]}, but did not return it.")
        return tuple(Entry(commit=commits[sha], analysis=analyses[sha]) for sha in shas)

    async def entry(self, repo: Repo, sha: str) -> Entry | None:
        """A stored commit with its stored analysis, whoever made it; only a commit without any is analysed now."""
        diff = await self._archive.diff(repo, sha)
        if diff is None:
            return None
        stored = await self._archive.analyses(repo, [sha], AnalystKind.RULES)
        if sha not in stored:
            await self._analyse(repo, diff)
            stored = await self._archive.analyses(repo, [sha], AnalystKind.RULES)
        return Entry(commit=diff.commit, analysis=stored[sha])
