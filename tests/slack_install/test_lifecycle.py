"""What becomes of the app and its channels becomes of what is stored, whichever event comes first."""

import time as time_module
from collections.abc import Callable
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.adapters.database.engine import open_database
from bot.adapters.database.schema import metadata
from bot.adapters.database.stores import stores
from bot.core.days import Day
from bot.core.errors import NotInstalled
from bot.core.subscriptions import Feedback, Platform, Post, Subscription, SubscriptionTerms, Verdict
from tests.counterparts import slack_events as events
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_grid import install
from tests.counterparts.slack_inbound import JSON, signed
from tests.fakes import NOW, REPO
from tests.slack_install.conftest import Stage, channel
from tests.slack_people import buttons, eventually, texts

pytestmark = pytest.mark.both_databases


async def subscribe(stage: Stage, workspace: SlackProxy, name: str = "general") -> Subscription:
    made = SubscriptionTerms(
        channel=channel(workspace, name),
        repo=REPO,
        at=time(9),
        zone=ZoneInfo("UTC"),
        subscriber=workspace.workspace.users["alice"],
    )
    return (await stage.app.subscriptions.subscribe(made, NOW))[0]


async def broken(stage: Stage, workspace: SlackProxy, name: str = "general") -> str:
    (subscription,) = await stage.app.subscriptions.of_channel(channel(workspace, name))
    return subscription.broken


async def happens(stage: Stage, workspace: SlackProxy, event: events.Event) -> None:
    assert (await stage.people(workspace).event(event)).status == 200


async def becomes(stage: Stage, reason: str, workspace: SlackProxy | None = None, name: str = "general") -> None:
    where = workspace or stage.one

    async def is_so() -> bool:
        return await broken(stage, where, name) == reason

    await eventually(is_so)


@pytest.fixture
async def installed(stage: Stage) -> Stage:
    """In both workspaces, with a subscription in each."""
    for workspace in (stage.one, stage.other):
        assert await install(workspace, stage.address) == 200
        await subscribe(stage, workspace)
    return stage


REVOKED = events.tokens_revoked(bot=["U0000DIGEST"])


@pytest.mark.parametrize(
    "order", [[events.app_uninstalled(), REVOKED], [REVOKED, events.app_uninstalled()]], ids=["first", "last"]
)
async def test_uninstalling_leaves_nothing_of_the_workspace_and_everything_of_the_other(
    installed: Stage, order: list[events.Event]
):
    await installed.people(installed.one).type("help")
    installed.one.installing.uninstalled()
    for event in order:
        await happens(installed, installed.one, event)

    async def is_forgotten() -> bool:
        return await names(installed, "T000000001") == [] and await installed.slack.workspaces() == ["T000000002"]

    await eventually(is_forgotten)
    with pytest.raises(NotInstalled):
        await installed.oauth.installations.token("T000000001")
    assert await broken(installed, installed.other) == ""
    await installed.slack.gateway.call("T000000002", "auth.test")


@pytest.mark.parametrize("event", [events.app_uninstalled(), REVOKED], ids=["uninstalled", "revoked"])
async def test_the_end_of_an_installation_that_another_one_followed_is_over(
    installed: Stage, event: events.Event, monkeypatch: pytest.MonkeyPatch
):
    an_hour_ago = time_module.time() - 3600
    with monkeypatch.context() as patched:
        patched.setattr(events.time, "time", lambda: an_hour_ago)
        body = events.envelope(installed.one.workspace, event)
    people = installed.people(installed.one)
    assert (
        await people.send(body, signed(body, installed.one.workspace.signing_secret, content_type=JSON))
    ).status == 200
    await people.type("help")  # it is answered after the event
    assert await installed.slack.workspaces() == ["T000000001", "T000000002"]
    assert await broken(installed, installed.one) == ""


async def names(stage: Stage, workspace: str) -> list[str]:
    """The tables in which the workspace's id stands anywhere."""
    engine = open_database(stage.app.settings.database_url)
    async with engine.connect() as connection:
        found = [
            table.name
            for table in metadata.sorted_tables
            if any(workspace in map(str, row) for row in await connection.execute(select(table)))
        ]
    await engine.dispose()
    return found


async def test_a_workspace_s_id_stands_in_tables_until_it_is_uninstalled(installed: Stage):
    assert await names(installed, "T000000001") == ["slack_bots", "slack_installations", "subscriptions"]


async def test_revoked_tokens_stop_the_workspace_and_installing_again_mends_it(installed: Stage):
    installed.one.tokens.end("token_revoked")
    await happens(installed, installed.one, REVOKED)
    await becomes(installed, "The app's token was revoked. Please reinstall it.")
    assert await installed.slack.workspaces() == ["T000000002"]
    assert await broken(installed, installed.other) == ""


