"""Stored analyses by the words in them."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database import repositories
from bot.adapters.database.schema import analyses, commits
from bot.core.model import Analysis, Insight, Repo

#: Characters that are kept of an analysis to be looked for.
WORDS_MAX: Final = 20_000


class Searching:
    """The part of `bot.core.ports.Archive` that finds."""

    _reads: AsyncEngine

    async def search(self, repo: Repo, words: Collection[str], limit: int) -> tuple[Sequence[str], int]:
        found = _matching(repo, words)
        newest = found.order_by(commits.c.committed_at.desc(), commits.c.sha).limit(limit)
        async with self._reads.connect() as connection:
            shas = (await connection.execute(newest)).scalars().all()
            total = (await connection.execute(select(func.count()).select_from(found.subquery()))).scalar_one()
        return shas, total


def _matching(repo: Repo, words: Collection[str]) -> Select[str]:
    """SHAs of commits in whose subject or analyses, in whatever language, each of the words stands."""
    mine = commits.c.repository_id == repositories.id_of(repo.whole).scalar_subquery()
    theirs = and_(analyses.c.repository_id == commits.c.repository_id, analyses.c.sha == commits.c.sha)
    each = (
        or_(
            commits.c.subject_key.contains(word.casefold(), autoescape=True),
            select(analyses.c.id).where(theirs, analyses.c.words.contains(word.casefold(), autoescape=True)).exists(),
        )
        for word in words
    )
    return select(commits.c.sha).where(mine, commits.c.orphaned_at.is_(None), *each)


def searchable(analysis: Analysis) -> str:
    """The prose and the names of an analysis, folded."""
    return "\n".join(_prose(analysis))[:WORDS_MAX].casefold()


def _prose(analysis: Analysis) -> Iterator[str]:
    yield analysis.headline
    yield from (change_type.value for change_type in analysis.types)
    yield from (statement.text for statement in analysis.summary)
    for item in analysis.scope:
        yield item.name
        yield item.effect
    yield from _insights(analysis.insight)
    for risk in analysis.risks:
        yield from (risk.risk.text, risk.consequence, risk.mitigation)
    yield from (advice.text for advice in analysis.advice)
    yield analysis.quotation


def _insights(insight: Insight) -> Iterator[str]:
    for statements in (insight.architecture, insight.performance, insight.security):
        yield from (statement.text for statement in statements)
