"""What the prompts of a clone's commits cost beside their whole diffs, and how much of the source is read."""

import math
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from bench.figures import Figure
from bot.adapters.git import GitSource, LocalClone
from bot.core.analyst import BUDGET
from bot.core.attributes import Attributes
from bot.core.days import Day, Window
from bot.core.model import CommitDiff, Repo
from bot.core.packing import plan
from bot.core.redaction import redact
from bot.core.tokens import BYTES_PER_TOKEN, size

#: Of the tokens of whole diffs, what prompts may cost at most; of readable source lines, what must be shown.
COST_MAX = 0.60
COVERAGE_MIN = 0.95


@dataclass(slots=True, kw_only=True)
class _Sums:
    whole: int = 0
    packed: int = 0
    parts: int = 0
    shown: int = 0
    changed: int = 0
    unreadable: int = 0


async def packed_history(clone: Path, first: date | None, last: date | None, zone: ZoneInfo) -> Sequence[Figure]:
    """The days from `first` to `last`, both included; all days where there is none given."""
    source = GitSource(LocalClone(clone, now=lambda: datetime.now(UTC), environment=dict(os.environ)))
    repo = Repo(owner="any", name="clone", host="")
    listing = await source.list(repo, _window(first, last, zone))
    attributes = Attributes.parse(_git(clone, "show", "HEAD:.gitattributes").decode(errors="replace"))
    sums, seconds = _Sums(), 0.0
    async for diff in source.read(repo, [ref.sha for ref in listing.commits]):
        began = perf_counter()
        _add(sums, diff, attributes)
        seconds += perf_counter() - began
        sums.whole += len(_git(clone, "show", diff.commit.sha))
    return _figures(sums, len(listing.commits), seconds)


def _window(first: date | None, last: date | None, zone: ZoneInfo) -> Window:
    since = Day(date=first or date(1971, 1, 2), zone=zone).window().since
    return Window(since=since, until=Day(date=last or date(2098, 1, 1), zone=zone).window().until)


def _git(clone: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", clone, *arguments], capture_output=True, check=False).stdout


def _add(sums: _Sums, diff: CommitDiff, attributes: Attributes) -> None:
    planned = plan(diff, budget=BUDGET, attributes=attributes)
    message = size(redact(diff.commit.message).text)
    sums.packed += sum(size(part.text) + message for part in planned.parts)
    sums.parts += len(planned.parts)
    sums.shown += planned.source_lines_shown
    sums.changed += planned.source_lines_changed
    sums.unreadable += planned.source_lines_unreadable


def _figures(sums: _Sums, commits: int, seconds: float) -> Sequence[Figure]:
    readable = sums.changed - sums.unreadable
    unread = 1 - sums.shown / readable if readable else 0
    return [
        Figure(name=f"tokens of {commits} whole diffs, as git show prints them", value=_tokens(sums.whole), unit="k"),
        Figure(name="tokens of their prompts, without instructions", value=_tokens(sums.packed), unit="k"),
        Figure(name="  prompts beside whole diffs", value=sums.packed / max(sums.whole, 1), unit="", limit=COST_MAX),
        Figure(name="  source lines that are not read", value=unread, unit="", limit=1 - COVERAGE_MIN),
        Figure(name="  source lines in files too large for a patch", value=sums.unreadable, unit=""),
        Figure(name="  questions per commit", value=sums.parts / max(commits, 1), unit=""),
        Figure(name="  time to redact and pack", value=seconds, unit="s"),
    ]


def _tokens(size_in_bytes: int) -> float:
    return math.ceil(size_in_bytes / BYTES_PER_TOKEN) / 1000
