"""All repositories of an owner, as one thing that a channel follows."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.feedback import DatabaseFeedback
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.asker import OPEN, Access, Asker
from bot.core.commands import (
    Command,
    Elsewhere,
    OpenSettings,
    PauseDigests,
    Preview,
    ResumeDigests,
    ShowHome,
    Subscribe,
    Unsubscribe,
)
from bot.core.desk import Desk
from bot.core.errors import (
    ChannelGone,
    NotFound,
    OwnerNotFound,
    RepositoryNotFound,
    SourceUnavailable,
    TooManyRepositories,
)
from bot.core.following import LISTED_FOR, LOOK_EVERY, REPOSITORIES_MAX, Follower
from bot.core.grammar import parse
from bot.core.language import Language, speaking
from bot.core.model import Importance, Repo
from bot.core.patterns import RepoPattern
from bot.core.ports import RepositoryInfo
from bot.core.replies import Home, ListedFollowing, ListedSubscription, Notice, Reply, SettingsForm, SubscriptionList
from bot.core.rounds import Rounds
from bot.core.subscriptions import Channel, Expansion, FollowingTerms, Pause, Platform
from tests.fakes import CHANNEL, NOW, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, commit, service

SHANGHAI = ZoneInfo("Asia/Shanghai")
ALL = RepoPattern(owner="acme", names="*")
TERMS = FollowingTerms(channel=CHANNEL, pattern=ALL, at=time(9), zone=SHANGHAI, subscriber="U1")
#: At nine in Shanghai, the day after NOW.
TOMORROW = datetime(2026, 1, 23, 1, tzinfo=UTC)
ABROAD = replace(CHANNEL, workspace="T2")


def acme(name: str) -> Repo:
    return Repo(owner="acme", name=name)


def owned(*names: str) -> list[RepositoryInfo]:
    return [RepositoryInfo(repo=acme(name)) for name in names]


class Stage:
    """A desk and rounds over real stores, with everything outside faked."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.clock = FakeClock()
        self.source = FakeSource([commit("feat: greet", "2026-01-22T08:00:00+00:00")])
        self.source.owned = owned("legacy-a", "site", "tool")
        self.messenger = FakeMessenger()
        self.archive = DatabaseArchive(engine)
        self.subscriptions = DatabaseSubscriptions(engine)
        self.followings = DatabaseFollowings(engine)
        self.feedback = DatabaseFeedback(engine)
        self.ledger = DatabaseLedger(engine)
        self.desk, self.rounds = self.process()

    def process(self, access: Access = OPEN) -> tuple[Desk, Rounds]:
        made = service(
            source=self.source,
            analyst=FakeAnalyst(),
            archive=self.archive,
            now=self.clock,
            subscriptions=self.subscriptions,
            followings=self.followings,
            feedback=self.feedback,
            ledger=self.ledger,
            messengers={Platform.SLACK: self.messenger},
            access=access,
        )
        return made.desk, made.rounds

    async def ask(self, command: str | Command, channel: Channel = CHANNEL, user: str = "U1") -> Reply:
        asked = parse(command) if isinstance(command, str) else command
        return await self.desk.answer(asked, Asker(channel=channel, user=user))

    async def told(self, command: str | Command) -> str:
        reply = await self.ask(command)
        assert isinstance(reply, Notice)
        return reply.text

    async def followed(self, channel: Channel = CHANNEL) -> list[str]:
        return [each.terms.repo.name for each in await self.subscriptions.of_channel(channel)]

    async def tick(self, at: datetime) -> None:
        self.clock.now = at
        await self.rounds.tick()
        await self.rounds.finish()

    async def look(self) -> None:
        await self.tick(self.clock.now + LOOK_EVERY)

    def posted(self) -> list[str]:
        keys = [key for _channel, _reply, key in self.messenger.posted]
        return sorted(key.partition(":")[2] for key in keys)


@pytest.fixture
def stage(engine: AsyncEngine) -> Stage:
    return Stage(engine)


async def listed(stage: Stage) -> tuple[ListedFollowing | ListedSubscription, ...]:
    reply = await stage.ask("list")
    assert isinstance(reply, SubscriptionList)
    return reply.subscriptions


# Beginning


