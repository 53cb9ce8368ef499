"""Work that tests look at."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from bot.core.jobs import Analyse, Job
from bot.core.model import Repo

REPO = Repo(owner="octo", name="hello")


def analyses(number: int) -> list[Analyse]:
    return [Analyse(repo=REPO, sha=f"{each:040x}") for each in range(number)]


class NotedWork:
    """Stands for `bot.core.rounds.Work`: notes what it is asked to do, and may take its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.done: Counter[Job] = Counter()
        self.begun = asyncio.Event()
        #: What is to be done after a job.
        self.next: dict[Job, Sequence[Job]] = {}
        #: Raised by those jobs.
        self.breaks: dict[Job, Exception] = {}
        self._seconds = seconds

    async def perform(self, job: Job) -> Sequence[Job]:
        self.begun.set()
        await asyncio.sleep(self._seconds)
        if job in self.breaks:
            raise self.breaks.pop(job)
        self.done[job] += 1
        return self.next.get(job, ())
