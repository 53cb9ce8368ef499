"""Two processes behind one address of Slack's, over one database: each thing is dealt with once, whoever hears it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.engine import open_database
from bot.adapters.database.inbox import DatabaseInbox
from bot.app import now
from bot.core import inbound
from bot.core.buttons import encode
from bot.core.commands import GiveFeedback, ListSubscriptions, ShowHelp
from bot.core.inbound import LEASE
from bot.core.ports import Received
from bot.core.replies import Help, SubscriptionList
from bot.core.subscriptions import Platform
from tests.counterparts import slack_events
from tests.counterparts.slack import SIGNING_SECRET, SlackProxy
from tests.counterparts.slack_inbound import JSON, click, signed
from tests.handlers.stages import Stage, staged
from tests.handlers.test_windows import criticism, window
from tests.slack_people import buttons

TIMES = 100
INTERRUPTED = "I was interrupted before that was done. Please look whether it has happened, or do it again."
NOT_KEPT = "My database does not answer. Please try again in a minute."


@dataclass(slots=True)
class Ahead:
    """A clock that goes ahead of the others'."""

    by: timedelta = timedelta()

    def __call__(self) -> datetime:
        return now() + self.by


@dataclass(frozen=True, slots=True)
class Pair:
    one: Stage
    other: Stage
    clock: Ahead

    @property
    def slack(self) -> SlackProxy:
        return self.one.slack

    @property
    def asked(self) -> int:
        return len(self.one.desk.asked) + len(self.other.desk.asked)

    async def send_both(self, body: str, content_type: str = "") -> list[int]:
        """The same signed request to both at once; their statuses."""
        headers = signed(body, SIGNING_SECRET, **({"content_type": content_type} if content_type else {}))
        sent = await asyncio.gather(*(each.people.send(body, headers) for each in (self.one, self.other)))
        return [answer.status for answer in sent]

    async def left(self) -> Sequence[Received]:
        """What nobody has dealt with, whoever has it."""
        later = now() + timedelta(days=1)
        return await self.one.inbox.take(Platform.SLACK, later, later, since=later - timedelta(days=2), limit=2 * TIMES)

    async def settled(self) -> None:
        for each in (self.one, self.other):
            await each.receiver.finish()


@asynccontextmanager
async def another(slack: SlackProxy, url: str, clock: Ahead) -> AsyncIterator[Stage]:
    engine = open_database(url)
    async with staged(slack, engine, now=clock) as stage:
        yield stage
    await engine.dispose()


@pytest.fixture
async def pair(emulated_slack: SlackProxy, engine: AsyncEngine, database_url: str) -> AsyncIterator[Pair]:
    clock = Ahead()
    async with staged(emulated_slack, engine) as one, another(emulated_slack, database_url, clock) as other:
        for each in (one, other):
            each.desk.replies |= {
                ListSubscriptions: SubscriptionList(subscriptions=()),
                ShowHelp: Help(),
            }
        yield Pair(one, other, clock)


@pytest.mark.both_databases
async def test_a_command_that_reaches_both_is_answered_by_one(pair: Pair):
    urls = [pair.slack.response_url() for _ in range(TIMES)]
    for url in urls:
        assert await pair.send_both(await pair.one.people.typed("list", url=url)) == [200, 200]
    await pair.settled()
    assert [len(pair.slack.responses(url)) for url in urls] == [1] * TIMES
    assert (pair.asked, await pair.left()) == (TIMES, [])


@pytest.mark.both_databases
async def test_a_click_that_reaches_both_is_acted_on_by_one(pair: Pair):
    for _ in range(TIMES):
        body = click(
            pair.slack.workspace,
            {"type": "button", "action_id": "digest.ask", "value": encode(ShowHelp())},
            response_url=pair.slack.response_url(),
            trigger_id=await pair.slack.trigger_id(),
            channel="general",
            user="alice",
            ephemeral=True,
        )
        assert await pair.send_both(body) == [200, 200]
    await pair.settled()
    assert (pair.asked, await pair.left()) == (TIMES, [])


@pytest.mark.both_databases
async def test_an_event_that_slack_repeats_to_another_process_is_answered_once(pair: Pair):
    numbers = count(1)
    for _ in range(TIMES):
        mention = slack_events.app_mention(
            pair.slack.workspace, "list", user="alice", channel=pair.one.id("general"), ts=f"1768.{next(numbers)}"
        )
        body = slack_events.envelope(pair.slack.workspace, mention)
        assert await pair.send_both(body, JSON) == [200, 200]
        headers = signed(body, SIGNING_SECRET, content_type=JSON) | slack_events.retried(1)
        assert (await pair.other.people.send(body, headers)).status == 200
    await pair.settled()
    assert (pair.asked, await pair.left()) == (TIMES, [])


