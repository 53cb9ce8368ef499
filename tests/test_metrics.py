"""What Prometheus gets to see, read as Prometheus reads it."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.adapters.database.archive import DatabaseArchive
from bot.adapters.database.ledger import DatabaseLedger
from bot.adapters.database.subscriptions import DatabaseSubscriptions
from bot.adapters.prometheus import PrometheusMeter
from bot.core.errors import ChannelGone, PlatformUnavailable
from bot.core.metering import Census, Meter, Standing
from bot.core.pacing import RateLimit
from bot.core.ports import ModelCall
from bot.core.subscriptions import DeliveryState, Platform
from tests.core.test_rounds import NINE, TERMS, Stage
from tests.fakes import NOW

_port: type[Meter] = PrometheusMeter


def figures(meter: PrometheusMeter, census: Census | None = None) -> Mapping[str, float]:
    """All of ours that are not zero, without buckets and when they were begun, as `name key=value …`."""
    text = meter.exposition(census, {Platform.SLACK}).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        " ".join(
            [sample.name.removeprefix("dynamo_digest_"), *(f"{key}={sample.labels[key]}" for key in sample.labels)]
        ): sample.value
        for sample in samples
        if sample.name.startswith("dynamo_digest_")
        and sample.value
        and not sample.name.endswith(("_created", "_bucket"))
    }


@pytest.fixture
async def stage(archive: DatabaseArchive, subscriptions: DatabaseSubscriptions, ledger: DatabaseLedger) -> Stage:
    stage = Stage(archive, subscriptions, ledger)
    await subscriptions.subscribe(TERMS, stage.clock.now)
    return stage


def metered(stage: Stage) -> PrometheusMeter:
    stage.meter = meter = PrometheusMeter()
    stage.rounds = stage.process()
    return meter


async def test_a_delivered_digest_is_counted_with_how_late_it_was(stage: Stage):
    meter = metered(stage)
    await stage.tick(at=NINE + timedelta(seconds=42))
    assert figures(meter) == {
        "deliveries_total platform=slack state=sent": 1,
        "delivery_lateness_seconds_count platform=slack": 1,
        "delivery_lateness_seconds_sum platform=slack": 42,
    }


async def test_an_outage_is_counted_at_each_attempt_and_nothing_arrived(stage: Stage):
    meter = metered(stage)
    stage.messenger.refuses = PlatformUnavailable()
    await stage.tick(at=NINE)
    await stage.tick(at=NINE + timedelta(minutes=30))
    assert figures(meter) == {"deliveries_total platform=slack state=due": 2}


async def test_a_delivery_that_was_given_up_is_counted(stage: Stage):
    meter = metered(stage)
    stage.messenger.refuses = ChannelGone()
    await stage.tick(at=NINE)
    assert figures(meter) == {"deliveries_total platform=slack state=failed": 1}


async def test_a_day_without_commits_is_counted_as_skipped(stage: Stage):
    meter = metered(stage)
    stage.source.commits = []
    await stage.tick(at=NINE)
    assert figures(meter) == {"deliveries_total platform=slack state=skipped": 1}


def call(**changes: object) -> ModelCall:
    facts: dict[str, object] = {
        "at": NOW, "purpose": "analysis", "endpoint": "https://api.example.org", "model": "large",
        "rung": "json_schema", "service_tier": "", "request_id": "req_1", "seconds": 2.5,
        "prompt_tokens": 1000, "cached_tokens": 400, "completion_tokens": 50, "price": 0.02,
    }  # fmt: skip
    return ModelCall(**(facts | changes))  # pyright: ignore[reportArgumentType]


def test_calls_of_a_model_are_counted_by_what_they_are_for_and_what_came_of_them():
    meter = PrometheusMeter()
    meter.asked(call())
    nothing = {"prompt_tokens": 0, "cached_tokens": 0, "completion_tokens": 0, "price": None}
    meter.asked(call(purpose="lead", error="AnalystTimeout", seconds=90.0, **nothing))
    assert figures(meter) == {
        "model_calls_total outcome=answered purpose=analysis": 1,
        "model_calls_total outcome=AnalystTimeout purpose=lead": 1,
        "model_call_duration_seconds_count purpose=analysis": 1,
        "model_call_duration_seconds_sum purpose=analysis": 2.5,
        "model_call_duration_seconds_count purpose=lead": 1,
        "model_call_duration_seconds_sum purpose=lead": 90,
        "model_tokens_total kind=prompt purpose=analysis": 600,
        "model_tokens_total kind=cached_prompt purpose=analysis": 400,
        "model_tokens_total kind=completion purpose=analysis": 50,
        "model_cost_dollars_total purpose=analysis": 0.02,
    }


def test_waits_for_rate_limits_are_counted_by_whether_the_limit_was_hit():
    meter = PrometheusMeter()
    for seconds in (0.5, 1):
        meter.waited(Platform.FEISHU, RateLimit.KEPT, timedelta(seconds=seconds))
    meter.waited(Platform.SLACK, RateLimit.HIT, timedelta(seconds=30))
    assert figures(meter) == {
        "rate_limit_wait_seconds_count limit=kept platform=feishu": 2,
        "rate_limit_wait_seconds_sum limit=kept platform=feishu": 1.5,
        "rate_limit_wait_seconds_count limit=hit platform=slack": 1,
        "rate_limit_wait_seconds_sum limit=hit platform=slack": 30,
    }


def test_ticks_are_counted_by_how_they_went():
    meter = PrometheusMeter()
    for went_well in (True, True, False):
        meter.ticked(went_well=went_well)
    assert figures(meter) == {"ticks_total outcome=ok": 2, "ticks_total outcome=failed": 1}


def test_subscriptions_and_the_queue_are_those_of_the_newest_census():
    meter = PrometheusMeter()
    slack = {(Platform.SLACK, Standing.ACTIVE): 7, (Platform.SLACK, Standing.BROKEN): 1}
    queue = {DeliveryState.DUE: 3, DeliveryState.CLAIMED: 2}
    assert figures(meter, Census(subscriptions=slack, deliveries=queue)) == {
        "subscriptions platform=slack standing=active": 7,
        "subscriptions platform=slack standing=broken": 1,
        "queued_deliveries state=due": 3,
        "queued_deliveries state=claimed": 2,
    }
    assert figures(meter, Census(subscriptions={}, deliveries={})) == {}


def test_what_nobody_could_count_is_missing_and_not_zero():
    meter = PrometheusMeter()
    assert b"dynamo_digest_queued_deliveries{" in meter.exposition(Census(subscriptions={}, deliveries={}), ())
    assert b"dynamo_digest_queued_deliveries{" not in meter.exposition(None, ())


async def test_no_label_tells_of_a_channel_a_repository_or_a_person(stage: Stage):
    meter = metered(stage)
    await stage.tick(at=NINE)
    meter.asked(call())
    text = meter.exposition(None, Platform).decode()
    families = list(text_string_to_metric_families(text))
    labels = {name for family in families for sample in family.samples for name in sample.labels}
    assert labels <= {"platform", "state", "standing", "purpose", "outcome", "kind", "limit", "le"}
    assert [
        told for told in (TERMS.channel.id, TERMS.repo.name, TERMS.subscriber, "large", "req_1") if told in text
    ] == []


def test_two_meters_count_apart():
    one, other = PrometheusMeter(), PrometheusMeter()
    one.ticked(went_well=True)
    assert figures(other) == {}
