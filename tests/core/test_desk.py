from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.asker import OPEN, Access, Asker
from bot.core.commands import (
    Elsewhere,
    GiveFeedback,
    OpenSettings,
    PauseDigests,
    Preview,
    ResumeDigests,
    SendNow,
    ShowCommit,
    ShowDigest,
    ShowHome,
    Subscribe,
    Unsubscribe,
)
from bot.core.composing import post_of
from bot.core.days import Day
from bot.core.errors import BotError, ChannelGone, NotFound, NotUnderstood, RepositoryNotFound, SourceUnavailable
from bot.core.grammar import parse
from bot.core.language import Language, speaking
from bot.core.model import Importance, Repo
from bot.core.ranges import DayRange
from bot.core.replies import (
    AnalysisView,
    DigestView,
    FeedbackForm,
    Help,
    Home,
    Notice,
    Offer,
    Reply,
    Report,
    SearchResults,
    SettingsForm,
    SubscriptionList,
)
from bot.core.subscriptions import WORKDAYS, Channel, DeliveryState, Platform, QuietDays, Run, Selection, Verdict
from tests.fakes import (
    CHANNEL,
    NOW,
    FakeAnalyst,
    FakeClock,
    FakeFeedback,
    FakeLanguageModel,
    FakeMessenger,
    FakePosts,
    FakeSource,
    claim_due,
    commit,
    service,
)

HELLO = Repo(owner="octo", name="hello")
DAY = Day(date=date(2026, 1, 21), zone=ZoneInfo("Asia/Shanghai"))
GREET = commit("feat: greet", "2026-01-21T08:00:00+00:00")


class Stage:
    def __init__(self, archive: DatabaseArchive, subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger) -> None:
        self.clock = FakeClock()
        self.source = FakeSource([GREET])
        self.messenger = FakeMessenger()
        self.ledger = ledger
        self.feedback = FakeFeedback()
        self.posts = FakePosts()
        self.model: FakeLanguageModel | None = None
        self.archive = archive
        self.subscriptions = subscriptions
        self.open()

    def open(self, access: Access = OPEN) -> None:
        """Another desk over the same stores."""
        self.desk = service(
            source=self.source,
            analyst=FakeAnalyst(),
            archive=self.archive,
            now=self.clock,
            subscriptions=self.subscriptions,
            ledger=self.ledger,
            messengers={Platform.SLACK: self.messenger},
            model=self.model,
            posts=self.posts,
            feedback=self.feedback,
            access=access,
        ).desk

    async def ask(self, text: str, channel: Channel = CHANNEL, zone: str | None = None) -> Reply:
        asker = Asker(channel=channel, user="U1", zone=ZoneInfo(zone) if zone else None)
        return await self.desk.answer(parse(text), asker)

    async def days(self, text: str, **kwargs: Any) -> str:
        view = await self.ask(text, **kwargs)
        assert isinstance(view, DigestView)
        return f"{view.digest.repo} {view.digest.day}: {len(view.digest.entries)}"


@pytest.fixture
def stage(archive: DatabaseArchive, subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger) -> Stage:
    return Stage(archive, subscriptions, ledger)


async def test_nothing_but_the_name_asks_for_yesterday(stage: Stage):
    assert await stage.days("") == "octo/hello 2026-01-21 (Asia/Shanghai): 1"


async def test_any_date_is_answered_in_the_zone_asked_for(stage: Stage):
    assert await stage.days("2026-01-21", zone="UTC") == "octo/hello 2026-01-21 (UTC): 1"
    assert await stage.days("2026-01-21", zone="Pacific/Kiritimati") == "octo/hello 2026-01-21 (Pacific/Kiritimati): 1"


async def test_a_subscribed_channel_asks_about_its_own_repository_in_its_own_zone(stage: Stage):
    await stage.ask("subscribe octo/world tz America/New_York")
    assert await stage.days("2026-01-21") == "octo/world 2026-01-21 (America/New_York): 1"


