"""Addresses at which an app may answer a command or a click, and what people see of the answers.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

RESPONSE_URL_USES = 5
RESPONSE_URL_SECONDS = 30 * 60


@dataclass(slots=True)
class ResponseUrl:
    """A minted response_url and what was posted to it."""

    url: str
    expires: float
    #: Where it was typed or clicked; None where nobody looks at the channel.
    channel: str | None = None
    #: The message with the button, as people see it now: None for a command, and once it is deleted.
    original: dict[str, Any] | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    #: The answers that stand beside the original, oldest first.
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def refusal(self) -> str | None:
        if time.monotonic() >= self.expires:
            return "expired_url"
        return "used_url" if len(self.bodies) >= RESPONSE_URL_USES else None

    def take(self, body: Mapping[str, Any]) -> None:
        """What a body does: it replaces or deletes the original, which a command has not, or it is one more message."""
        accepted = {"response_type": "ephemeral", **body}
        self.bodies.append(accepted)
        if body.get("delete_original"):
            self.original = None
        elif body.get("replace_original") and self.original is not None:
            kept = {name: self.original[name] for name in ("ts", "is_ephemeral") if name in self.original}
            self.original = {**kept, **shown(body)}
        else:
            self.answers.append(accepted)


def shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a body that make a message."""
    return {name: value for name, value in body.items() if name in {"text", "blocks", "attachments"}}
