"""A small HTTP proxy of ours in front of an emulated service: it fills gaps, counts, and breaks on demand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import ClientSession, ClientTimeout, web

from tests.counterparts import faults

_BODY_MAX = 64 * 2**20
# Of one connection or one encoding, so not to be passed on.
_HOP_HEADERS = frozenset(
    {"connection", "content-encoding", "content-length", "date", "keep-alive", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What the emulated service answered. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self) -> web.Response:
        return web.Response(status=self.status, body=self.body, headers=self.headers)


class Proxy:
    """An HTTP server on a free port of 127.0.0.1, in the running event loop: `async with SomeProxy(...) as proxy`."""

    def __init__(self, upstream: str, *, advertised: str | None = None) -> None:
        self.upstream = upstream
        #: The address which the service believes it has and writes into its answers.
        self.advertised = advertised or upstream
        self.url = ""
        self.faults = faults.Faults()

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=ClientTimeout(total=60))
        app = web.Application(client_max_size=_BODY_MAX)
        app.router.add_route("*", "/{path:.*}", self.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    async def act_out(self, fault: faults.Fault, request: web.Request) -> web.Response:
        """The answer to a request that meets this fault; the service is not asked here."""
        match fault:
            case faults.Answer():
                return faults.response(fault)
            case faults.Hang():
                return await faults.hang(request, fault)
            case faults.Reset():
                return await faults.break_connection(request)

    async def ask(self, method: str, path: str, *, headers: Mapping[str, str], **arguments: Any) -> Upstream:
        """One request to the service; its own address in the answer becomes this proxy's."""
        async with self._session.request(
            method, self.upstream + path, headers=headers, allow_redirects=False, **arguments
        ) as answer:
            body = await answer.read()
        kept = {name.lower(): self._readdress(value) for name, value in answer.headers.items()}
        return Upstream(
            status=answer.status,
            headers={name: value for name, value in kept.items() if name not in _HOP_HEADERS},
            body=body.replace(self.advertised.encode(), self.url.encode()),
        )

    def _readdress(self, text: str) -> str:
        return text.replace(self.advertised, self.url)


def sendable(request: web.Request) -> dict[str, str]:
    """The headers of a request that may be passed on."""
    return {name: value for name, value in request.headers.items() if name.lower() not in {*_HOP_HEADERS, "host"}}
