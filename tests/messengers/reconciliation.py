"""One delivery through whatever happens to its attempts, against a platform: it stands in its channel once in the end.

`python -m tests.messengers.reconciliation 500` prints what became of so many deliveries on each platform.
"""

import asyncio
import contextlib
import logging
import random
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import count

import stamina
import structlog

from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.core.errors import DeliveryUncertain, HistoryUnreadable, PlatformUnavailable
from bot.core.ports import Messenger
from bot.core.replies import Notice
from bot.core.subscriptions import Channel, Platform
from tests.counterparts import feishu as feishu_says
from tests.counterparts import slack
from tests.counterparts.faults import Answer, Fault, Hang, Reset
from tests.counterparts.feishu import APP_ID, APP_SECRET, FakeFeishu
from tests.counterparts.slack import SlackProxy
from tests.messengers.test_slack import VIEW
from tests.stopwatch import Watch

KEY = "7:2026-01-21"
#: Attempts after the last one to which something happens, in which everything works.
_AT_LAST = 4


class Death(Enum):
    """When the process ends in an attempt, so that another one goes on without its memory."""

    NEVER = "never"
    #: It has noted that it posts, and has not begun.
    BEFORE = "before"
    #: Nobody has noted that it has posted.
    AFTER = "after"


class Happening(Enum):
    """What calls meet on their way."""

    NOTHING = "nothing"
    REFUSED = "refused for now"
    UNFIT = "refused for what is in it"
    LOST_BEFORE = "the connection breaks before it arrives"
    LOST_AFTER = "the connection breaks after it was done"
    FAILED_BEFORE = "an error before it is done"
    FAILED_AFTER = "an error after it was done"
    SLOW_BEFORE = "no answer in time, and not done"
    SLOW_AFTER = "no answer in time, and done"


#: What takes time.
SLOW = {Happening.SLOW_BEFORE, Happening.SLOW_AFTER}
#: Calls in a row that meet it: the digest is offered in three forms at least, one of which is taken.
_AT_MOST = {Happening.UNFIT: 2, Happening.SLOW_BEFORE: 1, Happening.SLOW_AFTER: 1}
#: What may happen where a history may be read.
READING = [happening for happening in Happening if happening is not Happening.UNFIT]
QUICK = [happening for happening in Happening if happening not in SLOW]
QUICK_READING = [happening for happening in READING if happening not in SLOW]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    posting: Happening = Happening.NOTHING
    #: How many calls in a row meet that.
    times: int = 1
    #: Any of READING.
    looking: Happening = Happening.NOTHING
    death: Death = Death.NEVER
    #: Minutes until the next one.
    pause: int = 1


class Place(ABC):
    """A channel of its own, on one platform, in which others write too."""

    channel: Channel

    @abstractmethod
    def messenger(self) -> Messenger:
        """Of a process that has just started."""

    @abstractmethod
    def now(self) -> datetime: ...

    @abstractmethod
    def wait(self, minutes: int) -> None: ...

    @abstractmethod
    def meet(self, posting: Happening, looking: Happening, times: int) -> None:
        """The next calls that post, and that read what is there, meet this; what was to happen before is over."""

    @abstractmethod
    def forbid_reading(self) -> None:
        """The app has no scope for histories."""

    @abstractmethod
    async def standing(self) -> list[str]:
        """Our messages, by id."""

    @abstractmethod
    async def chatter(self) -> None:
        """Somebody writes."""


