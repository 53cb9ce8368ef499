"""Answers to messages, messages to a person, cards that change, and who we are to people."""

from itertools import chain

from bot.adapters.feishu.chats import is_conversation
from bot.adapters.feishu.files import send_file
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.identity import own_open_id
from bot.adapters.feishu.ladder import fit, replace, send
from bot.adapters.feishu.places import Below, In, uuid_of
from bot.core.ports import Attachment
from bot.core.replies import Notice, Reply
from formatters.feishu import FeishuMessage, card, ladder


class FeishuSurfaces:
    """Implements `handlers.feishu.ports.Feishu`."""

    def __init__(self, gateway: FeishuGateway) -> None:
        self._gateway = gateway
        self._us = ""
        #: What never changes of a chat, by its id.
        self._direct: dict[str, bool] = {}

    async def us(self) -> str:
        if not self._us:
            self._us = await own_open_id(self._gateway)
        return self._us

    async def is_direct(self, chat: str) -> bool:
        if chat not in self._direct:
            self._direct[chat] = await is_conversation(self._gateway, chat)
        return self._direct[chat]

    async def reply(self, message: str, reply: Reply, *, chat: str, key: str, in_thread: bool = False) -> str:
        below = Below(message=message, in_thread=in_thread, where=chat)
        return await send(self._gateway, below, reply, key=key)

    async def reply_with_file(
        self, message: str, attachment: Attachment, *, chat: str, key: str, in_thread: bool = False
    ) -> None:
        below = Below(message=message, in_thread=in_thread, where=chat)
        await send_file(self._gateway, below, attachment, uuid=uuid_of(self._gateway.app_id, message, key))

    async def write(self, person: str, reply: Reply, *, key: str) -> str:
        return await send(self._gateway, In(id=person), reply, key=key)

    async def update(self, message: str, reply: Reply, *, note: Notice | None = None, key: str = "") -> None:
        """Where Feishu refuses the card with the note, the reply alone takes its place."""
        uuid = uuid_of(self._gateway.app_id, message, key) if key else ""
        noted: FeishuMessage = {"msg_type": "interactive", "content": card(reply, note=note)}
        cards = fit(chain([noted], ladder(reply)) if note else ladder(reply))
        await replace(self._gateway, message, cards, uuid=uuid)
