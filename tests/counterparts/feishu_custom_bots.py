"""The custom bots of groups: an address that takes messages, and nothing that comes back.

https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.counterparts.feishu_crypto import custom_bot_signature
from tests.counterparts.feishu_tenant import Tenant
from tests.counterparts.feishu_values import Limit

PATH = "/open-apis/bot/v2/hook/"
BODY_MAX = 20 * 1024
_FRESH_SECONDS = 3600
_TYPES = {"text", "post", "interactive", "image", "share_chat"}
_SUCCESS = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


@dataclass(slots=True, kw_only=True)
class CustomBot:
    token: str
    secret: str | None
    keywords: Sequence[str]
    #: The bodies that it took, oldest first.
    posted: list[dict[str, Any]] = field(default_factory=list)


class CustomBots:
    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._bots: dict[str, CustomBot] = {}
        self._by_second = Limit(5, 1)
        self._by_minute = Limit(100, 60)

    def add(self, *, secret: str | None = None, keywords: Sequence[str] = ()) -> CustomBot:
        bot = CustomBot(token=secrets.token_hex(16), secret=secret, keywords=keywords)
        self._bots[bot.token] = bot
        return bot

    def answer(self, token: str, raw: bytes) -> dict[str, Any]:
        """The body of the answer; its status is always 200."""
        bot = self._bots.get(token)
        if bot is None:
            return _problem(19001, "param invalid: incoming webhook access token invalid")
        body = _object(raw)
        if body is None or body.get("msg_type") not in _TYPES:
            return _problem(9499, "Bad Request")
        return self._refusal(bot, body, raw) or self._taken(bot, body)

    def _taken(self, bot: CustomBot, body: dict[str, Any]) -> dict[str, Any]:
        bot.posted.append(body)
        return _SUCCESS

    def _refusal(self, bot: CustomBot, body: Mapping[str, Any], raw: bytes) -> dict[str, Any] | None:
        if bot.secret is not None and not self._signed(bot.secret, body):
            return _problem(19021, "sign match fail or timestamp is not within one hour from current time")
        if len(raw) > BODY_MAX:
            return _problem(19036, "the message is too large")
        if bot.keywords and not any(word in raw.decode() for word in bot.keywords):
            return _problem(19024, "Key Words Not Found")
        if self._hurried(bot.token):
            return _problem(11232, "frequency limited")
        return self._content_refusal(body)

    def _content_refusal(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        if body["msg_type"] != "interactive":
            return None if isinstance(body.get("content"), dict) else _problem(9499, "Bad Request")
        card = body.get("card")
        if not isinstance(card, dict):
            return _problem(9499, "Bad Request")
        problems = self._tenant.card_problems(card)
        return _problem(11246, f"card content is invalid: {problems[0]}") if problems else None

    def _signed(self, secret: str, body: Mapping[str, Any]) -> bool:
        at = str(body.get("timestamp"))
        fresh = at.isdecimal() and abs(self._tenant.now().timestamp() - int(at)) <= _FRESH_SECONDS
        return fresh and body.get("sign") == custom_bot_signature(at, secret)

    def _hurried(self, token: str) -> bool:
        now = self._tenant.seconds()
        limits = (self._by_second, self._by_minute)
        return self._tenant.limits_rates and any(limit.wait(token, now) is not None for limit in limits)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _problem(code: int, msg: str) -> dict[str, Any]:
    return {"code": code, "msg": msg, "data": {}}
