"""What a host sends back, and the answer in it."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field

from bot.core.errors import AnswerCut, AnswerInvalid
from bot.core.language import _
from bot.core.rules import one_line, visible

#: Bytes. Far beyond any answer; what is longer is none to our questions.
ENVELOPE_MAX: Final = 512 * 1024
#: No host counts more tokens.
TOKENS_MAX: Final = 100_000_000
#: Characters of the names that hosts give to models and requests, and to service tiers.
NAME_MAX: Final = 100
TIER_MAX: Final = 20
#: Opening braces that are tried for the first object.
BRACES_MAX: Final = 20


def _seen(value: object) -> object:
    return visible(value) if isinstance(value, str) else value


def _name(limit: int) -> BeforeValidator:
    return BeforeValidator(lambda value: one_line(value, limit) if isinstance(value, str) else "")


def _or_empty(value: object) -> object:
    return value or {}


_Visible = Annotated[str, BeforeValidator(_seen)]
_Count = Annotated[int, Field(ge=0, le=TOKENS_MAX), BeforeValidator(lambda count: count or 0)]


class _Details(BaseModel):
    cached_tokens: _Count = 0


class Usage(BaseModel):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    prompt_tokens_details: Annotated[_Details, BeforeValidator(_or_empty)] = _Details()

    @property
    def cached_tokens(self) -> int:
        return self.prompt_tokens_details.cached_tokens


class _Function(BaseModel):
    arguments: _Visible = ""


class _Call(BaseModel):
    function: _Function = _Function()


class _Message(BaseModel):
    content: _Visible | None = None
    refusal: _Visible | None = None
    tool_calls: Annotated[list[_Call], BeforeValidator(lambda calls: calls or [])] = []


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class Envelope(BaseModel):
    """Of https://platform.openai.com/docs/api-reference/chat/object, what we use."""

    choices: Annotated[list[_Choice], Field(min_length=1)]
    model: Annotated[str, _name(NAME_MAX)] = ""
    service_tier: Annotated[str, _name(TIER_MAX)] = ""
    usage: Annotated[Usage, BeforeValidator(_or_empty)] = Usage()

    @property
    def is_call(self) -> bool:
        """The answer came as the arguments of a call."""
        return bool(self.choices[0].message.tool_calls)

    def answer(self, schema: Mapping[str, Any]) -> str:
        """The JSON object if there is one, else all that was said. Raises AnswerCut, AnswerInvalid."""
        choice = self.choices[0]
        if choice.message.refusal or choice.finish_reason == "content_filter":
            raise AnswerInvalid(_("The language model declined to answer."))
        if choice.finish_reason == "length":
            raise AnswerCut()
        calls = choice.message.tool_calls
        text = ((calls[0].function.arguments if calls else "") or choice.message.content or "").strip()
        if not text:
            raise AnswerCut()
        return _object(text, schema)


def opened(body: bytes) -> Envelope:
    """Raises AnswerInvalid, without anything of what was sent."""
    with contextlib.suppress(ValueError, RecursionError):
        return Envelope.model_validate(json.loads(body.decode("utf-8", "replace"), strict=False))
    raise AnswerInvalid(_("The language model's host sent no completion."))


# The answer in the text

#: What models think aloud before they answer.
_THOUGHT: Final = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


def _object(text: str, schema: Mapping[str, Any]) -> str:
    """The first JSON object that has what the schema requires, else the first one of any kind, else the text."""
    text = _THOUGHT.sub("", text).strip()
    found = list(_objects(text))
    fitting = (candidate for candidate in found if follows(candidate, schema))
    return next(fitting, found[0] if found else text)


def _objects(text: str) -> Iterator[str]:
    """The outermost JSON objects in the text, each as it is written."""
    decoder = json.JSONDecoder(strict=False)
    start = text.find("{")
    for _attempt in range(BRACES_MAX):
        if start < 0:
            return
        end = start + 1
        with contextlib.suppress(ValueError, RecursionError):
            end = decoder.raw_decode(text, start)[1]
            yield text[start:end]
        start = text.find("{", end)


def follows(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether the text is a JSON object with all that the schema requires at its top."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(text, strict=False)
        return isinstance(value, dict) and all(name in value for name in schema.get("required", ()))
    return False
