"""A card of each commit, as libraries have them: by what words it is found, and how important it is.

What stands on it follows from the commit and its analyses, and is written anew whenever one of them changes, in the
same transaction. The words are indexed by the database itself: see the migration that makes the index.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.adapters.database import repositories
from bot.adapters.database.folding import folded
from bot.adapters.database.json_values import load_analysis, load_commit
from bot.adapters.database.schema import analyses, cards, commits, digest_commits
from bot.adapters.database.upserts import insert
from bot.core.model import Analysis, AnalystKind, Commit, Insight

#: Characters of a card; a commit that changes thousands of files is found by the first ones.
WORDS_MAX: Final = 60_000
#: Of a listed commit that has no analysis yet.
NOT_ANALYSED: Final = 0

#: Commits whose analyses are in memory at once.
_BATCH: Final = 200
#: Bits of a card's number that tell commits of one second apart.
_APART: Final = 28
_LATEST: Final = (1 << 63 - _APART) - 1

#: Orders the analyses of a commit: the last one counts.
BEST_LAST: Final = (
    analyses.c.analyst == AnalystKind.MODEL.value,
    analyses.c.is_deep,
    analyses.c.made_at,
    analyses.c.id,
)
_NEW: Final = insert(cards)
_ENSURE: Final = _NEW.on_conflict_do_nothing()
_WRITE: Final = (
    update(cards)
    .where(cards.c.repository_id == bindparam("of"), cards.c.sha == bindparam("commit"))
    .values(words=bindparam("words"), importance=bindparam("rated"))
)
_RATE: Final = (
    update(digest_commits)
    .where(digest_commits.c.sha == bindparam("commit"), digest_commits.c.importance.is_not(None))
    .values(importance=bindparam("rated"))
)


async def write(connection: AsyncConnection, repository_id: int, shas: Collection[str]) -> None:
    """Brings the cards of these commits of a whole repository up to date, and their importance in its digests.

    Those that are not stored have none, and an orphan is not found by any word.
    """
    waiting = list(dict.fromkeys(shas))
    for start in range(0, len(waiting), _BATCH):
        await _write(connection, repository_id, waiting[start : start + _BATCH])


async def _write(connection: AsyncConnection, repository_id: int, shas: Sequence[str]) -> None:
    rows = await _commits(connection, repository_id, shas)
    made = await _analyses(connection, repository_id, [row.sha for row in rows])
    written = [_card(repository_id, row, made[row.sha]) for row in rows]
    if not written:
        return
    await connection.execute(_ENSURE, [_blank(repository_id, row) for row in rows])
    await connection.execute(_WRITE, written)
    rated = [{"commit": card["commit"], "rated": card["rated"]} for card in written if card["rated"]]
    if rated:
        of_repository = digest_commits.c.repository_id.in_(repositories.ids_of_whole(repository_id))
        await connection.execute(_RATE.where(of_repository), rated)


async def _commits(
    connection: AsyncConnection, repository_id: int, shas: Sequence[str]
) -> Sequence[Row[*tuple[Any, ...]]]:
    query = select(commits.c.sha, commits.c.facts, commits.c.committed_at, commits.c.orphaned_at).where(
        commits.c.repository_id == repository_id, commits.c.sha.in_(shas)
    )
    return (await connection.execute(query)).all()


async def _analyses(
    connection: AsyncConnection, repository_id: int, shas: Sequence[str]
) -> defaultdict[str, list[Analysis]]:
    """All that were ever made of each, in whatever language, the best one last."""
    query = select(analyses.c.sha, analyses.c.body).where(
        analyses.c.repository_id == repository_id, analyses.c.sha.in_(shas)
    )
    found = defaultdict[str, list[Analysis]](list)
    for sha, body in await connection.execute(query.order_by(*BEST_LAST)):
        found[sha].append(load_analysis(body))
    return found


def _blank(repository_id: int, row: Row[*tuple[Any, ...]]) -> dict[str, object]:
    return {
        "id": number(repository_id, row.sha, row.committed_at),
        "repository_id": repository_id,
        "sha": row.sha,
        "importance": NOT_ANALYSED,
        "words": "",
    }


def _card(repository_id: int, row: Row[*tuple[Any, ...]], made: Sequence[Analysis]) -> dict[str, Any]:
    """What is written on a card that is there."""
    originals = [analysis for analysis in made if analysis.translated_from is None]
    return {
        "of": repository_id,
        "commit": row.sha,
        "rated": originals[-1].importance.value if originals else NOT_ANALYSED,
        "words": "" if row.orphaned_at is not None else words(load_commit(row.facts), made),
    }


def number(repository_id: int, sha: str, committed_at: datetime) -> int:
    """Grows with the instant of the commit, so that cards in the order of their numbers are in that of time.

    Two of one second get the same one once in 2**28 times; the second one of them then has no card.
    """
    seconds = min(max(int(committed_at.timestamp()), 0), _LATEST)
    apart = hashlib.blake2b(f"{repository_id} {sha}".encode(), digest_size=4).digest()
    return seconds << _APART | int.from_bytes(apart) >> 32 - _APART


def words(commit: Commit, made: Collection[Analysis]) -> str:
    """By what a commit is found: its own words, those of its analyses, and the paths that it touches."""
    return folded(_texts(commit, made), WORDS_MAX)


def _texts(commit: Commit, made: Collection[Analysis]) -> Iterator[str]:
    yield from (commit.sha, commit.subject, commit.author.name)
    yield from (person.name for person in commit.co_authors)
    if commit.pull_request is not None:
        yield f"#{commit.pull_request}"
    for analysis in made:
        yield from _prose(analysis)
    for file in commit.files:
        yield from (file.path, file.previous_path or "")


def _prose(analysis: Analysis) -> Iterator[str]:
    yield analysis.headline
    yield from (change_type.value for change_type in analysis.types)
    yield from (statement.text for statement in analysis.summary)
    for item in analysis.scope:
        yield from (item.name, item.effect)
    yield from _insights(analysis.insight)
    for risk in analysis.risks:
        yield from (risk.risk.text, risk.consequence, risk.mitigation)
    yield from (advice.text for advice in analysis.advice)
    yield analysis.quotation


def _insights(insight: Insight) -> Iterator[str]:
    for statements in (insight.architecture, insight.performance, insight.security):
        yield from (statement.text for statement in statements)