@pytest.mark.both_databases
async def test_every_repository_of_an_owner_gets_a_subscription_on_the_same_terms(stage: Stage):
    assert await stage.ask("subscribe acme/* not legacy-*,acme/tmp at 18:30 tz Europe/Berlin min high") == Notice(
        text="This channel follows acme/*, at present 2 repositories. Each has its own digest here after a day with "
        "commits, at 18:30 (Europe/Berlin), next on 2026-01-22. New ones join within an hour, but for forks.",
        example="unsubscribe acme/*",
    )
    subscribed = await stage.subscriptions.of_channel(CHANNEL)
    assert [each.terms.repo.name for each in subscribed] == ["site", "tool"]
    assert {each.terms.selection.minimum for each in subscribed} == {Importance.HIGH}
    assert {(each.terms.at, each.terms.zone.key, each.terms.subscriber) for each in subscribed} == {
        (time(18, 30), "Europe/Berlin", "U1")
    }


async def test_forks_and_archived_ones_are_followed_by_their_names_only(stage: Stage):
    stage.source.owned += [
        RepositoryInfo(repo=acme("fork"), is_fork=True),
        RepositoryInfo(repo=acme("old"), is_archived=True),
    ]
    await stage.ask("subscribe acme/*")
    assert await stage.followed() == ["legacy-a", "site", "tool"]
    await stage.ask("subscribe acme/fork")
    await stage.look()
    assert await stage.followed() == ["fork", "legacy-a", "site", "tool"]


async def test_a_pattern_that_names_nothing_is_refused(stage: Stage):
    with pytest.raises(RepositoryNotFound, match=r"No repository matches acme/x\* that could be followed."):
        await stage.ask("subscribe acme/x*")
    assert await listed(stage) == ()


async def test_a_pattern_of_too_many_is_refused_with_what_to_do(stage: Stage):
    stage.source.owned = owned(*(f"r{number}" for number in range(REPOSITORIES_MAX + 1)))
    with pytest.raises(TooManyRepositories, match=r"acme/\* stands for 201 repositories, and at most 200 can be"):
        await stage.ask("subscribe acme/*")
    assert await listed(stage) == ()


async def test_a_channel_that_the_bot_cannot_post_to_cannot_follow(stage: Stage):
    stage.messenger.refuses = ChannelGone()
    with pytest.raises(ChannelGone):
        await stage.ask("subscribe acme/*")
    assert stage.source.owners_asked == []


async def test_a_workspace_never_learns_of_a_private_repository_that_is_not_for_it(stage: Stage):
    access = Access(private={acme("site"): frozenset({"T2"})})
    stage.desk, stage.rounds = stage.process(access)
    assert "at present 2 repositories" in await stage.told("subscribe acme/*")
    assert (await stage.told(Preview(subscribe=Subscribe(repo=ALL)))).endswith("at present: legacy-a, tool.")
    with pytest.raises(RepositoryNotFound, match=r"No repository matches acme/si\*"):
        await stage.ask("subscribe acme/si*")
    await stage.ask("subscribe acme/*", ABROAD)
    assert (await stage.followed(), await stage.followed(ABROAD)) == (
        ["legacy-a", "tool"],
        ["legacy-a", "site", "tool"],
    )
    stage.desk, stage.rounds = stage.process(Access(private={acme("tool"): frozenset({"T3"})}))
    await stage.look()
    assert (await stage.followed(), await stage.followed(ABROAD)) == (["legacy-a", "site"], ["legacy-a", "site"])


@given(
    names=st.sets(st.from_regex(r"[abAB._-]{1,4}", fullmatch=True), max_size=12),
    pattern=st.from_regex(r"[abAB]{0,2}\*[abAB]{0,2}", fullmatch=True),
    excluded=st.lists(st.from_regex(r"\*?[ab-]{1,2}\*?", fullmatch=True), max_size=3),
    hidden=st.sets(st.from_regex(r"[abAB._-]{1,4}", fullmatch=True), max_size=4),
)
async def test_what_is_followed_is_what_the_pattern_names_without_what_is_excluded_or_hidden(
    names: set[str], pattern: str, excluded: list[str], hidden: set[str]
):
    source = FakeSource()
    source.owned = owned(*sorted({name.lower(): name for name in names}.values()))
    access = Access(private={acme(name): frozenset({"T2"}) for name in hidden})
    follower = Follower(source=source, followings=None, subscriptions=None, access=access, now=lambda: NOW)  # pyright: ignore[reportArgumentType]
    terms = replace(TERMS, pattern=RepoPattern(owner="acme", names=pattern), excluded=tuple(excluded))
    found = [repo.name for repo in await follower.matching(terms)]
    assert found == [
        info.repo.name
        for info in source.owned
        if fnmatchcase(info.repo.name.lower(), pattern.lower())
        and not any(fnmatchcase(info.repo.name.lower(), each.lower()) for each in excluded)
        and info.repo.name.lower() not in {name.lower() for name in hidden}
    ]


