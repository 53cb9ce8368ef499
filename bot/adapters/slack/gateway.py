"""The one way to Slack's Web API: knows tokens, paces posts, waits out rate limits, and says what a failure means.

A call that may have changed something and whose answer got lost is never repeated: a second post is a second message.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import stamina
import structlog
from aiohttp import ClientOSError, ClientSession, ClientTimeout, DummyCookieJar, ServerDisconnectedError, TCPConnector
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.adapters.slack.failures import FAILURES, TokenExpired, code_of, details_of, failure
from bot.adapters.slack.remembered import RememberedTokens, Tokens
from bot.core.errors import BotError, CredentialsRejected, DeliveryUncertain, PlatformUnavailable
from bot.core.language import _
from bot.core.pacing import Pace, RateLimit, Rest, Sleep, Stopwatch, Waits, gives_way, noticed, unnoticed

#: Calls that change nothing, so that a lost answer is asked for again.
READING: Final = frozenset(
    {
        "auth.test", "blocks.validate", "conversations.history", "conversations.info", "conversations.members",
        "conversations.replies", "users.info",
    }
)  # fmt: skip
#: Calls that may be made twice, because the second one finds done what it asks for.
_REPEATABLE: Final = READING | {"chat.update", "conversations.open", "files.getUploadURLExternal"}
#: A person waits for a window, and its trigger lives for 3 s: these are made once.
_IMMEDIATE: Final = frozenset({"views.open", "views.push", "views.update", "views.publish"})
_POST: Final = "chat.postMessage"
#: Calls that may go over a connection that was used long before. A view that a lost answer has opened opens no second
#: one, since a trigger is good for one: https://docs.slack.dev/interactivity/handling-user-interaction#triggers
_KEPT: Final = _REPEATABLE | _IMMEDIATE

# https://docs.slack.dev/apis/web-api/rate-limits
#: Slack takes about one post per second and channel.
PER_CHANNEL: Final = (1, timedelta(seconds=1.1))
#: And several hundred posts a minute per workspace.
PER_WORKSPACE: Final = (300, timedelta(minutes=1))
#: The same of what gives way, spread over the minute, so that whoever has asked something finds the next turn near.
SPREAD: Final = (2, timedelta(seconds=0.4))
#: The same of other methods, all of which may be called fifty times a minute or more often (tier 3).
SPREAD_OTHERS: Final = (1, timedelta(seconds=1.2))
ATTEMPTS: Final = 3
#: How long one call may wait between its attempts, all in all; what takes longer is for the ledger to retry.
PATIENCE: Final = timedelta(seconds=30)
#: Seconds for an answer.
TIMEOUT: Final = 30
#: Seconds that a connection may have been idle when a post goes over it. If Slack closed it at that very moment, nobody
#: would know whether the post has arrived; but a new one costs 1.7 ms of computing and two round trips, which is more
#: than all the rest of a post. And no server closes what was in use two seconds ago, unless it stops: by default, Node
#: waits for 5 s, AWS's load balancers for 60 s, nginx for 75 s, Envoy for an hour.
IDLE: Final = 2.0

log = structlog.get_logger()

#: slack_sdk writes down each call in full, token included, wherever its logger has no level of its own; and throws it
#: away where nobody reads it, which takes a tenth of the time of a post.
_SDK_LOG: Final = logging.getLogger("slack_sdk.web")
_SDK_LOG.setLevel(logging.INFO)


class SlackGateway:
    """Methods are named as in https://docs.slack.dev/reference/methods and raise errors of `bot.core.errors` only."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        base_url: str,
        timeout: int = TIMEOUT,
        clock: Stopwatch = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        waits: Waits = unnoticed,
    ) -> None:
        self._tokens = RememberedTokens(tokens, clock=clock)
        self._base_url = base_url
        #: Makes a connection for each call, on which nothing can have been lost before.
        self._client = web_client(base_url, timeout=timeout)
        #: These keep their connections, while `connected`: what may be repeated for long, posts for a moment.
        self._quick = self._posting = self._client
        self._timeout = timeout
        self._clock = clock
        self._noticed = waits
        sleep = noticed(sleep, waits)
        self._channels = Pace(*PER_CHANNEL, clock=clock, sleep=sleep)
        self._workspaces = Pace(*PER_WORKSPACE, clock=clock, sleep=sleep)
        self._posts_apart = Pace(*SPREAD, clock=clock, sleep=sleep)
        self._others_apart = Pace(*SPREAD_OTHERS, clock=clock, sleep=sleep)
        self._rest = Rest(clock=clock)

    @asynccontextmanager
    async def connected(self) -> AsyncGenerator[None]:
        """Meanwhile connections are kept: making one takes longer than most answers."""
        async with self._session(TCPConnector()) as quick, self._session(_for_posts()) as posting:
            self._quick = web_client(self._base_url, timeout=self._timeout, session=quick)
            self._posting = web_client(self._base_url, timeout=self._timeout, session=posting)
            try:
                yield
            finally:
                self._quick = self._posting = self._client

    def _session(self, connector: TCPConnector) -> ClientSession:
        """A proxy is slack_sdk's matter, and workspaces have no cookies in common."""
        timeout = ClientTimeout(total=self._timeout)
        return ClientSession(connector=connector, timeout=timeout, cookie_jar=DummyCookieJar())

    async def call(self, workspace: str, method: str, **arguments: Any) -> AsyncSlackResponse:
        """Calls the method with the workspace's token; a rate limit is waited out for up to PATIENCE.

        Raises CredentialsRejected (ScopeMissing, NotInstalled), PlatformUnavailable (with `retry_after` where Slack
        said it), and DeliveryUncertain, MessageRejected, MessageGone, ChannelGone, ViewRefused where the method can.
        """
        retrying = stamina.AsyncRetryingCaller(attempts=ATTEMPTS, timeout=PATIENCE, wait_initial=0.2)
        return await retrying(self._waits(method), lambda: self._attempt(workspace, method, arguments))

    async def upload(self, url: str, content: bytes) -> None:
        """Sends a file to the address that `files.getUploadURLExternal` gave. Raises PlatformUnavailable."""
        try:
            async with (
                ClientSession(timeout=ClientTimeout(total=self._timeout), trust_env=True) as session,
                session.post(url, data=content) as answer,
            ):
                accepted = answer.status == 200
        except FAILURES as error:
            raise PlatformUnavailable(_("Slack did not answer. Please try again.")) from error
        if not accepted:
            log.warning("slack.upload_refused", status=answer.status)
            raise PlatformUnavailable(_("Slack did not take the file. Please try again."))

    def _waits(self, method: str) -> Callable[[Exception], bool | timedelta]:
        """Decides for one call whether a failure is worth another attempt, and after how long."""
        began = self._clock()

        def wait(error: Exception) -> bool | timedelta:
            if method in _IMMEDIATE or not isinstance(error, BotError):
                return False
            if error.retry_after is not None:
                return within(error.retry_after) and error.retry_after
            return method in _REPEATABLE and isinstance(error, (PlatformUnavailable, DeliveryUncertain))

        def within(span: timedelta) -> bool:
            return timedelta(seconds=self._clock() - began) + span <= PATIENCE

        return wait

    async def _attempt(self, workspace: str, method: str, arguments: dict[str, Any]) -> AsyncSlackResponse:
        # Slack does not say whether a post was one too many for its channel or for its workspace.
        counted = (workspace, method, arguments.get("channel") if method == _POST else None)
        if method not in _IMMEDIATE and (left := self._rest.left(counted)):
            raise PlatformUnavailable(retry_after=left)
        await self._turn(*counted)
        try:
            return await self._authorized(workspace, method, arguments)
        except PlatformUnavailable as error:
            if error.retry_after is not None:
                self._rest.begin(counted, error.retry_after)
                self._noticed(RateLimit.HIT, error.retry_after)
            raise

    async def _turn(self, workspace: str, method: str, channel: str | None) -> None:
        """The channel's comes last, so that what waits for a busy one keeps no other waiting."""
        if gives_way():
            await (self._posts_apart if method == _POST else self._others_apart).turn((workspace, method))
        if method == _POST:
            await self._workspaces.turn(workspace)
            await self._channels.turn((workspace, channel))

    async def _authorized(self, workspace: str, method: str, arguments: dict[str, Any]) -> AsyncSlackResponse:
        token = await self._tokens.token(workspace)
        try:
            return await self._ask(workspace, method, arguments, token)
        except TokenExpired:
            return await self._ask(workspace, method, arguments, await self._tokens.renewed(workspace, token))
        except CredentialsRejected:
            stored = await self._tokens.stored(workspace)
            if stored == token:
                raise
            return await self._ask(workspace, method, arguments, stored)

    async def _ask(self, workspace: str, method: str, arguments: dict[str, Any], token: str) -> AsyncSlackResponse:
        try:
            return await self._sent(method, {**arguments, "token": token})
        except FAILURES as error:
            facts = {"workspace": workspace, "method": method, "code": code_of(error), "details": details_of(error)}
            log.warning("slack.call_failed", **facts)
            reason = failure(error)
            if method in READING and isinstance(reason, DeliveryUncertain):
                reason = PlatformUnavailable(_("Slack did not answer. Please try again."))
            raise reason from error

    async def _sent(self, method: str, arguments: dict[str, Any]) -> AsyncSlackResponse:
        name = method.replace(".", "_")
        if method == _POST:
            return await getattr(self._posting, name)(**arguments)
        if method not in _KEPT:
            return await getattr(self._client, name)(**arguments)
        try:
            return await getattr(self._quick, name)(**arguments)
        except (ServerDisconnectedError, ClientOSError):  # perhaps it was closed a moment ago
            if self._quick is self._client:
                raise
            return await getattr(self._client, name)(**arguments)


def _for_posts() -> TCPConnector:
    """Without a limit of its own: who waited for a connection would time out, and seem to be uncertain."""
    return TCPConnector(keepalive_timeout=IDLE, limit=0)


class OneToken:
    """Implements `Tokens` for an app that is installed in one workspace only and whose token never changes."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self, workspace: str) -> str:
        return self._token

    async def renewed(self, workspace: str, rejected: str) -> str:
        raise CredentialsRejected(_("The bot's token has expired, and a token that is configured cannot be renewed."))

    async def forget(self, workspace: str) -> None:
        """There is nothing stored."""

    async def installed_after(self, workspace: str, instant: datetime) -> bool:
        """Nobody knows when it was installed."""
        return False


def web_client(
    base_url: str, *, token: str | None = None, timeout: int = TIMEOUT, session: ClientSession | None = None
) -> AsyncWebClient:
    """slack_sdk's client without its own retries, which would repeat a post whose answer got lost."""
    return AsyncWebClient(
        token=token, base_url=base_url, timeout=timeout, retry_handlers=[], session=session, logger=_SDK_LOG
    )
