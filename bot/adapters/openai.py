"""The analyst that asks a language model, at OpenAI or any server that takes its chat completions."""

import asyncio
import contextlib
import hashlib
import importlib
import json
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar

import structlog
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationInfo

from bot.core.errors import (
    AnalystRateLimited,
    AnalystRefused,
    AnalystTimeout,
    AnalystUnavailable,
    AnswerInvalid,
)
from bot.core.importance import bounded, rate, to_depth
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    AnalystKind,
    ChangeType,
    CommitDiff,
    Evidence,
    Importance,
    ImportanceRule,
    Insight,
    Provenance,
    Rating,
    Repo,
    Risk,
    ScopeItem,
    Statement,
)
from bot.core.packing import PackedDiff, pack
from bot.core.paths import PATH_MAX
from bot.core.rules import HEADLINE_MAX, cut, one_line, visible, without_trailers

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAIError

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
#: Bytes. Far beyond any analysis; what is longer is no answer to our question.
ANSWER_MAX: Final = 256 * 1024

#: Characters.
STATEMENT_MAX: Final = 600
SHORT_MAX: Final = 300
MODEL_MAX: Final = 100
#: Elements of a list.
SUMMARY_MAX: Final = 6
SCOPE_MAX: Final = 12
LIST_MAX: Final = 6
EVIDENCE_MAX: Final = 6
#: No diff that fits into a budget has more hunks, no host counts more tokens.
HUNK_MAX: Final = 100_000
TOKENS_MAX: Final = 100_000_000

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
        self._schema = _strict(_Answer.model_json_schema())
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
            completion = await self._ask(question)
        provenance = Provenance(
            analyst=AnalystKind.MODEL,
            version=self._version,
            model=one_line(completion.model, MODEL_MAX) or self._model,
            lines_shown=packed.lines_shown,
            lines_changed=packed.lines_changed,
            prompt_tokens=completion.usage.prompt_tokens,
            completion_tokens=completion.usage.completion_tokens,
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
        return _answer(completion, repo.host).analysis(diff.commit.sha, computed, provenance)

    async def _ask(self, question: str) -> "_Completion":
        """With the schema where the server takes one, else with JSON in any form."""
        if self._takes_schema:
            try:
                return await self._call(self._prompt, question, _schema_format(self._schema))
            except _FormRejected:
                self._takes_schema = False
                log.info("model.takes_no_schema", model=self._model)
        prompt = f"{self._prompt}\nThe schema of the JSON object:\n{json.dumps(self._schema)}\n"
        return await self._call(prompt, question, {"type": "json_object"})

    async def _call(self, prompt: str, question: str, response_format: Mapping[str, Any]) -> "_Completion":
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
            failure = AnalystTimeout()
        except openai.OpenAIError as error:
            failure = _failure(error)
        else:
            return _completion(response.content)
        raise failure  # outside of the handlers, because what the host said may repeat our key or the commit

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


# The question


def _question(repo: Repo, diff: CommitDiff, packed: PackedDiff, computed: Rating, language: str) -> str:
    """Settings, then the commit as data: fenced by a number nobody can know beforehand, every line marked."""
    message = cut(without_trailers(diff.commit.message[: MESSAGE_MAX * 2]), MESSAGE_MAX)
    nonce = secrets.token_hex(16)
    settings = f"language: {language}\nrepository: {repo}\ncomputed importance: {computed.importance.name.lower()}"
    data = f"Message:\n{message}\n\nChanges:\n{packed.text or 'none'}"
    marked = "\n".join(f"| {line}" for line in data.splitlines())
    return f"{settings}\n\nBEGIN {nonce}\n{marked}\nEND {nonce}\n".encode("utf-8", "replace").decode()


def _schema_format(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "analysis", "strict": True, "schema": schema}}


def _strict(schema: Any) -> Any:
    """As strict mode wants it: every property required, no other allowed, no defaults.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(part) for key, part in schema.items() if key not in {"default", "title", "description"}}
    if "properties" in strict:
        strict |= {"required": list(strict["properties"]), "additionalProperties": False}
    return strict


# What goes wrong

#: Seconds that the SDK waits before its one retry, at most: Retry-After up to two minutes is honoured.
_LONGEST_PAUSE: Final = 130.0
_STATUSES_REFUSED: Final = frozenset({401, 402, 403, 404})
_CODES_REFUSED: Final = frozenset({"insufficient_quota", "invalid_api_key", "billing_hard_limit_reached"})


class _FormRejected(AnswerInvalid):
    """The language model's host does not take the form of answer that we ask for."""