async def test_many_channels_ask_an_owner_once(stage: Stage):
    for number in range(5):
        await stage.ask("subscribe ACME/*" if number else "subscribe acme/*", replace(CHANNEL, id=f"C{number}"))
    assert stage.source.owners_asked == ["acme"]
    stage.clock.forward(LISTED_FOR)
    await stage.ask("subscribe acme/*")
    assert len(stage.source.owners_asked) == 2


async def test_a_preview_tells_which_repositories_there_are(stage: Stage):
    stage.source.owned = owned(*(f"r{number:02}" for number in range(12)))
    assert await stage.ask(Preview(subscribe=Subscribe(repo=ALL, excluded=("r00",)))) == Notice(
        text="acme/* stands for these repositories at present: r01, r02, r03, r04, r05, r06, r07, r08, r09, r10 and 1 "
        "more.",
        example="subscribe acme/*",
    )


async def test_a_channel_that_speaks_chinese_is_told_in_chinese(stage: Stage):
    with speaking(Language.ZH):
        assert await stage.ask("订阅 acme/＊ 排除 acme/legacy-*，tmp 时间 18:30") == Notice(
            text="本会话已订阅 acme/*，目前有 2 个仓库。每个仓库在有提交的日子之后各推送一份日报，时间为 18:30"
            "（Asia/Shanghai），下一次在 2026-01-22。新仓库会在一小时内自动加入，复刻仓库除外。",
            example="unsubscribe acme/*",
        )
        assert await stage.told("退订 acme/tool") == "本会话已退订 acme/tool。今后 acme/* 不再包括它。"
        with pytest.raises(RepositoryNotFound, match=r"没有可以订阅的仓库与 acme/x\* 匹配。"):
            await stage.ask("订阅 acme/x*")


# What comes and goes


@pytest.mark.both_databases
async def test_repositories_join_and_leave_at_the_next_look(stage: Stage):
    await stage.ask("subscribe acme/* not legacy-*")
    stage.source.owned = [*owned("new", "tool"), RepositoryInfo(repo=acme("site"), is_archived=True)]
    await stage.tick(NOW + LOOK_EVERY - timedelta(seconds=1))
    assert await stage.followed() == ["site", "tool"]
    await stage.tick(NOW + LOOK_EVERY)
    assert await stage.followed() == ["new", "tool"]
    assert stage.messenger.told == []


@pytest.mark.both_databases
async def test_each_repository_delivers_its_own_digest_and_one_that_left_delivers_none(stage: Stage):
    await stage.ask("subscribe acme/*")
    stage.source.owned = owned("site", "tool")
    await stage.tick(TOMORROW - timedelta(minutes=30))
    await stage.tick(TOMORROW)
    assert stage.posted() == ["2026-01-22", "2026-01-22"]
    await stage.tick(TOMORROW + timedelta(seconds=5))
    assert len(stage.messenger.posted) == 2


@pytest.mark.both_databases
async def test_an_outage_lets_nothing_leave_and_shows_in_the_status(stage: Stage):
    await stage.ask("subscribe acme/*")
    stage.source.problem = SourceUnavailable()
    await stage.look()
    assert await stage.followed() == ["legacy-a", "site", "tool"]
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert (only.repositories, only.following.error) == (3, str(SourceUnavailable()))
    stage.source.problem = None
    await stage.look()
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert only.following.error == ""


async def test_an_owner_that_vanished_takes_no_subscription_along(stage: Stage):
    await stage.ask("subscribe acme/*")
    stage.source.problem = OwnerNotFound()
    await stage.look()
    assert await stage.followed() == ["legacy-a", "site", "tool"]


async def test_what_grows_beyond_the_bound_keeps_those_that_are_there(stage: Stage):
    many = [f"r{number:03}" for number in range(REPOSITORIES_MAX)]
    stage.source.owned = owned(*many)
    await stage.ask("subscribe acme/*")
    stage.source.owned = owned("aaa", *many[1:], "zzz")
    await stage.look()
    assert await stage.followed() == ["aaa", *many[1:]]
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert only.following.error.startswith("acme/* stands for 201 repositories, and at most 200")


