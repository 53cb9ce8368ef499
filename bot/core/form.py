"""The form of a subscription, on any platform: what people entered becomes a Subscribe, or what is wrong by field.

Nothing is asked of anybody to understand it.
"""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from enum import Enum
from typing import Final, TypeVar

from bot.core.commands import Subscribe
from bot.core.days import parse_zone
from bot.core.errors import BotError
from bot.core.language import Language, _
from bot.core.model import Importance
from bot.core.options import parse_conditions, parse_form_repo, parse_time
from bot.core.patterns import Followed, RepoPattern
from bot.core.ranges import Weekday
from bot.core.subscriptions import FollowingTerms, QuietDays, Selection, SubscriptionTerms

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_CONDITIONS: Final = ("paths", "not_paths", "authors", "not_authors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What stands in the fields, which have the names of a Subscribe's. Nothing of it is known to be right."""

    #: None where the form does not ask for it.
    repo: str | None = None
    #: `18:30`; empty if nothing was chosen.
    at: str = ""
    zone: str = ""
    #: Values of Language and QuietDays.
    language: str = ""
    quiet: str = ""
    #: Names of a Weekday and an Importance, in any capitals.
    days: Collection[str] = ()
    minimum: str = ""
    #: Between commas, by `paths`, `not_paths`, `authors` and `not_authors`.
    conditions: Mapping[str, str] = field(default_factory=dict[str, str])
    no_bots: bool = False
    in_thread: bool = False

    def subscribe(self, repo: Followed | None, *, host: str) -> Subscribe:
        """All options, none of which stays as it was; `repo` where the form does not ask for it. Raises Invalid."""
        return _Reading(self, host).subscribe(repo)


class Invalid(Exception):
    """What is wrong, in words, by the name of the field that it is wrong in."""

    def __init__(self, errors: Mapping[str, str], entered: Subscribe | None = None) -> None:
        super().__init__(", ".join(errors))
        self.errors = dict(errors)
        #: What is right; what is wrong is None.
        self.entered = entered or Subscribe()


class _Reading:
    def __init__(self, entered: Entered, host: str) -> None:
        self._entered = entered
        self._host = host
        self._errors: dict[str, str] = {}

    def subscribe(self, repo: Followed | None) -> Subscribe:
        entered = self._entered
        followed, excluded = (repo, None) if entered.repo is None else self._field("repo", self._repo) or (None, None)
        made = Subscribe(
            repo=followed,
            excluded=excluded,
            at=self._field("at", self._at),
            zone=self._field("zone", lambda: parse_zone(entered.zone)),
            language=self._field("language", lambda: _chosen(Language, entered.language)),
            days=self._field("days", self._days),
            minimum=self._field("minimum", lambda: _named(Importance, entered.minimum)),
            **{name: self._field(name, lambda name=name: self._condition(name)) for name in _CONDITIONS},
            no_bots=entered.no_bots,
            quiet=self._field("quiet", lambda: _chosen(QuietDays, entered.quiet)),
            in_thread=entered.in_thread,
        )
        if self._errors:
            raise Invalid(self._errors, made)
        return made

    def _field(self, name: str, read: Callable[[], T]) -> T | None:
        """None for what is wrong, which is noted."""
        try:
            return read()
        except BotError as error:
            self._errors[name] = str(error)
            return None

    def _repo(self) -> tuple[Followed, tuple[str, ...] | None]:
        return parse_form_repo(_plain(self._entered.repo or ""), host=self._host)

    def _at(self) -> time:
        if not self._entered.at:
            raise BotError(_("Choose an hour."))
        return parse_time(self._entered.at)

    def _days(self) -> frozenset[Weekday]:
        if not self._entered.days:
            raise BotError(_("Choose at least one day."))
        return frozenset(_named(Weekday, name) for name in self._entered.days)

    def _condition(self, name: str) -> tuple[str, ...]:
        text = _plain(self._entered.conditions.get(name, ""))
        return parse_conditions(name.replace("_", "-"), text) if text else ()


def _plain(text: str) -> str:
    """As in a command, full-width characters are what Chinese input methods make of others."""
    return unicodedata.normalize("NFKC", text).strip()


def _chosen(kind: type[E], value: str) -> E:
    found = next((each for each in kind if each.value == value), None)
    if found is None:
        raise BotError(_("Choose one of these."))
    return found


def _named(kind: type[E], name: str) -> E:
    found = kind.__members__.get(name.upper())
    if found is None:
        raise BotError(_("Choose one of these."))
    return found


def as_entered(terms: SubscriptionTerms | FollowingTerms, entered: Subscribe) -> SubscriptionTerms | FollowingTerms:
    """The terms as they were entered; what is None in it is as it was."""
    options = ("at", "zone", "language", "days", "quiet", "in_thread")
    conditions = ("minimum", "no_bots", *_CONDITIONS)
    selection: Selection = replace(terms.selection, **_given(entered, conditions))
    if isinstance(entered.repo, RepoPattern):
        terms = terms.of_pattern(entered.repo, entered.excluded or ())
    elif entered.repo is not None:
        terms = terms.of_repo(entered.repo)
    return replace(terms, selection=selection, **_given(entered, options))


def _given(entered: Subscribe, names: Collection[str]) -> dict[str, object]:
    return {name: value for name in names if (value := getattr(entered, name)) is not None}
