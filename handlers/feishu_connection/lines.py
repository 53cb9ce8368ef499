"""What the bot and the process that holds its long connection tell each other: one JSON object a line.

The bot first says what to connect with, then how each event was received; when its pipe ends, so does the process:

    {"app_id": "cli_…", "app_secret": "…", "base_url": "https://…", "beat": 5, "patience": 30}
    {"id": 7, "code": 200, "answer": {"toast": {…}} or null}

The process says how it is, what came, and why it ends:

    {"kind": "beat", "connected": true, "heard": 1.5, "trouble": ""}
    {"kind": "event" or "card", "id": 7, "payload": "{\\"schema\\": \\"2.0\\", …}"}
    {"kind": "end", "reason": "refused", "said": "10003: invalid app_id"}
"""

import json
from collections.abc import Mapping
from typing import Any, Final

#: Bytes of a line. Feishu's messages hold 150 KB of text, which JSON within JSON makes several times as long.
LINE_MAX: Final = 1 << 24


def written(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def read(line: bytes | str) -> dict[str, Any]:
    """Raises ValueError where the line is no JSON object, or one that is nested too deeply to be any of Feishu's."""
    try:
        message = json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    return message
