"""Everything that formatters.slack draws is held against every check there is, wherever a test lets it draw.

The checks: our reading of the limits (`slack_blocks`), the models of slack_sdk and the surfaces of slackblocks
(`slack_models`), at once; and the published types under the TypeScript compiler (`slack_types`), when the session ends.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from tests.counterparts import slack_blocks, slack_models, slack_types
from tests.counterparts.drawing import watch_drawing

#: Functions of formatters.slack that return what is posted or shown, or several of it.
DRAWING = ("render", "render_view", "render_home", "ladder", "thread")


def check(payload: Mapping[str, Any]) -> None:
    """A message (`text`, `blocks`) or a view. Raises AssertionError with Slack's refusal."""
    if payload.get("type") in {"modal", "home"}:
        refusal = slack_blocks.view_refusal(payload) or slack_models.view_refusal(payload)
    else:
        # What was posted may have to be changed, for which the rules are stricter.
        refusal = slack_blocks.message_refusal(payload, update=True)
        refusal = refusal or slack_models.message_refusal(payload.get("blocks") or [])
    assert refusal is None, f"Slack would refuse this: {refusal}\n{payload}"
    if "type" in payload:
        slack_types.collect("view", payload)
    else:
        slack_types.collect("message", payload.get("blocks") or [])


def watch(formatter: ModuleType, patch: pytest.MonkeyPatch) -> None:
    """From now on, whatever the formatter's drawing functions return is checked."""
    watch_drawing(formatter, DRAWING, check, patch)
