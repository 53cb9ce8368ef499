"""One spine: the clock, a command and a button all get a day's digest from here."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from bot.core.collecting import Collecting, DayOfCommits
from bot.core.days import Day
from bot.core.errors import SourceUnavailable
from bot.core.language import Language, _, spoken
from bot.core.lead import LeadWriter
from bot.core.metering import Meter
from bot.core.model import Digest, Entry, Lead, Repo
from bot.core.ports import Clock
from bot.core.ranges import Span
from bot.core.relating import Relating
from bot.core.replies import Progress
from bot.core.steps import Step
from bot.core.tracing import Work, span
from bot.core.understanding import Understanding, untranslated

Observer = Callable[[Progress], None]

log = structlog.get_logger()


#: What is being made of a day: its digest, the digest in another language, or what failed once more.
_Key = tuple[Repo, Day, Language | str]
_DIGEST = "digest"
_RETRY = "retry"


@dataclass(slots=True, kw_only=True)
class _Run:
    """A digest that is being made, and everybody who waits for it."""

    task: "asyncio.Task[Digest]"
    observers: list[Observer] = field(default_factory=list[Observer])


class Digests:
    """Makes a day's digest, or loads it: a commit is read and analysed once, whoever asks and however often."""

    def __init__(
        self,
        *,
        collecting: Collecting,
        understanding: Understanding,
        relating: Relating,
        leads: LeadWriter,
        now: Clock,
        meter: Meter,
    ) -> None:
        self._collecting = collecting
        self._understanding = understanding
        self._relating = relating
        self._leads = leads
        self._now = now
        self._meter = meter
        self._runs: dict[_Key, _Run] = {}

    async def of(
        self, repo: Repo, day: Day, observer: Observer | None = None, *, language: Language | None = None
    ) -> Digest:
        """The digest of `day` in a language, else in the one spoken; `observer` hears of progress.

        Who asks while it is being made waits for the same run. A run goes on when nobody waits any longer, because what
        it reads is kept. Raises RepositoryNotFound, SourceRefused, SourceUnavailable; an analyst's failure is none,
        since rules stand in, and what cannot be translated is shown in its own language.
        """
        wanted = language or spoken()
        digest = await self._run(repo, day, _DIGEST, lambda announce: self._make(repo, day, announce), observer)
        return await self._run(repo, day, wanted, lambda announce: self._in(wanted, digest, announce), observer)

    async def of_days(self, repo: Repo, span: Span, observer: Observer | None = None) -> Sequence[Digest]:
        """The digests of several days in the language spoken, one day after the other. Raises as `of` does."""
        return [
            await self.of(repo, day, _of_day(observer, number, len(span.days)))
            for number, day in enumerate(span.days, start=1)
        ]

    async def lead(self, repo: Repo, span: Span, entries: Sequence[Entry]) -> Lead:
        """What these commits of some days mean together: for several days, or for some of the commits of one."""
        return await self._leads.of_range(repo, span.first, span.last, entries)

    async def order(self, repo: Repo, day: Day) -> Sequence[str]:
        """The SHAs of a sealed day in the order of its listing, without asking any source; none of another day."""
        sealed = await self._collecting.sealed(repo, day)
        if sealed is None:
            return ()
        entries = await self._understanding.entries(repo, sealed.shas)
        newest_first = (sha for sha in sealed.shas if sha in entries)
        return sorted(newest_first, key=lambda sha: -entries[sha].analysis.importance)

    async def retry(self, repo: Repo, day: Day, observer: Observer | None = None) -> int:
        """Asks the model once more for what it failed to say of a day; returns how many analyses are a model's since.

        Raises NoModel, and what `of` raises.
        """
        self._understanding.check_model()
        digest = await self._run(repo, day, _DIGEST, lambda announce: self._make(repo, day, announce), observer)
        if not digest.stand_ins and not await self._leads.failed(digest):
            return 0
        again = await self._run(repo, day, _RETRY, lambda announce: self._retried(digest, announce), observer)
        return len(digest.stand_ins) - len(again.stand_ins)

    async def _run(
        self,
        repo: Repo,
        day: Day,
        what: Language | str,
        make: "Callable[[Observer], Coroutine[None, None, Digest]]",
        observer: Observer | None,
    ) -> Digest:
        key = (repo, day, what)
        run = self._runs.get(key)
        if run is None:
            run = self._runs[key] = _Run(task=asyncio.create_task(make(self._announcer(key))))
            run.task.add_done_callback(lambda task: self._ended(key, task))
        if observer is not None:
            run.observers.append(observer)
        return await asyncio.shield(run.task)

    def _ended(self, key: _Key, task: "asyncio.Task[Digest]") -> None:
        del self._runs[key]
        if not task.cancelled():
            task.exception()  # seen, even when everybody who waited has left

    def _announcer(self, key: _Key) -> Observer:
        def announce(progress: Progress) -> None:
            for observer in self._runs[key].observers:
                observer(progress)

        return announce

    async def _make(self, repo: Repo, day: Day, announce: Observer) -> Digest:
        with span(Work.DIGEST, repo=str(repo), day=str(day)):
            return await self._made(repo, day, announce)

    async def _made(self, repo: Repo, day: Day, announce: Observer) -> Digest:
        started = self._now()
        commits = await self._collecting.sealed(repo, day)
        if commits is None:
            announce(Progress(repo=repo, done=0, total=None))
            with span(Work.LIST):
                commits = await self._collecting.listed(repo, day)
        analysed = await self._understand(repo, commits.shas, announce)
        await self._relating.relate(repo, commits.shas)
        self._meter.reached(Step.RELATED)
        sealed = await self._collecting.seal(repo, day, commits)
        if sealed.shas != commits.shas:  # another process read the day at the same time, and its list counts
            return await self._made(repo, day, announce)
        digest = await self._digest(repo, day, sealed)
        with span(Work.LEAD):
            led = _led(digest, await self._leads.of(digest))
        self._meter.reached(Step.LED)
        if analysed or not commits.sealed:
            took = self._now() - started
            log.info("digest.made", **_facts(led, analysed), seconds=round(took.total_seconds(), 3))
        return led

    async def read_again(self, repo: Repo, sha: str) -> None:
        """Makes sure that the changes of a stored commit are stored, too; they may have been forgotten."""
        async for _diff in self._collecting.diffs(repo, [sha]):
            pass

    async def _understand(self, repo: Repo, shas: Sequence[str], announce: Observer) -> Collection[str]:
        """Analyses what is not analysed yet; returns which those were."""
        missing = await self._understanding.missing(repo, shas)
        if missing:
            await self._read(repo, missing, len(shas), announce)
        return missing

    async def _read(
        self, repo: Repo, shas: Sequence[str], total: int, announce: Observer, *, again: bool = False
    ) -> None:
        """Has these commits analysed, the last ones of so many."""
        numbers = iter(range(total - len(shas), total + 1))

        def count() -> None:
            announce(Progress(repo=repo, done=next(numbers), total=total))

        count()
        await self._understanding.understand(repo, self._collecting.diffs(repo, shas), count, again=again)

    async def _digest(self, repo: Repo, day: Day, commits: DayOfCommits) -> Digest:
        entries = await self._understanding.entries(repo, commits.shas)
        if absent := [sha for sha in commits.shas if sha not in entries]:
            raise SourceUnavailable(_("{repo} lists commit {sha}, but did not return it.", repo=repo, sha=absent[0]))
        return Digest(
            repo=repo,
            day=day,
            entries=tuple(replace(entries[sha], is_late=sha in commits.late) for sha in commits.shas),
            merges=len(commits.merges),
            as_of=commits.as_of,
            sealed=commits.sealed,
        )

    # The lead, other languages, second chances

    async def _retried(self, digest: Digest, announce: Observer) -> Digest:
        failed = [entry.commit.sha for entry in digest.stand_ins]
        if failed:
            await self._read(digest.repo, failed, len(digest.entries), announce, again=True)
        shas = [entry.commit.sha for entry in digest.entries]
        again = _with(digest, await self._understanding.entries(digest.repo, shas))
        return _led(again, await self._leads.rewrite(again))

    async def _in(self, language: Language, digest: Digest, announce: Observer) -> Digest:
        """The digest in that language, as far as it can be had."""
        known = {entry.commit.sha: entry for entry in digest.entries}
        if not untranslated(known, language):
            return digest
        shas = list(known)
        entries = await self._understanding.entries(digest.repo, shas, language)
        if untranslated(entries, language):
            entries = await self._understanding.translate(
                digest.repo, entries, language, self._translating(digest, announce)
            )
        return _led(_with(digest, entries), await self._leads.translated(digest, language))

    def _translating(self, digest: Digest, announce: Observer) -> Callable[[int], None]:
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            announce(Progress(repo=digest.repo, done=done, total=len(digest.entries), translating=True))

        return count


