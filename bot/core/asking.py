"""How the core asks a language model: data fenced from instructions, answers validated, one chance to repair them."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.errors import AnswerInvalid
from bot.core.model import AnalystKind, Language, Provenance
from bot.core.ports import Completion, LanguageModel, Question
from bot.core.rules import one_line

#: As models know them.
LANGUAGES: Final[Mapping[Language, str]] = {Language.EN: "English", Language.ZH: "Simplified Chinese (简体中文)"}
#: Characters of a complaint that is sent back.
COMPLAINT_MAX: Final = 1_000
MODEL_MAX: Final = 100
#: Whatever a chat client would make clickable.
LINK: Final = re.compile(r"\b([a-z][a-z0-9+.-]{0,20}://|www\.|(mailto|javascript):)[^\s<>\"'`|)\]}]+", re.IGNORECASE)

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The instructions of one purpose, the same for every question, so that hosts can cache them."""

    purpose: str
    instructions: str
    schema: Mapping[str, object]

    @property
    def version(self) -> str:
        """The first 12 hexadecimal digits of their SHA-256."""
        return sha256(self.instructions.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[A]):
    answer: A
    #: One, or two where the first answer had to be repaired.
    completions: tuple[Completion, ...]

    def provenance(self, version: str) -> Provenance:
        """Who gave the answer, and what it took."""
        prices = [completion.price for completion in self.completions if completion.price is not None]
        return Provenance(
            analyst=AnalystKind.MODEL,
            version=version,
            model=one_line(self.completions[-1].model, MODEL_MAX),
            calls=len(self.completions),
            prompt_tokens=sum(completion.prompt_tokens for completion in self.completions),
            completion_tokens=sum(completion.completion_tokens for completion in self.completions),
            price=sum(prices) if len(prices) == len(self.completions) else None,
        )


async def ask(model: LanguageModel, prompt: Prompt, content: str, form: type[A]) -> Answered[A]:
    """The answer as a `form`; a wrong one is sent back once. Raises what `LanguageModel.ask` raises."""
    question = Question(purpose=prompt.purpose, instructions=prompt.instructions, content=content, schema=prompt.schema)
    first = await model.ask(question)
    try:
        return Answered(answer=_read(first.text, form), completions=(first,))
    except ValueError as problem:
        complaint = _complaint(problem)
    second = await model.ask(question, repair=(first.text, complaint))
    try:
        return Answered(answer=_read(second.text, form), completions=(first, second))
    except ValueError:
        raise AnswerInvalid from None


def _read(text: str, form: type[A]) -> A:
    try:
        return form.model_validate(json.loads(text, strict=False))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _complaint(problem: ValueError) -> str:
    """What is wrong, without repeating what was said."""
    if not isinstance(problem, ValidationError):
        return "The answer was no JSON object."
    errors = problem.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)[:COMPLAINT_MAX]


def fenced(settings: Mapping[str, str], data: str) -> str:
    """Settings of ours, then data: between marks that nobody can know beforehand, every line marked."""
    nonce = secrets.token_hex(16)
    marked = "\n".join(f"| {line}" for line in data.splitlines())
    ours = "\n".join(f"{name}: {value}" for name, value in settings.items())
    return f"{ours}\n\nBEGIN {nonce}\n{marked}\nEND {nonce}\n".encode("utf-8", "replace").decode()


def listed(texts: Iterable[str]) -> str:
    """Each text on one line, whatever is in it."""
    return "\n".join(one_line(text, len(text)) for text in texts)


def without_links(text: str) -> str:
    return LINK.sub("", text)
