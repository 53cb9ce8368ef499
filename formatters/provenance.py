"""Who wrote an analysis or a digest, and how much that is based on. Formatters find these sentences in `wording`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import starmap
from typing import Final

from bot.core.language import N_, Language, _, decimal, joined, ngettext, spoken
from bot.core.model import Analysis, AnalystKind, Digest, Entry, FallbackReason, Provenance
from formatters.text import visible

FALLBACKS: Final[Mapping[FallbackReason, str]] = {
    FallbackReason.TIMEOUT: N_("timeout"),
    FallbackReason.RATE_LIMIT: N_("rate limit"),
    FallbackReason.UNREACHABLE: N_("no answer"),
    FallbackReason.REFUSED: N_("refused"),
    FallbackReason.INVALID_ANSWER: N_("invalid answer"),
    FallbackReason.BUDGET: N_("budget spent"),
}
LANGUAGES: Final[Mapping[Language, str]] = {Language.EN: N_("English"), Language.ZH: N_("Chinese")}


def origin(digest: Digest) -> str:
    """Who wrote the summaries of a digest that has commits, and those that are not in the language spoken."""
    foreign = Counter(entry.analysis.language for entry in digest.entries if is_foreign(entry.analysis))
    notes = (
        _("all in {language}", language=name)
        if number == len(digest.entries)
        else _(
            "{number} of {all} in {language}", number=decimal(number), all=decimal(len(digest.entries)), language=name
        )
        for number, name in ((number, _(LANGUAGES[language])) for language, number in foreign.items())
    )
    return _("; ").join([_origin(digest), *notes])


def are_alike(entries: Iterable[Entry]) -> bool:
    """Whether `origin` says of each of them who wrote it, and what became of its language."""
    return len({_manner(entry.analysis) for entry in entries}) < 2


def _manner(analysis: Analysis) -> tuple[object, ...]:
    made = analysis.provenance
    return made.analyst, made.model, made.version, made.fallback, analysis.language, analysis.translated_from


def is_based_on_all(made: Provenance) -> bool:
    """Whether there is nothing to be said of this commit alone: a model was given every line; rules need none."""
    if made.analyst is AnalystKind.RULES:
        return True
    return made.lines_shown >= made.lines_changed and not made.withheld


def is_foreign(analysis: Analysis) -> bool:
    """Whether it could not be had in the language spoken."""
    return analysis.language is not spoken()


def _origin(digest: Digest) -> str:
    all_by = [entry.analysis.provenance for entry in digest.entries]
    by_model = [made for made in all_by if made.analyst is AnalystKind.MODEL]
    by_rules = [made for made in all_by if made.analyst is AnalystKind.RULES]
    if not by_model:
        return _("Summaries: {versions}, {asked}", versions=_versions(by_rules), asked=_unasked(by_rules))
    parts = [joined(starmap(_prompted, dict.fromkeys((made.model, made.version) for made in by_model)))]
    if by_rules:
        parts.append(_shares(len(by_model), by_rules))
    parts.append(_read(sum(made.lines_shown for made in by_model), sum(made.lines_changed for made in by_model)))
    parts += _checks(by_model)
    return _("Summaries: {parts}", parts=_("; ").join(parts))


def _checks(all_by: Sequence[Provenance]) -> Iterator[str]:
    """What code found when it looked the model's statements up, and what the model was not given."""
    if made := sum(each.statements_made for each in all_by):
        kept = sum(each.statements_kept for each in all_by)
        yield ngettext(
            "{kept} of {number} statement kept", "{kept} of {number} statements kept", made, kept=decimal(kept)
        )
    if withheld := sum(each.withheld for each in all_by):
        yield ngettext(
            "{number} line that addresses an AI withheld from it",
            "{number} lines that address an AI withheld from it",
            withheld,
        )
    if redactions := sum(each.redactions for each in all_by):
        yield ngettext("{number} secret redacted", "{number} secrets redacted", redactions)


def _versions(all_by: Sequence[Provenance]) -> str:
    return joined(dict.fromkeys(made.version for made in all_by))


def _model(made: Provenance) -> str:
    return _prompted(made.model, made.version)


def _prompted(model: str | None, version: str) -> str:
    return _("model {model}, prompt {prompt}", model=visible(model or "?"), prompt=version)


def _shares(by_model: int, by_rules: Sequence[Provenance]) -> str:
    return _(
        "{by_model} of {all} by model, {by_rules} by rules{reasons}",
        by_model=decimal(by_model),
        all=decimal(by_model + len(by_rules)),
        by_rules=decimal(len(by_rules)),
        reasons=_fallbacks(by_rules),
    )


def _unasked(by_rules: Sequence[Provenance]) -> str:
    asked = sum(made.fallback is not None for made in by_rules)
    if not asked:
        return _("no AI model used")
    return ngettext(
        "the AI model was asked {number} time and gave no analysis{reasons}",
        "the AI model was asked {number} times and gave no analysis{reasons}",
        asked,
        reasons=_fallbacks(by_rules),
    )


def _fallbacks(by_rules: Sequence[Provenance]) -> str:
    reasons = Counter(_(FALLBACKS[made.fallback]) for made in by_rules if made.fallback)
    if not reasons:
        return ""
    if len(reasons) == 1 and reasons.total() == len(by_rules):
        return _(": ") + next(iter(reasons))
    counts = (_("{number} {reason}", number=decimal(number), reason=name) for name, number in reasons.most_common())
    return _(": ") + joined(counts)


def _read(shown: int, changed: int) -> str:
    """Rounded down, so that 100 % means every line."""
    share = 100 * min(shown, changed) // changed if changed else 100
    return ngettext(
        "{share} % of {number} changed line read", "{share} % of {number} changed lines read", changed, share=share
    )


def writer(provenance: Provenance) -> str:
    """Who wrote one analysis, and how much of the commit that was based on."""
    if provenance.analyst is AnalystKind.RULES:
        rules = _("Written by {version} from the commit's facts, not by an AI model", version=provenance.version)
        reason = _(FALLBACKS[provenance.fallback]) if provenance.fallback else ""
        return _("{rules}; the AI model had been asked: {reason}", rules=rules, reason=reason) if reason else rules
    read = _("; ").join([_read(provenance.lines_shown, provenance.lines_changed), *_checks([provenance])])
    return _("Written by AI {model}; {read}", model=_model(provenance), read=read)


def writer_of(analysis: Analysis) -> str:
    """The same, and what became of its language."""
    written = writer(analysis.provenance)
    if is_foreign(analysis):
        return _("{written}; not translated from {language}", written=written, language=_(LANGUAGES[analysis.language]))
    if analysis.translated_from is not None:
        original = _(LANGUAGES[analysis.translated_from])
        return _("{written}; translated by AI from {language}", written=written, language=original)
    return written
