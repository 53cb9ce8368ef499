"""Installing an app into an emulated workspace, renewing its tokens, and uninstalling it.

The server shows the page, lets a person be picked and issues codes and tokens. Ours: redirect addresses beyond the one
that it was started with, tokens that expire, and the end of tokens.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.counterparts.slack_arguments import truth
from tests.counterparts.slack_server import WorkspaceProxy
from tests.counterparts.slack_tokens import ROTATION_SECONDS, Tokens
from tests.counterparts.slack_workspaces import APP_ID, CLIENT_ID, CLIENT_SECRET, REDIRECT_URL

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Installing:
    """Of one workspace."""

    def __init__(self, proxy: WorkspaceProxy, tokens: Tokens) -> None:
        self._proxy = proxy
        self._tokens = tokens
        #: Addresses that an installation may return to; to the last one if it names none.
        self.redirect_urls: list[str] = [REDIRECT_URL]
        #: Seconds that tokens of new installations live; None: for ever.
        self.rotation: int | None = None
        #: To which address each code was sent.
        self.codes: dict[str, str] = {}

    async def authorize(self, request: web.Request) -> web.Response:
        """The page where a person installs, and the way back from it."""
        given = dict(request.query) if request.method == "GET" else dict(await request.post())
        back = str(given.get("redirect_uri") or self.redirect_urls[-1])
        if back not in self.redirect_urls:
            return web.Response(status=400, text="redirect_uri did not match any configured URIs.")
        asked = {name: str(value) for name, value in given.items()} | {"redirect_uri": REDIRECT_URL}
        if request.method == "GET":
            page = await self._proxy.ask("GET", f"{request.path}?{urlencode(asked)}", headers={})
            body = page.body.replace(REDIRECT_URL.encode(), back.encode())
            return web.Response(status=page.status, body=body, headers=page.headers)
        asked = self._proxy.ids.inward(asked)
        answer = await self._proxy.ask("POST", request.path, headers=_FORM, data=urlencode(asked))
        location = answer.headers["location"].replace(REDIRECT_URL, back)
        self.codes[location.partition("code=")[2].partition("&")[0]] = back
        return web.Response(status=answer.status, headers={"Location": location})

    async def access(self, client_id: str, secret: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """oauth.v2.access: a code or a refresh token for a token, each once."""
        if refusal := _wrong_client(client_id, secret):
            return refusal
        if arguments.get("grant_type") == "refresh_token":
            renewed = self._tokens.refresh(str(arguments.get("refresh_token")), self.rotation or ROTATION_SECONDS)
            return self._refreshed(renewed) if renewed else {"ok": False, "error": "invalid_refresh_token"}
        code = str(arguments.get("code", ""))
        came_back_to = self.codes.pop(code, None)
        if arguments.get("redirect_uri") and came_back_to and arguments["redirect_uri"] != came_back_to:
            return {"ok": False, "error": "bad_redirect_uri"}
        asked = {"client_id": client_id, "client_secret": secret, "code": code}
        said = json.loads((await self._proxy.ask("POST", "/api/oauth.v2.access", headers={}, json=asked)).body)
        if not said["ok"]:
            return said
        self._tokens.add(said["access_token"], said["scope"].split(","))
        return said if self.rotation is None else self._tokens.rotating(said, self.rotation)

    def _refreshed(self, renewed: Mapping[str, Any]) -> dict[str, Any]:
        tenant = self._proxy.tenant
        return {
            "ok": True,
            "token_type": "bot",
            "scope": ",".join(sorted(self._tokens[renewed["access_token"]].scopes)),
            "bot_user_id": tenant.bot_user_id,
            "app_id": APP_ID,
            "team": {"id": tenant.team_id, "name": tenant.domain.title()},
            "enterprise": None,
            "is_enterprise_install": False,
            **renewed,
        }

    def revoke(self, token: str | None, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """auth.revoke"""
        if token is None:
            return {"ok": False, "error": "not_authed"}
        tried = truth(arguments.get("test"))
        if not tried:
            self._tokens[token].error = "token_revoked"
        return {"ok": True, "revoked": not tried}

    def uninstall(self, token: str | None, client_id: str, secret: str) -> dict[str, Any]:
        """apps.uninstall; the workspace's tokens are dead afterwards."""
        if token is None:
            return {"ok": False, "error": "not_authed"}
        if refusal := _wrong_client(client_id, secret):
            return refusal
        self.uninstalled()
        return {"ok": True}

    def uninstalled(self) -> None:
        """Somebody removes the app: all its tokens are dead. The events about it are sent by `People.event`."""
        self._tokens.end("account_inactive")


def _wrong_client(client_id: str, secret: str) -> dict[str, Any] | None:
    if client_id != CLIENT_ID:
        return {"ok": False, "error": "invalid_client_id"}
    return None if secret == CLIENT_SECRET else {"ok": False, "error": "bad_client_secret"}