async def test_a_broken_channel_is_not_looked_at(stage: Stage):
    await stage.ask("subscribe acme/*")
    (subscription, *_others) = await stage.subscriptions.of_channel(CHANNEL)
    assert await stage.subscriptions.mark_broken(subscription, "The channel is archived.", stage.clock.now)
    await stage.look()
    assert stage.source.owners_asked == ["acme"]


# What a channel follows by its name


@pytest.mark.both_databases
async def test_a_subscription_of_its_own_keeps_its_own_terms(stage: Stage):
    await stage.ask("subscribe acme/tool at 18:30")
    await stage.ask("subscribe acme/* at 07:00")
    await stage.look()
    hours = {each.terms.repo.name: each.terms.at.hour for each in await stage.subscriptions.of_channel(CHANNEL)}
    assert hours == {"legacy-a": 7, "site": 7, "tool": 18}
    await stage.ask("subscribe acme/* at 08:00")
    hours = {each.terms.repo.name: each.terms.at.hour for each in await stage.subscriptions.of_channel(CHANNEL)}
    assert hours == {"legacy-a": 8, "site": 8, "tool": 18}


@pytest.mark.both_databases
async def test_who_names_one_of_many_gives_it_terms_of_its_own(stage: Stage):
    await stage.ask("subscribe acme/* at 07:00 min high")
    await stage.ask("subscribe acme/tool at 18:30")
    following, tool = await listed(stage)
    assert isinstance(following, ListedFollowing)
    assert isinstance(tool, ListedSubscription)
    assert (following.repositories, tool.subscription.terms.at) == (2, time(18, 30))
    assert tool.subscription.terms.selection.minimum is Importance.HIGH
    await stage.ask("unsubscribe acme/*")
    assert await stage.followed() == ["tool"]


@pytest.mark.both_databases
async def test_who_ends_one_of_many_leaves_it_out_for_good(stage: Stage):
    await stage.ask("subscribe acme/* not legacy-*")
    assert await stage.ask("unsubscribe acme/Tool") == Notice(
        text="This channel gets no more digests of acme/tool. It is left out of acme/* from now on.",
        example="subscribe acme/tool",
    )
    await stage.look()
    assert await stage.followed() == ["site"]
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert only.following.terms.excluded == ("legacy-*", "Tool")
    await stage.ask("subscribe acme/* not any")
    assert await stage.followed() == ["legacy-a", "site", "tool"]


async def test_two_patterns_bring_a_repository_once(stage: Stage):
    await stage.ask("subscribe acme/*")
    await stage.ask("subscribe acme/t*")
    first, second = await listed(stage)
    assert isinstance(first, ListedFollowing)
    assert isinstance(second, ListedFollowing)
    assert (first.repositories, second.repositories) == (3, 0)
    await stage.ask("unsubscribe acme/*")
    await stage.look()
    assert await stage.followed() == ["tool"]


# Changing, pausing, ending


@pytest.mark.both_databases
async def test_subscribing_again_changes_what_is_named_of_all_and_keeps_the_rest(stage: Stage):
    await stage.ask("subscribe acme/* not legacy-* at 07:00 min high")
    await stage.ask("subscribe Acme/* at 08:00 lang zh")
    (only,) = await stage.followings.of_channel(CHANNEL)
    assert (only.terms.pattern, only.terms.excluded) == (ALL, ("legacy-*",))
    subscribed = await stage.subscriptions.of_channel(CHANNEL)
    assert [each.terms for each in subscribed] == [only.terms.of_repo(acme(name)) for name in ("site", "tool")]
    assert only.terms.language is Language.ZH


@pytest.mark.both_databases
async def test_ending_a_pattern_ends_all_that_it_brought(stage: Stage):
    await stage.ask("subscribe acme/*")
    await stage.ask("subscribe octo/hello")
    assert await stage.ask("unsubscribe acme/*") == Notice(
        text="This channel gets no more digests of acme/*.", example="subscribe acme/*"
    )
    assert await stage.followed() == ["hello"]
    assert await stage.ask("unsubscribe acme/*") == Notice(
        text="This channel is not subscribed to acme/*.", example="list"
    )


