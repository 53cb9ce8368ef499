"""A model's analysis of a commit: the schema that it is asked for, and what becomes of what it says."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationInfo

from bot.core.asking import LINK
from bot.core.importance import bounded
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    ChangeType,
    Evidence,
    Importance,
    ImportanceRule,
    Insight,
    Provenance,
    Rating,
    Risk,
    ScopeItem,
    Statement,
)
from bot.core.paths import PATH_MAX
from bot.core.rules import HEADLINE_MAX, one_line, visible

#: Characters.
STATEMENT_MAX: Final = 600
SHORT_MAX: Final = 300
#: No diff that fits into a budget has more hunks.
HUNK_MAX: Final = 100_000
#: Elements of a list.
SUMMARY_MAX: Final = 6
SCOPE_MAX: Final = 12
LIST_MAX: Final = 6
EVIDENCE_MAX: Final = 6


_LINK_REMOVED: Final = "[…]"


def without_links(text: str, host: str) -> str:
    """Leaves only links to the repository's own host."""
    own = re.compile(rf"https?://{re.escape(host)}(/.*)?", re.IGNORECASE)
    return LINK.sub(lambda link: link[0] if host and own.fullmatch(link[0]) else _LINK_REMOVED, text)


def _prose(limit: int) -> BeforeValidator:
    """One line of at most `limit` characters that shows what it is; anything but text is left to be rejected."""

    def clean(value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return one_line(without_links(visible(value), info.context["host"] if info.context else ""), limit)

    return BeforeValidator(clean)


def _at_most(count: int) -> BeforeValidator:
    def shorten(value: object) -> object:
        return cast("list[object]", value)[:count] if isinstance(value, list) else value or []

    return BeforeValidator(shorten)


def _word(value: object) -> object:
    """For names of ours, which models like to write with a capital."""
    return value.strip().casefold() if isinstance(value, str) else value


def _word_or_none(value: object) -> object:
    word = _word(value)
    return None if word in ("", "none", "null") else word


_Value = TypeVar("_Value", str, list[Any])


def _required(value: _Value) -> _Value:
    if not value:
        raise ValueError
    return value


_Short = Annotated[str, _prose(SHORT_MAX)]
_Sentence = Annotated[str, _prose(STATEMENT_MAX)]
_Type = Annotated[ChangeType, BeforeValidator(_word)]
_Kind = Annotated[AdviceKind, BeforeValidator(_word)]


class _Evidence(BaseModel):
    path: Annotated[str, _prose(PATH_MAX)]
    hunk: int | None = None

    def value(self) -> Evidence:
        counted = self.hunk is not None and 0 < self.hunk <= HUNK_MAX
        return Evidence(path=self.path, hunk=self.hunk if counted else None)


_EvidenceList = Annotated[list[_Evidence], _at_most(EVIDENCE_MAX)]


def _evidence(evidence: Sequence[_Evidence]) -> tuple[Evidence, ...]:
    return tuple(item.value() for item in evidence if item.path)


class _Statement(BaseModel):
    text: _Sentence
    evidence: _EvidenceList = []

    def value(self) -> Statement:
        return Statement(text=self.text, evidence=_evidence(self.evidence))


_Statements = Annotated[list[_Statement], _at_most(SUMMARY_MAX)]


def _statements(statements: Sequence[_Statement]) -> tuple[Statement, ...]:
    return tuple(statement.value() for statement in statements if statement.text)


class _ScopeItem(BaseModel):
    name: Annotated[str, _prose(PATH_MAX)]
    effect: _Short


class _Insight(BaseModel):
    architecture: _Statements = []
    performance: _Statements = []
    security: _Statements = []

    def value(self) -> Insight:
        return Insight(
            architecture=_statements(self.architecture),
            performance=_statements(self.performance),
            security=_statements(self.security),
        )


class _Risk(BaseModel):
    risk: _Sentence
    evidence: _EvidenceList = []
    consequence: _Short
    mitigation: _Short

    def value(self) -> Risk:
        return Risk(
            risk=Statement(text=self.risk, evidence=_evidence(self.evidence)),
            consequence=self.consequence,
            mitigation=self.mitigation,
        )


class _Advice(BaseModel):
    kind: _Kind
    text: _Sentence


class Answer(BaseModel):
    """What the model is asked for, in the order in which it is to think. Lists may be missing, names may not."""

    types: Annotated[list[_Type], _at_most(LIST_MAX), AfterValidator(_required)]
    importance: Annotated[Literal["high", "medium", "low"], BeforeValidator(_word)]
    rule: Annotated[ImportanceRule | None, BeforeValidator(_word_or_none)] = None
    reason: _Short = ""
    headline: Annotated[str, _prose(HEADLINE_MAX), AfterValidator(_required)]
    summary: Annotated[_Statements, AfterValidator(_required)]
    scope: Annotated[list[_ScopeItem], _at_most(SCOPE_MAX)] = []
    insight: Annotated[_Insight, BeforeValidator(lambda insight: insight or {})] = _Insight()
    risks: Annotated[list[_Risk], _at_most(LIST_MAX)] = []
    advice: Annotated[list[_Advice], _at_most(LIST_MAX)] = []

    def analysis(self, sha: str, computed: Rating, provenance: Provenance) -> Analysis:
        """With the importance that is left of the proposed one, and all parts that the answer has."""
        proposed = Rating(importance=Importance[self.importance.upper()], reason=self.reason, rule=self.rule)
        return Analysis(
            sha=sha,
            types=tuple(dict.fromkeys(self.types)),
            rating=bounded(proposed, computed),
            headline=self.headline,
            summary=_statements(self.summary),
            scope=tuple(ScopeItem(name=item.name, effect=item.effect) for item in self.scope if item.name),
            insight=self.insight.value(),
            risks=tuple(risk.value() for risk in self.risks if risk.risk),
            advice=tuple(Advice(kind=advice.kind, text=advice.text) for advice in self.advice if advice.text),
            provenance=provenance,
        )


# The schema


def answer_schema() -> Mapping[str, Any]:
    """The JSON schema of an answer, in strict mode's subset."""
    return _strict(Answer.model_json_schema())


def _strict(schema: object) -> Any:
    """As strict mode wants it: every property required, no other allowed, no defaults.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    if isinstance(schema, list):
        return [_strict(part) for part in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    parts = cast("dict[str, object]", schema)
    strict = {name: _strict(part) for name, part in parts.items() if name not in {"default", "title", "description"}}
    if "properties" in strict:
        strict |= {"required": list(strict["properties"]), "additionalProperties": False}
    return strict
