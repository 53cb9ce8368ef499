"""What people do in Slack is counted once, by what it was and what it came to."""

from collections.abc import Mapping

from bot.core.commands import ListSubscriptions, ShowHelp, ShowHome
from bot.core.errors import SourceUnavailable
from bot.core.replies import Help, Notice
from handlers.slack.counting import kind_of
from tests.counterparts import slack_events
from tests.handlers.stages import Stage
from tests.test_metrics import figures


async def interactions(bot: Stage) -> Mapping[str, float]:
    await bot.receiver.finish()
    counted = figures(bot.meter)
    answered = {name: number for name, number in counted.items() if name.startswith("interactions_total ")}
    took = sum(number for name, number in counted.items() if name.startswith("interaction_answer_seconds_count "))
    assert took == sum(answered.values())
    return {name.removeprefix("interactions_total "): number for name, number in answered.items()}


async def test_commands_are_counted_by_what_they_came_to(bot: Stage):
    bot.desk.replies[ShowHelp] = Help()
    bot.desk.replies[ListSubscriptions] = SourceUnavailable()
    for text in ("help", "help", "list", "gibberish to nobody"):
        await bot.people.type(text)
    assert await interactions(bot) == {
        "kind=command outcome=answered platform=slack": 2,
        "kind=command outcome=refused platform=slack": 1,
        "kind=command outcome=not_understood platform=slack": 1,
    }
    acknowledged = figures(bot.meter)["interaction_acknowledgement_seconds_count kind=command platform=slack"]
    assert acknowledged == 4


async def test_a_fault_of_ours_is_counted_as_one(bot: Stage):
    await bot.people.type("help")  # for which the desk was told no answer
    assert await interactions(bot) == {"kind=command outcome=crashed platform=slack": 1}


async def test_what_slack_repeats_and_what_we_say_ourselves_is_not_counted(bot: Stage):
    bot.desk.replies[ShowHelp] = Help()
    event = slack_events.app_mention(
        bot.slack.workspace, "help", user="alice", channel=bot.id("general"), ts="1.1", thread_ts=None
    )
    for _time in range(2):
        await bot.people.event(event, event_id="Ev1")
    assert await interactions(bot) == {"kind=mention outcome=answered platform=slack": 1}
    assert kind_of({"type": "event_callback", "event": {**event, "bot_id": "B1"}}) is None


async def test_direct_messages_and_looks_at_the_page_are_counted_apart(bot: Stage):
    bot.desk.replies[ShowHelp] = Help()
    bot.desk.replies[ShowHome] = Notice(text="Nothing yet.")
    await bot.people.direct("help")
    await bot.people.open_home()
    await bot.people.open_home(tab="messages")
    assert await interactions(bot) == {
        "kind=message outcome=answered platform=slack": 1,
        "kind=home outcome=answered platform=slack": 1,
    }
