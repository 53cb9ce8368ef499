"""Spans for OpenTelemetry, sent to a collector: https://opentelemetry.io/docs/specs/otlp/

Its SDK is an extra: `pip install 'dynamo-digest[otel]'`. Only who traces imports this module.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from structlog.contextvars import bound_contextvars

from bot.core.tracing import Fact, Work

SERVICE: Final = "dynamo-digest"
#: Below the collector's address: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
_PATH: Final = "/v1/traces"
#: Seconds that a process which is told to stop tries to send its last spans.
FLUSH_WITHIN: Final = 5

#: Work of others that we wait for.
_ASKS_OTHERS: Final = frozenset({Work.POST, Work.MODEL_CALL})
#: Each is a trace of its own that only refers to what caused it: a tick may cause thousands.
_ROOTS: Final = frozenset({Work.PREPARE, Work.DELIVERY})
#: What others have names for; everything else is ours.
#: https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
_NAMES: Final = {
    "model": "gen_ai.request.model",
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "completion_tokens": "gen_ai.usage.output_tokens",
    "error": "error.type",
}


def otlp(endpoint: str, headers: str) -> BatchSpanProcessor:
    """Sends spans to the collector at that base address, with `headers` such as `api-key=…,tenant=…`."""
    given = (header.partition("=") for header in headers.split(",") if header)
    sent = {name.strip().lower(): unquote(value.strip()) for name, _equals, value in given}
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}{_PATH}", headers=sent))


class OpenTelemetryTracer:
    """Implements `bot.core.tracing.Tracer`; what is logged in a span carries its ids."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(SERVICE)

    @contextmanager
    def span(self, work: Work, **facts: Fact) -> Generator[None]:
        with self._begun(work, facts) as span, bound_contextvars(**_ids(span)):
            try:
                yield
            except Exception as error:  # whose text may have what nobody may see
                span.set_status(Status(StatusCode.ERROR))
                span.set_attribute("error.type", type(error).__name__)
                raise

    def note(self, **facts: Fact) -> None:
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes(_attributes(facts))

    async def finish(self) -> None:
        """Sends what is left, and gives up where nobody takes it."""
        await asyncio.to_thread(self._provider.force_flush, FLUSH_WITHIN * 1000)
        await asyncio.to_thread(self._provider.shutdown)

    @contextmanager
    def _begun(self, work: Work, facts: Mapping[str, Fact]) -> Generator[Span]:
        is_root = work in _ROOTS
        cause = trace.get_current_span().get_span_context()
        with self._tracer.start_as_current_span(
            work.value,
            context=Context() if is_root else None,
            links=[Link(cause)] if is_root and cause.is_valid else None,
            kind=SpanKind.CLIENT if work in _ASKS_OTHERS else SpanKind.INTERNAL,
            attributes=_attributes(facts),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span


def _attributes(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    return {_NAMES.get(name, f"dynamo_digest.{name}"): value for name, value in facts.items()}


def _ids(span: Span) -> dict[str, str]:
    """As https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ wants them."""
    context = span.get_span_context()
    return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}
