"""The words that only Slack's messages need; all others are in `formatters`."""

from typing import Final

from bot.core.language import N_, _, decimal, ngettext
from bot.core.model import Digest
from formatters import wording as say

PRODUCT: Final = "Dynamo Digest"
COMMAND: Final = "/dynamo-digest"
CLOSE: Final = N_("Close")
DETAILS: Final = N_("Details")
DEEPEN: Final = N_("Deepen")


def command(example: str) -> str:
    return f"{COMMAND} {example}".strip()


def shortened() -> str:
    return _("Shortened here. “{button}” shows all of it.", button=_(DETAILS))


def details_of(sha: str) -> str:
    """What screen readers say for a `DETAILS` button."""
    return _("Details of commit {sha}", sha=sha)


def all_commits(digest: Digest) -> str:
    return _("All {commits}", commits=say.commits(len(digest.entries)))


def shows_all(digest: Digest) -> str:
    return _("“{button}” shows all.", button=all_commits(digest))


def on_host(host: str) -> str:
    return _("Commits on {host}", host=host)


def page(first: int, last: int, total: int) -> str:
    return _("{first} to {last} of {total}", first=decimal(first), last=decimal(last), total=decimal(total))


def previous(number: int) -> str:
    return _("Previous {number}", number=number)


def following(number: int) -> str:
    return _("Next {number}", number=number)


def retry(number: int) -> str:
    return ngettext("Retry {number} with the AI model", "Retry {number} with the AI model", number)


def deepen_commit(sha: str) -> str:
    """What screen readers say for a `DEEPEN` button."""
    return _("Full analysis of commit {sha}", sha=sha)


def digest_of(digest: Digest) -> str:
    """What screen readers say for a day's button."""
    return _("Digest of {date}", date=digest.day.date.isoformat())


def behind_days(more: str) -> str:
    return _("{more}. The buttons below show each day.", more=more)