def _failure(error: "OpenAIError") -> Exception:
    """Our error for one of the SDK's, without any of its text."""
    openai = importlib.import_module("openai")
    match error:
        case openai.APITimeoutError():
            return AnalystTimeout()
        case openai.APIStatusError():
            return _status_failure(error)
        case _:
            return AnalystUnavailable()


def _status_failure(error: Any) -> Exception:
    """For an `openai.APIStatusError`."""
    status: int = error.status_code
    if status in _STATUSES_REFUSED or not _CODES_REFUSED.isdisjoint({str(error.code), str(error.type)}):
        return AnalystRefused(f"{AnalystRefused.__doc__} ({status})")
    if status == 429:
        return AnalystRateLimited(retry_after=_retry_after(error.response.headers))
    if status >= 500 or status in {408, 409}:
        return AnalystUnavailable(
            f"{AnalystUnavailable.__doc__} ({status})", retry_after=_retry_after(error.response.headers)
        )
    if re.search("response_format|json_schema", error.response.text):
        return _FormRejected()
    return AnswerInvalid(f"The language model's host did not take our question. ({status})")


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Of the two forms of https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, the one in seconds."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return timedelta(seconds=seconds) if math.isfinite(seconds) and 0 <= seconds <= _DAY else None


_DAY: Final = 24 * 60 * 60


# The envelope


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0, le=TOKENS_MAX)
    completion_tokens: int = Field(default=0, ge=0, le=TOKENS_MAX)


def _seen(value: object) -> object:
    return visible(value) if isinstance(value, str) else value


_Visible = Annotated[str, BeforeValidator(_seen)]


class _Message(BaseModel):
    content: _Visible | None = None
    refusal: _Visible | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """Of https://platform.openai.com/docs/api-reference/chat/object, what we use."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    model: _Visible = ""
    usage: Annotated[_Usage, BeforeValidator(lambda usage: usage or {})] = _Usage()


def _completion(body: bytes) -> _Completion:
    """Raises AnswerInvalid."""
    if len(body) > ANSWER_MAX:
        raise AnswerInvalid("The language model's answer is far too long.")
    return _validated(_Completion, body.decode("utf-8", "replace"), "The language model's host sent no completion.")


_Model = TypeVar("_Model", bound=BaseModel)


def _validated(model: type[_Model], text: str, complaint: str, *, host: str = "") -> _Model:
    """JSON as a value of `model`. Raises AnswerInvalid with the complaint, and without what was wrong in the text."""
    with contextlib.suppress(ValueError, RecursionError):
        return model.model_validate(json.loads(text, strict=False), context={"host": host})
    raise AnswerInvalid(complaint)


# The answer


def _answer(completion: _Completion, host: str) -> "_Answer":
    """Raises AnswerInvalid."""
    choice = completion.choices[0]
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise AnswerInvalid("The language model declined to answer.")
    if choice.finish_reason == "length":
        raise AnswerInvalid("The language model's answer was cut off.")
    text = (choice.message.content or "").strip()
    if not text:
        raise AnswerInvalid("The language model's answer was empty.")
    fenced = _FENCE.fullmatch(text)
    complaint = "The language model's answer was not in the form asked for."
    return _validated(_Answer, fenced[1] if fenced else text, complaint, host=host)


_FENCE: Final = re.compile(r"```\w*\s*(.*)```", re.DOTALL)
#: Whatever a chat client would make clickable.
_LINK: Final = re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://|www\.|(mailto|javascript):)[^\s<>\"'`|)\]}]+", re.IGNORECASE)
_LINK_REMOVED: Final = "[…]"


def _without_links(text: str, host: str) -> str:
    """Leaves only links to the repository's own host."""
    own = re.compile(rf"https?://{re.escape(host)}(/.*)?", re.IGNORECASE)
    return _LINK.sub(lambda link: link[0] if host and own.fullmatch(link[0]) else _LINK_REMOVED, text)


