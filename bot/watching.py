"""What operators' programs see of the bot, composed: figures, spans, readiness, and a ping while all goes well."""

import time
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.core.metering import Censuses
from bot.core.ports import Clock
from bot.core.pulse import Backlog, Pulse
from bot.core.tracing import traced_by
from bot.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from bot.adapters.opentelemetry import OpenTelemetryTracer
    from bot.adapters.ping import Ping
    from bot.adapters.prometheus import PrometheusMeter
    from handlers.web import Check


class Role(StrEnum):
    """What a process does. One that does all of it needs no other."""

    WEB = "web"
    WORKER = "worker"
    CLOCK = "clock"


ALL: Final = frozenset(Role)
_NEEDS_EXTRA: Final = "OTEL_EXPORTER_OTLP_ENDPOINT needs an extra: pip install 'dynamo-digest[otel]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    prometheus: "PrometheusMeter"
    #: Of the clock, and of a worker's loop that asks the queue for jobs.
    pulse: Pulse = field(default_factory=lambda: Pulse(time.monotonic))
    queue: Pulse = field(default_factory=lambda: Pulse(time.monotonic, whose="The queue", beats="been asked"))
    #: Each is None where it is not configured.
    ping: "Ping | None"
    tracer: "OpenTelemetryTracer | None"

    def ticked(self, went_well: bool, *, backlog: Backlog | None = None) -> None:
        """Nobody is told that all is well while the backlog is stuck."""
        self.prometheus.ticked(went_well=went_well)
        if went_well:
            self.pulse.beat()
            if self.ping is not None:
                self.ping.send(backlog.trouble if backlog is not None else None)

    def checks(
        self, roles: Collection[Role], *, censuses: Censuses, now: Clock, platforms: Sequence["Check"] = ()
    ) -> "list[Check]":
        """What makes a process ready that has these roles; `platforms` are those that it listens to.

        Only a worker that gets its jobs from others asks the queue for them.
        """
        checks: list[Check] = [_database(censuses)]
        if Role.WEB in roles:
            checks += platforms
        if Role.WORKER in roles:
            checks.append(self.queue.trouble)
        if Role.CLOCK in roles:
            checks += [self.pulse.trouble, Backlog(censuses, now).trouble]
        return checks

    @contextmanager
    def tracing(self) -> Generator[None]:
        """What is done in the block, and by tasks that begin there, is traced if that is configured."""
        if self.tracer is None:
            yield
            return
        with traced_by(self.tracer):
            yield

    async def finish(self) -> None:
        if self.ping is not None:
            await self.ping.finish()
        if self.tracer is not None:
            await self.tracer.finish()


def compose(settings: Settings) -> Watching:
    """Raises SettingsInvalid where an extra is missing."""
    from bot.adapters.ping import Ping
    from bot.adapters.prometheus import PrometheusMeter

    ping = Ping(settings.ping_url.get_secret_value()) if settings.ping_url is not None else None
    return Watching(prometheus=PrometheusMeter(), ping=ping, tracer=_tracer(settings))


def _tracer(settings: Settings) -> "OpenTelemetryTracer | None":
    if not settings.otel_exporter_otlp_endpoint:
        return None
    try:
        from bot.adapters.opentelemetry import OpenTelemetryTracer, otlp
    except ModuleNotFoundError:
        raise SettingsInvalid(_NEEDS_EXTRA) from None
    headers = settings.otel_exporter_otlp_headers
    return OpenTelemetryTracer(
        otlp(settings.otel_exporter_otlp_endpoint, headers.get_secret_value() if headers is not None else "")
    )


def _database(censuses: Censuses) -> "Check":
    async def check() -> str:
        return "" if await censuses.is_possible() else "The database does not answer."

    return check
