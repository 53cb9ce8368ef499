"""Analyses of commits, each made once and stored."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot.core.errors import BotError
from bot.core.model import Analysis, AnalystKind, CommitDiff, Entry, Repo
from bot.core.ports import Analyst, Archive, Clock
from bot.core.rules import RuleAnalyst, fallback_reason

#: Commits whose patches are in memory at once: those being analysed, and as many waiting.
READ_AHEAD: Final = 16

log = structlog.get_logger()


class Understanding:
    """Asks the analyst for what nobody has understood yet; rules stand in where it fails."""

    def __init__(self, *, analyst: Analyst, archive: Archive, now: Clock) -> None:
        self._analyst = analyst
        self._stand_in = RuleAnalyst()
        self._archive = archive
        self._now = now

    async def missing(self, repo: Repo, shas: Sequence[str]) -> list[str]:
        """Those of the commits that have to be analysed."""
        known = await self._archive.analyses(repo, shas, self._analyst.kind)
        return [sha for sha in shas if sha not in known]

    async def understand(self, repo: Repo, diffs: AsyncIterator[CommitDiff], done: Callable[[], None]) -> None:
        """Analyses and stores all of them, several at a time; calls `done` after each."""
        places = asyncio.Semaphore(READ_AHEAD)

        async def understand(diff: CommitDiff) -> None:
            try:
                await self.analyse(repo, diff)
            finally:
                places.release()
            done()

        tasks: list[asyncio.Task[None]] = []
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

    async def analyse(self, repo: Repo, diff: CommitDiff) -> Analysis:
        """Analyses one commit and stores what came of it."""
        analysis = await self._analysis(repo, diff)
        await self._archive.save_analysis(repo, analysis, self._analyst.kind, self._now())
        return analysis

    async def _analysis(self, repo: Repo, diff: CommitDiff) -> Analysis:
        try:
            return await self._analyst.analyse(repo, diff)
        except BotError as error:
            log.warning("analysis.fell_back", repo=str(repo), sha=diff.commit.sha, error=str(error))
            analysis = await self._stand_in.analyse(repo, diff)
            return replace(analysis, provenance=replace(analysis.provenance, fallback=fallback_reason(error)))

    async def entries(self, repo: Repo, shas: Sequence[str]) -> dict[str, Entry]:
        """The stored commits with their stored analyses, by SHA; only those that have both."""
        commits = await self._archive.commits(repo, shas)
        analyses = await self._archive.analyses(repo, shas, self._analyst.kind)
        return {
            sha: Entry(commit=commits[sha], analysis=analyses[sha])
            for sha in shas
            if sha in commits and sha in analyses
        }

    async def entry(self, repo: Repo, sha: str) -> Entry | None:
        """A stored commit with its stored analysis, whoever made it; only a commit without any is analysed now."""
        diff = await self._archive.diff(repo, sha)
        if diff is None:
            return None
        stored = await self._archive.analyses(repo, [sha], AnalystKind.RULES)  # those, and any that are better
        return Entry(commit=diff.commit, analysis=stored[sha] if sha in stored else await self.analyse(repo, diff))
