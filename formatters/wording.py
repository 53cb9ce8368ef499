"""What all formatters say, in the same words, and what each of them needs of untrusted text.

That one sees what is in it, and that it has a length.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bot.core.model import (
    AdviceKind,
    AnalystKind,
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
    Provenance,
    Rating,
    Statement,
)
from bot.core.replies import DigestView, ListedSubscription, Progress

# Words

ICONS: Final[Mapping[Importance, str]] = {Importance.HIGH: "🔴", Importance.MEDIUM: "🟡", Importance.LOW: "🟢"}
LEVELS: Final[Mapping[Importance, str]] = {
    Importance.HIGH: "High",
    Importance.MEDIUM: "Medium",
    Importance.LOW: "Low",
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
    ImportanceRule.CONTRACT: "rule “contract” (API, command line, configuration, wire format or schema)",
    ImportanceRule.BEHAVIOUR: "rule “behaviour” (users observe something else)",
    ImportanceRule.ASSUMPTION: "rule “assumption” (performance, capacity or security)",
    ImportanceRule.OPERATIONS: "rule “operations” (deployment, migration or major dependency)",
}
ADVICE: Final[Mapping[AdviceKind, str]] = {
    AdviceKind.CHECK: "Check",
    AdviceKind.TEST: "Test",
    AdviceKind.DOCUMENT: "Document",
    AdviceKind.MONITOR: "Monitor",
}

IMPORTANCE: Final = "Importance"
TYPE: Final = "Type"
SUBJECT: Final = "Subject"
AUTHOR: Final = "Author"
COMMITTED: Final = "Committed"
COMMIT: Final = "Commit"
PULL_REQUEST: Final = "Pull request"
SUMMARY: Final = "Summary"
SCOPE: Final = "Scope"
RISKS: Final = "Risks"
CONSEQUENCE: Final = "Consequence"
MITIGATION: Final = "Mitigation"
ADVICE_TITLE: Final = "Advice"
QUOTATION: Final = "In the author's words"
FILES: Final = "Files"
FILES_TRUNCATED: Final = "The source could not name all files of this commit."

NO_HEADLINE: Final = "(no subject)"
NO_AUTHOR: Final = "(no name)"
NO_SUBSCRIPTIONS: Final = "This channel follows no repository yet."
FIRST_SUBSCRIPTION: Final = "subscribe ai-dynamo/dynamo at 09:00"
SUBSCRIPTIONS: Final = "This channel follows"
BROKEN: Final = "nothing is delivered at present"

TRY: Final = "Try"
NOTHING: Final = "(nothing)"

HELP: Final = "What you can ask"
#: Each command as people type it, without the bot's name, and what it does.
GRAMMAR: Final[tuple[tuple[str, str], ...]] = (
    ("", "yesterday's commits of the repository this channel follows"),
    ("today", "the day so far"),
    ("2026-01-21 ai-dynamo/dynamo", "any day of any repository"),
    ("commit 8877c46", "the whole analysis of one commit, by 4 to 40 digits of its SHA"),
    ("subscribe ai-dynamo/dynamo at 09:00 tz Asia/Shanghai", "a digest into this channel every day at that hour"),
    ("unsubscribe ai-dynamo/dynamo", "no more of them"),
    ("unsubscribe all", "no more digests into this channel"),
    ("list", "what this channel follows, and when the next digest comes"),
    ("help", "this page"),
)
GRAMMAR_NOTE: Final = "Chinese words do the same: 昨天 今天 提交 订阅 退订 全部 列表 帮助."


def counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


# Untrusted text

#: What breaks a line becomes a space; what is obeyed but not seen becomes something seen: a control character its
#: picture (U+2400 …), and C1 controls, the characters that reorder their neighbours, and lone surrogates, which no
#: UTF-8 can carry, U+FFFD. https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_VISIBLE: Final[Mapping[int, str]] = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    0x7F: "\u2421",
    **dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)], "�"),
    **dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " "),
}
_SPACES: Final = re.compile(r" {2,}")
_CODE: Final = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_ELLIPSIS: Final = "…"


def visible(text: str) -> str:
    """`text` on one line, with everything in it to be seen. Doing it twice changes nothing."""
    return _SPACES.sub(" ", text.translate(_VISIBLE)).strip()


def visible_lines(text: str) -> tuple[str, ...]:
    return tuple(visible(line) for line in text.strip().splitlines())


def cut(text: str, limit: int, *, weigh: Callable[[str], int] = len) -> str:
    """At most `limit` of `text`, whose last character is then an ellipsis. `weigh` gives each code point's length."""
    total = 0
    end = 0
    for position, character in enumerate(text):
        total += weigh(character)
        if total > limit:
            return text[:end].rstrip("\u200d ") + _ELLIPSIS
        if total <= limit - weigh(_ELLIPSIS):
            end = position + 1
    return text


