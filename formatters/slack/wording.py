"""The words that only Slack's messages need; all others are in `formatters`."""

from typing import Final

from bot.core.days import Day
from bot.core.language import N_, _, decimal, ngettext
from formatters import wording as say

PRODUCT: Final = "Dynamo Digest"
COMMAND: Final = "/dynamo-digest"
CLOSE: Final = N_("Close")
DETAILS: Final = N_("Details")
DEEPEN: Final = N_("Deepen")
REPORT: Final = N_("Full report")
SHARE: Final = N_("Share in channel")
SETTINGS: Final = N_("Settings")
SUBSCRIBE: Final = N_("Subscribe")
DAYS_BELOW: Final = N_("The buttons below show each day.")
IN_THREAD: Final = N_("The commits are in the thread.")


def command(example: str) -> str:
    return f"{COMMAND} {example}".strip()


def shortened() -> str:
    return _("Shortened here. “{button}” shows all of it.", button=_(DETAILS))


def details_of(sha: str) -> str:
    """What screen readers say for a `DETAILS` button."""
    return _("Details of commit {sha}", sha=sha)


def all_commits(number: int) -> str:
    return _("All {commits}", commits=say.commits(number))


def shows_all(number: int) -> str:
    return _("“{button}” shows all.", button=all_commits(number))


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


def digest_of(day: Day) -> str:
    """What screen readers say for a day's button."""
    return _("Digest of {date}", date=day.date.isoformat())


def behind_days(more: str) -> str:
    return _("{more}. The buttons below show each day.", more=more)
