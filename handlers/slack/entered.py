"""What people entered into the form of a subscription, as Slack sends it.

https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from collections.abc import Mapping
from typing import Any

from bot.core.form import Entered
from formatters import fields
from formatters.slack.forms import CHANNEL, VALUE

#: A view's `state.values`.
Values = Mapping[str, Mapping[str, Mapping[str, Any]]]


def entered(values: Values) -> Entered:
    more = _chosen_many(values, fields.MORE)
    return Entered(
        repo=_text(values, fields.REPO) if fields.REPO in values else None,
        at=_element(values, fields.AT).get("selected_time") or "",
        zone=_chosen(values, fields.ZONE),
        language=_chosen(values, fields.LANGUAGE),
        quiet=_chosen(values, fields.QUIET),
        days=_chosen_many(values, fields.DAYS),
        minimum=_chosen(values, fields.MINIMUM),
        conditions={name: _text(values, name) for name in fields.CONDITIONS},
        no_bots=fields.NO_BOTS in more,
        in_thread=fields.IN_THREAD in more,
    )


def channel(values: Values) -> str:
    """The one that was chosen; empty where the form does not ask for it."""
    return _element(values, CHANNEL).get("selected_conversation") or ""


def _element(values: Values, name: str) -> Mapping[str, Any]:
    return values.get(name, {}).get(VALUE, {})


def _text(values: Values, name: str) -> str:
    return _element(values, name).get("value") or ""


def _chosen(values: Values, name: str) -> str:
    return (_element(values, name).get("selected_option") or {}).get("value") or ""


def _chosen_many(values: Values, name: str) -> list[str]:
    return [option["value"] for option in _element(values, name).get("selected_options") or []]
