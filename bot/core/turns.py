"""One question to a language model, and the one chance to repair its answer."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bot.core.errors import AnswerCut, AnswerInvalid
from bot.core.ports import Completion, LanguageModel, Question

#: Characters of an answer that are sent back to be repaired.
ANSWER_MAX: Final = 24_000
#: Of what is wrong with the form, what is told.
COMPLAINTS_MAX: Final = 10
COMPLAINT_MAX: Final = 1_000
_CUT: Final = "It was empty, or it broke off before its end. Answer with the most important half of it at most."

A = TypeVar("A", bound=BaseModel)


class WrongForm(AnswerInvalid):
    """The language model's answer was not in the form asked for."""

    def __init__(self, complaint: str) -> None:
        super().__init__()
        #: For the model: what is wrong, without repeating what it said.
        self.complaint = complaint


class Turns(Generic[A]):
    """The turns of one question: an answer, and at most one more."""

    def __init__(
        self,
        model: LanguageModel,
        question: Question,
        form: type[A],
        *,
        repair: str,
        context: Mapping[str, object] | None = None,
    ) -> None:
        """`repair` stands before what is wrong; `context` is what the form's validators know besides the answer."""
        self.completions: list[Completion] = []
        #: Turns that were taken, answered or not.
        self.calls = 0
        self._model = model
        self._question = question
        self._form = form
        self._repair = repair
        self._context = context
        self._last = ""

    @property
    def can_repair(self) -> bool:
        return self.calls == 1

    async def answer(self) -> A:
        """An answer in the form asked for. Raises AnswerInvalid, and what `LanguageModel.ask` raises."""
        try:
            return await self._turn(None)
        except AnswerCut:
            complaint = _CUT
        except WrongForm as error:
            complaint = error.complaint
        return await self.repaired([complaint])

    async def repaired(self, complaints: Sequence[str]) -> A:
        """The answer to the same question, after having been told what is wrong with the last one."""
        told = "\n".join([self._repair, *(f"- {complaint}" for complaint in complaints)])
        return await self._turn((self._last[:ANSWER_MAX], told))

    async def _turn(self, repair: tuple[str, str] | None) -> A:
        self.calls += 1
        completion = await self._model.ask(self._question, repair=repair)
        self.completions.append(completion)
        self._last = completion.text
        return self._read(completion.text)

    def _read(self, text: str) -> A:
        try:
            return self._form.model_validate(json.loads(text, strict=False), context=self._context)
        except ValidationError as error:
            complaint = _complaint(error)
        except (ValueError, RecursionError):
            complaint = "It is not one JSON object."
        raise WrongForm(complaint)


def _complaint(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [f"{'.'.join(map(str, problem['loc'])) or 'the whole'}: {problem['msg']}" for problem in problems]
    return "\n".join(lines[:COMPLAINTS_MAX])[:COMPLAINT_MAX]