async def test_ending_everything_ends_patterns_too(stage: Stage):
    await stage.ask("subscribe acme/*")
    await stage.ask("subscribe octo/hello")
    assert await stage.told("unsubscribe all") == "This channel gets no more digests of acme/*, octo/hello."
    await stage.look()
    assert await listed(stage) == ()
    assert await stage.told("unsubscribe all") == "This channel is not subscribed to anything."


@pytest.mark.both_databases
async def test_a_pause_holds_all_back_also_those_that_join_in_it(stage: Stage):
    await stage.ask("subscribe acme/*")
    assert await stage.told("snooze acme/* 7d") == (
        "This channel gets no digests of acme/* before 2026-01-29. The first one after that tells what was missed."
    )
    stage.source.owned += owned("new")
    await stage.look()
    until = datetime(2026, 1, 28, 16, tzinfo=UTC)
    assert {each.pause for each in await stage.subscriptions.of_channel(CHANNEL)} == {Pause(since=NOW, until=until)}
    await stage.tick(TOMORROW)
    assert stage.posted() == []
    stage.clock.forward(timedelta(hours=1))
    await stage.tick(stage.clock.now)
    assert await stage.told("resume acme/*") == (
        "This channel gets digests of acme/* again. The next one tells what was missed."
    )
    await stage.tick(TOMORROW + timedelta(days=1))
    assert stage.posted() == ["2026-01-23"] * 4  # which tell of the day before as well


async def test_pausing_everything_pauses_patterns_and_goes_on_with_pauses_under_way(stage: Stage):
    await stage.ask("subscribe acme/*")
    await stage.ask("pause acme/tool")
    stage.clock.forward(timedelta(days=1))
    await stage.ask("subscribe octo/hello")
    assert await stage.told("pause") == (
        "This channel gets no digests of acme/*, octo/hello until somebody resumes them."
    )
    since = {each.terms.repo.name: each.pause and each.pause.since for each in await stage.subscriptions.active()}
    later = NOW + timedelta(days=1)
    assert since == {"legacy-a": later, "site": later, "tool": NOW, "hello": later}


async def test_what_is_not_followed_cannot_be_paused(stage: Stage):
    await stage.ask("subscribe acme/tool")
    with pytest.raises(NotFound, match=r"This channel is not subscribed to acme/\*."):
        await stage.ask("pause acme/*")


@pytest.mark.both_databases
async def test_a_channel_that_is_gone_is_told_once_and_mended_for_all(stage: Stage):
    await stage.ask("subscribe acme/*")
    stage.messenger.refuses = ChannelGone()
    await stage.tick(TOMORROW)
    ((_user, told),) = stage.messenger.told
    assert isinstance(told, Notice)
    assert told.text.endswith(
        " for 2026-01-22 did not arrive. Others of acme/* may not have arrived either. Nothing more is sent until you "
        "resume it: The channel is archived, deleted, or the bot is no longer in it."
    )
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert only.following.broken
    assert await stage.subscriptions.active() == []
    stage.messenger.refuses = None
    await stage.ask("resume acme/*")
    assert len(await stage.subscriptions.active()) == 3
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert not only.following.broken


async def test_a_repository_that_vanished_since_the_last_look_is_no_news(stage: Stage):
    await stage.ask("subscribe acme/*")
    await stage.tick(TOMORROW - timedelta(minutes=30))
    stage.source.problem = RepositoryNotFound()
    await stage.tick(TOMORROW)
    assert stage.messenger.told == []
    (only,) = await listed(stage)
    assert isinstance(only, ListedFollowing)
    assert [each.followed.name for each in only.missed] == ["legacy-a", "site", "tool"]


# Telling


async def test_a_list_has_a_pattern_once(stage: Stage):
    await stage.ask("subscribe acme/* not legacy-*")
    await stage.ask("subscribe octo/hello")
    (following,) = await stage.followings.of_channel(CHANNEL)
    first, second = await listed(stage)
    assert first == ListedFollowing(following=following, repositories=2, next_at=TOMORROW)
    assert isinstance(second, ListedSubscription)
    assert str(second.subscription.followed) == "octo/hello"


async def test_a_workspace_sees_its_own_patterns_only(stage: Stage):
    await stage.ask("subscribe acme/*")
    home = await stage.ask(parse("list"), ABROAD)
    assert home == SubscriptionList(subscriptions=())
    assert await stage.followings.of_workspace(Platform.SLACK, "T2") == []
    (mine,) = await stage.followings.of_workspace(Platform.SLACK, "T1")
    assert await stage.followings.by_id(Platform.SLACK, "T2", mine.id) is None
    with pytest.raises(NotFound, match="no such subscription"):
        await stage.ask(Elsewhere(subscription=mine.id, is_following=True, command=PauseDigests()), ABROAD)


