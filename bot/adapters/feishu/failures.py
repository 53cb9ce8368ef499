"""What Feishu's error codes mean: whether to retry, whether a chat or the app is dead, and what to tell people.

Codes: https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code and the pages of each method.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from httpx import ConnectError, ConnectTimeout, HTTPError, PoolTimeout, Response

from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    DeliveryUncertain,
    MessageGone,
    MessageRejected,
    PlatformUnavailable,
    ScopeMissing,
)
from bot.core.language import _

_DEAD_TOKEN: Final = {99991661, 99991663, 99991664}
_MISSING_SCOPE: Final = {99991640, 99991672, 99991679}
#: 11232 is a system under pressure, at full hours most of all; 11233 and 11247 are treated so by public clients.
_RATE_LIMITS: Final = {99991400, 230020, 11232, 11233, 11247}
_QUOTA: Final = 99991403
#: An internal error of Feishu's, after which nobody knows what was done.
_AMBIGUOUS: Final = {2200}
_STILL_SENDING: Final = 230049
# https://open.feishu.cn/document/server-docs/im-v1/message/create, and for chats
# https://open.feishu.cn/document/server-docs/group/chat/get-2
_BOT_OFF: Final = {230006, 232025}
_OUTSIDE: Final = 99991401
_NOT_ALLOWED: Final = 230027
_DEAD_CHAT: Final = {230002, 230038, 230075, 232006, 232010, 232011}
_DISSOLVED: Final = 232009
_FORBIDDEN_TO_SPEAK: Final = {230018, 230035}
_DEAD_PERSON: Final = 230013
_GONE_MESSAGE: Final = {230011, 230031, 230110, 230111}
_NO_THREAD: Final = {230019, 230071, 230072}
_SENSITIVE: Final = {230022, 230028}
_TOO_LONG: Final = 230025
#: What is in a request is wrong: of a message, of any method, of a slash command's icon.
_UNFIT: Final = {230001, 99992402, 40000031}
_CARD_FAILED: Final = 230099
#: Of a slash command.
_EXISTS: Final = 40000000

_SUBCODE: Final = re.compile(r"ErrCode:\s*(\d+)")
#: As 99991672 names scopes and the page on which they are asked for, and as 230027 names one.
_SCOPES: Final = re.compile(r"\[([\w:., -]+)\]")
_NEEDED: Final = re.compile(r"need scope: ([\w:.]+)")
_APPLY: Final = re.compile(r"https://[\w.-]+/app/cli_\w+/auth\?[\w=&:,.%-]+")
#: What Feishu says is shown to people and logged no longer than that.
_SAID_MAX: Final = 300

#: How long to wait.
_SECONDS: Final = re.compile(r"[0-9]{1,6}")

#: Never sent, as opposed to an answer that got lost.
_NOT_CONNECTED: Final = (ConnectError, ConnectTimeout, PoolTimeout)


class TokenRejected(CredentialsRejected):
    """Feishu does not accept the app's token. Please check the app's id and secret."""


class AppRefused(CredentialsRejected):
    """Feishu refuses the app. Please look at its settings in the developer console."""


class RateLimited(PlatformUnavailable):
    """Feishu asked us to slow down."""


class QuotaSpent(PlatformUnavailable):
    """The app's calls of Feishu's API are used up for this month."""

    retry = False


class StillSending(DeliveryUncertain):
    """Feishu is still sending the message."""


class GroupDissolved(ChannelGone):
    """This group is dissolved."""


class SpeakingForbidden(ChannelGone):
    """The group's settings do not let the bot speak."""


class PersonGone(ChannelGone):
    """This person cannot be written to: the app is not available to them, or they have left."""


class ThreadRefused(MessageRejected):
    """There are no threads in this chat."""


class ContentRefused(MessageRejected):
    """Feishu did not take the message because of what it says."""


class CardRejected(MessageRejected):
    """Feishu did not take the card."""

    def __init__(self, message: str = "", *, subcode: int = 0) -> None:
        super().__init__(message)
        #: What the message of 230099 says after `ErrCode`; 0 if it says nothing.
        self.subcode = subcode


class AlreadyThere(MessageRejected):
    """Feishu has this already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What Feishu answered where it did not do what it was asked."""

    #: 0 if the answer is none of the API's.
    code: int
    #: Cut to a length for people.
    said: str
    status: int
    #: By which Feishu's support finds the call.
    log_id: str
    #: How long it asked to wait.
    wait: timedelta | None
    #: The scopes that are missing, if it is that.
    scopes: tuple[str, ...] = ()
    #: Where they can be asked for.
    apply_at: str = ""


def refusal(answer: Response) -> Refusal | None:
    """None for a success. The code counts, whatever the HTTP status is; an outage may answer in HTML."""
    body = body_of(answer)
    code = body.get("code")
    if code == 0 and answer.is_success:
        return None
    said = str(body.get("msg", ""))
    reset = answer.headers.get("x-ogw-ratelimit-reset", "")
    return Refusal(
        code=code if isinstance(code, int) else 0,
        said=said[:_SAID_MAX],
        status=answer.status_code,
        log_id=log_id(answer),
        wait=timedelta(seconds=int(reset)) if _SECONDS.fullmatch(reset) else None,
        scopes=_scopes(body, said),
        apply_at=found[0] if (found := _APPLY.search(said)) else "",
    )


