"""What there is in a Feishu tenant: people, chats, messages, files; and what the API refuses."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Card = dict[str, Any]

BOT_NAME = "Dynamo Digest"


class Refused(Exception):
    """The API says no: `code` stands in the body, `status` is that of HTTP."""

    def __init__(
        self, code: int, msg: str, *, status: int = 400, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(f"{code} {msg}")
        self.code, self.msg, self.status = code, msg, status
        self.headers = dict(headers or {})
        self.more = more


@dataclass(slots=True, kw_only=True)
class Person:
    name: str
    open_id: str
    tenant: str
    zone: str = "Asia/Shanghai"
    #: False for whoever has left, or may not use the app; 230013 then.
    available: bool = True

    def ids(self) -> dict[str, str]:
        """`user_id` is empty, as it is without the scope for it."""
        return {"union_id": f"on_{self.open_id.removeprefix('ou_')}", "user_id": "", "open_id": self.open_id}


@dataclass(slots=True, kw_only=True)
class Chat:
    id: str
    name: str
    kind: Literal["group", "p2p"]
    #: `open_id`s, without the bot; of a p2p chat, one.
    members: list[str]
    tenant: str
    has_bot: bool = True
    disbanded: bool = False
    #: Whether `reply_in_thread` is supported; else 230071.
    has_topics: bool = True
    #: What every message is refused with: 230018 (settings), 230035 (muted), 230075 (secret), …
    refusal: int | None = None


@dataclass(slots=True, kw_only=True)
class Posted:
    """A message, the app's or a person's."""

    id: str
    chat: str
    msg_type: str
    content: dict[str, Any]
    #: Ids of messages: the one that is answered, and the first of the conversation.
    parent: str | None = None
    root: str | None = None
    #: The topic (`omt_…`) in which it stands or which it opened.
    thread: str | None = None
    #: Whether the request had `reply_in_thread`.
    in_thread: bool = False
    uuid: str | None = None
    updates: int = 0
    created: datetime
    #: The app, or an open_id.
    sender: str
    recalled: bool = False


@dataclass(slots=True, kw_only=True)
class Upload:
    key: str
    name: str
    file_type: str
    data: bytes


@dataclass(slots=True, kw_only=True)
class Click:
    """What the token of a card's callback is good for."""

    token: str
    message: str
    at: datetime
    answered: bool = False
    updates: int = 0


class Limit:
    """So many in so many seconds of a key; https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control"""

    def __init__(self, times: int, seconds: float) -> None:
        self._times, self._seconds = times, seconds
        self._taken: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait(self, key: str, now: float) -> float | None:
        """Seconds until there is room again; None if there is room, which is taken."""
        taken = self._taken[key]
        while taken and taken[0] <= now - self._seconds:
            taken.popleft()
        if len(taken) >= self._times:
            return taken[0] + self._seconds - now
        taken.append(now)
        return None


def identifier(prefix: str, seed: str) -> str:
    return f"{prefix}_{hashlib.md5(seed.encode()).hexdigest()}"


def milliseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))
