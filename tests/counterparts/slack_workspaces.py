"""Who and what there is in the emulated workspaces, how a server is seeded, and how its ids become a workspace's own.

`emulate` gives every process the same team, first person and first channels. Workspace 1 keeps those ids; from
workspace 2 on they are replaced, so that no id of one workspace means anything in another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIGNING_SECRET = "counterpart-signing-secret"
CLIENT_ID = "111.222"
CLIENT_SECRET = "counterpart-client-secret"
APP_ID = "A0000DIGEST"
#: What the app asks for; a token that was issued by OAuth has what was asked for there.
SCOPES = (
    "commands", "chat:write", "channels:read", "groups:read", "im:write", "im:history", "app_mentions:read",
    "users:read", "files:write", "channels:history",
)  # fmt: skip
#: A channel that was archived.
ATTIC = "attic"
#: A public channel without the bot.
LOUNGE = "lounge"
#: A private channel without the bot.
VAULT = "vault"
PEOPLE = ("alice", "bob")
#: The only redirect address that the server knows; the proxy puts it in place of the ones that it knows itself.
REDIRECT_URL = "http://127.0.0.1:4998/slack/oauth_redirect"
# Somebody who may invite and archive, and the bot with eyes everywhere: for what the proxy does itself.
MANAGER_TOKEN = "xoxp-manager"
READER_TOKEN = "xoxb-reader"
_MANAGER_SCOPES = (*SCOPES, "channels:manage", "channels:write", "groups:write")
_READER_SCOPES = (*SCOPES, "files:read", "groups:history", "im:read", "mpim:history")

_DOMAINS = ("acme", "globex", "initech", "umbrella")
# Of every emulated server.
_TEAM, _ADMIN, _GENERAL, _RANDOM = "T000000001", "U000000001", "C000000001", "C000000002"
# Arguments of the Web API that hold ids of people and channels.
_ID_ARGUMENTS = ("channel", "channel_id", "channels", "user", "user_id", "users", "team_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """The fixed names of a workspace."""

    team_id: str
    domain: str
    bot_id: str
    bot_user_id: str
    bot_token: str
    #: The server's ids, and what they are here.
    ids: Mapping[str, str]


def tenant(number: int) -> Tenant:
    """Workspace 1, 2, …"""
    ids = {id_: f"{id_[0]}{id_[1:].lstrip('0'):0>8}{number}" for id_ in (_ADMIN, _GENERAL, _RANDOM)}
    ids[_TEAM] = f"{_TEAM[:-1]}{number}"
    first = number == 1
    return Tenant(
        team_id=ids[_TEAM],
        domain=_DOMAINS[number - 1],
        bot_id="B0000DIGEST" if first else f"B000{number}DIGEST",
        bot_user_id="U0000DIGEST" if first else f"U000{number}DIGEST",
        bot_token="xoxb-counterpart" if first else f"xoxb-counterpart-{number}",
        ids={} if first else ids,
    )


BOT_TOKEN = tenant(1).bot_token
TEAM_ID = tenant(1).team_id
BOT_ID = tenant(1).bot_id
BOT_USER_ID = tenant(1).bot_user_id


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


def seed(of: Tenant) -> dict[str, Any]:
    app = {"client_id": CLIENT_ID, "app_id": APP_ID, "bot_id": of.bot_id, "bot_user_id": of.bot_user_id}
    bot = {**app, "type": "bot", "user": of.bot_user_id}
    return {
        "team": {"name": of.domain.title(), "domain": of.domain},
        "users": [{"name": name, "real_name": name.title(), "email": f"{name}@example.com"} for name in PEOPLE],
        "channels": [
            {"name": ATTIC, "topic": "Old things"},
            {"name": LOUNGE, "topic": "No bots"},
            {"name": VAULT, "topic": "No strangers", "is_private": True},
        ],
        "signing_secret": SIGNING_SECRET,
        "strict_scopes": True,
        "oauth_apps": [
            {
                **app,
                "client_secret": CLIENT_SECRET,
                "name": "Dynamo Digest",
                "bot_name": "digest",
                "redirect_uris": [REDIRECT_URL],
                "scopes": list(SCOPES),
            }
        ],
        "tokens": [
            {**bot, "token": of.bot_token, "scopes": list(SCOPES)},
            {**bot, "token": READER_TOKEN, "scopes": list(_READER_SCOPES)},
            {"token": MANAGER_TOKEN, "type": "user", "user": _ADMIN, "scopes": list(_MANAGER_SCOPES)},
        ],
    }


class Ids:
    """Ids of one workspace, and what its server calls them."""

    def __init__(self, of: Tenant) -> None:
        self._of = of
        self._inward = {here: there for there, here in of.ids.items()}
        # An id of another workspace must not mean anything at this server.
        self._inward |= {there: f"{there[0]}0FOREIGN" for there in of.ids}
        self._there = re.compile('"(' + "|".join(of.ids or ("never",)) + ')"')

    def outward(self, body: bytes) -> bytes:
        """An answer of the server, JSON or HTML: ids that are whole strings become ours."""
        if not self._of.ids:
            return body
        return self._there.sub(lambda found: f'"{self._of.ids[found[1]]}"', body.decode()).encode()

    def inward(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of a call as the server takes them."""
        return {name: self._inner(value) if name in _ID_ARGUMENTS else value for name, value in arguments.items()}

    def _inner(self, value: Any) -> Any:
        if isinstance(value, str):
            return ",".join(self._inward.get(each, each) for each in value.split(","))
        if isinstance(value, list):
            return [self._inner(each) for each in value]
        return value
