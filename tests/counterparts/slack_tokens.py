"""Bot tokens: which are valid, what they may do, how they expire and are renewed, and how they end.

https://docs.slack.dev/authentication/using-token-rotation: tokens of twelve hours, refresh tokens that work once.
"""

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.counterparts.slack_blocks import Refusal

ROTATION_SECONDS = 12 * 60 * 60
# https://docs.slack.dev/reference/methods: one of the scopes is needed. Conversations differ by kind, see below.
_SCOPES: Mapping[str, tuple[str, ...]] = {
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "chat.scheduleMessage": ("chat:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
    "conversations.open": ("im:write", "mpim:write"),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
}
_READS = ("conversations.info", "conversations.members", "users.conversations")
_HISTORIES = ("conversations.history", "conversations.replies")


@dataclass(slots=True, kw_only=True)
class Token:
    #: What the server knows it by.
    upstream: str
    #: May be changed by a test: a scope taken away is missed by every method that needs it.
    scopes: set[str]
    #: What every call with it is answered with.
    error: str | None = None
    #: Of the monotonic clock.
    expires: float | None = None


class Tokens:
    """The tokens of a workspace; unknown ones are invalid."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._refresh: dict[str, Token] = {}
        self._used: set[str] = set()

    def __getitem__(self, token: str) -> Token:
        return self._tokens[token]

    def __contains__(self, token: str | None) -> bool:
        return token in self._tokens

    def add(self, token: str, scopes: Iterable[str], *, upstream: str | None = None) -> Token:
        added = Token(upstream=upstream or token, scopes=set(scopes))
        self._tokens[token] = added
        return added

    def rotating(self, said: Mapping[str, Any], seconds: int) -> dict[str, Any]:
        """The answer of oauth.v2.access with an expiring token in place of the one that the server issued."""
        issued = self._tokens.pop(said["access_token"])
        return {**said, **self._renewed(issued, seconds)}

    def issued(self, refresh_token: str) -> bool:
        """Whether the refresh token is, or was, this workspace's."""
        return refresh_token in self._refresh or refresh_token in self._used

    def refresh(self, refresh_token: str, seconds: int) -> dict[str, Any] | None:
        """The new `access_token`, `refresh_token` and `expires_in`; None if the refresh token was used or never was."""
        issued = self._refresh.pop(refresh_token, None)
        self._used.add(refresh_token)
        if issued is None or issued.error:
            return None
        return self._renewed(issued, seconds)

    def _renewed(self, issued: Token, seconds: int) -> dict[str, Any]:
        access, refresh = f"xoxe.xoxb-1-{secrets.token_urlsafe(16)}", f"xoxe-1-{secrets.token_urlsafe(16)}"
        token = self.add(access, issued.scopes, upstream=issued.upstream)
        token.expires = time.monotonic() + seconds
        self._refresh[refresh] = token
        return {"access_token": access, "refresh_token": refresh, "expires_in": seconds}

    def expire(self) -> None:
        """Twelve hours pass for all tokens that expire."""
        for token in self._tokens.values():
            if token.expires is not None:
                token.expires = 0.0

    def end(self, error: str) -> None:
        """All tokens die, refresh tokens too."""
        self._refresh.clear()
        for token in self._tokens.values():
            token.error = error

    def refusal(self, token: str | None, method: str, arguments: Mapping[str, Any]) -> Refusal | None:
        if token is None:
            return None
        known = self._tokens.get(token)
        if known is None:
            return Refusal(error="invalid_auth")
        if known.error:
            return Refusal(error=known.error)
        if known.expires is not None and time.monotonic() >= known.expires:
            return Refusal(error="token_expired")
        needed = _needed(method, arguments)
        if needed and not known.scopes.intersection(needed):
            return Refusal(
                error="missing_scope", more={"needed": needed[0], "provided": ",".join(sorted(known.scopes))}
            )
        return None


def _needed(method: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    kind = str(arguments.get("channel") or "C")[0]
    if method in _HISTORIES:
        return ("im:history",) if kind == "D" else ("channels:history", "groups:history")
    if method in _READS:
        return ("im:read",) if kind == "D" else ("channels:read", "groups:read")
    if method == "conversations.list":
        kinds = str(arguments.get("types") or "public_channel")
        return ("groups:read",) if kinds == "private_channel" else ("channels:read",)
    return _SCOPES.get(method, ())
