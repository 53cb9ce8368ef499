"""One question per commit, and the way to the model's host."""

import asyncio
import hashlib
import importlib
import json
import secrets
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog

from bot.adapters.openai.answers import Completion, answer, answer_schema, completion
from bot.adapters.openai.failures import FormRejected, failure
from bot.core.errors import AnalystTimeout
from bot.core.importance import rate
from bot.core.model import Analysis, AnalystKind, CommitDiff, Provenance, Rating, Repo
from bot.core.packing import PackedDiff, pack
from bot.core.rules import cut, one_line, without_trailers

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI: Final = "https://api.openai.com/v1"

Language = Literal["en", "zh"]
_LANGUAGES: Final[Mapping[Language, str]] = {"en": "English", "zh": "Simplified Chinese (简体中文)"}

#: Seconds that one request may take.
TIMEOUT: Final = 90.0
#: Requests at once.
MAX_IN_FLIGHT: Final = 8
#: Tokens of diff that one request carries; nine of ten commits of a busy repository need less.
BUDGET: Final = 14_000
#: Characters of the commit's message that are sent.
MESSAGE_MAX: Final = 4_000

MODEL_MAX: Final = 100

log = structlog.get_logger()


class ModelAnalyst:
    """One question per commit. Up to `max_in_flight` are under way at once; further ones wait for their turn."""

    kind: AnalystKind = AnalystKind.MODEL

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str | None = None,
        timeout: float = TIMEOUT,
        max_in_flight: int = MAX_IN_FLIGHT,
        budget: int = BUDGET,
        language: Language = "en",
    ) -> None:
        """Servers on one's own machine often take any key, and then an empty one will do."""
        self._api_key = api_key.strip()
        self._model = model
        self._base_url = base_url or OPENAI
        self._timeout = timeout
        self._budget = budget
        self._language: Language = language
        self._places = asyncio.Semaphore(max_in_flight)
        self._prompt, self._version = _load_prompts()
        self._schema = answer_schema()
        #: Until the server says otherwise.
        self._takes_schema = True
        self._client: AsyncOpenAI | None = None

    async def warm_up(self) -> None:
        """Imports the SDK, for which it takes more than a second, in a thread; the first question does it otherwise."""
        await self._connected()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def analyse(self, repo: Repo, diff: CommitDiff) -> Analysis:
        """Raises AnalystUnavailable (AnalystTimeout, AnalystRateLimited), AnalystRefused, AnswerInvalid."""
        computed = rate(diff.commit)
        packed = pack(diff, self._budget)
        question = _question(repo, diff, packed, computed, _LANGUAGES[self._language])
        loop = asyncio.get_running_loop()
        async with self._places:
            started = loop.time()
            answered = await self._ask(question)
        provenance = Provenance(
            analyst=AnalystKind.MODEL,
            version=self._version,
            model=one_line(answered.model, MODEL_MAX) or self._model,
            lines_shown=packed.lines_shown,
            lines_changed=packed.lines_changed,
            prompt_tokens=answered.usage.prompt_tokens,
            completion_tokens=answered.usage.completion_tokens,
        )
        log.info(
            "model.answered",
            repo=str(repo),
            sha=diff.commit.sha,
            model=provenance.model,
            seconds=round(loop.time() - started, 2),
            prompt_tokens=provenance.prompt_tokens,
            completion_tokens=provenance.completion_tokens,
            coverage=round(provenance.coverage, 2),
        )
        return answer(answered, repo.host).analysis(diff.commit.sha, computed, provenance)

    async def _ask(self, question: str) -> Completion:
        """With the schema where the server takes one, else with JSON in any form."""
        if self._takes_schema:
            try:
                return await self._call(
                    self._prompt,
                    question,
                    {
                        "type": "json_schema",
                        "json_schema": {"name": "analysis", "strict": True, "schema": self._schema},
                    },
                )
            except FormRejected:
                self._takes_schema = False
                log.info("model.takes_no_schema", model=self._model)
        prompt = f"{self._prompt}\nThe schema of the JSON object:\n{json.dumps(self._schema)}\n"
        return await self._call(prompt, question, {"type": "json_object"})

    async def _call(self, prompt: str, question: str, response_format: Mapping[str, Any]) -> Completion:
        client = await self._connected()
        openai = importlib.import_module("openai")
        messages: Any = [{"role": "system", "content": prompt}, {"role": "user", "content": question}]
        form: Any = response_format  # of which the SDK has a type for each kind
        try:
            # The SDK limits each wait for bytes; a server that sends one now and then is limited here.
            async with asyncio.timeout(2 * self._timeout + _LONGEST_PAUSE):
                response = await client.chat.completions.with_raw_response.create(
                    model=self._model, messages=messages, response_format=form
                )
        except TimeoutError:
            problem = AnalystTimeout()
        except openai.OpenAIError as error:
            problem = failure(error)
        else:
            return completion(response.content)
        raise problem  # outside of the handlers, because what the host said may repeat our key or the commit

    async def _connected(self) -> "AsyncOpenAI":
        if self._client is None:
            openai = await asyncio.to_thread(importlib.import_module, "openai")
            if self._client is None:  # no other question was faster
                client: AsyncOpenAI = openai.AsyncOpenAI(
                    api_key=self._api_key or "none", base_url=self._base_url, timeout=self._timeout, max_retries=1
                )
                self._client = client
        return self._client


def _load_prompts() -> tuple[str, str]:
    """The system prompt, and the version of all prompts: the first 12 hexadecimal digits of their SHA-256."""
    files = sorted(
        (file for file in resources.files("bot").joinpath("prompts").iterdir() if file.name.endswith(".md")),
        key=lambda file: file.name,
    )
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    prompt = next(file for file in files if file.name == "analysis.md").read_text(encoding="utf-8")
    return prompt, digest.hexdigest()[:12]


#: Seconds that the SDK waits before its one retry, at most: Retry-After up to two minutes is honoured.
_LONGEST_PAUSE: Final = 130.0

# The question


def _question(repo: Repo, diff: CommitDiff, packed: PackedDiff, computed: Rating, language: str) -> str:
    """Settings, then the commit as data: fenced by a number nobody can know beforehand, every line marked."""
    message = cut(without_trailers(diff.commit.message[: MESSAGE_MAX * 2]), MESSAGE_MAX)
    nonce = secrets.token_hex(16)
    settings = f"language: {language}\nrepository: {repo}\ncomputed importance: {computed.importance.name.lower()}"
    data = f"Message:\n{message}\n\nChanges:\n{packed.text or 'none'}"
    marked = "\n".join(f"| {line}" for line in data.splitlines())
    return f"{settings}\n\nBEGIN {nonce}\n{marked}\nEND {nonce}\n".encode("utf-8", "replace").decode()
