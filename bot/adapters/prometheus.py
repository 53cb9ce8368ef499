"""Figures for Prometheus: what they are called, in which units they count, and how they are told apart.

Names follow https://prometheus.io/docs/practices/naming/. Labels have the values of enums, or names that stand in the
code, so that there are few series whatever people do.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, Summary
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.core.metering import Census, Interaction, Outcome, Standing
from bot.core.pacing import RateLimit
from bot.core.ports import ModelCall
from bot.core.steps import Step
from bot.core.subscriptions import DeliveryState, Platform

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

#: Seconds. A digest is on time within its minute, and caught up for a day.
LATENESS: Final = (1, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
#: Seconds; platforms give up after 3.
ACKNOWLEDGEMENT: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5)
#: Seconds; a digest that nobody has asked for before takes minutes.
ANSWER: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900)
#: Seconds that one call to a model takes; in the flex tier that may be many minutes.
LATENCY: Final = (0.5, 1, 2, 5, 10, 20, 30, 60, 90, 300, 900)

_QUEUE: Final = (DeliveryState.DUE, DeliveryState.CLAIMED, DeliveryState.SENDING)


class PrometheusMeter:
    """Implements `bot.core.metering.Meter`, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        counter = partial(Counter, namespace="dynamo_digest", registry=self._registry)
        gauge = partial(Gauge, namespace="dynamo_digest", registry=self._registry)
        histogram = partial(Histogram, namespace="dynamo_digest", registry=self._registry)
        summary = partial(Summary, namespace="dynamo_digest", registry=self._registry)
        self._ticks = counter("ticks_total", "Ticks of the clock.", ["outcome"])
        self._deliveries = counter(
            "deliveries_total", "Attempts to deliver, by how they ended; due: another follows.", ["platform", "state"]
        )
        self._lateness = histogram(
            "delivery_lateness_seconds", "From the hour of a delivery until it arrived.", ["platform"], buckets=LATENESS
        )
        self._calls = counter(
            "model_calls_total",
            "Requests to the model's host; outcome: answered, or the error.",
            ["purpose", "outcome"],
        )
        self._latency = histogram(
            "model_call_duration_seconds", "What requests to the model's host took.", ["purpose"], buckets=LATENCY
        )
        self._tokens = counter(
            "model_tokens_total", "Tokens, each of one kind: prompt, cached_prompt, completion.", ["purpose", "kind"]
        )
        self._cost = counter("model_cost_dollars_total", "US dollars, where the price is known.", ["purpose"])
        self._waits = summary(
            "rate_limit_wait_seconds", "Waits so that a limit is kept, and because it was hit.", ["platform", "limit"]
        )
        self._interactions = counter(
            "interactions_total", "What people did, and what it came to.", ["platform", "kind", "outcome"]
        )
        self._acknowledgements = histogram(
            "interaction_acknowledgement_seconds",
            "From an arrival until the platform was told of it.",
            ["platform", "kind"],
            buckets=ACKNOWLEDGEMENT,
        )
        self._answers = histogram(
            "interaction_answer_seconds",
            "From an arrival until the whole answer was there.",
            ["platform", "kind"],
            buckets=ANSWER,
        )
        self._steps = counter("steps_total", "Steps of collecting, analysing, posting and recording.", ["step"])
        self._subscriptions = gauge("subscriptions", "By whether they get anything.", ["platform", "standing"])
        self._queue = gauge("queued_deliveries", "Rows of the ledger, due by now or being worked on.", ["state"])
        self._jobs = gauge("queued_jobs", "Jobs that processes share, waiting or being done.", ["kind", "state"])

    def ticked(self, *, went_well: bool) -> None:
        self._ticks.labels("ok" if went_well else "failed").inc()

    def delivered(self, platform: Platform, state: DeliveryState, late_by: timedelta | None = None) -> None:
        self._deliveries.labels(platform.value, state.value).inc()
        if late_by is not None:
            self._lateness.labels(platform.value).observe(late_by.total_seconds())

    def asked(self, call: ModelCall) -> None:
        self._calls.labels(call.purpose, call.error or "answered").inc()
        self._latency.labels(call.purpose).observe(call.seconds)
        self._tokens.labels(call.purpose, "prompt").inc(max(0, call.prompt_tokens - call.cached_tokens))
        self._tokens.labels(call.purpose, "cached_prompt").inc(call.cached_tokens)
        self._tokens.labels(call.purpose, "completion").inc(call.completion_tokens)
        self._cost.labels(call.purpose).inc(call.price or 0)

    def waited(self, platform: Platform, limit: RateLimit, span: timedelta) -> None:
        self._waits.labels(platform.value, limit.value).observe(span.total_seconds())

    def acknowledged(self, platform: Platform, what: Interaction, after: timedelta) -> None:
        self._acknowledgements.labels(platform.value, what.value).observe(after.total_seconds())

    def answered(self, platform: Platform, what: Interaction, outcome: Outcome, after: timedelta) -> None:
        self._interactions.labels(platform.value, what.value, outcome.value).inc()
        self._answers.labels(platform.value, what.value).observe(after.total_seconds())

    def reached(self, step: Step) -> None:
        self._steps.labels(step.value).inc()

    def exposition(self, census: Census | None, platforms: Iterable[Platform]) -> bytes:
        """All figures as text, in CONTENT_TYPE; without a census, those that it tells are missing and not zero."""
        self._subscriptions.clear()
        self._queue.clear()
        self._jobs.clear()
        if census is not None:
            self._take(census, platforms)
        return generate_latest(self._registry)

    def _take(self, census: Census, platforms: Iterable[Platform]) -> None:
        for platform in platforms:
            for standing in Standing:
                self._subscriptions.labels(platform.value, standing.value).set(0)
        for (platform, standing), number in census.subscriptions.items():
            self._subscriptions.labels(platform.value, standing.value).set(number)
        for state in _QUEUE:
            self._queue.labels(state.value).set(census.deliveries.get(state, 0))
        for (kind, state), number in census.jobs.items():
            self._jobs.labels(kind, state).set(number)
