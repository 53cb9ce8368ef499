"""What every messenger keeps of the port's promises, whichever platform it posts to."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import stamina

from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.feishu.surfaces import FeishuSurfaces
from bot.adapters.feishu.webhook import FeishuWebhook
from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.adapters.slack.surfaces import SlackSurfaces
from bot.adapters.terminal import TerminalMessenger
from bot.core import errors
from bot.core.ports import Messenger
from bot.core.replies import Notice
from bot.core.subscriptions import Channel, Platform
from handlers.feishu.ports import Feishu
from handlers.slack.ports import Slack
from tests.counterparts import slack
from tests.counterparts.faults import Fault, Reset
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu, card_refused, rate_limited
from tests.counterparts.feishu import error as feishu_error
from tests.counterparts.slack import SlackProxy
from tests.fakes import FakeMessenger
from tests.messengers.test_slack import VIEW

NOW = datetime(2026, 1, 22, 1, tzinfo=UTC)
KEY = "7:2026-01-21"


class Place(ABC):
    """A channel of one platform, with everything that can go wrong on the way to it."""

    messenger: Messenger
    channel: Channel
    #: In whose name nothing can be posted any more, a channel that is gone, a limit of two minutes, a refused card.
    dead_token: Fault
    dead_channel: Fault
    limited: Fault
    unfit: Fault

    @abstractmethod
    def fail(self, fault: Fault, times: int | None = 1) -> None:
        """The next posts meet this fault."""

    @abstractmethod
    async def arrived(self) -> list[dict[str, Any]]:
        """What stands in the channel, as its platform keeps it."""

    @abstractmethod
    def obeys(self, message: dict[str, Any], hostile: str) -> bool:
        """Whether what somebody wrote is a command there."""


class SlackPlace(Place):
    dead_token = slack.error("token_revoked")
    dead_channel = slack.error("is_archived")
    limited = slack.rate_limited(120)
    unfit = slack.error("invalid_blocks")

    def __init__(self, emulated: SlackProxy) -> None:
        self._emulated = emulated
        self.messenger = SlackMessenger(SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated.api, timeout=2))
        self.channel = Channel(
            platform=Platform.SLACK, workspace="T000000001", id=emulated.workspace.channels["general"]
        )

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        self._emulated.fail("chat.postMessage", fault, times)

    async def arrived(self) -> list[dict[str, Any]]:
        return await self._emulated.history()

    def obeys(self, message: dict[str, Any], hostile: str) -> bool:
        return hostile in message["text"] or any(hostile in text for text in _marked_up(message["blocks"], "mrkdwn"))


class FeishuPlace(Place):
    dead_token = feishu_error(230006)
    dead_channel = feishu_error(230002)
    limited = rate_limited(120)
    unfit = card_refused(11310, "element exceeds the limit")

    def __init__(self, feishu: FakeFeishu) -> None:
        self._feishu = feishu
        gateway = FeishuGateway(APP_ID, APP_SECRET, feishu.url, timeout=2)
        self.messenger = FeishuMessenger(gateway, now=lambda: NOW)
        self.channel = Channel(platform=Platform.FEISHU, workspace=feishu.tenant, id=feishu.chat(members=["alice"]))

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        self._feishu.fail("/open-apis/im/v1/messages", fault, times=times)

    async def arrived(self) -> list[dict[str, Any]]:
        return [posted.content for posted in self._feishu.in_chat(self.channel.id)]

    def obeys(self, message: dict[str, Any], hostile: str) -> bool:
        return any(hostile in text for text in _marked_up(message, "markdown"))


class WebhookPlace(Place):
    dead_token = feishu_error(19021, status=200)
    dead_channel = feishu_error(19001, status=200)
    limited = feishu_error(11232, status=200)
    unfit = feishu_error(11246, status=200)

    def __init__(self, feishu: FakeFeishu) -> None:
        self._feishu = feishu
        address, self._bot = feishu.custom_bot()
        self.messenger = FeishuWebhook(address, now=lambda: NOW, timeout=2)
        self.channel = self.messenger.channel

    def fail(self, fault: Fault, times: int | None = 1) -> None:
        self._feishu.fail("/open-apis/bot/v2/hook/", fault, times=times)

    async def arrived(self) -> list[dict[str, Any]]:
        return self._bot.posted

    def obeys(self, message: dict[str, Any], hostile: str) -> bool:
        return any(hostile in text for text in _marked_up(message["card"], "markdown"))


def _marked_up(value: Any, kind: str) -> Iterator[str]:
    """The texts of a payload in which characters can be commands."""
    if isinstance(value, dict):
        if kind in {value.get("type"), value.get("tag")}:
            yield str(value.get("text") or value.get("content"))
        for member in value.values():
            yield from _marked_up(member, kind)
    elif isinstance(value, list):
        for member in value:
            yield from _marked_up(member, kind)


@pytest.fixture
def slack_place(emulated_slack: SlackProxy) -> Place:
    return SlackPlace(emulated_slack)


@pytest.fixture
def feishu_place(feishu: FakeFeishu) -> Place:
    return FeishuPlace(feishu)


@pytest.fixture
def webhook_place(feishu: FakeFeishu) -> Place:
    return WebhookPlace(feishu)


@pytest.fixture(params=["slack", "feishu", "webhook"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each platform in turn; repetitions follow at once."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield request.getfixturevalue(f"{request.param}_place")


@pytest.mark.parametrize(
    "messenger", [SlackMessenger, FeishuMessenger, FeishuWebhook, TerminalMessenger, FakeMessenger]
)
def test_a_messenger_takes_what_the_port_gives(messenger: type):
    for name, method in inspect.getmembers(Messenger, inspect.isfunction):
        if not name.startswith("_"):
            assert inspect.signature(getattr(messenger, name)) == inspect.signature(method), name


@pytest.mark.parametrize(("port", "surfaces"), [(Slack, SlackSurfaces), (Feishu, FeishuSurfaces)])
def test_answers_to_people_take_what_handlers_give(port: type, surfaces: type):
    for name, method in inspect.getmembers(port, inspect.isfunction):
        if not name.startswith("_"):
            assert _typed(getattr(surfaces, name)) == _typed(method), name


def _typed(method: Any) -> list[tuple[str, Any, Any]]:
    parameters = inspect.signature(method).parameters.values()
    return [(each.name, each.kind, each.default) for each in parameters]


async def test_a_digest_arrives_and_has_an_id(place: Place):
    await place.messenger.check(place.channel)
    assert await place.messenger.post(place.channel, VIEW, key=KEY)
    assert len(await place.arrived()) == 1


async def test_messages_of_other_keys_are_others(place: Place):
    ids = [await place.messenger.post(place.channel, Notice(text="Hello."), key=key) for key in ("1", "2", "\ud800")]
    assert len(set(ids)) == len(await place.arrived()) == 3


@pytest.mark.parametrize("hostile", ["<!channel>", "<@U1>", "<at id=all></at>", '<at user_id="all">'])
async def test_what_people_type_is_shown_not_obeyed(place: Place, hostile: str):
    await place.messenger.post(place.channel, Notice(text=f"Hello {hostile}, `{hostile}`"), key=KEY)
    (message,) = await place.arrived()
    assert not place.obeys(message, hostile)


async def test_what_is_refused_arrives_simpler(place: Place):
    place.fail(place.unfit)
    assert await place.messenger.post(place.channel, VIEW, key=KEY)
    assert len(await place.arrived()) == 1


async def test_what_is_refused_in_every_form_is_rejected_and_not_tried_again_later(place: Place):
    place.fail(place.unfit, times=None)
    with pytest.raises(errors.MessageRejected) as problem:
        await place.messenger.post(place.channel, VIEW, key=KEY)
    assert not problem.value.retry
    assert await place.arrived() == []


@pytest.mark.parametrize("fault", [Reset(), Reset(processed=True)], ids=str)
async def test_an_answer_that_got_lost_never_makes_two_messages(place: Place, fault: Fault):
    place.fail(fault)
    try:
        assert await place.messenger.post(place.channel, VIEW, key=KEY)
    except errors.DeliveryUncertain as error:
        assert error.retry  # after looking, by `find`
    assert len(await place.arrived()) <= 1


async def test_a_limit_is_an_outage_that_ends(place: Place):
    place.fail(place.limited, times=None)
    with pytest.raises(errors.PlatformUnavailable) as problem:
        await place.messenger.post(place.channel, VIEW, key=KEY)
    assert (problem.value.retry, problem.value.permanent) == (True, False)
    assert await place.arrived() == []


@pytest.mark.parametrize(("what", "error"), [("token", errors.CredentialsRejected), ("channel", errors.ChannelGone)])
async def test_what_will_never_work_again_is_said(place: Place, what: str, error: type[errors.BotError]):
    place.fail(place.dead_token if what == "token" else place.dead_channel, times=None)
    with pytest.raises(error) as problem:
        await place.messenger.post(place.channel, VIEW, key=KEY)
    assert (problem.value.retry, problem.value.permanent) == (False, True)


async def test_nothing_is_found_that_was_never_posted(place: Place):
    try:
        assert await place.messenger.find(place.channel, key="never", since=NOW) is None
    except errors.HistoryUnreadable as error:
        assert not error.retry


async def test_a_group_is_not_direct_and_strangers_are_not_admitted(place: Place):
    assert not place.messenger.is_direct(place.channel)
    assert not await place.messenger.admits(place.channel, "nobody")


async def test_nobody_is_admitted_to_another_person_s_conversation(place: Place):
    direct = replace(place.channel, id="ou_alice" if place.channel.platform is Platform.FEISHU else "D1")
    assert not await place.messenger.admits(direct, "ou_alice")
