"""The server process of one emulated workspace, and what happens there without the app: people join, talk and read."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.counterparts import node, processes
from tests.counterparts.proxies import Proxy, Upstream
from tests.counterparts.slack_workspaces import (
    ATTIC,
    MANAGER_TOKEN,
    PEOPLE,
    READER_TOKEN,
    Ids,
    Tenant,
    Workspace,
    seed,
    tenant,
)

HISTORY_MAX = 1000


class EmulatedSlack:
    """The server process. Everything is done through a `SlackProxy`."""

    def __init__(self, announced: dict[str, Any], number: int = 1) -> None:
        self.url = f"http://127.0.0.1:{announced['port']}"
        self.advertised: str = announced["advertised"]
        self.tenant: Tenant = tenant(number)
        self._control: int = announced["control"]

    def reset(self) -> None:
        """As it was at the start: no messages, no views, and other ids of channels and people."""
        processes.post(self._control, "/reset")


@contextmanager
def serving(number: int = 1) -> Iterator[EmulatedSlack]:
    """Workspace 1, 2, …"""
    arguments = json.dumps({"service": "slack", "seed": {"slack": seed(tenant(number))}})
    with processes.running([node.binary(), "emulate_server.mjs", arguments], cwd=node.HERE) as announced:
        yield EmulatedSlack(announced, number)


class WorkspaceProxy(Proxy):
    """In front of the server; nothing that is asked here is counted or fails."""

    #: After `furnish`.
    workspace: Workspace

    def __init__(self, slack: EmulatedSlack) -> None:
        super().__init__(slack.url, advertised=slack.advertised)
        self.slack = slack
        self.tenant = slack.tenant
        self.ids = Ids(self.tenant)

    async def furnish(self) -> None:
        """Invite the bot and everyone to general and random, archive the attic, and learn the ids."""
        people = await self.do("users.list", {})
        users = {member["name"]: member["id"] for member in people["members"]}
        listed = await self.do("conversations.list", {"types": "public_channel,private_channel"})
        channels = {channel["name"]: channel["id"] for channel in listed["channels"]}
        self.workspace = Workspace(
            channels=channels,
            users=users,
            team_id=self.tenant.team_id,
            team_domain=self.tenant.domain,
            bot_id=self.tenant.bot_id,
            bot_user_id=self.tenant.bot_user_id,
            bot_token=self.tenant.bot_token,
        )
        await self.invite(ATTIC)
        await self.archive(ATTIC)
        for name in ("general", "random"):
            await self.invite(name, self.tenant.bot_user_id, *(users[person] for person in PEOPLE))

    async def trigger_id(self, user: str = "alice", view_id: str | None = None) -> str:
        """A trigger as a user's click makes it: for one view, within 3 seconds. `view_id` is where the click was."""
        arguments = {"user_id": self.workspace.users[user]}
        if view_id is not None:
            arguments["view_id"] = view_id
        # Whoever the app's newest token belongs to may use it.
        return (await self.do("views.generateTriggerId", arguments, token=self.tenant.bot_token))["trigger_id"]

    async def history(self, channel: str = "general") -> list[dict[str, Any]]:
        """All messages of a channel (name or id), newest first, with metadata."""
        where = self.workspace.channels.get(channel, channel)
        arguments = {"channel": where, "limit": HISTORY_MAX}
        found = await self.do("conversations.history", arguments, token=READER_TOKEN)
        # Invitations and the like are messages too.
        return [message for message in found["messages"] if message.get("subtype") in {None, "file_share"}]

    async def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """A message and its replies, oldest first."""
        where = self.workspace.channels.get(channel, channel)
        arguments = {"channel": where, "ts": ts}
        return (await self.do("conversations.replies", arguments, token=READER_TOKEN))["messages"]

    async def say(self, text: str, channel: str, *, thread_ts: str | None = None) -> str:
        """Somebody writes in a channel (name or id); the ts of the message. It is the workspace's first person."""
        where = {"channel": self.workspace.channels.get(channel, channel)}
        if thread_ts is not None:
            where["thread_ts"] = thread_ts
        return (await self.do("chat.postMessage", {**where, "text": text}))["ts"]

    async def direct_channel(self, user: str = "alice") -> str:
        """The id of the bot's direct channel with a person."""
        arguments = {"users": self.workspace.users[user]}
        return (await self.do("conversations.open", arguments, token=READER_TOKEN))["channel"]["id"]

    async def content(self, file: Mapping[str, Any]) -> bytes:
        """What is in a file of a message."""
        path = file["url_private"].removeprefix(self.url)
        answer = await self.ask("GET", path, headers={"Authorization": f"Bearer {READER_TOKEN}"})
        return answer.body

    async def invite(self, channel: str, *people: str) -> None:
        """Users (ids; the bot if nobody is named) join a channel (name or id)."""
        where = self.workspace.channels.get(channel, channel)
        users = ",".join(people or (self.tenant.bot_user_id,))
        await self.do("conversations.invite", {"channel": where, "users": users})

    async def remove(self, channel: str) -> None:
        """The bot is removed from a channel (name or id)."""
        where = self.workspace.channels.get(channel, channel)
        await self.do("conversations.kick", {"channel": where, "user": self.tenant.bot_user_id})

    async def archive(self, channel: str) -> None:
        await self.do("conversations.archive", {"channel": self.workspace.channels.get(channel, channel)})

    async def unarchive(self, channel: str) -> None:
        await self.do("conversations.unarchive", {"channel": self.workspace.channels.get(channel, channel)})

    async def ask(self, method: str, path: str, *, headers: Mapping[str, str], **arguments: Any) -> Upstream:
        answer = await super().ask(method, path, headers=headers, **arguments)
        if path.startswith(("/upload/", "/files-pri/")):
            return answer
        return Upstream(status=answer.status, headers=answer.headers, body=self.ids.outward(answer.body))

    async def do(self, method: str, arguments: dict[str, Any], *, token: str = MANAGER_TOKEN) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.ask("POST", f"/api/{method}", headers=headers, json=self.ids.inward(arguments))
        said = json.loads(answer.body)
        if not said["ok"]:
            raise RuntimeError(f"{method}: {said}")
        return said
