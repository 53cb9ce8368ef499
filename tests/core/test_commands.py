from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.buttons import decode, encode
from bot.core.commands import (
    Command,
    Elsewhere,
    GiveFeedback,
    ListSubscriptions,
    MakeReport,
    OpenSettings,
    PauseDigests,
    Question,
    ResumeDigests,
    Search,
    SendNow,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    ShowIndex,
    Subscribe,
    Unsubscribe,
)
from bot.core.days import Day
from bot.core.errors import NotUnderstood
from bot.core.grammar import parse
from bot.core.language import Language
from bot.core.model import Importance, Repo
from bot.core.patterns import RepoPattern
from bot.core.ranges import DayRange, RelativeDay, RelativeWeek, Weekday
from bot.core.subscriptions import EVERY_DAY, WORKDAYS, QuietDays, Verdict

DYNAMO = Repo(owner="ai-dynamo", name="dynamo")
HELLO = Repo(owner="octo", name="hello")
ACME = RepoPattern(owner="acme", names="*")
SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = Day(date=date(2026, 1, 21), zone=SHANGHAI)
SHA = "8877c46fb7908137b78c62e35f72ae381204c4d8"
NO_NAMES = "“{}” is no pattern of names: write letters, digits, and * once or twice."
ELSEWHERE = "“{}” is at another host: I read repositories of github.com."
TOO_MANY_EXCLUDED = "“not” takes 1 to 50 values, separated by commas."
MONDAY_AND_THURSDAY = frozenset({Weekday.MONDAY, Weekday.THURSDAY})


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", ShowDigest()),
        ("   ", ShowDigest()),
        ("yesterday", ShowDigest(when=RelativeDay.YESTERDAY)),
        ("Today", ShowDigest(when=RelativeDay.TODAY)),
        ("昨天", ShowDigest(when=RelativeDay.YESTERDAY)),
        ("今天 ai-dynamo/dynamo", ShowDigest(when=RelativeDay.TODAY, repo=DYNAMO)),
        ("2026-01-21", ShowDigest(when=date(2026, 1, 21))),
        ("２０２６－０１－２１", ShowDigest(when=date(2026, 1, 21))),
        ("2026-01-21 ai-dynamo/dynamo", ShowDigest(when=date(2026, 1, 21), repo=DYNAMO)),
        ("ai-dynamo/dynamo 2026-01-21", ShowDigest(when=date(2026, 1, 21), repo=DYNAMO)),
        ("ai-dynamo/dynamo", ShowDigest(repo=DYNAMO)),
        ("https://github.com/ai-dynamo/dynamo.git", ShowDigest(repo=DYNAMO)),
        ("<https://github.com/ai-dynamo/dynamo|ai-dynamo/dynamo>", ShowDigest(repo=DYNAMO)),
        ("<https://github.com/ai-dynamo/dynamo>", ShowDigest(repo=DYNAMO)),
        ("https://www.GitHub.com/ai-dynamo/dynamo", ShowDigest(repo=DYNAMO)),
        ("subscribe", Subscribe()),
        ("subscribe ai-dynamo/dynamo", Subscribe(repo=DYNAMO)),
        ("订阅　ai-dynamo/dynamo　at　８：３０", Subscribe(repo=DYNAMO, at=time(8, 30))),
        ("subscribe at 18:05 tz Asia/Shanghai", Subscribe(at=time(18, 5), zone=SHANGHAI)),
        ("unsubscribe ai-dynamo/dynamo", Unsubscribe(repo=DYNAMO)),
        ("退订 全部", Unsubscribe(repo=None)),
        ("unsubscribe all", Unsubscribe(repo=None)),
        ("LIST", ListSubscriptions()),
        ("列表", ListSubscriptions()),
        ("help", ShowHelp()),
        ("？", ShowHelp()),
        ("status", ListSubscriptions()),
        ("状态", ListSubscriptions()),
        ("pause", PauseDigests()),
        ("pause all", PauseDigests()),
        ("暂停 ai-dynamo/dynamo", PauseDigests(repo=DYNAMO)),
        ("snooze ai-dynamo/dynamo 7d", PauseDigests(repo=DYNAMO, days=7)),
        ("snooze 2 weeks", PauseDigests(days=14)),
        ("免打扰 ７天", PauseDigests(days=7)),
        ("pause until 2026-02-01", PauseDigests(until=date(2026, 2, 1))),
        ("resume", ResumeDigests()),
        ("恢复 ai-dynamo/dynamo", ResumeDigests(repo=DYNAMO)),
        ("search KV router", Search(words="KV router")),
        ("搜索 lib/llm in ai-dynamo/dynamo", Search(words="lib/llm", repo=DYNAMO)),
        ("report 2026-01-21", MakeReport(when=date(2026, 1, 21))),
        ("报告 上周 ai-dynamo/dynamo octo/hello", MakeReport(when=RelativeWeek.LAST, repos=(DYNAMO, HELLO))),
        ("settings", OpenSettings()),
        ("设置 ai-dynamo/dynamo", OpenSettings(repo=DYNAMO)),
        ("deliver", SendNow()),
        ("deliver 2026-01-21 ai-dynamo/dynamo", SendNow(repo=DYNAMO, day=date(2026, 1, 21))),
        ("subscribe ai-dynamo/dynamo on weekdays", Subscribe(repo=DYNAMO, days=WORKDAYS)),
        ("subscribe ai-dynamo/dynamo on mon,Thursday", Subscribe(repo=DYNAMO, days=MONDAY_AND_THURSDAY)),
        ("订阅 ai-dynamo/dynamo on 周一、周四", Subscribe(repo=DYNAMO, days=MONDAY_AND_THURSDAY)),
        ("subscribe ai-dynamo/dynamo weekly mon", Subscribe(repo=DYNAMO, days=frozenset({Weekday.MONDAY}))),
        ("subscribe ai-dynamo/dynamo daily", Subscribe(repo=DYNAMO, days=EVERY_DAY)),
        ("subscribe min high", Subscribe(minimum=Importance.HIGH)),
        ("subscribe paths lib/**,*.rs not-paths docs/", Subscribe(paths=("lib/**", "*.rs"), not_paths=("docs/",))),
        ("subscribe paths any", Subscribe(paths=())),
        (
            "subscribe authors Ada Lovelace，grace not-authors *[bot] no-bots",
            Subscribe(authors=("Ada Lovelace", "grace"), not_authors=("*[bot]",), no_bots=True),
        ),
        ("subscribe quiet line thread on", Subscribe(quiet=QuietDays.LINE, in_thread=True)),
        ("subscribe thread off bots", Subscribe(in_thread=False, no_bots=False)),
        (
            "subscribe ai-dynamo/dynamo branch release/*",
            Subscribe(repo=DYNAMO.with_branches("release/*")),
        ),
        ("subscribe acme/*", Subscribe(repo=ACME)),
        ("订阅　ＡＣＭＥ／＊", Subscribe(repo=ACME)),
        ("subscribe https://github.com/acme/*", Subscribe(repo=ACME)),
        ("subscribe <https://github.com/acme/*>", Subscribe(repo=ACME)),
        ("subscribe acme/dyn*", Subscribe(repo=RepoPattern(owner="acme", names="dyn*"))),
        ("subscribe acme/*evil", Subscribe(repo=RepoPattern(owner="acme", names="*evil"))),
        ("subscribe acme/* not acme/legacy-*,acme/tmp", Subscribe(repo=ACME, excluded=("legacy-*", "tmp"))),
        ("订阅 acme/* 排除 acme/legacy-*，Tmp、x", Subscribe(repo=ACME, excluded=("legacy-*", "Tmp", "x"))),
        (
            "subscribe at 08:00 acme/* except tmp x min high",
            Subscribe(repo=ACME, excluded=("tmp", "x"), at=time(8), minimum=Importance.HIGH),
        ),
        ("subscribe acme/* not tmp not acme/x", Subscribe(repo=ACME, excluded=("tmp", "x"))),
        ("subscribe acme/* not any", Subscribe(repo=ACME, excluded=())),
        ("unsubscribe acme/*", Unsubscribe(repo=ACME)),
        ("退订 acme/＊", Unsubscribe(repo=ACME)),
        ("pause acme/*", PauseDigests(repo=ACME)),
        ("snooze acme/* 7d", PauseDigests(repo=ACME, days=7)),
        ("恢复 acme/*", ResumeDigests(repo=ACME)),
        ("settings acme/*", OpenSettings(repo=ACME)),
        ("commit 8877C46", ShowCommit(sha="8877c46")),
        ("commit ai-dynamo/dynamo 8877c46", ShowCommit(sha="8877c46", repo=DYNAMO)),
    ],
)
def test_what_people_type_is_understood(text: str, command: Command):
    assert parse(text) == command


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("zh", Language.ZH),
        ("ZH-CN", Language.ZH),
        ("中文", Language.ZH),
        ("ｅｎ", Language.EN),
        ("English", Language.EN),
    ],
)
def test_a_subscription_names_its_language(word: str, language: Language):
    assert parse(f"subscribe ai-dynamo/dynamo lang {word}") == Subscribe(repo=DYNAMO, language=language)
    assert parse(f"订阅 ai-dynamo/dynamo 语言 {word}") == Subscribe(repo=DYNAMO, language=language)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("subscribe ai-dynamo/dynamo lang fr", "“fr” is not a language that I speak: there are zh and en."),
        ("2026-02-30", "There is no day 2026-02-30 in the calendar."),
        ("2026/01/21", "“2026/01/21” is not a date: write year-month-day."),
        ("21.01.2026", "“21.01.2026” is not a date: write year-month-day."),
        ("20260121", "“20260121” is not a date: write year-month-day."),
        ("tomorrow", "“tomorrow” is neither a day nor a command."),
        ("<!channel>", "“<!channel>” is neither a day nor a command."),
        ("a/b/c", "“a/b/c” is not a repository: write owner/name."),
        ("../..", "“../..” is not a repository: write owner/name."),
        (
            "subscribe ai-dynamo/dynamo at 25:00",
            "“25:00” is not a time of day: write hours and minutes, 00:00 to 23:59.",
        ),
        ("subscribe ai-dynamo/dynamo at", "“at” needs a value."),
        ("subscribe ai-dynamo/dynamo tz Mars/Base", "“Mars/Base” is not a time zone of the IANA database."),
        (
            "subscribe ai-dynamo/dynamo hourly",
            "“hourly” is no option of subscribe: there are at, tz, on, weekly, lang, min, quiet, thread, paths, "
            "not-paths, authors, not-authors, branch, not, no-bots, bots, daily.",
        ),
        ("unsubscribe", "Say which repository, or all."),
        ("list everything", "“list” stands alone."),
        ("help me", "“help” stands alone."),
        ("snooze", "Say for how long, from 1 day to 366, or until which day."),
        ("snooze 0d", "Say for how long, from 1 day to 366, or until which day."),
        ("pause a/b until someday", "Say for how long, from 1 day to 366, or until which day."),
        ("pause until 2026-02-30", "There is no day 2026-02-30 in the calendar."),
        ("resume a/b c/d", "“resume” takes one repository."),
        ("search", "Say which words to look for."),
        ("deliver 7d", "Name one day that was not delivered."),
        ("subscribe a/b on someday", "“someday” is no list of days: write weekdays, daily, or mon,thu."),
        ("subscribe a/b weekly often", "“often” is not a day of the week."),
        ("subscribe a/b min huge", "“huge” is no value of min: there are high, medium, low."),
        ("subscribe a/b quiet maybe", "“maybe” is no value of quiet: there are silent, line."),
        ("subscribe a/b paths", "“paths” takes 1 to 20 values, separated by commas."),
        ("subscribe a/b paths !", "“!” is no pattern of paths."),
        ("subscribe branch main", "Say of which repository."),
        ("commit xyz", "Name one commit by 4 to 40 digits of its SHA."),
        ("commit", "Name one commit by 4 to 40 digits of its SHA."),
        (
            "https://evil.example/a/b",
            "“https://evil.example/a/b” is at another host: I read repositories of github.com.",
        ),
        ("0001-01-01", "I know the years from 1970 to 2999."),
        ("pause until 9999-12-31", "I know the years from 1970 to 2999."),
        ("search " + "x" * 10_000, "A command has at most 10000 characters."),
        ("report 7d " + " ".join(f"a/b{n}" for n in range(11)), "A report is about at most 10 repositories."),
        (
            "subscribe a/b paths *a*b*c",
            "“*a*b*c” has too many stars: write ** twice at most, and * twice between slashes.",
        ),
        (
            "subscribe a/b not-paths **/a/**/b/**",
            "“**/a/**/b/**” has too many stars: write ** twice at most, and * twice between slashes.",
        ),
        ("subscribe */*", "“*/*” does not say whose repositories: write owner/*."),
        ("subscribe *", "“*” does not say whose repositories: write owner/*."),
        ("subscribe a/b/*", "“a/b/*” does not say whose repositories: write owner/*."),
        ("subscribe ac*me/tool", "“ac*me/tool” does not say whose repositories: write owner/*."),
        ("unsubscribe */*", "“*/*” does not say whose repositories: write owner/*."),
        ("subscribe аcme/*", "“аcme/*” does not say whose repositories: write owner/*."),
        ("subscribe acme/**", NO_NAMES.format("acme/**")),
        ("subscribe acme/*a*b*", NO_NAMES.format("acme/*a*b*")),
        ("subscribe acme/工具*", NO_NAMES.format("acme/工具*")),
        ("subscribe acme/*<!channel>", NO_NAMES.format("acme/*<!channel>")),
        ("subscribe acme/" + "a*" * 60, NO_NAMES.format("acme/" + "a*" * 60)),
        ("subscribe https://evil.example/acme/*", ELSEWHERE.format("https://evil.example/acme/*")),
        ("subscribe acme/*@release/*", "Branches can be chosen of one repository, not of “acme/*”."),
        ("subscribe acme/* branch release/*", "Branches can be chosen of one repository, not of “acme/*”."),
        ("subscribe acme/* not", "“not” takes 1 to 50 values, separated by commas."),
        ("subscribe acme/* not " + ",".join("abc"[n % 3] + f"{n}" for n in range(51)), TOO_MANY_EXCLUDED),
        ("subscribe acme/* not " + "a," * 10_000, "A command has at most 10000 characters."),
        ("subscribe acme/* not octo/tool", "“octo/tool” is not one of acme's repositories."),
        ("subscribe acme/* not a**", NO_NAMES.format("a**")),
        ("subscribe acme/* not acme/", NO_NAMES.format("acme/")),
        ("subscribe acme/tool not legacy", "“not” leaves repositories out of a pattern such as owner/*."),
        ("subscribe not legacy", "“not” leaves repositories out of a pattern such as owner/*."),
        ("yesterday acme/*", "“acme/*” is not a repository: write owner/name."),
    ],
)
def test_what_is_not_understood_is_answered_with_an_example_that_is(text: str, answer: str):
    with pytest.raises(NotUnderstood) as problem:
        parse(text)
    assert str(problem.value) == answer
    assert parse(problem.value.example)


