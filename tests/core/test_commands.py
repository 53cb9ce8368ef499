from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.commands import (
    Command,
    ListSubscriptions,
    RelativeDay,
    ShowCommit,
    ShowDigest,
    ShowHelp,
    ShowIndex,
    Subscribe,
    Unsubscribe,
    decode,
    encode,
    parse,
)
from bot.core.days import Day
from bot.core.errors import NotUnderstood
from bot.core.language import Language
from bot.core.model import Repo

DYNAMO = Repo(owner="ai-dynamo", name="dynamo")
SHANGHAI = ZoneInfo("Asia/Shanghai")


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
        ("subscribe ai-dynamo/dynamo at", "“” is not a time of day: write hours and minutes, 00:00 to 23:59."),
        ("subscribe ai-dynamo/dynamo tz Mars/Base", "“Mars/Base” is not a time zone of the IANA database."),
        ("subscribe ai-dynamo/dynamo daily", "“daily” is no option of subscribe: there are at, tz and lang."),
        ("unsubscribe", "Say which repository, or all."),
        ("commit xyz", "Name one commit by 4 to 40 digits of its SHA."),
        ("commit", "Name one commit by 4 to 40 digits of its SHA."),
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
        ShowCommit(repo=DYNAMO, sha="8877c46fb7908137b78c62e35f72ae381204c4d8"),
        ShowCommit(repo=Repo(owner="local", name="hello", host=""), sha="8877c46"),
        ShowCommit(repo=Repo(owner="a", name="b", host="git.example.org"), sha="8877c46"),
        ShowIndex(repo=DYNAMO, day=Day(date=date(2026, 1, 21), zone=SHANGHAI), page=3),
    ],
)
def test_a_button_carries_its_whole_question(question: ShowCommit | ShowIndex):
    value = encode(question)
    assert decode(value) == question
    assert len(value) < 400


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
    ],
)
def test_a_button_that_we_did_not_make_is_refused(value: str):
    with pytest.raises(NotUnderstood):
        decode(value)


def test_a_repository_is_the_same_in_other_capitals():
    assert Repo.parse("AI-Dynamo/Dynamo") == DYNAMO
    assert len({Repo.parse("AI-Dynamo/Dynamo"), DYNAMO}) == 1
    assert Repo.parse("ai-dynamo/dynamo", host="git.example.org") != DYNAMO
