"""What people do in Slack, told to a meter: when it came, when that was acknowledged, when it was answered."""

from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.core.interactions import arriving
from bot.core.metering import Interaction, Meter
from bot.core.subscriptions import Platform
from handlers.slack.asker import Body
from handlers.slack.mentions import is_from_person


class CountingApp(AsyncApp):
    """Bolt's, through which all requests go, those over HTTP as those of Socket Mode."""

    def __init__(self, meter: Meter, **bolt: Any) -> None:
        super().__init__(**bolt)
        self._meter = meter

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Returns once a listener has acknowledged the request; that goes on answering as a task."""
        with arriving(Platform.SLACK, kind_of(req.body), self._meter):
            return await super().async_dispatch(req)


def kind_of(body: Body) -> Interaction | None:
    """None for what Slack tells us by itself: https://docs.slack.dev/reference/interaction-payloads"""
    if "command" in body:
        return Interaction.COMMAND
    match body.get("type"):
        case "block_actions":
            return Interaction.BUTTON
        case "view_submission":
            return Interaction.FORM
        case "event_callback":
            return _kind_of_event(body.get("event") or {})
        case _:
            return None


def _kind_of_event(event: Body) -> Interaction | None:
    match event.get("type"):
        case "app_mention" if is_from_person(event):
            return Interaction.MENTION
        case "message" if event.get("channel_type") == "im" and is_from_person(event):
            return Interaction.MESSAGE
        case "app_home_opened" if event.get("tab") == "home":
            return Interaction.HOME
        case _:
            return None
