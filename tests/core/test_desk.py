from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.commands import parse
from bot.core.desk import Asker, Desk
from bot.core.errors import BotError, ChannelGone, NotFound, NotUnderstood, RepositoryNotFound
from bot.core.language import Language, speaking
from bot.core.model import Channel, Platform, Repo
from bot.core.replies import AnalysisView, DigestView, Help, Notice, Reply, SubscriptionList
from tests.fakes import CHANNEL, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, commit, core

GREET = commit("feat: greet", "2026-01-21T08:00:00+00:00")


class Stage:
    def __init__(self, archive: DatabaseArchive, subscriptions: DatabaseSubscriptions) -> None:
        self.clock = FakeClock()
        self.source = FakeSource([GREET])
        self.messenger = FakeMessenger()
        made = core(source=self.source, analyst=FakeAnalyst(), archive=archive, now=self.clock)
        self.desk = Desk(
            digests=made.digests,
            understanding=made.understanding,
            source=self.source,
            archive=archive,
            subscriptions=subscriptions,
            messengers={Platform.SLACK: self.messenger},
            now=self.clock,
            default_repo=Repo(owner="octo", name="hello"),
            default_zone=ZoneInfo("Asia/Shanghai"),
        )

    async def ask(self, text: str, channel: Channel = CHANNEL, zone: str | None = None) -> Reply:
        asker = Asker(channel=channel, user="U1", zone=ZoneInfo(zone) if zone else None)
        return await self.desk.answer(parse(text), asker)

    async def days(self, text: str, **kwargs: str) -> str:
        view = await self.ask(text, **kwargs)  # pyright: ignore[reportArgumentType]
        assert isinstance(view, DigestView)
        return f"{view.digest.repo} {view.digest.day}: {len(view.digest.entries)}"


@pytest.fixture
def stage(archive: DatabaseArchive, subscriptions: DatabaseSubscriptions) -> Stage:
    return Stage(archive, subscriptions)


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
    assert told.text.startswith("已为本频道订阅 octo/world 的日报：每天 18:30（Asia/Shanghai）推送")
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


async def test_help_is_help(stage: Stage):
    assert await stage.ask("help") == Help()


@pytest.mark.parametrize("problem", [error for error in BotError.__subclasses__() if error is not NotUnderstood])
def test_every_error_has_a_sentence_for_people(problem: type[BotError]):
    assert str(problem()).endswith(".")
