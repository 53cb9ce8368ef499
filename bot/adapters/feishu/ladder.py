"""Sends a reply, or ever simpler messages that say the same, where Feishu refuses what is in one; then what follows."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

import structlog

from bot.adapters.feishu.failures import ContentRefused
from bot.adapters.feishu.gateway import PATCH, FeishuGateway
from bot.adapters.feishu.marks import mark_of, marked
from bot.adapters.feishu.places import Below, In, Place, put, uuid_of
from bot.core.errors import BotError, MessageRejected
from bot.core.language import _
from bot.core.replies import DigestView, RangeView, Reply
from formatters import wording as say
from formatters.feishu import FeishuMessage, following, ladder
from formatters.feishu.cards import written
from formatters.feishu.validator import problems

#: Sends one message, and returns its id.
Take = Callable[[FeishuMessage], Awaitable[str]]
#: The messages of a reply.
Draw = Callable[[Reply], Iterable[FeishuMessage]]

log = structlog.get_logger()


def fit(rungs: Iterable[FeishuMessage]) -> Iterator[FeishuMessage]:
    """Without those that Feishu would not take, by all that is known; then asking it is of no use."""
    for rung, message in enumerate(rungs):
        found = problems(message["content"]) if message["msg_type"] == "interactive" else []
        if found:
            log.error("feishu.card_unfit", rung=rung, problems=found[:10])
        else:
            yield message


def fit_ladder(reply: Reply) -> Iterator[FeishuMessage]:
    return fit(ladder(reply))


async def send(
    gateway: FeishuGateway,
    place: Place,
    reply: Reply,
    *,
    key: str,
    ladder: Draw = fit_ladder,
    following: Draw = following,
) -> str:
    """The id of the first message. What does not fit into it follows: in its thread, or in the same place below another

    message. Raises MessageRejected if Feishu takes none, and what the gateway raises.
    """
    named = place.id if isinstance(place, In) else place.message

    async def take(where: Place, part: int, message: FeishuMessage) -> str:
        uuid = uuid_of(gateway.app_id, named, key, part)
        return await put(gateway, where, message["msg_type"], message["content"], uuid=uuid)

    first = await first_taken(ladder(reply), partial(take, place, 0), last=neutral(reply))
    below = Below(message=first, in_thread=True, where=place.id) if isinstance(place, In) else place
    await follow(following(reply), partial(take, below))
    return first


async def replace(gateway: FeishuGateway, message: str, cards: Iterable[FeishuMessage], *, uuid: str = "") -> None:
    """Puts the first of the cards that Feishu takes in the place of a card; what is no card cannot be put there.

    `uuid` is that of the message if it is known: the card keeps its mark. Raises MessageGone, MessageRejected, and what
    the gateway raises.
    """

    async def take(card: FeishuMessage) -> str:
        content = marked(card["content"], mark_of(uuid)) if uuid else card["content"]
        await gateway.call(PATCH, path={"message_id": message}, body={"content": written(content)}, whom=message)
        return message

    await first_taken((each for each in cards if each["msg_type"] == "interactive"), take)


async def first_taken(rungs: Iterable[FeishuMessage], take: Take, *, last: FeishuMessage | None = None) -> str:
    """The id of the first message that is taken; `last` is for when it is the words that are not.

    Raises MessageRejected if none is.
    """
    rejected = MessageRejected()
    for rung, message in enumerate(rungs):
        try:
            return await take(message)
        except MessageRejected as error:
            log.error("feishu.message_rejected", rung=rung, error=str(error))
            rejected = error
    if last is not None and isinstance(rejected, ContentRefused):
        return await take(last)
    raise rejected


async def follow(parts: Iterable[FeishuMessage], take: Callable[[int, FeishuMessage], Awaitable[object]]) -> None:
    """What stands below a message, counted from 1. That itself has arrived, so that nothing here makes it fail.

    There is no simpler form of these, so Feishu alone judges what it takes.
    """
    for part, message in enumerate(parts, start=1):
        try:
            await take(part, message)
        except MessageRejected as error:
            log.error("feishu.part_rejected", part=part, error=str(error))
        except BotError as error:
            log.error("feishu.message_incomplete", part=part, error=str(error))
            return


def neutral(reply: Reply) -> FeishuMessage:
    """What can be said where a company's rules do not let pass what there is to say."""
    text = _("Feishu did not take the message because of what it says.")
    if link := _elsewhere(reply):
        text = _("{text} The commits are here: {link}", text=text, link=link)
    return {"msg_type": "text", "content": {"text": text}}


def _elsewhere(reply: Reply) -> str | None:
    match reply:
        case DigestView(digest=digest):
            return say.day_url(digest)
        case RangeView(repo=repo):
            return say.days_url(repo, reply.first, reply.last)
        case _:
            return None
