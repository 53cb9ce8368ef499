"""One group's custom bot: an address that takes messages for that group, and hears nothing.

Whoever knows the address can write to the group, so that it stands in no log and in no error.
Source: https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN
"""

import asyncio
import base64
import hmac
import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import stamina
import structlog
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout

from bot.adapters.feishu.failures import RateLimited
from bot.adapters.feishu.ladder import first_taken, fit, follow, neutral
from bot.core.errors import (
    BotError,
    ChannelGone,
    CredentialsRejected,
    DeliveryUncertain,
    HistoryUnreadable,
    MessageGone,
    MessageRejected,
    PlatformUnavailable,
)
from bot.core.language import _
from bot.core.pacing import Pace, RateLimit, Sleep, Stopwatch, Waits, noticed, unnoticed
from bot.core.ports import Attachment, Clock
from bot.core.replies import Reply
from bot.core.subscriptions import Channel, Platform
from formatters.feishu import FeishuMessage, Reach, following, ladder
from formatters.feishu.cards import written

#: Bytes of a request.
REQUEST_MAX: Final = 20_000
#: How many messages within which span.
LIMITS: Final = ((5, timedelta(seconds=1.1)), (100, timedelta(minutes=1)))
ATTEMPTS: Final = 3
#: How long one message may wait for its turn after a refusal, all in all.
PATIENCE: Final = timedelta(seconds=30)
#: Seconds for an answer.
TIMEOUT: Final = 10

_SIGNATURE: Final = 19021
_ADDRESS: Final = 19022
_KEYWORD: Final = 19024
_NO_BOT: Final = 19001
_TOO_LONG: Final = 19036
_PRESSURE: Final = {11232, 11233, 11247}
#: A request that is wrong; also what too many of them are told: https://github.com/kubesphere/notification-manager/pull/126
_BAD_REQUEST: Final = 9499

log = structlog.get_logger()


class SignatureRefused(CredentialsRejected):
    """The group's bot does not accept the signature. Please check its secret, and that the clock here is right."""


class AddressRefused(CredentialsRejected):
    """The group's bot does not take messages from this address. Please add it to the bot's list of IP addresses."""


class KeywordMissing(CredentialsRejected):
    """The group's bot only takes messages with a keyword. Please take the keyword out of its settings."""


class BotRemoved(ChannelGone):
    """The group's bot is not there any more. Please add one and configure its new address."""


