"""What people entered into the form of a subscription. Nothing is asked of anybody to understand it."""

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import time
from typing import Any

from bot.core.commands import Subscribe
from bot.core.days import parse_zone
from bot.core.errors import BotError
from bot.core.language import Language, _
from bot.core.model import Importance, Repo
from bot.core.options import parse_conditions
from bot.core.ranges import Weekday
from bot.core.subscriptions import QuietDays
from formatters.slack import forms

Values = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Invalid(Exception):
    """What is wrong, in words, by the name of the field that it is wrong in."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = dict(errors)


class Entered:
    """`values` is a view's `state.values`: https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload"""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._errors: dict[str, str] = {}

    def subscribe(self, repo: Repo | None, *, host: str) -> Subscribe:
        """All options, none of which stays as it was; `repo` where the form does not ask for it. Raises Invalid."""
        more = self._chosen_many(forms.MORE)
        entered = Subscribe(
            repo=self._repo(host) if forms.REPO in self._values else repo,
            at=self._at(),
            zone=self._zone(),
            language=Language(self._chosen(forms.LANGUAGE)),
            days=frozenset(Weekday[name.upper()] for name in self._chosen_many(forms.DAYS)),
            minimum=Importance[self._chosen(forms.MINIMUM).upper()],
            **{name: self._conditions(name) for name in forms.CONDITIONS},
            no_bots=forms.NO_BOTS in more,
            quiet=QuietDays(self._chosen(forms.QUIET)),
            in_thread=forms.IN_THREAD in more,
        )
        if not entered.days:
            self._errors[forms.DAYS] = _("Choose at least one day.")
        if self._errors:
            raise Invalid(self._errors)
        return entered

    def channel(self) -> str:
        """The one that was chosen; empty where the form does not ask for it."""
        return self._element(forms.CHANNEL).get("selected_conversation") or ""

    def _element(self, name: str) -> Mapping[str, Any]:
        return self._values.get(name, {}).get(forms.VALUE, {})

    def _text(self, name: str) -> str:
        """As in a command, full-width characters are what Chinese input methods make of others."""
        return unicodedata.normalize("NFKC", self._element(name).get("value") or "").strip()

    def _chosen(self, name: str) -> str:
        return (self._element(name).get("selected_option") or {}).get("value") or ""

    def _chosen_many(self, name: str) -> list[str]:
        return [option["value"] for option in self._element(name).get("selected_options") or []]

    @contextmanager
    def _field(self, name: str) -> Iterator[None]:
        """What is wrong meanwhile is wrong with that field."""
        try:
            yield
        except BotError as error:
            self._errors[name] = str(error)

    def _repo(self, host: str) -> Repo | None:
        with self._field(forms.REPO):
            return Repo.parse(self._text(forms.REPO), host=host)
        return None

    def _at(self) -> time | None:
        entered = self._element(forms.AT).get("selected_time")
        if not entered:
            self._errors[forms.AT] = _("Choose an hour.")
            return None
        return time.fromisoformat(entered)

    def _zone(self) -> Any:
        with self._field(forms.ZONE):
            return parse_zone(self._chosen(forms.ZONE))
        return None

    def _conditions(self, name: str) -> tuple[str, ...]:
        text = self._text(name)
        with self._field(name):
            return parse_conditions(name.replace("_", "-"), text) if text else ()
        return ()
