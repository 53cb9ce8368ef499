"""Makes the digests that are due before anybody delivers them, so that whoever delivers has only to load and post."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from bot.core.asker import Access
from bot.core.days import Day
from bot.core.digests import Digests
from bot.core.errors import BotError, SourceBehind
from bot.core.jobs import Collect, Deliver
from bot.core.language import Language, speaking
from bot.core.metering import Meter
from bot.core.outcomes import Crashed, Outcomes, attempt
from bot.core.ports import Clock, Ledger
from bot.core.ranges import Span
from bot.core.steps import Step
from bot.core.subscriptions import Delivery
from bot.core.tracing import Work, span

#: Rows that an outage gives back at a time, and for how long they are held meanwhile.
GIVEN_BACK_AT_ONCE: Final = 100
LEASE: Final = timedelta(minutes=3)

log = structlog.get_logger()


class Preparing:
    def __init__(
        self,
        *,
        digests: Digests,
        ledger: Ledger,
        outcomes: Outcomes,
        access: Access,
        now: Clock,
        meter: Meter,
    ) -> None:
        self._digests = digests
        self._ledger = ledger
        self._outcomes = outcomes
        self._access = access
        self._now = now
        self._meter = meter

    async def prepare(self, job: Collect) -> Sequence[Deliver]:
        """Makes the digests in every language in which somebody waits for them; returns the jobs that deliver them.

        What keeps them from being made is noted with every delivery that waits, as if it had been tried.
        """
        languages = {
            readers.language
            for readers in await self._ledger.readers(job, self._now())
            if self._access.admits(job.repo, readers.platform, readers.workspace)
        }
        with span(Work.PREPARE, repo=str(job.repo), first=str(job.first), last=str(job.last)):
            for language in sorted(languages):
                with speaking(language):
                    await self._prepare_in(language, job)
        deliver = await self._ledger.prepared(job, self._now())
        self._meter.reached(Step.PREPARED)
        return deliver

    async def _prepare_in(self, language: Language, job: Collect) -> None:
        try:
            await self._make(job)
        except BotError as error:
            await self._give_back(job, language, error)
        except Exception:
            log.exception("digest.crashed", repo=str(job.repo), first=str(job.first), last=str(job.last))
            await self._give_back(job, language, Crashed())

    async def _make(self, job: Collect) -> None:
        first, last = (Day(date=date, zone=job.zone) for date in (job.first, job.last))
        digests = await self._digests.of_days(job.repo, Span(first=first, last=last))
        if not all(digest.sealed for digest in digests):
            raise SourceBehind

    async def _give_back(self, job: Collect, language: Language, error: BotError) -> None:
        while deliveries := await self._claimed(job, language):
            for delivery in deliveries:
                with attempt(delivery):
                    await self._outcomes.give_back(delivery, error)

    async def _claimed(self, job: Collect, language: Language) -> Sequence[Delivery]:
        now = self._now()
        return await self._ledger.claim_unprepared(job, language, now, now + LEASE, GIVEN_BACK_AT_ONCE)
