"""What those who trace see: which work was part of which, and nothing that people or models wrote."""

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import quote

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from bot.adapters.openai import OpenAIModel
from bot.adapters.opentelemetry import OpenTelemetryTracer, otlp
from bot.core.asker import Asker
from bot.core.commands import ShowDigest
from bot.core.errors import ChannelGone, NotUnderstood
from bot.core.grammar import parse
from bot.core.tracing import UNTRACED, Tracer, Work, note, span, traced_by
from bot.settings import Settings, SettingsInvalid
from bot.watching import compose
from tests.core.test_rounds import NINE, TERMS, Stage
from tests.counterparts.collector import KEY, collecting
from tests.counterparts.model import API_KEY, ModelProxy
from tests.fakes import CHANNEL, NOW, FakeAnalyst, FakeModelMemory, service
from tests.understanding.test_openai import ANSWER, QUESTION

_port: type[Tracer] = OpenTelemetryTracer


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(exporter: InMemorySpanExporter) -> Iterator[OpenTelemetryTracer]:
    tracer = OpenTelemetryTracer(SimpleSpanProcessor(exporter))
    with traced_by(tracer):
        yield tracer


@pytest.fixture
async def stage(engine: AsyncEngine) -> Stage:
    stage = Stage(engine)
    await stage.subscriptions.subscribe(TERMS, stage.clock.now)
    return stage


def tree(exporter: InMemorySpanExporter) -> list[str]:
    """The names of all spans, those of parts below what they are part of, in the order of the alphabet."""
    return list(_below(None, exporter.get_finished_spans(), ""))


def _below(parent: int | None, spans: Sequence[ReadableSpan], indent: str) -> Iterator[str]:
    for each in sorted(spans, key=lambda each: each.name):
        if (each.parent.span_id if each.parent else None) == parent:
            yield indent + each.name
            yield from _below(each.context.span_id, spans, indent + "  ")


def facts(exporter: InMemorySpanExporter, name: str) -> list[dict[str, object]]:
    return [
        {key.removeprefix("dynamo_digest."): value for key, value in (each.attributes or {}).items()}
        for each in exporter.get_finished_spans()
        if each.name == name
    ]


async def test_a_digest_and_its_delivery_are_traces_that_the_tick_caused(
    stage: Stage, exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer
):
    with span(Work.TICK):
        await stage.tick(at=NINE + timedelta(seconds=42))
    assert tree(exporter) == [
        "delivery",
        "  delivery.compose",
        "    digest",
        "      digest.lead",
        "  delivery.post",
        "prepare",
        "  digest",
        "    digest.analyse",
        "    digest.lead",
        "    digest.list",
        "    digest.read",
        "    digest.read",  # that there is no other commit
        "tick",
    ]
    (delivery,) = facts(exporter, "delivery")
    assert delivery == {
        "subscription": 1,
        "repo": "octo/hello",
        "day": "2026-01-21",
        "platform": "slack",
        "attempt": 1,
        "state": "sent",
        "late_seconds": 42.0,
    }
    causes = {each.name: [link.context.trace_id for link in each.links] for each in exporter.get_finished_spans()}
    (tick,) = (each for each in exporter.get_finished_spans() if each.name == "tick")
    assert causes["delivery"] == causes["prepare"] == [tick.context.trace_id]


async def test_what_failed_says_how_and_not_what_was_written(
    stage: Stage, exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer
):
    stage.messenger.refuses = ChannelGone("#secret-plans is archived")
    await stage.tick(at=NINE)
    (post,) = facts(exporter, "delivery.post")
    assert post == {"error.type": "ChannelGone"}
    (delivery,) = facts(exporter, "delivery")
    assert delivery["state"] == "failed"


async def test_no_span_holds_what_people_wrote(
    stage: Stage, exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer
):
    await stage.tick(at=NINE)
    exported = "".join(each.to_json() for each in exporter.get_finished_spans())
    assert [told for told in ("greet", TERMS.channel.id, TERMS.subscriber) if told in exported] == []


