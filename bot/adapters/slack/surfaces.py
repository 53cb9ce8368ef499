"""Windows, App Home, and messages to a person who has asked something."""

from typing import Any

from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.ladder import send
from bot.core.replies import Reply
from formatters.slack import View, ladder

#: Of a message whose links nobody asked to see more of.
_QUIET = {"unfurl_links": False, "unfurl_media": False}


class SlackSurfaces:
    """Implements `handlers.slack.ports.Slack`."""

    def __init__(self, gateway: SlackGateway) -> None:
        self._gateway = gateway

    async def open_view(self, workspace: str, trigger_id: str, view: View, *, push: bool = False) -> dict[str, Any]:
        method = "views.push" if push else "views.open"
        answer = await self._gateway.call(workspace, method, trigger_id=trigger_id, view=view)
        return _view(answer)

    async def update_view(
        self,
        workspace: str,
        view_id: str,
        view: View,
        *,
        hash: str | None,  # noqa: A002 - Slack's name for it
    ) -> dict[str, Any]:
        return _view(await self._gateway.call(workspace, "views.update", view_id=view_id, view=view, hash=hash))

    async def publish_home(
        self,
        workspace: str,
        user: str,
        view: View,
        *,
        hash: str | None = None,  # noqa: A002
    ) -> None:
        await self._gateway.call(workspace, "views.publish", user_id=user, view=view, hash=hash)

    async def post(self, workspace: str, channel: str, reply: Reply, *, thread: str | None = None) -> str:
        where = {"channel": channel, "thread_ts": thread, **_QUIET}
        return await send(self._gateway, workspace, "chat.postMessage", ladder(reply), where)

    async def update(self, workspace: str, channel: str, ts: str, reply: Reply) -> None:
        await send(self._gateway, workspace, "chat.update", ladder(reply), {"channel": channel, "ts": ts})

    async def post_privately(
        self, workspace: str, channel: str, user: str, reply: Reply, *, thread: str | None = None
    ) -> None:
        where = {"channel": channel, "user": user, "thread_ts": thread}
        await send(self._gateway, workspace, "chat.postEphemeral", ladder(reply), where)


def _view(answer: Any) -> dict[str, Any]:
    return answer["view"]
