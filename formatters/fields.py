"""The fields of forms, on any platform: of a subscription and of a feedback, with their words and their choices."""

from collections.abc import Mapping
from typing import Final

from bot.core.language import N_, Language, _
from bot.core.model import Importance
from bot.core.ranges import Weekday
from bot.core.replies import SettingsForm
from bot.core.subscriptions import FollowingTerms, QuietDays, Terms

# The fields of a subscription, which have the names of a Subscribe's.
REPO: Final = "repo"
AT: Final = "at"
DAYS: Final = "days"
ZONE: Final = "zone"
LANGUAGE: Final = "language"
MINIMUM: Final = "minimum"
CONDITIONS: Final[Mapping[str, str]] = {
    "paths": N_("Only these paths"),
    "not_paths": N_("Not these paths"),
    "authors": N_("Only these authors"),
    "not_authors": N_("Not these authors"),
}
QUIET: Final = "quiet"
MORE: Final = "more"
#: Those of `MORE`, which are chosen or not.
NO_BOTS: Final = "no_bots"
IN_THREAD: Final = "in_thread"
#: The field of a FeedbackForm.
REASON: Final = "reason"

REPO_HINT: Final = N_("owner/name, owner/name@release/* for other branches, or owner/* not legacy-*")

#: Characters of a reason.
REASON_MAX: Final = 500

SAVE: Final = N_("Save")
SEND: Final = N_("Send")
WEEKDAYS: Final[Mapping[Weekday, str]] = {
    Weekday.MONDAY: N_("Monday"),
    Weekday.TUESDAY: N_("Tuesday"),
    Weekday.WEDNESDAY: N_("Wednesday"),
    Weekday.THURSDAY: N_("Thursday"),
    Weekday.FRIDAY: N_("Friday"),
    Weekday.SATURDAY: N_("Saturday"),
    Weekday.SUNDAY: N_("Sunday"),
}
#: Languages by their own names, which are never translated.
LANGUAGES: Final[Mapping[Language, str]] = {Language.EN: "English", Language.ZH: "中文"}
MINIMUMS: Final[Mapping[Importance, str]] = {
    Importance.LOW: N_("Everything"),
    Importance.MEDIUM: N_("Medium and high"),
    Importance.HIGH: N_("High only"),
}
QUIET_DAYS: Final[Mapping[QuietDays, str]] = {
    QuietDays.SILENT: N_("No message"),
    QuietDays.LINE: N_("One line"),
}
OPTIONS: Final[Mapping[str, str]] = {
    NO_BOTS: N_("Leave out what bots commit"),
    IN_THREAD: N_("Put the commits into the thread of the message"),
}


def repo(form: SettingsForm) -> str:
    """The field of the repository, as people write it: `owner/name`, `owner/* not legacy-*,tmp`."""
    excluded = form.terms.excluded if isinstance(form.terms, FollowingTerms) else ()
    return f"{form.terms.followed} not {','.join(excluded)}" if excluded else str(form.terms.followed)


def in_words(form: SettingsForm) -> str:
    """What the form of a subscription does."""
    if form.subscription is None:
        return _("This channel does not follow {repo} yet. The form subscribes it.", repo=form.terms.followed)
    return _("The form changes what this channel gets of {repo}.", repo=form.terms.followed)


def condition(terms: Terms, name: str) -> tuple[str, ...]:
    """What is asked for at present under one of the names of `CONDITIONS`."""
    return getattr(terms.selection, name)


def manner(name: str) -> str:
    """How the values of one of the `CONDITIONS` are written."""
    return _("As in .gitignore: lib/**, *.rs") if "paths" in name else _("Names or addresses: Ada, *@example.com")


def chosen(terms: Terms) -> set[str]:
    """Which of the `OPTIONS` are."""
    return {name for name, on in ((NO_BOTS, terms.selection.no_bots), (IN_THREAD, terms.in_thread)) if on}