@pytest.mark.both_databases
async def test_a_command_whose_process_has_died_is_answered_by_another(pair: Pair):
    pair.one.desk.gate.clear()
    url = pair.slack.response_url()
    await pair.one.people.send(await pair.one.people.typed("list", url=url))
    await pair.other.receiver.start()
    await pair.other.receiver.finish()
    assert pair.slack.responses(url) == []  # the first one may live
    pair.clock.by = LEASE
    await pair.other.receiver.start()
    (answer,) = await pair.one.people.answers(url)
    assert answer["response_type"] == "ephemeral"
    await pair.other.receiver.finish()
    assert len(pair.other.desk.asked) == 1
    pair.one.desk.gate.set()


@pytest.mark.both_databases
async def test_a_mention_whose_process_has_died_is_answered_by_another(pair: Pair):
    pair.one.desk.gate.clear()
    await pair.one.people.mention("list")
    pair.clock.by = LEASE
    await pair.other.receiver.start()
    await pair.other.receiver.finish()
    assert len(pair.other.desk.asked) == len(pair.slack.whispers()) == 1
    pair.one.desk.gate.set()


async def test_a_process_that_is_told_to_stop_leaves_to_others_at_once_what_it_does_not_finish(pair: Pair):
    pair.one.desk.gate.clear()
    url = pair.slack.response_url()
    await pair.one.people.send(await pair.one.people.typed("list", url=url))
    await pair.one.receiver.finish(within=0.01)
    await pair.other.receiver.start()
    await pair.other.receiver.finish()
    assert len(pair.slack.responses(url)) == len(pair.other.desk.asked) == 1
    pair.one.desk.gate.set()


async def test_what_a_process_goes_on_with_is_left_to_it(pair: Pair):
    """However long it takes: the process renews its lease."""
    pair.other.desk.gate.clear()
    url = pair.slack.response_url()
    await pair.other.people.send(await pair.other.people.typed("list", url=url))
    pair.clock.by = LEASE
    await pair.other.receiver.start()
    pair.other.desk.gate.set()
    await pair.other.receiver.finish()
    assert len(pair.slack.responses(url)) == len(pair.other.desk.asked) == 1


async def test_what_many_processes_find_at_their_start_is_answered_once(pair: Pair, database_url: str):
    pair.one.desk.gate.clear()
    urls = [pair.slack.response_url() for _ in range(10)]
    for url in urls:
        await pair.one.people.send(await pair.one.people.typed("list", url=url))
    pair.clock.by = LEASE
    async with another(pair.slack, database_url, pair.clock) as third:
        third.desk.replies = pair.other.desk.replies
        await asyncio.gather(third.receiver.start(), pair.other.receiver.start())
        await asyncio.gather(third.receiver.finish(), pair.other.receiver.finish())
        assert len(third.desk.asked) + len(pair.other.desk.asked) == 10
    assert [len(pair.slack.responses(url)) for url in urls] == [1] * 10
    pair.one.desk.gate.set()


async def test_a_click_whose_process_has_died_ends_with_a_sentence(pair: Pair):
    """It might share or change something twice; the button is still there."""
    pair.one.desk.gate.clear()
    _, url = await pair.one.people.click(
        {"type": "button", "action_id": "digest.ask", "value": encode(ShowHelp())}, ephemeral=True
    )
    pair.clock.by = LEASE
    await pair.other.receiver.start()
    await pair.other.receiver.finish()
    (told,) = pair.slack.responses(url)
    assert INTERRUPTED in told["text"]
    assert pair.other.desk.asked == []
    pair.one.desk.gate.set()


async def test_a_form_whose_process_has_died_ends_with_a_sentence(pair: Pair):
    form = await reason_asked(pair.one)
    pair.one.desk.gate.clear()
    await pair.one.people.submit(form, REASON)
    pair.clock.by = LEASE
    await pair.other.receiver.start()
    await pair.other.receiver.finish()
    assert INTERRUPTED in json.dumps(pair.slack.whispers())
    assert pair.other.desk.asked == []
    pair.one.desk.gate.set()


async def test_what_nobody_listens_to_is_dealt_with(pair: Pair):
    reaction = {"type": "reaction_added", "user": pair.one.id("alice"), "reaction": "tada"}
    assert (await pair.one.people.event(reaction)).status == 404
    pair.clock.by = LEASE
    await pair.other.receiver.start()
    await pair.other.receiver.finish()
    assert await pair.left() == []