async def test_a_pattern_can_be_paused_resumed_changed_and_ended_from_elsewhere(stage: Stage):
    await stage.ask("subscribe acme/* not legacy-*")
    (mine,) = await stage.followings.of_channel(CHANNEL)
    direct = replace(CHANNEL, id="D1")

    async def ask(command: PauseDigests | ResumeDigests | OpenSettings | Unsubscribe) -> Reply:
        return await stage.ask(Elsewhere(subscription=mine.id, is_following=True, command=command), direct)

    assert "acme/* until somebody resumes" in str(await ask(PauseDigests()))
    form = await ask(OpenSettings())
    assert isinstance(form, SettingsForm)
    assert (form.terms, form.subscription, form.is_resting) == (mine.terms, mine.id, True)
    await ask(ResumeDigests())
    assert "acme/*" in str(await ask(Unsubscribe(repo=None)))
    assert await stage.followed() == []


async def test_the_form_of_a_channel_that_follows_one_pattern_is_of_that(stage: Stage):
    await stage.ask("subscribe acme/*")
    form = await stage.ask("settings")
    assert isinstance(form, SettingsForm)
    assert form.terms.followed == ALL
    new = await stage.ask("settings acme/t*")
    assert isinstance(new, SettingsForm)
    assert (str(new.terms.followed), new.subscription) == ("acme/t*", None)


async def test_a_home_shows_patterns_and_no_repository_of_them(stage: Stage):
    await stage.ask("subscribe acme/*")
    home = await stage.ask(ShowHome(), replace(CHANNEL, id="D1"))
    assert isinstance(home, Home)
    assert [str(each.followed) for each in home.subscriptions] == ["acme/*"]


# Several processes


@pytest.mark.both_databases
async def test_two_processes_that_follow_and_expand_at_once_leave_one_row_each(engine: AsyncEngine, stage: Stage):
    others = [DatabaseFollowings(engine) for _ in range(4)]
    made = await asyncio.gather(*(each.follow(TERMS, NOW) for each in others))
    assert sorted(is_new for _following, is_new in made) == [False, False, False, True]
    assert len({following.id for following, _is_new in made}) == 1
    following = made[0][0]
    repos = [acme(f"r{number:02}") for number in range(20)]
    expansions = await asyncio.gather(*(each.expand(following, repos, NOW) for each in others))
    joined = [repo for each in expansions if each for repo in each.joined]
    assert sorted(joined, key=lambda repo: repo.key) == repos
    assert await stage.followed() == [repo.name for repo in repos]


@pytest.mark.both_databases
async def test_a_look_that_ends_after_the_pattern_did_brings_nothing_back(stage: Stage):
    following, _ = await stage.followings.follow(TERMS, NOW)
    expansion, ended = await asyncio.gather(
        stage.followings.expand(following, [acme("tool")], NOW), stage.followings.unfollow(CHANNEL, ALL)
    )
    assert [each.id for each in ended] == [following.id]
    assert expansion in {None, Expansion(joined=(acme("tool"),))}
    assert await stage.followed() == []
    assert await stage.followings.expand(following, [acme("tool")], NOW) is None
    assert await stage.followed() == []


@pytest.mark.both_databases
async def test_a_look_that_ends_after_a_repository_was_left_out_does_not_bring_it_back(stage: Stage):
    following, _ = await stage.followings.follow(TERMS, NOW)
    await stage.followings.expand(following, [acme("site"), acme("tool")], NOW)
    await stage.followings.exclude(CHANNEL, acme("tool"))
    await stage.followings.expand(following, [acme("site"), acme("tool")], NOW)
    assert await stage.followed() == ["site"]


@pytest.mark.both_databases
async def test_a_pattern_and_one_of_its_repositories_subscribed_at_once_are_one_subscription(stage: Stage):
    await asyncio.gather(stage.ask("subscribe acme/*"), stage.ask("subscribe acme/tool at 18:30"))
    await stage.look()
    hours = {each.terms.repo.name: each.terms.at.hour for each in await stage.subscriptions.of_channel(CHANNEL)}
    assert hours == {"legacy-a": 9, "site": 9, "tool": 18}
