"""How far rules agree with a reader who rated a real day by hand; nothing is tuned to these twelve commits."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bot.core.importance import bounded, rate
from bot.core.model import Commit, FileChange, FileStatus, Importance, ImportanceRule, Person, Rating
from tests.sample_day import COMMITS


async def agreement(_folder: Path) -> Sequence[Figure]:
    by_rules = sum(rate(commit_of(facts)).importance is _rated(facts) for facts in COMMITS)
    within = sum(_bounded(facts) is _rated(facts) for facts in COMMITS)
    return [
        Figure(name=f"of {len(COMMITS)} commits, rated by rules as by a reader", value=by_rules, unit=""),
        Figure(name="  that a model may rate so within the bound", value=within, unit=""),
    ]


def _bounded(facts: dict[str, Any]) -> Importance:
    """What is left of the reader's rating if a model proposes it, with a rule where it is high."""
    level = _rated(facts)
    rule = ImportanceRule.BEHAVIOUR if level is Importance.HIGH else None
    return bounded(Rating(importance=level, reason="", rule=rule), rate(commit_of(facts))).importance


def _rated(facts: dict[str, Any]) -> Importance:
    return Importance[facts["importance"].upper()]


def commit_of(facts: dict[str, Any]) -> Commit:
    person = Person(name=facts["author_name"], email="")
    instant = datetime.fromisoformat(facts["committed_at"])
    return Commit(
        sha="0" * 40,
        parents=(),
        author=person,
        authored_at=instant,
        committer=person,
        committed_at=instant,
        message="\n\n".join(filter(None, (facts["subject"], facts["body"]))),
        files=tuple(
            FileChange(
                path=file["path"],
                status=FileStatus(file["status"]),
                additions=file["additions"],
                deletions=file["deletions"],
            )
            for file in facts["files"]
        ),
    )
