"""Several workspaces behind one address, as Slack is: one Web API, one page to install on, and tokens that tell whose.

Each workspace is a `SlackProxy` over a server of its own, with its own people, channels, messages and views.
"""

import re
from collections.abc import Mapping, Sequence
from html import escape, unescape
from typing import Any, Self
from urllib.parse import urlencode, urljoin

from aiohttp import ClientSession, web

from tests.counterparts.proxies import Proxy
from tests.counterparts.slack import EmulatedSlack, SlackProxy
from tests.counterparts.slack_arguments import arguments_of, bearer

_FIELD = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)"/>')
_LINK = re.compile(r'href="([^"]*/oauth/v2/authorize[^"]*)"')
_AUTHORIZE = "/oauth/v2/authorize"


class SlackGrid(Proxy):
    """`base_url=grid.api` for every workspace; `grid.workspaces` are what tests look into."""

    def __init__(self, servers: Sequence[EmulatedSlack]) -> None:
        super().__init__(servers[0].url)
        self.workspaces = [SlackProxy(server) for server in servers]

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        for workspace in self.workspaces:
            await workspace.__aenter__()
            workspace.url = self.url  # what a workspace says of itself leads here
            await workspace.furnish()
        return self

    async def __aexit__(self, *_: object) -> None:
        for workspace in self.workspaces:
            await workspace.__aexit__()
        await super().__aexit__()

    @property
    def api(self) -> str:
        """The `base_url` for slack_sdk."""
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """The `authorization_url` for Bolt."""
        return self.url + _AUTHORIZE

    async def handle(self, request: web.Request) -> web.StreamResponse:
        workspace = await self._workspace(request)
        if workspace is None:
            return self._choice(request)
        return await workspace.handle(request)

    async def _workspace(self, request: web.Request) -> SlackProxy | None:
        """Whose request it is; the first one answers what nobody knows. None where a person has to say."""
        if request.path.startswith("/api/"):
            return await self._called(request)
        if request.path == _AUTHORIZE:
            return self._of_team(request.query.get("team"))
        form = await request.post() if request.path.startswith("/oauth/") else {}
        for workspace in self.workspaces:
            known = {workspace.tenant.team_id, *workspace.uploads, *workspace.workspace.users.values()}
            if known.intersection({*request.path.split("/"), str(form.get("user_id"))}):
                return workspace
        return self.workspaces[0]

    async def _called(self, request: web.Request) -> SlackProxy:
        arguments = await arguments_of(request)
        token = bearer(request) or arguments.get("token")
        for workspace in self.workspaces:
            code, refresh = arguments.get("code"), str(arguments.get("refresh_token"))
            if token in workspace.tokens or code in workspace.installing.codes or workspace.tokens.issued(refresh):
                return workspace
        return self.workspaces[0]

    def _of_team(self, team_id: str | None) -> SlackProxy | None:
        return next((each for each in self.workspaces if each.tenant.team_id == team_id), None)

    def _choice(self, request: web.Request) -> web.Response:
        """The page on which a person picks a workspace: https://docs.slack.dev/authentication/installing-with-oauth"""
        links = "".join(self._link(request, each) for each in self.workspaces)
        return web.Response(text=f"<!doctype html><title>Pick a workspace</title>{links}", content_type="text/html")

    def _link(self, request: web.Request, workspace: SlackProxy) -> str:
        query = urlencode({**request.query, "team": workspace.tenant.team_id})
        return f'<a href="{escape(f"{_AUTHORIZE}?{query}")}">{workspace.tenant.domain}</a>'


async def install(
    workspace: SlackProxy,
    bot: str,
    *,
    user: str = "alice",
    install_path: str = "/slack/install",
    redirect_path: str = "/slack/oauth_redirect",
) -> int:
    """A person's browser installs the app at the address `bot` into a workspace; the status of the last page.

    The address that Slack sends the browser back to is registered first, as the app's owner has done long ago. The
    cookie that holds the state is `Secure`, which no browser sends over plain HTTP, so it is sent by hand.
    """
    workspace.installing.redirect_urls.append(bot + redirect_path)
    async with ClientSession() as browser:
        async with browser.get(bot + install_path, allow_redirects=False) as sent:
            link = sent.headers.get("Location") or _link_in(await sent.text())
            if not link:
                return sent.status
            there = f"{link}&{urlencode({'team': workspace.tenant.team_id})}"
            cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in sent.cookies.items())
        async with browser.get(there) as shown:
            if shown.status != 200:
                return shown.status
            fields = _fields_of(await shown.text(), workspace.workspace.users[user])
        picked = urljoin(there, f"{_AUTHORIZE}/callback")
        async with browser.post(picked, data=fields, allow_redirects=False) as agreed:
            back = agreed.headers["Location"]
        async with browser.get(back, headers={"Cookie": cookies}, allow_redirects=False) as done:
            return done.status


def _link_in(page: str) -> str:
    """Where the button of a page of its own leads to, which Bolt shows unless it is told to redirect at once."""
    found = _LINK.search(page)
    return unescape(found[1]) if found else ""


def _fields_of(page: str, user_id: str) -> Mapping[str, Any]:
    """What the form holds behind the button with a person's name on it."""
    forms = [dict(_FIELD.findall(form)) for form in page.split("<form ")[1:]]
    return next(form for form in forms if form["user_id"] == user_id)
