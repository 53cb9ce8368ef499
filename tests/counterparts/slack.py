"""An emulated Slack workspace, and the proxy the product talks to.

The server is the npm package `emulate` 0.12.2 with strict scopes, read and tried. It keeps messages with metadata,
channels, users, OAuth, and views with their triggers (3 s, counted in whole seconds, and once) and hashes.

What it lacks, and `SlackProxy` adds:

* GET, which slack_sdk's asynchronous client uses for reading methods.
* Tokens that are not valid: there, an unknown one is the first user. Here: `invalid_auth`, or what `refuse_token` says.
* `oldest`, `latest`, `inclusive` and `include_all_metadata` of `conversations.history` and `.replies`: there, they are
  ignored, and metadata is always shown.
* `response_url`: five uses in thirty minutes.
* Block Kit: every limit (`slack_blocks`).
* Time zones of users (`zones`), and everything that goes wrong (`fail`).

Not there at all: events sent to the app, Socket Mode, `not_in_channel` of public channels, `auth.revoke`,
`users.conversations`, delivery of scheduled messages, a second workspace.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.counterparts import node, processes, slack_blocks
from tests.counterparts.faults import Answer, Fault, response
from tests.counterparts.proxies import Proxy, Upstream

BOT_TOKEN = "xoxb-counterpart"
SIGNING_SECRET = "counterpart-signing-secret"
CLIENT_ID = "111.222"
CLIENT_SECRET = "counterpart-client-secret"
TEAM_ID = "T000000001"
APP_ID = "A0000DIGEST"
BOT_ID = "B0000DIGEST"
BOT_USER_ID = "U0000DIGEST"
SCOPES = ("chat:write", "channels:read", "channels:history", "im:write", "users:read", "commands")
#: A channel that was archived.
ATTIC = "attic"
PEOPLE = ("alice", "bob")
# Somebody who may invite and archive, and the bot with eyes everywhere: for what the proxy does itself.
_MANAGER_TOKEN = "xoxp-manager"
_READER_TOKEN = "xoxb-reader"
_MANAGER_SCOPES = (*SCOPES, "channels:manage", "channels:write")
_READER_SCOPES = (*SCOPES, "groups:history", "im:history", "mpim:history")

# https://docs.slack.dev/interactivity/handling-user-interaction
RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60
_HISTORY_MAX = 1000
_HISTORY_LIMIT = 100
_MESSAGES = {"chat.postMessage", "chat.postEphemeral", "chat.update", "chat.scheduleMessage"}
_VIEWS = {"views.open", "views.update", "views.push", "views.publish"}
_HISTORIES = {"conversations.history", "conversations.replies"}
# Arguments that a form carries as JSON text.
_JSON_ARGUMENTS = {"attachments", "blocks", "metadata", "view"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Who and what is there; ids by name, new ones after each reset."""

    channels: dict[str, str]
    users: dict[str, str]
    team_id: str = TEAM_ID
    team_domain: str = "acme"
    app_id: str = APP_ID
    bot_id: str = BOT_ID
    bot_user_id: str = BOT_USER_ID
    bot_token: str = BOT_TOKEN
    signing_secret: str = SIGNING_SECRET


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the Web API. `answer` is None when the fault came before Slack."""

    method: str
    arguments: dict[str, Any]
    token: str | None
    answer: dict[str, Any] | None


@dataclass(slots=True)
class ResponseUrl:
    """A minted response_url and what was posted to it."""

    url: str
    expires: float
    bodies: list[dict[str, Any]] = field(default_factory=list)


class EmulatedSlack:
    """The server process. Everything is done through a `SlackProxy`."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self.url = f"http://127.0.0.1:{announced['port']}"
        self.advertised: str = announced["advertised"]
        self._control: int = announced["control"]

    def reset(self) -> None:
        """As it was at the start: no messages, no views, and other ids of channels and people."""
        processes.post(self._control, "/reset")