async def test_a_channel_with_two_subscriptions_asks_about_the_default(stage: Stage):
    await stage.ask("subscribe octo/world")
    await stage.ask("subscribe octo/moon")
    assert await stage.days("2026-01-21") == "octo/hello 2026-01-21 (Asia/Shanghai): 1"


async def test_a_day_that_has_not_begun_is_told_so(stage: Stage):
    with pytest.raises(NotUnderstood, match=r"2026-01-23 \(Asia/Shanghai\) has not begun: there it is 2026-01-22."):
        await stage.ask("2026-01-23")


async def test_a_day_before_the_repository_began_is_told_so(stage: Stage):
    assert await stage.ask("2019-05-01") == Notice(
        text="octo/hello began later: its first commit is of 2026-01-21 (Asia/Shanghai).", example="2026-01-21"
    )


async def test_an_empty_repository_is_told_so(stage: Stage):
    stage.source.commits.clear()
    assert await stage.ask("yesterday") == Notice(text="octo/hello has no commits at all yet.")


async def test_a_quiet_day_is_a_digest_without_commits(stage: Stage):
    stage.source.commits.append(commit("feat: begin", "2025-01-01T08:00:00+00:00"))
    assert await stage.days("2026-01-20") == "octo/hello 2026-01-20 (Asia/Shanghai): 0"


async def test_an_unknown_repository_cannot_be_subscribed(stage: Stage):
    stage.source.problem = RepositoryNotFound()
    with pytest.raises(RepositoryNotFound):
        await stage.ask("subscribe octo/nothing")
    assert await stage.ask("list") == SubscriptionList(subscriptions=())


async def test_a_channel_that_the_bot_cannot_post_to_cannot_be_subscribed(stage: Stage):
    stage.messenger.refuses = ChannelGone()
    with pytest.raises(ChannelGone):
        await stage.ask("subscribe")


async def test_subscribing_says_when_the_first_digest_comes(stage: Stage):
    assert await stage.ask("subscribe octo/world at 18:30 tz Europe/Berlin") == Notice(
        text="This channel now gets the digest of octo/world every day at 18:30 (Europe/Berlin), next on 2026-01-22. "
        "Each digest is about the day before.",
        example="unsubscribe octo/world",
    )


async def test_subscribing_again_changes_what_is_named_and_keeps_the_rest(stage: Stage):
    await stage.ask("subscribe octo/world at 18:30 tz Europe/Berlin")
    await stage.ask("subscribe OCTO/World at 07:00")
    listed = await stage.ask("list")
    assert isinstance(listed, SubscriptionList)
    (only,) = listed.subscriptions
    assert (only.subscription.terms.at, only.subscription.terms.zone.key) == (time(7), "Europe/Berlin")
    assert only.next_at == datetime(2026, 1, 22, 6, tzinfo=UTC)


async def test_a_channel_is_answered_in_the_language_that_it_subscribed_in(stage: Stage):
    here, elsewhere = Asker(channel=CHANNEL, user="U1"), Asker(channel=replace(CHANNEL, id="C2"), user="U1")
    assert await stage.desk.language(here) is Language.EN
    await stage.ask("subscribe octo/world lang zh")
    await stage.ask("subscribe octo/world at 07:00")
    assert await stage.desk.language(here) is Language.ZH
    assert await stage.desk.language(replace(here, language=Language.EN)) is Language.EN
    assert await stage.desk.language(elsewhere) is Language.EN


async def test_a_subscription_without_a_language_has_the_one_spoken(stage: Stage):
    with speaking(Language.ZH):
        told = await stage.ask("subscribe octo/world at 18:30")
    assert isinstance(told, Notice)
    assert told.text.startswith("已为本会话订阅 octo/world 的日报：每天 18:30（Asia/Shanghai）推送")
    assert await stage.desk.language(Asker(channel=CHANNEL, user="U1")) is Language.ZH


