"""What calls cost: recorded one by one, and weighed against the day's budget."""

from collections.abc import Mapping

import structlog

from bot.adapters.openai.envelope import Usage
from bot.core.metering import Meter
from bot.core.ports import Clock, ModelCall, ModelMemory
from bot.core.prices import Budget, Price
from bot.core.tracing import note

log = structlog.get_logger()


class Accounts:
    """Of one model."""

    def __init__(
        self,
        memory: ModelMemory,
        *,
        model: str,
        budget: Budget,
        prices: Mapping[str, Price],
        now: Clock,
        meter: Meter,
    ) -> None:
        self._memory = memory
        self._model = model
        self._budget = budget
        self._prices = prices
        self._now = now
        self._meter = meter

    async def used(self) -> float:
        """Of the budget of the day (UTC), the share that is spent, by this process and others."""
        if self._budget == Budget():
            return 0.0
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)  # the clock is in UTC
        return self._budget.used(await self._memory.spent(midnight))

    def price(self, usage: Usage, tier: str) -> float | None:
        """US dollars; None where no price is known."""
        price = self._prices.get(f"{self._model}@{tier}") or self._prices.get(self._model)
        if price is None:
            return None
        return price.of(
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
        )

    async def record(self, call: ModelCall) -> None:
        """Stores the call, counts it, and logs everything but question and answer."""
        self._meter.asked(call)
        note(prompt_tokens=call.prompt_tokens, completion_tokens=call.completion_tokens)
        if call.error:
            note(error=call.error)
        await self._memory.record(call)
        log.info(
            "model.called",
            purpose=call.purpose,
            model=call.model,
            rung=call.rung,
            tier=call.service_tier,
            request_id=call.request_id,
            seconds=call.seconds,
            prompt_tokens=call.prompt_tokens,
            cached_tokens=call.cached_tokens,
            completion_tokens=call.completion_tokens,
            price=call.price,
            error=call.error,
        )
