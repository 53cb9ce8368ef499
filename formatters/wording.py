"""What all formatters say, in the same words, and what each of them needs of untrusted text.

That one sees what is in it, and that it has a length. Constants are English and translated by whoever says them, with
`_(say.SUMMARY)`; functions answer in the language spoken.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from bot.core.language import N_, Language, _, decimal, joined, ngettext, spoken
from bot.core.model import (
    AdviceKind,
    Analysis,
    AnalystKind,
    ChangeType,
    Commit,
    Digest,
    Entry,
    FallbackReason,
    FileChange,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    Person,
    Provenance,
    Rating,
    Statement,
    Theme,
)
from bot.core.names import STATUSES, TYPES
from bot.core.replies import DigestView, ListedSubscription, Progress, RangeView

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
FALLBACKS: Final[Mapping[FallbackReason, str]] = {
    FallbackReason.TIMEOUT: N_("timeout"),
    FallbackReason.RATE_LIMIT: N_("rate limit"),
    FallbackReason.UNREACHABLE: N_("no answer"),
    FallbackReason.REFUSED: N_("refused"),
    FallbackReason.INVALID_ANSWER: N_("invalid answer"),
    FallbackReason.BUDGET: N_("budget spent"),
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

LANGUAGES: Final[Mapping[Language, str]] = {Language.EN: N_("English"), Language.ZH: N_("Chinese")}
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
BROKEN: Final = N_("nothing is delivered at present")

TRY: Final = N_("Try")
NOTHING: Final = N_("(nothing)")

HELP: Final = N_("What you can ask")
#: Each command as people type it, without the bot's name, and what it does.
GRAMMAR: Final[tuple[tuple[str, str], ...]] = (
    ("", N_("yesterday's commits of the repository this channel follows")),
    ("today", N_("the day so far")),
    ("2026-01-21 ai-dynamo/dynamo", N_("any day of any repository")),
    ("commit 8877c46", N_("the whole analysis of one commit, by 4 to 40 digits of its SHA")),
    ("subscribe ai-dynamo/dynamo at 09:00 tz Asia/Shanghai", N_("a digest into this channel every day at that hour")),
    ("subscribe ai-dynamo/dynamo lang zh", N_("the same in Chinese, or with `lang en` in English")),
    ("unsubscribe ai-dynamo/dynamo", N_("no more of them")),
    ("unsubscribe all", N_("no more digests into this channel")),
    ("7d", N_("the last seven days together; also last week, last friday, 2026-01-15..2026-01-21")),
    ("deepen 8877c46", N_("a full analysis of a commit of medium or low importance")),
    ("retry yesterday", N_("asks the AI model again where it failed")),
    ("list", N_("what this channel follows, and when the next digest comes")),
    ("help", N_("this page")),
)
GRAMMAR_NOTE: Final = N_("Chinese words do the same: 昨天 今天 上周 上周五 提交 深入 重试 订阅 退订 全部 列表 帮助.")


def commits(number: int) -> str:
    return ngettext("{number} commit", "{number} commits", number)


def files(number: int) -> str:
    return ngettext("{number} file", "{number} files", number)


def authors(number: int) -> str:
    return ngettext("{number} author", "{number} authors", number)


def merge_commits(number: int) -> str:
    return ngettext("{number} merge commit", "{number} merge commits", number)


def sentence(text: str) -> str:
    """With a full stop."""
    return _("{sentence}.", sentence=text)


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
    so_far = () if digest.sealed else (_("so far, {time}", time=clock(digest.as_of, digest.day.zone)[11:16]),)
    late = (_("late by {duration}", duration=duration(view.late_by)),) if view.late_by >= timedelta(minutes=1) else ()
    return so_far + late


def facts(digest: Digest) -> tuple[str, ...]:
    return (
        commits(len(digest.entries)),
        *level_counts(digest.entries),
        authors(len(digest.authors)),
        lines(digest.additions, digest.deletions),
        *((merges(digest),) if digest.merges else ()),
    )


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


def quiet(digest: Digest) -> str:
    """The one sentence on a day without commits."""
    day = _("No commits on {date} in {zone}", date=digest.day.date.isoformat(), zone=digest.day.zone.key)
    if digest.merges:
        day = _("{day}, apart from {merges} of older ones", day=day, merges=merge_commits(digest.merges))
    return sentence(day if digest.sealed else _("{day} so far", day=day))


def theme(of: Theme) -> str:
    """`KV router (3 commits)`."""
    return _("{title} ({commits})", title=visible(of.title), commits=commits(len(of.shas)))


def origin(digest: Digest) -> str:
    """Who wrote the summaries of a digest that has commits, and those that are not in the language spoken."""
    foreign = Counter(entry.analysis.language for entry in digest.entries if is_foreign(entry.analysis))
    notes = (
        _("{number} of {all} in {language}", number=decimal(number), all=decimal(len(digest.entries)), language=name)
        for number, name in ((number, _(LANGUAGES[language])) for language, number in foreign.items())
    )
    return _("; ").join([_origin(digest), *notes])


def is_foreign(analysis: Analysis) -> bool:
    """Whether it could not be had in the language spoken."""
    return analysis.language is not spoken()


def _origin(digest: Digest) -> str:
    all_by = [entry.analysis.provenance for entry in digest.entries]
    by_model = [made for made in all_by if made.analyst is AnalystKind.MODEL]
    by_rules = [made for made in all_by if made.analyst is AnalystKind.RULES]
    if not by_model:
        return _("Summaries: {versions}, {asked}", versions=_versions(by_rules), asked=_unasked(by_rules))
    parts = [joined(dict.fromkeys(map(_model, by_model)))]
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
    return _("model {model}, prompt {prompt}", model=visible(made.model or "?"), prompt=made.version)


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


# Sentences on several days


def span(view: RangeView) -> str:
    """`2026-01-15 to 2026-01-21 (Asia/Shanghai)`."""
    return _("{first} to {last}", first=view.first.date.isoformat(), last=view.last)


def quiet_span(view: RangeView) -> str:
    return sentence(_("No commits from {days}", days=span(view)))


def day_counts(digest: Digest) -> str:
    """`2026-01-15: 12 commits, 🔴 1, 🟡 3, 🟢 8`; levels without commits are left out."""
    levels = Counter(entry.analysis.importance for entry in digest.entries)
    counts = (f"{icon} {decimal(levels[level])}" for level, icon in ICONS.items() if levels[level])
    return digest.day.date.isoformat() + _(": ") + _(", ").join([commits(len(digest.entries)), *counts])


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


def more_files(number: int) -> str:
    return ngettext("… {number} more file", "… {number} more files", number)


def more_items(number: int) -> str:
    return _("… {number} more", number=decimal(number))


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


def schedule(listed: ListedSubscription) -> str:
    """When digests come: `every day at 09:00 (Asia/Shanghai), next 2026-01-22 09:00`."""
    terms = listed.subscription.terms
    return _(
        "every day at {time} ({zone}), next {next}",
        time=f"{terms.at:%H:%M}",
        zone=terms.zone.key,
        next=clock(listed.next_at, terms.zone)[:16],
    )


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` there."""
    return instant.astimezone(zone).replace(tzinfo=None).isoformat(" ", "seconds")


def duration(length: timedelta) -> str:
    """The two largest units of a length of at least a minute: `2 h`, `1 h 20 min`, `3 d 4 h`."""
    minutes = length // timedelta(minutes=1)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = (
        _("{number} d", number=days) if days else "",
        _("{number} h", number=hours) if hours else "",
        _("{number} min", number=minutes) if minutes else "",
    )
    return " ".join([part for part in parts if part][:2])


def day_url(digest: Digest) -> str | None:
    """The host's own list of the day's commits, on the default branch."""
    window = digest.day.window()
    since, until = (f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in (window.since, window.until))
    return f"{digest.repo.url}/commits?since={since}&until={until}" if digest.repo.host else None