class InFeishu(Place):
    def __init__(self, feishu: FakeFeishu) -> None:
        self._feishu = feishu
        self._watch = Watch()
        feishu.granted |= {"im:message:readonly", "im:message.group_msg"}
        feishu.limits_rates = False
        self.channel = Channel(platform=Platform.FEISHU, workspace=feishu.tenant, id=feishu.chat(members=["alice"]))

    def messenger(self) -> Messenger:
        gateway = FeishuGateway(
            APP_ID, APP_SECRET, self._feishu.url, timeout=_PATIENCE, clock=self._watch, sleep=self._watch.sleep
        )
        return FeishuMessenger(gateway, now=self._feishu.now)

    def now(self) -> datetime:
        return self._feishu.now()

    def wait(self, minutes: int) -> None:
        self._watch.now += minutes * 60
        self._feishu.advance(minutes * 60)

    def meet(self, posting: Happening, looking: Happening, times: int) -> None:
        self._feishu.forgive()
        for prefix, happening in (("POST", posting), ("GET", looking)):
            if fault := _FEISHU[happening]:
                self._feishu.fail(f"{prefix} /open-apis/im/v1/messages", fault, times=times)

    def forbid_reading(self) -> None:
        self._feishu.granted.discard("im:message.group_msg")

    async def standing(self) -> list[str]:
        return [each.id for each in self._feishu.in_chat(self.channel.id)]

    async def chatter(self) -> None:
        await self._feishu.says("hello", chat=self.channel.id)


class InSlack(Place):
    _names = count(1)

    def __init__(self, proxy: SlackProxy, channel: str) -> None:
        self._proxy = proxy
        self._watch = Watch()
        proxy.checks_blocks = False
        self.channel = Channel(platform=Platform.SLACK, workspace=proxy.tenant.team_id, id=channel)

    @classmethod
    async def made(cls, proxy: SlackProxy) -> "InSlack":
        created = await proxy.do("conversations.create", {"name": f"delivery-{next(cls._names)}"})
        await proxy.invite(created["channel"]["id"])
        return cls(proxy, created["channel"]["id"])

    def messenger(self) -> Messenger:
        gateway = SlackGateway(
            OneToken(slack.BOT_TOKEN),
            base_url=self._proxy.api,
            timeout=_PATIENCE,
            clock=self._watch,
            sleep=self._watch.sleep,
        )
        return SlackMessenger(gateway)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, minutes: int) -> None:
        """Slack forgets nothing, but that it was asked too often."""
        self._watch.now += minutes * 60

    def meet(self, posting: Happening, looking: Happening, times: int) -> None:
        self._proxy.faults.clear()
        for method, happening in (("chat.postMessage", posting), ("conversations.history", looking)):
            if fault := _SLACK[happening]:
                self._proxy.fail(method, fault, times)

    def forbid_reading(self) -> None:
        self._proxy.tokens[slack.BOT_TOKEN].scopes.remove("channels:history")

    async def standing(self) -> list[str]:
        written = await self._proxy.history(self.channel.id)
        return [each["ts"] for each in written if each.get("user") == slack.BOT_USER_ID]

    async def chatter(self) -> None:
        await self._proxy.say("hello", self.channel.id)


