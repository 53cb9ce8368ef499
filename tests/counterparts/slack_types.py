"""Every message and view that a test makes, held against Slack's published types by the TypeScript compiler.

Payloads are collected while the tests run and compiled once at the end, one of each shape: texts are shortened, since
the types know no lengths. `@slack/types` 3.2.0 under `tsc` 7: https://www.npmjs.com/package/@slack/types
"""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tests.counterparts import node

#: Blocks without a type, which are left out.
UNTYPED = frozenset({"data_visualization", "layout"})
#: Fields that Slack documents and the types do not have, by the type of what they are in.
# https://docs.slack.dev/reference/block-kit/blocks/rich-text-block; slack_sdk and slackblocks have it.
UNTYPED_FIELDS = frozenset({("rich_text_list", "offset")})
# Strings of which the types name the values. `style` of a text is an object.
_LITERALS = frozenset(
    {"type", "style", "level", "status", "width", "align", "range", "include", "trigger_actions_on", "default_to"}
)
_COMPILE = ("--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--types", "")
_HEADER = 'import type { HomeView, KnownBlock, ModalView } from "@slack/types";\n'

Surface = Literal["message", "view"]


class Collection:
    """Distinct payloads, as TypeScript declarations."""

    def __init__(self) -> None:
        self._lines: dict[str, Any] = {}

    def add(self, surface: Surface, payload: Any) -> None:
        """A message's blocks, or a view."""
        if surface == "message" and isinstance(payload, Sequence):
            self._blocks(payload)
        elif surface == "view" and isinstance(payload, Mapping):
            kind = "HomeView" if payload.get("type") == "home" else "ModalView"
            self._blocks(payload.get("blocks") or [])
            self._declare(kind, {**payload, "blocks": [{"type": "divider"}]})

    def _blocks(self, blocks: Sequence[Mapping[str, Any]]) -> None:
        # One by one: a day of many commits has the same few shapes as a day of one.
        for block in blocks:
            if block.get("type") in UNTYPED:
                continue
            self._declare("KnownBlock", block)

    def _declare(self, kind: str, payload: Mapping[str, Any]) -> None:
        self._lines.setdefault(f"{kind} = {json.dumps(_shape(payload), sort_keys=True)}", payload)

    def problems(self) -> list[str]:
        """What the compiler says, each with the payload it is about."""
        if not self._lines:
            return []
        node.install()
        declared = list(self._lines)
        source = _HEADER + "".join(f"export const p{n}: {line};\n" for n, line in enumerate(declared))
        # Beside node_modules, where the compiler looks for the types.
        with tempfile.TemporaryDirectory(dir=node.HERE, prefix=".types-") as folder:
            (Path(folder) / "payloads.ts").write_text(source, encoding="utf-8")
            found = _compiled(Path(folder) / "payloads.ts")
        return [f"{problem}\n    {_payload_of(problem, declared)}" for problem in found]


def _compiled(file: Path) -> list[str]:
    compiler = node.MODULES / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node.binary(), compiler, *_COMPILE, file], cwd=node.HERE, capture_output=True, text=True, check=False
    )
    said = [line for line in (done.stdout + done.stderr).splitlines() if line and not line.startswith(" ")]
    if done.returncode and not said:
        raise RuntimeError(f"tsc failed with {done.returncode}")
    return said


def _payload_of(problem: str, declared: Sequence[str]) -> str:
    """`…/payloads.ts(3,12): error …` is about the second declaration."""
    place = problem.partition("payloads.ts(")[2].partition(",")[0]
    return declared[int(place) - 2] if place.isdigit() else ""


def _shape(value: Any, name: str = "") -> Any:
    """The payload with short texts and small numbers; lists of equals become shorter."""
    if isinstance(value, Mapping):
        typed = [key for key in value if (value.get("type"), key) not in UNTYPED_FIELDS]
        return {key: _shape(value[key], key) for key in typed}
    if isinstance(value, Sequence) and not isinstance(value, str):
        shapes = [_shape(member, name) for member in value]
        return [shape for number, shape in enumerate(shapes) if shape not in shapes[:number]]
    if isinstance(value, str):
        return value if name in _LITERALS else "x"
    return value if isinstance(value, bool) or value is None or name == "border" else 1


collected = Collection()


def collect(surface: Surface, payload: Any) -> None:
    """Notes a message's blocks, or a view, to be compiled at the end of the test session."""
    collected.add(surface, payload)
