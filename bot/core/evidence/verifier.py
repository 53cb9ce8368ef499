"""What stands of an analysis once everything in it has been looked up in its commit."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from bot.core.echo import Strangers
from bot.core.evidence.faults import Fault, FaultKind
from bot.core.evidence.knowledge import Knowledge
from bot.core.evidence.known_names import AUDIENCES, is_known
from bot.core.evidence.mentions import Mention, MentionKind, mentions, normalised
from bot.core.importance import rate
from bot.core.model import Advice, Analysis, CommitDiff, Evidence, Insight, Repo, Risk, ScopeItem, Statement
from bot.core.paths import printable
from bot.core.rules import analysis as analysis_by_rules

_ENGLISH_WORD: Final = re.compile(r"[A-Za-z]{3,}")
#: Advice may name thresholds and things that are still to be made; these it may not make up.
_ADVICE_CHECKED: Final = frozenset(
    {
        MentionKind.LINK,
        MentionKind.CODE,
        MentionKind.PATH,
        MentionKind.JOINED,
        MentionKind.PULL_REQUEST,
        MentionKind.SHA,
        MentionKind.LINES,
        MentionKind.NAME,
        MentionKind.FLAG,
    }
)
#: Of one statement; it is dropped after the first.
FAULTS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    #: Only what stands; `provenance` says how many statements were made, and how many were kept.
    analysis: Analysis
    faults: tuple[Fault, ...]


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """Looks up what an analysis says of one commit."""

    diff: CommitDiff
    known: Knowledge
    strangers: Strangers

    @classmethod
    def of(cls, repo: Repo, diff: CommitDiff, *, tree: Collection[str] = ()) -> "Verifier":
        """`tree` are the paths of all files at that commit, where somebody has asked for them."""
        return cls(diff=diff, known=Knowledge.of(repo, diff, tree), strangers=Strangers.of(diff))

    def with_tree(self, tree: Collection[str]) -> "Verifier":
        return replace(self, known=self.known.with_tree(tree))

    def verify(self, analysis: Analysis) -> Verified:
        """Drops every statement that names what the commit does not have, and evidence that points nowhere.

        A headline or a reason that falls is replaced by that of the rules. What was kept is counted over summary,
        scope, insight and risks: the others are always there, and advice proposes.
        """
        faults: list[Fault] = []
        summary = self._kept("summary", analysis.summary, faults)
        scope = tuple(self._kept_scope(analysis.scope, faults))
        insight = Insight(
            architecture=self._kept("architecture", analysis.insight.architecture, faults),
            performance=self._kept("performance", analysis.insight.performance, faults),
            security=self._kept("security", analysis.insight.security, faults),
        )
        risks = tuple(self._kept_risks(analysis.risks, faults))
        kept = replace(
            analysis,
            summary=summary,
            scope=scope,
            insight=insight,
            risks=risks,
            advice=tuple(self._kept_advice(analysis.advice, faults)),
            headline=self._headline(analysis.headline, faults),
            rating=replace(analysis.rating, reason=self._reason(analysis.rating.reason, faults)),
        )
        provenance = replace(analysis.provenance, statements_made=_count(analysis), statements_kept=_count(kept))
        return Verified(analysis=replace(kept, provenance=provenance), faults=tuple(faults))

    def unsupported_paths(self, analysis: Analysis) -> frozenset[str]:
        """Paths that only the repository's tree could still bear out, so that it is asked for only then."""
        found = (mention for text in _texts(analysis) for mention in mentions(text))
        return frozenset(mention.text for mention in found if self.known.fault(mention) is FaultKind.PATH)

    # Parts of an analysis

    def _kept(self, part: str, statements: Sequence[Statement], faults: list[Fault]) -> tuple[Statement, ...]:
        kept: list[Statement] = []
        for number, statement in enumerate(statements, start=1):
            found, repaired = self._statement(statement, f"{part} {number}")
            faults += found
            if repaired:
                kept.append(repaired)
        return tuple(kept)

    def _kept_scope(self, scope: Sequence[ScopeItem], faults: list[Fault]) -> Iterator[ScopeItem]:
        for number, item in enumerate(scope, start=1):
            where = f"scope {number}"
            found = [*self._faults(item.name, where), *self._component_faults(item.name, where)]
            found += self._faults(item.effect, where)
            faults += found
            if not found:
                yield item

    def _kept_risks(self, risks: Sequence[Risk], faults: list[Fault]) -> Iterator[Risk]:
        """A risk stands with its consequence and its mitigation, or not at all."""
        for number, risk in enumerate(risks, start=1):
            where = f"risk {number}"
            found, repaired = self._statement(risk.risk, where)
            found = [*found, *self._faults(risk.consequence, where), *self._proposal_faults(risk.mitigation, where)]
            faults += found
            wrong = any(fault.kind is not FaultKind.EVIDENCE for fault in found)
            if repaired and not wrong:
                yield replace(risk, risk=repaired)

    def _kept_advice(self, advice: Sequence[Advice], faults: list[Fault]) -> Iterator[Advice]:
        for number, item in enumerate(advice, start=1):
            found = self._proposal_faults(item.text, f"advice {number}")
            faults += found
            if not found:
                yield replace(item, proposes=tuple(dict.fromkeys(self._proposed(item.text))))

    def _headline(self, headline: str, faults: list[Fault]) -> str:
        found = self._faults(headline, "headline")
        faults += found
        return self._by_rules.headline if found else headline

    def _reason(self, reason: str, faults: list[Fault]) -> str:
        """The computed reason, which counts by class of file, is true by itself."""
        found = self._faults(reason, "reason") if reason != self._computed_reason else []
        faults += found
        return self._computed_reason if found else reason

    @cached_property
    def _computed_reason(self) -> str:
        return rate(self.diff.commit).reason

    @cached_property
    def _by_rules(self) -> Analysis:
        return analysis_by_rules(self.diff.commit)

    # Statements

    def _statement(self, statement: Statement, where: str) -> tuple[list[Fault], Statement | None]:
        """What is wrong with it, and what stands of it."""
        named = mentions(statement.text)
        evidence, unknown = self._evidence(statement, named)
        faults = [Fault(kind=FaultKind.EVIDENCE, text=printable(item.path), where=where) for item in unknown]
        wrong = self._faults(statement.text, where, beside=frozenset(item.path for item in evidence))
        unfounded = bool(statement.evidence) and not evidence and not named
        return [*faults, *wrong], None if wrong or unfounded else replace(statement, evidence=evidence)

    def _faults(self, text: str, where: str, *, beside: Collection[str] = ()) -> list[Fault]:
        faults = self._echoes(text, where)
        for mention in mentions(text):
            if kind := self.known.fault(mention, beside=beside):
                faults.append(Fault(kind=kind, text=mention.text, where=where))
                if len(faults) == FAULTS_MAX:
                    break
        return faults

    def _echoes(self, text: str, where: str) -> list[Fault]:
        return [Fault(kind=FaultKind.ECHO, text=text, where=where)] if self.strangers.are_echoed(text) else []

    def _component_faults(self, name: str, where: str) -> list[Fault]:
        """A component in plain English has to share a word with the commit; whom a change affects need not."""
        words = _ENGLISH_WORD.findall(name) if name.isascii() else []
        borne_out = any(
            word.casefold() in AUDIENCES or is_known(word) or self.known.has_prose_word(word) for word in words
        )
        return [] if borne_out or not words else [Fault(kind=FaultKind.IDENTIFIER, text=name, where=where)]

    # Proposals

    def _proposal_faults(self, text: str, where: str) -> list[Fault]:
        """Of what advises: places and references have to exist, names and numbers may be new."""
        faults = self._echoes(text, where) + [
            Fault(kind=kind, text=mention.text, where=where)
            for mention in mentions(text)
            if mention.kind in _ADVICE_CHECKED
            and (kind := self.known.fault(mention))
            and not _may_be_new(mention, kind)
        ]
        return faults[:FAULTS_MAX]

    def _proposed(self, text: str) -> Iterator[str]:
        for mention in mentions(text):
            if mention.kind in _ADVICE_CHECKED and (kind := self.known.fault(mention)) and _may_be_new(mention, kind):
                yield mention.text

    # Evidence

    def _evidence(self, statement: Statement, named: Sequence[Mention]) -> tuple[tuple[Evidence, ...], list[Evidence]]:
        """Evidence with its paths and hunks put right, and evidence that points at no changed file."""
        kept: dict[Evidence, None] = {}
        unknown: list[Evidence] = []
        for item in statement.evidence:
            path = self._changed_path(item.path)
            if path is None:
                unknown.append(item)
            else:
                kept[Evidence(path=path, hunk=self._hunk(path, item.hunk, named))] = None
        return tuple(kept), unknown

    def _changed_path(self, path: str) -> str | None:
        """The changed file by any of its names, with a prefix as diffs have it, or by its end if only one has that."""
        plain = path.removeprefix("./").strip("`")
        exact = self._paths.get(plain) or self._paths.get(re.sub(r"^[ab]/", "", plain))
        if exact:
            return exact
        ends = [known for known in self.known.files if plain and known.endswith(f"/{plain.lstrip('/')}")]
        return ends[0] if len(ends) == 1 else None

    @cached_property
    def _paths(self) -> dict[str, str]:
        """Changed files by every name that they go by."""
        files = self.diff.commit.files
        former = {name: file.path for file in files if file.previous_path for name in _shown(file.previous_path)}
        return former | {name: file.path for file in files for name in _shown(file.path)}

    def _hunk(self, path: str, claimed: int | None, named: Sequence[Mention]) -> int | None:
        """The claimed hunk if it has anything of what the statement names, or no other has more; the one that has most.

        None where the claimed one does not exist and nothing says which is meant.
        """
        hunks = self.known.files[path].hunks
        exists = claimed is not None and 0 < claimed <= len(hunks)
        if claimed is None or len(hunks) > HUNKS_SEARCHED:
            return claimed if exists else None
        scores = {number: _score(text, named) for number, text in self._hunk_texts(path).items()}
        best = max(scores, key=lambda number: scores[number], default=None)
        if exists and (scores[claimed] or best is None or not scores[best]):
            return claimed
        return best if best is not None and scores[best] else None

    def _hunk_texts(self, path: str) -> Mapping[int, str]:
        if path not in self._hunks_read:
            hunks = self.known.files[path].hunks
            self._hunks_read[path] = {hunk.number: normalised("\n".join((hunk.context, *hunk.lines))) for hunk in hunks}
        return self._hunks_read[path]

    @cached_property
    def _hunks_read(self) -> dict[str, Mapping[int, str]]:
        return {}


