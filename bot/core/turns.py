"""One question about a commit, and the one chance to repair its answer."""

from collections.abc import Sequence
from typing import Final

from bot.core.answers import Answer, WrongForm, read
from bot.core.errors import AnswerCut
from bot.core.ports import Completion, LanguageModel, Question

#: Characters of an answer that are sent back to be repaired.
ANSWER_MAX: Final = 24_000
_CUT: Final = "It was empty, or it broke off before its end. Answer with the most important half of it at most."


class Turns:
    """The turns of one question: an answer, and at most one more."""

    def __init__(self, model: LanguageModel, question: Question, *, repair: str, host: str) -> None:
        """`repair` stands before what is wrong; links in answers may lead to `host` only."""
        self.completions: list[Completion] = []
        #: Turns that were taken, answered or not.
        self.calls = 0
        self._model = model
        self._question = question
        self._repair = repair
        self._host = host
        self._last = ""

    @property
    def can_repair(self) -> bool:
        return self.calls == 1

    async def answer(self) -> Answer:
        """An answer in the form asked for. Raises AnswerInvalid, and what `LanguageModel.ask` raises."""
        try:
            return await self._turn(None)
        except AnswerCut:
            complaint = _CUT
        except WrongForm as error:
            complaint = error.complaint
        return await self.repaired([complaint])

    async def repaired(self, complaints: Sequence[str]) -> Answer:
        """The answer to the same question, after having been told what is wrong with the last one."""
        told = "\n".join([self._repair, *(f"- {complaint}" for complaint in complaints)])
        return await self._turn((self._last[:ANSWER_MAX], told))

    async def _turn(self, repair: tuple[str, str] | None) -> Answer:
        self.calls += 1
        completion = await self._model.ask(self._question, repair=repair)
        self.completions.append(completion)
        self._last = completion.text
        return read(completion.text, self._host)
