"""Messages and views held against the models of slack_sdk and the surfaces of slackblocks, which others wrote."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slackblocks._surfaces import validate_surface_blocks
from slackblocks.errors import TypeMismatchError

from tests.counterparts import slack_blocks
from tests.counterparts.slack_blocks import Refusal

#: Blocks that slack_sdk 3.47 has no model for.
UNMODELLED = frozenset({"data_table", "data_visualization", "layout"})


def message_refusal(blocks: Sequence[Mapping[str, Any]]) -> Refusal | None:
    found = list(_problems(blocks, "message"))
    return Refusal(error="invalid_blocks", messages=tuple(found)) if found else None


def view_refusal(view: Mapping[str, Any]) -> Refusal | None:
    blocks = view.get("blocks") or []
    found = list(_problems(blocks, "home" if view.get("type") == "home" else "modal"))
    modelled = [block for block in blocks if block.get("type") not in UNMODELLED]
    if modelled and not found:
        try:
            View(**copy.deepcopy({**view, "blocks": modelled})).validate_json()
        except (SlackObjectFormationError, TypeError) as error:
            found = [f"{error} [json-pointer:/view]"]
    return Refusal(error="invalid_arguments", messages=tuple(found)) if found else None


def validated(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of blocks.validate, which takes exactly one of blocks, message and view.

    https://docs.slack.dev/reference/methods/blocks.validate
    """
    match [(name, arguments[name]) for name in ("blocks", "message", "view") if arguments.get(name)]:
        case [("blocks", blocks)]:
            found = slack_blocks.message_refusal({"blocks": blocks}) or message_refusal(blocks)
        case [("message", message)]:
            found = slack_blocks.message_refusal(message) or message_refusal(message.get("blocks") or [])
        case [("view", view)]:
            found = slack_blocks.view_refusal(view) or view_refusal(view)
        case _:
            found = Refusal(error="invalid_arguments")
    return found.body() if found else {"ok": True}


def _problems(blocks: Sequence[Mapping[str, Any]], surface: slack_blocks.Surface) -> Iterator[str]:
    try:
        validate_surface_blocks(list(blocks), surface)
    except TypeMismatchError as error:
        yield f"{error} [json-pointer:/blocks]"
    for number, block in enumerate(blocks):
        for each in (block, *block.get("child_blocks", [])):
            if each.get("type") in UNMODELLED:
                continue
            try:
                Block.parse(copy.deepcopy(dict(each))).to_dict()  # pyright: ignore[reportOptionalMemberAccess]
            except (SlackObjectFormationError, TypeError) as error:
                yield f"{error} [json-pointer:/blocks/{number}]"
