"""What handlers need of Feishu's API."""

from typing import Protocol

from bot.core.ports import Attachment
from bot.core.replies import Notice, Reply


class Feishu(Protocol):
    """Each method raises CredentialsRejected, PlatformUnavailable and MessageRejected as well.

    `key` names a message: within an hour, Feishu makes no second one of the same key.
    """

    async def us(self) -> str:
        """Our own `open_id`, by which people mention us; asked for once."""
        ...

    async def is_direct(self, chat: str) -> bool:
        """Whether the chat (`oc_…`) is the conversation of one person with us, which a click does not say.

        That never changes, so a chat is asked for once. Raises ChannelGone.
        """
        ...

    async def reply(self, message: str, reply: Reply, *, chat: str, key: str, in_thread: bool = False) -> str:
        """Answers a message, in the topic that it stands in; with `in_thread`, in one that it opens.

        `chat` is the channel's id, since a chat takes no more than so many messages a second.
        What does not fit into one message follows in the same place. The id (`om_…`) of the first one.
        Raises MessageGone, ChannelGone.
        """
        ...

    async def reply_with_file(
        self, message: str, attachment: Attachment, *, chat: str, key: str, in_thread: bool = False
    ) -> None: ...

    async def write(self, person: str, reply: Reply, *, key: str) -> str:
        """A direct message to that `open_id`; its id. Raises ChannelGone."""
        ...

    async def update(self, message: str, reply: Reply, *, note: Notice | None = None, key: str = "") -> None:
        """Puts the reply in the place of a card of ours, `note` above it. Raises MessageGone.

        With a `key`, the card is surely not one that a delivery looks for. Without it, it might be.
        """
        ...