class Span(NamedTuple):
    text: str
    #: An identifier that stood between backticks.
    code: bool


def spans(text: str) -> Iterator[Span]:
    """The prose and the identifiers of an analyst's sentence; together they are its visible text without backticks."""
    for position, part in enumerate(_CODE.split(visible(text))):
        code = position % 2 == 1
        if code and part.strip():
            yield Span(part.strip(), code=True)
        elif part:
            yield Span(f"`{part}`" if code else part, code=False)


# Sentences on digests


def ranked(digest: Digest) -> tuple[Entry, ...]:
    """High first, newest first within each level: the order of every listing."""
    return tuple(entry for group in digest.by_importance().values() for entry in group)


def caveats(view: DigestView) -> tuple[str, ...]:
    """That the day is not over, and that its digest comes late, where so."""
    digest = view.digest
    so_far = () if digest.sealed else (f"so far, {clock(digest.as_of, digest.day.zone)[11:16]}",)
    late = (f"late by {duration(view.late_by)}",) if view.late_by >= timedelta(minutes=1) else ()
    return so_far + late


def facts(digest: Digest) -> tuple[str, ...]:
    return (
        counted(len(digest.entries), "commit", "commits"),
        *level_counts(digest.entries),
        counted(len(digest.authors), "author", "authors"),
        f"{churn(digest.additions, digest.deletions)} lines",
        *((merges(digest),) if digest.merges else ()),
    )


def merges(digest: Digest) -> str:
    return f"{counted(digest.merges, 'merge commit', 'merge commits')} left out"


def level_counts(entries: Iterable[Entry]) -> tuple[str, ...]:
    levels = Counter(entry.analysis.importance for entry in entries)
    return tuple(f"{ICONS[level]} {levels[level]:,} {LEVELS[level].lower()}" for level in ICONS)


def more(entries: Sequence[Entry]) -> str:
    """How many are not shown, by level: `+ 41 more: 3 medium, 38 low`."""
    levels = Counter(entry.analysis.importance for entry in entries)
    named = ", ".join(f"{levels[level]:,} {LEVELS[level].lower()}" for level in ICONS if levels[level])
    return f"+ {len(entries):,} more: {named}"


def quiet(digest: Digest) -> str:
    """The one sentence on a day without commits."""
    day = f"No commits on {digest.day.date.isoformat()} in {digest.day.zone.key}"
    if digest.merges:
        day += f", apart from {counted(digest.merges, 'merge commit', 'merge commits')} of older ones"
    return f"{day}." if digest.sealed else f"{day} so far."


def origin(digest: Digest) -> str:
    """Who wrote the summaries of a digest that has commits."""
    all_by = [entry.analysis.provenance for entry in digest.entries]
    by_model = [made for made in all_by if made.analyst is AnalystKind.MODEL]
    by_rules = [made for made in all_by if made.analyst is AnalystKind.RULES]
    if not by_model:
        return f"Summaries: {_versions(by_rules)}, {_unasked(by_rules)}"
    parts = [
        ", ".join(dict.fromkeys(f"model {visible(made.model or '?')}, prompt {made.version}" for made in by_model))
    ]
    if by_rules:
        parts.append(f"{len(by_model):,} of {len(all_by):,} by model, {len(by_rules):,} by rules{_fallbacks(by_rules)}")
    parts.append(_read(sum(made.lines_shown for made in by_model), sum(made.lines_changed for made in by_model)))
    return f"Summaries: {'; '.join(parts)}"


def _versions(all_by: Sequence[Provenance]) -> str:
    return ", ".join(dict.fromkeys(made.version for made in all_by))


def _unasked(by_rules: Sequence[Provenance]) -> str:
    asked = sum(made.fallback is not None for made in by_rules)
    if not asked:
        return "no AI model used"
    return f"the AI model was asked {counted(asked, 'time', 'times')} and gave no analysis{_fallbacks(by_rules)}"