#: A file with more hunks keeps what is claimed: searching all of them for every statement is not worth it.
HUNKS_SEARCHED: Final = 300


def _shown(path: str) -> tuple[str, str]:
    return path, printable(path)


def _score(hunk: str, named: Sequence[Mention]) -> int:
    telling = (mention for mention in named if mention.kind not in (MentionKind.PATH, MentionKind.COUNT))
    return sum(mention.text in hunk for mention in telling)


def _may_be_new(mention: Mention, kind: FaultKind) -> bool:
    """A name or a setting; a number beside it is part of what is proposed."""
    return kind in (FaultKind.IDENTIFIER, FaultKind.NUMBER) and mention.kind is not MentionKind.LINES


def _count(analysis: Analysis) -> int:
    insight = analysis.insight
    parts = (
        analysis.summary,
        analysis.scope,
        insight.architecture,
        insight.performance,
        insight.security,
        analysis.risks,
    )
    return sum(len(part) for part in parts)


def _texts(analysis: Analysis) -> Iterable[str]:
    yield analysis.headline
    yield analysis.rating.reason
    insight = analysis.insight
    for statement in (*analysis.summary, *insight.architecture, *insight.performance, *insight.security):
        yield statement.text
    for item in analysis.scope:
        yield from (item.name, item.effect)
    for risk in analysis.risks:
        yield from (risk.risk.text, risk.consequence, risk.mitigation)
    yield from (item.text for item in analysis.advice)
