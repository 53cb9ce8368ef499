"""A posted digest is corrected in place when one of its commits is reverted, over a real ledger."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.composing import post_of
from bot.core.correcting import GIVE_UP_AFTER, LEASE
from bot.core.days import Day
from bot.core.errors import BotError, ChannelGone, DeliveryUncertain, MessageGone, MessageRejected, PlatformUnavailable
from bot.core.model import Commit, CommitDiff, Entry, RelationKind, Repo
from bot.core.relating import CORRECTED_WITHIN
from bot.core.replies import DigestView
from bot.core.rounds import Rounds
from bot.core.subscriptions import Platform, SubscriptionTerms
from tests.fakes import CHANNEL, REPO, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, claim_due, commit, service

pytestmark = pytest.mark.both_databases

SHANGHAI = ZoneInfo("Asia/Shanghai")
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=SHANGHAI, subscriber="U1")
NINE = datetime(2026, 1, 22, 1, tzinfo=UTC)
DAY = timedelta(days=1)

GREET = commit("feat: greet (#1)", "2026-01-21T08:00:00+00:00")
WAVE = commit("feat: wave (#2)", "2026-01-21T09:00:00+00:00")


def later(subject: str, day: timedelta = DAY, **facts: object) -> Commit:
    return commit(subject, (GREET.committed_at + day).isoformat(), **facts)


class Source(FakeSource):
    """Every commit changes something else."""

    async def read(self, repo: Repo, shas: Sequence[str]) -> AsyncIterator[CommitDiff]:
        async for diff in super().read(repo, shas):
            yield replace(diff, patches={"src/hello.py": f"@@ -1 +1 @@\n-hello\n+{diff.commit.sha}"})


class Stage:
    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = FakeClock(NINE - timedelta(hours=1))
        self.source = Source([GREET, WAVE])
        self.messenger = FakeMessenger()
        self.archive = DatabaseArchive(engine)
        self.subscriptions = DatabaseSubscriptions(engine)
        self.ledger = DatabaseLedger(engine)
        self.corrections = DatabaseCorrections(engine)
        self.rounds = self.process()

    def process(self) -> Rounds:
        made = service(
            source=self.source,
            analyst=FakeAnalyst(),
            archive=self.archive,
            now=self.clock,
            corrections=self.corrections,
            subscriptions=self.subscriptions,
            ledger=self.ledger,
            messengers={Platform.SLACK: self.messenger},
        )
        self.digests = made.digests
        return made.rounds

    async def tick(self, *, at: datetime | None = None) -> None:
        if at is not None:
            self.clock.now = at
        await self.rounds.tick()
        await self.rounds.finish()

    async def day(self, at: datetime) -> None:
        """A morning: the digest of the day before, and some ticks in which it settles."""
        for seconds in (0, 5, 10):
            await self.tick(at=at + timedelta(seconds=seconds))

    @property
    def posts(self) -> list[str]:
        return [reply.digest.day.date.isoformat() for _, reply, _ in self.messenger.posted]

    @property
    def updates(self) -> list[tuple[str, str]]:
        """Which message was updated, and with the digest of which day."""
        return [(message, reply.digest.day.date.isoformat()) for _, message, reply, _ in self.messenger.updated]

    @property
    def corrected(self) -> DigestView:
        view = self.messenger.updated[-1][2]
        assert isinstance(view, DigestView)
        return view


def entry_of(view: DigestView, wanted: Commit) -> Entry:
    return next(entry for entry in view.digest.entries if entry.commit == wanted)


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
    return stage


async def test_a_posted_digest_is_corrected_when_one_of_its_commits_is_reverted(stage: Stage):
    await stage.day(NINE)
    assert stage.updates == []
    revert = later('Revert "feat: greet (#1)" (#3)')
    stage.source.commits.append(revert)
    await stage.day(NINE + DAY)
    assert stage.posts == ["2026-01-21", "2026-01-22"]
    assert stage.updates == [("message 1", "2026-01-21")]
    assert stage.messenger.updated[0][3] == stage.messenger.posted[0][2]
    reverted, untouched = entry_of(stage.corrected, GREET), entry_of(stage.corrected, WAVE)
    assert (reverted.is_reverted, untouched.is_reverted) == (True, False)
    assert [(other.kind, other.is_later, other.commit.sha) for other in reverted.relations] == [
        (RelationKind.REVERTS, True, revert.sha)
    ]
    assert stage.corrected.corrected_at == NINE + DAY + timedelta(seconds=5)
    posted = stage.messenger.posted[1][1]
    assert isinstance(posted, DigestView)
    assert [other.commit.pull_request for other in entry_of(posted, revert).relations] == [1]


async def test_a_corrected_digest_is_left_alone_until_something_else_happens(stage: Stage):
    await stage.day(NINE)
    stage.source.commits.append(later('Revert "feat: greet (#1)" (#3)'))
    await stage.day(NINE + DAY)
    stage.rounds = stage.process()
    await stage.tick(at=NINE + DAY + timedelta(hours=5))
    assert len(stage.updates) == 1
    stage.source.commits.append(later('Reapply "feat: greet (#1)" (#4)', 2 * DAY))
    await stage.day(NINE + 2 * DAY)
    assert stage.updates == [("message 1", "2026-01-21"), ("message 1", "2026-01-21")]
    assert not entry_of(stage.corrected, GREET).is_reverted


async def test_a_revert_seen_by_somebody_who_asked_corrects_what_was_posted(stage: Stage):
    await stage.day(NINE)
    stage.source.commits.append(later("fix: less greeting", message=f"oops\n\nThis reverts commit {GREET.sha}."))
    stage.clock.now = NINE + timedelta(hours=8)
    stage.source.as_of = stage.clock.now
    await stage.digests.of(REPO, Day.containing(stage.clock.now, SHANGHAI))
    await stage.tick(at=stage.clock.now + timedelta(seconds=5))
    assert stage.updates == [("message 1", "2026-01-21")]


@pytest.mark.parametrize(
    ("after", "corrections"), [(CORRECTED_WITHIN, 1), (CORRECTED_WITHIN + timedelta(seconds=1), 0)]
)
async def test_what_is_reverted_too_late_is_no_reason_to_correct(stage: Stage, after: timedelta, corrections: int):
    await stage.day(NINE)
    stage.source.commits.append(later('Revert "feat: greet (#1)" (#3)', after))
    await stage.day(NINE + after.days * DAY)
    assert len(stage.updates) == corrections


async def test_a_late_digest_says_so_when_it_is_corrected_too(stage: Stage):
    await stage.day(NINE + timedelta(hours=3))
    stage.source.commits.append(later('Revert "feat: greet (#1)" (#3)'))
    await stage.day(NINE + DAY)
    assert stage.corrected.late_by == timedelta(hours=3)


async def test_two_processes_correct_once(stage: Stage):
    await stage.day(NINE)
    stage.source.commits.append(later('Revert "feat: greet (#1)" (#3)'))
    await stage.tick(at=NINE + DAY)
    other = stage.process()
    stage.clock.forward(timedelta(seconds=5))
    await stage.rounds.tick()
    await other.tick()
    await stage.rounds.finish()
    await other.finish()
    assert len(stage.updates) == 1


async def test_what_was_reverted_before_its_digest_was_posted_needs_no_correction(stage: Stage):
    stage.source.commits.append(later('Revert "feat: greet (#1)" (#3)', timedelta(hours=1)))
    await stage.day(NINE)
    view = stage.messenger.posted[0][1]
    assert isinstance(view, DigestView)
    assert entry_of(view, GREET).is_reverted
    await stage.day(NINE + timedelta(hours=1))
    assert stage.posts == ["2026-01-21"]


async def reverted(stage: Stage) -> None:
    """A digest is posted, and one of its commits is reverted."""
    await stage.day(NINE)
    stage.source.commits.append(later('Revert "feat: greet (#1)" (#3)'))
    await stage.tick(at=NINE + DAY)


@pytest.mark.parametrize("outage", [PlatformUnavailable(), DeliveryUncertain()])
async def test_an_outage_is_waited_out_with_growing_patience(stage: Stage, outage: BotError):
    await reverted(stage)
    stage.messenger.refuses = outage
    await stage.tick(at=NINE + DAY + timedelta(seconds=5))
    stage.messenger.refuses = None
    await stage.tick(at=NINE + DAY + timedelta(seconds=50))
    assert stage.updates == []
    await stage.tick(at=NINE + DAY + timedelta(seconds=65))
    assert len(stage.updates) == 1
    assert len(stage.posts) == 2


async def test_after_a_day_of_outage_the_message_stays_as_it_is(stage: Stage):
    await reverted(stage)
    stage.messenger.refuses = PlatformUnavailable()
    at = stage.clock.now
    while at < NINE + DAY + GIVE_UP_AFTER + timedelta(hours=2):
        at += timedelta(minutes=30)
        await stage.tick(at=at)
    stage.messenger.refuses = None
    await stage.tick(at=at + timedelta(hours=2))
    assert ("message 1", "2026-01-21") not in stage.updates


@pytest.mark.parametrize("refusal", [MessageGone(), MessageRejected(), ChannelGone()])
async def test_what_may_not_be_changed_is_given_up_quietly(stage: Stage, refusal: BotError):
    await reverted(stage)
    stage.messenger.refuses = refusal
    await stage.tick(at=NINE + DAY + timedelta(seconds=5))
    stage.messenger.refuses = None
    await stage.tick(at=NINE + DAY + timedelta(hours=3))
    assert (stage.updates, len(stage.posts)) == ([], 2)
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    assert subscription.broken == ""


async def test_a_process_that_died_while_it_corrected_is_replaced(stage: Stage):
    await reverted(stage)
    now = NINE + DAY + timedelta(seconds=5)
    (held,) = await stage.corrections.claim(now, now + LEASE, 10)
    await stage.tick(at=now + LEASE - timedelta(seconds=1))
    assert stage.updates == []
    await stage.tick(at=now + LEASE)
    assert len(stage.updates) == 1
    assert not await stage.corrections.done(held)


async def test_what_stops_being_true_while_it_is_corrected_is_corrected_again(stage: Stage):
    await reverted(stage)
    now = NINE + DAY + timedelta(seconds=5)
    (held,) = await stage.corrections.claim(now, now + LEASE, 10)
    assert await stage.corrections.mark(REPO, [WAVE.sha], now + timedelta(seconds=1)) == 1
    assert list(await stage.corrections.claim(now + timedelta(seconds=2), now + LEASE, 10)) == []
    assert await stage.corrections.done(held)
    (again,) = await stage.corrections.claim(now + timedelta(seconds=2), now + LEASE, 10)
    assert again.stale_since == now + timedelta(seconds=1)


async def test_a_digest_marked_while_it_is_being_posted_is_corrected_afterwards(stage: Stage):
    stage.clock.now = NINE
    await stage.digests.of(REPO, Day(date=NINE.date() - DAY, zone=SHANGHAI))
    (subscription,) = await stage.subscriptions.active()
    await stage.ledger.schedule(subscription, NINE.date() - DAY, NINE.date() - DAY, NINE)
    (delivery,) = await claim_due(stage.ledger, NINE, NINE + LEASE, 10)
    await stage.ledger.sending(delivery, NINE, NINE + LEASE)
    assert await stage.corrections.mark(REPO, [GREET.sha], NINE + timedelta(seconds=1)) == 0
    await stage.ledger.sent(delivery, post_of(delivery, "1.0"), NINE + timedelta(seconds=2))
    (correction,) = await stage.corrections.claim(NINE + LEASE, NINE + 2 * LEASE, 10)
    assert (correction.message, correction.delivery.day) == ("1.0", delivery.day)


async def test_other_repositories_and_broken_subscriptions_are_left_alone(stage: Stage):
    await reverted(stage)
    (subscription,) = await stage.subscriptions.active()
    await stage.subscriptions.mark_broken(subscription, "gone", stage.clock.now)
    now = NINE + DAY + timedelta(seconds=5)
    assert list(await stage.corrections.claim(now, now + LEASE, 10)) == []
    elsewhere = REPO.__class__(owner="octo", name="other")
    assert await stage.corrections.mark(elsewhere, [GREET.sha], now) == 0
