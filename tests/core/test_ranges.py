"""Days and ranges as people name them, and the digests of several days together."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.buttons import decode, encode
from bot.core.commands import Retry, ShowDigest
from bot.core.days import Day
from bot.core.desk import Asker
from bot.core.errors import NotUnderstood
from bot.core.grammar import parse
from bot.core.model import Importance, Theme
from bot.core.ranges import DAYS_MAX, DayRange, LastDays, LastWeekday, RelativeDay, RelativeWeek, Weekday, resolve
from bot.core.replies import DigestView, Progress, RangeView
from formatters import json as json_formatter
from formatters import markdown, slack, terminal
from tests.fakes import CHANNEL, REPO, FakeAnalyst, FakeClock, FakeSource, commit, service
from tests.formatters import samples
from tests.formatters.test_slack_limits import assert_accepted

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A Thursday.
TODAY = Day(date=date(2026, 1, 22), zone=SHANGHAI)
WEEK = DayRange(first=date(2026, 1, 15), last=date(2026, 1, 21))
FRIDAY = LastWeekday(weekday=Weekday.FRIDAY)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-01-15..2026-01-21", WEEK),
        ("2026-01-15...2026-01-21", WEEK),
        ("２０２６－０１－１５．．２０２６－０１－２１", WEEK),
        ("2026-01-15…2026-01-21", WEEK),
        ("2026-01-15～2026-01-21", WEEK),
        ("2026-01-15 .. 2026-01-21", WEEK),
        ("2026-01-15 to 2026-01-21", WEEK),
        ("2026-01-15至2026-01-21", WEEK),
        ("2026-01-15 到 2026-01-21", WEEK),
        ("2026-01-15..yesterday", DayRange(first=date(2026, 1, 15), last=RelativeDay.YESTERDAY)),
        ("周一..今天", DayRange(first=LastWeekday(weekday=Weekday.MONDAY), last=RelativeDay.TODAY)),
        ("7d", LastDays(number=7)),
        ("７ｄ", LastDays(number=7)),
        ("last 7 days", LastDays(number=7)),
        ("最近7天", LastDays(number=7)),
        ("last week", RelativeWeek.LAST),
        ("Last  Week", RelativeWeek.LAST),
        ("上周", RelativeWeek.LAST),
        ("this week", RelativeWeek.THIS),
        ("本周", RelativeWeek.THIS),
        ("last friday", FRIDAY),
        ("Friday", FRIDAY),
        ("fri", FRIDAY),
        ("周五", FRIDAY),
        ("星期五", FRIDAY),
        ("上周五", LastWeekday(weekday=Weekday.FRIDAY, of_last_week=True)),
        ("上周日", LastWeekday(weekday=Weekday.SUNDAY, of_last_week=True)),
        ("上个星期天", LastWeekday(weekday=Weekday.SUNDAY, of_last_week=True)),
    ],
)
def test_several_days_can_be_asked_for(text: str, when: object):
    assert parse(text) == ShowDigest(when=when)  # pyright: ignore[reportArgumentType]
    assert parse(f"{text} octo/hello") == ShowDigest(when=when, repo=REPO)  # pyright: ignore[reportArgumentType]
    assert parse(f"octo/hello {text}") == ShowDigest(when=when, repo=REPO)  # pyright: ignore[reportArgumentType]
    assert parse(f"重试 {text}") == Retry(when=when)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-01-21", "2026-01-21", "2026-01-21"),
        ("7d", "2026-01-15", "2026-01-21"),
        ("1d", "2026-01-21", "2026-01-21"),
        ("last week", "2026-01-12", "2026-01-18"),
        ("this week", "2026-01-19", "2026-01-22"),
        ("thursday", "2026-01-15", "2026-01-15"),
        ("last wednesday", "2026-01-21", "2026-01-21"),
        ("friday", "2026-01-16", "2026-01-16"),
        ("周一", "2026-01-19", "2026-01-19"),
        ("上周一", "2026-01-12", "2026-01-12"),
        ("上周日", "2026-01-18", "2026-01-18"),
        ("2025-12-30..today", "2025-12-30", "2026-01-22"),
    ],
)
def test_they_are_resolved_on_the_day_of_who_asks(text: str, first: str, last: str):
    command = parse(text)
    assert isinstance(command, ShowDigest)
    span = resolve(command.when, TODAY)
    assert (str(span.first.date), str(span.last.date)) == (first, last)
    assert len(span.days) == (span.last.date - span.first.date).days + 1


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-21..2026-01-15",
        "2026-01-21..2026-01-23",
        "2026-01-23..2026-01-24",
        "2025-01-01..2026-01-01",
        "0d",
        f"{DAYS_MAX + 1}d",
        "2026-01-15..",
        "..2026-01-15",
        "2026-01-15..2026-01-16..2026-01-17",
        "7d..today",
        "last week..today",
        "2026-02-30..2026-03-01",
        "last someday",
    ],
)
def test_what_is_no_range_is_answered_with_an_example_that_is(text: str):
    with pytest.raises(NotUnderstood) as problem:
        command = parse(text)
        assert isinstance(command, ShowDigest)
        resolve(command.when, TODAY)
    assert parse(problem.value.example)


@given(st.integers(1, DAYS_MAX))
def test_so_many_days_end_yesterday(number: int):
    days = resolve(LastDays(number=number), TODAY).days
    assert (len(days), days[-1]) == (number, TODAY.plus(-1))


@pytest.mark.parametrize("kind", [ShowDigest, Retry])
def test_a_button_names_a_day_in_its_own_zone(kind: type[ShowDigest] | type[Retry]):
    question = kind(when=TODAY, repo=REPO)
    assert decode(encode(question)) == question
    assert resolve(question.when, TODAY).days == (TODAY,)
    with pytest.raises(ValueError, match="its day"):
        encode(kind(repo=REPO))


class Stage:
    def __init__(self, archive: DatabaseArchive, subscriptions: DatabaseSubscriptions) -> None:
        self.clock = FakeClock()
        self.source = FakeSource(
            commit(f"feat(router): number {day}-{number}", f"2026-01-{day}T0{number}:00:00+00:00")
            for day, number in [(15, 1), (17, 1), (17, 2), (21, 1)]
        )
        self.analyst = FakeAnalyst()
        made = service(
            source=self.source, analyst=self.analyst, archive=archive, now=self.clock, subscriptions=subscriptions
        )
        self.desk = made.desk
        self.heard: list[Progress] = []

    async def ask(self, text: str) -> object:
        return await self.desk.answer(parse(text), Asker(channel=CHANNEL, user="U1"), self.heard.append)


@pytest.fixture
def stage(archive: DatabaseArchive, subscriptions: DatabaseSubscriptions) -> Stage:
    return Stage(archive, subscriptions)


async def test_days_that_nobody_asked_for_yet_are_read_once(stage: Stage):
    view = await stage.ask("7d")
    assert isinstance(view, RangeView)
    assert [len(digest.entries) for digest in view.digests] == [1, 0, 2, 0, 0, 0, 1]
    again = await stage.ask("2026-01-15..2026-01-21")
    assert isinstance(again, RangeView)
    assert [entry.analysis for entry in again.whole.entries] == [entry.analysis for entry in view.whole.entries]
    assert (len(stage.analyst.asked), len(stage.source.read_shas), stage.source.listed) == (4, 4, 7)


async def test_progress_tells_which_day_it_is(stage: Stage):
    await stage.ask("7d")
    assert {(progress.day, progress.days) for progress in stage.heard} == {(day, 7) for day in range(1, 8)}


async def test_a_range_of_one_day_is_that_day(stage: Stage):
    assert isinstance(await stage.ask("1d"), DigestView)
    assert isinstance(await stage.ask("2026-01-21..2026-01-21"), DigestView)


async def test_a_range_before_the_repository_began_is_told_so(stage: Stage):
    assert "began later" in str(await stage.ask("2019-01-01..2019-01-07"))


# What is drawn


def view_of(days: int, commits: int) -> RangeView:
    """So many days with so many commits each."""
    digest = samples.many(commits)
    last = TODAY.plus(-1)
    made = [replace(digest, day=last.plus(number - days + 1)) for number in range(days)]
    return RangeView(
        repo=digest.repo,
        digests=tuple(made),
        lead="A week of routing.",
        themes=(Theme(title="Routing", shas=("0" * 40, "1" * 40)),),
    )


@pytest.mark.parametrize(("days", "commits"), [(2, 0), (2, 1), (7, 12), (7, 200), (31, 20), (92, 5), (92, 60)])
def test_slack_accepts_any_range(days: int, commits: int):
    assert_accepted(view_of(days, commits))


@pytest.mark.parametrize(("days", "commits"), [(7, 12), (92, 60)])
def test_every_day_with_commits_has_its_button(days: int, commits: int):
    view = view_of(days, commits)
    questions = [decode(button["value"]) for button in _buttons(slack.render(view)["blocks"], "digest.day.")]
    assert questions == [ShowDigest(when=digest.day, repo=view.repo) for digest in view.digests]


@pytest.mark.parametrize(
    "read",
    [lambda view: str(slack.render(view)), lambda view: terminal.render(view, color=False), markdown.render],
    ids=["slack", "terminal", "markdown"],
)
def test_a_range_says_what_its_days_were(read):
    shown = read(view_of(7, 12))
    for words in ("2026-01-15", "2026-01-21", "84 commits", "A week of routing.", "2026-01-18: 12 commits"):
        assert words in shown


def test_a_report_of_a_range_has_a_chapter_for_each_day_and_every_commit():
    view = view_of(3, 4)
    shown = markdown.render(view)
    assert shown.count("\n## ai-dynamo/dynamo: 2026-01-") == 3
    assert all(shown.count(f"({entry.commit.short_sha})") >= 3 for entry in view.digests[0].entries)


def test_programs_get_every_day():
    assert json_formatter.render(view_of(3, 1)).count('"sealed": true') == 3


def test_the_most_important_commits_of_all_days_come_first():
    shown = _buttons(slack.render(view_of(7, 30))["blocks"], "commit.open")
    levels = {entry.commit.sha: entry.analysis.importance for entry in samples.many(30).entries}
    assert {levels[decode(button["value"]).sha] for button in shown} == {Importance.HIGH}


def _buttons(part: object, action: str) -> list[dict[str, str]]:
    if isinstance(part, dict):
        own = [part] if str(part.get("action_id", "")).startswith(action) else []
        return own + [button for value in part.values() for button in _buttons(value, action)]
    if isinstance(part, list):
        return [button for value in part for button in _buttons(value, action)]
    return []
