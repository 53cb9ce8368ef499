"""Forms, home, status, search results and answers in Feishu: within every limit, and nothing left out silently."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.commands import (
    Elsewhere,
    GiveFeedback,
    OpenSettings,
    PauseDigests,
    ResumeDigests,
    SendNow,
    ShowHome,
    Unsubscribe,
)
from bot.core.language import Language, speaking
from bot.core.replies import (
    CitedSentence,
    FeedbackForm,
    Help,
    Home,
    ListedSubscription,
    Notice,
    Offer,
    Progress,
    Reply,
    Spent,
    SubscriptionList,
)
from bot.core.subscriptions import Channel, DeliveryState, Platform, Selection, Verdict
from formatters import feishu
from formatters.feishu.values import Act, pressed
from formatters.fields import AT, DAYS, IN_THREAD, LANGUAGE, MINIMUM, MORE, NO_BOTS, QUIET, REASON, REPO, ZONE
from formatters.zones import FEW, GROUPS
from tests.formatters import samples
from tests.formatters.feishu_cards import Element, assert_card, buttons, questions, shown, with_tag
from tests.formatters.test_conformance import every_hostile_text, hostile_entry
from tests.formatters.test_feishu_digest import assert_post
from tests.formatters.test_languages import DATA, marked, unsaid  # noqa: F401
from tests.formatters.test_slack_screens import ANSWER, FAILED, FOUND, SCREENS, feedback
from tests.formatters.test_slack_screens import FORM as SLACK_FORM
from tests.formatters.test_slack_screens import listed as listed_in_slack
from tests.formatters.test_snapshots import JsonFile, written
from tests.formatters.texts import anything

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

GROUP = Channel(platform=Platform.FEISHU, workspace="t1", id="oc_820faa21d7ed275b53d1727a0feaa917")
OFFER = Offer(label="Try again", question=Elsewhere(subscription=1, command=ResumeDigests()))
#: What may stand above any of them.
LONG_NOTE = Notice(text="结果" * 2_000, example="yesterday " * 200, offers=(OFFER,) * 9)
SHA = samples.MULTI_IMAGE.commit.sha


def in_group(listed: ListedSubscription) -> ListedSubscription:
    terms = dataclasses.replace(listed.subscription.terms, channel=GROUP)
    return dataclasses.replace(listed, subscription=dataclasses.replace(listed.subscription, terms=terms))


def listed(number: int = 1, **what: object) -> Iterator[ListedSubscription]:
    return map(in_group, listed_in_slack(number, **what))


def status(*subscriptions: ListedSubscription, **what: object) -> SubscriptionList:
    return SubscriptionList(subscriptions=subscriptions, **what)


def home(number: int, page: int = 0) -> Home:
    return Home(subscriptions=tuple(listed(number)), default_repo=samples.REPO, page=page)


def card(reply: Reply) -> Element:
    return feishu.render(reply)["content"]


FORM = dataclasses.replace(SLACK_FORM, terms=dataclasses.replace(SLACK_FORM.terms, channel=GROUP))
NEW = dataclasses.replace(FORM, subscription=None)
FEISHU_SCREENS: dict[str, Reply] = {
    **SCREENS,
    "status": status(
        *listed(2),
        spent=Spent(tokens=123_456, price=0.5),
        feedback=(feedback("The second sentence is wrong."), feedback("", Verdict.UP)),
    ),
    "status of nothing": status(),
    "settings": FORM,
    "settings of a new one": NEW,
    "home": home(2),
    "notice": Notice(text="“foo” is neither a day nor a command.", example="yesterday", offers=(OFFER,)),
    "progress": Progress(repo=samples.REPO, done=7, total=12),
    "help": Help(),
}
every_screen = pytest.mark.parametrize("reply", FEISHU_SCREENS.values(), ids=FEISHU_SCREENS.keys())


# Within every limit, with whatever stands above


@every_screen
@pytest.mark.parametrize("language", Language)
def test_every_screen_is_within_every_limit(reply: Reply, language: Language):
    with speaking(language):
        assert_screens(reply)


@few
@given(anything, st.integers(0, 60))
def test_any_status_is_within_every_limit(text: str, number: int):
    failed = dataclasses.replace(FAILED, error=text)
    shown_there = tuple(listed(number, last=failed, broken=text))
    assert_screens(status(*shown_there, spent=Spent(tokens=10**12, price=None), feedback=(feedback(text),) * 50))


@few
@given(anything, st.integers(0, 60), st.integers(0, 20))
def test_any_home_is_within_every_limit(text: str, number: int, page: int):
    failed = dataclasses.replace(FAILED, error=text)
    shown_there = tuple(listed(number, last=failed, broken=text, repo_name="x" * 90))
    assert_screens(Home(subscriptions=shown_there, default_repo=samples.REPO, page=page))


@few
@given(anything, st.integers(0, 40))
def test_any_answer_and_any_search_is_within_every_limit(text: str, number: int):
    entries = (hostile_entry(text),) * number
    sentence = CitedSentence(text=f"It is {text}", shas=(SHA,) * 9)
    assert_screens(dataclasses.replace(ANSWER, sentences=(sentence,) * number, entries=entries, model=text))
    assert_screens(dataclasses.replace(FOUND, words=text, entries=entries, total=number))


@few
@given(anything)
def test_any_form_is_within_every_limit(text: str):
    selection = Selection(paths=(text,) * 20, not_paths=(text,) * 20, authors=(text,) * 20, not_authors=(text,) * 20)
    for form in (FORM, NEW):
        assert_screens(dataclasses.replace(form, terms=dataclasses.replace(form.terms, selection=selection)))


@pytest.mark.parametrize("text", ["x" * 200, "多" * 200, "👍" * 200, '"' * 200])
def test_a_form_of_long_conditions_is_within_every_limit(text: str):
    names = (text,) * 20
    selection = Selection(paths=names, not_paths=names, authors=names, not_authors=names)
    for form in (FORM, NEW):
        assert_screens(dataclasses.replace(form, terms=dataclasses.replace(form.terms, selection=selection)))


@few
@given(anything, anything)
def test_any_notice_is_within_every_limit(text: str, example: str):
    assert_screens(Notice(text=f"No: {text}", example=example, offers=(dataclasses.replace(OFFER, label=text),) * 9))


@every_hostile_text
def test_what_people_write_is_inert_in_all_screens(text: str):
    for reply in (
        status(*listed(1, broken=text), feedback=(feedback(text),)),
        dataclasses.replace(ANSWER, sentences=(CitedSentence(text=text, shas=(SHA,)),)),
        dataclasses.replace(FOUND, words=text, entries=(hostile_entry(text),)),
        dataclasses.replace(FORM, terms=dataclasses.replace(FORM.terms, selection=Selection(authors=(text,)))),
        Notice(text=text, example=text),
    ):
        assert_screens(reply)


def assert_screens(reply: Reply) -> None:
    *rungs, post = feishu.ladder(reply)
    for rung in rungs:
        assert_card(rung["content"])
    assert_post(post)
    assert_card(feishu.card(reply, note=LONG_NOTE))


# The form of a subscription


def fields(drawn: Element) -> dict[str, Element]:
    """By their names."""
    (form,) = with_tag(drawn, "form")
    return {field["name"]: field for field in found(form["elements"]) if field["tag"] != "button"}


def found(parts: list[Element]) -> Iterator[Element]:
    for part in parts:
        if "name" in part:
            yield part
        yield from found(part.get("columns", part.get("elements", [])))


def test_a_form_shows_what_is_asked_for_at_present():
    shown_there = {
        name: field.get("initial_option")
        or field.get("initial_time")
        or field.get("selected_values")
        or field.get("default_value")
        for name, field in fields(card(FORM)).items()
    }
    assert shown_there == {
        AT: "09:00",
        ZONE: "Asia/Shanghai",
        DAYS: ["monday"],
        MINIMUM: "high",
        QUIET: "line",
        "paths": "lib/**",
        "not_paths": None,
        "authors": None,
        "not_authors": "*[bot]",
        MORE: [NO_BOTS, IN_THREAD],
        LANGUAGE: "en",
    }


def test_a_choice_of_nothing_says_so():
    terms = dataclasses.replace(FORM.terms, selection=Selection(), in_thread=False)
    more = fields(card(dataclasses.replace(FORM, terms=terms)))[MORE]
    assert more["placeholder"]["content"] == "None of these"
    assert "selected_values" not in more
    assert "placeholder" not in fields(card(FORM))[MORE]


def test_only_a_new_subscription_asks_for_its_repository():
    assert fields(card(NEW)).keys() - fields(card(FORM)).keys() == {REPO}
    assert fields(card(NEW))[REPO]["default_value"] == "ai-dynamo/dynamo"


def test_what_a_subscription_cannot_be_without_must_be_entered():
    needed = {name for name, field in fields(card(NEW)).items() if field["required"]}
    assert needed == {"repo", "at", "zone", "days", "minimum", "quiet", "language"}


def test_a_form_is_drawn_again_with_what_was_entered_and_what_is_wrong_above():
    entered = dataclasses.replace(FORM.terms, at=time(18, 30), selection=Selection(paths=("src/**",)))
    drawn = feishu.card(dataclasses.replace(FORM, terms=entered), note=Notice(text="Choose at least one day."))
    assert shown(drawn["body"]["elements"][0]) == "Choose at least one day."
    assert fields(drawn)[AT]["initial_time"] == "18:30"
    assert fields(drawn)["paths"]["default_value"] == "src/**"


def test_conditions_that_do_not_fit_are_whole_or_not_there_and_that_is_said():
    names = tuple(f"author number {number:03} of a very large team".ljust(60, "x") for number in range(20))
    form = dataclasses.replace(FORM, terms=dataclasses.replace(FORM.terms, selection=Selection(authors=names)))
    given_there = fields(card(form))["authors"]["default_value"]
    assert len(given_there) <= 1000
    assert tuple(given_there.split(", ")) == names[: given_there.count(",") + 1]
    assert "Not all of them fit into the form" in shown(card(form))
    assert "Not all of them fit into the form" not in shown(card(FORM))


def acts(drawn: Element) -> list[tuple[str, Act, str]]:
    """What stands on each button that asks, what is done, and what the card is drawn from again."""
    made = [
        (button["text"]["content"], pressed(button["behaviors"][0]["value"])) for button in with_tag(drawn, "button")
    ]
    return [(text, value.act, value.shows) for text, value in made if value]


@pytest.mark.parametrize(
    ("is_resting", "text", "command"), [(False, "Pause", PauseDigests()), (True, "Resume", ResumeDigests())]
)
def test_a_form_saves_previews_pauses_and_ends_its_subscription(is_resting: bool, text: str, command: PauseDigests):
    drawn = card(dataclasses.replace(FORM, is_resting=is_resting))
    opened = Elsewhere(subscription=7, command=OpenSettings())
    assert buttons(drawn) == [
        ("Save", opened),
        ("Preview", opened),
        (text, Elsewhere(subscription=7, command=command)),
        ("Unsubscribe", Elsewhere(subscription=7, command=Unsubscribe(repo=None))),
    ]
    assert acts(drawn) == [
        ("Save", Act.SAVE, ""),
        ("Preview", Act.PREVIEW, ""),
        (text, Act.IN_FORM, "1 of 7 settings"),
        ("Unsubscribe", Act.IN_FORM, "1 of 7 settings"),
    ]


def test_a_new_subscription_can_be_saved_and_previewed_only():
    assert buttons(card(NEW)) == [
        ("Subscribe", OpenSettings(repo=samples.REPO)),
        ("Preview", OpenSettings(repo=samples.REPO)),
    ]


def test_to_unsubscribe_is_asked_once_more():
    for reply in (FORM, status(*listed(1)), home(1)):
        (button,) = [one for one in with_tag(card(reply), "button") if one["text"]["content"] == "Unsubscribe"]
        assert button["confirm"]["text"]["content"].startswith("No more digests of ai-dynamo/dynamo")


def test_a_zone_that_the_form_does_not_offer_is_offered_where_it_is_used():
    assert set(FEW) <= {zone for zones in GROUPS.values() for zone in zones}
    assert len(set(FEW)) == len(FEW)
    for zone, number in (("Asia/Shanghai", len(FEW)), ("Africa/Lusaka", len(FEW) + 1)):
        terms = dataclasses.replace(FORM.terms, zone=ZoneInfo(zone))
        field = fields(card(dataclasses.replace(FORM, terms=terms)))[ZONE]
        assert field["initial_option"] == zone
        assert zone in [option["value"] for option in field["options"]]
        assert len(field["options"]) == number


def test_the_form_of_a_feedback_carries_its_commit():
    drawn = card(FeedbackForm(repo=samples.REPO, sha=SHA))
    assert drawn["header"]["title"]["content"] == "What is not right in the analysis of 6070089?"
    assert list(fields(drawn)) == [REASON]
    assert buttons(drawn) == [("Send", GiveFeedback(repo=samples.REPO, sha=SHA, verdict=Verdict.DOWN))]
    assert acts(drawn) == [("Send", Act.FEEDBACK, "")]


# Status and home


def test_a_status_offers_what_can_be_done_with_each_subscription():
    drawn = card(status(*listed(1), *listed(1, last=None, broken="The channel is gone.")))
    number = Elsewhere(subscription=1, command=OpenSettings())
    assert buttons(drawn) == [
        ("Send it now", dataclasses.replace(number, command=SendNow(day=FAILED.day))),
        ("Pause", dataclasses.replace(number, command=PauseDigests())),
        ("Settings", number),
        ("Unsubscribe", dataclasses.replace(number, command=Unsubscribe(repo=None))),
        ("Resume", dataclasses.replace(number, command=ResumeDigests())),
        ("Settings", number),
        ("Unsubscribe", dataclasses.replace(number, command=Unsubscribe(repo=None))),
    ]


def test_a_status_says_how_each_subscription_fares():
    reply = status(
        *listed(1, broken="The bot was removed from the group."),
        spent=Spent(tokens=123_456, price=0.5),
        feedback=(feedback("The second sentence is wrong."), feedback("", Verdict.UP)),
    )
    said = shown(card(reply)).splitlines()
    assert said[:5] == [
        "This channel follows",
        "ai-dynamo/dynamo0",
        "every day at 09:00 (Asia/Shanghai), next 2026-01-22 00:30",
        "⚠️ 2026-01-20: not delivered: The chat platform rejected the message.",
        "⚠️ nothing is delivered at present: The bot was removed from the group.",
    ]
    assert said[-3:] == [
        "The AI model has used 123,456 tokens today (UTC), for about 0.50 US dollars.",
        "What people here think of analyses: 👍 1, 👎 1",
        "👎 8877c46: The second sentence is wrong.",
    ]


def test_many_subscriptions_are_listed_before_any_has_buttons_and_those_that_do_not_fit_are_counted():
    drawn = card(status(*listed(40)))
    assert all(f"ai-dynamo/dynamo{number}\n" in shown(drawn) for number in range(35))
    assert len(questions(drawn)) == 12
    assert len(questions(card(status(*listed(6))))) == 24
    longer = shown(card(status(*listed(300))))
    number = longer.count("every day at 09:00")
    assert f"… {300 - number} more" in longer


def test_every_subscription_of_a_workspace_is_on_a_page_of_home():
    pages = [card(home(15, page)) for page in (0, 1, 2, 99)]
    assert [len(re.findall(r"ai-dynamo/dynamo\d+\n", shown(page))) for page in pages] == [6, 6, 3, 3]
    assert [page["header"]["subtitle"]["content"] for page in pages] == [
        "1 to 6 of 15",
        "7 to 12 of 15",
        "13 to 15 of 15",
        "13 to 15 of 15",
    ]
    turns = [[question for question in questions(page) if isinstance(question, ShowHome)] for page in pages]
    assert turns == [[ShowHome(page=1)], [ShowHome(page=0), ShowHome(page=2)], [ShowHome(page=1)], [ShowHome(page=1)]]
    assert all(OpenSettings(repo=samples.REPO) in questions(page) for page in pages)


def test_home_says_in_which_chat_each_digest_is_posted():
    assert GROUP.id in shown(card(home(1)))


# Search results, answers and notices


def test_what_is_found_can_be_read_where_it_stands():
    drawn = card(FOUND)
    assert shown(drawn).startswith("The newest 6 of 41 commits of ai-dynamo/dynamo: router kv\n🟢 2026-01-21 ")
    assert len(with_tag(drawn, "collapsible_panel")) == 6
    assert shown(drawn).endswith("\n… 35 more")


def test_an_answer_cites_commits_by_links_to_them():
    content = card(ANSWER)["body"]["elements"][0]["content"]
    assert content.endswith(f" [6070089](https://github.com/ai-dynamo/dynamo/commit/{SHA})")


def test_a_notice_is_a_line_with_an_example_and_what_can_be_done():
    drawn = card(Notice(text="No.", example="yesterday", offers=(OFFER,)))
    assert shown(drawn) == "No.\nTry /dynamo-digest yesterday\nTry again"
    assert questions(drawn) == [OFFER.question]
    assert drawn["config"]["summary"]["content"] == "No."
    assert "header" not in drawn


# As a whole


@every_screen
@pytest.mark.parametrize("language", Language)
def test_every_screen_looks_as_it_did(reply: Reply, language: Language, snapshot):
    with speaking(language):
        assert written(feishu.render(reply)) == snapshot(extension_class=JsonFile)


@pytest.mark.parametrize("language", Language)
def test_every_screen_as_text_looks_as_it_did(language: Language, snapshot):
    with speaking(language):
        texts = {name: list(feishu.ladder(reply))[-1]["content"] for name, reply in FEISHU_SCREENS.items()}
    assert written(texts) == snapshot(extension_class=JsonFile)


@every_screen
def test_the_language_changes_words_only(reply: Reply):
    with speaking(Language.ZH):
        chinese = questions(card(reply))
    assert chinese == questions(card(reply))


@pytest.mark.usefixtures("marked")
@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("price", [None, 0.5])
def test_everything_we_say_on_screens_goes_through_the_catalogue(state: DeliveryState, price: float | None):
    run = dataclasses.replace(FAILED, state=state, error=DATA)
    entry = hostile_entry(DATA)
    sentence = CitedSentence(text=DATA, shas=(SHA,))
    ours: list[Reply] = [
        status(*listed(12, last=run, broken=DATA), spent=Spent(tokens=1, price=price), feedback=(feedback(DATA),)),
        Home(subscriptions=tuple(listed(60, last=run)), default_repo=samples.REPO),
        Home(subscriptions=(), default_repo=samples.REPO),
        FeedbackForm(repo=samples.REPO, sha="8877c46"),
        dataclasses.replace(ANSWER, sentences=(sentence,), entries=(entry,), model=DATA),
        dataclasses.replace(ANSWER, sentences=(), entries=(), model=""),
        *(dataclasses.replace(FOUND, words=DATA, entries=(entry,) * number, total=3) for number in (0, 1, 3)),
        FORM,
        NEW,
    ]
    for reply in ours:
        said = shown(_without_names(card(reply))).replace(GROUP.id, "")
        assert not re.search("[A-Za-z]{2,}", unsaid(re.sub(r"dynamo\d+", "dynamo", said)))


def _without_names(part: object) -> object:
    """Without what is never translated: zones, and languages by their own names."""
    match part:
        case {"value": str(value), "text": _} if "/" in value or value in {"UTC", "en", "zh"}:
            return {}
        case dict():
            return {name: _without_names(value) for name, value in part.items() if name != "default_value"}
        case list():
            return [_without_names(value) for value in part]
        case _:
            return part
