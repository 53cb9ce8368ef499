"""The HTTP port: what is configured answers at its own path, and `/healthz` says that the process is up."""

import asyncio
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route


def application(routes: Sequence[BaseRoute]) -> Starlette:
    return Starlette(routes=[Route("/healthz", _alive), *routes])


async def serve(application: Starlette, *, host: str, port: int) -> None:
    """Answers requests until the process is told to stop, and then those under way."""
    server = _Server(uvicorn.Config(application, host=host, port=port, log_config=None, lifespan="off"))
    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, setattr, server, "should_exit", True)
    await server.serve()


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn raises them again when it ends, and the process would die before it cleans up."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def _alive(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