async def test_a_refusal_is_in_the_language_spoken(stage: Stage):
    with speaking(Language.ZH), pytest.raises(NotFound, match="octo/hello 的提交 abcdef1 还没有出现在任何日报中"):
        await stage.ask("commit abcdef1")


async def test_unsubscribing_ends_one_or_all(stage: Stage):
    for name in ("octo/a", "octo/b", "octo/c"):
        await stage.ask(f"subscribe {name}")
    assert await stage.ask("unsubscribe octo/b") == Notice(
        text="This channel gets no more digests of octo/b.", example="subscribe octo/b"
    )
    assert await stage.ask("unsubscribe all") == Notice(
        text="This channel gets no more digests of octo/a, octo/c.", example="subscribe octo/a"
    )
    assert await stage.ask("unsubscribe octo/b") == Notice(
        text="This channel is not subscribed to octo/b.", example="list"
    )


async def test_who_names_a_repository_of_which_only_branches_are_followed_is_told_how_to_end_that(stage: Stage):
    await stage.ask("subscribe octo/a branch release/*")
    assert await stage.ask("unsubscribe octo/a") == Notice(
        text="This channel is not subscribed to octo/a.", example="unsubscribe octo/a@release/*"
    )
    await stage.ask("unsubscribe octo/a@release/*")
    assert await stage.ask("list") == SubscriptionList(subscriptions=())


async def test_sending_now_mends_what_was_broken(stage: Stage):
    await stage.ask("subscribe octo/a")
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    await stage.subscriptions.mark_broken(subscription, "There is no such repository.", NOW)
    assert await stage.ask("deliver 2026-01-21") == Notice(text="The digest of 2026-01-21 comes in a moment.")
    assert [delivery.day for delivery in await claim_due(stage.ledger, NOW, NOW, 9)] == [date(2026, 1, 21)]


async def test_a_pause_that_is_over_is_none(stage: Stage):
    await stage.ask("subscribe octo/a")
    assert await stage.ask("snooze octo/a until 2026-01-21") == Notice(
        text="2026-01-21 is over.", example="snooze octo/a 7d"
    )


async def test_no_workspace_sees_or_ends_what_another_one_follows(stage: Stage):
    await stage.ask("subscribe octo/secret")
    namesake = Channel(platform=Platform.SLACK, workspace="T2", id=CHANNEL.id)
    assert await stage.ask("list", channel=namesake) == SubscriptionList(subscriptions=())
    assert await stage.ask("unsubscribe all", channel=namesake) == Notice(
        text="This channel is not subscribed to anything.", example="list"
    )
    listed = await stage.ask("list")
    assert isinstance(listed, SubscriptionList)
    assert len(listed.subscriptions) == 1


async def test_a_commit_is_found_by_the_beginning_of_its_sha(stage: Stage):
    await stage.ask("yesterday")
    view = await stage.ask(f"commit {GREET.sha[:7]}")
    assert isinstance(view, AnalysisView)
    assert view.entry.commit == GREET


async def test_a_commit_that_was_in_no_digest_is_told_so(stage: Stage):
    with pytest.raises(NotFound, match="No commit abcdef1 of octo/hello has been in a digest"):
        await stage.ask("commit abcdef1")


# How it goes


async def test_status_tells_the_last_run_and_why_it_failed(stage: Stage):
    await stage.ask("subscribe octo/world")
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    day = date(2026, 1, 21)
    await stage.ledger.schedule(subscription, day, day, NOW)
    (delivery,) = await claim_due(stage.ledger, NOW, NOW, 1)
    await stage.ledger.failed(delivery, "The chat platform rejected the message.")
    listed = await stage.ask("status")
    assert isinstance(listed, SubscriptionList)
    (only,) = listed.subscriptions
    assert only.last == Run(
        day=day, state=DeliveryState.FAILED, at=NOW, error="The chat platform rejected the message."
    )
    assert await stage.ask("deliver") == Notice(text="The digest of 2026-01-21 comes in a moment.")
    (again,) = await claim_due(stage.ledger, NOW, NOW, 1)
    await stage.ledger.sent(again, post_of(again, "message 1"), NOW)
    assert await stage.ask("deliver 2026-01-21") == Notice(
        text="The digest of 2026-01-21 has been delivered, or is on its way.", example="2026-01-21"
    )