def _fallbacks(by_rules: Sequence[Provenance]) -> str:
    reasons = Counter(made.fallback.value for made in by_rules if made.fallback)
    if len(reasons) == 1 and reasons.total() == len(by_rules):
        return f": {next(iter(reasons))}"
    return f": {', '.join(f'{number:,} {reason}' for reason, number in reasons.most_common())}" if reasons else ""


def _read(shown: int, changed: int) -> str:
    """Rounded down, so that 100 % means every line."""
    share = 100 * min(shown, changed) // changed if changed else 100
    return f"{share} % of {counted(changed, 'changed line', 'changed lines')} read"


# Sentences on one commit


def headline(entry: Entry) -> str:
    return visible(entry.analysis.headline) or visible(entry.commit.subject) or NO_HEADLINE


def author(person: Person) -> str:
    return visible(person.name) or visible(person.email) or NO_AUTHOR


def kinds(types: Sequence[ChangeType]) -> str:
    """`🐛 fix, performance`; empty when nobody said."""
    return f"{TYPE_ICONS[types[0]]} {', '.join(kind.value for kind in types)}" if types else ""


def level(rating: Rating) -> str:
    return f"{ICONS[rating.importance]} {LEVELS[rating.importance]}"


def grounds(rating: Rating) -> str:
    """Why a commit is as important as it is: the named rule and the reason, as far as given."""
    rule = RULES[rating.rule] if rating.rule else ""
    return ": ".join(filter(None, (rule, visible(rating.reason))))


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
    return f" {'hunk' if len(numbers) == 1 else 'hunks'} {', '.join(numbers)}" if numbers else ""


def is_identifier(name: str) -> bool:
    """Whether a scope's name is a path or a symbol rather than words."""
    return " " not in visible(name)


def insights(insight: Insight) -> tuple[tuple[str, tuple[Statement, ...]], ...]:
    named = (
        ("Insight: architecture", insight.architecture),
        ("Insight: performance", insight.performance),
        ("Insight: security", insight.security),
    )
    return tuple((name, statements) for name, statements in named if statements)


def writer(provenance: Provenance) -> str:
    """Who wrote one analysis, and how much of the commit that was based on."""
    if provenance.analyst is AnalystKind.RULES:
        asked = f"; the AI model had been asked: {provenance.fallback.value}" if provenance.fallback else ""
        return f"Written by {provenance.version} from the commit's facts, not by an AI model{asked}"
    read = _read(provenance.lines_shown, provenance.lines_changed)
    return f"Written by AI model {visible(provenance.model or '?')}, prompt {provenance.version}; {read}"


def churn(additions: int, deletions: int) -> str:
    return f"+{additions:,} −{deletions:,}"


def file_note(file: FileChange) -> str:
    """`+35 −37`, `binary, added`, `+2 −2, renamed from lib/old.rs`."""
    lines = "binary" if file.additions is None else churn(file.additions, file.deletions or 0)
    source = f" from {visible(file.previous_path)}" if file.previous_path else ""
    changed = "" if file.status in {FileStatus.MODIFIED, FileStatus.CHANGED} else f", {file.status.value}{source}"
    return lines + changed


#: Says how many of something are not shown.
More = Callable[[int], str]


def more_files(number: int) -> str:
    return f"… {counted(number, 'more file', 'more files')}"


def more_items(number: int) -> str:
    return f"… {number:,} more"


# Sentences on everything else


def progress(reply: Progress) -> str:
    if reply.total is None:
        return f"Reading {reply.repo} …"
    return f"Reading {reply.repo}: {reply.done:,} of {counted(reply.total, 'commit', 'commits')}"


def schedule(listed: ListedSubscription) -> str:
    """When digests come: `every day at 09:00 (Asia/Shanghai), next 2026-01-22 09:00`."""
    terms = listed.subscription.terms
    return f"every day at {terms.at:%H:%M} ({terms.zone.key}), next {clock(listed.next_at, terms.zone)[:16]}"


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` there."""
    return instant.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def duration(length: timedelta) -> str:
    """The two largest units of a length of at least a minute: `2 h`, `1 h 20 min`, `3 d 4 h`."""
    minutes = length // timedelta(minutes=1)
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "min"))
    return " ".join([f"{number} {unit}" for number, unit in parts if number][:2])


def day_url(digest: Digest) -> str | None:
    """The host's own list of the day's commits, on the default branch."""
    window = digest.day.window()
    since, until = (f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in (window.since, window.until))
    return f"{digest.repo.url}/commits?since={since}&until={until}" if digest.repo.host else None
