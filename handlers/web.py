"""The HTTP port: what is configured answers at its own path, and `/healthz` says that the process is up."""

import asyncio
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route


def application(routes: Sequence[BaseRoute]) -> Starlette:
    return Starlette(routes=[Route("/healthz", _alive), *routes])


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


async def _alive(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
