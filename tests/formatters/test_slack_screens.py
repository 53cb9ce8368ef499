"""Windows, forms, App Home and status in Slack: within every limit, and nothing left out silently."""

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slackblocks._surfaces import validate_surface_blocks
from syrupy.extensions.single_file import SingleFileSnapshotExtension

from bot.core.language import Language, speaking
from bot.core.model import Importance
from bot.core.ranges import Weekday
from bot.core.replies import (
    Answer,
    CitedSentence,
    DigestView,
    FeedbackForm,
    Home,
    ListedSubscription,
    Notice,
    Reply,
    Report,
    SearchResults,
    SettingsForm,
    Spent,
    SubscriptionList,
)
from bot.core.subscriptions import Channel, DeliveryState, Feedback, Platform, QuietDays, Run, Selection, Verdict
from formatters import slack
from formatters.zones import GROUPS
from tests.counterparts.slack_blocks import view_refusal
from tests.formatters import samples
from tests.formatters.test_conformance import HOSTILE, _texts, assert_inert, hostile_entry
from tests.formatters.test_languages import DATA, marked, unsaid  # noqa: F401
from tests.formatters.test_slack_limits import assert_accepted
from tests.formatters.test_snapshots import JsonFile, written
from tests.formatters.texts import anything

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

FAILED = Run(
    day=date(2026, 1, 20),
    state=DeliveryState.FAILED,
    at=samples.SEALED_AT,
    error="The chat platform rejected the message.",
)
CHANNEL = Channel(platform=Platform.SLACK, workspace="T1", id="C1")


def listed(number: int = 1, *, last: Run | None = FAILED, broken: str = "", repo_name: str = "dynamo") -> Iterator:
    for each in range(number):
        terms = dataclasses.replace(
            samples.SUBSCRIPTION.terms, repo=dataclasses.replace(samples.REPO, name=f"{repo_name}{each}")
        )
        subscription = dataclasses.replace(samples.SUBSCRIPTION, id=each + 1, terms=terms, broken=broken)
        yield ListedSubscription(subscription=subscription, next_at=samples.SEALED_AT, last=last)


def feedback(reason: str, verdict: Verdict = Verdict.DOWN) -> Feedback:
    return Feedback(channel=CHANNEL, user="U1", repo=samples.REPO, sha="8877c46" + "0" * 33, verdict=verdict, reason=reason)  # fmt: skip  # noqa: E501


STATUS = SubscriptionList(
    subscriptions=tuple(listed(2)),
    spent=Spent(tokens=123_456, price=0.5),
    feedback=(feedback("The second sentence is wrong."), feedback("", Verdict.UP)),
)
FORM = SettingsForm(
    terms=dataclasses.replace(
        samples.SUBSCRIPTION.terms,
        days=frozenset({Weekday.MONDAY}),
        selection=Selection(minimum=Importance.HIGH, paths=("lib/**",), not_authors=("*[bot]",), no_bots=True),
        quiet=QuietDays.LINE,
        in_thread=True,
    ),
    subscription=7,
)
HOME = Home(subscriptions=tuple(listed(2)), default_repo=samples.REPO)
ANSWER = Answer(
    repo=samples.REPO,
    zone=samples.SHANGHAI,
    sentences=(
        CitedSentence(text="All images are read in one `generate` call.", shas=(samples.MULTI_IMAGE.commit.sha,)),
    ),
    entries=(samples.MULTI_IMAGE,),
    model="example-large",
    dropped=2,
)
FOUND = SearchResults(
    words="router kv",
    repo=samples.REPO,
    zone=samples.SHANGHAI,
    entries=samples.DIGEST.entries,
    total=41,
)
SCREENS: dict[str, Reply] = {
    "status": STATUS,
    "status of a pattern": SubscriptionList(subscriptions=(samples.FOLLOWED, *listed(1))),
    "settings": FORM,
    "settings of a pattern": SettingsForm(terms=samples.FOLLOWED.of.terms, subscription=2),
    "settings of a new pattern": SettingsForm(terms=samples.FOLLOWED.of.terms),
    "home of a pattern": Home(subscriptions=(samples.FOLLOWED, *listed(1)), default_repo=samples.REPO),
    "settings of a new one": dataclasses.replace(FORM, subscription=None),
    "feedback": FeedbackForm(repo=samples.REPO, sha=samples.MULTI_IMAGE.commit.sha),
    "home": HOME,
    "empty home": dataclasses.replace(HOME, subscriptions=()),
    "answer": ANSWER,
    "answer without sentences": dataclasses.replace(ANSWER, sentences=(), entries=(), model=""),
    "search": FOUND,
    "search for nothing": dataclasses.replace(FOUND, entries=(), total=0),
    "report": Report(views=(DigestView(digest=samples.DIGEST),)),
}
every_screen = pytest.mark.parametrize("reply", SCREENS.values(), ids=SCREENS.keys())


