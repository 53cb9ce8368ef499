"""What is said in the console's channels: kept, so that who reloads the page, or opens it tomorrow, sees it again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from bot.core.ports import Attachment
from bot.core.subscriptions import Channel, Platform

#: All channels of the console belong to whoever sits at this machine, who is its only person.
WORKSPACE: Final = "console"
PERSON: Final = "you"
#: The conversation with the bot alone; all others are channels.
DIRECT: Final = "@you"
GENERAL: Final = "general"


def channel(name: str) -> Channel:
    return Channel(platform=Platform.CONSOLE, workspace=WORKSPACE, id=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A reply as it is shown, and what would be sent to chat platforms."""

    #: A part of a page, made by `formatters.html.console`.
    html: str = ""
    #: JSON arrays of Slack's messages or views, and of Feishu's cards: the message, and what stands below it.
    slack: str = "[]"
    feishu: str = "[]"
    #: Of a form: the question whose answer it is, as `bot.core.buttons.encode` makes it.
    shows: str = ""
    #: A digest, about which questions can be asked.
    is_digest: bool = False
    #: What opens in a window elsewhere; what is asked in it takes its place.
    is_window: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What somebody says."""

    #: Empty for the bot.
    author: str = ""
    #: What a person typed.
    text: str = ""
    drawing: Drawing = field(default_factory=Drawing)
    attachment: Attachment | None = None
    #: On chat platforms, only the person who asked would see it.
    is_private: bool = False
    #: The message in whose thread it stands.
    thread: int | None = None
    #: Of what must be said once.
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An utterance in its place."""

    id: int
    channel: str
    utterance: Utterance
    at: datetime
    #: Grows with everything that is said or changed anywhere.
    version: int


class Conversations(Protocol):
    """Of each channel, the newest `KEPT` messages."""

    async def say(self, channel: str, utterance: Utterance, at: datetime) -> Said:
        """Adds it; what has been said with the same key in this channel is returned instead."""
        ...

    async def change(self, channel: str, number: int, utterance: Utterance) -> Said | None:
        """Puts it in the place of another one, which keeps its key, thread and time; None if that is gone."""
        ...

    async def find(self, channel: str, *, key: str) -> Said | None: ...

    async def by_id(self, channel: str, number: int) -> Said | None:
        """None if it is not in this channel."""
        ...

    async def since(self, channel: str, version: int) -> Sequence[Said]:
        """What was said or changed after that version, in the order in which it was said."""
        ...

    async def channels(self) -> Sequence[str]:
        """In which something was said, by name."""
        ...
