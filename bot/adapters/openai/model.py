"""The way to a model's host."""

import asyncio
import importlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from bot.adapters.openai.accounts import Accounts
from bot.adapters.openai.envelope import ENVELOPE_MAX, NAME_MAX, Envelope, Usage, opened
from bot.adapters.openai.failures import Rejected, failure
from bot.adapters.openai.forms import Manner, body, is_ignored, size
from bot.adapters.openai.lessons import Lessons
from bot.core.errors import AnalystTimeout, AnalystUnavailable, AnswerInvalid, BotError, BudgetSpent
from bot.core.language import _
from bot.core.metering import UNMETERED, Meter
from bot.core.ports import Clock, Completion, ModelCall, ModelMemory, ModelState, Question
from bot.core.prices import Budget, Price
from bot.core.rules import one_line
from bot.core.tracing import Work, span

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI: Final = "https://api.openai.com/v1"

#: Seconds that one request may take, and one in the flex tier:
#: https://developers.openai.com/api/docs/guides/flex-processing
TIMEOUT: Final = 90.0
FLEX_TIMEOUT: Final = 15 * 60.0
#: Requests at once, whatever they are for.
MAX_IN_FLIGHT: Final = 8
#: Tokens that an answer may have, thoughts included.
MAX_TOKENS: Final = 12_000

FLEX: Final = "flex"
#: The ordinary tier of hosts that know flex.
DEFAULT: Final = "default"

#: Seconds before the one repetition of a request that failed in passing, and the longest wait that a host may ask for.
RETRY_PAUSE: Final = 0.5
RETRY_PAUSE_MAX: Final = timedelta(seconds=60)

