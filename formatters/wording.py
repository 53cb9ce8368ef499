"""What all formatters say, in the same words.

Constants are English and translated by whoever says them, with `_(say.SUMMARY)`; functions answer in the language
spoken.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.core.branches import is_name
from bot.core.days import Day
from bot.core.language import N_, _, decimal, joined, ngettext
from bot.core.model import (
    AdviceKind,
    ChangeType,
    Commit,
    Digest,
    Entry,
    FileChange,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    Person,
    Rating,
    Repo,
    Statement,
    Theme,
)
from bot.core.names import STATUSES, TYPES
from bot.core.pages import Counts
from bot.core.replies import Progress
from formatters.counts import (
    authors,
    commits,
    files,
    in_a_row,
    in_brackets,
    merge_commits,
    more_files,
    more_items,
    sentence,
)
from formatters.framing import caveats, dates, day_number, delays, left_out, quiet, quiet_line, quiet_span, span
from formatters.grammar import GRAMMAR, GRAMMAR_NOTE, HELP
from formatters.provenance import are_alike, is_based_on_all, is_foreign, origin, writer, writer_of
from formatters.schedule import every, hours, schedule
from formatters.terms import choices, days, paused, selection
from formatters.text import Span, cut, seen, seen_in_source, spans, unquoted, visible, visible_lines
from formatters.times import clock, duration, weekday

__all__ = [  # what stands in a module of its own
    "GRAMMAR",
    "GRAMMAR_NOTE",
    "HELP",
    "Span",
    "are_alike",
    "authors",
    "caveats",
    "choices",
    "clock",
    "commits",
    "cut",
    "dates",
    "day_number",
    "days",
    "delays",
    "duration",
    "every",
    "files",
    "hours",
    "in_a_row",
    "in_brackets",
    "is_based_on_all",
    "is_foreign",
    "left_out",
    "merge_commits",
    "more_files",
    "more_items",
    "origin",
    "paused",
    "quiet",
    "quiet_line",
    "quiet_span",
    "schedule",
    "seen",
    "seen_in_source",
    "selection",
    "sentence",
    "span",
    "spans",
    "unquoted",
    "visible",
    "visible_lines",
    "weekday",
    "writer",
    "writer_of",
]

# Words

ICONS: Final[Mapping[Importance, str]] = {Importance.HIGH: "🔴", Importance.MEDIUM: "🟡", Importance.LOW: "🟢"}
LEVELS: Final[Mapping[Importance, str]] = {
    Importance.HIGH: N_("High"),
    Importance.MEDIUM: N_("Medium"),
    Importance.LOW: N_("Low"),
}
#: All are wide by default: terminals disagree on the width of an emoji that needs a variation selector.
TYPE_ICONS: Final[Mapping[ChangeType, str]] = {
    ChangeType.FEATURE: "✨",
    ChangeType.FIX: "🐛",
    ChangeType.PERFORMANCE: "⚡",
    ChangeType.REFACTOR: "🔨",
    ChangeType.ARCHITECTURE: "🧱",
    ChangeType.DOCS: "📝",
    ChangeType.TEST: "🧪",
    ChangeType.BUILD: "📦",
    ChangeType.CI: "🔁",
    ChangeType.DEPENDENCY: "🧩",
    ChangeType.SECURITY: "🔒",
    ChangeType.REVERT: "⏪",
    ChangeType.CHORE: "🧹",
}
RULES: Final[Mapping[ImportanceRule, str]] = {
    ImportanceRule.CONTRACT: N_("rule “contract” (API, command line, configuration, wire format or schema)"),
    ImportanceRule.BEHAVIOUR: N_("rule “behaviour” (users observe something else)"),
    ImportanceRule.ASSUMPTION: N_("rule “assumption” (performance, capacity or security)"),
    ImportanceRule.OPERATIONS: N_("rule “operations” (deployment, migration or major dependency)"),
}
ADVICE: Final[Mapping[AdviceKind, str]] = {
    AdviceKind.CHECK: N_("Check"),
    AdviceKind.TEST: N_("Test"),
    AdviceKind.DOCUMENT: N_("Document"),
    AdviceKind.MONITOR: N_("Monitor"),
}

#: Names in a list of the most active authors.
AUTHORS_SHOWN: Final = 5

THEMES: Final = N_("Themes")
DAYS: Final = N_("Days")
MOST_IMPORTANT: Final = N_("Most important")
IMPORTANCE: Final = N_("Importance")
TYPE: Final = N_("Type")
SUBJECT: Final = N_("Subject")
AUTHOR: Final = N_("Author")
COMMITTED: Final = N_("Committed")
COMMIT: Final = N_("Commit")
PULL_REQUEST: Final = N_("Pull request")
SUMMARY: Final = N_("Summary")
SCOPE: Final = N_("Scope")
RISKS: Final = N_("Risks")
CONSEQUENCE: Final = N_("Consequence")
MITIGATION: Final = N_("Mitigation")
ADVICE_TITLE: Final = N_("Advice")
QUOTATION: Final = N_("In the author's words")
FILES: Final = N_("Files")
FILES_TRUNCATED: Final = N_("The source could not name all files of this commit.")

NO_HEADLINE: Final = N_("(no subject)")
NO_AUTHOR: Final = N_("(no name)")
NO_SUBSCRIPTIONS: Final = N_("This channel follows no repository yet.")
FIRST_SUBSCRIPTION: Final = "subscribe ai-dynamo/dynamo at 09:00"
SUBSCRIPTIONS: Final = N_("This channel follows")

TRY: Final = N_("Try")
NOTHING: Final = N_("(nothing)")


# Sentences on digests


def ranked(digest: Digest) -> tuple[Entry, ...]:
    """High first, newest first within each level: the order of every listing."""
    return tuple(entry for group in digest.by_importance().values() for entry in group)


def facts(digest: Digest) -> tuple[str, ...]:
    return (
        commits(len(digest.entries)),
        *level_counts(digest.entries),
        authors(len(digest.authors)),
        lines(digest.additions, digest.deletions),
        *((merges(digest),) if digest.merges else ()),
        *late_arrivals(digest),
    )


def late_arrivals(digest: Digest) -> tuple[str, ...]:
    number = sum(entry.is_late for entry in digest.entries)
    return (ngettext("{number} late arrival", "{number} late arrivals", number),) if number else ()


def late(entry: Entry, zone: ZoneInfo) -> str:
    """`late arrival of 2026-01-19` for a commit of an earlier day, else nothing."""
    if not entry.is_late:
        return ""
    return _("late arrival of {date}", date=clock(entry.commit.committed_at, zone)[:10])


def merges(digest: Digest) -> str:
    return _("{merges} left out", merges=merge_commits(digest.merges))


def level_counts(entries: Iterable[Entry]) -> tuple[str, ...]:
    levels = Counter(entry.analysis.importance for entry in entries)
    return tuple(f"{ICONS[level]} {_levelled(levels[level], level)}" for level in ICONS)


def _levelled(number: int, level: Importance) -> str:
    return _("{number} {level}", number=decimal(number), level=_(LEVELS[level]).lower())


def more(entries: Sequence[Entry]) -> str:
    """How many are not shown, by level: `+ 41 more: 3 medium, 38 low`."""
    levels = Counter(entry.analysis.importance for entry in entries)
    named = joined(_levelled(levels[level], level) for level in ICONS if levels[level])
    return _("+ {number} more: {levels}", number=decimal(len(entries)), levels=named)


def theme(of: Theme) -> str:
    """`KV router (3 commits)`."""
    return _("{title} ({commits})", title=visible(of.title), commits=commits(len(of.shas)))


# Sentences on several days


def day_counts(digest: Digest) -> str:
    """`2026-01-15: 12 commits, 🔴 1, 🟡 3, 🟢 8`; levels without commits are left out."""
    return date_counts(digest.day.date, counts(entry.analysis.importance for entry in digest.entries))


def date_counts(day: date, of: Counts) -> str:
    """The same of a day of which only that is known."""
    return day.isoformat() + _(": ") + level_numbers(of)


def level_numbers(of: Counts) -> str:
    """`12 commits, 🔴 1, 🟡 3, 🟢 8`; levels without commits are left out."""
    levels = zip(ICONS.values(), (of.high, of.medium, of.low), strict=True)
    return joined([commits(of.total), *(f"{icon} {decimal(number)}" for icon, number in levels if number)])


def counts(levels: Iterable[Importance]) -> Counts:
    of = Counter(levels)
    return Counts(high=of[Importance.HIGH], medium=of[Importance.MEDIUM], low=of[Importance.LOW])


def top_authors(digest: Digest) -> str:
    """The most active ones: `Ada 7, Grace 3`."""
    names = Counter(author(entry.commit.author) for entry in digest.entries)
    listed = joined(f"{name} {decimal(number)}" for name, number in names.most_common(AUTHORS_SHOWN))
    return _("Most active: {authors}", authors=listed)


# Sentences on one commit


def headline(entry: Entry) -> str:
    return visible(entry.analysis.headline) or visible(entry.commit.subject) or _(NO_HEADLINE)


def author(person: Person) -> str:
    return visible(person.name) or visible(person.email) or _(NO_AUTHOR)


def kinds(types: Sequence[ChangeType]) -> str:
    """`🐛 fix, performance`; empty when nobody said."""
    return f"{TYPE_ICONS[types[0]]} {_(', ').join(_(TYPES[kind]) for kind in types)}" if types else ""


def level(rating: Rating) -> str:
    return f"{ICONS[rating.importance]} {_(LEVELS[rating.importance])}"


def grounds(rating: Rating) -> str:
    """Why a commit is as important as it is: the named rule and the reason, as far as given."""
    rule = _(RULES[rating.rule]) if rating.rule else ""
    return _(": ").join(filter(None, (rule, visible(rating.reason))))


class Source(NamedTuple):
    """Where a statement can be checked."""

    #: The file's name, or its whole path where the commit has another file of that name.
    name: str
    #: ` hunk 2`, ` hunks 2, 3`, or nothing.
    hunks: str


def summary(entry: Entry) -> tuple[Statement, ...]:
    """What the summary says beyond the headline."""
    return tuple(statement for statement in entry.analysis.summary if visible(statement.text) != headline(entry))


def sources(statement: Statement, commit: Commit) -> tuple[Source, ...]:
    names = Counter(_file_name(file.path) for file in commit.files)
    hunks: dict[str, list[str]] = {}
    for evidence in statement.evidence:
        hunks.setdefault(evidence.path, []).extend([str(evidence.hunk)] if evidence.hunk is not None else [])
    return tuple(
        Source(visible(_file_name(path) if names[_file_name(path)] == 1 else path), _hunks(list(dict.fromkeys(found))))
        for path, found in hunks.items()
    )


def _file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _hunks(numbers: Sequence[str]) -> str:
    return ngettext(" hunk {hunks}", " hunks {hunks}", len(numbers), hunks=joined(numbers)) if numbers else ""


def is_identifier(name: str) -> bool:
    """Whether a scope's name is a path or a symbol rather than words."""
    return " " not in visible(name)


