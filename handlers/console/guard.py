"""Who may reach the console: browsers on this machine that look at our own pages, and nobody through them.

Pages of others can make a browser send requests to 127.0.0.1. Under a name of theirs that leads here (DNS rebinding),
they would even read the answers, so that only loopback names are answered.
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: As addresses have them.
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
#: What proxies add: whoever asks through one is elsewhere.
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
#: Everything that a page loads is ours and a file of its own. With `no-referrer`, forms would be sent by nobody:
#: https://fetch.spec.whatwg.org/#append-a-request-origin-header
SECURITY: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

#: An answer that says why not, by the headers of the request.
Refuse = Callable[[Headers], Response]


def is_loopback(host: str) -> bool:
    """Whether a Host header, or the part of an address that says where, names this machine."""
    try:
        return urlsplit(f"//{host}").hostname in LOOPBACK
    except ValueError:
        return False


class Guard:
    """Lets through what comes from this machine and changes nothing, or comes from a page of the console."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        headers = Headers(scope=scope)
        if scope["type"] == "http" and (not _is_here(headers) or not _is_ours(scope["method"], headers)):
            await self._refuse(headers)(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)


def _is_here(headers: Headers) -> bool:
    hosts = headers.getlist("host")
    return len(hosts) == 1 and is_loopback(hosts[0]) and not any(name in headers for name in _FORWARDED)


def _is_ours(method: str, headers: Headers) -> bool:
    """Browsers say from whose page a form is sent."""
    return method in {"GET", "HEAD"} or headers.get("origin") == f"http://{headers['host']}"
