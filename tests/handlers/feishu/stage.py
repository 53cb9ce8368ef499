"""A bot over a desk that says what a test tells it to, in a fake of Feishu."""

import html
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.database.inbox import DatabaseInbox
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.messenger import FeishuMessenger
from bot.adapters.feishu.surfaces import FeishuSurfaces
from bot.adapters.prometheus import PrometheusMeter
from bot.core.asker import Asker
from bot.core.commands import Question
from bot.core.subscriptions import Channel, Platform
from formatters.feishu.values import Act, value
from handlers import feishu as handler
from tests.counterparts.feishu import APP_ID, APP_SECRET, Event, FakeFeishu, Posted
from tests.handlers.stages import FakeDesk

NOTHING: Mapping[str, Any] = {}
_port: type[handler.Feishu] = FeishuSurfaces


@dataclass(slots=True, kw_only=True)
class Stage:
    feishu: FakeFeishu
    desk: FakeDesk
    receiver: handler.Receiver
    subscriptions: DatabaseSubscriptions
    inbox: DatabaseInbox
    gateway: FeishuGateway
    #: A group with alice, bob and the bot.
    group: str
    meter: PrometheusMeter = field(default_factory=PrometheusMeter)

    def asker(self, where: str, user: str = "alice") -> Asker:
        channel = Channel(platform=Platform.FEISHU, workspace=self.feishu.tenant, id=where)
        return Asker(channel=channel, user=self.id(user))

    def id(self, user: str) -> str:
        return self.feishu.person(user).open_id

    def process(self) -> handler.Receiver:
        """Another one of the same bot."""
        return handler.register(
            self.desk,
            feishu=FeishuSurfaces(self.gateway),
            messenger=FeishuMessenger(self.gateway, now=self.feishu.now),
            subscriptions=self.subscriptions,
            inbox=self.inbox,
            host="github.com",
            now=self.feishu.now,
            meter=self.meter,
        )

    # What people do, until it is answered

    async def says(self, text: str, **how: Any) -> tuple[Event, list[Posted]]:
        """The event, and what the bot has posted since."""
        before = set(self.feishu.messages)
        event = await self.feishu.says(text, **{"chat": self.group, **how})
        return event, await self._posted(before)

    async def clicks(
        self, card: Posted, question: Any, act: Act = Act.ASK, **how: Any
    ) -> tuple[dict[str, Any], list[Posted]]:
        """The answer, and what the bot has posted since. `question` is one, or what a button has as its value."""
        before = set(self.feishu.messages)
        shows = how.pop("shows", None)
        pressed = question if isinstance(question, dict) else value(question, act, shows=shows)
        answer = await self.feishu.clicks(card, pressed, **how)
        return answer, await self._posted(before)

    async def _posted(self, before: set[str]) -> list[Posted]:
        await self.receiver.finish()
        assert self.feishu.raised == []
        return [message for message in self.feishu.messages.values() if message.id not in before]

    def card(self, *buttons: Question | dict[str, str], chat: str = "", fields: Mapping[str, Any] = NOTHING) -> Posted:
        """A card of the bot's with these buttons, and in a form if it has fields, as it may stand there for months."""
        elements = [_button(each if isinstance(each, dict) else value(each)) for each in buttons]
        if fields:
            inputs = [{"tag": "input", "name": name} for name in fields]
            elements = [{"tag": "form", "name": "form", "elements": [*inputs, *elements]}]
        card = {"schema": "2.0", "config": {"summary": {"content": "A card"}}, "body": {"elements": elements}}
        where = chat or self.group
        id = f"om_{len(self.feishu.messages)}"  # noqa: A001 - as the tenant calls it
        made = Posted(id=id, chat=where, msg_type="interactive", content=card, created=self.feishu.now(), sender=APP_ID)
        self.feishu.messages[id] = made
        return made


def _button(carried: dict[str, Any]) -> dict[str, Any]:
    text = {"tag": "plain_text", "content": carried["question"]}
    return {"tag": "button", "text": text, "behaviors": [{"type": "callback", "value": carried}]}


def words(content: Any) -> str:
    """All that is said in a message."""
    return html.unescape("\n".join(_texts(content)))


def _texts(content: Any) -> Iterator[str]:
    match content:
        case {**inner}:
            for name, each in inner.items():
                if name in {"content", "text"} and isinstance(each, str):
                    yield each
                else:
                    yield from _texts(each)
        case [*inner]:
            for each in inner:
                yield from _texts(each)
        case _:
            pass


@asynccontextmanager
async def staged(feishu: FakeFeishu, engine: AsyncEngine) -> AsyncIterator[Stage]:
    gateway = FeishuGateway(APP_ID, APP_SECRET, feishu.url)
    async with gateway.connected():
        stage = Stage(
            feishu=feishu,
            desk=FakeDesk(),
            receiver=None,  # pyright: ignore[reportArgumentType] - made of the rest
            subscriptions=DatabaseSubscriptions(engine),
            inbox=DatabaseInbox(engine),
            gateway=gateway,
            group=feishu.chat("team", members=["alice", "bob"]),
        )
        stage.receiver = stage.process()
        feishu.listen(stage.receiver.receive)
        yield stage
        await stage.receiver.finish()
