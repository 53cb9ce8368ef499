"""Values of the core as JSON and back, checked on the way in."""

from typing import Any, Final, cast

from pydantic import TypeAdapter

from bot.core.model import Analysis, Commit, Lead
from bot.core.subscriptions import Selection

_COMMIT: Final = TypeAdapter(Commit)
_ANALYSIS: Final = TypeAdapter(Analysis)
_LEAD: Final = TypeAdapter(Lead)
_SELECTION: Final = TypeAdapter(Selection)


def dump_commit(commit: Commit) -> dict[str, Any]:
    return cast("dict[str, Any]", _COMMIT.dump_python(commit, mode="json"))


def load_commit(facts: Any) -> Commit:
    return _COMMIT.validate_python(facts)


def dump_analysis(analysis: Analysis) -> dict[str, Any]:
    return cast("dict[str, Any]", _ANALYSIS.dump_python(analysis, mode="json"))


def load_analysis(body: Any) -> Analysis:
    return _ANALYSIS.validate_python(body)


def dump_lead(lead: Lead) -> dict[str, Any]:
    return cast("dict[str, Any]", _LEAD.dump_python(lead, mode="json"))


def load_lead(body: Any) -> Lead:
    return _LEAD.validate_python(body)


def dump_selection(selection: Selection) -> dict[str, Any]:
    return cast("dict[str, Any]", _SELECTION.dump_python(selection, mode="json"))


def load_selection(conditions: Any) -> Selection:
    return _SELECTION.validate_python(conditions)
