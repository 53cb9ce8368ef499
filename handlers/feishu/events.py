"""What Feishu tells us, decoded from events that are verified already. What is none of ours, or malformed, is nothing.

https://open.feishu.cn/document/ukTMukTMukTM/uUTNz4SN1MjL1UzM
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel, StringConstraints, ValidationError, model_validator

from bot.core.asker import Asker
from bot.core.days import parse_zone
from bot.core.errors import BotError
from bot.core.language import N_
from bot.core.metering import Interaction
from bot.core.subscriptions import Channel, Platform
from formatters.feishu.values import Pressed, pressed
from handlers.feishu.text import Mention, written

MESSAGE: Final = "im.message.receive_v1"
CLICK: Final = "card.action.trigger"
MENU: Final = "application.bot.menu_v6"
ENTERED: Final = "im.chat.access_event.bot_p2p_chat_entered_v1"
ADDED: Final = "im.chat.member.bot.added_v1"
#: After which nothing can be posted in the group.
ENDS: Final = {
    "im.chat.member.bot.deleted_v1": N_("I was removed from the group. Add me in its settings to go on."),
    "im.chat.disbanded_v1": N_("The group was dissolved."),
}
#: Of no consequence: names of groups are not stored, and what people do with messages is theirs.
IGNORED: Final = frozenset(
    {
        "im.chat.updated_v1",
        "im.message.recalled_v1",
        "im.message.message_read_v1",
        "im.message.reaction.created_v1",
        "im.message.reaction.deleted_v1",
    }
)
#: All that the app has to be subscribed to, beside clicks. What is not acknowledged comes again.
KNOWN: Final = frozenset({MESSAGE, MENU, ENTERED, ADDED, *ENDS, *IGNORED})

#: The `chat_type` of a conversation of one person with us.
_DIRECT: Final = "p2p"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a person wrote to us: in a group with our mention in it, or to us alone."""

    #: The event's id.
    event: str
    at: datetime | None
    #: Its own id, `om_…`.
    id: str
    asker: Asker
    #: Without our mention, and with names in place of others.
    text: str
    #: The messages that it answers, the nearest first; none if it begins a conversation.
    above: tuple[str, ...]
    #: Of another organisation, in a group that several share.
    is_guest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuKey:
    """An entry of the bot's menu, which stands in the conversation with one person."""

    event: str
    at: datetime | None
    asker: Asker
    #: The text of a command.
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """Somebody opens the conversation with us for the first time."""

    event: str
    at: datetime | None
    asker: Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """We are in the group from now on, or again."""

    event: str
    at: datetime | None
    asker: Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Nothing can be posted in the group any more."""

    event: str
    at: datetime | None
    channel: Channel
    #: A sentence that is in the catalogues.
    reason: str


Happened = Message | MenuKey | Entered | Added | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-callback-communication"""

    event: str
    workspace: str
    person: str
    #: Where the card stands; the chat of one person with us has an `oc_…` here, too.
    message: str
    chat: str
    #: None for what is none of ours.
    pressed: Pressed | None
    #: What was entered into the form around the button, by the names of its fields.
    values: Mapping[str, Any]
    zone: ZoneInfo | None
    is_guest: bool


def type_of(event: Mapping[str, Any]) -> str:
    """Such as `im.message.receive_v1`; empty for what is no event."""
    header = event.get("header")
    kind = header.get("event_type") if isinstance(header, Mapping) else None
    return kind if isinstance(kind, str) else ""


def message_kind(event: Mapping[str, Any]) -> Interaction:
    body = event.get("event")
    message = body.get("message") if isinstance(body, Mapping) else None
    chat = message.get("chat_type") if isinstance(message, Mapping) else None
    return Interaction.MESSAGE if chat == _DIRECT else Interaction.MENTION


def decode(event: Mapping[str, Any], *, us: str) -> Happened | None:
    """What has happened that is worth dealing with; `us` is our own `open_id`, by which people mention us."""
    kind = type_of(event)
    try:
        return _decoded(kind, _Header.model_validate(event.get("header")), event.get("event"), us)
    except ValidationError as error:
        log.warning("feishu.event_malformed", type=kind, problems=error.error_count())
        return None


def decode_click(event: Mapping[str, Any]) -> Click | None:
    """None for a malformed one."""
    try:
        header = _Header.model_validate(event.get("header"))
        body = _Click.model_validate(event.get("event"))
    except ValidationError as error:
        log.warning("feishu.event_malformed", type=CLICK, problems=error.error_count())
        return None
    return Click(
        event=header.event_id,
        workspace=header.tenant_key,
        person=body.operator.open_id,
        message=body.context.open_message_id,
        chat=body.context.open_chat_id,
        pressed=pressed(body.action.value),
        values=body.action.form_value,
        zone=_zone(body.action.timezone),
        is_guest=header.is_guest(body.operator.tenant_key),
    )


