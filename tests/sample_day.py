"""A git history with the facts of a real day: authors, instants, subjects, files and counts, with invented lines."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.counterparts.histories import History, Person

SAMPLE: Final[Mapping[str, Any]] = json.loads(
    Path(__file__).with_name("data").joinpath("sample_day.json").read_text(encoding="utf-8")
)
#: The commits of the day, newest first.
COMMITS: Final[list[dict[str, Any]]] = SAMPLE["commits"]
#: Lines of a file for which the facts name no count.
_UNKNOWN: Final = 1000


def build(path: Path, *, until: datetime | None = None) -> History:
    """The day's commits on `main`, between those of the hours before and after; `until` leaves out later ones."""
    history = History.start(path)
    files = _Files()
    before, after = reversed(SAMPLE["before"]), reversed(SAMPLE["after"])
    earlier = _modified_earlier()
    for number, neighbour in enumerate(before):
        # The first commit brings what the day's commits are going to change.
        _commit(history, neighbour, files.made(earlier) if number == 0 else {"README.md": f"before {number}\n"})
    for facts in reversed(COMMITS):
        _commit(history, facts, files.changed(facts["files"]))
    for number, neighbour in enumerate(after):
        if until is not None and datetime.fromisoformat(neighbour["committed_at"]) >= until:
            break
        _commit(history, neighbour, {"README.md": f"after {number}\n"})
    return history


def _commit(history: History, facts: Mapping[str, Any], files: Mapping[str, str]) -> None:
    trailers = "\n".join(f"Co-authored-by: {name} <{name.split()[0].lower()}@example.com>" for name in _co(facts))
    message = "\n\n".join(part for part in (facts["subject"], facts.get("body", ""), trailers) if part)
    at = datetime.fromisoformat(facts["committed_at"])
    author = Person(name=facts["author_name"], email="author@example.com")
    github = Person(name="GitHub", email="noreply@example.com")
    history.commit(message, files, at=at, author=author, committer=github)


def _co(facts: Mapping[str, Any]) -> list[str]:
    return facts.get("co_authors", [])


def _modified_earlier() -> dict[str, int]:
    """The files that the day's commits modify, each with as many lines as they take away."""
    lines: dict[str, int] = {}
    for facts in COMMITS:
        for file in facts["files"]:
            lines[file["path"]] = lines.get(file["path"], 0) + (file["deletions"] or 0) + 1
    added = {file["path"] for facts in COMMITS for file in facts["files"] if file["status"] == "added"}
    return {path: number for path, number in lines.items() if path not in added}


class _Files:
    """Files whose lines are all different, so that git counts what the facts say."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}
        self._numbers = count()

    def made(self, sizes: Mapping[str, int]) -> dict[str, str]:
        self._lines |= {path: list(self._new(size)) for path, size in sizes.items()}
        return {path: self._text(path) for path in sizes}

    def changed(self, files: list[dict[str, Any]]) -> dict[str, str]:
        for file in files:
            additions = _UNKNOWN if file["additions"] is None else file["additions"]
            kept = self._lines.get(file["path"], [])[file["deletions"] or 0 :]
            self._lines[file["path"]] = kept + list(self._new(additions))
        return {file["path"]: self._text(file["path"]) for file in files}

    def _new(self, size: int) -> Iterator[str]:
        return (f"line {next(self._numbers)}" for _ in range(size))

    def _text(self, path: str) -> str:
        return "".join(f"{line}\n" for line in self._lines[path])
