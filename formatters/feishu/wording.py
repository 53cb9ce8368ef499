"""The words that only Feishu's cards need; all others are in `formatters`."""

from typing import Final

from bot.core.language import N_, _
from formatters import labels

FULL_ANALYSIS: Final = N_("Full analysis")
SHORTENED: Final = N_("Shortened to fit.")
SPANS_BELOW: Final = N_("The buttons below show all days.")


def more(left: str, where: str) -> str:
    """How many commits are not shown, and what shows them."""
    return _("{more}. {where}", more=left, where=where)


def goes_on(left: str) -> str:
    """How many commits are not shown here but in the next messages."""
    return _("{more}. The next message has them.", more=left)


def part(first: int, last: int, total: int) -> str:
    """Which commits of a day stand in a card."""
    return labels.all_commits(total) if last - first + 1 == total else labels.page(first, last, total)
