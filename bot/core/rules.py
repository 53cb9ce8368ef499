"""The analyst that needs no model: says of a commit what its message and its list of files prove, and no more."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core.errors import AnalystRateLimited, AnalystRefused, AnalystTimeout, AnswerInvalid, BotError, BudgetSpent
from bot.core.facts import Facts, Flag
from bot.core.importance import named, rate, to_depth
from bot.core.language import N_, Language, _, decimal, enumerated, joined, ngettext, speaking
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    AnalystKind,
    Commit,
    CommitDiff,
    Evidence,
    FallbackReason,
    FileChange,
    FileStatus,
    Provenance,
    Repo,
    ScopeItem,
    Statement,
)
from bot.core.names import STATUSES
from bot.core.paths import FileClass, printable

#: Raise it when the same commit gets another analysis than before.
VERSION: Final = "rules 1"

#: Characters.
HEADLINE_MAX: Final = 200
QUOTATION_MAX: Final = 600
#: A longer subject without any space is Chinese or Japanese, or all that somebody wanted to say.
ONE_WORD_MAX: Final = 12
#: Areas: those of the scope, and those that one sentence names.
SCOPE_MAX: Final = 8
SUMMARY_AREAS_MAX: Final = 3
#: Paths under one statement.
EVIDENCE_MAX: Final = 3
#: Characters of a message that are read for its first paragraph.
MESSAGE_READ: Final = 20_000

ELSEWHERE: Final = N_("elsewhere")
ROOT: Final = N_("the root folder")


class RuleAnalyst:
    """Never fails and never waits. What it reads are the file list and the counts, so no line counts as shown.

    It writes English; whoever shows it in another language has it written again, since that costs nothing.
    """

    kind: AnalystKind = AnalystKind.RULES

    async def prepare(self) -> None:
        """Rules are there."""

    async def analyse(self, repo: Repo, diff: CommitDiff, *, deep: bool = False) -> Analysis:
        return analysis(diff.commit)


def analysis(commit: Commit, language: Language = Language.EN) -> Analysis:
    """The commit by rules, at the depth of its importance."""
    with speaking(language):
        return _analysis(commit, Facts.of(commit), language)


def _analysis(commit: Commit, facts: Facts, language: Language) -> Analysis:
    return to_depth(
        Analysis(
            sha=commit.sha,
            types=facts.types,
            rating=rate(commit),
            headline=_headline(facts),
            summary=tuple(_summary(facts)),
            scope=tuple(
                ScopeItem(name=area.name, effect=_effect(area.files)) for area in areas(commit.files, SCOPE_MAX)
            ),
            advice=tuple(_advice(facts)),
            quotation=_quotation(commit),
            language=language,
            provenance=Provenance(
                analyst=AnalystKind.RULES, version=VERSION, lines_changed=commit.additions + commit.deletions
            ),
        )
    )


def fallback_reason(error: BotError) -> FallbackReason:
    """Why rules stand in after this error of an analyst."""
    match error:
        case AnalystTimeout():
            return FallbackReason.TIMEOUT
        case AnalystRateLimited():
            return FallbackReason.RATE_LIMIT
        case AnalystRefused():
            return FallbackReason.REFUSED
        case AnswerInvalid():
            return FallbackReason.INVALID_ANSWER
        case BudgetSpent():
            return FallbackReason.BUDGET
        case _:
            return FallbackReason.UNREACHABLE


# Text that others wrote

#: Controls, halves of surrogate pairs, and what is there without being seen: direction overrides, zero-width
#: characters and tags (https://www.unicode.org/reports/tr36/, section 2). A joiner stays, since emoji need it.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_PULL_REQUESTS: Final = re.compile(r"(\s*\(#\d{1,10}\))+\s*$")
_TRAILER: Final = re.compile(
    r"([A-Za-z]{2,20}(-[A-Za-z]{1,20}){0,3}-by|cc|change-id|git-svn-id)\s?:|\(cherry picked from", re.IGNORECASE
)
_HTML_COMMENT: Final = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r"#{1,6}\s|[=-]{3,}$|\*\*[^*]+\*\*:?$")


def visible(text: str) -> str:
    """The text without characters that cannot be seen; every line break has become `\\n`."""
    return "\n".join(_UNSEEN.sub("", text).splitlines())


def one_line(text: str, limit: int) -> str:
    """Visible text on one line of at most `limit` characters, cut between words where it can be."""
    return cut(" ".join(visible(text).split()), limit)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis if any are missing."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    head, _, _ = kept.rpartition(" ")
    return (head if len(head) > limit // 2 else kept).rstrip() + "…"


def without_trailers(message: str) -> str:
    """A message without `Signed-off-by` and its like, which name people and say nothing of the change."""
    return "\n".join(line for line in visible(message).split("\n") if not _TRAILER.match(line)).strip()


def _quotation(commit: Commit) -> str:
    """The first paragraph of the body that is neither heading, template nor trailer."""
    body = without_trailers(_HTML_COMMENT.sub("", commit.body[:MESSAGE_READ]))
    for paragraph in re.split(r"\n\s*\n", body):
        lines = [" ".join(line.split()) for line in paragraph.split("\n")]
        if text := "\n".join(line for line in lines if line and not _HEADING.match(line)):
            return cut(text, QUOTATION_MAX)
    return ""


def _headline(facts: Facts) -> str:
    """The subject without prefix and numbers of pull requests; where it says next to nothing, also what is certain."""
    subject = one_line(facts.subject.description, HEADLINE_MAX * 2)
    subject = one_line(_PULL_REQUESTS.sub("", subject), HEADLINE_MAX).strip(" .:;,-")
    if " " in subject or len(subject) > ONE_WORD_MAX:
        return _capitalised(subject)
    where = _where(facts.commit)
    return cut(_("{subject} ({where})", subject=_capitalised(subject), where=where) if subject else where, HEADLINE_MAX)


def _capitalised(sentence: str) -> str:
    """With a capital, unless the first word is an identifier such as `get_body_limit()` or `vLLM`."""
    word = sentence.split(" ", 1)[0].rstrip(",:;").replace("-", "")
    capital = sentence[:1].upper()
    is_plain = word.isalpha() and word.islower() and len(capital) == 1
    return capital + sentence[1:] if is_plain else sentence


# What the facts say


def _summary(facts: Facts) -> Iterator[Statement]:
    files = facts.commit.files
    if not files:
        yield _statement(_("No file changed"))
        return
    yield _statement(_("{what}, {balance}", what=_where(facts.commit), balance=_balance(files)), files)
    if len(facts.files) > 1:
        text = joined(_share(file_class, group) for file_class, group in _by_churn(facts))
        largest = [max(group, key=lambda file: file.churn) for _, group in _by_churn(facts)]
        yield _statement(f"{text[0].upper()}{text[1:]}", largest)
    yield from _flagged(facts)


def _statement(text: str, files: Sequence[FileChange] = ()) -> Statement:
    """`text` without its full stop, and where it can be checked."""
    return Statement(text=_("{sentence}.", sentence=text), evidence=_evidence(files))


def _where(commit: Commit) -> str:
    """`3 files changed in lib/llm`, without full stop."""
    if not commit.files:
        return _("No file changed")
    if len(commit.files) == 1:
        file = commit.files[0]
        return _("1 file {status}: {path}", status=_(STATUSES[file.status]), path=printable(file.path))
    places = enumerated([area.name for area in areas(commit.files, SUMMARY_AREAS_MAX, only_folders=True)])
    number = decimal(len(commit.files))
    if commit.files_truncated:
        return _("More than {number} files changed in {places}", number=number, places=places)
    return _("{number} files changed in {places}", number=number, places=places)


_LABELS: Final = {
    FileClass.SOURCE: N_("source"),
    FileClass.API: N_("API"),
    FileClass.MIGRATION: N_("migrations"),
    FileClass.TEST: N_("tests"),
    FileClass.EXAMPLE: N_("examples"),
    FileClass.CONFIG: N_("configuration"),
    FileClass.BUILD: N_("build files"),
    FileClass.DEPLOYMENT: N_("deployment"),
    FileClass.DEPENDENCY: N_("dependency manifests"),
    FileClass.CI: N_("CI"),
    FileClass.DOCS: N_("docs"),
    FileClass.LOCK: N_("lock files"),
    FileClass.GENERATED: N_("generated files"),
    FileClass.VENDORED: N_("vendored files"),
    FileClass.BINARY: N_("binary files"),
}


def _share(file_class: FileClass, files: Sequence[FileChange]) -> str:
    if file_class is FileClass.BINARY:
        return _("{classes} ({number})", classes=_(_LABELS[file_class]), number=decimal(len(files)))
    return f"{_(_LABELS[file_class])} {_balance(files)}"


def _by_churn(facts: Facts) -> Sequence[tuple[FileClass, Sequence[FileChange]]]:
    return sorted(facts.files.items(), key=lambda item: -sum(file.churn for file in item[1]))


def _flagged(facts: Facts) -> Iterator[Statement]:
    flags = facts.flags
    if Flag.BREAKING in flags:
        yield _statement(_("The author marks it as a breaking change"))
    if Flag.REVERT in flags:
        yield _statement(_("It takes back an earlier change"))
    if Flag.MIGRATION in flags:
        files = facts.of_class(FileClass.MIGRATION)
        yield _statement(_("It changes migrations: {files}", files=named(files)), files)
    if manifests := facts.of_class(FileClass.DEPENDENCY):
        text = _("It changes where dependencies are named: {files}", files=named(manifests))
        yield _statement(text, manifests)
    if Flag.SECURITY in flags and (words := facts.security_words):
        yield _statement(_("Its message names security: “{words}”", words=words))
    if Flag.PERFORMANCE in flags:
        yield _statement(_("Its subject is about performance"))


def _advice(facts: Facts) -> Iterator[Advice]:
    flags = facts.flags
    if Flag.BREAKING in flags:
        yield _check(_("Check whether you use what it breaks before you update."))
    if migrations := facts.of_class(FileClass.MIGRATION):
        yield _check(_("Check the migration on a copy of your data: {files}.", files=named(migrations)))
    if Flag.SECURITY in flags:
        yield _check(_("Check whether you are affected, and how soon to update."))
    if interfaces := facts.of_class(FileClass.API):
        text = _("Check your calls and settings against the changed interface: {files}.", files=named(interfaces))
        yield _check(text)
    if Flag.REVERT in flags:
        yield _check(_("Check whether you rely on what it takes back."))
    if deployment := facts.of_class(FileClass.DEPLOYMENT):
        yield _check(_("Check what you derived from {files}.", files=named(deployment)))
    if manifests := facts.of_class(FileClass.DEPENDENCY):
        yield _check(_("Check your own dependencies against {files}.", files=named(manifests)))
    if Flag.PERFORMANCE in flags:
        text = _("Compare latency, throughput and memory before and after you update.")
        yield Advice(kind=AdviceKind.MONITOR, text=text)


def _check(text: str) -> Advice:
    return Advice(kind=AdviceKind.CHECK, text=text)


def _evidence(files: Iterable[FileChange]) -> tuple[Evidence, ...]:
    largest = sorted(files, key=lambda file: -file.churn)[:EVIDENCE_MAX]
    return tuple(Evidence(path=file.path) for file in largest)


_STATUSES: Final = (
    FileStatus.MODIFIED,
    FileStatus.ADDED,
    FileStatus.REMOVED,
    FileStatus.RENAMED,
    FileStatus.COPIED,
    FileStatus.CHANGED,
)


def _effect(files: Sequence[FileChange]) -> str:
    """`4 files modified, 1 added, +120 −8`."""
    if len(files) == 1:
        return _("{what}, {balance}", what=_status(files[0]), balance=_balance(files))
    counts = Counter(file.status for file in files)
    first, *others = [(status, counts[status]) for status in _STATUSES if counts[status]]
    status, count = first
    parts = [ngettext("{number} file {status}", "{number} files {status}", count, status=_(STATUSES[status]))]
    parts += [_("{number} {status}", number=decimal(count), status=_(STATUSES[status])) for status, count in others]
    return _("{what}, {balance}", what=joined(parts), balance=_balance(files))


def _status(file: FileChange) -> str:
    status = _(STATUSES[file.status])
    if not file.previous_path:
        return status
    return _("{status} from {path}", status=status, path=printable(file.previous_path))


def _balance(files: Sequence[FileChange]) -> str:
    """`+120 −8`; files without lines are counted instead."""
    textual = [file for file in files if file.additions is not None or file.deletions is not None]
    if not textual:
        return _("binary") if len(files) == 1 else _("{number} binary", number=decimal(len(files)))
    added, removed = sum(file.additions or 0 for file in textual), sum(file.deletions or 0 for file in textual)
    if not added and not removed:
        return _("no line changed")
    return " ".join([f"+{decimal(added)}"] * bool(added) + [f"−{decimal(removed)}"] * bool(removed))


# Where it happens


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    #: A file's path, or the folder that all files share.
    name: str
    files: Sequence[FileChange]

    @property
    def weight(self) -> tuple[int, int]:
        return sum(file.churn for file in self.files), len(self.files)


def areas(files: Sequence[FileChange], at_most: int, *, only_folders: bool = False) -> Sequence[Area]:
    """All files in at most `at_most` (2 or more) areas, the most changed first, finest where most is changed.

    Areas get as fine as single files, or as the folders that hold them. What belongs to none of the largest is one
    area, and last.
    """
    if not files:
        return []
    coarsest = sorted(_split(files, only_folders), key=lambda area: area.weight, reverse=True)
    places = len(coarsest) if len(coarsest) <= at_most else at_most - 1
    divisible, rest = coarsest[:places], coarsest[places:]
    finest: list[Area] = []
    while divisible:
        largest = max(divisible, key=lambda area: area.weight)
        divisible.remove(largest)
        parts = _split(largest.files, only_folders)
        if len(parts) == 1 or len(parts) + len(divisible) + len(finest) + bool(rest) > at_most:
            finest.append(largest)
        else:
            divisible += parts
    return [*sorted(finest, key=lambda area: area.weight, reverse=True), *_elsewhere(files, rest)]


def _elsewhere(files: Sequence[FileChange], rest: Sequence[Area]) -> Sequence[Area]:
    if not rest:
        return []
    shared = "/".join(_shared_folder(files))
    name = _("elsewhere in {folder}", folder=printable(shared)) if shared else _(ELSEWHERE)
    return [Area(name=name, files=[file for area in rest for file in area.files])]


def _split(files: Sequence[FileChange], only_folders: bool) -> list[Area]:
    """By what follows the folder they share."""
    depth = len(_shared_folder(files)) + 1
    groups: dict[tuple[str, ...], list[FileChange]] = {}
    for file in files:
        parts = _folder(file) if only_folders else file.path.split("/")
        groups.setdefault(tuple(parts[:depth]), []).append(file)
    return [_area(group, only_folders) for group in groups.values()]


def _area(files: Sequence[FileChange], only_folders: bool) -> Area:
    is_file = len(files) == 1 and not only_folders
    name = files[0].path if is_file else "/".join(_shared_folder(files))
    return Area(name=printable(name) or _(ROOT), files=files)


def _shared_folder(files: Sequence[FileChange]) -> Sequence[str]:
    """The parts of the longest folder above all files, which is that above the first and the last in order."""
    folders = [_folder(file) for file in files]
    shared: list[str] = []
    for one, other in zip(min(folders), max(folders), strict=False):
        if one != other:
            break
        shared.append(one)
    return shared


def _folder(file: FileChange) -> list[str]:
    return file.path.split("/")[:-1]
