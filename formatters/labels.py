"""What stands on the buttons of chat platforms, and what messages say of those buttons."""

from typing import Final

from bot.core.language import N_, _, decimal, ngettext
from formatters import wording as say

PRODUCT: Final = "Dynamo Digest"
COMMAND: Final = "/dynamo-digest"
DETAILS: Final = N_("Details")
DEEPEN: Final = N_("Deepen")
REPORT: Final = N_("Full report")
SETTINGS: Final = N_("Settings")
SUBSCRIBE: Final = N_("Subscribe")
DAYS_BELOW: Final = N_("The buttons below show each day.")
ARCHIVE: Final = N_("Open in the archive")
IN_THREAD: Final = N_("The commits are in the thread.")


def command(example: str) -> str:
    return f"{COMMAND} {example}".strip()


def all_commits(number: int) -> str:
    return _("All {commits}", commits=say.commits(number))


def shows_all(number: int) -> str:
    return _("“{button}” shows all.", button=all_commits(number))


def on_host(host: str) -> str:
    return _("Commits on {host}", host=host)


def retry(number: int) -> str:
    return ngettext("Retry {number} with the AI model", "Retry {number} with the AI model", number)


def previous(number: int) -> str:
    return _("Previous {number}", number=number)


def following(number: int) -> str:
    return _("Next {number}", number=number)


def page(first: int, last: int, total: int) -> str:
    if first == last:
        return _("{number} of {total}", number=decimal(first), total=decimal(total))
    return _("{first} to {last} of {total}", first=decimal(first), last=decimal(last), total=decimal(total))
