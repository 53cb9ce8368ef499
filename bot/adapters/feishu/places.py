"""Where a message goes, and under which name, so that Feishu makes it once."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from bot.adapters.feishu.failures import ThreadRefused, part_of
from bot.adapters.feishu.gateway import REPLY, SEND, FeishuGateway
from bot.adapters.feishu.marks import mark_of, marked
from formatters.feishu.cards import written

#: Characters of a `uuid`: https://open.feishu.cn/document/server-docs/im-v1/message/create
UUID_MAX: Final = 50
#: A person's id begins so, a group's with `oc_`: https://open.feishu.cn/document/home/user-identity-introduction/open-id
PERSON: Final = "ou_"


@dataclass(frozen=True, slots=True, kw_only=True)
class In:
    """A group (`oc_…`), or the conversation with a person (`ou_…`)."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """An answer to a message (`om_…`): in its topic if it stands in one, else in one that is opened, or beside it."""

    message: str
    #: The id of where the message stands, as in `In`: what is sent there is counted together.
    where: str
    in_thread: bool = False


Place = In | Below


def uuid_of(app_id: str, place: str, key: str, part: int = 0) -> str:
    """The same for the same, whatever is in `key`; `part` counts the messages of one reply."""
    named = json.dumps([app_id, place, key, part]).encode()
    return sha256(named).hexdigest()[:UUID_MAX]


async def put(gateway: FeishuGateway, place: Place, kind: str, content: Mapping[str, Any], *, uuid: str) -> str:
    """The id (`om_…`) of the message; without threads it answers plainly. Raises what the gateway raises.

    A card carries a mark of the `uuid`, by which it is found again when Feishu has forgotten that.
    """
    sent = marked(content, mark_of(uuid)) if kind == "interactive" else content
    message = {"msg_type": kind, "content": written(sent), "uuid": uuid}
    match place:
        case In(id=id):
            query = {"receive_id_type": "open_id" if id.startswith(PERSON) else "chat_id"}
            answer = await gateway.call(SEND, query=query, body={"receive_id": id, **message}, whom=id)
        case Below():
            answer = await _answered(gateway, place, message)
    return str(part_of(answer, "data", "message_id"))


async def _answered(gateway: FeishuGateway, place: Below, message: Mapping[str, Any]) -> dict[str, Any]:
    async def answer(*, in_thread: bool) -> dict[str, Any]:
        path, body = {"message_id": place.message}, {**message, "reply_in_thread": in_thread}
        return await gateway.call(REPLY, path=path, body=body, whom=place.where)

    if place.in_thread:
        with suppress(ThreadRefused):
            return await answer(in_thread=True)
    return await answer(in_thread=False)