@every_screen
@pytest.mark.parametrize("language", Language)
def test_every_screen_is_within_every_limit(reply: Reply, language: Language):
    with speaking(language):
        assert_screens(reply)


@few
@given(anything, st.integers(0, 60))
def test_any_status_is_within_every_limit(text: str, number: int):
    failed = dataclasses.replace(FAILED, error=text)
    reply = SubscriptionList(
        subscriptions=tuple(listed(number, last=failed, broken=text)),
        spent=Spent(tokens=10**12, price=None),
        feedback=(feedback(text),) * 50,
    )
    assert_screens(reply)


@few
@given(anything, st.integers(0, 120))
def test_any_home_is_within_every_limit(text: str, number: int):
    failed = dataclasses.replace(FAILED, error=text)
    subscriptions = tuple(listed(number, last=failed, broken=text))
    assert_screens(Home(subscriptions=subscriptions, default_repo=samples.REPO))


@few
@given(anything, st.integers(0, 60))
def test_any_answer_and_any_search_are_within_every_limit(text: str, number: int):
    entries = (hostile_entry(text),) * number
    sentence = CitedSentence(text=text, shas=("8877c46" + "0" * 33,) * 9)
    assert_screens(dataclasses.replace(ANSWER, sentences=(sentence,) * number, entries=entries, model=text))
    assert_screens(dataclasses.replace(FOUND, words=text, entries=entries, total=number))


@few
@given(anything)
def test_any_form_is_within_every_limit(text: str):
    selection = Selection(paths=(text,) * 20, authors=(text,) * 20)
    assert_screens(dataclasses.replace(FORM, terms=dataclasses.replace(FORM.terms, selection=selection)))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_is_inert_in_all_screens(text: str):
    for reply in (
        dataclasses.replace(STATUS, feedback=(feedback(text),), subscriptions=tuple(listed(broken=text))),
        dataclasses.replace(ANSWER, sentences=(CitedSentence(text=text, shas=("8877c46" + "0" * 33,)),)),
        dataclasses.replace(FOUND, words=text, entries=(hostile_entry(text),)),
        Notice(text=text),
    ):
        assert_inert(slack.render(reply)["blocks"])
        assert_inert(slack.render_view(reply)["blocks"])
        assert_inert(slack.render_home(reply)["blocks"])


def test_a_status_says_which_commits_the_digests_show():
    listed_one = dataclasses.replace(
        samples.LISTED, subscription=dataclasses.replace(samples.SUBSCRIPTION, terms=FORM.terms)
    )
    shown = "\n".join(_texts(slack.render(SubscriptionList(subscriptions=(listed_one,)))["blocks"]))
    assert "high importance only, only lib/**, not by *[bot], without bots; a line on quiet days" in shown


@pytest.mark.parametrize(("is_resting", "offered"), [(False, "settings.pause"), (True, "settings.resume")])
def test_a_form_offers_to_pause_what_runs_and_to_resume_what_rests(is_resting: bool, offered: str):
    view = json.dumps(slack.render_view(dataclasses.replace(FORM, subscription=1, is_resting=is_resting)))
    assert [action for action in ("settings.pause", "settings.resume") if action in view] == [offered]


