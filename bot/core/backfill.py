"""Makes the digests of many past days at once: what was made is kept, so it can be stopped and started again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from bot.core.collecting import Collecting, DayOfCommits
from bot.core.days import Day
from bot.core.digests import Observer
from bot.core.errors import NotUnderstood
from bot.core.language import _
from bot.core.model import Repo
from bot.core.ports import Clock
from bot.core.ranges import DayRange, Span, parse_when, resolve
from bot.core.replies import Progress
from bot.core.understanding import Understanding

#: Commits that are read in one go: starting git for each day takes longer than reading it.
COMMITS_AT_ONCE: Final = 250

log = structlog.get_logger()

_Listed = tuple[Day, DayOfCommits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfilled:
    """What a run has done."""

    #: Days that it sealed.
    days: int
    #: Days that were sealed before.
    known_days: int
    #: Commits that it analysed, of those that stand in the days it sealed.
    analysed: int
    commits: int
    seconds: float


def parse_finished_days(text: str, today: Day) -> Span:
    """The days that `2026-01-01..2026-03-31` means, any number of them, all over. Raises NotUnderstood."""
    when = parse_when(text)
    span = resolve(when, today) if not isinstance(when, DayRange) else _between(when, today)
    if span.last.date >= today.date:
        raise NotUnderstood(
            _("{day} is not over yet: only finished days are filled in.", day=span.last),
            example=f"{min(span.first.date, today.plus(-1).date)}..{today.plus(-1).date}",
        )
    return span


def _between(range_: DayRange, today: Day) -> Span:
    first, last = resolve(range_.first, today).first, resolve(range_.last, today).last
    if first.date > last.date:
        raise NotUnderstood(_("A range begins with its earlier day."), example=f"{last.date}..{first.date}")
    return Span(first=first, last=last)


class Backfill:
    """Reads, analyses and seals days, oldest first."""

    def __init__(self, *, collecting: Collecting, understanding: Understanding, now: Clock) -> None:
        self._collecting = collecting
        self._understanding = understanding
        self._now = now

    async def run(self, repo: Repo, span: Span, observer: Observer | None = None) -> Backfilled:
        """Each day of the range that is not sealed yet. What ends it early, an error or Ctrl-C, loses nothing stored.

        Raises RepositoryNotFound, SourceRefused, SourceUnavailable, and SourceBehind for a clone that is older.
        """
        observe = observer or _ignore
        began = self._now()
        observe(Progress(repo=repo, done=0, total=None))
        listed = await self._collecting.listed_range(repo, span.days)
        total, done, analysed = _commits(listed), 0, 0
        for part in _parts(listed):
            analysed += await self._understand(repo, part, _Counter(observe, repo, done, total))
            for day, commits in part:
                await self._collecting.seal(repo, day, commits)
            done += _commits(part)
            observe(Progress(repo=repo, done=done, total=total))
            log.info("backfill.progress", repo=str(repo), until=str(part[-1][0]), commits=done, total=total)
        return self._report(span, listed, analysed, (self._now() - began).total_seconds())

    async def _understand(self, repo: Repo, part: Sequence[_Listed], counter: "_Counter") -> int:
        shas = [sha for _day, commits in part for sha in commits.shas]
        missing = await self._understanding.missing(repo, shas)
        counter.add(len(shas) - len(missing))
        if missing:
            await self._understanding.understand(repo, self._collecting.diffs(repo, missing), counter.add)
        return len(missing)

    @staticmethod
    def _report(span: Span, listed: Sequence[_Listed], analysed: int, seconds: float) -> Backfilled:
        return Backfilled(
            days=len(listed),
            known_days=len(span.days) - len(listed),
            analysed=analysed,
            commits=_commits(listed),
            seconds=seconds,
        )


class _Counter:
    """Tells an observer how many commits are done."""

    def __init__(self, observe: Observer, repo: Repo, done: int, total: int) -> None:
        self._observe = observe
        self._repo = repo
        self._done = done
        self._total = total

    def add(self, number: int = 1) -> None:
        self._done += number
        self._observe(Progress(repo=self._repo, done=self._done, total=self._total))


def _ignore(_progress: Progress) -> None:
    """For whom nobody waits."""


def _commits(listed: Sequence[_Listed]) -> int:
    return sum(len(commits.shas) for _day, commits in listed)


def _parts(listed: Sequence[_Listed]) -> Iterator[Sequence[_Listed]]:
    """Days, of which the commits of some together are read in one go."""
    part: list[_Listed] = []
    for one in listed:
        part.append(one)
        if _commits(part) >= COMMITS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part
