"""People in an emulated Slack workspace who type commands and click buttons of a bot that is served over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from aiohttp import ClientSession

from handlers.slack import COMMAND, PATH
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_inbound import click, signed, slash_command

#: Seconds within which an answer has to show up in a test.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    status: int
    #: From the request to its answer.
    seconds: float


class People:
    """`async with` a client session: `bot` is the address of the bot under test."""

    def __init__(self, slack: SlackProxy, session: ClientSession, bot: str) -> None:
        self._slack = slack
        self._session = session
        self._bot = bot

    async def type(self, text: str, *, channel: str = "general", user: str = "alice", answers: int = 1) -> list[Any]:
        """Types the command; what the bot answered by response_url, once so many answers are there."""
        url = self._slack.response_url()
        acknowledged = await self.send(await self.typed(text, url=url, channel=channel, user=user))
        assert acknowledged.status == 200

        async def answered() -> list[Any]:
            responses = self._slack.responses(url)
            return responses if len(responses) >= answers else []

        return await eventually(answered)

    async def typed(self, text: str, *, url: str, channel: str = "general", user: str = "alice") -> str:
        return slash_command(
            self._slack.workspace,
            text,
            response_url=url,
            trigger_id=await self._slack.trigger_id(user),
            command=COMMAND,
            user=user,
            channel=channel,
        )

    async def click(
        self,
        button: Mapping[str, Any],
        *,
        message: Mapping[str, Any] | None = None,
        view: Mapping[str, Any] | None = None,
        trigger_id: str | None = None,
    ) -> tuple[Acknowledgement, str]:
        """Clicks a button of a message or a view; the acknowledgement and the click's response_url."""
        url = self._slack.response_url()
        trigger = trigger_id or await self._slack.trigger_id(view_id=view["id"] if view else None)
        body = click(self._slack.workspace, button, response_url=url, trigger_id=trigger, message=message, view=view)
        return await self.send(body), url

    async def send(self, body: str, headers: Mapping[str, str] | None = None) -> Acknowledgement:
        began = perf_counter()
        headers = signed(body, self._slack.workspace.signing_secret) if headers is None else headers
        async with self._session.post(self._bot + PATH, data=body, headers=headers) as answer:
            await answer.read()
            return Acknowledgement(status=answer.status, seconds=perf_counter() - began)

    async def sees(self, *words: str) -> dict[str, Any]:
        """The newest view, once it shows all of these words."""

        async def showing() -> dict[str, Any] | None:
            views = list(self._slack.views.values())
            return next((view for view in views[-1:] if all(word in "\n".join(texts(view)) for word in words)), None)

        return await eventually(showing)


def texts(value: Any) -> Iterator[str]:
    """Every text that a payload shows to people."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            if name == "text" and isinstance(member, str):
                yield member
            else:
                yield from texts(member)
    elif isinstance(value, list):
        for member in value:
            yield from texts(member)


def buttons(value: Any, action: str) -> list[dict[str, Any]]:
    """The buttons of a payload whose action_id begins so."""
    if isinstance(value, Mapping):
        own = [dict(value)] if value.get("type") == "button" and value["action_id"].startswith(action) else []
        return own + [button for member in value.values() for button in buttons(member, action)]
    if isinstance(value, list):
        return [button for member in value for button in buttons(member, action)]
    return []


async def eventually(look: Callable[[], Awaitable[Any]]) -> Any:
    """What `look` finds, once it finds something."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await look()):
            await asyncio.sleep(0.01)
    return found