# A database that does not answer


class Hiccups(DatabaseInbox):
    """Fails so often before it keeps something, and before it knows that something is dealt with."""

    keeping = 0
    settling = 0

    async def receive(self, *args: Any, **kwargs: Any) -> Received | None:
        if self.keeping:
            self.keeping -= 1
            raise ConnectionResetError
        return await super().receive(*args, **kwargs)

    async def done(self, received: Received) -> None:
        if self.settling:
            self.settling -= 1
            raise ConnectionResetError
        await super().done(received)


@pytest.fixture
async def hiccups(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Hiccups:
    monkeypatch.setattr(inbound, "TRIES_EVERY", 0.01)
    return Hiccups(engine)


@pytest.fixture
async def bot(emulated_slack: SlackProxy, engine: AsyncEngine, hiccups: Hiccups) -> AsyncIterator[Stage]:
    async with staged(emulated_slack, engine, inbox=hiccups) as stage:
        stage.desk.replies = {ListSubscriptions: SubscriptionList(subscriptions=())}
        yield stage


@pytest.fixture
def broken(hiccups: Hiccups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "KEPT_WITHIN", 0.05)
    hiccups.keeping = 1_000_000


async def test_a_database_that_hiccups_loses_no_command(bot: Stage, hiccups: Hiccups):
    hiccups.keeping = 3
    await bot.people.type("list")
    assert len(bot.desk.asked) == 1


async def test_what_is_dealt_with_is_said_again_to_a_database_that_hiccups(bot: Stage, hiccups: Hiccups):
    hiccups.settling = 1
    await bot.people.type("list")
    await bot.receiver.finish()
    assert hiccups.settling == 0
    await bot.receiver.start()
    await bot.receiver.finish()
    later = now() + timedelta(hours=1)
    assert await hiccups.take(Platform.SLACK, later, later, since=now() - timedelta(hours=1), limit=9) == []
    assert len(bot.desk.asked) == 1


@pytest.mark.usefixtures("broken")
async def test_who_types_a_command_is_told_that_the_database_does_not_answer(bot: Stage):
    answer = await bot.people.send(await bot.people.typed("list", url=bot.slack.response_url()))
    assert (answer.status, answer.body, bot.desk.asked) == (200, NOT_KEPT, [])


@pytest.mark.usefixtures("broken")
async def test_who_clicks_is_told_that_the_database_does_not_answer(bot: Stage):
    answer, url = await bot.people.click(
        {"type": "button", "action_id": "digest.ask", "value": encode(ShowHelp())}, ephemeral=True
    )
    (told,) = await bot.people.answers(url)
    assert (answer.status, answer.body, bot.desk.asked) == (200, "", [])
    assert NOT_KEPT in told["text"]


async def test_a_form_stays_filled_in_while_the_database_does_not_answer(bot: Stage, request: pytest.FixtureRequest):
    form = await reason_asked(bot)
    request.getfixturevalue("broken")
    answer, said = await bot.people.submit(form, REASON)
    assert (answer.status, said) == (200, {"response_action": "errors", "errors": {"reason": NOT_KEPT}})


@pytest.mark.usefixtures("broken")
async def test_an_event_that_cannot_be_kept_is_repeated_by_slack(bot: Stage):
    assert (await bot.people.mention("list")).status == 500


async def test_a_database_that_is_slow_does_not_hold_the_acknowledgement_up(
    bot: Stage, hiccups: Hiccups, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(inbound, "KEPT_WITHIN", 0.05)
    slow, receive = asyncio.Event(), hiccups.receive

    async def received(*args: Any, **kwargs: Any) -> Received | None:
        await slow.wait()
        return await receive(*args, **kwargs)

    monkeypatch.setattr(hiccups, "receive", received)
    answer = await bot.people.send(await bot.people.typed("list", url=bot.slack.response_url()))
    assert (answer.status, answer.body) == (200, NOT_KEPT)
    slow.set()


REASON = {"reason": {"value": {"value": "The second sentence."}}}


async def reason_asked(stage: Stage) -> dict[str, Any]:
    """The form that asks what is wrong with an analysis."""
    view = await window(stage)
    stage.desk.replies[GiveFeedback] = criticism
    await stage.people.click(buttons(view, "feedback.down")[0], view=view)
    form = await stage.people.sees("What is not right in the analysis of")
    await stage.receiver.finish()
    stage.desk.asked.clear()
    return form
