"""Every chart that a test makes, drawn by VChart in Node.js: https://www.npmjs.com/package/@visactor/vchart

Specifications are collected while the tests run and drawn once at the end, one of each number of values: the one with
the longest names. Feishu's clients have VChart 1.12.3; npm has other versions of 1.12.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.counterparts import node

#: Seconds for all of them.
_TIMEOUT = 120
Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    #: Different ones, of which an empty picture has one.
    colours: int
    #: What stands for one datum each.
    marks: int
    #: Texts of the datum whose mark is highest.
    top: Sequence[str]


class Collection:
    """Specifications that are worth drawing."""

    def __init__(self) -> None:
        self._specs: dict[tuple[str, int], str] = {}

    def add(self, spec: Spec) -> None:
        key = (str(spec.get("type")), len(_values(spec)))
        written = json.dumps(spec, sort_keys=True)
        if len(written) > len(self._specs.get(key, "")):
            self._specs[key] = written

    def problems(self) -> list[str]:
        """Which of them VChart does not draw as they are meant, and why."""
        specs = [json.loads(spec) for spec in self._specs.values()]
        return [
            f"{problem}\n    {json.dumps(spec, ensure_ascii=False)}"
            for spec, result in zip(specs, drawn(specs), strict=True)
            if (problem := _problem(spec, result))
        ]


def drawn(specs: Sequence[Spec]) -> list[Picture | str]:
    """What became of each: a picture, or why there is none. Raises RuntimeError where Node.js itself fails."""
    if not specs:
        return []
    node.install()
    done = subprocess.run(
        [node.binary(), node.HERE / "feishu_charts.mjs"],
        input=json.dumps(specs),
        cwd=node.HERE,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"drawing charts failed with {done.returncode}:\n{done.stderr}")
    return [result["error"] if "error" in result else Picture(**result) for result in json.loads(done.stdout)]


def _problem(spec: Spec, result: Picture | str) -> str:
    if isinstance(result, str):
        return result
    if result.colours < 2:
        return "the picture is empty"
    if result.marks != len(_values(spec)):
        return f"there are {result.marks} marks for {len(_values(spec))} values"
    return ""


def _values(spec: Spec) -> Sequence[Any]:
    """Of the data, or of all of them where there are several."""
    data = spec.get("data") or {}
    parts = data if isinstance(data, list) else [data]
    return [value for part in parts for value in part.get("values") or ()]


collected = Collection()
