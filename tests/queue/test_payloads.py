"""Jobs as rows of the queue, which another version of the bot may have written."""

from datetime import date
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.queue.payloads import Row, Unreadable, dump, load
from bot.core.jobs import Analyse, Collect, Correct, Deliver, Follow, Job
from bot.core.model import Repo
from bot.core.subscriptions import Platform
from bot.core.working import AT_ONCE

REPO = Repo(owner="octo", name="hello", branches="release/*")
DAY = date(2026, 1, 21)
JOBS = [
    Collect(repo=REPO, zone=ZoneInfo("Asia/Shanghai"), first=DAY, last=DAY),
    Analyse(repo=REPO, sha="a" * 40),
    Deliver(platform=Platform.SLACK, workspace="T1"),
    Correct(),
    Follow(following=7),
]


def test_every_job_is_done_by_somebody_and_tested_here():
    assert {type(job) for job in JOBS} == set(get_args(Job)) == set(AT_ONCE)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: type(job).__name__)
def test_a_job_comes_back_as_it_was_enqueued(job: Job):
    assert load(dump(job)) == job


def test_what_a_row_holds():
    assert dump(JOBS[1]) == Row(
        "analyse",
        b'{"version":1,"job":{"repo":{"owner":"octo","name":"hello","host":"github.com","branches":"release/*"},'
        b'"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}',
    )


def test_the_same_job_has_the_same_key_and_no_other_job_has_it():
    assert len({dump(job).key for job in JOBS}) == len(JOBS)
    assert dump(JOBS[0]).key == dump(Collect(repo=REPO, zone=ZoneInfo("Asia/Shanghai"), first=DAY, last=DAY)).key


@pytest.mark.parametrize(
    "row",
    [
        Row("analyse", b'{"version":2,"job":{"commit":"a"}}'),
        Row("analyse", b'{"version":1,"job":{"commit":"a"}}'),
        Row("translate", b'{"version":1,"job":{}}'),
        Row("correct", b"\x00"),
    ],
    ids=["newer", "other fields", "another kind", "no JSON"],
)
def test_what_another_version_wrote_is_unreadable(row: Row):
    with pytest.raises(Unreadable):
        load(row)