def _facts(digest: Digest, analysed: Collection[str]) -> dict[str, object]:
    """What the line of the log about a digest says; tokens and US dollars are those of what was analysed for it."""
    new = [entry.analysis.provenance for entry in digest.entries if entry.commit.sha in analysed]
    return {
        "repo": str(digest.repo),
        "day": str(digest.day),
        "commits": len(digest.entries),
        "merges": digest.merges,
        "late": sum(entry.is_late for entry in digest.entries),
        "stand_ins": len(digest.stand_ins),
        "sealed": digest.sealed,
        "analysed": len(analysed),
        "prompt_tokens": sum(each.prompt_tokens for each in new),
        "completion_tokens": sum(each.completion_tokens for each in new),
        "price": round(sum(prices), 6) if (prices := [each.price for each in new if each.price is not None]) else None,
    }


def _with(digest: Digest, entries: Mapping[str, Entry]) -> Digest:
    """The digest with these analyses, which are by SHA."""
    shown = (replace(entry, analysis=entries[entry.commit.sha].analysis) for entry in digest.entries)
    return replace(digest, entries=tuple(shown))


def _led(digest: Digest, lead: Lead) -> Digest:
    return replace(digest, lead=lead.text, themes=lead.themes)


def _of_day(observer: Observer | None, day: int, days: int) -> Observer | None:
    """Hears of one day and tells of all of them."""
    return observer and (lambda progress: observer(replace(progress, day=day, days=days)))
