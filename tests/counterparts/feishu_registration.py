"""Creating an app by a QR code: the device flow (RFC 8628) of accounts.feishu.cn, as the published SDKs speak it.

https://open.feishu.cn/document/mcp_open_tools/scan-to-create-an-app-in-one-click
"""

import secrets
from collections.abc import Mapping
from typing import Any

from tests.counterparts.feishu_tenant import Tenant

PATH = "/oauth/v1/app/registration"


class Registration:
    """Answers of /oauth/v1/app/registration: `init`, `begin`, then `poll` until somebody has scanned the code."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        #: Seconds between two polls and until the code expires; Feishu says 5 and 600.
        self.interval: float = 0.05
        self.expires_in: float = 600
        #: What is still to be answered to a poll before anything else: `slow_down`, `authorization_pending`, …
        self.errors: list[str] = []
        self.polls = 0
        self._code = ""
        self._done: dict[str, Any] | None = None
        self._moves = False

    def scan(self, user: str = "alice", *, brand: str = "feishu") -> None:
        """Somebody creates the app; with the brand `lark`, the client has to ask Lark's server next."""
        self._done = {
            "client_id": self._tenant.app_id,
            "client_secret": self._tenant.app_secret,
            "user_info": {"open_id": self._tenant.person(user).open_id, "tenant_brand": brand},
        }
        self._moves = brand == "lark"

    def answer(self, url: str, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body; `url` is the address of this server."""
        match form.get("action"):
            case "init":
                return 200, {"nonce": secrets.token_hex(8), "supported_auth_methods": ["client_secret"]}
            case "begin" if form.get("auth_method") == "client_secret":
                return 200, self._begun(url)
            case "poll" if form.get("device_code") == self._code:
                return self._polled()
            case action:
                return 400, {"error": "invalid_request", "error_description": f"{action}: {sorted(form)}"}

    def _begun(self, url: str) -> dict[str, Any]:
        self._code = secrets.token_urlsafe(24)
        user_code = f"{secrets.token_hex(2)}-{secrets.token_hex(2)}".upper()
        return {
            "device_code": self._code,
            "user_code": user_code,
            "verification_uri": f"{url}/page/launcher",
            "verification_uri_complete": f"{url}/page/launcher?user_code={user_code}",
            "interval": self.interval,
            "expires_in": self.expires_in,
        }

    def _polled(self) -> tuple[int, dict[str, Any]]:
        self.polls += 1
        if self.errors:
            error = self.errors.pop(0)
            return 400, {"error": error, "error_description": error.replace("_", " ")}
        if self._done is None:
            return 400, {"error": "authorization_pending", "error_description": "nobody has scanned it yet"}
        if self._moves:
            self._moves = False
            return 200, {"user_info": self._done["user_info"]}
        return 200, self._done