@given(st.text(max_size=200))
def test_any_text_is_a_command_or_a_clear_no(text: str):
    try:
        parse(text)
    except NotUnderstood as problem:
        assert problem.example


@pytest.mark.parametrize(
    "question",
    [
        ShowCommit(repo=DYNAMO, sha=SHA),
        ShowCommit(repo=Repo(owner="local", name="hello", host=""), sha="8877c46"),
        ShowCommit(repo=Repo(owner="a", name="b", host="git.example.org"), sha="8877c46"),
        ShowCommit(repo=DYNAMO, sha=SHA, day=DAY),
        ShowCommit(repo=DYNAMO, sha=SHA, page=2),
        ShowCommit(repo=DYNAMO, sha=SHA, day=DAY, page=2),
        ShowIndex(repo=DYNAMO, day=DAY, page=3),
        ShowDigest(repo=DYNAMO, when=DAY),
        ShowDigest(repo=DYNAMO, when=DayRange(first=DAY.plus(-6), last=DAY)),
        ShowDigest(repo=DYNAMO.with_branches("release/*"), when=DAY),
        GiveFeedback(repo=DYNAMO, sha=SHA, verdict=Verdict.DOWN),
        MakeReport(repos=(DYNAMO,), when=DAY),
        OpenSettings(repo=DYNAMO),
        ResumeDigests(repo=DYNAMO),
        OpenSettings(repo=ACME),
        ResumeDigests(repo=RepoPattern(owner="acme", names="dyn*", host="")),
        Elsewhere(subscription=7, is_following=True, command=PauseDigests()),
        Elsewhere(subscription=7, is_following=True, command=Unsubscribe(repo=None)),
        SendNow(repo=DYNAMO, day=DAY.date),
        Elsewhere(subscription=7, command=PauseDigests()),
        Elsewhere(subscription=7, command=ResumeDigests()),
        Elsewhere(subscription=7, command=Unsubscribe(repo=None)),
        Elsewhere(subscription=7, command=OpenSettings()),
        Elsewhere(subscription=7, command=SendNow(day=DAY.date)),
    ],
    ids=str,
)
def test_a_button_carries_its_whole_question(question: Question):
    value = encode(question)
    assert decode(value) == question
    assert len(value) < 500


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2 commit github.com ai-dynamo/dynamo 8877c46",
        "1 commit github.com ai-dynamo/dynamo ../../etc",
        "1 index github.com ai-dynamo/dynamo 2026-01-32 Asia/Shanghai 0",
        "1 index github.com ai-dynamo/dynamo 2026-01-21 Nowhere 0",
        "1 index github.com ai-dynamo/dynamo 2026-01-21 Asia/Shanghai -1",
        "1 commit github.com nonsense 8877c46",
        "1 commit github.com acme/* 8877c46",
        "1 resume github.com acme/**",
        "1 following -1 pause",
        "1 commit github.com ai-dynamo/dynamo 8877c46 2026-01-21",
        "1 commit github.com ai-dynamo/dynamo 8877c46 p-1",
        "1 day github.com ai-dynamo/dynamo 2026-01-21..soon UTC",
        "1 feedback github.com ai-dynamo/dynamo 8877c46 sideways",
        "1 of seven pause",
        "1 of 7 explode",
        "1 of ٧ pause",
        "1 of 99999999999999999999 pause",
        "1 home 99999999999999999999",
        "1 index github.com ai-dynamo/dynamo 0001-01-01 Asia/Shanghai 0",
        "1 day github.com ai-dynamo/dynamo 9999-12-31 UTC",
        "1 of 7 send 9999-12-31",
        "1 index github.com ai-dynamo/dynamo 2026-01-21 Asia/Shanghai 99999999999999999999",
        "1 commit github.com ai-dynamo/dynamo 8877c46 p99999999999999999999",
        "1 of 7 send tomorrow",
    ],
)
def test_a_button_that_we_did_not_make_is_refused(value: str):
    with pytest.raises(NotUnderstood):
        decode(value)


def test_a_repository_is_the_same_in_other_capitals():
    assert Repo.parse("AI-Dynamo/Dynamo") == DYNAMO
    assert len({Repo.parse("AI-Dynamo/Dynamo"), DYNAMO}) == 1
    assert Repo.parse("ai-dynamo/dynamo", host="git.example.org") != DYNAMO
