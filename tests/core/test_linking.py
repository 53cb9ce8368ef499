"""What is answered and posted has the address of its page in the archive, for those who read the channel."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.browsing import DatabaseShelves
from bot.adapters.database.corrections import DatabaseCorrections
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.signing import SignedLinks
from bot.core.asker import Asker
from bot.core.browsing import Visitor
from bot.core.grammar import parse
from bot.core.language import Language, speaking
from bot.core.replies import AnalysisView, DigestView, RangeView, Reply, Report
from bot.core.service import Service
from bot.core.subscriptions import Platform, SubscriptionTerms
from tests.fakes import CHANNEL, REPO, FakeAnalyst, FakeClock, FakeMessenger, FakeSource, commit, service

GREET = commit("feat: greet", "2026-01-21T08:00:00+00:00")
NINE = datetime(2026, 1, 22, 1, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
KEY = "k" * 32
URL = "https://digests.example"
DAY = f"{URL}/repos/octo/hello/2026-01-21?tz=Asia/Shanghai&lang=en"
TERMS = SubscriptionTerms(channel=CHANNEL, repo=REPO, at=time(9), zone=SHANGHAI, subscriber="U1")


class Stage:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.clock = FakeClock(NINE)
        self.messenger = FakeMessenger()
        self.source = FakeSource([GREET], as_of=NINE)

    def opened(self, *, public: bool, url: str = URL, keys: tuple[str, ...] = (KEY,)) -> Service:
        return service(
            source=self.source,
            analyst=FakeAnalyst(),
            archive=DatabaseArchive(self.engine),
            shelves=DatabaseShelves(self.engine),
            subscriptions=DatabaseSubscriptions(self.engine),
            ledger=DatabaseLedger(self.engine),
            corrections=DatabaseCorrections(self.engine),
            posts=DatabasePosts(self.engine),
            messengers={Platform.SLACK: self.messenger},
            open_to_all=[REPO] if public else [],
            public_url=url,
            link_keys=keys,
            now=self.clock,
        )

    async def answer(self, text: str, opened: Service) -> Reply:
        return await opened.desk.answer(parse(text), Asker(channel=CHANNEL, user="U1"))


@pytest.fixture
def stage(engine: AsyncEngine) -> Stage:
    return Stage(engine)


def address(reply: Reply) -> str:
    if isinstance(reply, AnalysisView):
        return reply.address
    assert isinstance(reply, DigestView | RangeView)
    return reply.framing.address


def visitor(stage: Stage, url: str) -> Visitor | None:
    (signature,) = parse_qs(urlsplit(url).query)["signed"]
    return SignedLinks([KEY], now=stage.clock).visitor(signature, REPO)


@pytest.mark.both_databases
async def test_answers_about_a_public_repository_have_public_addresses(stage: Stage):
    opened = stage.opened(public=True)
    assert address(await stage.answer("2026-01-21", opened)) == DAY
    days = address(await stage.answer("2026-01-20..2026-01-21", opened))
    assert days == f"{URL}/repos/octo/hello/2026-01-20..2026-01-21?tz=Asia/Shanghai&lang=en"
    one = address(await stage.answer(f"commit {GREET.sha}", opened))
    assert one == f"{URL}/repos/octo/hello/commits/{GREET.sha}?tz=Asia/Shanghai&lang=en"
    with speaking(Language.ZH):
        assert address(await stage.answer("2026-01-21", opened)) == DAY.replace("lang=en", "lang=zh")


async def test_a_report_has_them_too(stage: Stage):
    report = await stage.answer("report 2026-01-21", stage.opened(public=True))
    assert isinstance(report, Report)
    assert [address(view) for view in report.views] == [DAY]


async def test_answers_about_any_other_repository_are_signed_for_the_workspace(stage: Stage):
    opened = stage.opened(public=False)
    for text in ("2026-01-21", "2026-01-20..2026-01-21", f"commit {GREET.sha}"):
        url = address(await stage.answer(text, opened))
        assert visitor(stage, url) == Visitor(platform=CHANNEL.platform, workspace=CHANNEL.workspace)


async def test_a_day_that_is_not_over_has_no_page(stage: Stage):
    assert address(await stage.answer("today", stage.opened(public=True))) == ""


async def test_without_a_public_address_or_a_key_there_are_no_links(stage: Stage):
    assert address(await stage.answer("2026-01-21", stage.opened(public=True, url=""))) == ""
    assert address(await stage.answer("2026-01-21", stage.opened(public=False, keys=()))) == ""
    assert address(await stage.answer("2026-01-21", stage.opened(public=True, keys=()))) == DAY


@pytest.mark.both_databases
async def test_a_digest_is_posted_and_corrected_with_the_address_of_its_page(stage: Stage, engine: AsyncEngine):
    await DatabaseSubscriptions(engine).subscribe(TERMS, NINE - timedelta(hours=1))
    rounds = stage.opened(public=False).rounds
    await rounds.tick()
    await rounds.finish()
    ((_, posted, _),) = stage.messenger.posted
    assert visitor(stage, address(posted)) == Visitor(platform=CHANNEL.platform, workspace=CHANNEL.workspace)
    assert await DatabaseCorrections(engine).mark(REPO, [GREET.sha], NINE + timedelta(seconds=1)) == 1
    stage.clock.forward(timedelta(minutes=5))
    await rounds.tick()
    await rounds.finish()
    ((_, _, corrected, *_),) = stage.messenger.updated
    assert address(corrected) == address(posted)
