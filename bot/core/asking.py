"""How the core asks a language model: data fenced from instructions, answers validated, one chance to repair them."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from bot.core.model import AnalystKind, Language, Provenance
from bot.core.ports import Completion, LanguageModel, Question
from bot.core.rules import one_line
from bot.core.turns import Turns

#: As models know them.
LANGUAGES: Final[Mapping[Language, str]] = {Language.EN: "English", Language.ZH: "Simplified Chinese (简体中文)"}
_REPAIR: Final = "Your answer cannot be used as it is. Answer again, whole, in the same form. What is wrong with it:"
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
    #: Questions asked, answered or not.
    calls: int

    def provenance(self, version: str) -> Provenance:
        """Who gave the answer, and what it took."""
        prices = [completion.price for completion in self.completions if completion.price is not None]
        return Provenance(
            analyst=AnalystKind.MODEL,
            version=version,
            model=one_line(self.completions[-1].model, MODEL_MAX),
            calls=self.calls,
            prompt_tokens=sum(completion.prompt_tokens for completion in self.completions),
            completion_tokens=sum(completion.completion_tokens for completion in self.completions),
            price=sum(prices) if len(prices) == len(self.completions) else None,
        )


async def ask(model: LanguageModel, prompt: Prompt, content: str, form: type[A]) -> Answered[A]:
    """The answer as a `form`; a wrong one is sent back once. Raises AnswerInvalid, and as `LanguageModel.ask`."""
    question = Question(purpose=prompt.purpose, instructions=prompt.instructions, content=content, schema=prompt.schema)
    turns = Turns(model, question, form, repair=_REPAIR)
    answer = await turns.answer()
    return Answered(answer=answer, completions=tuple(turns.completions), calls=turns.calls)


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
