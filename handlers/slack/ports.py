"""What handlers need of Slack's Web API."""

from typing import Any, Protocol

from bot.core.replies import Reply
from formatters.slack import View


class Slack(Protocol):
    """Slack's Web API in any workspace; each method raises CredentialsRejected and PlatformUnavailable as well."""

    async def open_view(self, workspace: str, trigger_id: str, view: View, *, push: bool = False) -> dict[str, Any]:
        """The view as Slack keeps it, with its id and hash. `push` puts it above the one clicked in, of at most three.

        Raises ViewExpired: a trigger lives for 3 s.
        """
        ...

    async def update_view(
        self,
        workspace: str,
        view_id: str,
        view: View,
        *,
        hash: str | None,  # noqa: A002 - Slack's name for it
    ) -> dict[str, Any]:
        """As `open_view`. Raises ViewConflict if the view was closed, or changed since it had that hash."""
        ...

    async def publish_home(
        self,
        workspace: str,
        user: str,
        view: View,
        *,
        hash: str | None = None,  # noqa: A002
    ) -> None: ...

    async def post(self, workspace: str, channel: str, reply: Reply, *, thread: str | None = None) -> str:
        """The `ts` of the message; `channel` may be a person's id. Raises ChannelGone."""
        ...

    async def update(self, workspace: str, channel: str, ts: str, reply: Reply) -> None: ...

    async def post_privately(
        self, workspace: str, channel: str, user: str, reply: Reply, *, thread: str | None = None
    ) -> None:
        """For one person of a channel to see. Raises ChannelGone where the bot or the person is not in it."""
        ...
