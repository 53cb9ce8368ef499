"""Whatever happens to the attempts of a delivery, its digest stands in the channel once where a history may be read."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

import pytest
import stamina
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.slack.messenger import SlackMessenger
from bot.core.subscriptions import Channel
from tests.counterparts.feishu import FakeFeishu
from tests.counterparts.slack import SlackProxy
from tests.messengers.reconciliation import (
    QUICK,
    QUICK_READING,
    Attempt,
    Death,
    Happening,
    InFeishu,
    InSlack,
    Outcome,
    Place,
    counted,
    deliver,
)

Make = Callable[[], Awaitable[Place]]

attempts = st.lists(
    st.builds(
        Attempt,
        posting=st.sampled_from(QUICK),
        times=st.integers(1, 4),
        looking=st.sampled_from(QUICK_READING),
        death=st.sampled_from(Death),
        pause=st.sampled_from([1, 10, 49, 55, 90, 600]),
    ),
    max_size=5,
)
#: More of them are measured by `python -m tests.messengers.reconciliation`.
some = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def hurry() -> Iterator[None]:
    """Repetitions follow at once."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture(params=["feishu", "slack"])
def made(request: pytest.FixtureRequest) -> Make:
    """A new channel of each platform in turn."""
    if request.param == "slack":
        proxy: SlackProxy = request.getfixturevalue("emulated_slack")
        return lambda: InSlack.made(proxy)
    feishu: FakeFeishu = request.getfixturevalue("feishu")

    async def make() -> Place:
        return InFeishu(feishu)

    return make


@some
@given(attempts=attempts)
async def test_a_digest_stands_in_its_channel_once(made: Make, attempts: list[Attempt]):
    assert stands_once(await deliver(await made(), attempts), attempts)


def stands_once(outcome: Outcome, attempts: list[Attempt]) -> bool:
    """A text that Feishu took where it took no card cannot be told from others: then it may be left uncertain."""
    is_text_possible = any(each.posting is Happening.UNFIT and each.times > 1 for each in attempts)
    allowed = {"once, and known", "once, and left uncertain"} if is_text_possible else {"once, and known"}
    return counted(outcome) in allowed


@pytest.mark.parametrize("slow", [Happening.SLOW_BEFORE, Happening.SLOW_AFTER])
async def test_an_answer_that_is_too_slow_is_one_that_got_lost(made: Make, slow: Happening):
    outcome = await deliver(await made(), [Attempt(posting=slow, death=Death.AFTER, pause=90)])
    assert counted(outcome) == "once, and known"


@pytest.mark.parametrize("happening", [Happening.LOST_BEFORE, Happening.LOST_AFTER, Happening.FAILED_AFTER])
async def test_where_no_history_may_be_read_nothing_is_posted_twice(made: Make, happening: Happening):
    place = await made()
    place.forbid_reading()
    outcome = await deliver(place, [Attempt(posting=happening, times=3, death=Death.AFTER, pause=90)])
    assert len(outcome.messages) == (0 if happening is Happening.LOST_BEFORE else 1)
    assert outcome.settled is None


async def test_what_is_not_looked_for_stands_there_twice(made: Make, monkeypatch: pytest.MonkeyPatch):
    """So that the tests above would notice."""

    async def nothing(_self: object, _channel: Channel, *, key: str, since: datetime) -> str | None:
        return None

    for messenger in (SlackMessenger, FeishuMessenger):
        monkeypatch.setattr(messenger, "find", nothing)
    outcome = await deliver(await made(), [Attempt(death=Death.AFTER, pause=90)])
    assert counted(outcome) == "twice"