@contextmanager
def serving() -> Iterator[EmulatedSlack]:
    arguments = json.dumps({"service": "slack", "seed": {"slack": _seed()}})
    with processes.running([node.binary(), "emulate_server.mjs", arguments], cwd=node.HERE) as announced:
        yield EmulatedSlack(announced)


def _seed() -> dict[str, Any]:
    app = {"client_id": CLIENT_ID, "app_id": APP_ID, "bot_id": BOT_ID, "bot_user_id": BOT_USER_ID}
    return {
        "team": {"name": "Acme", "domain": "acme"},
        "users": [{"name": name, "real_name": name.title(), "email": f"{name}@example.com"} for name in PEOPLE],
        "channels": [{"name": ATTIC, "topic": "Old things"}],
        "signing_secret": SIGNING_SECRET,
        "strict_scopes": True,
        "oauth_apps": [
            {
                **app,
                "client_secret": CLIENT_SECRET,
                "name": "Dynamo Digest",
                "bot_name": "digest",
                "redirect_uris": ["http://127.0.0.1:4998/slack/oauth_redirect"],
                "scopes": list(SCOPES),
            }
        ],
        "tokens": [
            {**app, "token": BOT_TOKEN, "type": "bot", "user": BOT_USER_ID, "scopes": list(SCOPES)},
            {**app, "token": _READER_TOKEN, "type": "bot", "user": BOT_USER_ID, "scopes": list(_READER_SCOPES)},
            {"token": _MANAGER_TOKEN, "type": "user", "user": "U000000001", "scopes": list(_MANAGER_SCOPES)},
        ],
    }


