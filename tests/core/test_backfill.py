import asyncio
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.database.archive import DatabaseArchive
from bot.core.backfill import COMMITS_AT_ONCE, Backfill, parse_finished_days
from bot.core.days import Day
from bot.core.errors import NotUnderstood, SourceBehind, SourceUnavailable
from bot.core.ranges import Span
from bot.core.replies import Progress
from tests.fakes import NOW, REPO, FakeAnalyst, FakeClock, FakeSource, commit, service

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = Day.containing(NOW, ZONE)
FIRST = Day(date=date(2026, 1, 10), zone=ZONE)
WEEK = Span(first=FIRST, last=FIRST.plus(6))


@pytest.fixture
def source() -> FakeSource:
    """Three commits on each second day."""
    return FakeSource(
        commit(f"feat: {day} {number}", (FIRST.plus(day).window().since + timedelta(hours=number)).isoformat())
        for day in range(0, 7, 2)
        for number in range(3)
    )


@pytest.fixture
def analyst() -> FakeAnalyst:
    return FakeAnalyst()


@pytest.fixture
def made(source: FakeSource, analyst: FakeAnalyst, archive: DatabaseArchive, clock: FakeClock):
    return service(source=source, analyst=analyst, archive=archive, now=clock)


@pytest.fixture
def backfill(made, clock: FakeClock) -> Backfill:
    return Backfill(collecting=made.collecting, understanding=made.understanding, now=clock)


async def test_each_day_of_the_range_is_sealed_and_the_source_is_listed_once(
    backfill: Backfill, source: FakeSource, archive: DatabaseArchive
):
    done = await backfill.run(REPO, WEEK)
    assert (done.days, done.known_days, done.commits, done.analysed) == (7, 0, 12, 12)
    assert source.listed == 1
    sealed = [await archive.sealed(REPO, day) for day in WEEK.days]
    assert [len(day.shas) for day in sealed if day] == [3, 0, 3, 0, 3, 0, 3]


async def test_a_day_that_was_filled_in_is_the_digest_that_people_get(backfill: Backfill, made, source: FakeSource):
    await backfill.run(REPO, WEEK)
    digest = await made.digests.of(REPO, FIRST)
    assert [entry.commit.subject for entry in digest.entries] == ["feat: 0 2", "feat: 0 1", "feat: 0 0"]
    assert (source.listed, len(source.read_shas)) == (1, 12)


async def test_a_second_run_asks_nobody(backfill: Backfill, source: FakeSource, analyst: FakeAnalyst):
    await backfill.run(REPO, WEEK)
    again = await backfill.run(REPO, WEEK)
    assert (again.days, again.known_days, again.commits) == (0, 7, 0)
    assert (source.listed, len(analyst.asked)) == (1, 12)


async def test_what_an_outage_left_undone_is_all_that_is_done_next_time(
    backfill: Backfill, source: FakeSource, analyst: FakeAnalyst
):
    source.breaks_after, read, list_ = 5, source.read, source.list
    source.list = FakeSource(source.commits).list
    source.problem = SourceUnavailable()
    with pytest.raises(SourceUnavailable):
        await backfill.run(REPO, WEEK)
    source.problem, source.list, source.read = None, list_, read
    done = await backfill.run(REPO, WEEK)
    assert (done.commits, done.analysed) == (12, 7)
    assert len(analyst.asked) == len(source.read_shas) == 12


async def test_being_stopped_keeps_what_is_done(
    backfill: Backfill, source: FakeSource, analyst: FakeAnalyst, archive: DatabaseArchive
):
    source.commits = [
        commit(f"feat: {day} {number}", (FIRST.plus(day).window().since + timedelta(seconds=number)).isoformat())
        for day in range(2)
        for number in range(COMMITS_AT_ONCE)
    ]

    def stop_on_the_second_day(progress: Progress) -> None:
        if progress.done > COMMITS_AT_ONCE:
            running.cancel()

    running = asyncio.create_task(backfill.run(REPO, WEEK, stop_on_the_second_day))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await archive.sealed(REPO, FIRST) is not None
    assert await archive.sealed(REPO, FIRST.plus(1)) is None
    read = len(source.read_shas)
    done = await backfill.run(REPO, WEEK)
    assert (done.days, done.known_days, done.commits) == (6, 1, COMMITS_AT_ONCE)
    assert len(source.read_shas) == 2 * COMMITS_AT_ONCE
    assert read > COMMITS_AT_ONCE


async def test_progress_counts_the_commits_to_the_end(backfill: Backfill):
    heard: list[Progress] = []
    await backfill.run(REPO, WEEK, heard.append)
    assert (heard[0].total, heard[-1].done, heard[-1].total) == (None, 12, 12)
    assert [one.done for one in heard] == sorted(one.done for one in heard)


async def test_a_clone_that_does_not_know_the_range_to_its_end_is_behind(backfill: Backfill, source: FakeSource):
    source.as_of = WEEK.last.window().until - timedelta(minutes=1)
    with pytest.raises(SourceBehind, match=r"before 2026-01-16 .* was over"):
        await backfill.run(REPO, WEEK)


async def test_what_comes_after_a_backfill_with_an_older_date_is_late_in_the_next_digest(
    backfill: Backfill, made, source: FakeSource
):
    await backfill.run(REPO, Span(first=FIRST, last=TODAY.plus(-2)))
    late = commit("late", "2026-01-19T08:00:00+00:00")
    source.commits.append(late)
    digest = await made.digests.of(REPO, TODAY.plus(-1))
    assert [(entry.commit.subject, entry.is_late) for entry in digest.entries] == [("late", True)]


# The range


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-01-01..2026-01-21", "2026-01-01", "2026-01-21"),
        ("2024-01-01..2026-01-21", "2024-01-01", "2026-01-21"),
        ("2025-12-31 .. yesterday", "2025-12-31", "2026-01-21"),
        ("2026-01-05", "2026-01-05", "2026-01-05"),
        ("7d", "2026-01-15", "2026-01-21"),
    ],
)
def test_any_number_of_finished_days_is_a_range(text: str, first: str, last: str):
    span = parse_finished_days(text, TODAY)
    assert (span.first.date.isoformat(), span.last.date.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("text", "sentence", "example"),
    [
        ("2026-01-10..2026-01-01", "A range begins with its earlier day.", "2026-01-01..2026-01-10"),
        ("2026-01-01..2026-01-22", r"2026-01-22 \(Asia/Shanghai\) is not over yet", "2026-01-01..2026-01-21"),
        ("2026-01-01..2027-01-01", "has not begun", "yesterday"),
        ("2026-02-30..2026-03-01", "There is no day 2026-02-30 in the calendar.", "2026-01-21"),
        ("2026-01-01..", "is not a range of days", "2026-01-15..2026-01-21"),
        ("soon", "is neither a day nor a command", "yesterday"),
    ],
)
def test_what_is_no_range_of_finished_days_is_refused_with_an_example(text: str, sentence: str, example: str):
    with pytest.raises(NotUnderstood, match=sentence) as refused:
        parse_finished_days(text, TODAY)
    assert refused.value.example == example
