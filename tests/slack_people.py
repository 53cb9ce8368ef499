"""People in an emulated Slack workspace who type, click, fill in forms and write to a bot that is served over HTTP."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from aiohttp import ClientSession

from handlers.slack import COMMAND, PATH
from tests.counterparts import slack_events
from tests.counterparts.slack import SlackProxy
from tests.counterparts.slack_inbound import JSON, click, closing, signed, slash_command, submission

#: Seconds within which an answer has to show up in a test.
PATIENCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    status: int
    #: From the request to its answer.
    seconds: float
    body: str = ""


class People:
    """`async with` a client session: `bot` is the address of the bot under test."""

    def __init__(self, slack: SlackProxy, session: ClientSession, bot: str) -> None:
        self._slack = slack
        self._session = session
        self._bot = bot

    async def type(self, text: str, *, channel: str = "general", user: str = "alice", answers: int = 1) -> list[Any]:
        """Types the command; what the bot answered by response_url, once so many answers are there."""
        url = self._response_url(channel)
        acknowledged = await self.send(await self.typed(text, url=url, channel=channel, user=user))
        assert acknowledged.status == 200
        return await self.answers(url, answers)

    async def answers(self, url: str, number: int = 1) -> list[Any]:
        """What the bot answered at a response_url, once so many answers are there."""

        async def answered() -> list[Any]:
            responses = self._slack.responses(url)
            return responses if len(responses) >= number else []

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
        channel: str = "general",
        user: str = "alice",
        ephemeral: bool = False,
        values: Mapping[str, Any] | None = None,
    ) -> tuple[Acknowledgement, str]:
        """Uses an element of a message, a modal or a Home; the acknowledgement and the click's response_url.

        `button` is the element, with what was chosen in it; `ephemeral` is an answer that only the user sees.
        """
        original = {**message, "is_ephemeral": ephemeral} if message else {"is_ephemeral": True} if ephemeral else None
        url = self._response_url(channel, original)
        body = click(
            self._slack.workspace,
            button,
            response_url=url,
            trigger_id=trigger_id or await self._slack.trigger_id(user, view_id=view["id"] if view else None),
            message=message,
            view=view,
            channel=channel,
            user=user,
            ephemeral=ephemeral,
            values=values,
        )
        return await self.send(body), url

    async def submit(
        self, view: Mapping[str, Any], values: Mapping[str, Any], *, user: str = "alice"
    ) -> tuple[Acknowledgement, dict[str, Any]]:
        """Sends a modal with these values, by block_id and action_id.

        The acknowledgement and what is in it: empty, or a `response_action` with `errors` or a view, which is shown.
        """
        trigger = await self._slack.trigger_id(user, view_id=view["id"])
        acknowledged = await self.send(submission(self._slack.workspace, view, values, trigger_id=trigger, user=user))
        said = json.loads(acknowledged.body or "{}")
        if acknowledged.status == 200:
            await self._slack.acknowledge(view, said, user)
        return acknowledged, said

    async def close(self, view: Mapping[str, Any], *, user: str = "alice") -> Acknowledgement:
        return await self.send(closing(self._slack.workspace, view, user=user))

    # Events.

    async def mention(
        self, text: str, *, thread: str | None = None, channel: str = "general", user: str = "alice"
    ) -> Acknowledgement:
        """Writes `@bot text` in a channel, or in the thread of a message (ts); it stands in the history then."""
        where = self._slack.workspace.channels.get(channel, channel)
        ts = await self._slack.say(f"<@{self._slack.workspace.bot_user_id}> {text}", where, thread_ts=thread)
        event = slack_events.app_mention(self._slack.workspace, text, user=user, channel=where, ts=ts, thread_ts=thread)
        return await self.event(event)

    async def direct(self, text: str, *, thread: str | None = None, user: str = "alice") -> Acknowledgement:
        """Writes to the bot in the direct channel with it."""
        where = await self._slack.direct_channel(user)
        event = slack_events.direct_message(
            self._slack.workspace, text, user=user, channel=where, ts=f"{time.time():.6f}", thread_ts=thread
        )
        return await self.event(event)

    async def open_home(self, *, user: str = "alice", tab: str = "home") -> Acknowledgement:
        """Opens the app's Home, or its `messages`."""
        where = await self._slack.direct_channel(user)
        known = self._slack.homes.get(self._slack.workspace.users[user])
        return await self.event(
            slack_events.app_home_opened(self._slack.workspace, user=user, channel=where, tab=tab, view=known)
        )

    async def event(
        self, event: Mapping[str, Any], *, event_id: str | None = None, retry: int | None = None
    ) -> Acknowledgement:
        """Slack tells the bot of an event, for the first time or as the `retry`-th time again."""
        body = slack_events.envelope(self._slack.workspace, event, event_id=event_id)
        headers = signed(body, self._slack.workspace.signing_secret, content_type=JSON)
        return await self.send(body, headers | (slack_events.retried(retry) if retry else {}))

    async def send(self, body: str, headers: Mapping[str, str] | None = None) -> Acknowledgement:
        began = perf_counter()
        headers = signed(body, self._slack.workspace.signing_secret) if headers is None else headers
        async with self._session.post(self._bot + PATH, data=body.encode(), headers=headers) as answer:
            text = await answer.text()
            return Acknowledgement(status=answer.status, seconds=perf_counter() - began, body=text)

    def _response_url(self, channel: str, original: Mapping[str, Any] | None = None) -> str:
        return self._slack.response_url(channel=self._slack.workspace.channels.get(channel, channel), original=original)

    async def sees(self, *words: str) -> dict[str, Any]:
        """The newest view, once it shows all of these words."""

        async def showing() -> dict[str, Any] | None:
            views = list(self._slack.views.values())
            return next((view for view in views[-1:] if all(word in "\n".join(texts(view)) for word in words)), None)

        return await eventually(showing)

    async def sees_home(self, *words: str, user: str = "alice") -> dict[str, Any]:
        """A person's Home, once it shows all of these words."""

        async def showing() -> dict[str, Any] | None:
            home = self._slack.homes.get(self._slack.workspace.users[user])
            return home if home and all(word in "\n".join(texts(home)) for word in words) else None

        return await eventually(showing)

    async def hears(self, number: int = 1, *, channel: str = "general", thread: str) -> list[dict[str, Any]]:
        """The bot's replies in a thread, once there are so many."""

        async def replied() -> list[dict[str, Any]]:
            _, *replies = await self._slack.thread(channel, thread)
            own = [reply for reply in replies if reply["user"] == self._slack.workspace.bot_user_id]
            return own if len(own) >= number else []

        return await eventually(replied)


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


async def eventually(look: Callable[[], Awaitable[Any]], patience: float = PATIENCE) -> Any:
    """What `look` finds, once it finds something."""
    async with asyncio.timeout(patience):
        while not (found := await look()):
            await asyncio.sleep(0.01)
    return found
