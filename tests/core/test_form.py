"""What people enter into the form of a subscription, on any platform."""

import dataclasses
from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.commands import Subscribe
from bot.core.form import Entered, Invalid, as_entered
from bot.core.language import Language
from bot.core.model import Importance
from bot.core.patterns import RepoPattern
from bot.core.ranges import Weekday
from bot.core.replies import SettingsForm
from bot.core.subscriptions import FollowingTerms, QuietDays, Selection
from formatters import fields
from tests.fakes import REPO
from tests.formatters import samples

ACME = RepoPattern(owner="acme", names="*")
ENTERED = Entered(
    at="18:30",
    zone="Europe/Berlin",
    language="en",
    quiet="line",
    days=["monday", "friday"],
    minimum="high",
    conditions={"paths": "lib/**，docs/**, lib/**", "authors": " Ada Lovelace "},
    no_bots=True,
)
SUBSCRIBE = Subscribe(
    repo=REPO,
    at=time(18, 30),
    zone=ZoneInfo("Europe/Berlin"),
    language=Language.EN,
    days=frozenset({Weekday.MONDAY, Weekday.FRIDAY}),
    minimum=Importance.HIGH,
    paths=("lib/**", "docs/**"),
    not_paths=(),
    authors=("Ada Lovelace",),
    not_authors=(),
    no_bots=True,
    quiet=QuietDays.LINE,
    in_thread=False,
)


def read(**changes: Any) -> Subscribe:
    return replace(ENTERED, **changes).subscribe(REPO, host="github.com")


def test_every_field_becomes_an_option():
    assert read() == SUBSCRIBE
    assert read(in_thread=True, no_bots=False) == replace(SUBSCRIBE, in_thread=True, no_bots=False)


def test_a_form_that_asks_for_the_repository_gets_the_one_that_was_entered():
    assert str(read(repo=" ai-dynamo／dynamo ").repo) == "ai-dynamo/dynamo"


def test_a_form_takes_a_pattern_of_repositories_where_it_asks_for_one():
    assert read(repo="acme/*") == replace(SUBSCRIBE, repo=ACME, excluded=())
    entered = read(repo=" acme／＊ 排除 legacy-*，acme/tmp ")
    assert entered == replace(SUBSCRIBE, repo=ACME, excluded=("legacy-*", "tmp"))
    shown = SettingsForm(terms=as_entered(samples.SUBSCRIPTION.terms, entered))
    assert fields.repo(shown) == "acme/* not legacy-*,tmp"
    assert read(repo=fields.repo(shown)) == entered


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("*/*", "“*/*” does not say whose repositories: write owner/*."),
        ("acme/* at 09:00", "“acme/* at 09:00” is not a repository: write owner/name."),
        ("acme/tool not tmp", "“not” leaves repositories out of a pattern such as owner/*."),
        ("acme/* not", "“not” takes 1 to 50 values, separated by commas."),
    ],
)
def test_what_is_no_pattern_is_wrong_in_the_field_of_the_repository(text: str, says: str):
    with pytest.raises(Invalid) as invalid:
        read(repo=text)
    assert invalid.value.errors == {"repo": says}


def test_the_form_of_a_pattern_that_is_followed_keeps_what_it_leaves_out():
    terms = samples.SUBSCRIPTION.terms.of_pattern(ACME, ("tmp",))
    shown = as_entered(terms, ENTERED.subscribe(None, host="github.com"))
    assert isinstance(shown, FollowingTerms)
    assert (shown.pattern, shown.excluded, shown.at) == (ACME, ("tmp",), time(18, 30))


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("repo", "hello", "“hello” is not a repository: write owner/name."),
        ("at", "", "Choose an hour."),
        ("at", "25:00", "“25:00” is not a time of day: write hours and minutes, 00:00 to 23:59."),
        ("zone", "Mars/Olympus", "“Mars/Olympus” is not a time zone of the IANA database."),
        ("days", [], "Choose at least one day."),
        ("days", ["someday"], "Choose one of these."),
        ("minimum", "", "Choose one of these."),
        ("language", "xx", "Choose one of these."),
        ("quiet", "xx", "Choose one of these."),
    ],
)
def test_what_is_wrong_is_said_by_its_field_and_the_rest_is_kept(field: str, wrong: object, says: str):
    with pytest.raises(Invalid) as raised:
        read(**{field: wrong})
    assert raised.value.errors == {field: says}
    assert raised.value.entered == replace(SUBSCRIBE, **{field: None})


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(Invalid) as raised:
        read(at="", days=[], conditions={"paths": "!", "not_authors": ","})
    assert set(raised.value.errors) == {"at", "days", "paths", "not_authors"}


def test_the_terms_are_shown_as_they_were_entered():
    terms = replace(samples.SUBSCRIPTION.terms, selection=Selection(not_paths=("docs/**",)), in_thread=True)
    shown = as_entered(terms, replace(SUBSCRIBE, at=None))
    assert shown == replace(
        terms,
        repo=REPO,
        zone=ZoneInfo("Europe/Berlin"),
        language=Language.EN,
        days=SUBSCRIBE.days,
        selection=Selection(
            minimum=Importance.HIGH, paths=("lib/**", "docs/**"), authors=("Ada Lovelace",), no_bots=True
        ),
        quiet=QuietDays.LINE,
        in_thread=False,
    )


def test_every_option_of_a_subscription_can_be_entered():
    options = {each.name for each in dataclasses.fields(Subscribe)}
    fields = {each.name for each in dataclasses.fields(Entered)} - {"conditions"}
    assert options == fields | {"paths", "not_paths", "authors", "not_authors"} | {"excluded"}  # which `repo` names
