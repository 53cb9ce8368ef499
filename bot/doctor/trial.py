"""One card with every part that our cards have, so that a tenant says whether it takes them."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import time
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from bot.adapters.feishu.failures import CardRejected
from bot.adapters.feishu.gateway import FeishuGateway
from bot.adapters.feishu.history import shows
from bot.adapters.feishu.marks import mark_of
from bot.adapters.feishu.places import In, put
from bot.adapters.feishu.webhook import FeishuWebhook
from bot.core.errors import BotError
from bot.core.language import _
from bot.core.model import Repo
from bot.core.replies import DigestView, SettingsForm
from bot.core.subscriptions import Channel, Platform, SubscriptionTerms
from bot.doctor import sample
from formatters.feishu import Card, FeishuMessage, Reach, elements, render
from formatters.feishu.elements import Element
from formatters.feishu.validator import problems

_NOWHERE: Final = Channel(platform=Platform.FEISHU, workspace="", id="oc_")

_LINK: Final = "https://open.feishu.cn"
#: By which what a button does is told from an element.
_OF_BEHAVIOURS: Final = {"default_url", "value"}
#: What the message of 230099 says after `ErrCode`.
_REFUSED_PARTS: Final = {
    11310: "too many elements or tables",
    100290: "a mention of somebody who is not there",
    200550: "the chart",
    200570: "an image",
    200621: "JSON or a property that it does not know",
    200861: "a component that it does not know",
    200914: "the table",
    200915: "a row of the table",
}


async def into_chat(gateway: FeishuGateway, chat: str, repo: Repo) -> str:
    """To a group (`oc_…`) or a person (`ou_…`), where it also looks whether a card can be found again.

    Raises BotError.
    """
    uuid, drawn = uuid4().hex, await card(repo, Reach.APP)

    async def take(message: FeishuMessage) -> str:
        return await put(gateway, In(id=chat), message["msg_type"], message["content"], uuid=uuid)

    posted = await _taken(drawn, take)
    return f"{_took(drawn)}; {await _findable(gateway, posted, mark_of(uuid))}"


async def into_group(webhook: FeishuWebhook, repo: Repo) -> str:
    """To the group of a custom bot, whose cards cannot be clicked. Raises BotError."""
    drawn = await card(repo, Reach.NOBODY)
    await _taken(drawn, webhook.take)
    return _took(drawn)


async def card(repo: Repo, reach: Reach) -> Card:
    """What it takes of a digest, and of a form where there can be one, so that every part is in it.

    Raises BotError if our own validator does not take it.
    """
    digest = render(DigestView(digest=await sample.digest(repo)), reach)["content"]
    forms = [render(_form(repo))["content"]] if reach is Reach.APP else []
    above = [elements.note(_("This is a test: nobody made these commits.")), elements.browse("Feishu", _LINK)]
    drawn = [*above, *(element for each in (*forms, digest) for element in each["body"]["elements"])]
    together = {**digest, "body": {**digest["body"], "elements": list(_telling(drawn))}}
    if found := problems(together):
        raise BotError(f"the card is not as Feishu documents it: {'; '.join(found)}")
    return together


def _telling(drawn: Iterable[Element]) -> Iterator[Element]:
    """Those with a part that is in none before them: a whole digest and a whole form are too much for one card."""
    seen: set[str] = set()
    for element in drawn:
        found = set(_kinds(element))
        if not found <= seen:
            seen |= found
            yield element


async def _taken(card: Card, take: Callable[[FeishuMessage], Awaitable[str]]) -> str:
    """Posts it, without anything simpler to fall back on, and returns what it was taken as.

    Raises BotError, which names the part that was refused.
    """
    try:
        return await take({"msg_type": "interactive", "content": card})
    except CardRejected as error:
        what = _REFUSED_PARTS.get(error.subcode)
        raise BotError(f"{error} What it does not take: {what}." if what else str(error)) from None


def _took(card: Card) -> str:
    return f"Feishu took a card with {', '.join(parts(card))}; look at it on a phone, too"


async def _findable(gateway: FeishuGateway, message: str, mark: str) -> str:
    """Whether a digest whose answer got lost could be found there once Feishu has forgotten its `uuid`."""
    try:
        is_shown = await shows(gateway, message, mark)
    except BotError as error:
        return f"whether a digest has arrived there could not be found out after an hour: {error}"
    if not is_shown:
        return "whether a digest has arrived there could not be found out after an hour: cards do not come back whole"
    return "whether a digest has arrived there could be found out after an hour, too"


def parts(card: Card) -> list[str]:
    """The kinds of element in it and of what buttons do, each once."""
    return list(dict.fromkeys(_kinds(card["body"]["elements"])))


def _kinds(part: Any) -> Iterator[str]:
    match part:
        case dict():
            found = part.get("tag") or (part.get("type") if part.keys() & _OF_BEHAVIOURS else None)
            yield from [str(found)] if found else []
            yield from _kinds(list(part.values()))
        case list():
            for each in part:
                yield from _kinds(each)
        case _:
            pass


def _form(repo: Repo) -> SettingsForm:
    terms = SubscriptionTerms(channel=_NOWHERE, repo=repo, at=time(9), zone=ZoneInfo("UTC"), subscriber="")
    return SettingsForm(terms=terms)
