"""The HTTP port: what is configured answers at its own path, and `/healthz` says that the process is up."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Route


def application(routes: Sequence[BaseRoute]) -> Starlette:
    return Starlette(routes=[Route("/healthz", _alive), *routes])


async def _alive(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
