"""Documents as HTTP answers: compressed, sent once to who keeps them, and forbidden all that pages do not need."""

import gzip
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

#: https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CSP and its neighbours
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an address may carry a signature
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
UNSEARCHED: Final = {"X-Robots-Tag": "noindex, nofollow"}
PRIVATE: Final = {"Cache-Control": "private, no-store", **UNSEARCHED}
#: Of a file whose name changes with what is in it.
FOR_EVER: Final = "public, max-age=31536000, immutable"
#: Of zlib's 9; higher ones cost more time than the bytes that they save.
_LEVEL: Final = 5
_GZIP: Final = re.compile(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?P<weight>[01](?:\.[0-9]{0,3})?)\s*)?(?=,|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What is behind an address, the same for everybody who may see it."""

    #: With gzip.
    compressed: bytes
    #: Bytes before that.
    size: int
    #: Of its content.
    mark: str
    media_type: str
    #: A BCP 47 tag; empty for what is in none.
    language: str = ""
    #: Who may keep it and how long, as in Cache-Control.
    keep: str = "no-cache"


def document(text: str, *, media_type: str, language: str = "", keep: str = "no-cache") -> Document:
    content = text.encode()
    return Document(
        compressed=gzip.compress(content, _LEVEL, mtime=0),  # the same bytes each time
        size=len(content),
        mark=sha256(content).hexdigest()[:32],
        media_type=media_type,
        language=language,
        keep=keep,
    )


def answer(document: Document, request: Request, *, is_private: bool = False) -> Response:
    """The document, or that it has not changed. One that `is_private` is kept by nobody."""
    is_compressed = _accepts_gzip(request)
    mark = f'"{document.mark}{"-gzip" if is_compressed else ""}"'
    headers = SECURITY | {"Vary": "Accept-Encoding, Accept-Language"}
    headers |= PRIVATE if is_private else {"Cache-Control": document.keep, "ETag": mark}
    if not is_private and _has(request, mark):
        return Response(status_code=304, headers=headers)
    headers["Content-Type"] = document.media_type
    if document.language:
        headers["Content-Language"] = document.language
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(document.compressed) if is_compressed else document.size)
    return Response(_body(document, request, is_compressed=is_compressed), headers=headers)


def _body(document: Document, request: Request, *, is_compressed: bool) -> bytes:
    if request.method == "HEAD":
        return b""
    return document.compressed if is_compressed else gzip.decompress(document.compressed)


def _accepts_gzip(request: Request) -> bool:
    match = _GZIP.search(request.headers.get("Accept-Encoding", ""))
    return match is not None and float(match["weight"] or 1) > 0


def _has(request: Request, mark: str) -> bool:
    """https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match"""
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    return mark in known or "*" in known
