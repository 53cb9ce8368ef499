"""Calls of the Web API as they come in, and answers in its shape."""

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.counterparts.proxies import Upstream

_HISTORY_LIMIT = 100
# Arguments that a form carries as JSON text.
_JSON_ARGUMENTS = {"attachments", "blocks", "files", "message", "metadata", "view"}


async def arguments_of(request: web.Request) -> dict[str, Any]:
    """The arguments of a call, from the query, a form or JSON; structured ones decoded."""
    given: dict[str, Any] = dict(request.query)
    body = await request.read()
    if request.content_type == "application/json":
        given |= json.loads(body or b"{}")
    elif request.content_type == "multipart/form-data":
        given |= {name: str(value) for name, value in (await request.post()).items()}
    else:
        given |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return {name: _decoded(value) if name in _JSON_ARGUMENTS else value for name, value in given.items()}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else None


def client_of(request: web.Request, arguments: Mapping[str, Any]) -> tuple[str, str]:
    """The client's id and secret, from basic authentication or the arguments."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind == "Basic":
        client_id, _, secret = b64decode(value).decode().partition(":")
        return client_id, secret
    return str(arguments.get("client_id", "")), str(arguments.get("client_secret", ""))


def json_answer(body: Any, status: int = 200) -> Upstream:
    headers = {"content-type": "application/json; charset=utf-8"}
    return Upstream(status=status, headers=headers, body=json.dumps(body).encode())


def history(arguments: Mapping[str, Any], said: dict[str, Any], *, newest_first: bool) -> dict[str, Any]:
    """The part of all messages that was asked for."""
    kept = [message for message in said["messages"] if _within(message["ts"], arguments)]
    cursor = str(arguments.get("cursor") or "")
    if cursor:
        kept = [message for message in kept if (message["ts"] <= cursor) == newest_first or message["ts"] == cursor]
    limit = int(arguments.get("limit") or _HISTORY_LIMIT)
    page, rest = kept[:limit], kept[limit:]
    if not truth(arguments.get("include_all_metadata")):
        page = [{name: value for name, value in message.items() if name != "metadata"} for message in page]
    following = {"next_cursor": rest[0]["ts"] if rest else ""}
    return {**said, "messages": page, "has_more": bool(rest), "response_metadata": following}


def _within(ts: str, arguments: Mapping[str, Any]) -> bool:
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    if truth(arguments.get("inclusive")):
        return oldest <= float(ts) <= latest
    return oldest < float(ts) < latest


def truth(value: Any) -> bool:
    return str(value).lower() in {"1", "true"}