async def test_a_day_that_was_never_due_can_be_delivered_and_today_cannot(stage: Stage):
    await stage.ask("subscribe octo/world")
    assert await stage.ask("deliver 2026-01-15") == Notice(text="The digest of 2026-01-15 comes in a moment.")
    assert [delivery.day for delivery in await claim_due(stage.ledger, NOW, NOW, 9)] == [date(2026, 1, 15)]
    assert await stage.ask("deliver 2026-01-22") == Notice(text="2026-01-22 is not over yet.", example="today")


async def test_a_pause_is_told_with_its_end_and_resuming_offers_what_was_missed(stage: Stage):
    await stage.ask("subscribe octo/world")
    assert await stage.ask("snooze octo/world 7d") == Notice(
        text="This channel gets no digests of octo/world before 2026-01-29. The first one after that tells what was "
        "missed.",
        example="resume octo/world",
    )
    listed = await stage.ask("list")
    assert isinstance(listed, SubscriptionList)
    assert listed.subscriptions[0].next_at == datetime(2026, 1, 29, 1, tzinfo=UTC)
    stage.clock.forward(timedelta(days=3))
    missed = DayRange(first=DAY.plus(1), last=DAY.plus(3))
    assert await stage.ask("resume") == Notice(
        text="This channel gets digests of octo/world again. The next one tells what was missed.",
        example="status",
        offers=(Offer(label="What I missed", question=ShowDigest(repo=Repo(owner="octo", name="world"), when=missed)),),
    )


async def test_pausing_all_pauses_all_until_somebody_resumes(stage: Stage):
    await stage.ask("subscribe octo/a")
    await stage.ask("subscribe octo/b")
    assert await stage.ask("pause") == Notice(
        text="This channel gets no digests of octo/a, octo/b until somebody resumes them.", example="resume octo/a"
    )
    listed = await stage.ask("list")
    assert isinstance(listed, SubscriptionList)
    assert [each.next_at for each in listed.subscriptions] == [None, None]


@pytest.mark.parametrize("text", ["pause", "resume", "deliver"])
async def test_where_nothing_is_subscribed_nothing_can_be_paused(stage: Stage, text: str):
    with pytest.raises(NotFound, match=r"This channel is not subscribed to anything\."):
        await stage.ask(text)


async def test_a_new_subscription_is_in_the_zone_of_its_subscriber(stage: Stage):
    stage.messenger.zones["U1"] = ZoneInfo("Europe/Berlin")
    await stage.ask("subscribe octo/world")
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    assert subscription.terms.zone.key == "Europe/Berlin"


async def test_options_are_kept_until_others_are_named(stage: Stage):
    await stage.ask("subscribe octo/world on weekdays min high paths src/ no-bots quiet line thread on")
    await stage.ask("subscribe octo/world min medium bots")
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    terms = subscription.terms
    assert (terms.days, terms.quiet, terms.in_thread) == (WORKDAYS, QuietDays.LINE, True)
    assert terms.selection == Selection(minimum=Importance.MEDIUM, paths=("src/",))


async def test_a_command_shows_a_channel_what_its_digests_show(stage: Stage):
    await stage.ask("subscribe octo/hello authors nobody")
    view = await stage.ask("2026-01-21")
    assert isinstance(view, DigestView)
    assert (view.entries, view.framing.left_out, view.framing.is_subscribed) == ((), 1, True)


