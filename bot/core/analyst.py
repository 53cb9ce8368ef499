"""The analyst that asks a language model: what it says is bounded by rules, checked against the commit, and counted."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from hashlib import sha256
from typing import Final

import structlog

from bot.core.answers import Answer, answer_schema
from bot.core.asking import LANGUAGES, MODEL_MAX, fenced
from bot.core.attributes import NONE, Attributes
from bot.core.errors import AnswerInvalid, BotError, BudgetSpent, QuestionTooLong
from bot.core.evidence import Verified, Verifier
from bot.core.importance import rate, to_depth
from bot.core.language import Language, _, speaking
from bot.core.material import Material, material
from bot.core.model import Analysis, AnalystKind, CommitDiff, Importance, Insight, Provenance, Rating, Repo
from bot.core.packing import PackedDiff
from bot.core.ports import CommitSource, LanguageModel, ModelState, Question
from bot.core.rules import one_line
from bot.core.scripts import written_in
from bot.core.turns import Turns

#: Tokens of diff that one question carries; nine of ten commits of a busy repository need less.
BUDGET: Final = 14_000
#: How often it is halved for a model that cannot read so much.
HALVINGS_MAX: Final = 4
#: Of the day's budget, the spent share from which on questions are cheaper: commits of low importance are left to
#: rules, others get one statement, from a fraction of the diff.
NEARLY_SPENT: Final = 0.8
BRIEF_SHARE: Final = 1 / 4
#: Tokens of what was written about parts that one question carries.
PARTS_MAX: Final = 40_000
#: Faults that the model is told of.
COMPLAINTS_MAX: Final = 20

log = structlog.get_logger()


class Depth(StrEnum):
    """What an analysis is asked to hold; the words stand in the prompt."""

    BY_IMPORTANCE = "by importance"
    FULL = "everything"
    BRIEF = "one statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    #: Instructions, each the same for every commit.
    analysis: str
    reduction: str
    repair: str

    @property
    def version(self) -> str:
        """The first 12 hexadecimal digits of their SHA-256."""
        return sha256("\0".join((self.analysis, self.reduction, self.repair)).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    """What is to be analysed, and how."""

    repo: Repo
    diff: CommitDiff
    computed: Rating
    depth: Depth
    verifier: Verifier


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    analysis: Analysis
    #: What is wrong with the answer that it was made of.
    complaints: tuple[str, ...]

    @property
    def kept(self) -> int:
        return self.analysis.provenance.statements_kept

    def worth(self, language: Language) -> tuple[bool, bool, int]:
        """Compared with another draft: something stands of it, it is in the language asked for, more stands of it."""
        return self.kept > 0, self.analysis.language is language, self.kept


class ModelAnalyst:
    """Implements `bot.core.ports.Analyst`."""

    kind: AnalystKind = AnalystKind.MODEL

    def __init__(
        self,
        *,
        model: LanguageModel,
        source: CommitSource,
        prompts: Prompts,
        language: Language = Language.EN,
        budget: int = BUDGET,
    ) -> None:
        """`source` is asked which paths a repository has; `language` is that of the prose; `budget` is in tokens."""
        self._model = model
        self._source = source
        self._prompts = prompts
        self._version = prompts.version
        self._language = language
        self._budget = budget
        self._schema = answer_schema()
        self._attributes_of: dict[Repo, Attributes] = {}

    async def prepare(self) -> None:
        await self._model.warm_up()

    async def analyse(self, repo: Repo, diff: CommitDiff, *, deep: bool = False) -> Analysis:
        """As `Analyst.analyse`: one question for most commits, more for long ones and for answers to be repaired."""
        state = await self._model.state()
        with speaking(self._language):
            computed = rate(diff.commit)
        depth = _depth(computed, state, deep=deep)
        verifier = await asyncio.to_thread(Verifier.of, repo, diff)
        commit = _Commit(repo=repo, diff=diff, computed=computed, depth=depth, verifier=verifier)
        budget = math.ceil(self._budget * (BRIEF_SHARE if commit.depth is Depth.BRIEF else 1))
        for _attempt in range(HALVINGS_MAX):
            try:
                return await self._analysed(commit, budget, state)
            except QuestionTooLong:
                budget = max(budget // 2, 1)
        return await self._analysed(commit, budget, state)

    async def _analysed(self, commit: _Commit, budget: int, state: ModelState) -> Analysis:
        given = await self._material(commit, budget, state)
        parts: Sequence[PackedDiff] = list(given.plan.parts)[: 1 if commit.depth is Depth.BRIEF else None]
        asked: list[Turns[Answer]] = []
        if len(parts) > 1:
            turns, parts = await self._about_parts(commit, given, parts, asked)
        else:
            turns = self._turns(self._question(commit, given, parts[0]), commit, asked)
        draft = await self._drafted(commit, turns)
        if not draft.kept:
            raise AnswerInvalid(_("Nothing in the language model's answer is borne out by the commit."))
        shown = sum(part.lines_shown for part in parts)
        provenance = replace(
            _provenance(draft, asked, self._version, self._model.name),
            lines_shown=shown,
            lines_changed=max(given.plan.lines_changed, shown),
            redactions=given.redactions,
            withheld=given.withheld,
        )
        _log(commit, provenance, given)
        return replace(draft.analysis, provenance=provenance)

    async def _material(self, commit: _Commit, budget: int, state: ModelState) -> Material:
        """What fits into one question is read whole; of more, the repository says what is not worth reading."""
        packed = partial(material, commit.diff, budget=budget, bytes_per_token=state.bytes_per_token)
        given = await asyncio.to_thread(packed)
        if len(given.plan.parts) == 1 and given.plan.source_lines_shown == given.plan.source_lines_changed:
            return given
        attributes = await self._attributes(commit)
        return await asyncio.to_thread(packed, attributes=attributes)

    async def _attributes(self, commit: _Commit) -> Attributes:
        """The repository's, as they were when first asked for: https://git-scm.com/docs/gitattributes"""
        if commit.repo.whole not in self._attributes_of:
            try:
                text = await self._source.file(commit.repo, commit.diff.commit.sha, ".gitattributes")
            except BotError as error:
                log.info("analysis.without_attributes", repo=str(commit.repo), error=type(error).__name__)
                return NONE
            self._attributes_of[commit.repo.whole] = Attributes.parse(text or "")
        return self._attributes_of[commit.repo.whole]

    # Questions

    def _turns(self, question: Question, commit: _Commit, asked: list[Turns[Answer]]) -> Turns[Answer]:
        context = {"host": commit.repo.host}  # where links in the answer may lead
        turns = Turns(self._model, question, Answer, repair=self._prompts.repair, context=context)
        asked.append(turns)
        return turns

    def _question(self, commit: _Commit, given: Material, part: PackedDiff, of_parts: str = "") -> Question:
        settings = self._settings(commit) | ({"part": of_parts} if of_parts else {})
        data = f"Message:\n{given.message}\n\nChanges:\n{part.text or 'none'}"
        return Question(
            purpose="analysis",
            instructions=self._prompts.analysis,
            content=fenced(settings, data),
            schema=self._schema,
        )

    def _settings(self, commit: _Commit) -> dict[str, str]:
        return {
            "language": LANGUAGES[self._language],
            "repository": commit.repo.full_name,
            "computed importance": commit.computed.importance.name.lower(),
            "depth": commit.depth.value,
        }

    async def _about_parts(
        self, commit: _Commit, given: Material, parts: Sequence[PackedDiff], asked: list[Turns[Answer]]
    ) -> tuple[Turns[Answer], Sequence[PackedDiff]]:
        """Asks about every part, several at a time; the question that brings them together, and the parts in it.

        A part without a usable answer counts as not read. Raises what the first of the other failures was.
        """
        count = len(parts)
        each = [
            self._turns(self._question(commit, given, part, f"{number} of {count}"), commit, asked)
            for number, part in enumerate(parts, start=1)
        ]
        outcomes = await asyncio.gather(*(turns.answer() for turns in each), return_exceptions=True)
        read: dict[int, Answer] = {}
        for number, outcome in enumerate(outcomes):
            if isinstance(outcome, Answer):
                read[number] = outcome
            elif isinstance(outcome, QuestionTooLong) or not isinstance(outcome, AnswerInvalid):
                raise outcome
        if not read:
            raise AnswerInvalid()
        question = Question(
            purpose="reduction",
            instructions=self._prompts.reduction,
            content=fenced(self._settings(commit), _written(given, list(read.values()))),
            schema=self._schema,
        )
        return self._turns(question, commit, asked), [parts[number] for number in read]

    # Answers

    async def _drafted(self, commit: _Commit, turns: Turns[Answer]) -> _Draft:
        """What stands of the answer, after one chance to mend it."""
        draft = await self._checked(commit, await turns.answer())
        if not draft.complaints or not turns.can_repair:
            return draft
        try:
            again = await self._checked(commit, await turns.repaired(draft.complaints))
        except BotError as error:
            log.info("analysis.not_repaired", sha=commit.diff.commit.sha, error=type(error).__name__)
            return draft
        return again if again.worth(self._language) >= draft.worth(self._language) else draft

    async def _checked(self, commit: _Commit, answer: Answer) -> _Draft:
        """What the commit bears out."""
        nobody = Provenance(analyst=AnalystKind.MODEL, version=self._version)
        made = _cut_to(commit.depth, answer.analysis(commit.diff.commit.sha, commit.computed, nobody))
        verified = await self._verified(commit, made)
        complaints = [str(fault) for fault in verified.faults[:COMPLAINTS_MAX]]
        language = written_in(_prose(made)) or self._language
        if language is not self._language:
            complaints.insert(0, f"It is not written in {LANGUAGES[self._language]}.")
        analysis = replace(verified.analysis, language=language, is_deep=commit.depth is Depth.FULL)
        return _Draft(analysis=analysis, complaints=tuple(complaints))

    async def _verified(self, commit: _Commit, made: Analysis) -> Verified:
        """Looked up in the commit, and in the repository's list of files where only that can tell."""
        if commit.verifier.unsupported_paths(made):
            try:
                tree = await self._source.paths(commit.repo, made.sha)
            except BotError as error:
                log.info("analysis.without_tree", sha=made.sha, error=type(error).__name__)
            else:
                return await asyncio.to_thread(commit.verifier.with_tree(tree).verify, made)
        return await asyncio.to_thread(commit.verifier.verify, made)


