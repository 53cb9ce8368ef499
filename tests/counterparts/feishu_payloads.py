"""Everything that formatters.feishu draws is held against every check there is, wherever a test lets it draw.

The checks: our reading of what a card may be (`formatters.feishu.validator`), at once; and VChart, which draws all
charts when the session ends (`feishu_charts`).
"""

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest

from formatters.feishu.validator import problems
from tests.counterparts import feishu_charts
from tests.counterparts.drawing import watch_drawing

#: Functions of formatters.feishu that return a message or a card, or several of it.
DRAWING = ("render", "ladder", "following", "card")


def check(payload: Mapping[str, Any]) -> None:
    """A message (`msg_type`, `content`) or a card. Raises AssertionError with what is wrong in the card."""
    if payload.get("msg_type") in {"post", "text"}:
        return
    card = payload["content"] if "msg_type" in payload else payload
    found = problems(dict(card))
    assert not found, f"Feishu would refuse this: {found}\n{card}"
    for spec in _charts(card):
        feishu_charts.collected.add(spec)


def _charts(part: Any) -> Iterator[Mapping[str, Any]]:
    match part:
        case {"tag": "chart", "chart_spec": spec}:
            yield spec
        case dict():
            for value in part.values():
                yield from _charts(value)
        case list():
            for value in part:
                yield from _charts(value)


def watch(formatter: ModuleType, patch: pytest.MonkeyPatch) -> None:
    """From now on, whatever the formatter's drawing functions return is checked."""
    watch_drawing(formatter, DRAWING, check, patch)
