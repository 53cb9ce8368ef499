"""How long it takes to draw a very large day for Slack and for Feishu, and a busy one as a page."""

import dataclasses
import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

from bench.figures import Figure
from bench.importance import commit_of
from bot.core import rules
from bot.core.addresses import Addresses
from bot.core.days import Day
from bot.core.language import Language
from bot.core.model import Digest, Entry, Repo
from bot.core.pages import DayPage
from bot.core.replies import DigestView
from formatters import feishu, html, slack
from tests.sample_day import COMMITS

COMMITS_DRAWN = 500
#: On a page of the archive, of which a reader waits for every byte.
COMMITS_ON_PAGE = 60
_ROUNDS = 25


async def large_day(_folder: Path) -> Sequence[Figure]:
    view = DigestView(digest=day(COMMITS_DRAWN))
    name = f"rendering a day of {COMMITS_DRAWN} commits"
    return [
        Figure(name=name, value=_seconds(lambda: slack.render(view, frozenset(slack.Native))), unit="s", limit=0.05),
        Figure(name=f"{name} for Feishu", value=_seconds(lambda: feishu.render(view)), unit="s", limit=0.05),
        *_page(),
    ]


def _page() -> Sequence[Figure]:
    whole = day(COMMITS_ON_PAGE)
    page, addresses = DayPage(view=DigestView(digest=whole)), Addresses(zone=whole.day.zone, language=Language.EN)
    sent = len(gzip.compress(html.render(page, addresses).encode()))
    name = f"a page of {COMMITS_ON_PAGE} commits"
    return [
        Figure(name=f"rendering {name}", value=_seconds(lambda: html.render(page, addresses)), unit="s", limit=0.015),
        Figure(name=f"{name}, compressed", value=sent / 1000, unit="kB", limit=150),
    ]


def day(number_of_commits: int) -> Digest:
    """Real commits, again and again, as rules understand them."""
    repeated = islice(cycle(map(commit_of, COMMITS)), number_of_commits)
    commits = [dataclasses.replace(commit, sha=f"{number:040x}") for number, commit in enumerate(repeated)]
    return Digest(
        repo=Repo(owner="octo", name="hello"),
        day=Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai")),
        entries=tuple(Entry(commit=commit, analysis=rules.analysis(commit)) for commit in commits),
        as_of=datetime(2026, 1, 22, tzinfo=UTC),
        sealed=True,
    )


def _seconds(draw: Callable[[], object]) -> float:
    """The median, once all that is kept from one time to the next is there."""
    draw()
    return median(_once(draw) for _ in range(_ROUNDS))


def _once(draw: Callable[[], object]) -> float:
    began = perf_counter()
    draw()
    return perf_counter() - began
