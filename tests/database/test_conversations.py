"""What is said in the console is kept, each key once, and not for ever."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.console import ConsoleMessenger, drawn
from bot.adapters.database import conversations as module
from bot.adapters.database.conversations import DatabaseConversations
from bot.core.conversations import DIRECT, GENERAL, PERSON, Utterance, channel
from bot.core.errors import MessageGone
from bot.core.ports import Attachment
from bot.core.replies import Notice
from tests.fakes import NOW, FakeClock

pytestmark = pytest.mark.both_databases

HELLO = Utterance(author=PERSON, text="hello\x00 你好")
NEWS = Notice(text="news")


async def test_what_is_said_is_there_as_it_was_said(engine: AsyncEngine):
    kept = DatabaseConversations(engine)
    attachment = Attachment(name="a.md", title="A", text="# A")
    whole = Utterance(drawing=drawn(NEWS), attachment=attachment, is_private=True, thread=1, key="k")
    said = [await kept.say(GENERAL, each, NOW) for each in (replace(HELLO, text="你好"), whole)]
    assert await kept.since(GENERAL, 0) == said
    assert await kept.since(GENERAL, said[0].version) == said[1:]
    assert await kept.by_id(GENERAL, said[0].id) == said[0]
    assert await kept.by_id("team", said[0].id) is None
    assert await kept.find(GENERAL, key="k") == said[1]
    assert await kept.find("team", key="k") is None
    assert await kept.channels() == [GENERAL]


async def test_what_has_changed_is_new_again(engine: AsyncEngine):
    kept = DatabaseConversations(engine)
    first, second = [await kept.say(GENERAL, HELLO, NOW) for _ in range(2)]
    changed = await kept.change(GENERAL, first.id, replace(HELLO, text="bye"))
    assert changed is not None
    assert await kept.since(GENERAL, second.version) == [changed]
    assert await kept.change("team", first.id, HELLO) is None


async def test_the_same_key_is_said_once_in_a_channel(engine: AsyncEngine):
    kept = DatabaseConversations(engine)
    messenger = ConsoleMessenger(kept, FakeClock())
    posted = {await messenger.post(channel(GENERAL), NEWS, key="1:2026-01-21") for _ in range(3)}
    assert len(posted) == 1
    assert await messenger.find(channel(GENERAL), key="1:2026-01-21", since=NOW) in posted
    assert await messenger.find(channel(GENERAL), key="another", since=NOW) is None
    assert await messenger.post(channel("team"), NEWS, key="1:2026-01-21") not in posted


async def test_only_the_newest_of_each_channel_are_kept(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "KEPT", 3)
    kept = DatabaseConversations(engine)
    await kept.say("team", HELLO, NOW)
    for number in range(5):
        await kept.say(GENERAL, replace(HELLO, text=str(number)), NOW)
    assert [said.utterance.text for said in await kept.since(GENERAL, 0)] == ["2", "3", "4"]
    assert len(await kept.since("team", 0)) == 1


async def test_a_message_is_replaced_unless_it_is_gone(engine: AsyncEngine):
    messenger = ConsoleMessenger(DatabaseConversations(engine), FakeClock())
    posted = await messenger.post(channel(GENERAL), NEWS, key="k")
    await messenger.update(channel(GENERAL), posted, Notice(text="mended"), key="k")
    assert await messenger.find(channel(GENERAL), key="k", since=NOW) == posted
    with pytest.raises(MessageGone):
        await messenger.update(channel(GENERAL), "999", NEWS, key="k")


async def test_one_person_is_told_in_the_conversation_with_the_bot_alone(engine: AsyncEngine):
    kept = DatabaseConversations(engine)
    messenger = ConsoleMessenger(kept, FakeClock())
    await messenger.tell(channel(GENERAL), PERSON, NEWS)
    (told,) = await kept.since(DIRECT, 0)
    assert told.utterance.is_private
    assert messenger.is_direct(channel(DIRECT))
    assert await messenger.admits(channel(GENERAL), PERSON)
    assert not await messenger.admits(channel(DIRECT), PERSON)
    assert not await messenger.admits(replace(channel(GENERAL), workspace="T1"), PERSON)


async def test_tabs_that_speak_at_the_same_time_are_all_heard(engine: AsyncEngine):
    kept = DatabaseConversations(engine)
    said = await asyncio.gather(*(kept.say(GENERAL, HELLO, NOW) for _ in range(8)))
    assert len({each.id for each in said}) == 8
    assert len(await kept.since(GENERAL, 0)) == 8