def insights(insight: Insight) -> tuple[tuple[str, tuple[Statement, ...]], ...]:
    named = (
        (_("Insight: architecture"), insight.architecture),
        (_("Insight: performance"), insight.performance),
        (_("Insight: security"), insight.security),
    )
    return tuple((name, statements) for name, statements in named if statements)


def churn(additions: int, deletions: int) -> str:
    return f"+{decimal(additions)} −{decimal(deletions)}"


def lines(additions: int, deletions: int) -> str:
    return _("{churn} lines", churn=churn(additions, deletions))


def lines_in_files(additions: int, deletions: int, number: int) -> str:
    return ngettext("{lines} in {number} file", "{lines} in {number} files", number, lines=lines(additions, deletions))


def file_note(file: FileChange) -> str:
    """`+35 −37`, `binary, added`, `+2 −2, renamed from lib/old.rs`."""
    changed = _("binary") if file.additions is None else churn(file.additions, file.deletions or 0)
    if file.status in {FileStatus.MODIFIED, FileStatus.CHANGED}:
        return changed
    status = _(STATUSES[file.status])
    if not file.previous_path:
        return _("{lines}, {status}", lines=changed, status=status)
    return _("{lines}, {status} from {path}", lines=changed, status=status, path=visible(file.previous_path))


