"""Who asks, from the verified request and never from what a button carries."""

from dataclasses import asdict, dataclass, replace
from json import JSONDecodeError, dumps, loads
from typing import Any, Self

from bot.core.asker import Asker
from bot.core.language import Language
from bot.core.subscriptions import Channel, Platform

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a window was opened, and what it shows. Slack keeps it as the window's `private_metadata`.

    A click in a window comes without its channel; this is the channel of the click that opened it.
    """

    #: What the window is drawn in.
    language: Language | None = None
    #: Empty for one that was opened from App Home.
    channel: str = ""
    #: The `ts` of the message to whose thread it belongs; empty where only one person sees that message.
    message: str = ""
    #: Windows below it and itself; Slack stacks three.
    depth: int = 1
    #: The question that the window answers, as a button's value.
    shows: str = ""
    #: Of a form: what it is about, as a button's value.
    about: str = ""
    #: It took the place of another one, which it has to show again.
    in_place: bool = False

    @classmethod
    def of_click(cls, body: Body, *, shows: str) -> Self:
        """Of a window that opens because of this command or click, to answer that question."""
        if in_window(body):
            below = cls.of_view(body["view"])
            return replace(below, depth=below.depth + 1, shows=shows, about="", in_place=False)
        container: Body = body.get("container") or {}
        return cls(channel=_channel(body), message=_thread(container), shows=shows)

    @classmethod
    def of_view(cls, view: Body) -> Self:
        """What is not understood, because another version wrote it, is left out."""
        try:
            kept: Any = loads(view.get("private_metadata") or "{}")
        except JSONDecodeError:
            return cls()
        if not isinstance(kept, dict):
            return cls()
        return cls(**_known(kept))

    def metadata(self) -> str:
        """At most 3,000 characters of JSON: https://docs.slack.dev/reference/views/modal-views"""
        return dumps({name: value for name, value in asdict(self).items() if value}, separators=(",", ":"))


def _known(kept: Body) -> dict[str, Any]:
    texts = {name: kept[name] for name in ("channel", "message", "shows", "about") if isinstance(kept.get(name), str)}
    depth = {"depth": kept["depth"]} if isinstance(kept.get("depth"), int) else {}
    said = next((language for language in Language if language.value == kept.get("language")), None)
    return {**texts, **depth, "language": said, "in_place": kept.get("in_place") is True}


def _thread(container: Body) -> str:
    if container.get("thread_ts"):
        return str(container["thread_ts"])
    return "" if container.get("is_ephemeral") else str(container.get("message_ts") or "")


def _channel(body: Body) -> str:
    return str(body["channel_id"] if "channel_id" in body else (body.get("channel") or {}).get("id", ""))


def in_window(body: Body) -> bool:
    """Whether it was clicked or submitted in a window; App Home is a view too, but none that others stand above."""
    return (body.get("view") or {}).get("type") == "modal"


def asker_of(body: Body) -> Asker:
    """Who types a command, clicks, or submits: https://docs.slack.dev/interactivity/handling-user-interaction"""
    if "command" in body:
        return _asker(body["team_id"], _channel(body), body["user_id"])
    origin = Origin.of_view(body["view"]) if in_window(body) else Origin()
    return _asker(body["team"]["id"], _channel(body) or origin.channel, body["user"]["id"], origin.language)


def asker_of_event(body: Body) -> Asker:
    """Who mentions us, writes to us, or looks at App Home: https://docs.slack.dev/apis/events-api"""
    event: Body = body["event"]
    channel = "" if event["type"] == "app_home_opened" else event["channel"]
    return _asker(body["team_id"], channel, event["user"])


def _asker(workspace: str, channel: str, user: str, language: Language | None = None) -> Asker:
    here = Channel(platform=Platform.SLACK, workspace=workspace, id=channel)
    return Asker(channel=here, user=user, language=language)