def body_of(answer: Response) -> dict[str, Any]:
    """The JSON object; empty if there is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def part_of(body: Mapping[str, Any], *names: str) -> Any:
    """What stands below these names in a success. Raises PlatformUnavailable where nothing does: Feishu says it all."""
    part: Any = body
    for name in names:
        part = part.get(name) if isinstance(part, dict) else None
    if part is None:
        raise PlatformUnavailable(_("Feishu did not answer. Please try again."))
    return part


def log_id(answer: Response) -> str:
    return answer.headers.get("x-tt-logid", "")[:_SAID_MAX]


def meaning(refused: Refusal) -> BotError:
    """What it means for us, if the call was to change something."""
    code = refused.code
    if code in _RATE_LIMITS or refused.status == 429:
        return RateLimited(retry_after=refused.wait)
    if known := _of_app(refused) or _of_chat(refused) or _of_message(refused):
        return known
    if not code or code in _AMBIGUOUS or refused.status >= 500:
        return DeliveryUncertain()
    return _rejected(refused)


def interrupted(error: HTTPError) -> BotError:
    """What it means that no answer came, if the call was to change something."""
    if isinstance(error, _NOT_CONNECTED):
        return PlatformUnavailable(_("Feishu did not answer. Please try again."))
    return DeliveryUncertain()


def subcode(refused: Refusal) -> int:
    """Of a card that could not be made; 0 if none is said."""
    found = _SUBCODE.search(refused.said)
    return int(found[1]) if found else 0


def _of_app(refused: Refusal) -> BotError | None:
    match refused.code:
        case code if code in _DEAD_TOKEN:
            return TokenRejected()
        case code if code in _MISSING_SCOPE:
            return _scope_missing(refused)
        case code if code == _NOT_ALLOWED and refused.scopes:
            return _scope_missing(refused)
        case code if code == _NOT_ALLOWED:
            return ScopeMissing(_("Feishu says {code}: the app is not allowed to do that.", code=code))
        case code if code == _OUTSIDE:
            return AppRefused(_("Feishu says {code}: the bot's address is not among those the app allows.", code=code))
        case code if code in _BOT_OFF:
            return AppRefused(_("Feishu says {code}: the app has no bot, or no version of it is published.", code=code))
        case code if code == _QUOTA:
            return QuotaSpent()
        case _:
            return None


def _of_chat(refused: Refusal) -> BotError | None:
    match refused.code:
        case code if code in _DEAD_CHAT:
            return ChannelGone(_("Feishu says {code}: the bot is not in this group.", code=code))
        case code if code == _DISSOLVED:
            return GroupDissolved()
        case code if code in _FORBIDDEN_TO_SPEAK:
            return SpeakingForbidden(_("Feishu says {code}: the group's settings do not let the bot speak.", code=code))
        case code if code == _DEAD_PERSON:
            return PersonGone()
        case _:
            return None


def _of_message(refused: Refusal) -> BotError | None:
    match refused.code:
        case code if code == _STILL_SENDING:
            return StillSending()
        case code if code in _GONE_MESSAGE:
            return MessageGone()
        case code if code in _NO_THREAD:
            return ThreadRefused()
        case code if code in _SENSITIVE:
            return ContentRefused()
        case code if code == _EXISTS:
            return AlreadyThere()
        case code if code == _TOO_LONG:
            return MessageRejected(_("Feishu says {code}: the message is too long.", code=code))
        case code if code in _UNFIT:
            return _rejected(refused)
        case code if code == _CARD_FAILED:
            return _card_failed(refused)
        case _:
            return None


def _rejected(refused: Refusal) -> MessageRejected:
    return MessageRejected(_("Feishu rejected the message: {code}.", code=refused.code))


def _card_failed(refused: Refusal) -> BotError:
    if "card action is lock" in refused.said.lower():  # another click is being dealt with
        return RateLimited(retry_after=refused.wait)
    inner = subcode(refused)
    return CardRejected(_("Feishu rejected the card: {code}.", code=inner or refused.code), subcode=inner)


def _scope_missing(refused: Refusal) -> ScopeMissing:
    scope = " / ".join(refused.scopes)
    lacks = scope or _("a permission")
    if refused.apply_at:
        text = _("The Feishu app lacks {scope}. It can be asked for here: {link}", scope=lacks, link=refused.apply_at)
    else:
        text = _("The Feishu app lacks {scope}. It can be asked for in the developer console.", scope=lacks)
    return ScopeMissing(text, scope=scope)


def _scopes(body: Mapping[str, Any], said: str) -> tuple[str, ...]:
    """Any one of them would do."""
    error = body.get("error")
    violations = error.get("permission_violations") if isinstance(error, dict) else None
    if isinstance(violations, list):
        named = [str(each["subject"]) for each in violations if isinstance(each, dict) and each.get("subject")]
        if named:
            return tuple(dict.fromkeys(named))
    found = _SCOPES.search(said) or _NEEDED.search(said)
    return tuple(name for each in found[1].split(",") if (name := each.strip())) if found else ()
