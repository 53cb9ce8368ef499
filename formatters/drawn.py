"""Remembers how the last replies are drawn: one digest goes to many channels, and drawing costs more than sending."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from itertools import tee
from typing import Final, Generic, TypeVar

from bot.core.language import Language, spoken
from bot.core.replies import Reply

Message = TypeVar("Message")

#: Replies, each in one language: those that are posted at the same time, to one workspace and to the next.
REMEMBERED: Final = 16


class Drawn(Generic[Message]):
    """Draws as `draw` does, each message when it is asked for, but what one reply looks like in one language once."""

    def __init__(self, draw: Callable[[Reply], Iterable[Message]]) -> None:
        self._draw = draw
        #: Compared one by one, which takes no time where they share their digest; a hash would visit every commit.
        self._recent: deque[tuple[Language, Reply, Iterator[Message]]] = deque(maxlen=REMEMBERED)

    def __call__(self, reply: Reply) -> Iterator[Message]:
        """The messages are the same objects each time: nobody may change them."""
        language, messages = spoken(), self._remembered(reply)
        if messages is None:
            (messages,) = tee(self._draw(reply), 1)
            self._recent.append((language, reply, messages))
        try:
            yield from copy(messages)
        except Exception:  # of what failed nobody is to get the beginning alone
            self._recent.clear()
            raise

    def _remembered(self, reply: Reply) -> Iterator[Message] | None:
        for language, known, messages in self._recent:
            if language is spoken() and known == reply:
                return messages
        return None
