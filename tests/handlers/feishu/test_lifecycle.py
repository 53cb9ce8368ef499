"""What becomes of chats: added, removed, dissolved, entered, and what is of no consequence."""

from dataclasses import replace

import pytest

from bot.core.commands import OpenSettings, ShowHelp
from bot.core.errors import SourceUnavailable
from bot.core.language import Language
from bot.core.replies import Help, SettingsForm
from bot.core.subscriptions import Subscription
from handlers.feishu.events import ENDS, IGNORED, KNOWN
from tests.fakes import NOW
from tests.formatters import samples
from tests.handlers.feishu.stage import Stage, words

SETTINGS = OpenSettings(repo=samples.REPO)


@pytest.fixture(autouse=True)
def _furnished(bot: Stage) -> None:
    bot.desk.replies[OpenSettings] = SettingsForm(terms=samples.SUBSCRIPTION.terms)
    bot.desk.replies[ShowHelp] = Help()


async def subscribed(bot: Stage) -> Subscription:
    channel = bot.asker(bot.group).channel
    terms = replace(samples.SUBSCRIPTION.terms, channel=channel, subscriber=bot.id("alice"))
    subscription, _ = await bot.subscriptions.subscribe(terms, bot.feishu.now())
    return subscription


async def broken(bot: Stage) -> str:
    (subscription,) = await bot.subscriptions.of_channel(bot.asker(bot.group).channel)
    return subscription.broken


async def test_a_group_that_adds_the_bot_is_told_what_it_does(bot: Stage):
    await bot.feishu.adds_bot(bot.group)
    await bot.receiver.finish()
    (greeting,) = bot.feishu.messages.values()
    assert (greeting.chat, greeting.parent) == (bot.group, None)
    said = words(greeting.content)
    assert "Mention me with a command" in said
    _answer, (form,) = await bot.clicks(greeting, SETTINGS)
    assert any(element["tag"] == "form" for element in form.content["body"]["elements"])
    _answer, (page,) = await bot.clicks(greeting, ShowHelp())
    assert "What you can ask" in words(page.content)


async def test_a_greeting_comes_in_the_language_of_the_bot(bot: Stage):
    bot.desk.default_language = Language.ZH
    await bot.feishu.adds_bot(bot.group)
    await bot.receiver.finish()
    (greeting,) = bot.feishu.messages.values()
    assert "订阅" in words(greeting.content)


async def test_a_greeting_comes_even_if_nothing_can_be_offered(bot: Stage):
    bot.desk.replies[OpenSettings] = SourceUnavailable()
    await bot.feishu.adds_bot(bot.group)
    await bot.receiver.finish()
    (greeting,) = bot.feishu.messages.values()
    await bot.clicks(greeting, ShowHelp())


async def test_a_group_that_follows_something_is_mended_and_not_greeted(bot: Stage):
    await bot.subscriptions.mark_broken(await subscribed(bot), "Removed.", NOW)
    await bot.feishu.adds_bot(bot.group)
    await bot.receiver.finish()
    assert (await broken(bot), bot.feishu.messages) == ("", {})


async def test_a_group_that_removes_the_bot_ends_and_its_subscriber_is_told(bot: Stage):
    await subscribed(bot)
    await bot.feishu.removes_bot(bot.group)
    await bot.receiver.finish()
    assert await broken(bot) == "I was removed from the group. Add me in its settings to go on."
    (told,) = bot.feishu.messages.values()
    assert told.chat == bot.feishu.p2p("alice").id
    assert "I was removed from the group." in words(told.content)


async def test_a_group_that_is_dissolved_ends(bot: Stage):
    await subscribed(bot)
    await bot.feishu.disbands(bot.group)
    await bot.receiver.finish()
    assert await broken(bot) == "The group was dissolved."


async def test_an_end_that_is_told_after_we_were_added_again_is_none(bot: Stage):
    await subscribed(bot)
    bot.feishu.listen(None)
    removed = await bot.feishu.removes_bot(bot.group)
    bot.feishu.advance(1)
    added = await bot.feishu.adds_bot(bot.group)
    for event in (added, removed):
        await bot.receiver.receive(event)
        await bot.receiver.finish()
    assert await broken(bot) == ""


async def test_whoever_opens_the_conversation_for_the_first_time_is_greeted(bot: Stage):
    for _ in range(2):
        await bot.feishu.enters()
        await bot.receiver.finish()
    (greeting,) = bot.feishu.messages.values()
    assert greeting.chat == bot.feishu.p2p("alice").id
    assert "Write me a command" in words(greeting.content)


async def test_a_group_that_is_renamed_stays_what_it_is(bot: Stage):
    await subscribed(bot)
    await bot.feishu.renames(bot.group, "another name")
    await bot.receiver.finish()
    assert (await broken(bot), bot.feishu.raised, bot.feishu.owed) == ("", [], [])


@pytest.mark.parametrize("kind", [*sorted(KNOWN), "contact.user.created_v3"])
async def test_every_event_is_acknowledged_even_if_it_is_malformed(bot: Stage, kind: str):
    header = {"event_id": "e1", "event_type": kind, "tenant_key": bot.feishu.tenant}
    for body in (None, {}, [], {"chat_id": None}):
        assert await bot.receiver.receive({"schema": "2.0", "header": header, "event": body}) is None
    assert await bot.receiver.receive({"schema": "2.0", "header": {"event_type": kind}}) is None
    await bot.receiver.finish()
    assert bot.feishu.messages == {}


def test_what_is_known_is_what_the_app_is_subscribed_to():
    assert set(ENDS) | IGNORED < KNOWN
    assert len(KNOWN) == 11