async def test_a_form_holds_the_terms_of_what_is_subscribed_or_would_be(stage: Stage):
    fresh = await stage.ask("settings octo/world")
    assert isinstance(fresh, SettingsForm)
    assert (fresh.subscription, fresh.terms.at, str(fresh.terms.repo)) == (None, time(9), "octo/world")
    await stage.ask("subscribe octo/world at 07:00")
    present = await stage.ask("settings")
    assert isinstance(present, SettingsForm)
    assert (present.subscription, present.terms.at, present.is_resting) == (1, time(7), False)
    await stage.ask("pause")
    paused = await stage.ask("settings")
    assert isinstance(paused, SettingsForm)
    assert paused.is_resting


async def test_a_preview_shows_yesterday_and_subscribes_nothing(stage: Stage):
    asker = Asker(channel=CHANNEL, user="U1")
    preview = Preview(subscribe=Subscribe(repo=HELLO, paths=("docs/",)))
    view = await stage.desk.answer(preview, asker)
    assert isinstance(view, DigestView)
    assert (view.digest.day, view.entries, view.framing.left_out) == (DAY, (), 1)
    assert list(await stage.subscriptions.of_channel(CHANNEL)) == []


# From elsewhere


async def test_a_subscription_is_changed_from_elsewhere_by_who_may(stage: Stage):
    await stage.ask("subscribe octo/world")
    message = Channel(platform=Platform.SLACK, workspace="T1", id="D1")
    pause = Elsewhere(subscription=1, command=PauseDigests())
    await stage.desk.answer(pause, Asker(channel=message, user="U1"))
    stranger = Asker(channel=message, user="U2")
    with pytest.raises(NotFound, match="or you are not in its channel"):
        await stage.desk.answer(pause, stranger)
    stage.messenger.members = {"U2"}
    await stage.desk.answer(Elsewhere(subscription=1, command=ResumeDigests()), stranger)
    await stage.desk.answer(Elsewhere(subscription=1, command=Subscribe(at=time(6))), stranger)
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    assert (subscription.terms.at, str(subscription.terms.repo)) == (time(6), "octo/world")


async def test_what_is_asked_of_a_subscription_is_answered_in_its_language(stage: Stage):
    await stage.ask("subscribe octo/hello lang zh")
    (subscription,) = await stage.subscriptions.of_channel(CHANNEL)
    resume = Elsewhere(subscription=subscription.id, command=ResumeDigests())
    direct = Channel(platform=Platform.SLACK, workspace=CHANNEL.workspace, id="D1")
    assert await stage.desk.language(Asker(channel=direct, user="U1"), resume) is Language.ZH
    abroad = Channel(platform=Platform.SLACK, workspace="T2", id="D1")
    assert await stage.desk.language(Asker(channel=abroad, user="U1"), resume) is Language.EN


async def test_the_number_of_another_workspaces_subscription_opens_nothing(stage: Stage):
    await stage.ask("subscribe octo/world")
    stage.messenger.members = {"U1"}
    thief = Asker(channel=Channel(platform=Platform.SLACK, workspace="T2", id="D1"), user="U1")
    for command in (PauseDigests(), Unsubscribe(repo=None), OpenSettings(), SendNow()):
        with pytest.raises(NotFound):
            await stage.desk.answer(Elsewhere(subscription=1, command=command), thief)


async def test_home_lists_the_workspace_and_no_other(stage: Stage):
    await stage.ask("subscribe octo/a")
    await stage.ask("subscribe octo/b", channel=replace(CHANNEL, id="C2"))
    await stage.ask("subscribe octo/c", channel=replace(CHANNEL, workspace="T2"))
    await stage.ask("subscribe octo/d", channel=replace(CHANNEL, id="D1"))  # U1's own
    home = await stage.desk.answer(ShowHome(), Asker(channel=replace(CHANNEL, id=""), user="U9"))
    assert isinstance(home, Home)
    assert [str(each.subscription.terms.repo) for each in home.subscriptions] == ["octo/a", "octo/b"]