async def test_installing_mends_what_was_broken(installed: Stage):
    await installed.app.subscriptions.mark_workspace_broken(Platform.SLACK, "T000000001", "The token is dead.", NOW)
    assert await install(installed.one, installed.address) == 200
    assert await broken(installed, installed.one) == ""


async def test_tokens_of_people_change_nothing(installed: Stage):
    await happens(installed, installed.one, events.tokens_revoked(oauth=["U1"]))
    await happens(installed, installed.one, events.channel_archive(channel(installed.one).id, "U1"))
    await becomes(installed, "The channel was archived.")  # so the first one has been dealt with
    assert await installed.slack.workspaces() == ["T000000001", "T000000002"]


Make = Callable[[str, SlackProxy], events.Event]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (lambda id_, _: events.channel_archive(id_, "U1"), "The channel was archived."),
        (lambda id_, _: events.channel_archive(id_, "U1", private=True), "The channel was archived."),
        (lambda id_, _: events.channel_deleted(id_, "U1"), "The channel was deleted."),
        (lambda id_, _: events.channel_deleted(id_, "U1", private=True), "The channel was deleted."),
        (lambda id_, _: events.channel_left(id_, "U1"), "I was removed from the channel."),
        (lambda id_, _: events.channel_left(id_, "U1", private=True), "I was removed from the channel."),
        (
            lambda id_, slack: events.member_left_channel(slack.workspace, id_, slack.tenant.bot_user_id),
            "I was removed from the channel.",
        ),
    ],
)
async def test_the_end_of_a_channel_is_told_to_its_subscriber_once(installed: Stage, event: Make, reason: str):
    await subscribe(installed, installed.one, "random")
    happened = event(channel(installed.one).id, installed.one)
    for _again in range(2):
        await happens(installed, installed.one, happened)

    async def told() -> list[Any]:
        return [call for call in installed.one.calls_of("chat.postMessage") if call.answer]

    (call,) = await eventually(told)
    assert (await broken(installed, installed.one)).startswith(reason)
    assert call.arguments["channel"] == installed.one.workspace.users["alice"]
    assert f"{reason}" in "\n".join(texts(call.arguments["blocks"]))
    assert "the digest of octo/hello is not posted there any more" in "\n".join(texts(call.arguments["blocks"]))
    assert len(buttons(call.arguments["blocks"], "offer.")) == 1
    assert await broken(installed, installed.one, "random") == ""
    assert await broken(installed, installed.other) == ""


@pytest.mark.parametrize(
    "event",
    [
        lambda id_, _: events.channel_unarchive(id_, "U1"),
        lambda id_, _: events.channel_unarchive(id_, "U1", private=True),
        lambda id_, slack: events.member_joined_channel(slack.workspace, id_, slack.tenant.bot_user_id),
    ],
    ids=["unarchived", "private and unarchived", "invited"],
)
async def test_what_brings_a_channel_back_mends_its_subscriptions(installed: Stage, event: Make):
    (subscription,) = await installed.app.subscriptions.of_channel(channel(installed.one))
    await installed.app.subscriptions.mark_broken(subscription, "The channel was archived.", NOW)
    await happens(installed, installed.one, event(channel(installed.one).id, installed.one))
    await becomes(installed, "")


async def test_people_come_and_go_without_consequence(installed: Stage):
    where, alice = channel(installed.one).id, installed.one.workspace.users["alice"]
    (subscription,) = await installed.app.subscriptions.of_channel(channel(installed.one))
    await installed.app.subscriptions.mark_broken(subscription, "It is broken.", NOW)
    await happens(installed, installed.one, events.member_joined_channel(installed.one.workspace, where, alice))
    await happens(
        installed,
        installed.other,
        events.member_left_channel(
            installed.other.workspace, channel(installed.other).id, installed.other.workspace.users["bob"]
        ),
    )
    await happens(installed, installed.one, events.channel_rename(where, "specific"))
    await happens(installed, installed.other, events.channel_archive(channel(installed.other).id, "U1"))
    await becomes(installed, "The channel was archived.", installed.other)
    assert await broken(installed, installed.one) == "It is broken."


async def test_a_workspace_s_posts_and_opinions_are_forgotten_too(installed: Stage):
    """Those are what `Workspaces.forget` deletes; the archive of public commits stays."""
    engine = open_database(installed.app.settings.database_url)
    kept, day, where = stores(engine), Day(date=date(2026, 1, 21), zone=ZoneInfo("UTC")), channel(installed.one)
    await kept.posts.record(Post(channel=where, message="1.1", repo=REPO, first=day, last=day), NOW)
    await kept.feedback.give(Feedback(channel=where, user="U1", repo=REPO, sha="a" * 40, verdict=Verdict.UP), NOW)
    await engine.dispose()
    assert "posts" in await names(installed, "T000000001")
    await happens(installed, installed.one, events.app_uninstalled())

    async def is_forgotten() -> bool:
        return await names(installed, "T000000001") == []

    await eventually(is_forgotten)
