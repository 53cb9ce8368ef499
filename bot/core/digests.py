"""One spine: the clock, a command and a button all get a day's digest from here."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.core.collecting import Collecting, DayOfCommits
from bot.core.days import Day
from bot.core.errors import SourceUnavailable
from bot.core.model import Digest, Repo
from bot.core.ports import Clock
from bot.core.replies import Progress
from bot.core.understanding import Understanding

Observer = Callable[[Progress], None]

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class _Run:
    """A digest that is being made, and everybody who waits for it."""

    task: "asyncio.Task[Digest]"
    observers: list[Observer] = field(default_factory=list[Observer])


class Digests:
    """Makes a day's digest, or loads it: a commit is read and analysed once, whoever asks and however often."""

    def __init__(self, *, collecting: Collecting, understanding: Understanding, now: Clock) -> None:
        self._collecting = collecting
        self._understanding = understanding
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
        commits = await self._collecting.sealed(repo, day)
        if commits is None:
            announce(Progress(repo=repo, done=0, total=None))
            commits = await self._collecting.listed(repo, day)
        analysed = await self._understand(repo, commits.shas, announce)
        sealed = await self._collecting.seal(repo, day, commits)
        if sealed.shas != commits.shas:  # another process read the day at the same time, and its list counts
            return await self._make(repo, day, announce)
        log.info(
            "digest.made",
            repo=str(repo),
            day=str(day),
            commits=len(sealed.shas),
            analysed=analysed,
            sealed=sealed.sealed,
            seconds=round((self._now() - started).total_seconds(), 3),
        )
        return await self._digest(repo, day, sealed)

    async def _understand(self, repo: Repo, shas: Sequence[str], announce: Observer) -> int:
        """Analyses what is not analysed yet; returns how many that were."""
        missing = await self._understanding.missing(repo, shas)
        if not missing:
            return 0
        numbers = iter(range(len(shas) - len(missing), len(shas) + 1))

        def count() -> None:
            announce(Progress(repo=repo, done=next(numbers), total=len(shas)))

        count()
        await self._understanding.understand(repo, self._collecting.diffs(repo, missing), count)
        return len(missing)

    async def _digest(self, repo: Repo, day: Day, commits: DayOfCommits) -> Digest:
        entries = await self._understanding.entries(repo, commits.shas)
        if absent := [sha for sha in commits.shas if sha not in entries]:
            raise SourceUnavailable(f"{repo} lists commit {absent[0]}, but did not return it.")
        return Digest(
            repo=repo,
            day=day,
            entries=tuple(replace(entries[sha], is_late=sha in commits.late) for sha in commits.shas),
            merges=len(commits.merges),
            as_of=commits.as_of,
            sealed=commits.sealed,
        )
