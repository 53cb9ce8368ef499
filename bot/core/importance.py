"""How important a commit is, by named rules over its facts, and how far a model may differ from them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from bot.core.facts import Facts, Flag
from bot.core.language import _, decimal, enumerated, ngettext
from bot.core.model import (
    Analysis,
    ChangeType,
    Commit,
    FileChange,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    Rating,
)
from bot.core.names import FILE_CLASSES, TYPES
from bot.core.paths import FileClass, printable

#: Changed lines of source. Half of the features of a busy repository change more than this.
LARGE_FEATURE: Final = 100
LARGE_FIX: Final = 200
LARGE_REVERT: Final = 100
LARGE_OPTIMISATION: Final = 50
#: Below it, a change that is neither feature nor fix is small.
NOTABLE_CHURN: Final = 50
#: Removed lines of API files: more than a corrected one, so somebody's calls may stop working.
API_REMOVAL: Final = 20
#: Changed lines of deployment files that were there before.
LARGE_DEPLOYMENT: Final = 150

#: What nobody who depends on the product meets when it runs.
QUIET: Final = frozenset(
    {
        FileClass.TEST,
        FileClass.DOCS,
        FileClass.CI,
        FileClass.EXAMPLE,
        FileClass.LOCK,
        FileClass.GENERATED,
        FileClass.VENDORED,
        FileClass.BINARY,
    }
)
#: Quiet classes through which a vulnerability can still be repaired.
_SHIPPED: Final = frozenset({FileClass.LOCK, FileClass.GENERATED, FileClass.VENDORED, FileClass.BINARY})
_QUIET_TYPES: Final = frozenset({ChangeType.DOCS, ChangeType.TEST, ChangeType.CI})
_FROM_TO: Final = re.compile(r"\bfrom v?(?P<old>\d[\w.-]{0,40}) to v?(?P<new>\d[\w.-]{0,40})", re.IGNORECASE)
_DEFAULT: Final = re.compile(
    r"\bby default\b|\bdefault(s|ing)? (to|with)\b|\b(chang|switch|flip|rais|lower|set)\w{0,4} .{0,60}\bdefaults?\b",
    re.IGNORECASE,
)
_INTERFACE: Final = re.compile(
    r"(?<![\w-])(apis?|endpoints?|routes?|cli|flags?|options?|arguments?|args|parameters?|env(ironment)? var\w{0,6}"
    r"|headers?|schemas?|protocols?|crds?|--[a-z][\w-]{1,60})(?![\w-])",
    re.IGNORECASE,
)
_WITHDRAWAL: Final = re.compile(
    r"\b(remov\w{1,3}|delet\w{1,3}|drop\w{0,4}|renam\w{1,3}|mov(e|es|ed|ing)|deprecat\w{1,4}|replac\w{1,3}|requir\w{1,3})\b",
    re.IGNORECASE,
)


# Rules

_Rule = Callable[[Facts], Rating | None]


def rate(commit: Commit) -> Rating:
    """The importance that the facts give, by the first rule that applies, for a reason in the language spoken."""
    facts = Facts.of(commit)
    return next(rating for rule in _RULES if (rating := rule(facts)) is not None)


def _high(rule: ImportanceRule, reason: str) -> Rating:
    return Rating(importance=Importance.HIGH, reason=reason, rule=rule)


def _medium(reason: str) -> Rating:
    return Rating(importance=Importance.MEDIUM, reason=reason)


def _low(reason: str) -> Rating:
    return Rating(importance=Importance.LOW, reason=reason)


def _no_file(facts: Facts) -> Rating | None:
    return None if facts.files else _low(_("no file changed"))


def _quiet_files(facts: Facts) -> Rating | None:
    """Damps documentation, tests and the like, whatever the subject promises."""
    if not facts.files.keys() <= QUIET:
        return None
    only = _only(facts)
    if Flag.BREAKING in facts.flags:
        return _medium(_("{only}, yet marked as a breaking change", only=only))
    if Flag.SECURITY in facts.flags and not _SHIPPED.isdisjoint(facts.files):
        return _medium(_("{only}, for security: “{words}”", only=only, words=facts.security_words or "security"))
    return _low(only)


def _breaking(facts: Facts) -> Rating | None:
    if Flag.BREAKING not in facts.flags:
        return None
    return _high(ImportanceRule.CONTRACT, _("marked as a breaking change by its author"))


def _migration(facts: Facts) -> Rating | None:
    if Flag.MIGRATION not in facts.flags:
        return None
    files = named(facts.of_class(FileClass.MIGRATION))
    return _high(ImportanceRule.OPERATIONS, _("migrations changed: {files}", files=files))


def _quiet_type(facts: Facts) -> Rating | None:
    """The author calls it documentation, tests or CI; only much source beside it speaks against that."""
    if facts.main_type not in _QUIET_TYPES:
        return None
    if facts.product_churn >= LARGE_FIX:
        return _medium(_changes_source(facts))
    return _low(_("a {type} commit", type=_type(facts)))


def _security(facts: Facts) -> Rating | None:
    if Flag.SECURITY not in facts.flags:
        return None
    words = facts.security_words or "security"
    return _high(ImportanceRule.ASSUMPTION, _("the message names security: “{words}”", words=words))


def _api_removal(facts: Facts) -> Rating | None:
    api = facts.of_class(FileClass.API)
    removed = [file for file in api if file.status is FileStatus.REMOVED]
    if removed:
        return _high(ImportanceRule.CONTRACT, _("API files removed: {files}", files=named(removed)))
    deletions = sum(file.deletions or 0 for file in api)
    if deletions < API_REMOVAL:
        return None
    reason = _("{lines} removed from API files: {files}", lines=_lines(deletions), files=named(api))
    return _high(ImportanceRule.CONTRACT, reason)


def _api_feature(facts: Facts) -> Rating | None:
    api = facts.of_class(FileClass.API)
    if facts.main_type is not ChangeType.FEATURE or not api:
        return None
    return _high(ImportanceRule.CONTRACT, _("a feature that changes API files: {files}", files=named(api)))


def _interface_words(facts: Facts) -> Rating | None:
    """A feature of the interface, or something of it withdrawn, by the words of the subject."""
    words = facts.subject.description
    named = _INTERFACE.search(words)
    changes = facts.main_type is ChangeType.FEATURE or (
        facts.main_type is not ChangeType.FIX and _WITHDRAWAL.search(words)
    )
    if named is None or not changes or facts.product_churn == 0:
        return None
    return _high(ImportanceRule.CONTRACT, _("the subject names the interface: “{words}”", words=named[0]))


def _default(facts: Facts) -> Rating | None:
    match = _DEFAULT.search(facts.subject.description)
    if match is None or facts.product_churn == 0:
        return None
    reason = _("the subject names a changed default: “{words}”", words=printable(match[0]))
    return _high(ImportanceRule.BEHAVIOUR, reason)


def _large_deployment(facts: Facts) -> Rating | None:
    known = [file for file in facts.of_class(FileClass.DEPLOYMENT) if file.status is not FileStatus.ADDED]
    churn = sum(file.churn for file in known)
    if churn < LARGE_DEPLOYMENT:
        return None
    reason = _("{lines} of deployment files changed: {files}", lines=_lines(churn), files=named(known))
    return _high(ImportanceRule.OPERATIONS, reason)


def _large_feature(facts: Facts) -> Rating | None:
    if facts.main_type is not ChangeType.FEATURE or facts.product_churn < LARGE_FEATURE:
        return None
    return _high(ImportanceRule.BEHAVIOUR, _("a feature of {lines} of source", lines=_lines(facts.product_churn)))


def _large_fix(facts: Facts) -> Rating | None:
    if facts.main_type is not ChangeType.FIX or facts.product_churn < LARGE_FIX:
        return None
    return _high(ImportanceRule.BEHAVIOUR, _("a fix of {lines} of source", lines=_lines(facts.product_churn)))


def _large_revert(facts: Facts) -> Rating | None:
    if Flag.REVERT not in facts.flags or facts.product_churn < LARGE_REVERT:
        return None
    return _high(ImportanceRule.BEHAVIOUR, _("takes back {lines} of source", lines=_lines(facts.product_churn)))


def _large_optimisation(facts: Facts) -> Rating | None:
    if facts.main_type is not ChangeType.PERFORMANCE or facts.product_churn < LARGE_OPTIMISATION:
        return None
    reason = _("a performance change of {lines} of source", lines=_lines(facts.product_churn))
    return _high(ImportanceRule.ASSUMPTION, reason)


def _major_dependency(facts: Facts) -> Rating | None:
    match = _FROM_TO.search(facts.subject.description)
    if match is None or Flag.DEPENDENCY not in facts.flags or _major(match["old"]) == _major(match["new"]):
        return None
    reason = _("a dependency goes from {old} to {new}", old=match["old"], new=match["new"])
    return _high(ImportanceRule.OPERATIONS, reason)


def _major(version: str) -> Sequence[str]:
    """What may differ only between incompatible versions (https://semver.org, item 4, as package managers read 0.x)."""
    parts = version.split(".")
    return parts[:2] if parts[0] == "0" else parts[:1]


def _product_change(facts: Facts) -> Rating | None:
    """Features, fixes and their like count however small; the rest has to be notable."""
    telling = facts.main_type in {
        ChangeType.FEATURE,
        ChangeType.FIX,
        ChangeType.PERFORMANCE,
        ChangeType.REVERT,
    }
    if facts.product_churn < (1 if telling else NOTABLE_CHURN):
        return None
    return _medium(_changes_source(facts))


def _surroundings(facts: Facts) -> Rating | None:
    """What the product is reached by, built from and run with."""
    reached = [FileClass.API, FileClass.DEPLOYMENT, FileClass.DEPENDENCY]
    if facts.main_type is ChangeType.FIX:
        reached.append(FileClass.BUILD)
    for file_class in reached:
        if files := facts.of_class(file_class):
            name = _(FILE_CLASSES[file_class])
            return _medium(_("{classes} files changed: {files}", classes=name, files=named(files)))
    return None


def _feature_elsewhere(facts: Facts) -> Rating | None:
    return _medium(_("a feature outside of the source")) if facts.main_type is ChangeType.FEATURE else None


def _rest(facts: Facts) -> Rating:
    if facts.product_churn:
        return _low(_changes_source(facts))
    return _low(_only(facts))


_RULES: Final[Sequence[_Rule]] = (
    _no_file,
    _quiet_files,
    _breaking,
    _migration,
    _quiet_type,
    _security,
    _api_removal,
    _api_feature,
    _interface_words,
    _default,
    _large_deployment,
    _large_feature,
    _large_fix,
    _large_revert,
    _large_optimisation,
    _major_dependency,
    _product_change,
    _surroundings,
    _feature_elsewhere,
    _rest,
)


def _lines(count: int) -> str:
    return ngettext("{number} line", "{number} lines", count)


def _type(facts: Facts) -> str:
    return _(TYPES[facts.main_type])


def _changes_source(facts: Facts) -> str:
    lines = _lines(facts.product_churn)
    return _("a {type} commit that changes {lines} of source", type=_type(facts), lines=lines)


def _only(facts: Facts) -> str:
    classes = enumerated([_(FILE_CLASSES[file_class]) for file_class in sorted(facts.files)])
    return _("only {classes} files changed", classes=classes)


def named(files: Sequence[FileChange]) -> str:
    """The two most changed, and how many more."""
    largest = sorted(files, key=lambda file: -file.churn)[:2]
    more = [_("{number} more", number=decimal(len(files) - 2))] if len(files) > 2 else []
    return enumerated([printable(file.path) for file in largest] + more)


# What follows from a rating


def bounded(proposed: Rating, computed: Rating) -> Rating:
    """What stands of a model's rating: one step from the computed one at most, and high only with a named rule."""
    level = Importance(min(max(proposed.importance, computed.importance - 1), computed.importance + 1))
    if level is Importance.HIGH and proposed.rule is None:
        if computed.importance is Importance.HIGH:
            return computed
        level = Importance.MEDIUM
    kept = level is proposed.importance and bool(proposed.reason)
    return Rating(
        importance=level,
        reason=proposed.reason if kept else computed.reason,
        rule=proposed.rule if level is Importance.HIGH else None,
    )


def to_depth(analysis: Analysis) -> Analysis:
    """Cut to the parts that an analysis of its importance has."""
    match analysis.importance:
        case Importance.HIGH:
            return analysis
        case Importance.MEDIUM:
            return replace(analysis, insight=Insight(), risks=())
        case Importance.LOW:
            return replace(analysis, summary=analysis.summary[:1], scope=(), insight=Insight(), risks=(), advice=())
