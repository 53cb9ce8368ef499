"""How a question is put to a host: the ladder of forms of answer, and the parameters that not every host takes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, Literal

from bot.adapters.openai.envelope import follows
from bot.core.ports import Question

#: Of the tool that is never run: its arguments are the answer.
TOOL: Final = "answer"


class Rung(StrEnum):
    """Forms of answer, the strictest first."""

    JSON_SCHEMA = "json_schema"
    #: Any JSON; the schema stands in the prompt.
    JSON_OBJECT = "json_object"
    #: The arguments of a call that the model has to make.
    TOOL = "tool"
    #: Anything, of which the first JSON object counts.
    TEXT = "text"

    @property
    def next(self) -> "Rung | None":
        return next(iter(_LADDER[_LADDER.index(self) + 1 :]), None)


_LADDER: Final = tuple(Rung)
_NEXT_LIMIT: Final = {"max_completion_tokens": "max_tokens", "max_tokens": None}

#: What a host may not take, as the fields of a manner.
Part = Literal["rung", "limit", "tier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How one question is put."""

    rung: Rung = Rung.JSON_SCHEMA
    #: The parameter that limits the answer; None for hosts that take neither.
    limit: str | None = "max_completion_tokens"
    #: None: the host's own choice.
    tier: str | None = None

    def without(self, part: Part) -> "Manner | None":
        """The next manner that does without what the host rejected; None if there is none left."""
        match part:
            case "rung":
                return replace(self, rung=self.rung.next) if self.rung.next else None
            case "limit":
                return replace(self, limit=_NEXT_LIMIT[self.limit]) if self.limit else None
            case "tier":
                return replace(self, tier=None) if self.tier else None


def body(
    question: Question, repair: tuple[str, str] | None, manner: Manner, *, max_tokens: int, with_cache_key: bool
) -> dict[str, Any]:
    """The request without its model. What never changes stands first, so that hosts can cache it.

    Source: https://platform.openai.com/docs/api-reference/chat/create
    """
    request: dict[str, Any] = {"messages": _messages(question, repair, manner.rung), **_form(question, manner.rung)}
    if manner.limit:
        request[manner.limit] = max_tokens
    if manner.tier:
        request["service_tier"] = manner.tier
    if with_cache_key:  # https://platform.openai.com/docs/guides/prompt-caching
        version = sha256(question.instructions.encode()).hexdigest()[:12]
        request["prompt_cache_key"] = f"{question.purpose}-{version}"
    return request


def _messages(question: Question, repair: tuple[str, str] | None, rung: Rung) -> Sequence[Mapping[str, str]]:
    instructions, content = question.instructions, question.content
    if rung is not Rung.JSON_SCHEMA:
        schema = json.dumps(question.schema, ensure_ascii=False)
        instructions = f"{instructions}\nThe JSON schema of the object that you answer with:\n{schema}\n"
    system = {"role": "system", "content": _sendable(instructions)}
    if repair is None:
        return [system, {"role": "user", "content": _sendable(content)}]
    answer, complaint = repair
    if not answer.strip():  # many hosts refuse an empty turn, and two of one side in a row
        return [system, {"role": "user", "content": _sendable(f"{content}\n\n{complaint}")}]
    return [
        system,
        {"role": "user", "content": _sendable(content)},
        {"role": "assistant", "content": _sendable(answer)},
        {"role": "user", "content": _sendable(complaint)},
    ]


def _sendable(text: str) -> str:
    """Without halves of surrogate pairs, which UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode()


def _form(question: Question, rung: Rung) -> Mapping[str, Any]:
    match rung:
        case Rung.JSON_SCHEMA:
            named = {"name": question.purpose, "strict": True, "schema": question.schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case Rung.JSON_OBJECT:
            return {"response_format": {"type": "json_object"}}
        case Rung.TOOL:
            function = {"name": TOOL, "description": "Takes the answer.", "parameters": question.schema}
            return {
                "tools": [{"type": "function", "function": function}],
                "tool_choice": {"type": "function", "function": {"name": TOOL}},
            }
        case Rung.TEXT:
            return {}


def is_ignored(rung: Rung, text: str, question: Question, *, is_call: bool) -> bool:
    """Whether the host visibly does not care for the form that it was asked for."""
    match rung:
        case Rung.JSON_SCHEMA:
            return not follows(text, question.schema)
        case Rung.JSON_OBJECT:
            return not follows(text, {})
        case Rung.TOOL:
            return not is_call
        case Rung.TEXT:
            return False


def size(request: Mapping[str, Any]) -> int:
    """Bytes of UTF-8 of what a host counts as prompt: messages and schema."""
    messages = sum(len(message["content"].encode()) for message in request["messages"])
    form = [request[part] for part in ("response_format", "tools") if part in request]
    return messages + len(json.dumps(form, ensure_ascii=False).encode("utf-8", "replace"))
