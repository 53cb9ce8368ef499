"""An emulated Slack workspace, and the proxy the product talks to.

The server is the npm package `emulate` 0.12.2 with strict scopes, read and tried. It keeps messages with metadata,
channels, users, files, OAuth, and views with their triggers (3 s, counted in whole seconds, and once) and hashes.

What it lacks, and `SlackProxy` adds:

* GET, which slack_sdk's asynchronous client uses for reading methods.
* Tokens that are not valid: there, an unknown one is the first user. Here: `invalid_auth`, or what `refuse_token` says;
  tokens that expire and are renewed, `auth.revoke` and `apps.uninstall` (`slack_tokens`).
* `oldest`, `latest`, `inclusive` and `include_all_metadata` of `conversations.history` and `.replies`: there, they are
  ignored, and metadata is always shown.
* Apps outside the Marketplace (`outside_marketplace`), which may read a page of a history a minute.
* `not_in_channel` of public channels, `channel_not_found` of private ones.
* `response_url`: five uses in thirty minutes, and what becomes of the message (`slack_responses`).
* Block Kit: every limit (`slack_blocks`), Slack's own models (`slack_models`) and types (`slack_types`), and
  `blocks.validate`.
* Time zones of users (`zones`), any redirect address (`slack_oauth`), and everything that goes wrong (`fail`).

Not there at all: Socket Mode, `users.conversations`, delivery of scheduled messages. What Slack sends to the app is
built by `slack_inbound`; several workspaces behind one address are a `SlackGrid`.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from typing import Any

from aiohttp import web

from tests.counterparts import slack_blocks, slack_models, slack_types
from tests.counterparts.faults import Answer, Fault, response
from tests.counterparts.proxies import Upstream
from tests.counterparts.slack_arguments import arguments_of, bearer, client_of, history, json_answer
from tests.counterparts.slack_oauth import Installing
from tests.counterparts.slack_responses import RESPONSE_URL_SECONDS, ResponseUrl, shown
from tests.counterparts.slack_server import HISTORY_MAX, EmulatedSlack, WorkspaceProxy, serving
from tests.counterparts.slack_tokens import ROTATION_SECONDS, Tokens
from tests.counterparts.slack_workspaces import (
    APP_ID,
    ATTIC,
    BOT_ID,
    BOT_TOKEN,
    BOT_USER_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    LOUNGE,
    PEOPLE,
    READER_TOKEN,
    SCOPES,
    SIGNING_SECRET,
    TEAM_ID,
    VAULT,
    Workspace,
)

__all__ = [
    "APP_ID", "ATTIC", "BOT_ID", "BOT_TOKEN", "BOT_USER_ID", "CLIENT_ID", "CLIENT_SECRET", "LOUNGE", "PEOPLE",
    "ROTATION_SECONDS", "SCOPES", "SIGNING_SECRET", "TEAM_ID", "VAULT", "Call", "EmulatedSlack", "SlackProxy",
    "Workspace", "error", "rate_limited", "server_error", "serving",
]  # fmt: skip

_MESSAGES = {"chat.postMessage", "chat.postEphemeral", "chat.update", "chat.scheduleMessage"}
_VIEWS = {"views.open", "views.update", "views.push", "views.publish"}
_HISTORIES = {"conversations.history", "conversations.replies"}
_MINUTE = 60.0
_MEMBERS_ONLY = {"chat.postMessage", "chat.postEphemeral", "files.completeUploadExternal", *_HISTORIES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the Web API. `answer` is None when the fault came before Slack."""

    method: str
    arguments: dict[str, Any]
    token: str | None
    answer: dict[str, Any] | None
    #: On the clock of `time.perf_counter`, when it was answered.
    at: float = field(default_factory=time.perf_counter)


