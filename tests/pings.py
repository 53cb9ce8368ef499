"""The end of a dead man's switch: notes who says that all is well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class Pings:
    def __init__(self) -> None:
        #: With a secret in it, as those of healthchecks.io have.
        self.url = ""
        self.received: list[str] = []
        self.status = 200

    async def receive(self, request: web.Request) -> web.Response:
        self.received.append(f"{request.method} {request.path}")
        return web.Response(status=self.status)


@asynccontextmanager
async def listening() -> AsyncIterator[Pings]:
    pings = Pings()
    application = web.Application()
    application.router.add_route("*", "/{path}", pings.receive)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pings.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hush"
    yield pings
    await runner.cleanup()
