"""What Prometheus gets to see, read as Prometheus reads it."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.adapters.prometheus import PrometheusMeter
from bot.core.answering import attempted
from bot.core.asker import Asker
from bot.core.errors import BotError, ChannelGone, NotUnderstood, PlatformUnavailable
from bot.core.interactions import arriving, came_to
from bot.core.metering import Census, Interaction, Meter, Outcome, Standing
from bot.core.pacing import RateLimit
from bot.core.ports import ModelCall
from bot.core.steps import Step
from bot.core.subscriptions import DeliveryState, Platform
from bot.core.underway import Underway
from tests.core.test_rounds import NINE, TERMS, Stage
from tests.fakes import NOW, FakeAnalyst, service
from tests.stopwatch import Watch

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
        and not sample.name.endswith(("_created", "_bucket", "_steps_total"))
    }


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
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


async def test_the_steps_of_a_digest_are_counted(stage: Stage):
    meter = metered(stage)
    await stage.tick(at=NINE)
    taken = set(re.findall(r'dynamo_digest_steps_total\{step="(\w+)"\}', meter.exposition(None, []).decode()))
    assert set(Step) - taken == {Step.TRANSLATED, Step.GIVEN_BACK, Step.TOLD, Step.OVERWRITTEN, Step.CORRECTED}


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
    assert labels <= {"platform", "state", "standing", "purpose", "outcome", "kind", "limit", "le", "step"}
    assert [
        told for told in (TERMS.channel.id, TERMS.repo.name, TERMS.subscriber, "large", "req_1") if told in text
    ] == []


def test_two_meters_count_apart():
    one, other = PrometheusMeter(), PrometheusMeter()
    one.ticked(went_well=True)
    assert figures(other) == {}


def test_jobs_that_processes_share_are_counted_where_there_is_a_queue():
    meter = PrometheusMeter()
    jobs = {("deliver", "queued"): 12, ("collect", "picked"): 3}
    assert figures(meter, Census(subscriptions={}, deliveries={}, jobs=jobs)) == {
        "queued_jobs kind=deliver state=queued": 12,
        "queued_jobs kind=collect state=picked": 3,
    }
    assert figures(meter, Census(subscriptions={}, deliveries={})) == {}


# What people do


def counted(meter: PrometheusMeter) -> Mapping[str, float]:
    return {name: value for name, value in figures(meter).items() if name.startswith("interaction")}


async def test_an_interaction_ends_with_the_last_task_that_it_goes_on_in():
    meter, watch, gate, underway = PrometheusMeter(), Watch(), asyncio.Event(), Underway()

    async def answer() -> None:
        await gate.wait()
        came_to(Outcome.ANSWERED)

    with arriving(Platform.SLACK, Interaction.BUTTON, meter, watch):
        underway.add(asyncio.create_task(answer()))
        watch.now += 0.25
    watch.now += 4
    assert counted(meter) == {
        "interaction_acknowledgement_seconds_count kind=button platform=slack": 1,
        "interaction_acknowledgement_seconds_sum kind=button platform=slack": 0.25,
    }
    gate.set()
    await underway.finish()
    assert counted(meter) == {
        "interaction_acknowledgement_seconds_count kind=button platform=slack": 1,
        "interaction_acknowledgement_seconds_sum kind=button platform=slack": 0.25,
        "interaction_answer_seconds_count kind=button platform=slack": 1,
        "interaction_answer_seconds_sum kind=button platform=slack": 4.25,
        "interactions_total kind=button outcome=answered platform=slack": 1,
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "answered"), (NotUnderstood("?", example="help"), "not_understood"), (ChannelGone(), "refused")],
    ids=["answered", "not_understood", "refused"],
)
async def test_an_interaction_is_counted_by_what_it_came_to(error: BotError | None, outcome: str):
    meter = PrometheusMeter()

    async def answer() -> str:
        if error is not None:
            raise error
        return "Because."

    with arriving(Platform.FEISHU, Interaction.MENTION, meter):
        await attempted(answer)
    assert counted(meter)[f"interactions_total kind=mention outcome={outcome} platform=feishu"] == 1


async def test_the_worst_that_an_interaction_came_to_counts():
    meter = PrometheusMeter()
    with pytest.raises(ZeroDivisionError), arriving(Platform.SLACK, Interaction.FORM, meter):
        came_to(Outcome.ANSWERED)
        raise ZeroDivisionError
    assert counted(meter)["interactions_total kind=form outcome=crashed platform=slack"] == 1
    assert "interaction_acknowledgement_seconds_count kind=form platform=slack" not in counted(meter)


def test_what_nobody_has_done_and_what_came_to_nothing_is_not_counted():
    meter = PrometheusMeter()
    with arriving(Platform.SLACK, None, meter):
        came_to(Outcome.ANSWERED)
    with arriving(Platform.SLACK, Interaction.MENTION, meter):
        """Slack repeats an event that was answered already."""
    assert not [name for name in counted(meter) if name.startswith("interactions_total")]


async def test_a_question_below_a_digest_is_known_by_the_digest(stage: Stage):
    await stage.tick(at=NINE)
    desk = service(
        source=stage.source, analyst=FakeAnalyst(), archive=stage.archive, now=stage.clock, posts=stage.posts
    ).desk
    meter, asker = PrometheusMeter(), Asker(channel=TERMS.channel, user="U1")
    for message in ("message 1", "message 2"):
        with arriving(Platform.SLACK, Interaction.MENTION, meter):
            await attempted(lambda message=message: desk.ask("Why?", message, asker))
    assert [name for name in counted(meter) if name.startswith("interactions_total")] == [
        "interactions_total kind=question outcome=answered platform=slack"
    ]
