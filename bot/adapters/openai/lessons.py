"""What is learned of a host while it is asked, and kept for the next process."""

import asyncio
from dataclasses import replace
from typing import Final

import structlog

from bot.adapters.openai.forms import Manner, Part, Rung
from bot.core.errors import AnswerInvalid
from bot.core.language import _
from bot.core.ports import Clock, ModelMemory, ModelTraits

#: Answers in a row that show no trace of the form asked for, after which the host is taken to ignore it.
IGNORED_MAX: Final = 2
#: Of the average of bytes per token, the weight of the newest answer; prompts shorter than this (bytes) say little.
NEWEST: Final = 0.2
TELLING_SIZE: Final = 4_000
#: What a tokeniser may have of bytes per token; hosts can count anything.
BYTES_PER_TOKEN: Final = (1.5, 6.0)
#: An average that moved by a smaller share is not stored again.
NOTABLE_MOVE: Final = 0.05

log = structlog.get_logger()


class Lessons:
    """The manner that a host takes, and how it counts."""

    def __init__(self, memory: ModelMemory, *, endpoint: str, model: str, manner: Manner, now: Clock) -> None:
        #: How the next question is put.
        self.manner = manner
        self.bytes_per_token: float | None = None
        self._memory = memory
        self._endpoint = endpoint
        self._model = model
        self._now = now
        self._ignored = 0
        self._stored: ModelTraits | None = None
        self._recalled = False
        self._recalling = asyncio.Lock()

    async def recall(self) -> None:
        """Once, what an earlier process learned."""
        async with self._recalling:
            if self._recalled:
                return
            self._stored = await self._memory.recall(self._endpoint, self._model)
            if self._stored is not None:
                self.bytes_per_token = self._stored.bytes_per_token
                if self._stored.rung in set(Rung):
                    self.manner = replace(self.manner, rung=Rung(self._stored.rung))
            self._recalled = True

    def rejected(self, manner: Manner, part: Part) -> Manner:
        """The next manner to try; what comes later does without that part, too. Raises AnswerInvalid if it cannot."""
        lowered = manner.without(part)
        if lowered is None:
            raise AnswerInvalid(_("The language model's host takes no form of our question. ({part})", part=part))
        if getattr(self.manner, part) == getattr(manner, part):  # or another question has learned it before
            self.manner = replace(self.manner, **{part: getattr(lowered, part)})
            self._ignored = 0
            log.info("model.stepped_down", model=self._model, part=part, rung=lowered.rung.value)
        return lowered

    async def answered(self, manner: Manner, *, ignored: bool, sent: int, counted: int) -> None:
        """Learns from an answer: whether its form was ignored, bytes sent, and tokens that the host counted in them."""
        self._notice_form(manner, ignored)
        self._notice_size(sent, counted)
        traits = ModelTraits(rung=self.manner.rung.value, bytes_per_token=self.bytes_per_token)
        if _differ(traits, self._stored):
            self._stored = traits
            await self._memory.remember(self._endpoint, self._model, traits, self._now())

    def _notice_form(self, manner: Manner, ignored: bool) -> None:
        if manner.rung is not self.manner.rung:
            return
        self._ignored = self._ignored + 1 if ignored else 0
        if self._ignored >= IGNORED_MAX:
            self.rejected(manner, "rung")

    def _notice_size(self, sent: int, counted: int) -> None:
        if sent < TELLING_SIZE or not counted:
            return
        least, most = BYTES_PER_TOKEN
        newest = min(max(sent / counted, least), most)
        average = self.bytes_per_token or newest
        self.bytes_per_token = average + NEWEST * (newest - average)


def _differ(traits: ModelTraits, stored: ModelTraits | None) -> bool:
    if stored is None or traits.rung != stored.rung:
        return True
    now, before = traits.bytes_per_token, stored.bytes_per_token
    return now is not None and (before is None or abs(now - before) > NOTABLE_MOVE * before)
