"""Which work is part of which other work, and how long each of it took, for those who trace it.

As with log lines, whoever works says so and does not know who listens. What a span carries may leave the machine:
repositories, days, platforms and states, and never what people or models wrote.
"""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from enum import StrEnum
from typing import Final, Protocol


class Work(StrEnum):
    """What takes time, by the names of its spans."""

    TICK = "tick"
    PREPARE = "prepare"
    DIGEST = "digest"
    LIST = "digest.list"
    READ = "digest.read"
    ANALYSE = "digest.analyse"
    LEAD = "digest.lead"
    DELIVERY = "delivery"
    COMPOSE = "delivery.compose"
    POST = "delivery.post"
    MODEL_CALL = "model.call"
    ANSWER = "answer"


#: What is known of work: texts that anybody who sees the log may see, and numbers.
Fact = str | int | float | bool


class Tracer(Protocol):
    """Never fails, whatever becomes of what it was told."""

    def span(self, work: Work, **facts: Fact) -> AbstractContextManager[object]:
        """From now until it is left; an error that leaves it counts as its failure. Spans in it are parts of it."""
        ...

    def note(self, **facts: Fact) -> None:
        """What became known of the innermost span that is open here."""
        ...


class Untraced:
    """Implements `Tracer` where nobody listens."""

    def span(self, work: Work, **facts: Fact) -> AbstractContextManager[object]:
        return nullcontext()

    def note(self, **facts: Fact) -> None: ...


UNTRACED: Final[Tracer] = Untraced()

_tracer: ContextVar[Tracer] = ContextVar("tracer", default=UNTRACED)


@contextmanager
def traced_by(tracer: Tracer) -> Generator[None]:
    """In the block, and in all tasks that are begun there."""
    token = _tracer.set(tracer)
    try:
        yield
    finally:
        _tracer.reset(token)


def span(work: Work, **facts: Fact) -> AbstractContextManager[object]:
    return _tracer.get().span(work, **facts)


def note(**facts: Fact) -> None:
    _tracer.get().note(**facts)