async def test_a_private_repository_is_for_the_workspaces_that_it_is_opened_to(stage: Stage):
    stage.open(Access(private={HELLO: frozenset({"T2"})}))
    for text in ("2026-01-21", "subscribe octo/hello", f"commit {GREET.sha}", "search greet", "report 2026-01-21"):
        with pytest.raises(RepositoryNotFound):
            await stage.ask(text)
    assert await stage.days("2026-01-21", channel=replace(CHANNEL, workspace="T2"))


# Reading with the team


async def test_a_commit_of_a_digest_knows_its_neighbours(stage: Stage):
    others = [commit(f"fix: number {hour}", f"2026-01-21T{hour:02}:00:00+00:00") for hour in (7, 9)]
    stage.source.commits += others
    await stage.ask("2026-01-21")
    stage.source.problem = SourceUnavailable()
    asker = Asker(channel=CHANNEL, user="U1")
    views = [
        await stage.desk.answer(ShowCommit(sha=sha, repo=HELLO, day=DAY), asker)
        for sha in (others[1].sha, GREET.sha, others[0].sha)
    ]
    assert [(view.previous, view.next) for view in views if isinstance(view, AnalysisView)] == [
        (None, GREET.sha),
        (others[1].sha, others[0].sha),
        (GREET.sha, None),
    ]


async def test_what_people_think_of_an_analysis_is_stored_and_shown(stage: Stage):
    await stage.ask("2026-01-21")
    asker = Asker(channel=CHANNEL, user="U1")
    bad = GiveFeedback(repo=HELLO, sha=GREET.sha, verdict=Verdict.DOWN)
    assert await stage.desk.answer(bad, asker) == FeedbackForm(repo=HELLO, sha=GREET.sha)
    thanks = await stage.desk.answer(replace(bad, reason=" it misses the point "), asker)
    assert isinstance(thanks, Notice)
    view = await stage.ask(f"commit {GREET.sha}")
    assert isinstance(view, AnalysisView)
    assert view.verdict is Verdict.DOWN
    listed = await stage.ask("status")
    assert isinstance(listed, SubscriptionList)
    assert [(one.user, one.verdict, one.reason) for one in listed.feedback] == [
        ("U1", Verdict.DOWN, "it misses the point")
    ]


async def test_words_are_looked_for_in_stored_analyses(stage: Stage):
    await stage.ask("2026-01-21")
    found = await stage.ask("search ABOUT greet")
    assert isinstance(found, SearchResults)
    assert ([entry.commit for entry in found.entries], found.total) == ([GREET], 1)
    nothing = await stage.ask("search 100% greet")
    assert isinstance(nothing, SearchResults)
    assert nothing.total == 0


async def test_a_report_has_every_repository_that_is_named(stage: Stage):
    report = await stage.ask("report 2026-01-21 octo/hello octo/world octo/HELLO")
    assert isinstance(report, Report)
    assert [str(view.digest.repo) for view in report.views if isinstance(view, DigestView)] == [
        "octo/hello",
        "octo/world",
    ]


async def test_what_one_person_asked_for_is_shared_and_remembered(stage: Stage):
    asker = Asker(channel=CHANNEL, user="U1")
    told = await stage.desk.share(ShowDigest(repo=HELLO, when=DAY), asker, thread=None)
    assert told == Notice(text="Shared in the channel.")
    ((_, view, _),) = stage.messenger.posted
    assert isinstance(view, DigestView)
    assert not view.framing.is_private
    shared = await stage.desk.share(ShowCommit(repo=HELLO, sha=GREET.sha), asker, thread="message 1")
    assert shared == Notice(text="Shared in the thread.")
    assert stage.messenger.threads == [None, "message 1"]
    assert await stage.desk.ask("who greets?", "message 2", asker) is None
    assert await stage.desk.ask("who greets?", "message 1", asker) is not None


async def test_help_is_help(stage: Stage):
    assert await stage.ask("help") == Help()


@pytest.mark.parametrize("problem", [error for error in BotError.__subclasses__() if error is not NotUnderstood])
def test_every_error_has_a_sentence_for_people(problem: type[BotError]):
    assert str(problem()).endswith(".")
