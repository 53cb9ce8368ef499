"""The form of a subscription: opened, previewed, saved, and what is wrong with what was entered."""

import dataclasses
from dataclasses import replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.core.buttons import decode, encode
from bot.core.commands import Elsewhere, OpenSettings, PauseDigests, Preview, ShowHome, Subscribe, Unsubscribe
from bot.core.errors import ChannelGone, RepositoryNotFound, SourceUnavailable, TooManyRepositories
from bot.core.language import Language
from bot.core.model import Importance
from bot.core.patterns import RepoPattern
from bot.core.ranges import Weekday
from bot.core.replies import DigestView, Home, Notice, SettingsForm
from bot.core.subscriptions import Channel, Platform, QuietDays, Selection, SubscriptionTerms
from handlers.slack import settings
from tests.counterparts import slack
from tests.formatters import samples
from tests.handlers.stages import Stage
from tests.slack_people import buttons, texts

REPO = samples.REPO
ACME = RepoPattern(owner="acme", names="*")
TERMS = dataclasses.replace(
    samples.SUBSCRIPTION.terms,
    days=frozenset({Weekday.MONDAY, Weekday.THURSDAY}),
    selection=Selection(minimum=Importance.MEDIUM, paths=("lib/**", "*.rs"), no_bots=True),
    language=Language.ZH,
)
ENTERED: dict[str, Any] = {
    "at": {"value": {"selected_time": "18:30"}},
    "days": {"value": {"selected_options": [{"value": "monday"}, {"value": "friday"}]}},
    "zone": {"value": {"selected_option": {"value": "Europe/Berlin"}}},
    "minimum": {"value": {"selected_option": {"value": "high"}}},
    "paths": {"value": {"value": "lib/**，docs/**, lib/**"}},
    "not_paths": {"value": {"value": None}},
    "authors": {"value": {"value": " Ada Lovelace "}},
    "not_authors": {"value": {"value": None}},
    "more": {"value": {"selected_options": [{"value": "no_bots"}]}},
    "quiet": {"value": {"selected_option": {"value": "line"}}},
    "language": {"value": {"selected_option": {"value": "en"}}},
}
NEW: dict[str, Any] = {"repo": {"value": {"value": "octo/hello"}}, **ENTERED}


def subscribe(**more: Any) -> Subscribe:
    """What was entered."""
    return Subscribe(
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
        **more,
    )


def form_of(bot: Stage, *, subscription: int | None = 7, channel: str | None = None) -> SettingsForm:
    where = Channel(platform=Platform.SLACK, workspace=bot.slack.workspace.team_id, id=bot.id(channel or "general"))
    return SettingsForm(terms=dataclasses.replace(TERMS, channel=where), subscription=subscription)


def nowhere(form: SettingsForm) -> SettingsForm:
    channel = dataclasses.replace(form.terms.channel, id="")
    return dataclasses.replace(form, terms=dataclasses.replace(form.terms, channel=channel))


async def opened(bot: Stage, *, subscription: int | None = 7) -> dict[str, Any]:
    """The form, opened by a command in a channel."""
    bot.desk.replies[OpenSettings] = form_of(bot, subscription=subscription)
    trigger = bot.slack.response_url()
    await bot.people.send(await bot.people.typed("settings", url=trigger))
    return await bot.people.sees("Digest settings", "Preview")


async def test_the_form_shows_the_subscription_as_it_is(bot: Stage):
    view = await opened(bot)
    inputs = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert "repo" not in inputs
    assert inputs["at"]["initial_time"] == "09:00"
    assert [option["value"] for option in inputs["days"]["initial_options"]] == ["monday", "thursday"]
    assert inputs["zone"]["initial_option"]["value"] == "Asia/Shanghai"
    assert inputs["minimum"]["initial_option"]["value"] == "medium"
    assert inputs["paths"]["initial_value"] == "lib/**, *.rs"
    assert "initial_value" not in inputs["authors"]
    assert [option["value"] for option in inputs["more"]["initial_options"]] == ["no_bots"]
    assert inputs["language"]["initial_option"]["value"] == "zh"
    assert [button["action_id"] for button in buttons(view, "settings.")] == [
        "settings.preview", "settings.pause", "settings.unsubscribe",
    ]  # fmt: skip


