"""The words that only Slack's messages need; all others are in `formatters`."""

from typing import Final

from bot.core.days import Day
from bot.core.language import N_, _
from formatters import labels

CLOSE: Final = N_("Close")
SHARE: Final = N_("Share in channel")


def shortened() -> str:
    return _("Shortened here. “{button}” shows all of it.", button=_(labels.DETAILS))


def details_of(sha: str) -> str:
    """What screen readers say for a `DETAILS` button."""
    return _("Details of commit {sha}", sha=sha)


def deepen_commit(sha: str) -> str:
    """What screen readers say for a `DEEPEN` button."""
    return _("Full analysis of commit {sha}", sha=sha)


def digest_of(day: Day) -> str:
    """What screen readers say for a day's button."""
    return _("Digest of {date}", date=day.date.isoformat())


def behind_days(more: str) -> str:
    return _("{more}. The buttons below show each day.", more=more)