#: Says how many of something are not shown.
More = Callable[[int], str]


# Sentences on everything else


def progress(reply: Progress) -> str:
    if reply.total is None:
        return _of_days(_("Reading {repo} …", repo=reply.repo), reply)
    if reply.translating:
        return _of_days(_translating(reply, reply.total), reply)
    reading = ngettext(
        "Reading {repo}: {done} of {number} commit",
        "Reading {repo}: {done} of {number} commits",
        reply.total,
        repo=reply.repo,
        done=decimal(reply.done),
    )
    return _of_days(reading, reply)


def _translating(reply: Progress, total: int) -> str:
    return ngettext(
        "Translating {repo}: {done} of {number} commit",
        "Translating {repo}: {done} of {number} commits",
        total,
        repo=reply.repo,
        done=decimal(reply.done),
    )


def _of_days(text: str, reply: Progress) -> str:
    if reply.days == 1:
        return text
    return _("{text} (day {day} of {days})", text=text, day=reply.day, days=reply.days)


def day_url(digest: Digest) -> str | None:
    """The host's own list of the day's commits; there is none of several branches together."""
    return days_url(digest.repo, digest.day, digest.day)


def days_url(repo: Repo, first: Day, last: Day) -> str | None:
    """The same of several days, both included."""
    if not repo.host or (repo.branches and not is_name(repo.branches)):
        return None
    branch = f"/{quote(repo.branches)}" if repo.branches else ""
    since, until = (f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in (first.window().since, last.window().until))
    return f"{repo.url}/commits{branch}?since={since}&until={until}"