async def test_what_was_entered_is_saved_for_the_channel_of_the_form(bot: Stage):
    view = await opened(bot)
    bot.desk.replies[Subscribe] = Notice(text="This channel still gets the digest.")
    _, said = await bot.people.submit(view, ENTERED)
    assert said["response_action"] == "update"
    assert "This channel still gets the digest." in list(texts(said["view"]))
    command, asker = bot.desk.asked[-1]
    assert (command, asker.channel.id, asker.user) == (subscribe(repo=REPO), bot.id("general"), bot.id("alice"))


async def test_a_form_that_takes_its_time_says_so_until_it_is_saved(bot: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(settings, "ACKNOWLEDGE_WITHIN", 0.01)
    view = await opened(bot)
    bot.desk.replies[Subscribe] = Notice(text="This channel still gets the digest.")
    bot.desk.gate.clear()
    _, said = await bot.people.submit(view, ENTERED)
    assert "One moment…" in list(texts(said["view"]))
    bot.desk.gate.set()
    await bot.people.sees("This channel still gets the digest.")


async def test_a_repository_that_is_none_is_said_at_its_field(bot: Stage):
    view = await opened(bot, subscription=None)
    _, said = await bot.people.submit(view, {**NEW, "repo": {"value": {"value": "hello"}}})
    assert said == {
        "response_action": "errors",
        "errors": {"repo": "“hello” is not a repository: write owner/name."},
    }
    bot.desk.replies[Subscribe] = RepositoryNotFound()
    _, said = await bot.people.submit(view, NEW)
    assert said["errors"] == {"repo": "There is no such repository, or it is private."}


async def test_a_pattern_of_repositories_is_taken_where_the_form_asks_for_one(bot: Stage):
    view = await opened(bot, subscription=None)
    bot.desk.replies[Subscribe] = Notice(text="This channel follows acme/*.")
    await bot.people.submit(view, {**NEW, "repo": {"value": {"value": "acme/＊ 排除 legacy-*，tmp"}}})
    command, _asker = bot.desk.asked[-1]
    assert command == subscribe(repo=ACME, excluded=("legacy-*", "tmp"))
    bot.desk.replies[Subscribe] = TooManyRepositories()
    _, said = await bot.people.submit(view, {**NEW, "repo": {"value": {"value": "acme/*"}}})
    assert said["errors"] == {"repo": "More repositories match than can be followed."}


async def test_the_form_of_a_pattern_changes_ends_and_pauses_all_of_it(bot: Stage):
    form = form_of(bot)
    bot.desk.replies[OpenSettings] = replace(form, terms=form.terms.of_pattern(ACME, ("tmp",)))
    await bot.people.send(await bot.people.typed("settings", url=bot.slack.response_url()))
    view = await bot.people.sees("Digest settings", "Preview")
    assert [decode(button["value"]) for button in buttons(view, "settings.") if "value" in button] == [
        Elsewhere(subscription=7, is_following=True, command=PauseDigests()),
        Elsewhere(subscription=7, is_following=True, command=Unsubscribe(repo=None)),
    ]
    bot.desk.replies[Subscribe] = Notice(text="This channel follows acme/*.")
    await bot.people.submit(view, ENTERED)
    assert bot.desk.asked[-1][0] == subscribe(repo=ACME)


async def test_all_that_is_wrong_is_said_at_once_each_at_its_field(bot: Stage):
    view = await opened(bot, subscription=None)
    wrong = {
        "repo": {"value": {"value": "hello"}},
        "zone": {"value": {"selected_option": {"value": "Mars/Olympus"}}},
        "paths": {"value": {"value": ",".join(f"a{number}" for number in range(21))}},
        "not_paths": {"value": {"value": "docs/**, !"}},
        "days": {"value": {"selected_options": []}},
    }
    _, said = await bot.people.submit(view, {**NEW, **wrong})
    assert set(said["errors"]) == set(wrong)
    assert all(isinstance(command, OpenSettings) for command in bot.desk.commands())


async def test_a_failure_to_save_shows_the_form_as_it_was_filled_in(bot: Stage):
    view = await opened(bot)
    bot.desk.replies[Subscribe] = SourceUnavailable()
    _, said = await bot.people.submit(view, ENTERED)
    assert "The repository could not be read. Please ask again in a few minutes." in list(texts(said["view"]))
    inputs = {block["block_id"]: block["element"] for block in said["view"]["blocks"] if block["type"] == "input"}
    assert (inputs["at"]["initial_time"], inputs["paths"]["initial_value"]) == ("18:30", "lib/**, docs/**")


async def test_a_preview_shows_yesterday_as_the_form_would_have_it(bot: Stage):
    view = await opened(bot)
    bot.desk.replies[Preview] = DigestView(digest=samples.DIGEST)
    await bot.people.click(buttons(view, "settings.preview")[0], view=view, values=ENTERED)
    await bot.people.sees("ai-dynamo/dynamo · 2026-01-21")
    assert len(bot.slack.calls_of("views.push")) == 1
    assert bot.desk.commands()[-1] == Preview(subscribe=subscribe(repo=REPO))


async def test_a_preview_of_what_is_wrong_says_what(bot: Stage):
    view = await opened(bot)
    wrong = {**ENTERED, "days": {"value": {"selected_options": []}}}
    await bot.people.click(buttons(view, "settings.preview")[0], view=view, values=wrong)
    await bot.people.sees("Choose at least one day.")


async def test_pausing_leaves_the_form_and_unsubscribing_does_not(bot: Stage):
    view = await opened(bot)
    bot.desk.replies[Elsewhere] = lambda command: Notice(text=f"Done: {type(command.command).__name__}")
    await bot.people.click(buttons(view, "settings.pause")[0], view=view)
    view = await bot.people.sees("Done: PauseDigests", "Preview")
    await bot.people.click(buttons(view, "settings.unsubscribe")[0], view=view)
    view = await bot.people.sees("Done: Unsubscribe")
    assert buttons(view, "settings.") == []
    assert [command for command in bot.desk.commands() if isinstance(command, Elsewhere)] == [
        Elsewhere(subscription=7, command=PauseDigests()),
        Elsewhere(subscription=7, command=Unsubscribe(repo=None)),
    ]


async def test_settings_that_find_no_window_come_as_a_button(bot: Stage):
    bot.desk.replies[OpenSettings] = form_of(bot)
    bot.slack.fail("views.open", slack.error("expired_trigger_id"))
    (answer,) = await bot.people.type("settings")
    (button,) = buttons(answer["blocks"], "digest.settings")
    await bot.people.click(button, ephemeral=True)
    await bot.people.sees("Digest settings")


# From App Home


def home(bot: Stage, *, paused: bool = False) -> Home:
    channel = dataclasses.replace(TERMS.channel, workspace=bot.slack.workspace.team_id, id=bot.id("general"))
    subscription = dataclasses.replace(samples.SUBSCRIPTION, terms=dataclasses.replace(TERMS, channel=channel))
    listed = dataclasses.replace(samples.LISTED, subscription=subscription)
    return Home(subscriptions=(listed,), default_repo=REPO)


async def test_home_lists_what_the_workspace_follows(bot: Stage):
    bot.desk.replies[ShowHome] = home(bot)
    await bot.people.open_home()
    shown = await bot.people.sees_home("What this workspace follows", "ai-dynamo/dynamo")
    assert [button["value"] for button in buttons(shown, "home.")] == [
        "1 settings github.com ai-dynamo/dynamo",
        "1 of 1 settings",
        "1 of 1 pause",
        "1 of 1 unsubscribe",
    ]
    (_command, asker) = bot.desk.asked[-1]
    assert (asker.channel.workspace, asker.channel.id) == (bot.slack.workspace.team_id, "")


async def test_a_long_home_is_turned_page_by_page(bot: Stage):
    (listed,) = home(bot).subscriptions
    bot.desk.replies[ShowHome] = lambda command: replace(home(bot), subscriptions=(listed,) * 60, page=command.page)
    await bot.people.open_home()
    first = await bot.people.sees_home("1 to 45 of 60")
    await bot.people.click(buttons(first, "home.page.next")[0], view=first)
    second = await bot.people.sees_home("46 to 60 of 60")
    await bot.people.click(buttons(second, "home.page.previous")[0], view=second)
    await bot.people.sees_home("1 to 45 of 60")
    assert bot.desk.commands() == [ShowHome(), ShowHome(page=1), ShowHome()]


async def test_the_messages_tab_is_no_home(bot: Stage):
    acknowledged = await bot.people.open_home(tab="messages")
    assert (acknowledged.status, bot.desk.asked) == (200, [])


async def test_a_button_of_home_says_what_has_become_of_it(bot: Stage):
    bot.desk.replies[ShowHome] = home(bot)
    bot.desk.replies[Elsewhere] = Notice(text="No digests until somebody resumes them.")
    await bot.people.open_home()
    shown = await bot.people.sees_home("ai-dynamo/dynamo")
    await bot.people.click(buttons(shown, "home.pause")[0], view=shown)
    await bot.people.sees_home("No digests until somebody resumes them.", "ai-dynamo/dynamo")
    assert Elsewhere(subscription=1, command=PauseDigests()) in bot.desk.commands()


async def test_a_subscription_is_changed_from_home_and_home_shows_it(bot: Stage):
    bot.desk.replies[ShowHome] = home(bot)
    bot.desk.replies[Elsewhere] = lambda command: (
        form_of(bot) if isinstance(command.command, OpenSettings) else Notice(text="Saved.")
    )
    await bot.people.open_home()
    shown = await bot.people.sees_home("ai-dynamo/dynamo")
    await bot.people.click(buttons(shown, "home.settings")[0], view=shown)
    form = await bot.people.sees("Digest settings")
    published = len(bot.slack.calls_of("views.publish"))
    _, said = await bot.people.submit(form, ENTERED)
    assert "Saved." in list(texts(said["view"]))
    assert Elsewhere(subscription=1, command=subscribe(repo=REPO)) in bot.desk.commands()
    while len(bot.slack.calls_of("views.publish")) == published:
        await bot.people.sees_home("ai-dynamo/dynamo")


async def new_from_home(bot: Stage) -> dict[str, Any]:
    bot.desk.replies[ShowHome] = home(bot)
    bot.desk.replies[OpenSettings] = nowhere(form_of(bot, subscription=None))
    bot.desk.replies[Subscribe] = Notice(text="Subscribed.")
    await bot.people.open_home()
    shown = await bot.people.sees_home("New subscription")
    await bot.people.click(buttons(shown, "home.new")[0], view=shown)
    return await bot.people.sees("Channel", "Repository")


async def test_a_new_subscription_from_home_is_for_the_channel_that_was_chosen(bot: Stage):
    form = await new_from_home(bot)
    values = {**NEW, "channel": {"value": {"selected_conversation": bot.id("random")}}}
    _, said = await bot.people.submit(form, values)
    assert "Subscribed." in list(texts(said["view"]))
    command, asker = next(asked for asked in bot.desk.asked if isinstance(asked[0], Subscribe))
    assert (str(command.repo), asker.channel.id) == ("octo/hello", bot.id("random"))


async def test_nobody_subscribes_a_channel_that_they_are_not_in(bot: Stage):
    form = await new_from_home(bot)
    bot.office.members = {bot.id("bob")}
    values = {**NEW, "channel": {"value": {"selected_conversation": bot.id("random")}}}
    _, said = await bot.people.submit(form, values)
    assert said["errors"] == {"channel": "You are not in this channel, so you cannot decide what it gets."}
    assert not any(isinstance(command, Subscribe) for command in bot.desk.commands())


async def test_a_channel_without_the_bot_is_said_at_its_field(bot: Stage):
    form = await new_from_home(bot)
    bot.desk.replies[Subscribe] = ChannelGone()
    values = {**NEW, "channel": {"value": {"selected_conversation": bot.id("random")}}}
    _, said = await bot.people.submit(form, values)
    assert set(said["errors"]) == {"channel"}


def test_the_forms_question_is_a_buttons_value():
    assert encode(OpenSettings(repo=REPO)) == "1 settings github.com ai-dynamo/dynamo"
    assert isinstance(TERMS, SubscriptionTerms)
