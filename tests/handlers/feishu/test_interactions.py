"""What people do in Feishu is counted once, by what it was and what it came to."""

from collections.abc import Mapping

from bot.core.commands import OpenSettings, ShowHelp
from bot.core.errors import SourceUnavailable
from bot.core.replies import Help
from formatters.feishu.values import Act, value
from tests.fakes import REPO
from tests.handlers.feishu.stage import Stage
from tests.test_metrics import figures

SETTINGS = OpenSettings(repo=REPO)


def interactions(bot: Stage) -> Mapping[str, float]:
    counted = figures(bot.meter)
    return {name.split(" ", 1)[1]: number for name, number in counted.items() if name.startswith("interactions_total ")}


async def test_messages_are_counted_by_where_they_are_written(bot: Stage):
    bot.desk.replies[ShowHelp] = Help()
    await bot.says("help")
    await bot.says("help", chat=bot.id("alice"))
    await bot.says("gibberish to nobody")
    assert interactions(bot) == {
        "kind=mention outcome=answered platform=feishu": 1,
        "kind=message outcome=answered platform=feishu": 1,
        "kind=mention outcome=not_understood platform=feishu": 1,
    }


async def test_buttons_and_forms_are_counted_apart(bot: Stage):
    bot.desk.replies[ShowHelp] = Help()
    bot.desk.replies[OpenSettings] = SourceUnavailable()
    await bot.clicks(bot.card(ShowHelp()), ShowHelp())
    save = value(SETTINGS, Act.SAVE)
    await bot.clicks(bot.card(save), save)
    assert interactions(bot) == {
        "kind=button outcome=answered platform=feishu": 1,
        "kind=form outcome=refused platform=feishu": 1,
    }
    acknowledged = figures(bot.meter)["interaction_acknowledgement_seconds_count kind=button platform=feishu"]
    assert acknowledged == 1