# The events as they come


class _Part(BaseModel):
    """Feishu leaves out what is empty, or says null."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


_Id = Annotated[str, StringConstraints(min_length=1)]


class _Header(_Part):
    event_id: _Id
    tenant_key: _Id
    #: Milliseconds.
    create_time: str = ""

    def is_guest(self, tenant: str) -> bool:
        return tenant not in {"", self.tenant_key}


class _Person(_Part):
    open_id: str = ""


class _Sender(_Part):
    sender_id: _Person
    sender_type: str = ""
    tenant_key: str = ""


class _Mentioned(_Part):
    key: str
    id: _Person = _Person()
    name: str = ""


class _Written(_Part):
    message_id: _Id
    chat_id: _Id
    chat_type: str
    message_type: str
    content: str
    create_time: str = ""
    parent_id: str = ""
    root_id: str = ""
    mentions: list[_Mentioned] = []


class _Received(_Part):
    sender: _Sender
    message: _Written


class _Operator(_Part):
    operator_id: _Person


class _Menu(_Part):
    operator: _Operator
    event_key: str


class _Conversation(_Part):
    operator_id: _Person
    #: Empty before anybody has said anything.
    last_message_id: str = ""


class _Group(_Part):
    chat_id: _Id
    operator_id: _Person = _Person()


class _Clicker(_Part):
    open_id: _Id
    tenant_key: str = ""


class _Action(_Part):
    value: Any = None
    form_value: dict[str, Any] = {}
    timezone: str = ""


class _Context(_Part):
    open_message_id: _Id
    open_chat_id: _Id


class _Click(_Part):
    operator: _Clicker
    action: _Action
    context: _Context


def _decoded(kind: str, header: _Header, body: Any, us: str) -> Happened | None:
    at, event = _instant(header.create_time), header.event_id
    if kind == MESSAGE:
        return _message(header, _Received.model_validate(body), us)
    if kind == MENU:
        menu = _Menu.model_validate(body)
        asker = _alone(header, menu.operator.operator_id)
        return MenuKey(event=event, at=at, asker=asker, key=menu.event_key) if asker else None
    if kind == ENTERED:
        conversation = _Conversation.model_validate(body)
        asker = _alone(header, conversation.operator_id)
        return Entered(event=event, at=at, asker=asker) if asker and not conversation.last_message_id else None
    if kind == ADDED:
        group = _Group.model_validate(body)
        asker = Asker(channel=_channel(header, group.chat_id), user=group.operator_id.open_id)
        return Added(event=event, at=at, asker=asker)
    if kind in ENDS:
        group = _Group.model_validate(body)
        return Ended(event=event, at=at, channel=_channel(header, group.chat_id), reason=ENDS[kind])
    if kind not in KNOWN:
        log.info("feishu.event_unknown", type=kind)
    return None


def _message(header: _Header, body: _Received, us: str) -> Message | None:
    """None where nobody speaks to us, and for pictures and the like, which say nothing that we understand."""
    sender, message = body.sender, body.message
    person = sender.sender_id.open_id
    mentions = [Mention(key=each.key, person=each.id.open_id, name=each.name) for each in message.mentions]
    is_direct = message.chat_type == _DIRECT
    is_for_us = is_direct or any(each.person == us for each in mentions)
    text = written(message.message_type, message.content, mentions, us=us)
    if sender.sender_type != "user" or not person or not is_for_us or text is None:
        return None
    return Message(
        event=header.event_id,
        at=_instant(message.create_time or header.create_time),
        id=message.message_id,
        asker=Asker(channel=_channel(header, person if is_direct else message.chat_id), user=person),
        text=text,
        above=tuple(dict.fromkeys(each for each in (message.parent_id, message.root_id) if each)),
        is_guest=header.is_guest(sender.tenant_key),
    )


def _alone(header: _Header, person: _Person) -> Asker | None:
    """Somebody in the conversation with us."""
    if not person.open_id:
        return None
    return Asker(channel=_channel(header, person.open_id), user=person.open_id)


def _channel(header: _Header, chat: str) -> Channel:
    return Channel(platform=Platform.FEISHU, workspace=header.tenant_key, id=chat)


def _instant(milliseconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return parse_zone(name) if name else None
    except BotError:
        return None
