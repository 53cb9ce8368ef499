"""Analyses of commits, each made once and stored."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.core import rules
from bot.core.errors import BotError, NoModel, NotFound
from bot.core.jobs import Analyse, Colleagues
from bot.core.metering import Meter
from bot.core.model import Analysis, AnalystKind, CommitDiff, Entry, Language, Repo
from bot.core.ports import Analyst, Archive, Clock
from bot.core.relating import related
from bot.core.steps import Step
from bot.core.tracing import Work, span
from bot.core.translation import Translator

#: Commits whose patches are in memory at once: those being analysed, and as many waiting.
READ_AHEAD: Final = 16

#: A commit of a whole repository.
_Key = tuple[Repo, str]
_Tasks = dict[_Key, "asyncio.Task[Analysis]"]

log = structlog.get_logger()


class Understanding:
    """Asks the analyst for what nobody has understood yet; rules stand in where it fails."""

    def __init__(
        self,
        *,
        analyst: Analyst,
        archive: Archive,
        translator: Translator,
        now: Clock,
        meter: Meter,
        colleagues: Colleagues | None = None,
    ) -> None:
        """`colleagues` are other processes that analyse, too; without, this one does it all."""
        self._analyst = analyst
        self._stand_in = rules.RuleAnalyst()
        self._archive = archive
        self._translator = translator
        self._now = now
        self._meter = meter
        self._colleagues = colleagues
        # What is being made, so that digests of several zones or branches do not make it twice at the same time.
        self._analysing: _Tasks = {}
        self._analysing_here: _Tasks = {}
        self._deepening: _Tasks = {}

    def check_model(self) -> None:
        """Raises NoModel where rules are all there is."""
        if self._analyst.kind is not AnalystKind.MODEL:
            raise NoModel

    async def missing(self, repo: Repo, shas: Sequence[str]) -> list[str]:
        """Those of the commits that have to be analysed."""
        known = await self._archive.analyses(repo, shas, self._analyst.kind)
        return [sha for sha in shas if sha not in known]

    async def understand(
        self, repo: Repo, diffs: AsyncIterator[CommitDiff], done: Callable[[], None], *, again: bool = False
    ) -> None:
        """Analyses and stores all of them, several at a time; calls `done` after each.

        What others had analysed meanwhile is left as it is, unless the analyst is to be asked `again`.
        """
        places = asyncio.Semaphore(READ_AHEAD)

        async def understand(diff: CommitDiff) -> None:
            try:
                await self.analyse(repo, diff, again=again)
            finally:
                places.release()
            done()

        tasks = [asyncio.create_task(self._analyst.prepare())]
        try:
            async for diff in diffs:
                await places.acquire()
                tasks.append(asyncio.create_task(understand(diff)))
        finally:
            # Also when reading broke off: what is being analysed has been paid for, so let it end and be stored.
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def analyse(self, repo: Repo, diff: CommitDiff, *, again: bool = False) -> Analysis:
        """Analyses one commit and stores what came of it. Who asks meanwhile waits for that; `again` is as above."""
        key = (repo.whole, diff.commit.sha)
        return await _shared(self._analysing, key, lambda: self._analysed(repo.whole, diff, again=again))

    async def _analysed(self, repo: Repo, diff: CommitDiff, *, again: bool) -> Analysis:
        if again:
            return await self._made(repo, diff)
        if self._colleagues is not None:
            await self._have_analysed(repo, diff, self._colleagues)
        return await self._stored(repo, diff.commit.sha) or await self._made(repo, diff)

    async def _have_analysed(self, repo: Repo, diff: CommitDiff, colleagues: Colleagues) -> None:
        """By whoever is free, who finds the commit in the archive."""
        sha = diff.commit.sha
        if await self._archive.unknown(repo, [sha]):  # being stored at this moment, perhaps
            await self._archive.save_commit(repo, diff, self._now())
        await colleagues.perform(Analyse(repo=repo, sha=sha))

    async def analyse_stored(self, repo: Repo, sha: str) -> None:
        """Analyses a stored commit here, unless it is analysed or not there."""
        diff = await self._archive.diff(repo, sha)
        if diff is not None and await self._stored(repo, sha) is None:
            await _shared(self._analysing_here, (repo.whole, sha), lambda: self._made(repo.whole, diff))

    async def _stored(self, repo: Repo, sha: str) -> Analysis | None:
        return (await self._archive.analyses(repo, [sha], self._analyst.kind)).get(sha)

    async def _made(self, repo: Repo, diff: CommitDiff) -> Analysis:
        analysis = await self._analysis(repo, diff)
        self._meter.reached(Step.UNDERSTOOD)
        await self._archive.save_analysis(repo, analysis, self._analyst.kind, self._now())
        self._meter.reached(Step.ANALYSED)
        return analysis

    async def _analysis(self, repo: Repo, diff: CommitDiff) -> Analysis:
        try:
            with span(Work.ANALYSE, repo=str(repo), sha=diff.commit.sha):
                return await self._analyst.analyse(repo, diff)
        except BotError as error:
            log.warning("analysis.fell_back", repo=str(repo), sha=diff.commit.sha, error=str(error))
            analysis = await self._stand_in.analyse(repo, diff)
            return replace(analysis, provenance=replace(analysis.provenance, fallback=rules.fallback_reason(error)))

    async def entries(self, repo: Repo, shas: Sequence[str], language: Language | None = None) -> dict[str, Entry]:
        """The stored commits with their stored analyses, by SHA; only those that have both.

        In `language` where that is stored, else in the language they were written in.
        """
        return await stored_entries(self._archive, repo, shas, self._analyst.kind, language)

    async def entry(self, repo: Repo, sha: str, language: Language | None = None) -> Entry | None:
        """A stored commit with its stored analysis, whoever made it; only a commit without any is analysed now.

        In `language` if that is stored or can be had without its diff.
        """
        commits = await self._archive.commits(repo, [sha])
        if sha not in commits:
            return None
        stored = await self._archive.analyses(repo, [sha], AnalystKind.RULES, language)  # those, and better ones
        analysis = stored.get(sha) or await self._first_analysis(repo, sha)
        if analysis is None:
            return None
        others = await related(self._archive, repo, [sha])
        entry = Entry(commit=commits[sha], analysis=analysis, relations=others.get(sha, ()))
        if language is None or language is analysis.language:
            return entry
        return (await self.translate(repo, {sha: entry}, language, _ignore))[sha]

    async def _first_analysis(self, repo: Repo, sha: str) -> Analysis | None:
        diff = await self._archive.diff(repo, sha)
        return await self.analyse(repo, diff) if diff else None

    async def deepen(self, repo: Repo, sha: str) -> None:
        """Has a full analysis of a stored commit made and stored, unless it has one. Who asks meanwhile waits for it.

        Raises NoModel, and what the analyst raises: rules do not stand in, since nobody is left without an analysis.
        """
        stored = await self._archive.analyses(repo, [sha], AnalystKind.RULES)
        if sha in stored and _is_full(stored[sha]):
            return
        self.check_model()
        await _shared(self._deepening, (repo.whole, sha), lambda: self._deepened(repo.whole, sha))

    async def _deepened(self, repo: Repo, sha: str) -> Analysis:
        diff = await self._archive.diff(repo, sha)
        if diff is None:
            raise NotFound
        analysis = replace(await self._analyst.analyse(repo, diff, deep=True), is_deep=True)
        await self._archive.save_analysis(repo, analysis, self._analyst.kind, self._now())
        log.info("analysis.deepened", repo=str(repo), sha=sha)
        return analysis

    # In another language

    async def translate(
        self, repo: Repo, entries: Mapping[str, Entry], language: Language, done: Callable[[int], object]
    ) -> dict[str, Entry]:
        """The same entries in `language`; one that cannot be translated stays as it is. No diff is read.

        The model translates what it wrote, and that is stored; rules say it again. `done` is told how many more are.
        """
        foreign = [entry.analysis for entry in entries.values() if entry.analysis.language is not language]
        by_model = [analysis for analysis in foreign if analysis.provenance.analyst is AnalystKind.MODEL]
        done(len(entries) - len(by_model))
        translated = {
            analysis.sha: analysis
            for analysis in await self._translator.analyses(by_model, language, lambda batch: done(len(batch)))
        }
        for analysis in translated.values():
            await self._archive.save_analysis(repo, analysis, AnalystKind.MODEL, self._now())
            self._meter.reached(Step.TRANSLATED)
        return {
            sha: replace(entry, analysis=translated.get(sha) or said_again(entry, language))
            for sha, entry in entries.items()
        }


async def stored_entries(
    archive: Archive, repo: Repo, shas: Sequence[str], requested: AnalystKind, language: Language | None = None
) -> dict[str, Entry]:
    """The stored commits with their stored analyses, as `Archive.analyses` chooses them, by SHA; only those with both.

    In `language` where that is stored, else in the language they were written in.
    """
    commits = await archive.commits(repo, shas)
    analyses = await archive.analyses(repo, shas, requested, language)
    others = await related(archive, repo, shas)
    return {
        sha: Entry(commit=commits[sha], analysis=analyses[sha], relations=others.get(sha, ()))
        for sha in shas
        if sha in commits and sha in analyses
    }


async def _shared(tasks: _Tasks, key: _Key, make: "Callable[[], Coroutine[None, None, Analysis]]") -> Analysis:
    """What `make` makes. Who asks for the same meanwhile waits for it, and it goes on when everybody has left."""
    if key not in tasks:
        task = tasks[key] = asyncio.create_task(make())
        task.add_done_callback(lambda task: _ended(tasks, key, task))
    return await asyncio.shield(tasks[key])


def _ended(tasks: _Tasks, key: _Key, task: "asyncio.Task[Analysis]") -> None:
    del tasks[key]
    if not task.cancelled():
        task.exception()  # seen, even when everybody who waited has left


def untranslated(entries: Mapping[str, Entry], language: Language) -> bool:
    """Whether any of them is in another language."""
    return any(entry.analysis.language is not language for entry in entries.values())


def said_again(entry: Entry, language: Language) -> Analysis:
    """What rules wrote, in another language: it is not stored, since they need no more than the facts.

    What the model wrote stays as it is.
    """
    analysis = entry.analysis
    if analysis.provenance.analyst is not AnalystKind.RULES or analysis.language is language:
        return analysis
    return replace(rules.analysis(entry.commit, language), provenance=analysis.provenance)


def _is_full(analysis: Analysis) -> bool:
    return analysis.provenance.analyst is AnalystKind.MODEL and not analysis.can_be_deepened


def _ignore(_: int) -> None: ...