async def test_an_answer_to_a_person_is_a_span_with_what_it_took(
    stage: Stage, exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer
):
    stage.clock.now = NINE
    command = parse("2026-01-21 octo/hello", host="github.com")
    assert isinstance(command, ShowDigest)
    desk = service(source=stage.source, analyst=FakeAnalyst(), archive=stage.archive, now=stage.clock).desk
    await desk.answer(command, Asker(channel=CHANNEL, user="U1"))
    assert tree(exporter)[:2] == ["answer", "  digest"]
    assert facts(exporter, "answer") == [{"platform": "slack", "command": "ShowDigest"}]


def test_lines_of_the_log_carry_the_ids_of_the_span_they_are_written_in(
    exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer
):
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        structlog.get_logger().info("outside")
        with span(Work.DELIVERY):
            structlog.get_logger().info("inside")
    (finished,) = exporter.get_finished_spans()
    outside, inside = lines
    assert "trace_id" not in outside
    assert int(inside["trace_id"], 16) == finished.context.trace_id
    assert int(inside["span_id"], 16) == finished.context.span_id


async def test_a_collector_gets_the_spans_with_the_key_that_it_wants():
    async with collecting() as collector:
        tracer = OpenTelemetryTracer(otlp(f"{collector.url}/", f"API-Key={quote(KEY)}, tenant=octo"))
        with traced_by(tracer), span(Work.DELIVERY, repo="octo/hello", attempt=1):
            note(state="sent")
        await tracer.finish()
    (received,) = collector.spans
    assert (received.name, collector.services) == ("delivery", {"dynamo-digest"})
    assert [(each.key, each.value.string_value or each.value.int_value) for each in received.attributes] == [
        ("dynamo_digest.repo", "octo/hello"),
        ("dynamo_digest.attempt", 1),
        ("dynamo_digest.state", "sent"),
    ]


async def test_a_call_of_a_model_is_a_span_with_its_tokens(
    exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer, emulated_model: ModelProxy
):
    emulated_model.answer(ANSWER)
    model = OpenAIModel(
        api_key=API_KEY, model="large", base_url=emulated_model.api, memory=FakeModelMemory(), now=lambda: NOW
    )
    await model.ask(QUESTION)
    await model.close()
    (call,) = facts(exporter, "model.call")
    tokens = [call.pop(f"gen_ai.usage.{kind}_tokens") for kind in ("input", "output")]
    assert call == {"purpose": QUESTION.purpose, "gen_ai.request.model": "large"}
    assert all(isinstance(number, int) and number > 0 for number in tokens)
    (exported,) = exporter.get_finished_spans()
    assert [told for told in (QUESTION.content, "Hello", API_KEY) if told in exported.to_json()] == []


def test_the_sdk_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "bot.adapters.opentelemetry")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    settings = Settings(_env_file=None, otel_exporter_otlp_endpoint="http://127.0.0.1:4318")  # pyright: ignore[reportCallIssue]
    with pytest.raises(SettingsInvalid, match=r"needs an extra: pip install 'dynamo-digest\[otel\]'"):
        compose(settings)


def test_an_error_goes_on_its_way(exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer):
    with pytest.raises(NotUnderstood), span(Work.ANSWER):
        raise NotUnderstood("What is “hush”?", example="help")
    (finished,) = exporter.get_finished_spans()
    assert finished.events == ()
    assert "hush" not in finished.to_json()


def test_what_is_noted_after_a_span_has_ended_is_lost(exporter: InMemorySpanExporter, tracer: OpenTelemetryTracer):
    note(state="sent")
    with span(Work.DELIVERY):
        note(state="due")
    assert facts(exporter, "delivery") == [{"state": "due"}]


def test_without_a_tracer_nothing_happens():
    with traced_by(UNTRACED), span(Work.TICK):
        note(state="sent")