def test_every_subscription_of_a_workspace_is_on_a_page_of_home():
    home = Home(subscriptions=tuple(listed(120)), default_repo=samples.REPO)
    pages = [json.dumps(slack.render_home(dataclasses.replace(home, page=page))) for page in (0, 1, 2, 99)]
    assert [page.count("home.unsubscribe") for page in pages] == [45, 45, 30, 30]
    assert ["1 home 1" in page for page in pages] == [True, False, True, True]
    assert ["46 to 90 of 120" in page for page in pages] == [False, True, False, False]


def test_a_zone_that_the_form_does_not_offer_is_offered_where_it_is_used():
    everywhere = dataclasses.replace(FORM.terms, zone=samples.SHANGHAI)
    offered = [zone for zones in GROUPS.values() for zone in zones]
    assert len(set(offered)) == len(offered)
    rare = dataclasses.replace(everywhere, zone=type(samples.SHANGHAI)("Africa/Lusaka"))
    for terms, groups in ((everywhere, len(GROUPS)), (rare, len(GROUPS) + 1)):
        (element,) = [
            block["element"]
            for block in slack.render_view(dataclasses.replace(FORM, terms=terms))["blocks"]
            if block.get("block_id") == "zone"
        ]
        assert len(element["option_groups"]) == groups
        assert element["initial_option"]["value"] == terms.zone.key


@every_screen
def test_every_screen_looks_as_it_did(reply: Reply, snapshot: SingleFileSnapshotExtension):
    drawn = {"message": slack.render(reply), "view": slack.render_view(reply, note=Notice(text="Done."))}
    if isinstance(reply, Home):
        drawn["home"] = slack.render_home(reply)  # pyright: ignore[reportArgumentType]
    assert written(drawn) == snapshot(extension_class=JsonFile)


def assert_screens(reply: Reply) -> None:
    assert_accepted(reply)
    view, home = slack.render_view(reply, note=Notice(text="Done.")), slack.render_home(reply)
    assert view_refusal(view) is None
    assert view_refusal(home) is None
    validate_surface_blocks(home["blocks"], "home")
    View(type="home", blocks=home["blocks"]).validate_json()
    for block in [*view["blocks"], *home["blocks"]]:
        Block.parse(block).to_dict()


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("price", [None, 0.5])
def test_everything_we_say_on_screens_goes_through_the_catalogue(state: DeliveryState, price: float | None):
    run = dataclasses.replace(FAILED, state=state, error=DATA)
    entry = hostile_entry(DATA)
    sentence = CitedSentence(text=DATA, shas=("8877c46" + "0" * 33,))
    ours: list[Reply] = [
        SubscriptionList(
            subscriptions=tuple(listed(12, last=run, broken=DATA)),
            spent=Spent(tokens=1, price=price),
            feedback=(feedback(DATA),),
        ),
        Home(subscriptions=tuple(listed(60, last=run)), default_repo=samples.REPO),
        Home(subscriptions=(), default_repo=samples.REPO),
        FeedbackForm(repo=samples.REPO, sha="8877c46"),
        dataclasses.replace(ANSWER, sentences=(sentence,), entries=(entry,), model=DATA),
        dataclasses.replace(ANSWER, sentences=(), entries=(), model=""),
        *(dataclasses.replace(FOUND, words=DATA, entries=(entry,) * number, total=3) for number in (0, 1, 3)),
        dataclasses.replace(FOUND, words=DATA, entries=(), total=0),
        FORM,
        dataclasses.replace(FORM, subscription=None),
    ]
    for reply in ours:
        for shown in (slack.render(reply), slack.render_view(reply), slack.render_home(reply)):
            said = unsaid(re.sub(r"dynamo\d+", "dynamo", "\n".join(_texts(_without_names(shown["blocks"])))))
            assert not re.search("[A-Za-z]{2,}", said)


def _without_names(part: object) -> object:
    """Without what is never translated: zones, and languages by their own names."""
    match part:
        case {"value": str(value), "text": _} if "/" in value or value in {"UTC", "en", "zh"}:
            return {}
        case dict():
            return {name: _without_names(value) for name, value in part.items() if name != "initial_value"}
        case list():
            return [_without_names(value) for value in part]
        case _:
            return part
