"""The words that only Slack's messages need; all others are in `formatters`."""

from typing import Final

from bot.core.model import Digest
from formatters import wording as say

PRODUCT: Final = "Dynamo Digest"
COMMAND: Final = "/dynamo-digest"
CLOSE: Final = "Close"
DETAILS: Final = "Details"
SHORTENED: Final = f"Shortened here. “{DETAILS}” shows all of it."


def command(example: str) -> str:
    return f"{COMMAND} {example}".strip()


def details_of(sha: str) -> str:
    """What screen readers say for a `DETAILS` button."""
    return f"Details of commit {sha}"


def all_commits(digest: Digest) -> str:
    return f"All {say.counted(len(digest.entries), 'commit', 'commits')}"


def shows_all(digest: Digest) -> str:
    return f"“{all_commits(digest)}” shows all."


def on_host(host: str) -> str:
    return f"Commits on {host}"


def page(first: int, last: int, total: int) -> str:
    return f"{first:,} to {last:,} of {total:,}"


def previous(number: int) -> str:
    return f"Previous {number}"


def following(number: int) -> str:
    return f"Next {number}"