class SlackProxy(Proxy):
    """`AsyncWebClient(token=BOT_TOKEN, base_url=proxy.api)` talks here."""

    def __init__(self, slack: EmulatedSlack) -> None:
        super().__init__(slack.url, advertised=slack.advertised)
        self.slack = slack
        self.calls: list[Call] = []
        #: The newest state of each view, by id, as Slack gave it back.
        self.views: dict[str, dict[str, Any]] = {}
        #: IANA time zones by user id, shown by users.info and users.list.
        self.zones: dict[str, str] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self._refused_tokens: dict[str, str] = {}
        self._tokens = {BOT_TOKEN}
        self._numbers = count(1)

    @property
    def api(self) -> str:
        """The `base_url` for slack_sdk."""
        return f"{self.url}/api/"

    async def furnish(self) -> None:
        """Invite the bot and everyone to general and random, archive the attic, and learn the ids."""
        people = await self._do("users.list", {})
        users = {member["name"]: member["id"] for member in people["members"]}
        listed = await self._do("conversations.list", {})
        channels = {channel["name"]: channel["id"] for channel in listed["channels"]}
        await self._do("conversations.invite", {"channel": channels[ATTIC], "users": BOT_USER_ID})
        await self._do("conversations.archive", {"channel": channels[ATTIC]})
        everyone = ",".join([BOT_USER_ID, *(users[name] for name in PEOPLE)])
        for name in ("general", "random"):
            await self._do("conversations.invite", {"channel": channels[name], "users": everyone})
        self.workspace = Workspace(channels=channels, users=users)

    # What a test asks or plans.

    def fail(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """The next `times` calls of a method (`chat.*` and `*` match too) meet this fault."""
        self.faults.plan(method, fault, times)

    def refuse_token(self, token: str = BOT_TOKEN, error: str = "token_revoked") -> None:
        """From now on the token is answered with this error."""
        self._refused_tokens[token] = error

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def response_url(self, *, seconds: float = RESPONSE_URL_SECONDS) -> str:
        """A new response_url; it expires after so many seconds."""
        path = f"/commands/{TEAM_ID}/{next(self._numbers)}/response"
        minted = ResponseUrl(self.url + path, time.monotonic() + seconds)
        self.response_urls[path] = minted
        return minted.url

    def responses(self, url: str) -> list[dict[str, Any]]:
        """The bodies that a response_url accepted, `response_type` always in them."""
        return self.response_urls[url.removeprefix(self.url)].bodies

    async def trigger_id(self, user: str = "alice", view_id: str | None = None) -> str:
        """A trigger as a user's click makes it: for one view, within 3 seconds. `view_id` is where the click was."""
        arguments = {"user_id": self.workspace.users[user]}
        if view_id is not None:
            arguments["view_id"] = view_id
        return (await self._do("views.generateTriggerId", arguments, token=BOT_TOKEN))["trigger_id"]

    async def history(self, channel: str = "general") -> list[dict[str, Any]]:
        """All messages of a channel (name or id), newest first, with metadata; nothing here is counted or fails."""
        where = self.workspace.channels.get(channel, channel)
        arguments = {"channel": where, "limit": _HISTORY_MAX}
        found = await self._do("conversations.history", arguments, token=_READER_TOKEN)
        # Invitations and the like are messages too.
        return [message for message in found["messages"] if not message.get("subtype")]

    async def thread(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """A message and its replies, oldest first."""
        where = self.workspace.channels.get(channel, channel)
        arguments = {"channel": where, "ts": ts}
        return (await self._do("conversations.replies", arguments, token=_READER_TOKEN))["messages"]

    # What a request meets.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.response_urls:
            return await self._respond(request, self.response_urls[request.path])
        if not request.path.startswith("/api/"):
            return await self._pass_on(request)
        method = request.path.removeprefix("/api/")
        arguments = await _arguments(request)
        fault = self.faults.take(method)
        if fault is None:
            return self._recorded(request, method, arguments, await self._call(request, method, arguments))
        answer = await self._call(request, method, arguments) if fault.processed else None
        self._recorded(request, method, arguments, answer)
        return await self.act_out(fault, request)

    def _recorded(
        self, request: web.Request, method: str, arguments: dict[str, Any], answer: Upstream | None
    ) -> web.Response:
        said = None if answer is None else json.loads(answer.body)
        self.calls.append(Call(method=method, arguments=arguments, token=_bearer(request), answer=said))
        if said and said.get("ok"):
            self._learn(method, said)
        return web.Response() if answer is None else answer.response()

    def _learn(self, method: str, said: Mapping[str, Any]) -> None:
        if "view" in said:
            self.views[said["view"]["id"]] = said["view"]
        if method == "oauth.v2.access":
            self._tokens.add(said["access_token"])

    async def _call(self, request: web.Request, method: str, arguments: dict[str, Any]) -> Upstream:
        refusal = self._refusal(request, method, arguments)
        if refusal is not None:
            return _json(refusal.body())
        asked = arguments
        if method in _HISTORIES:
            asked = {name: value for name, value in arguments.items() if name in {"channel", "ts"}}
            asked["limit"] = _HISTORY_MAX
        answer = await self.ask("POST", request.path, headers=_credentials(request), json=asked)
        return _json(self._as_slack_would(method, arguments, json.loads(answer.body)), answer)

    def _refusal(self, request: web.Request, method: str, arguments: Mapping[str, Any]) -> slack_blocks.Refusal | None:
        token = _bearer(request)
        if token is not None and token not in self._tokens:
            return slack_blocks.Refusal(error="invalid_auth")
        if token in self._refused_tokens:
            return slack_blocks.Refusal(error=self._refused_tokens[token])
        if method in _MESSAGES:
            return slack_blocks.message_refusal(arguments, update=method == "chat.update")
        if method in _VIEWS and isinstance(arguments.get("view"), dict):
            return slack_blocks.view_refusal(arguments["view"])
        return None

    def _as_slack_would(self, method: str, arguments: Mapping[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        if method in _HISTORIES and said.get("ok"):
            return _history(arguments, said, newest_first=method == "conversations.history")
        if method == "users.info" and "user" in said:
            said["user"] |= self._zone(said["user"])
        if method == "users.list" and "members" in said:
            said["members"] = [member | self._zone(member) for member in said["members"]]
        return said

    def _zone(self, user: Mapping[str, Any]) -> dict[str, str]:
        return {"tz": self.zones[user["id"]]} if user["id"] in self.zones else {}

    async def _respond(self, request: web.Request, minted: ResponseUrl) -> web.Response:
        if fault := self.faults.take("response_url"):
            return await self.act_out(fault, request)
        if time.monotonic() >= minted.expires:
            return response(Answer(status=404, body={"ok": False, "error": "expired_url"}))
        if len(minted.bodies) >= RESPONSE_URL_USES:
            return response(Answer(status=404, body={"ok": False, "error": "used_url"}))
        body = json.loads(await request.read())
        if refusal := slack_blocks.message_refusal(body, total=False):
            return response(Answer(status=400, body=refusal.error))
        minted.bodies.append({"response_type": "ephemeral", **body})
        return response(Answer(status=200, body="ok"))

    async def _pass_on(self, request: web.Request) -> web.Response:
        names = ("Content-Type", "Cookie", "Authorization")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        answer = await self.ask(request.method, request.path_qs, headers=headers, data=await request.read() or None)
        return answer.response()

    async def _do(self, method: str, arguments: dict[str, Any], *, token: str = _MANAGER_TOKEN) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.ask("POST", f"/api/{method}", headers=headers, json=arguments)
        said = json.loads(answer.body)
        if not said["ok"]:
            raise RuntimeError(f"{method}: {said}")
        return said


# What Slack says when something is wrong.


def error(code: str, **more: Any) -> Answer:
    """HTTP 200 with `ok: false`: `invalid_auth`, `token_revoked`, `is_archived`, `channel_not_found`, …"""
    return Answer(status=200, body={"ok": False, "error": code, **more})


def rate_limited(retry_after: int = 1) -> Answer:
    body = {"ok": False, "error": "ratelimited"}
    return Answer(status=429, body=body, headers={"Retry-After": str(retry_after)})


def server_error(status: int = 500) -> Answer:
    return Answer(status=status, body="Internal Server Error")


async def _arguments(request: web.Request) -> dict[str, Any]:
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


def _bearer(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else None


def _credentials(request: web.Request) -> dict[str, str]:
    header = request.headers.get("Authorization")
    return {} if header is None else {"Authorization": header}


def _json(body: Any, answer: Upstream | None = None) -> Upstream:
    headers = {"content-type": "application/json; charset=utf-8"}
    return Upstream(status=200 if answer is None else answer.status, headers=headers, body=json.dumps(body).encode())


def _history(arguments: Mapping[str, Any], said: dict[str, Any], *, newest_first: bool) -> dict[str, Any]:
    """The part of all messages that was asked for."""
    kept = [message for message in said["messages"] if _within(message["ts"], arguments)]
    cursor = str(arguments.get("cursor") or "")
    if cursor:
        kept = [message for message in kept if (message["ts"] <= cursor) == newest_first or message["ts"] == cursor]
    limit = int(arguments.get("limit") or _HISTORY_LIMIT)
    page, rest = kept[:limit], kept[limit:]
    if not _truth(arguments.get("include_all_metadata")):
        page = [{name: value for name, value in message.items() if name != "metadata"} for message in page]
    following = {"next_cursor": rest[0]["ts"] if rest else ""}
    return {**said, "messages": page, "has_more": bool(rest), "response_metadata": following}


def _within(ts: str, arguments: Mapping[str, Any]) -> bool:
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    if _truth(arguments.get("inclusive")):
        return oldest <= float(ts) <= latest
    return oldest < float(ts) < latest


def _truth(value: Any) -> bool:
    return str(value).lower() in {"1", "true"}