class SlackProxy(WorkspaceProxy):
    """`AsyncWebClient(token=BOT_TOKEN, base_url=proxy.api)` talks here."""

    def __init__(self, slack: EmulatedSlack) -> None:
        super().__init__(slack)
        self.calls: list[Call] = []
        #: The newest state of each modal, by id, as Slack gave it back.
        self.views: dict[str, dict[str, Any]] = {}
        #: The Home of each person, by user id.
        self.homes: dict[str, dict[str, Any]] = {}
        #: IANA time zones by user id, shown by users.info and users.list.
        self.zones: dict[str, str] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        #: Why messages and views were refused for what is in them.
        self.refusals: list[slack_blocks.Refusal] = []
        #: Whether they are looked into at all; measurements of the bot leave the processor to the bot.
        self.checks_blocks = True
        #: Whether the app is distributed without Slack's approval, so that it may read a page of a history a minute:
        #: https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
        self.outside_marketplace = False
        #: Seconds; tells how quickly the app reads histories.
        self.stopwatch: Callable[[], float] = time.monotonic
        self._next_reading: dict[str, float] = {}
        self.tokens = Tokens()
        self.tokens.add(self.tenant.bot_token, SCOPES)
        self.installing = Installing(self, self.tokens)
        #: Files that were announced, by id.
        self.uploads: set[str] = set()
        self._numbers = count(1)

    @property
    def api(self) -> str:
        """The `base_url` for slack_sdk."""
        return f"{self.url}/api/"

    # What a test asks or plans.

    def fail(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """The next `times` calls of a method (`chat.*` and `*` match too) meet this fault."""
        self.faults.plan(method, fault, times)

    def refuse_token(self, token: str | None = None, error: str = "token_revoked") -> None:
        """From now on the token (the bot's own) is answered with this error."""
        self.tokens[token or self.tenant.bot_token].error = error

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def response_url(
        self,
        *,
        seconds: float = RESPONSE_URL_SECONDS,
        channel: str | None = None,
        original: Mapping[str, Any] | None = None,
    ) -> str:
        """A new response_url; it expires after so many seconds.

        With the `channel` (id) answers for everybody are posted there, and the `original`, which is the message with
        the button, is replaced or deleted there.
        """
        path = f"/commands/{self.tenant.team_id}/{next(self._numbers)}/response"
        minted = ResponseUrl(
            self.url + path, time.monotonic() + seconds, channel=channel, original=dict(original) if original else None
        )
        self.response_urls[path] = minted
        return minted.url

    def responses(self, url: str) -> list[dict[str, Any]]:
        """The bodies that a response_url accepted, `response_type` always in them."""
        return self.minted(url).bodies

    def minted(self, url: str) -> ResponseUrl:
        return self.response_urls[url.removeprefix(self.url)]

    def whispers(self, user: str = "alice") -> list[dict[str, Any]]:
        """The arguments of every ephemeral message that a person got by chat.postEphemeral."""
        posted = [call for call in self.calls_of("chat.postEphemeral") if call.answer and call.answer["ok"]]
        return [call.arguments for call in posted if call.arguments["user"] == self.workspace.users[user]]

    async def acknowledge(self, view: Mapping[str, Any], said: Mapping[str, Any], user: str) -> None:
        """What Slack makes of the answer to a form that a person (name) sent.

        A view in it is checked, and shown in place of the form or above it; errors have to name inputs of the form.
        https://docs.slack.dev/surfaces/modals#response_actions
        """
        match said.get("response_action"):
            case "update":
                await self._show_view("views.update", said["view"], view_id=view["id"])
            case "push":
                trigger = await self.trigger_id(user, view["id"])
                await self._show_view("views.push", said["view"], trigger_id=trigger)
            case "errors":
                inputs = {block.get("block_id") for block in view["blocks"] if block["type"] == "input"}
                assert said["errors"] and inputs.issuperset(said["errors"]), f"{said['errors']} name none of {inputs}"
            case "clear" | None:
                self.views.pop(view["id"], None)
            case action:
                raise AssertionError(f"response_action {action!r} is unknown")

    async def _show_view(self, method: str, view: Mapping[str, Any], **where: str) -> None:
        refusal = self._view_refusal(view)
        assert refusal is None, refusal
        self._learn(method, {}, await self.do(method, {"view": dict(view), **where}, token=self.tenant.bot_token))

    # What a request meets.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path in self.response_urls:
            return await self._respond(request, self.response_urls[request.path])
        if request.path.startswith("/oauth/"):
            return await self.installing.authorize(request)
        if not request.path.startswith("/api/"):
            return await self._pass_on(request)
        method = request.path.removeprefix("/api/")
        arguments = await arguments_of(request)
        token = bearer(request) or arguments.get("token")
        fault = self.faults.take(method) or self._hurried(method)
        if fault is None:
            return self._recorded(token, method, arguments, await self._call(request, token, method, arguments))
        answer = await self._call(request, token, method, arguments) if fault.processed else None
        self._recorded(token, method, arguments, answer)
        return await self.act_out(fault, request)

    def _hurried(self, method: str) -> Fault | None:
        """What an app outside the Marketplace hears that reads a history again within a minute."""
        if not self.outside_marketplace or method not in _HISTORIES:
            return None
        now, due = self.stopwatch(), self._next_reading.get(method, 0.0)
        if now < due:
            return rate_limited(ceil(due - now))
        self._next_reading[method] = now + _MINUTE
        return None

    def _recorded(
        self, token: str | None, method: str, arguments: dict[str, Any], answer: Upstream | None
    ) -> web.Response:
        said = None if answer is None else json.loads(answer.body)
        self.calls.append(Call(method=method, arguments=arguments, token=token, answer=said))
        if said and said.get("ok"):
            self._learn(method, arguments, said)
        return web.Response() if answer is None else answer.response()

    def _learn(self, method: str, arguments: Mapping[str, Any], said: Mapping[str, Any]) -> None:
        if method == "views.publish":
            self.homes[arguments["user_id"]] = said["view"]
        elif "view" in said:
            self.views[said["view"]["id"]] = said["view"]
        if "file_id" in said:
            self.uploads.add(said["file_id"])

    async def _call(self, request: web.Request, token: str | None, method: str, arguments: dict[str, Any]) -> Upstream:
        refusal = self.tokens.refusal(token, method, arguments) or self._block_refusal(method, arguments)
        refusal = refusal or await self._membership_refusal(token, method, arguments)
        if refusal is not None:
            return json_answer(refusal.body())
        match method:
            case "oauth.v2.access":
                return json_answer(await self.installing.access(*client_of(request, arguments), arguments))
            case "auth.revoke":
                return json_answer(self.installing.revoke(token, arguments))
            case "apps.uninstall":
                return json_answer(self.installing.uninstall(token, *client_of(request, arguments)))
            case "blocks.validate":
                return json_answer(slack_models.validated(arguments))
        asked = self.ids.inward(arguments)
        if method in _HISTORIES:
            asked = {name: value for name, value in asked.items() if name in {"channel", "ts"}}
            asked["limit"] = HISTORY_MAX
        headers = {"Authorization": f"Bearer {self.tokens[token].upstream}"} if token else {}
        answer = await self.ask("POST", request.path, headers=headers, json=asked)
        return json_answer(self._as_slack_would(method, arguments, json.loads(answer.body)), answer.status)

    def _block_refusal(self, method: str, arguments: Mapping[str, Any]) -> slack_blocks.Refusal | None:
        if not self.checks_blocks:
            return None
        if method in _MESSAGES:
            return self._message_refusal(arguments, update=method == "chat.update")
        if method in _VIEWS and isinstance(arguments.get("view"), dict):
            return self._view_refusal(arguments["view"])
        return None

    def _message_refusal(self, arguments: Mapping[str, Any], **how: bool) -> slack_blocks.Refusal | None:
        blocks = arguments.get("blocks") or []
        found = slack_blocks.message_refusal(arguments, **how) or slack_models.message_refusal(blocks)
        if found is None:
            slack_types.collect("message", blocks)
        else:
            self.refusals.append(found)
        return found

    def _view_refusal(self, view: Mapping[str, Any]) -> slack_blocks.Refusal | None:
        found = slack_blocks.view_refusal(view) or slack_models.view_refusal(view)
        if found is None:
            slack_types.collect("view", view)
        else:
            self.refusals.append(found)
        return found

    async def _membership_refusal(
        self, token: str | None, method: str, arguments: Mapping[str, Any]
    ) -> slack_blocks.Refusal | None:
        """Public channels; the server itself knows about private ones."""
        where = str(arguments.get("channel") or arguments.get("channel_id") or "")
        if method not in _MEMBERS_ONLY or not where.startswith("C") or token is None:
            return None
        if method.startswith("chat.") and "chat:write.public" in self.tokens[token].scopes:
            return None
        asked = self.ids.inward({"channel": where})
        headers = {"Authorization": f"Bearer {READER_TOKEN}"}
        answer = await self.ask("POST", "/api/conversations.info", headers=headers, json=asked)
        known = json.loads(answer.body).get("channel")
        if known is None:
            return slack_blocks.Refusal(error="channel_not_found")
        return None if known["is_member"] else slack_blocks.Refusal(error="not_in_channel")

    def _as_slack_would(self, method: str, arguments: Mapping[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        if said.get("error") == "not_in_channel":
            return {**said, "error": "channel_not_found"}  # a private channel, of which strangers do not learn
        if method in _HISTORIES and said.get("ok"):
            return history(arguments, said, newest_first=method == "conversations.history")
        if method == "users.info" and "user" in said:
            said["user"] |= self._zone(said["user"])
        if method == "users.list" and "members" in said:
            said["members"] = [member | self._zone(member) for member in said["members"]]
        return said

    def _zone(self, user: Mapping[str, Any]) -> dict[str, str]:
        return {"tz": self.zones[user["id"]]} if user["id"] in self.zones else {}

    # The rest.

    async def _respond(self, request: web.Request, minted: ResponseUrl) -> web.Response:
        if fault := self.faults.take("response_url"):
            return await self.act_out(fault, request)
        if minted.refusal:
            return response(Answer(status=404, body={"ok": False, "error": minted.refusal}))
        body = json.loads(await request.read())
        if refusal := self._message_refusal(body, total=False):
            return response(Answer(status=400, body=refusal.error))
        await self._show(minted, body)
        minted.take(body)
        return response(Answer(status=200, body="ok"))

    async def _show(self, minted: ResponseUrl, body: Mapping[str, Any]) -> None:
        """What everybody sees of an answer; an ephemeral original is seen by one person only."""
        original = minted.original or {}
        public = "ts" in original and not original.get("is_ephemeral")
        where = {"channel": minted.channel}
        if minted.channel is None:
            return
        if public and body.get("delete_original"):
            await self.do("chat.delete", {**where, "ts": original["ts"]}, token=self.tenant.bot_token)
        elif public and body.get("replace_original"):
            changed = {**where, "ts": original["ts"], **shown(body)}
            await self.do("chat.update", changed, token=self.tenant.bot_token)
        elif body.get("response_type") == "in_channel":
            await self.do("chat.postMessage", {**where, **shown(body)}, token=self.tenant.bot_token)

    async def _pass_on(self, request: web.Request) -> web.Response:
        names = ("Content-Type", "Cookie", "Authorization")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        answer = await self.ask(request.method, request.path_qs, headers=headers, data=await request.read() or None)
        return answer.response()


# What Slack says when something is wrong.


def error(code: str, **more: Any) -> Answer:
    """HTTP 200 with `ok: false`: `invalid_auth`, `token_revoked`, `is_archived`, `channel_not_found`, …"""
    return Answer(status=200, body={"ok": False, "error": code, **more})


def rate_limited(retry_after: int = 1) -> Answer:
    body = {"ok": False, "error": "ratelimited"}
    return Answer(status=429, body=body, headers={"Retry-After": str(retry_after)})


def server_error(status: int = 500) -> Answer:
    return Answer(status=status, body="Internal Server Error")
