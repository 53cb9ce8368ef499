import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.database.archive import DatabaseArchive
from bot.core.days import Day
from bot.core.digests import Digests
from bot.core.errors import AnalystRateLimited, AnswerInvalid, SourceBehind, SourceUnavailable
from bot.core.model import AnalystKind, FallbackReason
from bot.core.replies import Progress
from bot.core.rules import RuleAnalyst
from bot.core.understanding import READ_AHEAD
from tests.fakes import REPO, FakeAnalyst, FakeClock, FakeSource, analysis_of, commit, service

DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
RELEASES = replace(REPO, branches="release/*")
MORNING = commit("feat: greet in the morning", "2026-01-21T01:00:00+00:00")
NOON = commit("fix: greet at noon", "2026-01-21T04:00:00+00:00")
NIGHT = commit("docs: greet at night", "2026-01-21T15:59:59+00:00")
DAY_AFTER = commit("feat: greet tomorrow", "2026-01-21T16:00:00+00:00")


@pytest.fixture
def source() -> FakeSource:
    return FakeSource([MORNING, NOON, NIGHT, DAY_AFTER])


@pytest.fixture
def analyst() -> FakeAnalyst:
    return FakeAnalyst()


@pytest.fixture
def digests(source: FakeSource, analyst: FakeAnalyst, archive: DatabaseArchive, clock: FakeClock) -> Digests:
    return service(source=source, analyst=analyst, archive=archive, now=clock).digests


async def test_a_digest_has_the_commits_of_its_day_newest_first(digests: Digests):
    digest = await digests.of(REPO, DAY)
    assert [(entry.commit, entry.analysis) for entry in digest.entries] == [
        (NIGHT, analysis_of(NIGHT)),
        (NOON, analysis_of(NOON)),
        (MORNING, analysis_of(MORNING)),
    ]
    assert digest.sealed


async def test_a_finished_day_is_listed_read_and_analysed_once(
    digests: Digests, source: FakeSource, analyst: FakeAnalyst
):
    first = await digests.of(REPO, DAY)
    again = await digests.of(REPO, DAY)
    assert again.entries == first.entries
    assert (source.listed, len(source.read_shas), len(analyst.asked)) == (1, 3, 3)


async def test_a_sealed_day_keeps_its_commits_when_older_ones_show_up_later(digests: Digests, source: FakeSource):
    first = await digests.of(REPO, DAY)
    source.commits.append(commit("feat: rebased", "2026-01-21T02:00:00+00:00"))
    assert (await digests.of(REPO, DAY)).entries == first.entries


async def test_today_is_not_sealed_and_grows(digests: Digests, source: FakeSource, analyst: FakeAnalyst):
    source.as_of = datetime(2026, 1, 21, 5, tzinfo=UTC)
    source.commits = [MORNING, NOON]
    first = await digests.of(REPO, DAY)
    source.commits.append(NIGHT)
    source.as_of = datetime(2026, 1, 21, 15, 59, 59, tzinfo=UTC)
    second = await digests.of(REPO, DAY)
    assert (first.sealed, second.sealed) == (False, False)
    assert [entry.commit.subject for entry in second.entries] == [NIGHT.subject, NOON.subject, MORNING.subject]
    assert len(analyst.asked) == 3


async def test_a_clone_that_was_fetched_before_the_day_began_is_no_quiet_day(digests: Digests, source: FakeSource):
    source.as_of = datetime(2026, 1, 20, 15, tzinfo=UTC)
    with pytest.raises(SourceBehind):
        await digests.of(REPO, DAY)


async def test_an_outage_is_an_error_and_never_an_empty_day(digests: Digests, source: FakeSource):
    source.problem = SourceUnavailable()
    with pytest.raises(SourceUnavailable):
        await digests.of(REPO, DAY)
    source.problem = None
    assert len((await digests.of(REPO, DAY)).entries) == 3


async def test_what_was_read_before_an_outage_is_kept(digests: Digests, source: FakeSource, analyst: FakeAnalyst):
    source.problem, source.breaks_after = SourceUnavailable(), 2
    source_list, source.list = source.list, FakeSource(source.commits).list
    with pytest.raises(SourceUnavailable):
        await digests.of(REPO, DAY)
    source.problem, source.list = None, source_list
    digest = await digests.of(REPO, DAY)
    assert len(digest.entries) == 3
    assert len(source.read_shas) == len(analyst.asked) == 3


async def test_rules_stand_in_for_the_model_commit_by_commit_and_say_why(digests: Digests, analyst: FakeAnalyst):
    analyst.problems = {NOON.subject: AnalystRateLimited(), NIGHT.subject: AnswerInvalid()}
    digest = await digests.of(REPO, DAY)
    assert [(entry.analysis.provenance.analyst, entry.analysis.provenance.fallback) for entry in digest.entries] == [
        (AnalystKind.RULES, FallbackReason.INVALID_ANSWER),
        (AnalystKind.RULES, FallbackReason.RATE_LIMIT),
        (AnalystKind.MODEL, None),
    ]


async def test_a_commit_for_which_rules_stood_in_is_not_paid_for_again_unasked(digests: Digests, analyst: FakeAnalyst):
    analyst.problems = {NOON.subject: AnalystRateLimited()}
    await digests.of(REPO, DAY)
    analyst.problems = {}
    await digests.of(REPO, DAY)
    assert len(analyst.asked) == 3