#: Seconds for an answer; a slow one takes longer.
_PATIENCE = 2
_SLOW = 2.5
_EVERYWHERE: dict[Happening, Fault | None] = {
    Happening.NOTHING: None,
    Happening.LOST_BEFORE: Reset(),
    Happening.LOST_AFTER: Reset(processed=True),
    Happening.SLOW_BEFORE: Hang(seconds=_SLOW),
    Happening.SLOW_AFTER: Hang(seconds=_SLOW, processed=True),
}
_FEISHU: dict[Happening, Fault | None] = _EVERYWHERE | {
    Happening.REFUSED: feishu_says.rate_limited(120),
    Happening.UNFIT: feishu_says.card_refused(),
    Happening.FAILED_BEFORE: feishu_says.bad_gateway(),
    Happening.FAILED_AFTER: feishu_says.bad_gateway(processed=True),
}
_SLACK: dict[Happening, Fault | None] = _EVERYWHERE | {
    Happening.REFUSED: slack.rate_limited(120),
    Happening.UNFIT: slack.error("invalid_blocks"),
    Happening.FAILED_BEFORE: slack.server_error(503),
    Happening.FAILED_AFTER: Answer(status=200, body={"ok": False, "error": "fatal_error"}, processed=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    #: What stands in the channel of this delivery.
    messages: Sequence[str]
    #: Which of them the delivery ended with; None if it could not be found out.
    settled: str | None


async def deliver(place: Place, attempts: Sequence[Attempt]) -> Outcome:
    """Posts, looks and posts again by the rules of the ledger, until the message is known, or nobody can know."""
    delivery = _Delivery(place)
    place.meet(Happening.NOTHING, Happening.NOTHING, 1)
    others = [await place.messenger().post(place.channel, Notice(text="Another digest."), key="8:2026-01-21")]
    for attempt in (*attempts, *[Attempt(pause=10)] * _AT_LAST):
        place.meet(attempt.posting, attempt.looking, min(attempt.times, _AT_MOST.get(attempt.posting, attempt.times)))
        try:
            if await delivery.attempt(attempt.death):
                break
        except HistoryUnreadable:
            break
        await place.chatter()
        place.wait(attempt.pause)
    messages = [each for each in await place.standing() if each not in others]
    return Outcome(messages=messages, settled=delivery.settled)


class _Delivery:
    """A row of the ledger, as far as it matters here: see `bot.core.rounds`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._messenger = place.messenger()
        self._sending_since: datetime | None = None
        self.settled: str | None = None

    async def attempt(self, death: Death) -> bool:
        """Whether the message is known now. Raises HistoryUnreadable."""
        try:
            self.settled = await self._found() or await self._posted(death)
        except PlatformUnavailable:
            return False
        return self.settled is not None

    async def _found(self) -> str | None:
        if self._sending_since is None:
            return None
        return await self._messenger.find(self._place.channel, key=KEY, since=self._sending_since)

    async def _posted(self, death: Death) -> str | None:
        is_first, self._sending_since = self._sending_since is None, self._sending_since or self._place.now()
        message: str | None = None
        try:
            if death is not Death.BEFORE:
                message = await self._messenger.post(self._place.channel, VIEW, key=KEY)
        except DeliveryUncertain:
            pass
        except PlatformUnavailable:
            if is_first and death is Death.NEVER:
                self._sending_since = None
        if death is Death.NEVER:
            return message
        self._messenger = self._place.messenger()
        return None


def drawn(chance: random.Random) -> list[Attempt]:
    """Up to five attempts to which anything happens, most of it quickly."""
    return [
        Attempt(
            posting=chance.choice([*Happening, *QUICK]),
            times=chance.randint(1, 4),
            looking=chance.choice([Happening.NOTHING, *READING, *QUICK_READING]),
            death=chance.choice([Death.NEVER, *Death]),
            pause=chance.choice([1, 10, 49, 55, 90, 600]),
        )
        for _attempt in range(chance.randint(1, 5))
    ]


# Measuring


def counted(outcome: Outcome) -> str:
    match outcome.messages:
        case [message] if message == outcome.settled:
            return "once, and known"
        case [_]:
            return "once, and left uncertain"
        case []:
            return "lost, and left uncertain" if outcome.settled is None else "lost, and believed to stand there"
        case _:
            return "twice"


async def _measured(platform: str, places: AsyncIterator[Place], runs: int, chance: random.Random) -> None:
    counts: Counter[str] = Counter()
    async for place in places:
        counts[counted(await deliver(place, drawn(chance)))] += 1
        if counts.total() == runs:
            break
    became = ", ".join(f"{number} {what}" for what, number in counts.most_common())
    print(f"{platform}: {runs} deliveries; {became}", flush=True)


async def _in_feishu() -> AsyncIterator[Place]:
    async with FakeFeishu() as feishu:
        while True:
            yield InFeishu(feishu)


async def _in_slack() -> AsyncIterator[Place]:
    with slack.serving() as server:
        async with SlackProxy(server) as proxy:
            await proxy.furnish()
            while True:
                yield await InSlack.made(proxy)


async def main(runs: int, seed: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with stamina.set_testing(True, attempts=3):
        for platform, places in (("Feishu", _in_feishu()), ("Slack", _in_slack())):
            async with contextlib.aclosing(places):
                await _measured(platform, places, runs, random.Random(seed))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
