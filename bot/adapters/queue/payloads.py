"""Jobs as what a row of the queue holds, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from bot.core.jobs import Job
from bot.core.working import AT_ONCE

#: To be raised when what is written here means something else than before.
VERSION: Final = 1


class Unreadable(Exception):
    """Another version of the bot has written this job, which ours does not know."""


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    payload: bytes

    @property
    def key(self) -> str:
        """The same for the same job, so that it waits once."""
        return f"{self.kind} {self.payload.decode()}"


class _Envelope(BaseModel):
    version: int
    job: Any


def kind_of(job: type[Job]) -> str:
    """As rows, logs and figures name it: `collect`, `analyse`."""
    return job.__name__.lower()


_JOBS: Final[Mapping[str, TypeAdapter[Any]]] = {kind_of(job): TypeAdapter(job) for job in AT_ONCE}


def dump(job: Job) -> Row:
    kind = kind_of(type(job))
    facts = _JOBS[kind].dump_python(job, mode="json")
    return Row(kind, _Envelope(version=VERSION, job=facts).model_dump_json().encode())


def load(row: Row) -> Job:
    """Raises Unreadable."""
    try:
        envelope = _Envelope.model_validate_json(row.payload)
        if envelope.version != VERSION:
            raise Unreadable(f"version {envelope.version}")
        return _JOBS[row.kind].validate_python(envelope.job)
    except (KeyError, ValidationError) as error:
        raise Unreadable(type(error).__name__) from error
