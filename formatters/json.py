"""Replies as JSON for programs: the same values, with names instead of numbers for levels."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum, StrEnum
from zoneinfo import ZoneInfo

from bot.core.replies import Reply


def render(reply: Reply) -> str:
    """One JSON object; `reply` names its kind, instants are ISO 8601 in UTC, durations are seconds."""
    document = {"reply": type(reply).__name__, **_members(reply)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _members(value: object) -> dict[str, object]:
    assert is_dataclass(value)
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


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
        case tuple():
            return [_plain(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _ if is_dataclass(value):
            return _members(value)
        case _:
            return value
