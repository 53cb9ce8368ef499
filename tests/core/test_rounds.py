import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.asker import OPEN, Access
from bot.core.commands import Elsewhere, ResumeDigests, SendNow
from bot.core.composing import post_of
from bot.core.delivering import LEASE
from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    DeliveryUncertain,
    HistoryUnreadable,
    MessageRejected,
    PlatformUnavailable,
    SourceUnavailable,
)
from bot.core.language import Language, spoken
from bot.core.metering import UNMETERED, Meter
from bot.core.ranges import Weekday
from bot.core.replies import DigestView, Framing, Notice, Offer, RangeView, Reply
from bot.core.rounds import Rounds
from bot.core.schedule import plan
from bot.core.subscriptions import EVERYTHING, Channel, Pause, Platform, QuietDays, Selection, SubscriptionTerms
from bot.core.timing import retry_delay
from tests.fakes import CHANNEL, REPO, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, claim_due, commit, service

pytestmark = pytest.mark.both_databases

SHANGHAI = ZoneInfo("Asia/Shanghai")
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=SHANGHAI, subscriber="U1")
NINE = datetime(2026, 1, 22, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Stage:
    """Rounds over a real ledger, with everything outside faked."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = FakeClock(NINE - timedelta(hours=1))
        self.source = FakeSource([commit("feat: greet", "2026-01-21T08:00:00+00:00")])
        self.messenger = FakeMessenger()
        self.archive = DatabaseArchive(engine)
        self.subscriptions = DatabaseSubscriptions(engine)
        self.ledger = DatabaseLedger(engine)
        self.posts = DatabasePosts(engine)
        self.access = OPEN
        self.meter: Meter = UNMETERED
        self.rounds = self.process()

    def process(self) -> Rounds:
        """Another process over the same database, as after a restart."""
        return service(
            source=self.source,
            analyst=FakeAnalyst(),
            archive=self.archive,
            now=self.clock,
            subscriptions=self.subscriptions,
            ledger=self.ledger,
            messengers={Platform.SLACK: self.messenger},
            posts=self.posts,
            access=self.access,
            meter=self.meter,
        ).rounds

    async def tick(self, *, at: datetime | None = None) -> None:
        if at is not None:
            self.clock.now = at
        await self.rounds.tick()
        await self.rounds.finish()

    @property
    def days(self) -> list[str]:
        """The days that were posted, with `late` behind those that say so."""
        views = [reply for _, reply, _ in self.messenger.posted if isinstance(reply, DigestView)]
        return [f"{view.digest.day.date}{' late' if view.late_by else ''}" for view in views]


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
    return stage


async def test_a_digest_is_posted_in_the_language_of_its_subscription(stage: Stage):
    stage.messenger = spoken_to = SpokenTo()
    stage.rounds = stage.process()
    await stage.subscriptions.subscribe(replace(TERMS, language=Language.ZH), stage.clock.now)
    await stage.tick(at=NINE)
    assert spoken_to.languages == [Language.ZH]
    ((_, view, _),) = spoken_to.posted
    assert isinstance(view, DigestView)


class SpokenTo(FakeMessenger):
    """Notes in which language it was to draw."""

    def __init__(self) -> None:
        super().__init__()
        self.languages: list[Language] = []

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        self.languages.append(spoken())
        return await super().post(channel, reply, key=key)


async def test_what_went_wrong_is_kept_in_the_language_of_the_subscription(stage: Stage):
    await stage.subscriptions.subscribe(replace(TERMS, language=Language.ZH), stage.clock.now)

    class Gone(FakeMessenger):
        async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
            raise ChannelGone

    stage.messenger = Gone()
    stage.rounds = stage.process()
    await stage.tick(at=NINE)
    (broken,) = await stage.subscriptions.of_channel(CHANNEL)
    assert broken.broken == "会话已归档、已删除，或机器人已不在其中。"


async def test_a_subscription_is_delivered_at_its_hour_once_about_the_day_before(stage: Stage):
    await stage.tick(at=NINE - timedelta(seconds=1))
    assert stage.days == []
    await stage.tick(at=NINE)
    await stage.tick(at=NINE + timedelta(seconds=5))
    await stage.tick(at=NINE + timedelta(hours=5))
    assert stage.days == ["2026-01-21"]


async def test_a_restarted_process_does_not_deliver_again(stage: Stage):
    await stage.tick(at=NINE)
    stage.rounds = stage.process()
    await stage.tick(at=NINE + timedelta(minutes=1))
    assert stage.days == ["2026-01-21"]


async def test_two_processes_deliver_once(stage: Stage):
    stage.clock.now = NINE
    other = stage.process()
    await stage.rounds.tick()
    await other.tick()
    await stage.rounds.finish()
    await other.finish()
    assert stage.days == ["2026-01-21"]


async def test_a_subscription_made_after_its_hour_waits_for_the_next_one(stage: Stage):
    await stage.subscriptions.unsubscribe(CHANNEL, None)
    await stage.subscriptions.subscribe(TERMS, NINE + timedelta(minutes=1))
    await stage.tick(at=NINE + timedelta(minutes=2))
    assert stage.days == []
    stage.source.commits.append(commit("fix: greet", "2026-01-22T08:00:00+00:00"))
    await stage.tick(at=NINE + timedelta(days=1))
    assert stage.days == ["2026-01-22"]


async def test_after_a_downtime_it_catches_up_and_says_that_it_is_late(stage: Stage):
    await stage.tick(at=NINE + timedelta(hours=3))
    assert stage.days == ["2026-01-21 late"]


async def test_a_quiet_day_is_silent_and_is_not_asked_about_again(stage: Stage):
    stage.source.commits.clear()
    await stage.tick(at=NINE)
    await stage.tick(at=NINE + timedelta(minutes=30))
    assert (stage.days, stage.source.listed) == ([], 1)


async def test_an_outage_is_retried_not_announced(stage: Stage):
    stage.source.problem = SourceUnavailable()
    await stage.tick(at=NINE)
    await stage.tick(at=NINE + timedelta(seconds=30))
    assert stage.source.listed == 1
    stage.source.problem = None
    await stage.tick(at=NINE + timedelta(minutes=1))
    assert stage.days == ["2026-01-21"]


async def test_a_clone_that_is_behind_is_waited_for(stage: Stage):
    stage.source.as_of = NINE - timedelta(hours=12)
    await stage.tick(at=NINE)
    assert stage.days == []
    stage.source.as_of = NINE
    await stage.tick(at=NINE + timedelta(minutes=2))
    assert stage.days == ["2026-01-21 late"]


async def test_a_rate_limit_is_obeyed(stage: Stage):
    stage.messenger.refuses = PlatformUnavailable(retry_after=timedelta(minutes=7))
    await stage.tick(at=NINE)
    stage.messenger.refuses = None
    await stage.tick(at=NINE + timedelta(minutes=6))
    assert stage.days == []
    await stage.tick(at=NINE + timedelta(minutes=7))
    assert stage.days == ["2026-01-21 late"]


@pytest.mark.parametrize("broken", [DeliveryUncertain(), RuntimeError("a fault of ours")])
async def test_a_post_whose_answer_was_lost_is_looked_for_and_not_repeated(stage: Stage, broken: Exception):
    stage.messenger.breaks = broken
    await stage.tick(at=NINE)
    stage.messenger.breaks = None
    await stage.tick(at=NINE + timedelta(minutes=5))
    await stage.tick(at=NINE + timedelta(hours=2))
    assert stage.days == ["2026-01-21"]


async def test_a_post_that_did_not_arrive_is_repeated(stage: Stage):
    stage.messenger.refuses = DeliveryUncertain()
    await stage.tick(at=NINE)
    stage.messenger.refuses = None
    await stage.tick(at=NINE + timedelta(minutes=5))
    assert stage.days == ["2026-01-21 late"]


async def test_a_post_that_may_have_arrived_where_nobody_may_look_is_not_repeated(stage: Stage):
    stage.messenger.breaks = DeliveryUncertain()
    stage.messenger.unreadable = HistoryUnreadable()
    await stage.tick(at=NINE)
    stage.messenger.breaks = None
    await stage.tick(at=NINE + timedelta(minutes=5))
    await stage.tick(at=NINE + timedelta(hours=5))
    assert stage.days == ["2026-01-21"]


async def test_what_may_have_arrived_is_looked_for_from_the_first_attempt_on(stage: Stage):
    stage.messenger.refuses = DeliveryUncertain()
    await stage.tick(at=NINE)
    stage.messenger.refuses = PlatformUnavailable()  # says nothing of the attempt before
    await stage.tick(at=NINE + timedelta(minutes=5))
    stage.messenger.refuses = DeliveryUncertain()
    await stage.tick(at=NINE + timedelta(minutes=30))
    await stage.tick(at=NINE + timedelta(hours=2))
    assert stage.messenger.looked_since == [NINE, NINE, NINE]


async def test_a_process_that_died_while_it_made_the_digest_is_replaced(stage: Stage):
    stage.clock.now = NINE
    await stage.ledger.look(NINE, 10, plan)
    await claim_due(stage.ledger, NINE, NINE + LEASE, 10)
    await stage.tick(at=NINE + LEASE - timedelta(seconds=1))
    assert stage.days == []
    await stage.tick(at=NINE + LEASE)
    assert stage.days == ["2026-01-21 late"]


async def test_a_process_that_died_after_posting_is_found_out(stage: Stage):
    stage.clock.now = NINE
    await stage.ledger.look(NINE, 10, plan)
    (delivery,) = await claim_due(stage.ledger, NINE, NINE + LEASE, 10)
    await stage.ledger.sending(delivery, NINE, NINE + LEASE)
    await stage.messenger.post(CHANNEL, DigestView(digest=await _digest(stage)), key=delivery.key)
    await stage.tick(at=NINE + LEASE)
    assert stage.days == ["2026-01-21"]


async def _digest(stage: Stage):
    from bot.core.days import Day

    digests = service(source=stage.source, analyst=FakeAnalyst(), archive=stage.archive, now=stage.clock).digests
    return await digests.of(REPO, Day(date=date(2026, 1, 21), zone=SHANGHAI))


async def test_a_holder_whose_lease_ran_out_can_write_no_more(stage: Stage):
    stage.clock.now = NINE
    await stage.ledger.look(NINE, 10, plan)
    (stale,) = await claim_due(stage.ledger, NINE, NINE + LEASE, 10)
    (fresh,) = await claim_due(stage.ledger, NINE + LEASE, NINE + 2 * LEASE, 10)
    assert not await stage.ledger.sending(stale, NINE + LEASE, NINE + 2 * LEASE)
    assert not await stage.ledger.sent(stale, post_of(stale, "1.0"), NINE + LEASE)
    assert await stage.ledger.sending(fresh, NINE + LEASE, NINE + 2 * LEASE)
    assert await stage.ledger.sent(fresh, post_of(fresh, "1.0"), NINE + LEASE)


async def test_a_dead_channel_breaks_the_subscription_until_somebody_subscribes_again(stage: Stage):
    stage.messenger.refuses = ChannelGone()
    await stage.tick(at=NINE)
    (broken,) = await stage.subscriptions.of_channel(CHANNEL)
    assert broken.broken == ChannelGone.__doc__
    stage.messenger.refuses = None
    stage.source.commits.append(commit("fix: greet", "2026-01-22T08:00:00+00:00"))
    await stage.tick(at=NINE + timedelta(days=1))
    assert stage.days == []
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
    await stage.tick(at=NINE + timedelta(days=1, minutes=1))
    assert stage.days == ["2026-01-22"]


async def test_a_message_that_the_platform_rejects_fails_for_that_day_only(stage: Stage):
    stage.messenger.refuses = MessageRejected()
    await stage.tick(at=NINE)
    stage.messenger.refuses = None
    await stage.tick(at=NINE + timedelta(hours=1))
    assert stage.days == []
    stage.source.commits.append(commit("fix: greet", "2026-01-22T08:00:00+00:00"))
    await stage.tick(at=NINE + timedelta(days=1))
    assert stage.days == ["2026-01-22"]


async def test_one_subscription_in_trouble_does_not_hold_up_another(stage: Stage):
    other = SubscriptionTerms(
        channel=CHANNEL.__class__(platform=Platform.FEISHU, workspace="F1", id="oc_1"),
        repo=REPO, at=time(9), zone=SHANGHAI, subscriber="U1",
    )  # fmt: skip
    await stage.subscriptions.subscribe(other, stage.clock.now)
    await stage.tick(at=NINE)
    assert stage.days == ["2026-01-21"]


@pytest.mark.parametrize(
    ("error", "attempt", "delay"),
    [
        (SourceUnavailable(), 1, timedelta(minutes=1)),
        (SourceUnavailable(), 2, timedelta(minutes=2)),
        (SourceUnavailable(), 7, timedelta(hours=1)),
        (SourceUnavailable(), 500, timedelta(hours=1)),
        (PlatformUnavailable(retry_after=timedelta(seconds=5)), 1, timedelta(minutes=1)),
        (PlatformUnavailable(retry_after=timedelta(hours=3)), 1, timedelta(hours=3)),
        (MessageRejected(), 1, None),
        (ChannelGone(), 1, None),
    ],
)
def test_a_failure_is_retried_when_it_can_help(error: BotError, attempt: int, delay: timedelta | None):
    assert retry_delay(error, attempt=attempt) == delay


# What a subscription chooses


async def test_a_weekly_subscription_gets_its_days_together(stage: Stage):
    monday = datetime(2026, 1, 26, 1, tzinfo=UTC)
    await stage.subscriptions.subscribe(replace(TERMS, days=frozenset({Weekday.MONDAY})), stage.clock.now)
    await stage.tick(at=NINE)
    assert stage.messenger.posted == []
    await stage.tick(at=monday)
    ((_, view, key),) = stage.messenger.posted
    assert isinstance(view, RangeView)
    assert (str(view.first.date), str(view.last.date), len(view.entries)) == ("2026-01-21", "2026-01-25", 1)
    assert key.endswith(":2026-01-25")


async def test_a_filtered_digest_says_how_much_it_leaves_out(stage: Stage):
    stage.source.commits.append(commit("docs: explain", "2026-01-21T09:00:00+00:00", files=()))
    await stage.subscriptions.subscribe(replace(TERMS, selection=Selection(paths=("src/",))), stage.clock.now)
    await stage.tick(at=NINE)
    ((_, view, _),) = stage.messenger.posted
    assert isinstance(view, DigestView)
    assert [entry.commit.subject for entry in view.entries] == ["feat: greet"]
    assert view.framing == Framing(selection=Selection(paths=("src/",)), left_out=1, is_subscribed=True)


@pytest.mark.parametrize("selection", [EVERYTHING, Selection(authors=("nobody",))], ids=["no commits", "none wanted"])
async def test_a_quiet_day_is_a_line_for_who_asked_for_it(stage: Stage, selection: Selection):
    if not selection:
        stage.source.commits.clear()
    await stage.subscriptions.subscribe(replace(TERMS, selection=selection), stage.clock.now)
    await stage.tick(at=NINE)
    assert stage.messenger.posted == []
    await stage.subscriptions.subscribe(replace(TERMS, selection=selection, quiet=QuietDays.LINE), stage.clock.now)
    stage.source.commits.append(commit("feat: later", "2026-01-22T08:00:00+00:00"))
    if not selection:
        stage.source.commits.clear()
    await stage.tick(at=NINE + timedelta(days=1))
    ((_, view, _),) = stage.messenger.posted
    assert isinstance(view, DigestView)
    assert view.entries == ()


async def test_what_a_pause_kept_back_is_told_after_it(stage: Stage):
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    await stage.subscriptions.set_pause(subscription, Pause(since=NINE - timedelta(minutes=1)))
    await stage.tick(at=NINE)
    assert stage.messenger.posted == []
    await stage.subscriptions.set_pause(subscription, Pause(since=NINE - timedelta(minutes=1), until=NINE + DAY / 2))
    stage.rounds = stage.process()
    await stage.tick(at=NINE + DAY)
    ((_, view, _),) = stage.messenger.posted
    assert isinstance(view, RangeView)
    assert (str(view.first.date), str(view.last.date)) == ("2026-01-21", "2026-01-22")


async def test_a_posted_digest_is_remembered_by_its_message(stage: Stage):
    await stage.tick(at=NINE)
    post = await stage.posts.find(CHANNEL, "message 1")
    assert post is not None
    assert (post.repo, str(post.first), post.last) == (REPO, "2026-01-21 (Asia/Shanghai)", post.first)


# Somebody is told why


async def test_who_subscribed_is_told_that_the_channel_is_gone_and_can_resume_it(stage: Stage):
    stage.messenger.refuses = ChannelGone()
    await stage.tick(at=NINE)
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    resume = Elsewhere(subscription=subscription.id, command=ResumeDigests())
    assert stage.messenger.told == [
        (
            "U1",
            Notice(
                text="The digest of octo/hello for 2026-01-21 did not arrive. "
                "Nothing more is sent until you resume it: "
                "The channel is archived, deleted, or the bot is no longer in it.",
                example="status",
                offers=(Offer(label="Resume", question=resume),),
            ),
        )
    ]


async def test_who_subscribed_is_told_of_a_day_that_failed_and_can_have_it_sent(stage: Stage):
    stage.messenger.refuses = MessageRejected()
    await stage.tick(at=NINE)
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    ((user, notice),) = stage.messenger.told
    send = Elsewhere(subscription=subscription.id, command=SendNow(day=date(2026, 1, 21)))
    assert isinstance(notice, Notice)
    assert (user, notice.offers) == ("U1", (Offer(label="Send it now", question=send),))


async def test_an_outage_is_told_to_nobody_while_it_is_retried(stage: Stage):
    stage.source.problem = SourceUnavailable()
    await stage.tick(at=NINE)
    assert stage.messenger.told == []


async def test_a_dead_token_stops_the_whole_workspace_and_no_other(stage: Stage):
    elsewhere = Channel(platform=Platform.SLACK, workspace="T1", id="C2")
    abroad = Channel(platform=Platform.SLACK, workspace="T2", id="C1")
    for channel in (elsewhere, abroad):
        await stage.subscriptions.subscribe(replace(TERMS, channel=channel, at=time(10)), stage.clock.now)
    stage.messenger.refuses = CredentialsRejected()
    await stage.tick(at=NINE)
    broken = {
        channel: [subscription.broken for subscription in await stage.subscriptions.of_channel(channel)]
        for channel in (CHANNEL, elsewhere, abroad)
    }
    reason = "The chat platform rejected the bot's credentials."
    assert broken == {CHANNEL: [reason], elsewhere: [reason], abroad: [""]}


async def test_a_repository_that_is_private_to_another_workspace_is_not_delivered(stage: Stage):
    stage.access = Access(private={REPO: frozenset({"T2"})})
    stage.rounds = stage.process()
    await stage.tick(at=NINE)
    assert stage.messenger.posted == []


# Nothing is left out


async def test_days_are_not_lost_when_a_weekly_subscription_becomes_daily(stage: Stage):
    monday = datetime(2026, 1, 19, 1, tzinfo=UTC)
    stage.clock.now = monday - 3 * DAY
    await stage.subscriptions.unsubscribe(CHANNEL, None)
    await stage.subscriptions.subscribe(replace(TERMS, days=frozenset({Weekday.MONDAY})), stage.clock.now)
    await stage.tick(at=monday)
    await stage.subscriptions.subscribe(TERMS, NINE)
    await stage.tick(at=NINE)
    ((_, view, _),) = stage.messenger.posted
    assert isinstance(view, RangeView)
    assert (str(view.first.date), str(view.last.date)) == ("2026-01-19", "2026-01-21")


async def test_what_a_broken_subscription_kept_back_is_told_after_it(stage: Stage):
    stage.messenger.refuses = ChannelGone()
    await stage.tick(at=NINE)
    await stage.tick(at=NINE + 3 * DAY)
    stage.messenger.refuses = None
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    await stage.subscriptions.mend(subscription)
    stage.source.commits.append(commit("feat: greet again", "2026-01-23T08:00:00+00:00"))
    await stage.tick(at=NINE + 4 * DAY)
    ((_, view, _),) = stage.messenger.posted
    assert isinstance(view, RangeView)
    assert (str(view.first.date), str(view.last.date)) == ("2026-01-22", "2026-01-25")


async def test_an_old_day_that_was_sent_at_once_makes_the_next_digest_no_longer(stage: Stage):
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    await stage.ledger.schedule(subscription, date(2026, 1, 2), date(2026, 1, 2), stage.clock.now)
    await stage.tick(at=NINE)
    assert stage.days == ["2026-01-21"]


async def test_a_digest_that_was_found_is_remembered_by_its_message(stage: Stage):
    stage.messenger.breaks = DeliveryUncertain()
    await stage.tick(at=NINE)
    stage.messenger.breaks = None
    await stage.tick(at=NINE + timedelta(minutes=5))
    post = await stage.posts.find(CHANNEL, "message 1")
    assert post is not None
    assert (post.repo, str(post.first.date), str(post.last.date)) == (REPO, "2026-01-21", "2026-01-21")


async def test_nothing_is_remembered_of_a_workspace_that_was_forgotten_meanwhile(stage: Stage):
    class Leaving(FakeMessenger):
        async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
            await stage.subscriptions.unsubscribe(channel, None)
            return await super().post(channel, reply, key=key, thread=thread)

    stage.messenger = Leaving()
    stage.rounds = stage.process()
    await stage.tick(at=NINE)
    assert (len(stage.messenger.posted), await stage.posts.find(CHANNEL, "message 1")) == (1, None)


async def test_a_tick_that_is_cancelled_goes_on_to_its_end(stage: Stage):
    stage.clock.now = NINE
    tick = asyncio.create_task(stage.rounds.tick())
    await asyncio.sleep(0)
    tick.cancel()
    await asyncio.wait([tick])
    await stage.rounds.finish()
    assert (tick.cancelled(), stage.days) == (True, ["2026-01-21"])