def _prose(limit: int) -> BeforeValidator:
    """One line of at most `limit` characters that shows what it is; anything but text is left to be rejected."""

    def clean(value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return one_line(_without_links(visible(value), info.context["host"] if info.context else ""), limit)

    return BeforeValidator(clean)


def _at_most(count: int) -> BeforeValidator:
    def shorten(value: object) -> object:
        return value[:count] if isinstance(value, list) else value or []

    return BeforeValidator(shorten)


def _word(value: object) -> object:
    """For names of ours, which models like to write with a capital."""
    return value.strip().casefold() if isinstance(value, str) else value


def _word_or_none(value: object) -> object:
    word = _word(value)
    return None if word in ("", "none", "null") else word


_Value = TypeVar("_Value", str, list[Any])


def _required(value: _Value) -> _Value:
    if not value:
        raise ValueError
    return value


_Short = Annotated[str, _prose(SHORT_MAX)]
_Sentence = Annotated[str, _prose(STATEMENT_MAX)]
_Type = Annotated[ChangeType, BeforeValidator(_word)]
_Kind = Annotated[AdviceKind, BeforeValidator(_word)]


class _Evidence(BaseModel):
    path: Annotated[str, _prose(PATH_MAX)]
    hunk: int | None = None

    def value(self) -> Evidence:
        counted = self.hunk is not None and 0 < self.hunk <= HUNK_MAX
        return Evidence(path=self.path, hunk=self.hunk if counted else None)


_EvidenceList = Annotated[list[_Evidence], _at_most(EVIDENCE_MAX)]


def _evidence(evidence: Sequence[_Evidence]) -> tuple[Evidence, ...]:
    return tuple(item.value() for item in evidence if item.path)


class _Statement(BaseModel):
    text: _Sentence
    evidence: _EvidenceList = []

    def value(self) -> Statement:
        return Statement(text=self.text, evidence=_evidence(self.evidence))


_Statements = Annotated[list[_Statement], _at_most(SUMMARY_MAX)]


def _statements(statements: Sequence[_Statement]) -> tuple[Statement, ...]:
    return tuple(statement.value() for statement in statements if statement.text)


class _ScopeItem(BaseModel):
    name: Annotated[str, _prose(PATH_MAX)]
    effect: _Short


class _Insight(BaseModel):
    architecture: _Statements = []
    performance: _Statements = []
    security: _Statements = []

    def value(self) -> Insight:
        return Insight(
            architecture=_statements(self.architecture),
            performance=_statements(self.performance),
            security=_statements(self.security),
        )


class _Risk(BaseModel):
    risk: _Sentence
    evidence: _EvidenceList = []
    consequence: _Short
    mitigation: _Short

    def value(self) -> Risk:
        return Risk(
            risk=Statement(text=self.risk, evidence=_evidence(self.evidence)),
            consequence=self.consequence,
            mitigation=self.mitigation,
        )


class _Advice(BaseModel):
    kind: _Kind
    text: _Sentence


class _Answer(BaseModel):
    """What the model is asked for, in the order in which it is to think. Lists may be missing, names may not."""

    types: Annotated[list[_Type], _at_most(LIST_MAX), AfterValidator(_required)]
    importance: Annotated[Literal["high", "medium", "low"], BeforeValidator(_word)]
    rule: Annotated[ImportanceRule | None, BeforeValidator(_word_or_none)] = None
    reason: _Short = ""
    headline: Annotated[str, _prose(HEADLINE_MAX), AfterValidator(_required)]
    summary: Annotated[_Statements, AfterValidator(_required)]
    scope: Annotated[list[_ScopeItem], _at_most(SCOPE_MAX)] = []
    insight: Annotated[_Insight, BeforeValidator(lambda insight: insight or {})] = _Insight()
    risks: Annotated[list[_Risk], _at_most(LIST_MAX)] = []
    advice: Annotated[list[_Advice], _at_most(LIST_MAX)] = []

    def analysis(self, sha: str, computed: Rating, provenance: Provenance) -> Analysis:
        """At the depth of the importance that is left of the proposed one."""
        proposed = Rating(importance=Importance[self.importance.upper()], reason=self.reason, rule=self.rule)
        return to_depth(
            Analysis(
                sha=sha,
                types=tuple(dict.fromkeys(self.types)),
                rating=bounded(proposed, computed),
                headline=self.headline,
                summary=_statements(self.summary),
                scope=tuple(ScopeItem(name=item.name, effect=item.effect) for item in self.scope if item.name),
                insight=self.insight.value(),
                risks=tuple(risk.value() for risk in self.risks if risk.risk),
                advice=tuple(Advice(kind=advice.kind, text=advice.text) for advice in self.advice if advice.text),
                provenance=provenance,
            )
        )
