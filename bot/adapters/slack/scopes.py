"""What the bot must be allowed to do, as the manifest, OAuth and `doctor` say it: https://docs.slack.dev/reference/scopes"""

from collections.abc import Iterable
from typing import Final

#: Without these something that is promised does not work.
REQUIRED: Final = (
    "commands",
    "chat:write",
    "channels:read",  # whether the bot is in a channel, and what happens to the channel
    "groups:read",  # the same of private ones
    "im:write",
    "im:history",  # what people write to the bot
    "app_mentions:read",
    "users:read",  # their time zones
    "files:write",  # reports
)
#: What makes it better, and an administrator may refuse.
OPTIONAL: Final = {
    "chat:write.public": "digests in public channels without an invitation",
    "channels:history": "finding out after a crash whether a message arrived",
    "groups:history": "the same in private channels",
}


def missing(granted: Iterable[str]) -> tuple[str, ...]:
    """The required scopes that are not among these."""
    return tuple(scope for scope in REQUIRED if scope not in set(granted))


def declined(granted: Iterable[str]) -> tuple[str, ...]:
    """The optional ones that are not."""
    return tuple(scope for scope in OPTIONAL if scope not in set(granted))