def _depth(computed: Rating, state: ModelState, *, deep: bool) -> Depth:
    """Raises BudgetSpent where the little that is left of the budget is kept for more important commits."""
    if deep:
        return Depth.FULL
    if state.budget_used < NEARLY_SPENT:
        return Depth.BY_IMPORTANCE
    if computed.importance is Importance.LOW:
        raise BudgetSpent(_("The day's budget for the language model is nearly spent."))
    return Depth.BRIEF


def _cut_to(depth: Depth, analysis: Analysis) -> Analysis:
    match depth:
        case Depth.BY_IMPORTANCE:
            return to_depth(analysis)
        case Depth.FULL:
            return analysis
        case Depth.BRIEF:
            return replace(analysis, summary=analysis.summary[:1], scope=(), insight=Insight(), risks=(), advice=())


def _written(given: Material, answers: Sequence[Answer]) -> str:
    """What was written about the parts, as much as one question carries."""
    texts = [answer.model_dump_json() for answer in answers]
    room = PARTS_MAX * 2 // len(texts)
    return "\n".join([f"Message:\n{given.message}", "", "Parts:", *(text[:room] for text in texts)])


def _prose(analysis: Analysis) -> str:
    texts = [analysis.headline, *(statement.text for statement in analysis.summary)]
    texts += [item.effect for item in analysis.scope]
    texts += [risk.risk.text for risk in analysis.risks]
    texts += [advice.text for advice in analysis.advice]
    return "\n".join(texts)


