"""A bot over a desk that says what a test tells it to, in an emulated Slack workspace."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.inbox import DatabaseInbox
from bot.adapters.prometheus import PrometheusMeter
from bot.adapters.slack.gateway import OneToken, SlackGateway
from bot.adapters.slack.surfaces import SlackSurfaces
from bot.app import now
from bot.core.asker import Asker
from bot.core.commands import Command, Question
from bot.core.digests import Observer
from bot.core.errors import BotError
from bot.core.language import Language
from bot.core.ports import Clock, Inbox
from bot.core.replies import Answer, Notice, Reply
from handlers import slack as handler
from handlers import web
from handlers.slack import Receiver
from handlers.slack.counting import CountingApp
from tests.counterparts import slack
from tests.counterparts.slack import SlackProxy
from tests.fakes import FakeMessenger
from tests.serving import served
from tests.slack_people import People

Said = Reply | BotError | Callable[[Any], Reply]


class FakeDesk:
    """Answers each kind of command with what it was given for it."""

    default_language = Language.EN

    def __init__(self) -> None:
        self.replies: dict[type, Said] = {}
        self.asked: list[tuple[Command, Asker]] = []
        self.shared: list[tuple[Question, str, str | None]] = []
        self.noted: list[tuple[Reply, str]] = []
        #: What is answered to a question in a thread, by the message it stands below.
        self.threads: dict[str, Answer | Notice | BotError] = {}
        self.questions: list[str] = []
        self.refuses: BotError | None = None
        #: Set it to hold all answers back until it is released.
        self.gate = asyncio.Event()
        self.gate.set()
        #: Told to whoever waits.
        self.progress: Reply | None = None

    async def language(self, asker: Asker, question: Question | None = None) -> Language:
        return asker.language or self.default_language

    async def answer(self, command: Command, asker: Asker, observer: Observer | None = None) -> Reply:
        self.asked.append((command, asker))
        if observer is not None and self.progress is not None:
            observer(self.progress)  # pyright: ignore[reportArgumentType]
        await self.gate.wait()
        return _said(self.replies[type(command)], command)

    async def share(self, question: Question, asker: Asker, *, thread: str | None) -> Notice:
        if self.refuses:
            raise self.refuses
        self.shared.append((question, asker.channel.id, thread))
        return Notice(text="Shared in the thread." if thread else "Shared in the channel.")

    async def note(self, reply: Reply, message: str, asker: Asker) -> None:
        self.noted.append((reply, message))

    async def ask(
        self, text: str, message: str, asker: Asker, observer: Observer | None = None
    ) -> Answer | Notice | None:
        self.questions.append(text)
        if message not in self.threads:
            return None
        await self.gate.wait()
        answer = self.threads[message]
        if isinstance(answer, BotError):
            raise answer
        return answer

    def commands(self) -> list[Command]:
        return [command for command, _asker in self.asked]


def _said(reply: Said, command: Command) -> Reply:
    if isinstance(reply, BotError):
        raise reply
    return reply(command) if callable(reply) else reply


_desk: type[handler.Desk] = FakeDesk


@dataclass(slots=True, kw_only=True)
class Stage:
    slack: SlackProxy
    people: People
    receiver: Receiver
    inbox: Inbox
    meter: PrometheusMeter
    desk: FakeDesk = field(default_factory=FakeDesk)
    office: FakeMessenger = field(default_factory=FakeMessenger)

    def id(self, name: str) -> str:
        """Of a person or a channel."""
        return {**self.slack.workspace.users, **self.slack.workspace.channels}[name]


@asynccontextmanager
async def staged(
    emulated_slack: SlackProxy, engine: AsyncEngine, *, inbox: Inbox | None = None, now: Clock = now
) -> AsyncIterator[Stage]:
    client = AsyncWebClient(token=slack.BOT_TOKEN, base_url=emulated_slack.api, retry_handlers=[])
    meter = PrometheusMeter()
    bolt = CountingApp(meter, client=client, signing_secret=slack.SIGNING_SECRET)
    gateway = SlackGateway(OneToken(slack.BOT_TOKEN), base_url=emulated_slack.api)
    desk, office = FakeDesk(), FakeMessenger()
    inbox = inbox or DatabaseInbox(engine)
    receiver = handler.register(
        bolt, desk, slack=SlackSurfaces(gateway), messenger=office, inbox=inbox, host="github.com", now=now
    )
    async with served(web.application([handler.route(bolt)])) as address, ClientSession() as session:
        office.members = set(emulated_slack.workspace.users.values())
        people = People(emulated_slack, session, address)
        yield Stage(
            slack=emulated_slack,
            people=people,
            desk=desk,
            office=office,
            receiver=receiver,
            inbox=inbox,
            meter=meter,
        )
        await receiver.finish()
