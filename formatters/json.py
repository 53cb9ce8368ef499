"""Replies as JSON for programs: the same values, with names instead of numbers for levels."""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from typing import cast
from zoneinfo import ZoneInfo

from bot.core.replies import Reply


def render(reply: Reply) -> str:
    """One JSON object; `reply` names its kind, instants are ISO 8601 in UTC, durations are seconds."""
    document = {"reply": type(reply).__name__, **_members(reply)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def dump(value: object) -> str:
    """The members of any value of ours, in the same words."""
    return json.dumps(_members(value), indent=2, ensure_ascii=False) + "\n"


def _members(value: object) -> dict[str, object]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)} if is_dataclass(value) else {}


def _plain(value: object) -> object:
    match value:
        case StrEnum():
            return value.value
        case Enum():
            return value.name.lower()
        case ZoneInfo():
            return value.key
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case frozenset():
            return sorted(str(_plain(item)) for item in cast("frozenset[object]", value))
        case tuple():
            return [_plain(item) for item in cast("tuple[object, ...]", value)]
        case _:
            return _members(value) if is_dataclass(value) else value