async def test_a_day_by_rules_is_understood_by_the_model_once_there_is_one(
    source: FakeSource, analyst: FakeAnalyst, archive: DatabaseArchive, clock: FakeClock
):
    await service(source=source, analyst=RuleAnalyst(), archive=archive, now=clock).digests.of(REPO, DAY)
    digest = await service(source=source, analyst=analyst, archive=archive, now=clock).digests.of(REPO, DAY)
    assert {entry.analysis.provenance.analyst for entry in digest.entries} == {AnalystKind.MODEL}
    assert len(source.read_shas) == 3


async def test_a_day_by_the_model_is_shown_when_only_rules_are_left(
    source: FakeSource, analyst: FakeAnalyst, archive: DatabaseArchive, clock: FakeClock
):
    await service(source=source, analyst=analyst, archive=archive, now=clock).digests.of(REPO, DAY)
    digest = await service(source=source, analyst=RuleAnalyst(), archive=archive, now=clock).digests.of(REPO, DAY)
    assert {entry.analysis.provenance.analyst for entry in digest.entries} == {AnalystKind.MODEL}


async def test_a_commit_on_several_branches_is_read_and_analysed_once(
    digests: Digests, source: FakeSource, analyst: FakeAnalyst
):
    of_main = await digests.of(REPO, DAY)
    of_releases = await digests.of(RELEASES, DAY)
    assert (of_releases.repo, of_releases.entries) == (RELEASES, of_main.entries)
    assert (source.listed, len(source.read_shas), len(analyst.asked)) == (2, 3, 3)


async def test_branches_whose_digests_are_made_at_once_pay_for_a_commit_once(digests: Digests, analyst: FakeAnalyst):
    analyst.gate.clear()
    asking = [asyncio.create_task(digests.of(repo, DAY)) for repo in (REPO, RELEASES)]
    while len(analyst.asked) < 3:
        await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0.001)
    analyst.gate.set()
    of_main, of_releases = await asyncio.gather(*asking)
    assert of_main.entries == of_releases.entries
    assert len(analyst.asked) == 3


async def test_two_people_who_ask_at_once_cause_one_run(digests: Digests, source: FakeSource, analyst: FakeAnalyst):
    first, second = await asyncio.gather(digests.of(REPO, DAY), digests.of(REPO, DAY))
    assert first == second
    assert (source.listed, len(analyst.asked)) == (1, 3)


async def test_a_run_goes_on_when_the_one_who_asked_leaves(digests: Digests, analyst: FakeAnalyst):
    analyst.gate.clear()
    asking = asyncio.create_task(digests.of(REPO, DAY))
    while len(analyst.asked) < 3:
        await asyncio.sleep(0)
    asking.cancel()
    analyst.gate.set()
    assert len((await digests.of(REPO, DAY)).entries) == 3
    assert len(analyst.asked) == 3


async def test_progress_counts_to_the_end(digests: Digests):
    heard: list[Progress] = []
    await digests.of(REPO, DAY, heard.append)
    assert [(progress.done, progress.total) for progress in heard] == [(0, None), (0, 3), (1, 3), (2, 3), (3, 3)]


async def test_no_more_patches_are_in_memory_than_the_limit(
    archive: DatabaseArchive, clock: FakeClock, analyst: FakeAnalyst
):
    source = FakeSource(commit(f"feat: {n}", "2026-01-21T08:00:00+00:00") for n in range(READ_AHEAD * 2))
    analyst.gate.clear()
    asking = asyncio.create_task(
        service(source=source, analyst=analyst, archive=archive, now=clock).digests.of(REPO, DAY)
    )
    while len(analyst.asked) < READ_AHEAD:
        await asyncio.sleep(0.01)
    assert len(source.read_shas) <= READ_AHEAD + 1
    analyst.gate.set()
    assert len((await asking).entries) == READ_AHEAD * 2


async def test_a_merge_of_commits_that_are_listed_is_counted_and_not_analysed(
    archive: DatabaseArchive, clock: FakeClock, analyst: FakeAnalyst
):
    merge = commit("Merge branch 'noon'", "2026-01-21T05:00:00+00:00", parents=(MORNING.sha, NOON.sha))
    source = FakeSource([MORNING, NOON, merge])
    digest = await service(source=source, analyst=analyst, archive=archive, now=clock).digests.of(REPO, DAY)
    assert [entry.commit for entry in digest.entries] == [NOON, MORNING]
    assert digest.merges == 1


async def test_a_merge_of_commits_that_nobody_listed_is_analysed(
    archive: DatabaseArchive, clock: FakeClock, analyst: FakeAnalyst
):
    merge = commit("Merge branch 'old'", "2026-01-21T05:00:00+00:00", parents=(MORNING.sha, "f" * 40))
    source = FakeSource([MORNING, merge])
    digest = await service(source=source, analyst=analyst, archive=archive, now=clock).digests.of(REPO, DAY)
    assert [entry.commit for entry in digest.entries] == [merge, MORNING]


async def test_an_expanded_commit_comes_from_the_archive_alone(
    source: FakeSource, analyst: FakeAnalyst, archive: DatabaseArchive, clock: FakeClock
):
    made = service(source=source, analyst=analyst, archive=archive, now=clock)
    await made.digests.of(REPO, DAY)
    source.problem, analyst.problems = SourceUnavailable(), {NOON.subject: AnalystRateLimited()}
    entry = await made.understanding.entry(REPO, NOON.sha)
    assert entry is not None
    assert (entry.commit, entry.analysis) == (NOON, analysis_of(NOON))