def _provenance(draft: _Draft, asked: Sequence[Turns[Answer]], version: str, model: str) -> Provenance:
    """Who wrote it, what of it stands, and what all questions took together."""
    completions = [completion for turns in asked for completion in turns.completions]
    prices = [completion.price for completion in completions if completion.price is not None]
    return Provenance(
        analyst=AnalystKind.MODEL,
        version=version,
        model=one_line(completions[-1].model, MODEL_MAX) or model,
        statements_made=draft.analysis.provenance.statements_made,
        statements_kept=draft.kept,
        calls=sum(turns.calls for turns in asked),
        prompt_tokens=sum(completion.prompt_tokens for completion in completions),
        completion_tokens=sum(completion.completion_tokens for completion in completions),
        price=sum(prices) if len(prices) == len(completions) else None,
    )


def _log(commit: _Commit, provenance: Provenance, given: Material) -> None:
    log.info(
        "analysis.made",
        repo=str(commit.repo),
        sha=commit.diff.commit.sha,
        depth=commit.depth.value,
        calls=provenance.calls,
        parts=len(given.plan.parts),
        prompt_tokens=provenance.prompt_tokens,
        completion_tokens=provenance.completion_tokens,
        price=provenance.price,
        coverage=round(provenance.coverage, 2),
        statements_made=provenance.statements_made,
        statements_kept=provenance.statements_kept,
        redactions=provenance.redactions,
        withheld=given.withheld,
    )
