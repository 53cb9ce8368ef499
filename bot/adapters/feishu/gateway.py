"""The one way to Feishu's open API: has its token, paces calls, waits out rate limits, and says what a failure means.

A call whose answer got lost is made again: a message goes with a `uuid`, and within an hour Feishu makes no second one
of the same: https://open.feishu.cn/document/server-docs/im-v1/message/create
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import quote

import stamina
import structlog
from httpx import AsyncClient, HTTPError, Limits, Response, create_ssl_context

from bot.adapters.feishu.failures import (
    QuotaSpent,
    RateLimited,
    Refusal,
    TokenRejected,
    body_of,
    interrupted,
    meaning,
    part_of,
    refusal,
    subcode,
)
from bot.adapters.feishu.tokens import Issued, TenantToken
from bot.core.errors import BotError, CredentialsRejected, DeliveryUncertain, PlatformUnavailable
from bot.core.language import _
from bot.core.pacing import Pace, RateLimit, Rest, Sleep, Stopwatch, Waits, gives_way, noticed, unnoticed

#: A method and a path, as the pages of the API name them; `:names` in it are filled in.
SEND: Final = "POST /open-apis/im/v1/messages"
REPLY: Final = "POST /open-apis/im/v1/messages/:message_id/reply"
PATCH: Final = "PATCH /open-apis/im/v1/messages/:message_id"
UPLOAD: Final = "POST /open-apis/im/v1/files"
TOKEN: Final = "POST /open-apis/auth/v3/tenant_access_token/internal"  # noqa: S105 - it is an address
#: Calls that readers see, so that it matters whether one whose answer got lost has arrived.
_POSTING: Final = {SEND, REPLY, PATCH}

# https://open.feishu.cn/document/ukTMukTMukTM/uUzN04SN3QjL1cDN
#: Messages to one person or into one group, and changes of one message. A group's are shared by all its bots.
PER_CHAT: Final = (5, timedelta(seconds=1.1))
#: Calls of one method.
PER_METHOD: Final = ((50, timedelta(seconds=1.1)), (1000, timedelta(minutes=1)))
#: The same of what gives way, spread over the minute, so that whoever has asked something finds the next turn near.
#: These are 980 a minute; the rest is for what other processes answer meanwhile.
SPREAD: Final = (8, timedelta(seconds=0.49))

ATTEMPTS: Final = 3
#: How long one call may wait between its attempts, all in all; what takes longer is for the ledger to retry.
PATIENCE: Final = timedelta(seconds=30)
#: People ask minutes apart; a connection that was closed meanwhile is noticed before it is used.
KEPT: Final = Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=120)
#: Seconds for connecting, for sending, and for an answer, each.
TIMEOUT: Final = 10

log = structlog.get_logger()


class FeishuGateway:
    """Raises errors of `bot.core.errors` only."""

    def __init__(
        self,
        app_id: str,
        app_secret: str,
        base_url: str,
        *,
        timeout: float = TIMEOUT,
        clock: Stopwatch = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        waits: Waits = unnoticed,
    ) -> None:
        self.app_id = app_id
        self._app_secret = app_secret
        self._base_url = base_url
        self._timeout = timeout
        self._clock = clock
        #: Keeps its connections, while `connected`.
        self._client: AsyncClient | None = None
        self._token = TenantToken(self._issued, clock=clock)
        self._noticed = waits
        sleep = noticed(sleep, waits)
        self._chats = Pace(*PER_CHAT, clock=clock, sleep=sleep)
        self._methods = [Pace(*limit, clock=clock, sleep=sleep) for limit in PER_METHOD]
        self._apart = Pace(*SPREAD, clock=clock, sleep=sleep)
        self._rest = Rest(clock=clock)

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[None]:
        """Meanwhile connections are kept: making one takes longer than most answers."""
        async with self._new_client() as client:
            self._client = client
            try:
                yield
            finally:
                self._client = None

    async def call(
        self,
        method: str,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        whom: str = "",
    ) -> dict[str, Any]:
        """The answer's JSON. `path` has what stands for the `:names` of the method; with `files`, `body` is a form.

        `whom` is the chat, person or message whose calls Feishu counts together. A rate limit is waited out for up to
        PATIENCE, and what may have got lost is sent again as it was, so that a message needs a `uuid`.

        Raises CredentialsRejected (ScopeMissing), PlatformUnavailable (with `retry_after` where Feishu said it), and
        DeliveryUncertain, MessageRejected, MessageGone, ChannelGone where the method can.
        """
        request = _Request(method, path or {}, query or {}, body or {}, files)
        attempt = _Attempts(method, lambda: self._attempt(request, whom))
        retrying = stamina.AsyncRetryingCaller(attempts=ATTEMPTS, timeout=PATIENCE, wait_initial=0.2)
        return await retrying(self._waits(), attempt)

    def _waits(self) -> Callable[[Exception], bool | timedelta]:
        """Decides for one call whether a failure is worth another attempt, and after how long."""
        began = self._clock()

        def wait(error: Exception) -> bool | timedelta:
            if not isinstance(error, PlatformUnavailable | DeliveryUncertain) or not error.retry:
                return False
            if error.retry_after is not None:
                return timedelta(seconds=self._clock() - began) + error.retry_after <= PATIENCE and error.retry_after
            return True

        return wait

    async def _attempt(self, request: "_Request", whom: str) -> dict[str, Any]:
        counted = (request.method, whom)
        if left := self._rest.left(counted):
            raise PlatformUnavailable(retry_after=left)
        try:
            return await self._authorized(request, whom)
        except PlatformUnavailable as error:
            if error.retry_after is not None:
                self._rest.begin(counted, error.retry_after)
            if isinstance(error, RateLimited):
                self._noticed(RateLimit.HIT, error.retry_after or timedelta())
            raise

    async def _authorized(self, request: "_Request", whom: str) -> dict[str, Any]:
        token = await self._token.current()
        try:
            return await self._ask(request, whom, token)
        except TokenRejected:
            return await self._ask(request, whom, await self._token.renewed(token))

    async def _ask(self, request: "_Request", whom: str, token: str) -> dict[str, Any]:
        await self._turn(request.method, whom)
        try:
            answer = await self._sent(request, {"Authorization": f"Bearer {token}"})
        except HTTPError as error:
            log.warning("feishu.call_failed", method=request.method, error=type(error).__name__)
            raise interrupted(error) from error
        if refused := refusal(answer):
            error = meaning(refused)
            _log_refusal(request.method, refused, error)
            raise error
        return body_of(answer)

    async def _turn(self, method: str, whom: str) -> None:
        """Right before a call, since it is when calls arrive that Feishu counts them."""
        if gives_way():
            await self._apart.turn(method)
        if whom:
            await self._chats.turn(whom)
        for pace in self._methods:
            await pace.turn(method)

    async def _issued(self) -> Issued:
        request = _Request(TOKEN, body={"app_id": self.app_id, "app_secret": self._app_secret})
        try:
            answer = await self._sent(request, {})
        except HTTPError as error:
            log.warning("feishu.call_failed", method=TOKEN, error=type(error).__name__)
            raise PlatformUnavailable(_("Feishu did not answer. Please try again.")) from error
        if refused := refusal(answer):
            error = _token_refused(refused)
            _log_refusal(TOKEN, refused, error)
            raise error
        said = body_of(answer)
        token, seconds = part_of(said, "tenant_access_token"), part_of(said, "expire")
        return Issued(token=str(token), lives=timedelta(seconds=int(seconds)))

    async def _sent(self, request: "_Request", headers: Mapping[str, str]) -> Response:
        if self._client is not None:
            return await request.sent(self._client, headers)
        async with self._new_client() as client:
            return await request.sent(client, headers)

    def _new_client(self) -> AsyncClient:
        return AsyncClient(base_url=self._base_url, timeout=self._timeout, verify=self._trust, limits=KEPT)

    @cached_property
    def _trust(self) -> SSLContext:
        """Reading all certificates takes longer than most calls."""
        return create_ssl_context()


class _Request:
    """One call, as often as it is sent."""

    def __init__(
        self,
        method: str,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> None:
        self.method = method
        self._verb, template = method.split(" ", 1)
        self._url = "/".join(
            quote((path or {})[part[1:]], safe="") if part.startswith(":") else part for part in template.split("/")
        )
        self._arguments: dict[str, Any] = {"params": query or {}}
        if files is not None:
            self._arguments |= {"data": body or {}, "files": files}
        elif body:
            self._arguments |= {"json": body}

    async def sent(self, client: AsyncClient, headers: Mapping[str, str]) -> Response:
        return await client.request(self._verb, self._url, headers=headers, **self._arguments)


class _Attempts:
    """Remembers, from one attempt to the next, that a message may have arrived already."""

    def __init__(self, method: str, attempt: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._posts = method in _POSTING
        self._attempt = attempt
        self._is_uncertain = False

    async def __call__(self) -> dict[str, Any]:
        try:
            return await self._attempt()
        except DeliveryUncertain as error:
            if not self._posts:
                raise PlatformUnavailable(_("Feishu did not answer. Please try again.")) from error
            self._is_uncertain = True
            raise
        except PlatformUnavailable as error:
            if self._is_uncertain:
                raise DeliveryUncertain(retry_after=error.retry_after) from error
            raise


def _log_refusal(method: str, refused: Refusal, error: BotError) -> None:
    """What nobody but the operator can mend is an error."""
    is_ours = isinstance(error, CredentialsRejected | QuotaSpent) and not isinstance(error, TokenRejected)
    log.log(
        logging.ERROR if is_ours else logging.WARNING,
        "feishu.call_failed",
        method=method,
        code=refused.code,
        subcode=subcode(refused),
        said=refused.said if method != TOKEN else "",
        status=refused.status,
        log_id=refused.log_id,
    )


def _token_refused(refused: Refusal) -> BotError:
    error = meaning(refused)
    if isinstance(error, DeliveryUncertain):
        return PlatformUnavailable(_("Feishu did not answer. Please try again."))
    if isinstance(error, PlatformUnavailable | CredentialsRejected):
        return error
    return CredentialsRejected(
        _("Feishu says {code}: the app's id or secret is not valid. Please check both.", code=refused.code)
    )
