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
from bot.core.ranges import Weekday
from bot.core.subscriptions import QuietDays, Selection
from tests.fakes import REPO
from tests.formatters import samples

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
    assert options == fields | {"paths", "not_paths", "authors", "not_authors"}