class FeishuWebhook:
    """Implements `bot.core.ports.Messenger` for the one `channel` of the address; all that it can do is post."""

    def __init__(
        self,
        url: str,
        secret: str = "",
        *,
        now: Clock,
        timeout: float = TIMEOUT,
        clock: Stopwatch = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        waits: Waits = unnoticed,
    ) -> None:
        self.channel = channel_of(url)
        self._url = url
        self._secret = secret
        self._now = now
        self._timeout = ClientTimeout(total=timeout)
        self._clock = clock
        self._noticed = waits
        self._paces = [Pace(*limit, clock=clock, sleep=noticed(sleep, waits)) for limit in LIMITS]

    async def post(self, channel: Channel, reply: Reply, *, key: str, thread: str | None = None) -> str:
        """Feishu tells no id, so that the message goes by its key. Without threads, what follows comes below it."""
        await self.check(channel)
        await first_taken(fit(ladder(reply, Reach.NOBODY)), self.take, last=neutral(reply))
        await follow(following(reply, Reach.NOBODY), lambda _part, message: self.take(message))
        return sha256(f"{channel.id}\n{key}".encode("utf-8", "replace")).hexdigest()[:_NAME_LENGTH]

    async def update(self, channel: Channel, message: str, reply: Reply, *, key: str) -> None:
        raise MessageGone(_("What a custom bot has posted cannot be changed."))

    async def tell(self, channel: Channel, user: str, reply: Reply) -> None:
        """A custom bot knows nobody, and what is meant for one is not said to all."""
        log.warning("feishu_webhook.nobody_to_tell", channel=channel.id)

    async def send(self, channel: Channel, user: str, attachment: Attachment) -> None:
        raise MessageRejected(_("A custom bot cannot send files."))

    async def check(self, channel: Channel, user: str = "") -> None:
        """Whether the address is good shows when something is posted; nothing else can be asked of it."""
        if channel != self.channel:
            raise BotRemoved

    def is_direct(self, channel: Channel) -> bool:
        return False

    async def admits(self, channel: Channel, user: str) -> bool:
        """Nobody knows who is in the group."""
        return False

    async def zone(self, channel: Channel, user: str) -> ZoneInfo | None:
        return None

    async def find(self, channel: Channel, *, key: str, since: datetime) -> str | None:
        raise HistoryUnreadable(_("A custom bot cannot read what is in its group."))

    async def take(self, message: FeishuMessage) -> str:
        """Sends it as it is. A rate limit is waited out; nothing is sent again that may have arrived."""
        retrying = stamina.AsyncRetryingCaller(attempts=ATTEMPTS, timeout=PATIENCE, wait_initial=0.5)
        return await retrying(_waits, lambda: self._attempt(message))

    async def _attempt(self, message: FeishuMessage) -> str:
        body = written(self._signature() | _body(message)).encode("utf-8", "replace")
        if len(body) > REQUEST_MAX:
            raise MessageRejected(_("Feishu says {code}: the message is too long.", code=_TOO_LONG))
        for pace in self._paces:
            await pace.turn(self.channel)
        if (refused := await self._refusal(body)) is not None:
            log.warning("feishu_webhook.refused", status=refused.status, code=refused.code, said=refused.said)
            error = _meaning(refused)
            if isinstance(error, RateLimited):
                self._noticed(RateLimit.HIT, error.retry_after or timedelta())
            raise error
        return ""

    async def _refusal(self, body: bytes) -> "_Refusal | None":
        try:
            async with (
                # httpx would write the address into its log.
                ClientSession(timeout=self._timeout, trust_env=True) as session,
                session.post(self._url, data=body, headers={"Content-Type": "application/json"}) as answer,
            ):
                return self._read(answer.status, await answer.read())
        except (ClientError, TimeoutError, OSError) as error:
            log.warning("feishu_webhook.unanswered", error=type(error).__name__)
            reason = _interrupted(error)
        raise reason  # without its cause, in which the address may stand

    def _read(self, status: int, answer: bytes) -> "_Refusal | None":
        """The code counts, whatever the HTTP status is; an outage may answer in HTML."""
        try:
            said = json.loads(answer)
        except ValueError:
            said = None
        body: dict[str, Any] = said if isinstance(said, dict) else {}
        code = body.get("code")
        if code == 0 and status < 300:
            return None
        token = urlsplit(self._url).path.rpartition("/")[2]
        text = str(body.get("msg", ""))
        return _Refusal(
            code=code if isinstance(code, int) else 0,
            status=status,
            said=(text.replace(token, "…") if token else text)[:_SAID_MAX],
        )

    def _signature(self) -> dict[str, Any]:
        if not self._secret:
            return {}
        timestamp = str(int(self._now().timestamp()))
        return {"timestamp": timestamp, "sign": signature(timestamp, self._secret)}


def channel_of(url: str) -> Channel:
    """The group behind the address, named so that the address cannot be told from it."""
    name = sha256(url.strip().rstrip("/").encode()).hexdigest()[:_NAME_LENGTH]
    return Channel(platform=Platform.FEISHU_WEBHOOK, workspace=name, id=name)


def signature(timestamp: str, secret: str) -> str:
    """HMAC-SHA256 over nothing, whose key is what is signed; `timestamp` in seconds, and good for an hour."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, digestmod=sha256).digest()).decode()


#: Characters of hashes that stand for a name.
_NAME_LENGTH: Final = 16
_SAID_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    #: 0 if the answer is none of a custom bot's.
    code: int
    status: int
    said: str


def _body(message: FeishuMessage) -> dict[str, Any]:
    match message["msg_type"]:
        case "interactive":
            return {"msg_type": "interactive", "card": message["content"]}
        case "post":
            return {"msg_type": "post", "content": {"post": message["content"]}}
        case "text":
            return {"msg_type": "text", "content": message["content"]}


def _waits(error: Exception) -> bool | timedelta:
    """Whether a failure is worth another attempt: Feishu has to say itself that it did not take the message."""
    return isinstance(error, RateLimited)


def _interrupted(error: Exception) -> BotError:
    if isinstance(error, ClientConnectorError):
        return PlatformUnavailable(_("Feishu did not answer. Please try again."))
    return DeliveryUncertain()


def _meaning(refused: _Refusal) -> BotError:
    match refused.code:
        case code if code in _PRESSURE or refused.status == 429:
            return RateLimited()
        case code if code == _BAD_REQUEST and "too many" in refused.said.lower():
            return RateLimited()
        case code if code == _SIGNATURE:
            return SignatureRefused()
        case code if code == _ADDRESS:
            return AddressRefused()
        case code if code == _KEYWORD:
            return KeywordMissing()
        case code if code == _NO_BOT:
            return BotRemoved()
        case code if refused.status >= 500 or (not code and refused.status < 300):
            return DeliveryUncertain()
        case code:
            return MessageRejected(_("Feishu rejected the message: {code}.", code=code or refused.status))
