"""The HTTP port: what is configured answers at its own path, and operators' programs see how we are.

`/healthz` says that the process is up, `/readyz` whether everything works that it needs, `/metrics` has the figures.
"""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

#: What is not ready, in one line without secrets; empty if all is well.
Check = Callable[[], Awaitable[str]]
#: All figures, in Prometheus' text format.
Exposition = Callable[[], Awaitable[bytes]]

#: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What came of starting to listen to a platform."""

    #: What the HTTP port serves for it.
    routes: Sequence[BaseRoute]
    #: Whether it still listens.
    checks: Sequence[Check] = ()


def application(
    routes: Sequence[BaseRoute], *, checks: Sequence[Check] = (), exposition: Exposition | None = None
) -> Starlette:
    """Ready while all `checks` are; without an `exposition` there are no metrics."""

    async def ready(_request: Request) -> Response:
        problems = [problem for problem in await asyncio.gather(*(check() for check in checks)) if problem]
        return PlainTextResponse("".join(f"{line}\n" for line in problems or ["ok"]), 503 if problems else 200)

    watched = [Route("/healthz", _alive), Route("/readyz", ready)]
    if exposition is not None:
        watched.append(_metrics(exposition))
    return Starlette(routes=[*watched, *routes])


async def serve(application: Starlette, *, host: str, port: int, answering: Callable[[], None] = lambda: None) -> None:
    """Answers requests until the process is told to stop, and then those under way.

    `answering` is called once the port is open.
    """
    config = uvicorn.Config(application, host=host, port=port, log_config=None, lifespan="off")
    server = _Server(config, answering)
    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, setattr, server, "should_exit", True)
    await server.serve()


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again when it ends, and the process would die before it cleans up."""

    def __init__(self, config: uvicorn.Config, answering: Callable[[], None]) -> None:
        super().__init__(config)
        self._answering = answering

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._answering()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _metrics(exposition: Exposition) -> Route:
    async def metrics(_request: Request) -> Response:
        return Response(await exposition(), headers={"Content-Type": EXPOSITION})

    return Route("/metrics", metrics)


async def _alive(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
