"""Windows: opened before anything is looked up, filled when the answer is there."""

from dataclasses import dataclass, replace
from typing import Final, Self

import structlog

from bot.core.buttons import encode
from bot.core.commands import GiveFeedback, OpenSettings
from bot.core.errors import BotError
from bot.core.language import N_, _, spoken
from bot.core.replies import FeedbackForm, Notice, Reply, SettingsForm
from bot.core.subscriptions import Verdict
from formatters.slack import View, render_view
from handlers.slack.asker import Body, Origin, in_window
from handlers.slack.ports import Slack

#: Views in a stack: https://docs.slack.dev/surfaces/modals#view_stack
DEPTH_MAX: Final = 3
#: Seconds after which Slack has seen an acknowledgement, and does not take it for newer than what comes next.
SETTLES_WITHIN: Final = 0.3
_LOADING: Final = N_("One moment…")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    workspace: str
    id: str
    #: Of the state that it was seen in; None: whatever its state is.
    hash: str | None
    origin: Origin

    @classmethod
    def of(cls, body: Body) -> Self:
        """The one that was clicked in."""
        view = body["view"]
        return cls(workspace=body["team"]["id"], id=view["id"], hash=view["hash"], origin=Origin.of_view(view))

    def showing(self, value: str) -> Self:
        """The same one, which answers that question from now on."""
        return replace(self, origin=replace(self.origin, shows=value, about="", in_place=False))


class Windows:
    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    async def open(self, body: Body, *, shows: str = "") -> Window:
        """A new one that says that it loads, above the one clicked in; in its place where no more fit above it.

        `shows` is the question that it will answer, as a button's value. Raises ViewExpired, ViewConflict.
        """
        origin = Origin.of_click(body, shows=shows)
        if origin.depth > DEPTH_MAX:
            top = Window.of(body)
            return await self.reload(replace(top, origin=replace(origin, depth=top.origin.depth, in_place=True)))
        workspace = body["team_id"] if "command" in body else body["team"]["id"]
        view = await self._slack.open_view(workspace, body["trigger_id"], loading(origin), push=in_window(body))
        return Window(workspace=workspace, id=view["id"], hash=view["hash"], origin=origin)

    async def reload(self, window: Window) -> Window:
        """The same one, which says that it loads. Raises ViewConflict."""
        view = await self._slack.update_view(window.workspace, window.id, loading(window.origin), hash=window.hash)
        return replace(window, hash=view["hash"])

    async def fill(self, window: Window, reply: Reply, note: Notice | None = None) -> None:
        """Shows the reply; a window that was closed or turned on meanwhile stays as it is."""
        view = drawn(window.origin, reply, note)
        try:
            await self._slack.update_view(window.workspace, window.id, view, hash=window.hash)
        except BotError as error:
            log.warning("slack.view_not_updated", error=str(error))


def loading(origin: Origin) -> View:
    return drawn(origin, Notice(text=_(_LOADING)))


def drawn(origin: Origin, reply: Reply, note: Notice | None = None) -> View:
    about = replace(_about(origin, reply), language=spoken())
    return {**render_view(reply, note=note), "private_metadata": about.metadata()}


def _about(origin: Origin, reply: Reply) -> Origin:
    match reply:
        case SettingsForm(terms=terms):
            about = encode(OpenSettings(repo=terms.followed))
            return replace(origin, about=about, shows=origin.shows or about)
        case FeedbackForm(repo=repo, sha=sha):
            return replace(origin, about=encode(GiveFeedback(repo=repo, sha=sha, verdict=Verdict.DOWN)))
        case _:
            return origin
