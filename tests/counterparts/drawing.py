"""Looks at everything that a formatter draws, wherever a test lets it draw."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import GeneratorType, ModuleType
from typing import Any

import pytest

Check = Callable[[Mapping[str, Any]], None]


def watch_drawing(formatter: ModuleType, names: Iterable[str], check: Check, patch: pytest.MonkeyPatch) -> None:
    """From now on, each payload that these functions of the formatter return is checked; some return several."""
    for name in names:
        if hasattr(formatter, name):
            patch.setattr(formatter, name, _checked(getattr(formatter, name), check))


def _checked(draw: Callable[..., Any], check: Check) -> Callable[..., Any]:
    @functools.wraps(draw)
    def drawn(*args: Any, **kwargs: Any) -> Any:
        return _each_checked(draw(*args, **kwargs), check)

    return drawn


def _each_checked(found: Any, check: Check) -> Any:
    if isinstance(found, Mapping):
        check(found)
    elif isinstance(found, GeneratorType):
        return _as_they_come(found, check)
    elif isinstance(found, Sequence):
        for each in found:
            check(each)
    return found


def _as_they_come(found: Iterator[Mapping[str, Any]], check: Check) -> Iterator[Mapping[str, Any]]:
    for each in found:
        check(each)
        yield each
