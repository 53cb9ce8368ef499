"""A collector of OpenTelemetry: takes spans over OTLP/HTTP, as https://opentelemetry.io/docs/specs/otlp/ has them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

#: With a secret in it, as those of hosted collectors have.
KEY = "hush/hush="


class Collector:
    def __init__(self) -> None:
        self.url = ""
        self.services: set[str] = set()
        self.spans: list[Span] = []

    async def receive(self, request: web.Request) -> web.Response:
        if request.headers.get("api-key") != KEY:
            return web.Response(status=401)
        exported = ExportTraceServiceRequest.FromString(await request.read())
        for resource in exported.resource_spans:
            named = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
            self.services.add(named["service.name"])
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response(content_type="application/x-protobuf")

    @property
    def names(self) -> set[str]:
        return {span.name for span in self.spans}


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    collector = Collector()
    application = web.Application()
    application.router.add_post("/v1/traces", collector.receive)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield collector
    await runner.cleanup()