_NO_TOKENS: Final = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What came of one request; an envelope whose answer is of no use comes with a problem."""

    envelope: Envelope | None = None
    text: str = ""
    request_id: str = ""
    problem: Exception | None = None

    @property
    def usage(self) -> Usage:
        return self.envelope.usage if self.envelope else _NO_TOKENS


class OpenAIModel:
    """Implements `bot.core.ports.LanguageModel` for OpenAI and whoever takes its chat completions."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        memory: ModelMemory,
        now: Clock,
        base_url: str | None = None,
        timeout: float = TIMEOUT,
        max_in_flight: int = MAX_IN_FLIGHT,
        max_tokens: int = MAX_TOKENS,
        temperature: float | None = None,
        service_tier: str | None = None,
        budget: Budget | None = None,
        prices: Mapping[str, Price] | None = None,
        meter: Meter = UNMETERED,
    ) -> None:
        """Servers on one's own machine often take any key, and then an empty one will do."""
        self.name = model
        self._api_key = api_key.strip()
        self._base_url = base_url or OPENAI
        self._endpoint = _without_credentials(self._base_url)
        self._is_openai = urlsplit(self._base_url).hostname == urlsplit(OPENAI).hostname
        self._timeout = timeout
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._now = now
        self._places = asyncio.Semaphore(max_in_flight)
        self._lessons = Lessons(memory, endpoint=self._endpoint, model=model, manner=Manner(tier=service_tier), now=now)
        self._accounts = Accounts(
            memory, model=model, budget=budget or Budget(), prices=prices or {}, now=now, meter=meter
        )
        self._client: AsyncOpenAI | None = None

    async def warm_up(self) -> None:
        """Imports the SDK, for which it takes more than a second, in a thread; the first question does it otherwise."""
        await self._connected()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def state(self) -> ModelState:
        await self._lessons.recall()
        return ModelState(bytes_per_token=self._lessons.bytes_per_token, budget_used=await self._accounts.used())

    async def ask(self, question: Question, *, repair: tuple[str, str] | None = None) -> Completion:
        """As `LanguageModel.ask`. Further questions wait for their turn; those under way may overrun the budget."""
        await self._lessons.recall()
        async with self._places:
            if await self._accounts.used() >= 1:
                raise BudgetSpent()
            return await self._answer(question, repair)

    async def _answer(self, question: Question, repair: tuple[str, str] | None) -> Completion:
        """Asks in the best manner that the host takes; what may pass by itself is tried twice."""
        manner, has_failed = self._lessons.manner, False
        while True:
            request = self._request(question, repair, manner)
            with span(Work.MODEL_CALL, purpose=question.purpose, model=self.name):
                reply = await self._call(question, request, manner)
            match reply.problem:
                case None:
                    break
                case Rejected(part=part):
                    manner = self._lessons.rejected(manner, part)
                case AnalystUnavailable() if manner.tier == FLEX:
                    manner = replace(manner, tier=DEFAULT)  # flex has no room now; the next question tries it again
                case AnalystUnavailable() as problem if not has_failed and _may_pass(problem):
                    has_failed = True
                    await asyncio.sleep(_pause(problem))
                case problem:
                    raise problem
        ignored = is_ignored(manner.rung, reply.text, question, is_call=bool(reply.envelope and reply.envelope.is_call))
        await self._lessons.answered(manner, ignored=ignored, sent=size(request), counted=reply.usage.prompt_tokens)
        return self._completion(reply)

    def _request(self, question: Question, repair: tuple[str, str] | None, manner: Manner) -> dict[str, Any]:
        request = body(question, repair, manner, max_tokens=self._max_tokens, with_cache_key=self._is_openai)
        request["model"] = self.name
        if self._temperature is not None:
            request["temperature"] = self._temperature
        return request

    def _completion(self, reply: _Reply) -> Completion:
        return Completion(
            text=reply.text,
            model=(reply.envelope.model if reply.envelope else "") or self.name,
            prompt_tokens=reply.usage.prompt_tokens,
            completion_tokens=reply.usage.completion_tokens,
            price=self._accounts.price(reply.usage, reply.envelope.service_tier if reply.envelope else ""),
        )

    # One request

    async def _call(self, question: Question, request: Mapping[str, Any], manner: Manner) -> _Reply:
        """Sends the request, reads the answer, and records what it took."""
        client, loop = await self._connected(), asyncio.get_running_loop()  # first, since an import is no latency
        at, began = self._now(), loop.time()
        reply = _read(
            await self._sent(client, request, FLEX_TIMEOUT if manner.tier == FLEX else self._timeout), question
        )
        tier = (reply.envelope.service_tier if reply.envelope else "") or manner.tier or ""
        call = ModelCall(
            at=at,
            purpose=question.purpose,
            endpoint=self._endpoint,
            model=self.name,
            rung=manner.rung.value,
            service_tier=tier,
            request_id=reply.request_id,
            seconds=round(loop.time() - began, 3),
            prompt_tokens=reply.usage.prompt_tokens,
            cached_tokens=reply.usage.cached_tokens,
            completion_tokens=reply.usage.completion_tokens,
            price=self._accounts.price(reply.usage, tier),
            error=type(reply.problem).__name__ if reply.problem else "",
        )
        await self._accounts.record(call)
        return reply

    async def _sent(self, client: "AsyncOpenAI", request: Mapping[str, Any], seconds: float) -> _Reply:
        openai, httpx2 = importlib.import_module("openai"), importlib.import_module("httpx2")
        request_id = ""
        try:
            # The SDK limits each wait for bytes; a server that sends one now and then is limited here.
            async with (
                asyncio.timeout(seconds),
                client.chat.completions.with_streaming_response.create(**request, timeout=seconds) as response,
            ):
                request_id = one_line(response.request_id or "", NAME_MAX)
                envelope = opened(await _at_most(ENVELOPE_MAX, response.iter_bytes()))
        except AnswerInvalid as error:
            problem: Exception = error
        except (TimeoutError, httpx2.TimeoutException):
            problem = AnalystTimeout()
        except httpx2.HTTPError:
            problem = AnalystUnavailable()
        except openai.OpenAIError as error:
            problem = failure(error)
            request_id = one_line(str(getattr(error, "request_id", None) or ""), NAME_MAX)
        else:
            return _Reply(envelope=envelope, request_id=request_id)
        # Made here and raised elsewhere, because what the host said may repeat our key or the question.
        return _Reply(request_id=request_id, problem=problem)

    async def _connected(self) -> "AsyncOpenAI":
        if self._client is None:
            openai = await asyncio.to_thread(importlib.import_module, "openai")
            if self._client is None:  # no other question was faster
                # The SDK would try again with a spent quota, too, and nobody would count it.
                client: AsyncOpenAI = openai.AsyncOpenAI(
                    api_key=self._api_key or "none", base_url=self._base_url, max_retries=0
                )
                self._client = client
        return self._client


async def _at_most(limit: int, chunks: AsyncIterator[bytes]) -> bytes:
    """All of them. Raises AnswerInvalid where there are more bytes."""
    received = bytearray()
    async for chunk in chunks:
        received += chunk
        if len(received) > limit:
            raise AnswerInvalid(_("The language model's answer is far too long."))
    return bytes(received)


def _read(reply: _Reply, question: Question) -> _Reply:
    if reply.envelope is None:
        return reply
    try:
        return replace(reply, text=reply.envelope.answer(question.schema))
    except AnswerInvalid as error:
        return replace(reply, problem=error)


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl().rstrip("/")


def _may_pass(problem: BotError) -> bool:
    """Soon enough to wait for it here."""
    return problem.retry_after is None or problem.retry_after <= RETRY_PAUSE_MAX


def _pause(problem: BotError) -> float:
    """Seconds; not the same for questions that failed together."""
    asked_for = problem.retry_after.total_seconds() if problem.retry_after is not None else RETRY_PAUSE
    return asked_for + secrets.SystemRandom().uniform(0, RETRY_PAUSE)
