"""The console over a real database, with the source and the analyst faked, and a clock that stands still."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from bot.adapters.console import ConsoleMessenger
from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.conversations import DatabaseConversations
from bot.adapters.database.feedback import DatabaseFeedback
from bot.adapters.database.followings import DatabaseFollowings
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.posts import DatabasePosts
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.core.metering import UNMETERED
from bot.core.ports import Analyst
from bot.core.rules import RuleAnalyst
from bot.core.subscriptions import Platform
from bot.core.underway import Underway
from handlers.console import Answers, ConsolePages, Services, routes
from tests.console.browser import Browser
from tests.fakes import FakeClock, FakeSource, commit, service

SUBJECTS = ("feat: greet everybody", "fix: wave back")


class Stage:
    def __init__(self, engine: AsyncEngine, *, analyst: Analyst | None = None) -> None:
        self.clock = FakeClock()
        self.source = FakeSource([commit(subject, "2026-01-21T08:00:00+00:00") for subject in SUBJECTS])
        self.conversations = DatabaseConversations(engine)
        self.messenger = ConsoleMessenger(self.conversations, self.clock)
        self.subscriptions = DatabaseSubscriptions(engine)
        self.underway = Underway()
        self.made = service(
            source=self.source,
            analyst=analyst or RuleAnalyst(),
            archive=DatabaseArchive(engine),
            now=self.clock,
            subscriptions=self.subscriptions,
            followings=DatabaseFollowings(engine),
            ledger=DatabaseLedger(engine),
            posts=DatabasePosts(engine),
            feedback=DatabaseFeedback(engine),
            messengers={Platform.CONSOLE: self.messenger},
        )
        self.app = self.process()

    def process(self) -> Starlette:
        """Another one over the same database, as after a restart."""
        services = Services(
            desk=self.made.desk,
            console=self.messenger,
            conversations=self.conversations,
            host="github.com",
            now=self.clock,
            meter=UNMETERED,
        )
        pages = ConsolePages(services, Answers(services, self.underway), zone=ZoneInfo("Asia/Shanghai"))
        return Starlette(routes=routes(pages))

    def browser(self, language: str = "en", *, is_patient: bool = True) -> Browser:
        return Browser(self.app, language, is_patient=is_patient)

    async def tick(self, *, at: datetime) -> None:
        self.clock.now = at
        await self.made.rounds.tick()
        await self.made.rounds.finish()
